// One step of a walk over the parts of two terms side by side: for equality.cpp and order.cpp.
#pragma once

#include <rakka/etf/term.hpp>

#include <cstddef>
#include <cstdint>

namespace rakka::etf::detail {

/// Where the walk stands in two runs of as many cells, or in two lists.
struct cell_pair {
    static constexpr std::size_t lists = ~std::size_t{0};
    const word* a;  // a and b apart: side by side GCC moves both as one vector, which stalls on the stores
    std::size_t n;  // cells left, at least one; or `lists`
    const word* b;

    /// `nothing`: the lists go on in the same memory, there is nothing left to look at. Otherwise x and y are
    /// the next two terms, behind `last` there are no others.
    enum class step : std::uint8_t { more, last, nothing };
    [[nodiscard]] step next(word& x, word& y) noexcept {
        if (n != lists) {
            x = *a++;
            y = *b++;
            return --n == 0 ? step::last : step::more;
        }
        const list_view::iterator i(a), j(b);
        if (i == j) return step::nothing;
        if (i.at_end() || j.at_end()) {
            x = i.rest().word();
            y = j.rest().word();
            return step::last;
        }
        x = (*i).word();
        y = (*j).word();
        a = pointer(i.rest().word()) + 1;
        b = pointer(j.rest().word()) + 1;
        return step::more;
    }
};

}  // namespace rakka::etf::detail
