// The comments that speak to rakka-lint:
//
//     // rakka-lint: allow(id, id…) reason        this line, or, alone on its line, the next line of code
//     // rakka-lint: allow-file(id, id…) reason   the whole file
//     // rakka-lint: process-code                 the function that begins here (or next) runs in processes
#pragma once

#include "warnings.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::lint {

/// What the comments of one file say. Immutable once made.
class allowances {
public:
    struct mistake {
        unsigned line;
        unsigned column;
        std::string text;
    };

    /// Reads a whole file. Lines count from 1.
    explicit allowances(std::string_view text);

    [[nodiscard]] bool allowed(warning w, unsigned line) const;
    [[nodiscard]] bool is_process_code(unsigned line) const { return process_code_.contains(line); }
    /// Comments that cannot be understood, or give no reason.
    [[nodiscard]] const std::vector<mistake>& mistakes() const noexcept { return mistakes_; }

private:
    void read_comment(std::string_view comment, unsigned line, unsigned column, unsigned applies_to);

    std::map<unsigned, warning_set> lines_;
    warning_set whole_file_{};
    std::set<unsigned> process_code_;
    std::vector<mistake> mistakes_;
};

}  // namespace rakka::lint
