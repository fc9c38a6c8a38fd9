#include "quick_scan.hpp"

#include "short_text.hpp"
#include "wire_values.hpp"

#include <algorithm>
#include <bit>

namespace rakka::etf::detail {

using enum external_tag;

namespace {

/// The walk; its functions are all inlined, so that the members live in registers. The cursor may stand
/// behind the end: that is looked at before the next byte is read.
///
/// Only lists need a stack, for their tails. The terms of tuples and maps count as terms of the list around
/// them; how deep they are is not known, but not deeper than there are containers.
class walk {
public:
    walk(std::span<const std::byte> bytes, const decode_options& options) noexcept
        : data_(bytes.data()), size_(bytes.size()), options_(options) {}

    [[nodiscard]] bool run() noexcept {
        for (;;) {
            while (left_ != 0) {
                if (at_ >= size_) return false;
                --left_;
                if (!value(tag_at(at_))) return false;
            }
            if (open_ == 0) return at_ <= size_;
            if (!tail()) return false;
        }
    }

    [[nodiscard]] measured result() const noexcept {
        const std::size_t words = words_ + (has_slices_ ? attachment::words : 0);
        if (words > options_.limits.max_words || containers_ > options_.limits.max_depth) return {};
        return {at_, words, has_slices_};
    }

private:
    static constexpr std::size_t max_open = 32;

    [[nodiscard]] bool has(std::size_t n) const noexcept { return at_ <= size_ && n <= size_ - at_; }
    [[nodiscard]] external_tag tag_at(std::size_t at) const noexcept { return external_tag(data_[at]); }
    template <class Integer>
    [[nodiscard]] Integer field(std::size_t behind) const noexcept {
        Integer v;
        std::memcpy(&v, data_ + at_ + behind, sizeof v);
        return big_endian(v);
    }

    bool value(external_tag tag) noexcept {
        switch (tag) {
            case small_integer:
                at_ += 2;
                return true;
            case integer:
                at_ += 5;
                return true;
            case nil:
                at_ += 1;
                return true;
            case small_atom_utf8:
                return has(2) && text(2, field<std::uint8_t>(1), false);
            case atom_latin1:
                return has(3) && text(3, field<std::uint16_t>(1), true);
            case small_tuple:
                return has(2) && fields(field<std::uint8_t>(1), 2);
            case map:
                return has(5) && fields(2 * std::size_t{field<std::uint32_t>(1)}, 5);
            case list:
                return has(5) && elements();
            case new_float:
                return real();
            case external_tag::binary:
                return has(5) && binary(field<std::uint32_t>(1));
            case string:
                if (!has(3)) return false;
                if (const std::size_t n = field<std::uint16_t>(1)) words_ += n + 1;
                at_ += 3 + std::size_t{field<std::uint16_t>(1)};
                return true;
            case small_big:
                return has(3) && big(field<std::uint8_t>(1));
            default:
                return identifier(tag);
        }
    }

    /// `n` terms follow a header of `header` bytes: a tuple's elements, a map's keys and values.
    bool fields(std::size_t n, std::size_t header) noexcept {
        at_ += header;
        left_ += n;
        if (left_ > size_ - at_) return false;  // each takes a byte at least
        words_ += n ? 1 + n : 0;
        ++containers_;
        return true;
    }

    bool elements() noexcept {
        const std::size_t n = field<std::uint32_t>(1);
        at_ += 5;
        if (n == 0) {  // nothing but its tail
            ++left_;
            return true;
        }
        if (n >= size_ - at_ || open_ == max_open) return false;
        around_[open_++] = left_;
        left_ = n;
        words_ += n + 1;
        ++containers_;
        return true;
    }

    /// What follows the elements of a list: its end, a list that it goes on with, or any term.
    bool tail() noexcept {
        if (at_ >= size_) return false;
        const auto tag = tag_at(at_);
        if (tag == list) {
            if (!has(5)) return false;
            left_ = field<std::uint32_t>(1);
            at_ += 5;
            words_ += left_ ? left_ + 1 : 0;
            return left_ <= size_ - at_;
        }
        left_ = around_[--open_];
        if (tag == nil) {
            at_ += 1;
        } else {
            ++left_;
            words_ += tag == string ? 0 : 2;
        }
        return true;
    }

