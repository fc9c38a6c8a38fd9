#include "behaviour/gen_failure.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/sys.hpp>

#include <utility>

namespace rakka::sys {
namespace {

using detail::fail_in;

/// What the server answers; the caller exits with `{Reason, {sys, Function, [Server, …]}}` when it does not.
term ask(const server_ref& server, atom function, const term& request, wait_time timeout,
         const std::vector<term>& more = {}) {
    auto answer = detail::call_server(server, atoms::known<"system">, request, timeout);
    if (answer) return *std::move(answer);
    std::vector<term> arguments{server.to_term()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    if (timeout != wait_time(default_timeout)) arguments.push_back(detail::timeout_term(timeout));
    fail_in(answer.error().reason, "sys"_a, function, arguments);
}

term debug(const server_ref& server, atom function, const term& what, wait_time timeout) {
    return ask(server, function, tuple("debug"_a, what), timeout, {});
}

term on_or_off(bool on) {
    return on ? atoms::known<"true"> : atoms::known<"false">;
}

/// `{ok, State}` of OTP 26 and later, the bare state before; `{error, Reason}` is the caller's end.
term state_in(const term& answer, const server_ref& server, atom function) {
    if (answer.is_tagged(atoms::known<"ok">, 2)) return answer.share(answer.tuple()[1]);
    if (answer.is_tagged(atoms::known<"error">, 2) && answer.tuple()[1].is_tagged("callback_failed"_a, 3))
        fail_in(answer.share(answer.tuple()[1]), "sys"_a, function, std::vector{server.to_term()});
    return answer;
}

}  // namespace

term get_state(const server_ref& server, wait_time timeout) {
    return state_in(ask(server, "get_state"_a, "get_state"_a, timeout), server, "get_state"_a);
}

term replace_state(const server_ref& server, std::function<term(const term& state)> change,
                   wait_time timeout) {
    const term request = tuple("replace_state"_a, make_native(std::move(change)));
    return state_in(ask(server, "replace_state"_a, request, timeout), server, "replace_state"_a);
}

term get_status(const server_ref& server, wait_time timeout) {
    return ask(server, "get_status"_a, "get_status"_a, timeout);
}

void suspend(const server_ref& server, wait_time timeout) {
    static_cast<void>(ask(server, "suspend"_a, "suspend"_a, timeout));
}

void resume(const server_ref& server, wait_time timeout) {
    static_cast<void>(ask(server, "resume"_a, "resume"_a, timeout));
}

std::optional<term> change_code(const server_ref& server, atom module, const term& old_version,
                                const term& extra, wait_time timeout) {
    const term request = tuple("change_code"_a, module, old_version, extra);
    const term answer = ask(server, "change_code"_a, request, timeout, {term(module), old_version, extra});
    if (!answer.is_tagged(atoms::known<"error">, 2)) return std::nullopt;
    const term_view why = answer.tuple()[1];
    return answer.share(why.is_tagged(atoms::known<"error">, 2) ? why.tuple()[1] : why);
}

void terminate(const server_ref& server, const term& reason, wait_time timeout) {
    static_cast<void>(ask(server, "terminate"_a, tuple("terminate"_a, reason), timeout, {reason}));
}

void trace(const server_ref& server, bool on, wait_time timeout) {
    static_cast<void>(debug(server, "trace"_a, tuple("trace"_a, on_or_off(on)), timeout));
}

void log(const server_ref& server, std::size_t size, wait_time timeout) {
    const term what = size == 0 ? term(atoms::known<"false">) : term(tuple(atoms::known<"true">, size));
    static_cast<void>(debug(server, "log"_a, tuple("log"_a, what), timeout));
}

std::vector<term> log_get(const server_ref& server, wait_time timeout) {
    const term answer = debug(server, "log"_a, tuple("log"_a, "get"_a), timeout);
    std::vector<term> events;
    if (!answer.is_tagged(atoms::known<"ok">, 2) || !answer.tuple()[1].is(kind::list)) return events;
    for (const term_view event : answer.tuple()[1].list())
        events.push_back(answer.share(event));
    return events;
}

void log_print(const server_ref& server, wait_time timeout) {
    static_cast<void>(debug(server, "log"_a, tuple("log"_a, "print"_a), timeout));
}

bool log_to_file(const server_ref& server, const std::string& path, wait_time timeout) {
    const term name = path.empty() ? term(atoms::known<"false">) : term(charlist(path));
    return debug(server, "log_to_file"_a, tuple("log_to_file"_a, name), timeout).is_atom(atoms::known<"ok">);
}

void statistics(const server_ref& server, bool on, wait_time timeout) {
    static_cast<void>(debug(server, "statistics"_a, tuple("statistics"_a, on_or_off(on)), timeout));
}

term statistics_get(const server_ref& server, wait_time timeout) {
    const term answer = debug(server, "statistics"_a, tuple("statistics"_a, "get"_a), timeout);
    return answer.is_tagged(atoms::known<"ok">, 2) ? answer.share(answer.tuple()[1]) : answer;
}

void install(const server_ref& server, call_for_events what, wait_time timeout) {
    const term id = what.id;
    const term request = tuple("install"_a, tuple(id, make_native(std::move(what)), "undefined"_a));
    static_cast<void>(debug(server, "install"_a, request, timeout));
}

void remove(const server_ref& server, const term& id, wait_time timeout) {
    static_cast<void>(debug(server, "remove"_a, tuple("remove"_a, id), timeout));
}

void no_debug(const server_ref& server, wait_time timeout) {
    static_cast<void>(debug(server, "no_debug"_a, "no_debug"_a, timeout));
}

}  // namespace rakka::sys
