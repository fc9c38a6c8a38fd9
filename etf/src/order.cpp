#include <rakka/etf/order.hpp>

namespace rakka {
bool operator==(term_view a, term_view b) noexcept { return a.word() == b.word(); }
namespace etf::detail {
bool map_key_less(word a, word b) { return a < b; }
}  // namespace etf::detail
}  // namespace rakka
