#include "quick_small.hpp"

#include "atom_memo.hpp"
#include "byte_reader.hpp"
#include "identifier_words.hpp"
#include "map_pairs.hpp"
#include "utf8.hpp"
#include "wire_values.hpp"

#include <rakka/etf/arena.hpp>
#include <rakka/etf/term.hpp>

#include <bit>
#include <cstring>

namespace rakka::etf::detail {

using enum external_tag;

namespace {

/// An atom that this thread has not met lately, or one with a long text; 0 when it is not in the table, to
/// which nothing is added here.
[[gnu::noinline]] word look_up_atom(std::string_view text, bool latin1) noexcept {
    if (latin1 && !is_ascii(text)) return 0;
    const std::uint32_t id = find_atom(text, hash_atom(text));
    if (id == 0) return 0;
    if (text.size() <= short_text::most) {
        const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
        atom_memo::here().remember(load_short_text(bytes, text.size(), text.size()), text.size(),
                                   make_atom(id));
    }
    return make_atom(id);
}

constexpr std::size_t max_words = 128, max_depth = 8;

enum class what : std::uint8_t {
    plain,
    list,  // has one more cell for its end
    map,
};

/// A container being filled.
struct frame {
    word* cell;  // the next to fill
    word* end;
    std::uint32_t pairs;  // of a map, whose cells hold key, value, key, value… until it is full
    what kind;
};

/// What a walk writes to; not part of it, so that the compiler sees nothing pointing into the walk itself.
struct scratch {
    scratch() noexcept {}                // the values are written before they are read
    word words[max_words];               // the first is the term itself, the others what goes into the arena
    std::uint8_t pointer_at[max_words];  // the words that point to others
    frame around[max_depth];
};

/// The walk; its functions are all inlined, so that the members live in registers. A function that gives
/// false has given up.
class small_walk {
public:
    small_walk(scratch& to, byte_reader in, const decode_options& options, const atom_memo& memo) noexcept
        : in_(in),
          to_(to),
          options_(options),
          memo_(memo),
          now_{to.words, to.words + 1, 0, what::plain},
          top_(to.words + 1) {}

    [[nodiscard]] bool run() {
        for (;;) {
            while (now_.cell != now_.end) {
                if (!in_.has(1) || !value(external_tag(in_.u8()))) return false;
            }
            if (now_.kind == what::list) {
                if (!tail()) return false;
                continue;
            }
            if (now_.kind == what::map && !finish_map()) return false;
            if (depth_ == 0) return true;
            now_ = to_.around[--depth_];
        }
    }

    /// After run() said true.
    [[nodiscard]] decoded finish() const {
        const auto n = static_cast<std::size_t>(top_ - to_.words) - 1;
        if (n == 0) return {term(to_.words[0], nullptr), in_.offset()};
        arena* const owner = arena::make(n);
        word* const words = owner->allocate(n);
        std::memcpy(words, to_.words + 1, n * sizeof(word));
        // Pointers into our words become pointers into the arena's.
        const word distance = reinterpret_cast<word>(words) - reinterpret_cast<word>(to_.words + 1);
        for (std::size_t i = 1; i < pointers_; ++i)
            words[to_.pointer_at[i] - 1] += distance;
        return {term(to_.words[0] + distance, owner), in_.offset()};
    }

private:
    bool put(word w) noexcept {
        *now_.cell++ = w;
        return true;
    }
    /// Notes where a pointer stands.
    bool put_pointer(word w) noexcept {
        to_.pointer_at[pointers_++] = static_cast<std::uint8_t>(now_.cell - to_.words);
        return put(w);
    }
    /// `n` words, at least one; null when there are no more.
    word* take(std::size_t n) noexcept {
        if (n > static_cast<std::size_t>(to_.words + max_words - top_)) return nullptr;
        word* const p = top_;
        top_ += n;
        return p;
    }
    bool enter(word* cells, std::size_t n, what kind, std::size_t pairs = 0) noexcept {
        // One that is done with its last term is not looked at again.
        if (now_.cell != now_.end || now_.kind != what::plain) {
            if (depth_ == max_depth) return false;
            to_.around[depth_++] = now_;
        }
        now_ = {cells, cells + n, static_cast<std::uint32_t>(pairs), kind};
        return true;
    }

