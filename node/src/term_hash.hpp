// Lets maps that are keyed by terms be asked by views.
#pragma once

#include <rakka/etf/order.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/etf/traits.hpp>

#include <cstddef>

namespace rakka::detail {

struct term_hash {
    using is_transparent = void;
    std::size_t operator()(term_view t) const noexcept { return hash_value(t); }
    std::size_t operator()(const term& t) const noexcept { return hash_value(t.view()); }
};
struct term_equal {
    using is_transparent = void;
    bool operator()(term_view a, term_view b) const noexcept { return a == b; }
    bool operator()(const term& a, const term& b) const noexcept { return a == b; }
    bool operator()(const term& a, term_view b) const noexcept { return a == b; }
    bool operator()(term_view a, const term& b) const noexcept { return b == a; }
};

}  // namespace rakka::detail
