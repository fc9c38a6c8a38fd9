// Second pass: follows the calls from where process code begins, within the translation unit, and looks at
// everything that is reached.
#pragma once

#include "collect.hpp"
#include "reporter.hpp"

namespace rakka::lint {

/// Reports what must not be in process code to `out`.
void walk(const collected& start, reporter& out);

}  // namespace rakka::lint
