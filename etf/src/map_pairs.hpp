// Putting the keys of a freshly decoded map in the order maps keep, and finding equal ones.
#pragma once

#include <rakka/etf/word.hpp>

#include <cstddef>

namespace rakka::etf::detail {

/// `cells` holds n pairs as key, value, key, value…; afterwards the keys in `map_key_less` order, then their
/// values in the same order. False when two keys are equal.
[[nodiscard]] bool sort_pairs(word* cells, std::size_t n);

/// The same for the few pairs from `cells` to `end` whose keys are immediates and in order as they came.
/// False, and nothing done, when they are not.
[[nodiscard]] inline bool spread_sorted(word* cells, const word* end) noexcept {
    constexpr std::size_t few = 32;
    const auto n = static_cast<std::size_t>(end - cells);  // keys and values
    if (n > few) return false;
    word last = 0;
    for (std::size_t i = 0; i < n; i += 2) {
        if (cells[i] <= last || !is_immediate(cells[i])) return false;
        last = cells[i];
    }
    word values[few / 2];
    for (std::size_t i = 0; i < n / 2; ++i) {
        values[i] = cells[2 * i + 1];
        cells[i] = cells[2 * i];
    }
    for (std::size_t i = 0; i < n / 2; ++i)
        cells[n / 2 + i] = values[i];
    return true;
}

/// Whether `n` atoms, interned or foreign, are all different.
[[nodiscard]] bool all_different(const word* atoms, std::size_t n);

}  // namespace rakka::etf::detail
