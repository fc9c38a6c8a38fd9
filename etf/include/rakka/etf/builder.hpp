// Writing terms into one arena: what to_term, tuple(…), the decoder and the parser all build with.
#pragma once

#include <rakka/etf/term.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace rakka::etf {

namespace detail {

/// A binary of so many bytes or more gets a buffer of its own, so that it need not be copied on its way to
/// other nodes.
inline constexpr std::size_t smallest_shared_binary = std::size_t{64} << 10;

/// What builder::put_binary() needs.
constexpr std::size_t words_of_binary(std::size_t bytes) noexcept {
    return bytes < smallest_shared_binary ? 1 + words_for_bytes(bytes)
                                          : shared_binary_layout::words + attachment::words;
}

}  // namespace detail

/// Builds one term. Write the parts with put_…(), which return words to place in the cells of containers,
/// then finish() with the root's word. A builder given the exact number of words makes one allocation; given
/// fewer it grows by chunks. Owner: one thread. All functions may throw std::bad_alloc.
class builder {
public:
    using word = detail::word;

    explicit builder(std::size_t words = 0) : arena_(words ? detail::arena::make(words) : nullptr) {}
    builder(const builder&) = delete;
    builder& operator=(const builder&) = delete;
    ~builder() {
        if (arena_) arena_->release();
    }

    /// `n` uninitialised words; every one must hold a valid word before finish().
    [[nodiscard]] word* allocate(std::size_t n) {
        if (!arena_) arena_ = detail::arena::make(n);
        return arena_->allocate(n);
    }

    [[nodiscard]] word put_integer(std::int64_t v) {
        return detail::fits_small(v)
                   ? detail::make_small(v)
                   : put_big(v < 0 ? ~static_cast<std::uint64_t>(v) + 1 : std::uint64_t(v), v < 0);
    }
    [[nodiscard]] word put_unsigned(std::uint64_t v) {
        return v <= std::uint64_t(detail::small_max) ? detail::make_small(std::int64_t(v))
                                                     : put_big(v, false);
    }
    /// Limbs least significant first; leading zeros are dropped and small values become immediates.
    [[nodiscard]] word put_big(std::span<const std::uint64_t> limbs, bool negative);
    /// Precondition: finite (Erlang has no NaN or infinity).
    [[nodiscard]] word put_real(double v) {
        if (const word w = detail::try_make_real(v)) return w;
        word* const p = allocate(2);
        p[0] = detail::make_header(detail::box::real, 1);
        std::memcpy(p + 1, &v, sizeof v);
        return detail::boxed(p);
    }
    [[nodiscard]] word put_pid(const pid& p);
    [[nodiscard]] word put_port(const port& p);
    [[nodiscard]] word put_reference(const reference& r);
    /// A copy of the bytes; `bits` (0 = all) when the last byte is partial, its unused low bits zero. See
    /// words_of_binary.
    [[nodiscard]] word put_binary(std::span<const std::byte> bytes, std::size_t bits = 0);
    [[nodiscard]] word put_binary(std::string_view text) {
        return put_binary(std::as_bytes(std::span(text)));
    }
    /// Bytes inside `buffer`, which the term keeps alive: no copy.
    [[nodiscard]] word put_shared_binary(shared_buffer* buffer, const std::byte* first, std::size_t bits);
    /// An atom's text that stays out of the atom table. Precondition: valid UTF-8, at most 255 characters.
    [[nodiscard]] word put_foreign_atom(std::string_view utf8);
    /// Another term by reference: its arena stays alive with ours. Only a short tuple of immediates, such as
    /// `{add, 1, 2}`, is copied, which costs less.
    [[nodiscard]] word put_term(const term& t) {
        if (!t.owner()) return t.word();
        if (const std::size_t words = detail::words_of_short_tuple(t.word())) {
            word* const b = allocate(words);
            std::copy_n(detail::pointer(t.word()), words, b);
            return detail::boxed(b);
        }
        keep(t.owner());
        return t.word();
    }
    void keep(detail::arena* other) {
        if (!arena_) arena_ = detail::arena::make(16);
        arena_->attach(other);
    }
    void keep(shared_buffer* buffer) {
        if (!arena_) arena_ = detail::arena::make(16);
        arena_->attach(buffer);
    }

    /// `destroy(object)` is called when the term is freed.
    void keep_resource(void* object, void (*destroy)(void*) noexcept) {
        if (!arena_) arena_ = detail::arena::make(16);
        arena_->attach_resource(object, destroy);
    }

    /// A tuple whose `arity` cells, at `cells`, the caller fills. Arity 0 allocates nothing and must not be
    /// written to.
    [[nodiscard]] word put_tuple(std::size_t arity, word*& cells) {
        if (arity == 0) return detail::boxed(&empty_tuple);
        word* const b = allocate(1 + arity);
        b[0] = detail::make_header(detail::box::tuple, arity);
        cells = b + 1;
        return detail::boxed(b);
    }
    /// A proper list of `n` cells to fill; n = 0 is nil.
    [[nodiscard]] word put_list(std::size_t n, word*& cells) {
        if (n == 0) return detail::special_nil;
        cells = allocate(n + 1);
        cells[n] = detail::list_end;
        return detail::list_at(cells);
    }
    /// The same ending in `tail` (any term's word of this builder) instead of nil. Precondition: n > 0.
    [[nodiscard]] word put_list(std::size_t n, word*& cells, word tail) {
        RAKKA_DCHECK(n > 0);
        if (tail == detail::special_nil) return put_list(n, cells);
        const bool goes_on = detail::tag_of(tail) == detail::tag::list;
        cells = allocate(n + (goes_on ? 1 : 2));
        cells[n] = goes_on ? detail::link_to(detail::pointer(tail)) : detail::list_tail;
        if (!goes_on) cells[n + 1] = tail;
        return detail::list_at(cells);
    }
    /// A map of `n` pairs: fill cells[0…n) with keys and cells[n…2n) with values, then call finish_map on the
    /// word.
    [[nodiscard]] word put_map(std::size_t n, word*& cells);
    enum class duplicates { last_wins, refuse };
    /// Puts the keys in order. `refuse` gives errc::duplicate_key; `last_wins` drops the earlier pairs as
    /// maps:from_list.
    [[nodiscard]] result<word> finish_map(word map, duplicates policy);

    /// The finished term; the builder is empty afterwards.
    [[nodiscard]] term finish(word root) noexcept {
        if (detail::is_immediate(root)) {
            if (arena_) arena_->release();
            arena_ = nullptr;
        }
        return {root, std::exchange(arena_, nullptr)};
    }

private:
    alignas(8) static constexpr word empty_tuple = detail::make_header(detail::box::tuple, 0);

    [[nodiscard]] word put_big(std::uint64_t magnitude, bool negative) {
        return put_big(std::span(&magnitude, 1), negative);
    }
    detail::arena* arena_;
};

}  // namespace rakka::etf
