#include "connection/node_core.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/node/rpc.hpp>

namespace rakka::rpc {
namespace {

using erpc::failure_kind;

response bad(term reason) {
    return bad_rpc::because(std::move(reason));
}

term exited(const term& reason) {
    return tuple(atoms::known<"EXIT">, reason);
}

/// A value that looks like the failure of a call is taken for one.
response from_value(term value) {
    if (value.is_tagged(atoms::known<"EXIT">, 2)) return bad(std::move(value));
    return value;
}

/// What rpc makes of what erpc says.
response from_erpc(erpc::response answer) {
    if (answer) return from_value(*std::move(answer));
    const erpc::failure& why = answer.error();
    switch (why.what) {
        case failure_kind::thrown:
            return from_value(why.reason);
        case failure_kind::failed:
            return bad(exited(tuple(why.reason, why.stack)));
        case failure_kind::erpc:
            if (why.is_erpc(atoms::known<"noconnection">)) return bad(atoms::known<"nodedown">);
            if (why.is_erpc("timeout"_a) || why.is_erpc("notsup"_a)) return bad(why.reason);
            if (why.is_erpc(atoms::known<"badarg">)) error(atoms::known<"badarg">);
            return bad(exited(why.reason));  // the node did not let it begin
        default:
            return bad(exited(why.reason));
    }
}

void check_list(term_view arguments) {
    if (!rakka::detail::is_proper_list(arguments)) error(atoms::known<"badarg">);
}

/// This node and all visible ones that are connected; this one alone where no node runs.
std::vector<atom> here_and_visible() {
    std::vector<atom> all{this_system().node_name()};
    auto* const way_out = dynamic_cast<rakka::detail::router*>(this_system().router());
    if (way_out == nullptr) return all;
    for (const auto& c : way_out->core().connections.all())
        if (c->phase() == rakka::detail::connection_phase::up && !c->hidden()) all.push_back(c->node());
    return all;
}

/// What one server has answered.
struct server_answer {
    atom node;
    std::optional<term> value;  ///< nothing: there is none
};

/// Sends `{self(), request}` to the process `name` on each node and waits for `{wrapper, Node, Value}`.
std::vector<server_answer> ask_servers(const std::vector<atom>& nodes, atom name, const term& wrapper,
                                       const term& request) {
    std::vector<reference> monitors;
    for (const atom node : nodes) {
        const registered_name to{name, node};
        monitors.push_back(monitor(to));
        send(to, tuple(self(), request));
    }
    std::vector<server_answer> answers;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto is_answer = [&](term_view m) {
            return m.is_tuple(3) && m.tuple()[1].is_atom(nodes[i]) && m.tuple()[0] == wrapper.view();
        };
        const term m = receive_if([&](term_view v) { return is_answer(v) || is_down(monitors[i], v); });
        demonitor(monitors[i], {.flush = true});
        std::optional<term> value;
        if (is_answer(m)) value = m.share(m.tuple()[2]);
        // rex on behalf of a name that nobody has.
        const bool nobody =
            value && wrapper.is_atom(atoms::known<"rex">) && value->is_tagged("nonexisting_name"_a, 2);
        if (nobody) value.reset();
        answers.push_back({nodes[i], std::move(value)});
    }
    return answers;
}

}  // namespace

term bad_rpc::to_term() const {
    return tuple(atoms::known<"badrpc">, reason);
}

void throw_exception_from_error(const bad_rpc& e, const boost::source_location& /*where*/) {
    exit(e.to_term());
}

// ---- calls

response call(atom node, atom module, atom function, term arguments, time_limit timeout) {
    return from_erpc(erpc::call(node, module, function, std::move(arguments), timeout));
}

response block_call(atom node, atom module, atom function, const term& arguments, time_limit timeout) {
    const term request = tuple("block_call"_a, module, function, arguments, group_leader());
    const auto answer =
        gen::call(registered_name{atoms::known<"rex">, node}, atoms::known<"$gen_call">, request, timeout);
    if (answer) {
        const term& value = *answer;
        if (!value.is_tagged(atoms::known<"badrpc">, 2)) return from_value(value);
        return bad(value.share(value.tuple()[1]));
    }
    const term& why = answer.error().reason;
    if (why.is_atom(atoms::known<"timeout">)) return bad(why);
    if (why.is_tagged(atoms::known<"nodedown">, 2)) return bad(atoms::known<"nodedown">);
    return bad(exited(why));
}

