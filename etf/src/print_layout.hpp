// Where ~p breaks lines.
#pragma once

#include "print_parts.hpp"
#include "print_text.hpp"

namespace rakka::etf::detail {

/// `t` as io_lib_pretty lays it out on lines of options().line_length from options().column on. Precondition:
/// a line length that is not 0, style pretty.
void print_on_lines(text_output& out, term_view t);

}  // namespace rakka::etf::detail
