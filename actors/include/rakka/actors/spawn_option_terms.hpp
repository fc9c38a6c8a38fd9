// The options of a spawn as terms, as they come from and go to other nodes.
#pragma once

#include <rakka/actors/spawn_options.hpp>
#include <rakka/etf/term.hpp>

#include <optional>

namespace rakka {

/// What a list of options asks for.
struct spawn_wishes {
    bool link = false;
    bool monitor = false;
    spawn_options options;
};

/// Reads `link`, `monitor`, `{priority, Level}` and the options that tune what processes here do not have,
/// such as `{min_heap_size, Words}`: those must make sense, and do nothing. Nothing for a list with an option
/// or a value that no node knows, which OTP calls `badopt`, and for what is no proper list. Any thread.
/// Erlang: the options of `spawn_opt/5` and `spawn_request/5`. [protocol §5.5]
[[nodiscard]] std::optional<spawn_wishes> read_spawn_options(term_view options);

}  // namespace rakka
