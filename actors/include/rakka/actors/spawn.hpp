// Starting processes from inside a process.
#pragma once

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/system.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

namespace rakka {

/// A new process and the reference of the monitor on it.
struct monitored_process {
    rakka::pid pid;
    reference ref;
};

/// Which answers to a spawn_request() become messages. Erlang: its option `{reply, …}`.
enum class spawn_reply : std::uint8_t { yes, no, error_only, success_only };

/// What a spawn_request() asks for. Erlang: `spawn_request/5`.
struct spawn_request_options {
    bool link = false;
    bool monitor = false;
    spawn_reply reply = spawn_reply::yes;
    /// The first element of the answer; no value: `spawn_reply`.
    term reply_tag{};
    /// Further options as Erlang has them, e.g. `[{priority, high}, {link, [priority]}]`; for another node.
    term more{};
    /// With `link`, with `monitor`: the 'EXIT', the 'DOWN' message is a priority message. Erlang:
    /// `{link, [priority]}`, `{monitor, [priority]}` (OTP 28).
    bool priority_link = false;
    bool priority_monitor = false;
};

namespace detail {
pid spawn_here(std::unique_ptr<process_body> body, const spawn_options& options);
pid spawn_here(std::unique_ptr<message_handler> handler, const spawn_options& options);
monitored_process spawn_monitor_here(std::unique_ptr<process_body> body, const spawn_options& options,
                                     const monitor_options& monitor);
monitored_process spawn_monitor_here(std::unique_ptr<message_handler> handler, const spawn_options& options,
                                     const monitor_options& monitor);

reference spawn_request_here(std::unique_ptr<process_body> body, const spawn_options& options,
                             const spawn_request_options& how);
reference spawn_request_here(std::unique_ptr<message_handler> handler, const spawn_options& options,
                             const spawn_request_options& how);

template <std::invocable F>
[[nodiscard]] std::unique_ptr<process_body> to_body(F&& f) {
    return make_body(std::forward<F>(f));
}
template <std::derived_from<message_handler> H>
[[nodiscard]] std::unique_ptr<message_handler> to_body(std::unique_ptr<H> handler) {
    return handler;
}
template <class F>
concept spawnable = requires(F&& f) {
    to_body(std::forward<F>(f));
};
}  // namespace detail

/// Starts a process in the caller's system: a callable (run once) or a std::unique_ptr<message_handler>.
/// Throws process_exit (`{system_limit, []}`, `{badarg, []}` for a name that is taken). Owner process.
/// Erlang: `spawn/1`.
template <detail::spawnable F>
pid spawn(F&& f, const spawn_options& options = {}) {
    return detail::spawn_here(detail::to_body(std::forward<F>(f)), options);
}

/// The same, linked to the caller before either runs on. Erlang: `spawn_link/1`.
template <detail::spawnable F>
pid spawn_link(F&& f, spawn_options options = {}) {
    options.link = true;
    return detail::spawn_here(detail::to_body(std::forward<F>(f)), options);
}

/// The same, monitored by the caller before either runs on. Erlang: `spawn_monitor/1`.
template <detail::spawnable F>
monitored_process spawn_monitor(F&& f, const spawn_options& options = {},
                                const monitor_options& monitor = {}) {
    return detail::spawn_monitor_here(detail::to_body(std::forward<F>(f)), options, monitor);
}

/// Starts module:function(arguments…) on `node`, which may be the own one, and waits for its pid. `arguments`
/// is a proper list; `options` one of Erlang's, e.g. `[{priority, high}, {link, [priority]}]`. Of another
/// program any function can be started; of a C++ program those that are exported (node::exports).
///
/// A function that is not there is no error here: the process ends with `{undef, …}`. Nor is a node that
/// cannot be reached: the pid is that of a process that has ended with `noconnection`. Throws process_exit:
/// `{badarg, []}` for options that the node does not know or arguments that are no list, `{Reason, []}` for
/// any other refusal (`system_limit`). Blocks until the node has answered. Owner process. Erlang: `spawn/4`,
/// `spawn_opt/5`.
pid spawn(atom node, atom module, atom function, term arguments, term options = {});
/// The same, linked to the caller before it runs. Erlang: `spawn_link/4`.
pid spawn_link(atom node, atom module, atom function, term arguments, term options = {});
/// The same, monitored by the caller before it runs. Erlang: `spawn_monitor/4`.
monitored_process spawn_monitor(atom node, atom module, atom function, term arguments, term options = {});

/// Asks `node` to run module:function(arguments…), `arguments` being a proper list. The answer is a message
/// `{spawn_reply, Ref, ok, Pid}` or
/// `{spawn_reply, Ref, error, Reason}`; with `monitor` the reference is also that of the monitor. Owner
/// process. Erlang: `spawn_request/5`.
reference spawn_request(atom node, atom module, atom function, term arguments,
                        const spawn_request_options& options = {});

/// The same for a callable or handler in the caller's system: nothing is thrown when there is no room for a
/// process or its name is taken, the answer says so (`system_limit`, `badarg`). `how.link` counts besides
/// that of `options`. Owner process. Erlang: `spawn_request/2`.
template <detail::spawnable F>
reference spawn_request(F&& f, const spawn_options& options = {}, const spawn_request_options& how = {}) {
    return detail::spawn_request_here(detail::to_body(std::forward<F>(f)), options, how);
}

/// The caller does not want the process any more that it has asked for and had no answer about: no answer
/// comes; if one is made all the same, a link ends it with reason `abandoned`, and a monitor is taken back.
/// False when an answer has come, or there was no such request: nothing is done. Owner process. Erlang:
/// `spawn_request_abandon/1`.
bool spawn_request_abandon(const reference& request);

}  // namespace rakka
