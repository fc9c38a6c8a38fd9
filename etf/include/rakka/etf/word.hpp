// The tagged machine word every term is made of: tags, boxed headers and the packing of immediates.
//
// An implementation header: users meet words only as `term` and `term_view`. A word is either an immediate
// (small integer, float, atom, nil, local pid) or a pointer into arena memory:
//   * boxed: points at a header word; its low byte is a `box` kind, the rest the size, the body follows;
//   * list:  points at a run of cells. A cell is an element, or `list_end`, or `list_tail` followed by one
//   cell with
//            an improper tail, or a `tag::link` pointer to the cell where the list goes on.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace rakka::etf::detail {

using word = std::uint64_t;

enum class tag : word {
    boxed = 0,
    list = 1,
    integer = 2,
    real = 3,
    atom = 4,
    local_pid = 5,
    link = 6,
    special = 7
};

enum class box : std::uint8_t {
    tuple,          // size = arity; cells
    map,            // size = pairs; keys in `map_key_less` order, then their values
    real,           // the IEEE-754 bits, for the few doubles that do not fit an immediate
    big_integer,    // size = limbs | negative << 47; 64-bit limbs, least significant first, top limb not zero
    binary,         // size = bits; bytes inline, padded with zeros to a whole word
    shared_binary,  // size = bits; pointer to the first byte, pointer to its shared_buffer (kept by an
                    // attachment)
    pid,            // node, id | serial << 32, creation
    port,           // node, id, creation
    reference,      // size = id words; node, creation, id words two to a machine word, first in the low half
    fun,            // size = free variables; see fun_layout
    export_fun,     // module, function, arity
    record,         // size = fields; flags, module, name, field names, values (OTP 29 native records)
    foreign_atom,   // size = bytes; UTF-8 text, padded: an atom kept out of the table
    resource,       // a C++ object that lives only inside this program
};

inline constexpr word special_nil = 0 << 3 | word(tag::special);
inline constexpr word list_end = 1 << 3 | word(tag::special);
inline constexpr word list_tail = 2 << 3 | word(tag::special);
inline constexpr word no_word = 3 << 3 | word(tag::special);  // "no term here": default-constructed term

constexpr tag tag_of(word w) noexcept {
    return tag(w & 7);
}
constexpr bool is_immediate(word w) noexcept {
    return (w & 7) > 1;
}

// -- boxed
// -------------------------------------------------------------------------------------------------------
constexpr word make_header(box kind, std::uint64_t size) noexcept {
    return word(kind) | size << 8;
}
constexpr box header_kind(word header) noexcept {
    return box(header & 0xff);
}
constexpr std::uint64_t header_size(word header) noexcept {
    return header >> 8;
}
inline constexpr std::uint64_t big_negative = std::uint64_t{1} << 47;

inline const word* pointer(word w) noexcept {
    return reinterpret_cast<const word*>(w & ~word{7});
}
inline word boxed(const word* p) noexcept {
    return reinterpret_cast<word>(p);
}
inline word list_at(const word* p) noexcept {
    return reinterpret_cast<word>(p) | word(tag::list);
}
inline word link_to(const word* p) noexcept {
    return reinterpret_cast<word>(p) | word(tag::link);
}
inline bool is_box(word w, box kind) noexcept {
    return tag_of(w) == tag::boxed && header_kind(*pointer(w)) == kind;
}
/// The size of a tuple of a few immediates, header included; 0 for everything else.
inline std::size_t words_of_short_tuple(word w) noexcept {
    constexpr std::size_t longest = 6;
    if (!is_box(w, box::tuple)) return 0;
    const word* const p = pointer(w);
    const std::size_t n = header_size(*p);
    if (n > longest) return 0;
    for (std::size_t i = 1; i <= n; ++i)
        if (!is_immediate(p[i])) return 0;
    return 1 + n;
}
constexpr std::size_t words_for_bytes(std::size_t bytes) noexcept {
    return (bytes + 7) / 8;
}

