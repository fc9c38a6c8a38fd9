#include "map_pairs.hpp"

#include <rakka/etf/order.hpp>
#include <rakka/etf/term.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace rakka::etf::detail {
namespace {

struct key_value {
    word key;
    word value;
};

bool key_less(const key_value& a, const key_value& b) {
    return is_immediate(a.key) && is_immediate(b.key) ? a.key < b.key : map_key_less(a.key, b.key);
}

/// Messages have small maps, and their keys are often in order or nearly so.
void insertion_sort(key_value* pairs, std::size_t n) {
    for (std::size_t i = 1; i < n; ++i) {
        const key_value moving = pairs[i];
        std::size_t j = i;
        for (; j > 0 && key_less(moving, pairs[j - 1]); --j)
            pairs[j] = pairs[j - 1];
        pairs[j] = moving;
    }
}

/// Whether an atom stands among sorted keys twice, in the table and kept out of it: that it was interned
/// between the two keeps them apart in the order.
bool has_twins(const word* keys, std::size_t n) {
    if (is_immediate(keys[n - 1])) return false;
    const word *const end = keys + n, *const boxed = std::partition_point(keys, end, is_immediate);
    return std::any_of(boxed, end, [&](word w) {
        if (!is_box(w, box::foreign_atom)) return false;
        const auto known = atom::existing(term_view::from_word(w).atom_text());
        return known && std::binary_search(keys, boxed, make_atom(known->id()));
    });
}

/// Sorts `pairs`, a copy of the cells, and spreads them over the cells again.
bool sort_and_spread(key_value* pairs, word* cells, std::size_t n) {
    if (n <= 12) {
        insertion_sort(pairs, n);
    } else if (!std::is_sorted(pairs, pairs + n, key_less)) {
        std::sort(pairs, pairs + n, key_less);
    }
    for (std::size_t i = 0; i < n; ++i) {
        if (i > 0 && !key_less(pairs[i - 1], pairs[i])) return false;
        cells[i] = pairs[i].key;
        cells[n + i] = pairs[i].value;
    }
    return !has_twins(cells, n);
}

}  // namespace

bool sort_pairs(word* cells, std::size_t n) {
    if (n == 1) return true;
    constexpr std::size_t few = 32;
    const auto* const from = reinterpret_cast<const key_value*>(cells);
    if (n <= few) {
        std::array<key_value, few> near;
        std::copy_n(from, n, near.begin());
        return sort_and_spread(near.data(), cells, n);
    }
    std::vector<key_value> pairs(from, from + n);
    return sort_and_spread(pairs.data(), cells, n);
}

bool all_different(const word* atoms, std::size_t n) {
    if (n < 2) return true;
    std::vector<word> sorted(atoms, atoms + n);
    const auto less = [](word a, word b) {
        return is_immediate(a) && is_immediate(b) ? a < b : map_key_less(a, b);
    };
    std::sort(sorted.begin(), sorted.end(), less);
    return std::adjacent_find(sorted.begin(), sorted.end(), [&](word a, word b) { return !less(a, b); }) ==
               sorted.end() &&
           !has_twins(sorted.data(), n);
}

}  // namespace rakka::etf::detail
