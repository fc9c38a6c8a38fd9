// A look at the simplest of small messages: tuples of short atoms, small numbers and binaries.
#pragma once

#include "short_text.hpp"

#include <rakka/etf/decode.hpp>
#include <rakka/etf/tags.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rakka::etf::detail {

/// What may be glanced at: so few bytes cannot break limits that are not tiny.
inline constexpr std::size_t most_glanced_bytes = 64;

[[nodiscard]] inline bool may_glance(const decode_limits& limits) noexcept {
    // A byte becomes a word at most, and opens one container at most.
    return limits.max_words >= most_glanced_bytes && limits.max_depth >= most_glanced_bytes;
}

/// The walk of quick_scan() without its counts. The cursor may stand behind the end: that is looked at before
/// the next byte is read.
class glance {
public:
    /// `bytes` without a version byte, at most most_glanced_bytes. The length of the term at their front; 0
    /// when somebody else has to look: it is something else, or wrong.
    [[nodiscard]] static std::size_t at(std::span<const std::byte> bytes) noexcept {
        glance g(bytes);
        return g.run() ? g.at_ : 0;
    }

private:
    // An atom as OTP 25 writes it, of any bytes, and the first byte of its length.
    static constexpr std::uint16_t long_atom = std::uint16_t(external_tag::atom_latin1);

    explicit glance(std::span<const std::byte> bytes) noexcept : data_(bytes.data()), size_(bytes.size()) {}

    // Tests in the order in which tags are frequent: a jump through a table costs more than it saves here.
    [[nodiscard]] bool run() noexcept {
        std::size_t left = 1;
        do {
            if (at_ + 2 > size_) return last_byte(left);
            const std::size_t pair = load_little<std::uint16_t>(data_ + at_);
            const std::size_t next = pair >> 8;
            const auto tag = external_tag(pair & 0xff);
            at_ += 2;
            if (tag == external_tag::small_atom_utf8) {
                if (!text(next)) return false;
            } else if (tag == external_tag::small_tuple) {
                left += next;
            } else if (tag == external_tag::integer) {
                at_ += 3;
            } else if (tag == external_tag::binary) {
                if (!binary(next)) return false;
            } else if (pair == long_atom) {
                if (at_ >= size_) return false;
                at_ += 1 + byte(0);
            } else if (tag != external_tag::small_integer) {
                return false;
            }
        } while (--left != 0);
        return at_ <= size_;
    }

    /// Only nil is so short, and only at the end.
    [[nodiscard]] bool last_byte(std::size_t left) noexcept {
        if (left != 1 || at_ >= size_ || external_tag(data_[at_]) != external_tag::nil) return false;
        ++at_;
        return true;
    }

    [[nodiscard]] std::size_t byte(std::size_t behind) const noexcept {
        return std::to_integer<std::size_t>(data_[at_ + behind]);
    }

    /// Behind its tag and the first byte of its length.
    [[nodiscard]] bool binary(std::size_t highest) noexcept {
        if (at_ + 3 > size_ || (highest | byte(0) | byte(1)) != 0) return false;
        at_ += 3 + byte(2);
        return at_ <= size_;
    }

    /// An atom's, all of it ASCII, behind its length.
    [[nodiscard]] bool text(std::size_t n) noexcept {
        const std::size_t first = at_;
        at_ += n;
        if (at_ > size_ || n > short_text::most) return false;
        if (n == 0) return true;
        std::uint64_t letters = 0;
        if (n > 8) {
            letters = load(first) | load(at_ - 8);
        } else if (at_ >= 8) {  // the last of the eight before its end
            letters = load(at_ - 8) >> 8 * (8 - n);
        } else if (first + 8 <= size_) {
            letters = load(first) << 8 * (8 - n);
        } else {
            return false;
        }
        return (letters & 0x8080808080808080u) == 0;
    }

    [[nodiscard]] std::uint64_t load(std::size_t at) const noexcept {
        return load_little<std::uint64_t>(data_ + at);
    }

    const std::byte* const data_;
    const std::size_t size_;
    std::size_t at_ = 0;
};

}  // namespace rakka::etf::detail
