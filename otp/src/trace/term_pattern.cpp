#include "trace/term_pattern.hpp"

#include <rakka/etf/build.hpp>

#include <utility>
#include <vector>

namespace rakka::trace::detail {

bool matches(term_view pattern, term_view t) {
    std::vector<std::pair<term_view, term_view>> open{{pattern, t}};
    while (!open.empty()) {
        const auto [wanted, given] = open.back();
        open.pop_back();
        if (wanted.is_atom("_"_a)) continue;
        if (wanted.is(kind::tuple)) {
            if (!given.is(kind::tuple) || given.tuple().size() != wanted.tuple().size()) return false;
            for (std::size_t i = 0; i < wanted.tuple().size(); ++i)
                open.emplace_back(wanted.tuple()[i], given.tuple()[i]);
        } else if (wanted.is(kind::list)) {
            if (!given.is(kind::list)) return false;
            open.emplace_back(wanted.list().tail(), given.list().tail());
            open.emplace_back(wanted.list().head(), given.list().head());
        } else if (wanted != given) {
            return false;
        }
    }
    return true;
}

}  // namespace rakka::trace::detail
