// The options of a spawn as terms, as they come from and go to other nodes.
#pragma once

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/spawn_options.hpp>
#include <rakka/etf/term.hpp>

#include <optional>

namespace rakka {

/// What a list of options asks for.
struct spawn_wishes {
    bool link = false;
    bool monitor = false;
    spawn_options options;
    monitor_options monitoring;
};

/// Reads `link`, `{link, [priority]}`, `monitor`, `{monitor, Options}` as in Erlang's `monitor/3`,
/// `{priority, Level}` and the options that tune what processes here do not have, such as `{min_heap_size,
/// Words}`: those must make sense, and do nothing. Nothing for a list with an option or a value that no node
/// knows, which OTP calls `badopt`, and for what is no proper list. Any thread. Erlang: the options of
/// `spawn_opt/5` and `spawn_request/5`. [protocol §5.5]
[[nodiscard]] std::optional<spawn_wishes> read_spawn_options(const term& options);

/// What of a list of options is the parent's alone, and never leaves its node.
struct parents_wishes {
    bool priority_link = false;
    monitor_options monitoring;
    term rest;  ///< for the node of the new process: `link` and `monitor` without anything
};

/// Nothing when the options of the link or the monitor are wrong; all others are left to the node that gets
/// `rest`. Any thread.
[[nodiscard]] std::optional<parents_wishes> take_parents_wishes(const term& options);

}  // namespace rakka
