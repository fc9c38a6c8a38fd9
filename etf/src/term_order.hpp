// How two terms without parts of their own (numbers, atoms, identifiers, bit strings) compare; shared by the
// walks of order.cpp, equality.cpp and map_lookup.cpp.
#pragma once

#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/term.hpp>

#include <compare>
#include <cstdint>
#include <string_view>

namespace rakka::etf::detail {

/// `standard` is Erlang's `<`; `exact` tells 1 from 1.0 as map keys do; `stored` is exact, but this program's
/// own pids and references compare by their origin number: the order of keys in memory must outlive the
/// renaming of a node.
enum class order_mode : std::uint8_t { standard, exact, stored };

/// Place of a term's type in the order of all types.
enum class rank : std::uint8_t {
    number,
    atom,
    reference,
    fun,
    port,
    pid,
    tuple,
    record,
    map,
    nil,
    list,
    bitstring,
    resource,
    none
};
[[nodiscard]] rank rank_of(word w) noexcept;
[[nodiscard]] constexpr bool has_parts(rank r) noexcept {
    return r == rank::fun || (r >= rank::tuple && r <= rank::map) || r == rank::list;
}

/// Precondition: both have this rank, and it has no parts.
[[nodiscard]] std::weak_ordering compare_leaf(rank r, word a, word b, order_mode mode) noexcept;
/// Precondition: two numbers. Integers and floats compare by their exact values, as if both were reals.
[[nodiscard]] std::weak_ordering compare_numbers(word a, word b, order_mode mode) noexcept;

inline std::weak_ordering compare_atoms(word a, word b) noexcept {
    if (a == b) return std::weak_ordering::equivalent;
    const auto text = [](word w) { return term_view::from_word(w).atom_text(); };
    return text(a) <=> text(b);  // char_traits compares as unsigned bytes, which is code point order in UTF-8
}
[[nodiscard]] inline bool same_atom(word a, word b) noexcept {
    return a == b || ((!is_immediate(a) || !is_immediate(b)) && compare_atoms(a, b) == 0);
}

[[nodiscard]] inline bool is_big(word w) noexcept {
    return is_box(w, box::big_integer);
}
[[nodiscard]] inline bool is_real(word w) noexcept {
    return tag_of(w) == tag::real || is_box(w, box::real);
}
/// Precondition: is_real.
[[nodiscard]] inline double real_of(word w) noexcept {
    return tag_of(w) == tag::real ? real_value(w) : std::bit_cast<double>(pointer(w)[1]);
}
[[nodiscard]] inline std::size_t big_limbs(const word* p) noexcept {
    return header_size(*p) & ~big_negative;
}
[[nodiscard]] inline bool is_negative_big(const word* p) noexcept {
    return header_size(*p) & big_negative;
}

/// A pid's fields whichever way it is stored. `node` is an atom's word, or the word of no atom when local.
struct pid_fields {
    word node;
    std::uint32_t id, serial, creation;
    bool local;
};
[[nodiscard]] pid_fields fields_of_pid(word w) noexcept;

/// Id word `i` of a reference; those it does not have are 0.
[[nodiscard]] inline std::uint32_t reference_word(const word* p, std::size_t i) noexcept {
    if (i >= header_size(*p)) return 0;
    return static_cast<std::uint32_t>(p[reference_layout::ids + i / 2] >> (i % 2 ? 32 : 0));
}

}  // namespace rakka::etf::detail
