// Erlang's term order, exact equality and hashing, with an explicit stack: no input nests deep enough to
// break them.
#pragma once

#include <rakka/etf/term.hpp>

#include <compare>
#include <cstddef>
#include <functional>

namespace rakka {

/// Erlang's standard order (`<`, `==`): integers and floats compare as numbers. [protocol: term order]
[[nodiscard]] std::weak_ordering compare(term_view a, term_view b);
/// The order in which `1` and `1.0` differ (as map keys do); equal exactly when `a == b` (`=:=`). Integers
/// before floats.
[[nodiscard]] std::weak_ordering compare_exact(term_view a, term_view b);
/// Equal terms (`=:=`) have equal hashes within one run of the program. Not erlang:phash2/1.
[[nodiscard]] std::size_t hash_value(term_view t) noexcept;

/// `a == b` in Erlang: numbers by value.
[[nodiscard]] inline bool equal_as_numbers(term_view a, term_view b) {
    return compare(a, b) == 0;
}

namespace etf::detail {
/// The order of keys inside a map: any strict total order that agrees with `=:=`, chosen for speed.
/// Immediates by their bits and before everything else; then compare_exact. A foreign atom equals an interned
/// atom of the same text.
[[nodiscard]] bool map_key_less(word a, word b);
}  // namespace etf::detail

}  // namespace rakka

template <>
struct std::hash<rakka::term> {
    std::size_t operator()(const rakka::term& t) const noexcept { return rakka::hash_value(t.view()); }
};
