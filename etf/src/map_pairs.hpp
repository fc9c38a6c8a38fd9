// Putting the keys of a freshly decoded map in the order maps keep, and finding equal ones.
#pragma once

#include <rakka/etf/word.hpp>

#include <cstddef>

namespace rakka::etf::detail {

/// `cells` holds n pairs as key, value, key, value…; afterwards the keys in `map_key_less` order, then their
/// values in the same order. False when two keys are equal.
[[nodiscard]] bool sort_pairs(word* cells, std::size_t n);

/// Whether `n` atoms, interned or foreign, are all different.
[[nodiscard]] bool all_different(const word* atoms, std::size_t n);

}  // namespace rakka::etf::detail
