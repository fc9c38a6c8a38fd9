// The part of a compiler's command line that matters for the syntax tree.
#pragma once

#include <string>
#include <vector>

namespace rakka::lint {

/// Keeps what says how the text is read (include paths, macros, the language) and drops the rest: the build's
/// compiler may have options that clang does not know.
[[nodiscard]] std::vector<std::string> compile_arguments(const std::vector<std::string>& command);

}  // namespace rakka::lint
