#include "behaviour/gen_failure.hpp"
#include "behaviour/gen_server_loop.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/otp/gen_server.hpp>

#include <algorithm>

namespace rakka {

using detail::fail_in;
using detail::timeout_term;

// -- the default callbacks

gen_server::result gen_server::handle_call(const term& request, const from&) {
    return stop_with(tuple("bad_call"_a, request));
}
gen_server::result gen_server::handle_cast(const term& request) {
    return stop_with(tuple("bad_cast"_a, request));
}
gen_server::result gen_server::handle_info(const term&) {
    return noreply();
}
gen_server::result gen_server::handle_continue(const term& what) {
    return stop_with(tuple("bad_continue"_a, what));
}
void gen_server::replace_state(const term&) {
    error(atoms::known<"undef">);
}
void gen_server::code_change(const term&, const term&) {}

// -- starting

start_result<std::pair<pid, reference>> gen_server::start_server(factory_function make,
                                                                 const start_options& options, mode how) {
    using detail::start_mode;
    const start_mode as = how == mode::link      ? start_mode::link
                          : how == mode::monitor ? start_mode::monitor
                                                 : start_mode::plain;
    return detail::start_behaviour(
        std::make_unique<detail::gen_server_loop>(std::move(make), options.hibernate_after), options, as);
}

void gen_server::enter_loop(std::unique_ptr<gen_server> server, const start_options& options) {
    detail::gen_server_loop loop(std::move(server), options.hibernate_after);
    detail::enter_loop(loop, options);
}

void gen_server::stop(const server_ref& server, const term& reason, wait_time timeout) {
    detail::stop_behaviour(server, reason, timeout);
}

// -- calls and casts

boost::system::result<term, gen::no_reply> gen_server::try_call(const destination& server,
                                                                const term& request, wait_time timeout) {
    return gen::call(server, atoms::known<"$gen_call">, request, timeout);
}
boost::system::result<term, gen::no_reply> gen_server::try_call(const registry_name& server,
                                                                const term& request, wait_time timeout) {
    return detail::call_server(server, atoms::known<"$gen_call">, request, timeout);
}

namespace {

/// `[Server, Request]` when the time was not given, `[Server, Request, Timeout]` when it was.
template <class Server>
term call_or_exit(const Server& server, const term& request, gen_server::wait_time timeout,
                  bool default_time) {
    auto answer = gen_server::try_call(server, request, timeout);
    if (answer) return *std::move(answer);
    std::vector<term> arguments{server_ref(server).to_term(), request};
    if (!default_time) arguments.push_back(timeout_term(timeout));
    fail_in(answer.error().reason, atoms::known<"gen_server">, atoms::known<"call">, arguments);
}

}  // namespace

term gen_server::call(const destination& server, const term& request, wait_time timeout) {
    return call_or_exit(server, request, timeout, false);
}
term gen_server::call(const destination& server, const term& request) {
    return call_or_exit(server, request, default_timeout, true);
}
term gen_server::call(const registry_name& server, const term& request, wait_time timeout) {
    return call_or_exit(server, request, timeout, false);
}
term gen_server::call(const registry_name& server, const term& request) {
    return call_or_exit(server, request, default_timeout, true);
}

void gen_server::cast(const destination& server, const term& request) {
    term message = tuple(atoms::known<"$gen_cast">, request);
    if (const auto* const process = std::get_if<pid>(&server)) {
        send(*process, std::move(message));
    } else if (const auto* const name = std::get_if<atom>(&server)) {
        if (const auto found = whereis(*name)) send(*found, std::move(message));
    } else {
        send(server, std::move(message));
    }
}

void gen_server::cast(const registry_name& server, const term& request) {
    const auto send_by_name = this_system().exports().find(server.module, "send"_a, 2);
    if (!send_by_name) return;
    try {
        static_cast<void>((*send_by_name)({server.name, term(tuple(atoms::known<"$gen_cast">, request))}));
    } catch (...) {
        if (detail::ended_by_signal()) throw;  // nobody has the name
    }
}

gen_server::multi_reply gen_server::multi_call(const std::vector<atom>& nodes, atom name, const term& request,
                                               wait_time timeout) {
    multi_reply out;
    request_ids under_way;
    for (const atom node : nodes)
        under_way.add(send_request(registered_name{name, node}, request), term(node));
    const auto begin = this_system().now();
    while (under_way.size() != 0) {
        wait_time left = timeout;
        if (left) {
            const auto passed = std::chrono::duration_cast<milliseconds>(this_system().now() - begin);
            left = std::max(*left - passed, milliseconds(0));
        }
        auto one = under_way.wait_response(left);
        if (!one) break;
        const atom node = one->label.as<atom>().value();
        if (one->response) {
            out.replies.emplace_back(node, *std::move(one->response));
        } else {
            out.bad_nodes.push_back(node);
        }
    }
    for (const auto& [id, node] : under_way.list())
        out.bad_nodes.push_back(node.as<atom>().value());
    // Gives up what is left: only when no answer is there any more are all others given up.
    while (under_way.receive_response(milliseconds(0))) {
    }
    return out;
}

void gen_server::abcast(const std::vector<atom>& nodes, atom name, const term& request) {
    for (const atom node : nodes)
        cast(registered_name{name, node}, request);
}

}  // namespace rakka