    /// Floats come in runs.
    bool real() noexcept {
        for (;;) {
            if (!has(9)) return false;
            const auto bits = field<std::uint64_t>(1);
            at_ += 9;
            if (!try_make_real(std::bit_cast<double>(bits))) [[unlikely]] {
                words_ += 2;
                if (!is_finite(bits)) return false;
            }
            if (left_ == 0 || at_ >= size_ || tag_at(at_) != new_float) return true;
            --left_;
        }
    }

    bool binary(std::size_t n) noexcept {
        at_ += 5;
        if (n > size_ - at_) return false;
        at_ += n;
        if (options_.buffer && n >= std::max<std::size_t>(options_.min_slice, 1)) {
            has_slices_ = true;
            words_ += shared_binary_layout::words;
        } else {
            words_ += 1 + words_for_bytes(n);
        }
        return true;
    }

    /// An atom's, behind a header that is there.
    bool text(std::size_t header, std::size_t n, bool latin1) noexcept {
        at_ += header;
        const std::size_t room = size_ - at_;
        if (n > room || n > rakka::atom::max_characters) return false;
        const std::byte* const first = data_ + at_;
        at_ += n;
        if (latin1) return true;
        if (n <= short_text::most) [[likely]]
            return load_short_text(first, n, room).is_ascii();
        return is_ascii({reinterpret_cast<const char*>(first), n});
    }

    bool atom(external_tag tag) noexcept {
        switch (tag) {
            case small_atom_utf8:
                return has(2) && text(2, field<std::uint8_t>(1), false);
            case atom_utf8:
                return has(3) && text(3, field<std::uint16_t>(1), false);
            case small_atom_latin1:
                return has(2) && text(2, field<std::uint8_t>(1), true);
            case atom_latin1:
                return has(3) && text(3, field<std::uint16_t>(1), true);
            case atom_cache_reference:
                return has(2) && cached(field<std::uint8_t>(1));
            default:
                return false;
        }
    }

    bool cached(std::size_t index) noexcept {
        at_ += 2;
        return options_.envelope == envelope::distribution && index < options_.cached_atoms.size() &&
               tag_of(options_.cached_atoms[index]) == detail::tag::atom;
    }

    bool big(std::size_t n) noexcept {
        if (!has(3 + n)) return false;
        const bool negative = field<std::uint8_t>(2) != 0;
        const auto cut = significant({data_ + at_ + 3, n});
        at_ += 3 + n;
        words_ += is_small(cut, negative) ? 0 : 1 + words_for_bytes(cut.size());
        return true;
    }

    /// Apart from the switch above, which stays small: what fewer terms have.
    bool identifier(external_tag tag) noexcept {
        switch (tag) {
            case atom_utf8:
            case small_atom_latin1:
            case atom_cache_reference:
                return atom(tag);
            case large_tuple:
                return has(5) && fields(field<std::uint32_t>(1), 5);
            case new_pid:
                return pid();
            case v4_port:
                words_ += port_layout::words;
                return node(1) && skip(8 + 4);
            case newer_reference:
                return has(3) && reference(field<std::uint16_t>(1));
            default:
                return false;
        }
    }

    bool skip(std::size_t n) noexcept {
        if (!has(n)) return false;
        at_ += n;
        return true;
    }

    bool node(std::size_t behind) noexcept {
        at_ += behind;
        return at_ < size_ && atom(tag_at(at_));
    }

    bool reference(std::size_t n) noexcept {
        words_ += reference_layout::words(n);
        return n != 0 && n <= rakka::reference::max_words && node(3) && skip(4 + 4 * n);
    }

    bool pid() noexcept {
        const std::size_t name = at_ + 1;
        if (!node(1) || !has(12)) return false;
        const bool own =
            is_own_pid(options_, field<std::uint32_t>(0), field<std::uint32_t>(4), field<std::uint32_t>(8)) &&
            is_own_name(options_, byte_reader({data_ + name, at_ - name}));
        words_ += own ? 0 : pid_layout::words;
        at_ += 12;
        return true;
    }

    const std::byte* data_;
    std::size_t size_;
    const decode_options& options_;
    std::size_t at_ = 0;
    std::size_t words_ = 0;
    std::size_t containers_ = 0;
    std::size_t left_ = 1;  // terms still to come before the tail of the innermost list
    std::size_t open_ = 0;
    bool has_slices_ = false;
    std::size_t around_[max_open];
};

}  // namespace

[[gnu::flatten]] measured quick_scan(std::span<const std::byte> bytes,
                                     const decode_options& options) noexcept {
    walk w(bytes, options);
    return w.run() ? w.result() : measured{};
}

}  // namespace rakka::etf::detail
