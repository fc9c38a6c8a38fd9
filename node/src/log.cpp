#include <rakka/actors/log.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/node/log.hpp>

#include <cstdio>
#include <utility>

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

namespace {

log_level as_log_level(node_log_level level) noexcept {
    switch (level) {
        case node_log_level::debug:
            return log_level::debug;
        case node_log_level::info:
            return log_level::info;
        case node_log_level::warning:
            return log_level::warning;
        case node_log_level::error:
            return log_level::error;
    }
    return log_level::error;
}

}  // namespace

void tell_system(system& s, const node_log_event& event) {
    const log_level level = as_log_level(event.level);
    if (!detail::has_listener(s, level)) return;
    log_event e{level, {}, event.node + ": " + event.text};
    e.domain = {"rakka"_a, "node"_a};
    e.module = "node"_a;
    e.more.emplace_back("node"_a, event.node);
    if (!event.peer.empty()) e.more.emplace_back("peer"_a, event.peer);
    if (!event.address.empty()) e.more.emplace_back("address"_a, event.address);
    if (event.code) e.more.emplace_back("code"_a, event.code.message());
    tell(s, std::move(e));
}

}  // namespace rakka
