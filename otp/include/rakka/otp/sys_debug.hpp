// What sys can be told to do with the events of a server: trace, log, count, call a function of yours.
#pragma once

#include <rakka/etf/term.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <variant>

namespace rakka::sys {

/// One thing a server has done, as a term: `{in, Message}`, `{in, Message, From}`, `{out, Reply, To, State}`,
/// `{noreply, State}`, and what else a behaviour tells. `data` is the behaviour's own: the name it is shown
/// by. Gives the state for the next event; the atom `done` removes the function. Runs in the server's
/// process; what it throws removes it too. Erlang: `dbg_fun()`.
using debug_function = std::function<term(const term& state, const term& event, const term& data)>;

/// Prints each event to the standard output of the server's group leader. Erlang: `trace`.
struct trace_events {};
/// Keeps the last `size` events, and shows them in crash reports. Erlang: `{log, N}`.
struct log_events {
    std::size_t size = 10;
};
/// Writes each event to a file, from its beginning. Erlang: `{log_to_file, Name}`.
struct log_events_to_file {
    std::string path;
};
/// Counts messages and reductions. Erlang: `statistics`.
struct count_events {};
/// Calls a function. `id` names it for remove(). Erlang: `{install, {Id, Func, State}}`.
struct call_for_events {
    term id;
    debug_function function;
    term state;
};

using debug_option =
    std::variant<trace_events, log_events, log_events_to_file, count_events, call_for_events>;

}  // namespace rakka::sys
