// Processes that can be started synchronously, know their ancestors, and say in the log why they crashed. All
// behaviours are such.
#pragma once

#include <rakka/actors/spawn.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/start.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::proc_lib {

namespace detail {
[[nodiscard]] std::unique_ptr<process_body> make_body(std::function<void()> f, const std::type_info& code);
[[nodiscard]] start_result<term> start_and_wait(std::unique_ptr<process_body> body,
                                                std::optional<std::chrono::milliseconds> timeout,
                                                spawn_options options, bool link);
}  // namespace detail

/// Whom the calling process descends from: the name or pid of its parent, of that one's parent and so on.
/// Empty for a process that neither a behaviour nor a function of this file has started. Owner process.
/// Erlang: the value of
/// `'$ancestors'` in the process dictionary.
[[nodiscard]] std::vector<term> ancestors();

/// Starts a process that runs `f`; when it crashes (ends with another reason than `normal`, `shutdown` or
/// `{shutdown, _}`) the log gets a crash report. Owner process. Erlang: proc_lib:spawn/1.
template <std::invocable F>
pid spawn(F&& f, const spawn_options& options = {}) {
    return rakka::detail::spawn_here(detail::make_body(std::forward<F>(f), typeid(F)), options);
}
/// The same, linked to the caller. Erlang: proc_lib:spawn_link/1.
template <std::invocable F>
pid spawn_link(F&& f, spawn_options options = {}) {
    options.link = true;
    return proc_lib::spawn(std::forward<F>(f), options);
}

/// Starts a process and waits until it calls init_ack(), whose value is given, or init_fail(), or ends, whose
/// reason is the error; `timeout`: the process is killed. In each of these cases it has ended when this
/// returns. Blocks. Owner process. Erlang: proc_lib:start/5.
template <std::invocable F>
[[nodiscard]] start_result<term> start(F&& f, std::optional<std::chrono::milliseconds> timeout = std::nullopt,
                                       const spawn_options& options = {}) {
    return detail::start_and_wait(detail::make_body(std::forward<F>(f), typeid(F)), timeout, options, false);
}
/// The same, linked to the caller. Erlang: proc_lib:start_link/5.
template <std::invocable F>
[[nodiscard]] start_result<term> start_link(F&& f,
                                            std::optional<std::chrono::milliseconds> timeout = std::nullopt,
                                            const spawn_options& options = {}) {
    return detail::start_and_wait(detail::make_body(std::forward<F>(f), typeid(F)), timeout, options, true);
}
/// To be called by a process that start() has started: the starter goes on with `value`. Later calls do
/// nothing. Owner process. Erlang: proc_lib:init_ack/1.
void init_ack(term value);
/// The same when it cannot start: ends the process with `reason`, which its starter gets as the error. Owner
/// process. Erlang: proc_lib:init_fail/2 with `{error, Reason}`, `{exit, Reason}`.
[[noreturn]] void init_fail(term reason);

/// As gen_server::stop(), for any process that understands system messages. Blocks. Erlang:
/// proc_lib:stop/1,3.
void stop(const server_ref& server, const term& reason = term(atoms::known<"normal">),
          std::optional<std::chrono::milliseconds> timeout = std::nullopt);

}  // namespace rakka::proc_lib
