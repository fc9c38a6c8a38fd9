// Printing through a group leader: what a C++ function prints for a process of another node appears where
// that process prints.
#pragma once

#include <rakka/actors/monitors.hpp>
#include <rakka/etf/term.hpp>

#include <string_view>
#include <vector>

namespace rakka::io {

/// Sends `utf8` to the caller's group leader, which is that of whoever has spawned or called it, and waits
/// until it is printed. A process that the program has started itself, outside of any process, has none
/// (system::nobody()): there it goes to the standard output. Ends the caller with `{terminated, []}` when the
/// leader is gone, and with `{Reason, []}` when it refuses. Blocks. Owner process. Erlang: `io:put_chars/1`.
void put_chars(std::string_view utf8);
/// The same to another device: the pid or name of a process that speaks the I/O protocol, such as
/// `{user, Node}`. Erlang: `io:put_chars/2`.
void put_chars(const monitor_target& device, std::string_view utf8);

/// put_chars() of `format` with `arguments` filled in as Erlang does it (`~p`, `~ts`, `~n` …). Ends the
/// caller with `{badarg, []}` when they do not fit. Blocks. Owner process. Erlang: `io:format/2`.
void format(std::string_view format, const std::vector<term>& arguments = {});

}  // namespace rakka::io