    bool value(external_tag tag) noexcept {
        switch (tag) {
            case small_integer:
                return in_.has(1) && put(make_small(in_.u8()));
            case integer:
                return in_.has(4) && put(make_small(static_cast<std::int32_t>(in_.u32())));
            case nil:
                return put(special_nil);
            case small_atom_utf8:
            case atom_latin1:
            case atom_cache_reference: {
                const word w = atom(tag);
                return w != 0 && put(w);
            }
            case new_float: {
                const word w = in_.has(8) ? try_make_real(std::bit_cast<double>(in_.u64())) : 0;
                return w != 0 && put(w);
            }
            case small_tuple:
                return tuple();
            case external_tag::map:
                return map();
            case list:
                return elements();
            case string:
                return characters();
            case external_tag::binary:
                return binary();
            case new_pid:
                return pid();
            case newer_reference:
                return reference();
            default:
                return false;
        }
    }

    bool tuple() noexcept {
        const std::size_t n = in_.has(1) ? in_.u8() : 0;
        word* const b = n == 0 ? nullptr : take(1 + n);
        if (!b) return false;
        b[0] = make_header(box::tuple, n);
        put_pointer(boxed(b));
        return enter(b + 1, n, what::plain);
    }

    bool map() noexcept {
        const std::size_t n = in_.has(4) ? in_.u32() : 0;
        word* const b = n == 0 ? nullptr : take(1 + 2 * n);
        if (!b) return false;
        b[0] = make_header(box::map, n);
        put_pointer(boxed(b));
        return enter(b + 1, 2 * n, what::map, n);
    }

    /// False when keys are equal.
    bool finish_map() {
        word* const cells = now_.end - 2 * std::ptrdiff_t{now_.pairs};
        if (!spread_sorted(cells, now_.end) && !sort_pairs(cells, now_.pairs)) return false;
        note_pointers_again(cells, now_.end);
        return true;
    }

    /// Those among these cells have changed places.
    void note_pointers_again(const word* cells, const word* end) noexcept {
        const auto first = static_cast<std::size_t>(cells - to_.words);
        const auto last = static_cast<std::size_t>(end - to_.words);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < pointers_; ++i) {
            const std::uint8_t at = to_.pointer_at[i];
            to_.pointer_at[kept] = at;
            kept += at < first || at >= last ? 1 : 0;
        }
        pointers_ = kept;
        for (std::size_t at = first; at < last; ++at) {
            to_.pointer_at[pointers_] = static_cast<std::uint8_t>(at);
            pointers_ += is_immediate(to_.words[at]) ? 0 : 1;
        }
    }

    bool elements() noexcept {
        const std::size_t n = in_.has(4) ? in_.u32() : 0;
        word* const cells = n == 0 ? nullptr : take(n + 1);
        if (!cells) return false;
        put_pointer(list_at(cells));
        return enter(cells, n, what::list);
    }

    /// What follows the elements: the list's end, or any other term, such as the reference of `[alias |
    /// Ref]`.
    bool tail() noexcept {
        if (!in_.has(1)) return false;
        const auto tag = external_tag(in_.peek());
        if (tag == nil) {
            in_.skip(1);
            *now_.cell = list_end;
            now_.kind = what::plain;
            return true;
        }
        word* const two = tag == list || tag == string ? nullptr : take(2);
        if (!two) return false;
        two[0] = list_tail;
        put_pointer(link_to(two));
        now_ = {two + 1, two + 2, 0, what::plain};
        return true;
    }

    bool characters() noexcept {
        const std::size_t n = in_.has(2) ? in_.u16() : 0;
        word* const cells = n == 0 || !in_.has(n) ? nullptr : take(n + 1);
        if (!cells) return false;
        for (std::size_t i = 0; i < n; ++i)
            cells[i] = make_small(in_.u8());
        cells[n] = list_end;
        return put_pointer(list_at(cells));
    }

