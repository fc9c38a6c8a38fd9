#include <rakka/node/log.hpp>

#include <cstdio>

namespace rakka {

std::string_view to_string(node_log_level level) noexcept {
    switch (level) {
        case node_log_level::debug:
            return "debug";
        case node_log_level::info:
            return "info";
        case node_log_level::warning:
            return "warning";
        case node_log_level::error:
            return "error";
    }
    return "unknown";
}

node_log log_to_stderr(node_log_level least) {
    return [least](const node_log_event& e) {
        if (e.level < least) return;
        const std::string line =
            "[rakka " + std::string(to_string(e.level)) + "] " + e.node + ": " + e.text + '\n';
        std::fwrite(line.data(), 1, line.size(),
                    stderr);  // one call, so that lines of several threads stay whole
    };
}

}  // namespace rakka