void cast(atom node, atom module, atom function, term arguments) {
    check_list(arguments);
    erpc::cast(node, module, function, std::move(arguments));
}

answers multicall(const std::vector<atom>& nodes, atom module, atom function, term arguments,
                  time_limit timeout) {
    answers out;
    auto all = erpc::multicall(nodes, module, function, std::move(arguments), timeout);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const bool absent = !all[i] && (all[i].error().is_erpc(atoms::known<"noconnection">) ||
                                        all[i].error().is_erpc(atoms::known<"timeout">));
        if (absent) {
            out.bad_nodes.push_back(nodes[i]);
        } else {
            out.results.push_back(from_erpc(std::move(all[i])));
        }
    }
    return out;
}

answers multicall(atom module, atom function, term arguments, time_limit timeout) {
    return multicall(here_and_visible(), module, function, std::move(arguments), timeout);
}

key async_call(atom node, atom module, atom function, term arguments) {
    check_list(arguments);
    return {erpc::send_request(node, module, function, std::move(arguments))};
}

response yield(const key& call) {
    return from_erpc(erpc::receive_response(call.request));
}

std::optional<response> nb_yield(const key& call, time_limit time) {
    auto answer = erpc::wait_response(call.request, time);
    if (!answer) return std::nullopt;
    return from_erpc(*std::move(answer));
}

// ---- to many nodes, and to named servers

void eval_everywhere(const std::vector<atom>& nodes, atom module, atom function, const term& arguments) {
    check_list(arguments);
    const term request = tuple("cast"_a, module, function, arguments, group_leader());
    abcast(nodes, atoms::known<"rex">, tuple(atoms::known<"$gen_cast">, request));
}

void eval_everywhere(atom module, atom function, const term& arguments) {
    eval_everywhere(here_and_visible(), module, function, arguments);
}

void abcast(const std::vector<atom>& nodes, atom name, const term& message) {
    for (const atom node : nodes)
        send(registered_name{name, node}, message);
}

void abcast(atom name, const term& message) {
    abcast(here_and_visible(), name, message);
}

good_and_bad sbcast(const std::vector<atom>& nodes, atom name, const term& message) {
    good_and_bad out;
    const atom rex = atoms::known<"rex">;
    for (const auto& [node, value] : ask_servers(nodes, rex, rex, tuple("sbcast"_a, name, message)))
        (value ? out.good : out.bad).push_back(node);
    return out;
}

good_and_bad sbcast(atom name, const term& message) {
    return sbcast(here_and_visible(), name, message);
}

replies multi_server_call(const std::vector<atom>& nodes, atom name, const term& message) {
    replies out;
    for (auto& [node, value] : ask_servers(nodes, name, name, message)) {
        if (value) {
            out.values.push_back(*std::move(value));
        } else {
            out.bad_nodes.push_back(node);
        }
    }
    return out;
}

replies multi_server_call(atom name, const term& message) {
    return multi_server_call(here_and_visible(), name, message);
}

std::optional<term> server_call(atom node, atom name, const term& wrapper, const term& message) {
    return ask_servers({node}, name, wrapper, message).front().value;
}

// ---- work spread over nodes

std::vector<response> parallel_eval(const std::vector<mfa>& calls) {
    for (const mfa& c : calls)
        check_list(c.arguments);
    const std::vector<atom> nodes = here_and_visible();
    std::vector<key> keys;
    for (std::size_t i = 0; i < calls.size(); ++i)
        keys.push_back(
            async_call(nodes[i % nodes.size()], calls[i].module, calls[i].function, calls[i].arguments));
    std::vector<response> answers;
    for (const key& k : keys)
        answers.push_back(yield(k));
    return answers;
}

std::vector<term> pmap(atom module, atom function, const term& more, const std::vector<term>& elements) {
    check_list(more);
    std::vector<mfa> calls;
    for (const term& element : elements)
        calls.push_back({module, function, cons(element, more)});
    std::vector<term> results;
    for (response& r : parallel_eval(calls)) {
        if (!r) exit(term(atoms::known<"badrpc">));
        results.push_back(*std::move(r));
    }
    return results;
}

response pinfo(const pid& process) {
    return call(etf::identity_of(process).name, atoms::known<"erlang">, "process_info"_a, list(process));
}

response pinfo(const pid& process, const term& item) {
    return call(etf::identity_of(process).name, atoms::known<"erlang">, "process_info"_a,
                list(process, item));
}

}  // namespace rakka::rpc