    bool binary() noexcept {
        if (!in_.has(4)) return false;
        const std::size_t n = in_.u32(), body = words_for_bytes(n);
        if (!in_.has(n) || (options_.buffer && n >= options_.min_slice)) return false;
        word* const b = take(1 + body);
        if (!b) return false;
        b[0] = make_header(box::binary, 8 * n);
        if (n != 0) {
            b[body] = 0;  // the padding takes part in comparisons
            std::memcpy(b + 1, in_.bytes(n).data(), n);
        }
        return put_pointer(boxed(b));
    }

    bool pid() noexcept {
        const word node = this->node();
        if (node == 0 || !in_.has(12)) return false;
        pid_fields p{node, in_.u32(), in_.u32(), in_.u32()};
        if (is_own(options_, p)) return put(make_local_pid(options_.origin, p.id, p.serial));
        word* const b = take(pid_layout::words);
        if (!b) return false;
        write_pid(b, p);
        return put_pointer(boxed(b));
    }

    bool reference() noexcept {
        const std::size_t n = in_.has(2) ? in_.u16() : 0;
        if (n == 0 || n > rakka::reference::max_words) return false;
        const word node = this->node();
        word* const b = node == 0 || !in_.has(4 + 4 * n) ? nullptr : take(reference_layout::words(n));
        if (!b) return false;
        const std::uint32_t creation = in_.u32();
        write_reference(b, options_, node, creation, n, in_);
        return put_pointer(boxed(b));
    }

    /// A node's name, or 0.
    word node() noexcept { return in_.has(1) ? atom(external_tag(in_.u8())) : 0; }

    /// The word of an atom that is in the table, or 0.
    word atom(external_tag tag) noexcept {
        switch (tag) {
            case small_atom_utf8:
                return in_.has(1) ? text(in_.u8(), false) : 0;
            case atom_latin1:
                return in_.has(2) ? text(in_.u16(), true) : 0;
            case atom_cache_reference:
                return in_.has(1) ? cached(in_.u8()) : 0;
            default:
                return 0;
        }
    }

    word text(std::size_t n, bool latin1) noexcept {
        if (!in_.has(n)) return 0;
        if (n <= short_text::most) [[likely]] {
            const short_text t = short_text_here(n);
            if (latin1 && !t.is_ascii()) return 0;
            if (const word known = memo_.find(t, n)) [[likely]] {
                in_.skip(n);
                return known;
            }
        }
        return look_up_atom(in_.text(n), latin1);
    }

    /// The last bytes of a message are loaded with those before them, not one by one.
    short_text short_text_here(std::size_t n) const noexcept {
        constexpr std::size_t all = sizeof(std::uint64_t);
        if (n - 1 >= all || in_.offset() + n < all) [[unlikely]]
            return load_short_text(in_.here(), n, in_.left());
        return {load_little<std::uint64_t>(in_.here() + n - all) >> 8 * (all - n), 0};
    }

    word cached(std::size_t index) noexcept {
        if (options_.envelope != envelope::distribution || index >= options_.cached_atoms.size()) return 0;
        const word w = options_.cached_atoms[index];
        return tag_of(w) == detail::tag::atom ? w : 0;
    }

    byte_reader in_;
    scratch& to_;
    const decode_options& options_;
    const atom_memo& memo_;
    frame now_;
    word* top_;
    std::size_t depth_ = 0;
    std::size_t pointers_ = 0;
};

}  // namespace

[[gnu::flatten]] decode_result<decoded> decode_small(std::span<const std::byte> bytes, std::size_t start,
                                                     const decode_options& options, const atom_memo& memo) {
    scratch to;
    small_walk walk(to, byte_reader(bytes).behind(start), options, memo);
    if (options.limits.max_words < max_words || options.limits.max_depth < max_words || !walk.run())
        return decode_error{};
    return walk.finish();
}

}  // namespace rakka::etf::detail
