// Findings as compilers print them.
#pragma once

#include "warnings.hpp"

#include <iosfwd>

namespace rakka::lint {

struct print_options {
    bool errors = false;  ///< "error:" instead of "warning:"
    bool notes = true;    ///< how a place came to be process code, what to do, how to silence it
};

/// `file:line:column: warning: text: why [rakka-id]` and, with notes, `file:line:column: note: …` lines.
void print(std::ostream& out, const finding& f, const print_options& how);

}  // namespace rakka::lint
