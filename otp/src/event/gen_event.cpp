#include "behaviour/gen_failure.hpp"
#include "behaviour/labelled_request.hpp"
#include "event/gen_event_loop.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/gen_event.hpp>

#include <memory>

namespace rakka {

using detail::start_mode;

// -- managers

namespace {

start_result<std::pair<pid, reference>> start_manager(const start_options& options, start_mode how) {
    return detail::start_behaviour(std::make_unique<detail::gen_event_loop>(options.hibernate_after), options,
                                   how);
}

}  // namespace

start_result<pid> gen_event::start(const start_options& options) {
    return detail::pid_of(start_manager(options, start_mode::plain));
}

start_result<pid> gen_event::start_link(const start_options& options) {
    return detail::pid_of(start_manager(options, start_mode::link));
}

start_result<std::pair<pid, reference>> gen_event::start_monitor(const start_options& options) {
    return start_manager(options, start_mode::monitor);
}

void gen_event::stop(const server_ref& manager, const term& reason, wait_time timeout) {
    detail::stop_behaviour(manager, reason, timeout);
}

// -- events

void gen_event::notify(const destination& manager, const term& event) {
    send(manager, tuple("notify"_a, event));
}

void gen_event::notify(const registry_name& manager, const term& event) {
    const auto send_by_name = this_system().exports().find(manager.module, "send"_a, 2);
    if (!send_by_name) return;
    try {
        static_cast<void>((*send_by_name)({manager.name, term(tuple("notify"_a, event))}));
    } catch (...) {
        if (detail::ended_by_signal()) throw;  // nobody has the name
    }
}

namespace {

/// Erlang: gen_event:rpc/2.
term ask(const server_ref& manager, const term& request) {
    auto answer = detail::call_server(manager, self(), request, std::nullopt);
    if (!answer) throw process_exit{answer.error().reason};
    return *std::move(answer);
}

term call_request(const handler_id& handler, const term& request) {
    return tuple("call"_a, handler.to_term(), request);
}

term call_or_exit(const server_ref& manager, const handler_id& handler, const term& request,
                  gen_event::wait_time timeout, bool default_time) {
    auto answer = gen_event::try_call(manager, handler, request, timeout);
    if (answer) return *std::move(answer);
    std::vector<term> arguments{manager.to_term(), handler.to_term(), request};
    if (!default_time) arguments.push_back(detail::timeout_term(timeout));
    detail::fail_in(answer.error().reason, "gen_event"_a, atoms::known<"call">, arguments);
}

}  // namespace

void gen_event::sync_notify(const server_ref& manager, const term& event) {
    static_cast<void>(ask(manager, tuple("sync_notify"_a, event)));
}

response gen_event::try_call(const server_ref& manager, const handler_id& handler, const term& request,
                             wait_time timeout) {
    return detail::call_server(manager, self(), call_request(handler, request), timeout);
}

term gen_event::call(const server_ref& manager, const handler_id& handler, const term& request,
                     wait_time timeout) {
    return call_or_exit(manager, handler, request, timeout, false);
}

term gen_event::call(const server_ref& manager, const handler_id& handler, const term& request) {
    return call_or_exit(manager, handler, request, default_timeout, true);
}

request_id gen_event::send_request(const server_ref& manager, const handler_id& handler,
                                   const term& request) {
    return detail::send_labelled_request(manager, term(self()), call_request(handler, request));
}

// -- handlers

namespace {

bool is_elsewhere(const server_ref& manager) {
    const auto to = manager.resolve();
    if (!to) return false;  // as of any manager that is not there: noproc
    if (const auto* const p = std::get_if<pid>(&*to))
        return static_cast<bool>(p->node);  // own ones have none
    if (const auto* const named = std::get_if<registered_name>(&*to))
        return named->node != this_system().node_name() && named->node != "nonode@nohost"_a;
    return false;
}

/// Asks the manager to install `what`. A C++ class cannot be sent to another node: nobody would answer.
start_result<void> install(const server_ref& manager, const new_handler& what, const term& request) {
    if (native_cast<detail::handler_factory>(what.args()) != nullptr && is_elsewhere(manager))
        return start_error::because(atoms::known<"badarg">);
    term answer = ask(manager, request);
    if (answer.is_atom(atoms::known<"ok">)) return {};
    return start_error::because(std::move(answer));
}

/// As install(): the error of a swap is wrapped once.
start_result<void> swap(const server_ref& manager, const new_handler& by, const term& request) {
    auto swapped = install(manager, by, request);
    if (swapped) return {};
    const term& why = swapped.error().reason;
    if (!why.is_tagged(atoms::known<"error">, 2)) return swapped.error();
    return start_error::because(why.share(why.tuple()[1]));
}

}  // namespace

start_result<void> gen_event::add_handler(const server_ref& manager, const new_handler& what) {
    return install(manager, what, tuple("add_handler"_a, what.id().to_term(), what.args()));
}

start_result<void> gen_event::add_sup_handler(const server_ref& manager, const new_handler& what) {
    return install(manager, what, tuple("add_sup_handler"_a, what.id().to_term(), what.args(), self()));
}

term gen_event::delete_handler(const server_ref& manager, const handler_id& handler, const term& args) {
    return ask(manager, tuple("delete_handler"_a, handler.to_term(), args));
}

start_result<void> gen_event::swap_handler(const server_ref& manager, const handler_id& handler,
                                           const term& args, const new_handler& by) {
    return swap(manager, by, tuple("swap_handler"_a, handler.to_term(), args, by.id().to_term(), by.args()));
}

start_result<void> gen_event::swap_sup_handler(const server_ref& manager, const handler_id& handler,
                                               const term& args, const new_handler& by) {
    return swap(manager, by,
                tuple("swap_sup_handler"_a, handler.to_term(), args, by.id().to_term(), by.args(), self()));
}

std::vector<handler_id> gen_event::which_handlers(const server_ref& manager) {
    const term answer = ask(manager, "which_handlers"_a);
    std::vector<handler_id> out;
    if (!answer.is(kind::nil) && !answer.is(kind::list)) return out;
    for (const term_view one : answer.list()) {
        if (auto id = handler_id::read(answer.share(one))) out.push_back(*std::move(id));
    }
    return out;
}

}  // namespace rakka
