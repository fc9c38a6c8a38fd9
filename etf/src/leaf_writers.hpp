// Encoding of single terms at a cursor, without a look at the room there is.
#pragma once

#include "atom_table.hpp"
#include "byte_reader.hpp"

#include <rakka/etf/tags.hpp>
#include <rakka/etf/word.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rakka::etf::detail {

/// Bytes of a binary that is written without a call: whole words of it are copied.
inline constexpr std::size_t small_binary = 32;
inline constexpr std::ptrdiff_t plain_room = 48;             // more than any plain term takes
inline constexpr std::ptrdiff_t pair_room = 2 * plain_room;  // a key and its value

template <class Integer>
std::byte* write_field(std::byte* p, Integer v) noexcept {
    v = big_endian(v);
    std::memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

inline std::byte* write_tag(std::byte* p, external_tag t) noexcept {
    *p = static_cast<std::byte>(t);
    return p + 1;
}

[[gnu::always_inline]] inline std::byte* write_integer(std::byte* p, std::int64_t v) noexcept {
    if (v >= 0 && v <= 255) {
        p = write_tag(p, external_tag::small_integer);
        *p = static_cast<std::byte>(v);
        return p + 1;
    }
    if (v == static_cast<std::int32_t>(v))
        return write_field(write_tag(p, external_tag::integer), static_cast<std::uint32_t>(v));
    const std::uint64_t magnitude =
        v < 0 ? ~static_cast<std::uint64_t>(v) + 1 : static_cast<std::uint64_t>(v);
    const auto n = static_cast<int>((std::bit_width(magnitude) + 7) / 8);
    p = write_tag(p, external_tag::small_big);
    p[0] = static_cast<std::byte>(n);
    p[1] = static_cast<std::byte>(v < 0);
    const std::uint64_t little = big_endian(__builtin_bswap64(magnitude));
    std::memcpy(p + 2, &little, sizeof little);  // up to seven bytes too many, overwritten by what follows
    return p + 2 + n;
}

inline std::byte* write_real(std::byte* p, double v) noexcept {
    return write_field(write_tag(p, external_tag::new_float), std::bit_cast<std::uint64_t>(v));
}

/// Precondition: plain_room to write, and the atom is_short().
inline std::byte* write_short_atom(std::byte* p, const atom_entry& a) noexcept {
    std::memcpy(p, a.text - atom_header_size, atom_room);
    return p + atom_header_size + a.size;
}

/// Writes a number, an atom or nil; false, and nothing done, for anything else. Precondition: plain_room to
/// write.
[[gnu::always_inline]] inline bool write_leaf(std::byte*& p, word w, bool atoms) noexcept {
    if (tag_of(w) == tag::integer) {
        p = write_integer(p, small_value(w));
        return true;
    }
    if (tag_of(w) == tag::real) {
        p = write_real(p, real_value(w));
        return true;
    }
    if (tag_of(w) == tag::atom) {
        const atom_entry& a = entry_of_atom(atom_id(w));
        if (!atoms || !is_short(a)) return false;
        p = write_short_atom(p, a);
        return true;
    }
    if (w != special_nil) return false;
    p = write_tag(p, external_tag::nil);
    return true;
}

inline std::byte* write_header(std::byte* p, external_tag t, std::size_t n) noexcept {
    return write_field(write_tag(p, t), static_cast<std::uint32_t>(n));
}

/// Precondition: `size` is at most small_binary.
inline std::byte* write_small_binary(std::byte* p, const word* bytes, std::size_t size) noexcept {
    p = write_header(p, external_tag::binary, size);
    std::byte* const end = p + size;
    for (; p < end; p += sizeof(word))
        std::memcpy(p, bytes++, sizeof(word));  // up to seven bytes too many, overwritten by what follows
    return end;
}

}  // namespace rakka::etf::detail
