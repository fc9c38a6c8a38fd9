// Checking files: the way in.
#pragma once

#include "warnings.hpp"

#include <string>
#include <vector>

namespace rakka::lint {

struct request {
    std::string build_dir;           ///< has compile_commands.json; empty: looked for above the first file
    std::vector<std::string> files;  ///< also folders: what the database knows below them; none: all of it
    std::vector<std::string>
        arguments;  ///< not empty: compile everything with these instead of the database's
    warning_set disabled{};
    unsigned jobs = 1;
};

struct report {
    std::vector<finding> findings;  ///< sorted, each once
    std::size_t files = 0;          ///< checked
    std::size_t broken = 0;         ///< of them did not compile; the compiler's errors went to stderr
    std::string error;              ///< not empty: nothing could be checked, and why
};

/// Compiles and checks the files. Blocks for seconds a file. Any thread, one at a time.
[[nodiscard]] report check(const request& what);

}  // namespace rakka::lint
