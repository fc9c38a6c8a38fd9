// Whether a term has the shape of another one, in which the atom '_' stands for anything.
#pragma once

#include <rakka/etf/term.hpp>

namespace rakka::trace::detail {

/// Tuples and lists are compared part by part, everything else whole. Takes time in proportion to the
/// pattern, and no stack. Any thread.
[[nodiscard]] bool matches(term_view pattern, term_view t);

}  // namespace rakka::trace::detail