// -- integers: 61 bits, the rest is a big_integer
// ------------------------------------------------------------------
inline constexpr std::int64_t small_max = (std::int64_t{1} << 60) - 1;
inline constexpr std::int64_t small_min = -(std::int64_t{1} << 60);
constexpr bool fits_small(std::int64_t v) noexcept {
    return v >= small_min && v <= small_max;
}
constexpr word make_small(std::int64_t v) noexcept {
    return word(v) << 3 | word(tag::integer);
}
constexpr std::int64_t small_value(word w) noexcept {
    return std::int64_t(w) >> 3;
}

// -- floats: those with an exponent in -127…128 (and 0.0) fit; the sign is rotated down and three equal bits
// dropped --
constexpr word real_offset = word{7} << 60;
/// The immediate for `bits`, or 0 when it must be boxed.
constexpr word try_make_real(double value) noexcept {
    const word bits = std::bit_cast<word>(value);
    if (bits == 0) return word(tag::real);
    const word rotated = std::rotl(bits, 1) - real_offset;
    return rotated == 0 || rotated >> 61 ? 0 : rotated << 3 | word(tag::real);
}
constexpr double real_value(word w) noexcept {
    const word rotated = w >> 3;
    return rotated == 0 ? 0.0 : std::bit_cast<double>(std::rotr(rotated + real_offset, 1));
}

// -- atoms and local pids
// ------------------------------------------------------------------------------------------
constexpr word make_atom(std::uint32_t id) noexcept {
    return word(id) << 32 | word(tag::atom);
}
constexpr std::uint32_t atom_id(word w) noexcept {
    return std::uint32_t(w >> 32);
}

inline constexpr unsigned pid_slot_bits = 25, pid_serial_bits = 28, pid_origin_bits = 8;
/// A pid of one of this program's own systems: `origin` names the system, see local_origin.hpp.
constexpr word make_local_pid(std::uint32_t origin, std::uint32_t slot, std::uint32_t serial) noexcept {
    return word(tag::local_pid) | word(origin) << 3 | word(slot) << (3 + pid_origin_bits) |
           word(serial) << (3 + pid_origin_bits + pid_slot_bits);
}
constexpr std::uint32_t local_pid_origin(word w) noexcept {
    return std::uint32_t(w >> 3) & 0xff;
}
constexpr std::uint32_t local_pid_slot(word w) noexcept {
    return std::uint32_t(w >> (3 + pid_origin_bits)) & ((1u << pid_slot_bits) - 1);
}
constexpr std::uint32_t local_pid_serial(word w) noexcept {
    return std::uint32_t(w >> (3 + pid_origin_bits + pid_slot_bits));
}

// -- body layouts of the larger boxes (offsets in words from the header)
// -------------------------------------------
struct pid_layout {
    static constexpr std::size_t node = 1, id_serial = 2, creation = 3, words = 4;
};
struct port_layout {
    static constexpr std::size_t node = 1, id = 2, creation = 3, words = 4;
};
struct reference_layout {
    static constexpr std::size_t node = 1, creation = 2, ids = 3;
    static constexpr std::size_t words(std::size_t id_words) noexcept { return 3 + (id_words + 1) / 2; }
};
/// NEW_FUN_EXT kept field by field: arity, 16 uniq bytes, index, module, old index, old uniq, creator pid,
/// free variables.
struct fun_layout {
    static constexpr std::size_t arity = 1, uniq = 2, index = 4, module = 5, old_index = 6, old_uniq = 7,
                                 pid = 8, free = 9;
};
struct export_layout {
    static constexpr std::size_t module = 1, function = 2, arity = 3, words = 4;
};
struct record_layout {
    static constexpr std::size_t flags = 1, module = 2, name = 3, fields = 4;
};
struct shared_binary_layout {
    static constexpr std::size_t data = 1, buffer = 2, words = 3;
};
struct resource_layout {
    static constexpr std::size_t type = 1, object = 2, words = 3;
};

}  // namespace rakka::etf::detail
