#include "map_keys.hpp"

#include <rakka/etf/order.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace rakka {
namespace etf::detail {
namespace {

struct by_leaf {
    order_mode mode;
    bool operator()(word a, word b) const noexcept {
        const rank r = rank_of(a), s = rank_of(b);
        if (r != s) return r < s;
        return !has_parts(r) && compare_leaf(r, a, b, mode) < 0;
    }
};

/// Places of the first boxed key; those before are immediates in the order of their bits.
std::size_t first_boxed(const word* keys, std::size_t n) noexcept {
    return static_cast<std::size_t>(std::partition_point(keys, keys + n, is_immediate) - keys);
}

constexpr std::size_t not_found = ~std::size_t{0};

std::size_t find_immediate(const word* keys, std::size_t n, word key) noexcept {
    const word* const at = n <= 16 ? std::find(keys, keys + n, key) : std::lower_bound(keys, keys + n, key);
    return at != keys + n && *at == key ? static_cast<std::size_t>(at - keys) : not_found;
}

std::size_t find_boxed(const word* keys, std::size_t from, std::size_t n, word key) {
    const word* const at =
        std::lower_bound(keys + from, keys + n, key, [](word a, word b) { return compare_stored(a, b) < 0; });
    return at != keys + n && term_view::from_word(*at) == term_view::from_word(key)
               ? static_cast<std::size_t>(at - keys)
               : not_found;
}

std::size_t find_key(const word* keys, std::size_t n, word key) {
    if (n == 0) return not_found;
    const bool all_immediate = is_immediate(keys[n - 1]);
    if (is_immediate(key)) {
        const std::size_t boxed = all_immediate ? n : first_boxed(keys, n);
        if (const std::size_t i = find_immediate(keys, boxed, key); i != not_found) return i;
        // The same text may be there as an atom that was kept out of the table.
        return tag_of(key) == tag::atom && boxed != n ? find_boxed(keys, boxed, n, key) : not_found;
    }
    if (!all_immediate) {
        if (const std::size_t i = find_boxed(keys, first_boxed(keys, n), n, key); i != not_found) return i;
    }
    if (!is_box(key, box::foreign_atom)) return not_found;
    const auto interned = atom::existing(term_view::from_word(key).atom_text());
    return interned ? find_immediate(keys, first_boxed(keys, n), make_atom(interned->id())) : not_found;
}

}  // namespace

void append_sorted_pairs(std::vector<word>& out, const word* header, order_mode mode) {
    const std::size_t n = header_size(*header), base = out.size();
    const word *const keys = header + 1, *const values = keys + n;
    const by_leaf less{mode == order_mode::stored ? mode : order_mode::exact};
    if (std::is_sorted(keys, keys + n, less)) {
        out.insert(out.end(), keys, keys + 2 * n);
        return;
    }
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return less(keys[i], keys[j]); });
    out.resize(base + 2 * n);
    for (std::size_t i = 0; i < n; ++i) {
        out[base + i] = keys[order[i]];
        out[base + n + i] = values[order[i]];
    }
}

bool has_foreign_keys(const word* header) noexcept {
    const word* const keys = header + 1;
    for (std::size_t i = header_size(*header); i > 0 && !is_immediate(keys[i - 1]); --i)
        if (is_box(keys[i - 1], box::foreign_atom)) return true;
    return false;
}

}  // namespace etf::detail

std::optional<term_view> map_view::find(term_view key) const noexcept {
    const std::size_t i = etf::detail::find_key(header_ + 1, size(), key.word());
    if (i == etf::detail::not_found) return std::nullopt;
    return value(i);
}

}  // namespace rakka
