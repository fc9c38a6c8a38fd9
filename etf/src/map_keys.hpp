// The keys of a map in an order that does not depend on atom numbers or memory: what comparing and printing
// need.
#pragma once

#include "term_order.hpp"

#include <vector>

namespace rakka::etf::detail {

/// Appends the keys of the map at `header` in exact term order, then their values in the same order.
///
/// No recursion, though keys may be maps of maps: keys that have parts are stored in their order already (see
/// map_key_less), so only leaves and types are compared here. Where two such keys differ in nothing but the
/// node of a pid or reference of this program, their order is that of the origin numbers, not of the node
/// names.
void append_sorted_pairs(std::vector<word>& out, const word* header, order_mode mode);

/// True when some key is an atom kept out of the atom table: equal maps may then hold their keys in different
/// places.
[[nodiscard]] bool has_foreign_keys(const word* header) noexcept;

/// Order of boxed keys in memory; also orders an immediate among them by its text or value.
[[nodiscard]] std::weak_ordering compare_stored(word a, word b);

}  // namespace rakka::etf::detail
