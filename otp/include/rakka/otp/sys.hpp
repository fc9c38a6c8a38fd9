// Looking into running servers, and stopping them for a while: of C++ and of a BEAM, here and on other nodes.
//
// Every function blocks the calling process until the server has answered, for `timeout` at most (5 s by
// default); when there is no answer the caller exits with `{Reason, {sys, Function, [Server, …]}}`, thrown as
// process_exit, Reason as for gen_server::call. Owner process. Erlang: module sys. [protocol §7.3]
#pragma once

#include <rakka/etf/term.hpp>
#include <rakka/otp/server_name.hpp>
#include <rakka/otp/sys_debug.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rakka::sys {

/// Nothing: for ever.
using wait_time = std::optional<std::chrono::milliseconds>;
inline constexpr std::chrono::milliseconds default_timeout{5000};

/// The server's state: gen_server::state(), `{State, Data}` of a gen_statem, the handlers of a gen_event.
/// Exits with
/// `{callback_failed, …}` when the server could not give it. (A BEAM of OTP 25 whose state is a tuple `{ok,
/// X}`: X.) Erlang: sys:get_state/1,2.
[[nodiscard]] term get_state(const server_ref& server, wait_time timeout = default_timeout);

/// Puts `change(state)` in place of the state, and gives it. For servers of this system that take a state
/// (gen_server::replace_state): a function cannot be sent to another node. Runs `change` in the server's
/// process; when it throws, or the server takes no state, the caller exits with `{callback_failed, …}` and
/// the server goes on as it was. Erlang: sys:replace_state/2,3.
term replace_state(const server_ref& server, std::function<term(const term& state)> change,
                   wait_time timeout = default_timeout);

/// `{status, Pid, {module, Module}, [Dictionary, running | suspended, Parent, Debug, Misc]}`. Erlang:
/// sys:get_status/1,2.
[[nodiscard]] term get_status(const server_ref& server, wait_time timeout = default_timeout);

/// The server answers nothing but functions of this file until resume(); what else arrives waits. Erlang:
/// sys:suspend/1,2.
void suspend(const server_ref& server, wait_time timeout = default_timeout);
/// Erlang: sys:resume/1,2.
void resume(const server_ref& server, wait_time timeout = default_timeout);
/// Lets a suspended server change its state to another version of its code. Nothing: done; else why it was
/// not, and the server is as it was. Erlang: sys:change_code/4,5.
[[nodiscard]] std::optional<term> change_code(const server_ref& server, atom module, const term& old_version,
                                              const term& extra, wait_time timeout = default_timeout);
/// Asks the server to end with `reason`; it may still run when this returns. gen_server::stop() waits.
/// Erlang: sys:terminate/2,3.
void terminate(const server_ref& server, const term& reason, wait_time timeout = default_timeout);

/// Prints each event where the server prints: on its group leader, for which it waits, or on standard output
/// when it has none. Erlang: sys:trace/2,3.
void trace(const server_ref& server, bool on, wait_time timeout = default_timeout);
/// Keeps the last `size` events; 0: none. Erlang: sys:log/2,3 with true, {true, N}, false.
void log(const server_ref& server, std::size_t size = 10, wait_time timeout = default_timeout);
/// The events kept, the oldest first. Erlang: sys:log/2,3 with get.
[[nodiscard]] std::vector<term> log_get(const server_ref& server, wait_time timeout = default_timeout);
/// The server prints them. Erlang: sys:log/2,3 with print.
void log_print(const server_ref& server, wait_time timeout = default_timeout);
/// An empty path: no more. False: the file could not be opened. Erlang: sys:log_to_file/2,3.
[[nodiscard]] bool log_to_file(const server_ref& server, const std::string& path,
                               wait_time timeout = default_timeout);
/// Starts counting anew, or ends it. Erlang: sys:statistics/2,3 with true, false.
void statistics(const server_ref& server, bool on, wait_time timeout = default_timeout);
/// `[{start_time, DateTime}, {current_time, DateTime}, {reductions, N}, {messages_in, N}, {messages_out,
/// N}]`, or the atom `no_statistics`. Erlang: sys:statistics/2,3 with get.
[[nodiscard]] term statistics_get(const server_ref& server, wait_time timeout = default_timeout);
/// For servers of this system. Nothing happens when the id is there already. Erlang: sys:install/2,3.
void install(const server_ref& server, call_for_events what, wait_time timeout = default_timeout);
/// Erlang: sys:remove/2,3.
void remove(const server_ref& server, const term& id, wait_time timeout = default_timeout);
/// Takes off all of the above. Erlang: sys:no_debug/1,2.
void no_debug(const server_ref& server, wait_time timeout = default_timeout);

}  // namespace rakka::sys
