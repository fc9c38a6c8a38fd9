// Sequential tracing: following what one message causes, through every process and node it leads to. Erlang:
// the module `seq_trace`.
//
// A process with a trace token puts it on every message it sends and every process it spawns, also on other
// nodes; whoever receives such a message has that token from then on. A message without one takes it away,
// one from the runtime itself (a timer's, a 'DOWN', an error of spawn_request()) leaves it. Exit signals of
// links carry it, those of exit() do not: an 'EXIT' without one takes it away. docs/seq_trace.md says what an
// observer sees of it.
//
// All for the owner process; throw std::logic_error outside of one. None blocks.
#pragma once

#include <rakka/actors/trace_token.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>

namespace rakka {
class system;
}

namespace rakka::seq_trace {

/// The caller's token, `[]` without one. Erlang: `get_token/0`.
[[nodiscard]] term get_token();

/// One component of it: `{label, Term}`, `{serial, {Previous, Current}}`, `{Flag, true | false}` for `send`,
/// `'receive'`, `print`, `timestamp`, `monotonic_timestamp`, `strict_monotonic_timestamp`. Without a token
/// `[]` for the label and the serial, and all flags are false. Throws process_exit ({badarg, …}) for others.
/// Erlang: `get_token/1`.
[[nodiscard]] term get_token(atom component);

/// Sets the token to what get_token() gave, here or in another process, and returns `ok`; `[]` ends the trace
/// for the caller and returns the token it had. A token that the caller has keeps its From. Throws
/// process_exit ({badarg, …}) for a term that is neither. Erlang: `set_token/1`.
term set_token(const term& token);

/// Sets one component, as get_token() names them; where there is no token, one begins: label 0, serial {0,
/// 0}, no flags. Returns the value before. Throws process_exit ({badarg, …}) for a component or value that
/// does not exist, and for a label with a C++ object in it. Erlang: `set_token/2`.
term set_token(atom component, const term& value);

/// Tells the system tracer `info`, if the caller has a token with the flag `print`; with a label, only if
/// that is the token's. Counts as a message of the trace. Erlang: `print/1,2`.
void print(const term& info);
void print(const term& label, const term& info);

/// Ends all traces of this system at once: of its processes and of the messages that wait in it. Not those on
/// other nodes. Erlang: `reset_trace/0`.
void reset_trace();

/// The process of this system that is told of what happens in traces, by `{seq_trace, Label, {send,
/// {Previous, Current}, From, To, Message}}`, likewise with 'receive' and print (whose To is `[]`), and with
/// the time behind it if the token has such a flag. Nothing it sends counts. Returns the one before; a tracer
/// that has ended is none. Throws process_exit ({badarg, …}) for a pid that is no living process of this
/// system. Erlang: `set_system_tracer/1`, `get_system_tracer/0`.
std::optional<pid> set_system_tracer(std::optional<pid> tracer);
[[nodiscard]] std::optional<pid> get_system_tracer();

// -- for code that brings messages by ways of its own

/// As if the caller had received `message` with this token.
void received(const trace_token& token, const term& message);
/// As if it sent `message`, to what the system tracer sees as `to`: the token to go with it, none when the
/// caller has none.
[[nodiscard]] std::optional<trace_token> sent(const term& to, const term& message);
/// The system tracer of `where` is told of a message with this token that was for no process there, or came
/// from none. Any thread, also outside of processes.
void tell_received(system& where, const trace_token& token, const term& to, const term& message);
void tell_sent(system& where, const trace_token& token, const term& to, const term& message);

}  // namespace rakka::seq_trace
