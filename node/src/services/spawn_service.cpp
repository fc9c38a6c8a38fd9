#include "services/spawn_service.hpp"

#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/seq_trace.hpp>
#include <rakka/actors/spawn_option_terms.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>

#include <utility>
#include <vector>

namespace rakka::detail {

using wire::control_kind;
using wire::control_message;

namespace {

/// The options that mean something here; false for one that no node knows. [dist §SPAWN_REQUEST]
bool read_options(const term& options, std::uint64_t& flags, spawn_options& spawn) {
    const auto wishes = read_spawn_options(options);
    if (!wishes) return false;
    if (wishes->link) flags |= wire::spawn_reply_flag::link;
    if (wishes->monitor) flags |= wire::spawn_reply_flag::monitor;
    spawn.priority = wishes->options.priority;
    return true;
}

/// A request that is part of a sequential trace. There it is two messages, of which the token is the second
/// one's.
struct traced_request {
    trace_token token;
    control_message request;
    term arguments;

    [[nodiscard]] trace_token first() const {
        trace_token t = token;
        --t.serial;
        return t;
    }
};

std::optional<traced_request> traced(const control_message& request, const term& arguments) {
    if (!request.token.has_value()) return std::nullopt;
    return traced_request{*trace_token::read(request.token), request, arguments};
}

/// That of the answer, which comes between the two.
trace_token token_of_answer(const trace_token& request, term from) {
    trace_token t = request;
    t.previous = t.serial - 1;
    t.from = std::move(from);
    return t;
}

term request_as_message(const control_message& c) {
    return tuple("spawn_request"_a, c.ref, c.from, c.group_leader, c.mfa, c.options);
}

/// For one that no process comes of: the node itself has the conversation.
void tell_of_refusal(node_core& core, const control_message& c, atom why) {
    if (!c.token.has_value()) return;
    const traced_request r{*trace_token::read(c.token), c, {}};
    const term here(core.self());
    seq_trace::tell_received(core.sys, r.first(), here, request_as_message(c));
    seq_trace::tell_sent(core.sys, token_of_answer(r.token, here), c.from,
                         tuple("spawn_reply"_a, c.ref, atoms::known<"error">, why));
}

/// In the child.
void join_trace(const traced_request& r) {
    const control_message& c = r.request;
    seq_trace::received(r.first(), request_as_message(c));
    static_cast<void>(seq_trace::sent(c.from, tuple("spawn_reply"_a, c.ref, atoms::known<"ok">, self())));
    seq_trace::received(r.token, r.arguments);
}

/// A child that begins when it gets `go`: its parent must not hear of it by anything before the answer.
struct waiting_child {
    pid process;
    term go;
};

/// Nothing: there is no room for one more process.
std::optional<waiting_child> start_child(node_core& core, call c, const spawn_options& options,
                                         std::optional<traced_request> trace = std::nullopt) {
    const term go(core.sys.make_reference());
    try {
        const pid child = core.sys.spawn(
            [keep = core.shared_from_this(), c = std::move(c), go, trace = std::move(trace)]() mutable {
                static_cast<void>(receive_if([&](term_view t) { return t == go.view(); }));
                if (trace) join_trace(*trace);
                run_spawned(keep->sys.exports(), std::move(c));
            },
            options);
        return waiting_child{child, go};
    } catch (const boost::system::system_error&) {
        return std::nullopt;
    }
}

void set_up(node_core& core, const waiting_child& child, const pid& parent, const reference& ref,
            std::uint64_t flags) {
    if ((flags & wire::spawn_reply_flag::link) != 0) core.sys.deliver_link(parent, child.process);
    if ((flags & wire::spawn_reply_flag::monitor) != 0) core.sys.deliver_monitor(parent, child.process, ref);
}

void reply(node_core& core, connection& to, const control_message& request, std::uint64_t flags,
           const pid& child, atom error) {
    outbound_signal s;
    s.control.kind = control_kind::spawn_reply;
    s.control.ref = request.ref;
    s.control.to = request.from;
    s.control.id = flags;
    s.control.from = child;
    if (!child) s.control.name = error;
    if (request.token.has_value()) {
        const term us = child ? term(child) : term(core.self());
        s.control.token = token_of_answer(*trace_token::read(request.token), us).to_term();
    }
    static_cast<void>(to.submit(s, child, when_busy::go_on));
}

}  // namespace

std::optional<wire::wire_error> serve_spawn_request(node_core& core, connection& from,
                                                    wire::inbound_message& m) {
    const control_message request = m.control();
    auto arguments = m.payload();
    if (!arguments) return arguments.error();
    const auto mfa = request.mfa.tuple();
    const auto arity = mfa[2].as<std::size_t>();
    if (!is_proper_list(*arguments) || !arity || arguments->list().size() != *arity) {
        return wire::bad_control("SPAWN_REQUEST whose argument list does not have the length it announces");
    }
    std::uint64_t flags = 0;
    spawn_options options;
    options.group_leader = request.group_leader;
    if (!read_options(request.options, flags, options)) {
        refuse_spawn_request(core, from, request, atoms::known<"badopt">);
        return {};
    }
    const auto child =
        start_child(core, {request.mfa.share(mfa[0]), request.mfa.share(mfa[1]), elements(*arguments)},
                    options, traced(request, *arguments));
    if (!child) {
        refuse_spawn_request(core, from, request, atoms::known<"system_limit">);
        return {};
    }
    from.add_relations(child->process, request.from, request.ref, flags);
    set_up(core, *child, request.from, request.ref, flags);
    reply(core, from, request, flags, child->process, {});
    core.sys.deliver_notice(child->process, child->go);
    return {};
}

void refuse_spawn_request(node_core& core, connection& to, const control_message& request, atom why) {
    tell_of_refusal(core, request, why);
    reply(core, to, request, 0, {}, why);
}

void spawn_for_own_process(node_core& core, const local_spawn& request) {
    const auto refuse = [&](atom why) { core.sys.deliver_spawn_reply(request.ref, request.parent, 0, why); };
    auto c = read_call(term(request.module), term(request.function), request.arguments);
    std::uint64_t flags = 0;
    spawn_options options;
    options.group_leader = request.group_leader;
    if (!c || !is_proper_list(request.options)) return refuse(atoms::known<"badarg">);
    if (!read_options(request.options, flags, options)) return refuse(atoms::known<"badopt">);
    const auto child = start_child(core, *std::move(c), options);
    if (!child) return refuse(atoms::known<"system_limit">);
    set_up(core, *child, request.parent, request.ref, flags);
    core.sys.deliver_spawn_reply(request.ref, request.parent, static_cast<std::uint32_t>(flags),
                                 term(child->process));
    core.sys.deliver_notice(child->process, child->go);
}

void export_built_in_functions(export_table& exports) {
    const atom erlang = atoms::known<"erlang">;
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add(erlang, function, arity, std::move(f));
    };
    add(atoms::known<"node">, 0, [](const auto&) { return term(this_system().node_name()); });
    add("self"_a, 0, [](const auto&) { return term(self()); });
    add("processes"_a, 0, [](const auto&) {
        std::vector<term> all;
        for (const pid& p : processes())
            all.emplace_back(p);
        return to_list(all);
    });
    add("registered"_a, 0, [](const auto&) {
        std::vector<term> all;
        for (const atom a : registered())
            all.emplace_back(a);
        return to_list(all);
    });
    add("whereis"_a, 1, [](const std::vector<term>& arguments) {
        const auto name = arguments[0].as<atom>();
        const auto found = name ? whereis(*name) : std::nullopt;
        return found ? term(*found) : term(atoms::known<"undefined">);
    });
    add("is_process_alive"_a, 1, [](const std::vector<term>& arguments) {
        const auto p = arguments[0].as<pid>();
        if (!p) error(atoms::known<"badarg">);
        return term(is_alive(*p) ? atoms::known<"true"> : atoms::known<"false">);
    });
}

}  // namespace rakka::detail
