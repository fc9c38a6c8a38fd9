#include "connection/peer_guard.hpp"

#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "printable.hpp"
#include "services/global_service.hpp"
#include "services/pg_service.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <utility>

namespace rakka::detail {

using wire::control_kind;

namespace {

// A refusal is what the peer may not do, as the end of a sentence; empty: it may.

const std::string nothing;

/// Answers go out from a process: a peer that does not read suspends whoever sends to it.
template <class Work>
void from_a_process(node_core& core, Work work) {
    try {
        core.sys.spawn(std::move(work));
    } catch (const boost::system::system_error&) {
        static_cast<void>(0);  // no room for one more: the peer gets no answer
    }
}

term bad_rpc() {
    return term(tuple(atoms::known<"badrpc">, tuple(atoms::known<"EXIT">, "not_allowed"_a)));
}

std::string function_text(term_view module, term_view function, std::size_t arity) {
    return fmt::format("{}:{}/{}", printable(module.atom_text()), printable(function.atom_text()), arity);
}

std::size_t length_of(term_view arguments) {
    return is_proper_list(arguments) ? arguments.list().size() : 0;
}

}  // namespace

wire::wire_result<bool> peer_guard::admits(node_core& core, const connection& from,
                                           const wire::inbound_message& m) {
    const auto why = refusal(core, m);
    if (!why) return why.error();
    if (why->empty()) return true;
    if (const auto times = refusals_.happened()) {
        const std::string peer(from.node().text());
        core.log(node_log_level::warning, peer, {}, node_errc::not_allowed,
                 fmt::format("{} may not {} (node_options::peer_rules){}", peer, *why,
                             *times == 1 ? std::string()
                                         : fmt::format("; {} such refusals since the last line", *times)));
    }
    return false;
}

wire::wire_result<std::string> peer_guard::refusal(node_core& core, const wire::inbound_message& m) const {
    const wire::control_message& c = m.control();
    switch (c.kind) {
        case control_kind::send:
        case control_kind::send_to_name:
            return refusal_of_send(core, m);
        case control_kind::link:
            return may_->link ? nothing : "link to processes";
        case control_kind::monitor: {
            const atom name = c.known_name();
            if (may_->kernel && (c.to ? is_kernel(core, c.to) : is_kernel(core, name))) return nothing;
            if (!may_->monitor) return std::string("monitor processes");
            if (c.to || may_->may_send_to(c.name.view().atom_text())) return nothing;
            return fmt::format("monitor {}", printable(c.name.view().atom_text()));
        }
        case control_kind::exit2:
            if (!may_->exit) return std::string("end processes");
            if (c.to || c.ref || may_->may_send_to(c.name.view().atom_text())) return nothing;
            return fmt::format("end {}", printable(c.name.view().atom_text()));
        case control_kind::group_leader:
            return may_->exit ? nothing : "change group leaders";
        case control_kind::spawn_request: {
            const auto arguments = m.payload();
            if (!arguments) return arguments.error();
            return refusal_of_spawn(c, *arguments);
        }
        default:
            return nothing;  // answers, and ends of what has been allowed
    }
}

// ---- messages

bool peer_guard::is_kernel(const node_core& core, atom name) const {
    if (!name) return false;
    return name == atoms::known<"net_kernel"> || name == atoms::known<"rex"> ||
           name == atoms::known<"global_name_server"> || core.pg->find(name) != nullptr;
}

bool peer_guard::is_kernel(const node_core& core, const pid& p) const {
    for (const atom name :
         {atoms::known<"global_name_server">, atoms::known<"net_kernel">, atoms::known<"rex">})
        if (core.sys.whereis(name) == p) return true;
    return core.global->is_locker(p) || core.pg->is_scope(p);
}

bool peer_guard::may_send(const node_core& core, const pid& to) const {
    if (may_->processes == may_->kernel) return may_->processes;
    return is_kernel(core, to) ? may_->kernel : may_->processes;
}

bool peer_guard::may_send(const node_core& core, term_view name) const {
    // An atom that is not in the table is no name of anything here.
    if (!name.is_foreign_atom() && is_kernel(core, name.as<atom>().value())) return may_->kernel;
    return may_->may_send_to(name.atom_text());
}

wire::wire_result<std::string> peer_guard::refusal_of_send(node_core& core,
                                                           const wire::inbound_message& m) const {
    const wire::control_message& c = m.control();
    std::optional<pid> to;
    if (c.kind == control_kind::send) {
        if (!may_send(core, c.to)) return std::string("send to processes by pid");
        to = c.to;
    } else {
        if (!may_send(core, c.name.view()))
            return fmt::format("send to {}", printable(c.name.view().atom_text()));
        if (const atom name = c.known_name()) to = core.sys.whereis(name);
    }
    if (!to) return nothing;
    const bool rex = core.sys.whereis(atoms::known<"rex">) == to;
    if (!rex && core.sys.whereis(atoms::known<"net_kernel">) != to) return nothing;
    const auto message = m.payload();
    if (!message) return message.error();
    return rex ? refusal_by_rex(core, *message) : refusal_by_net_kernel(core, *message);
}

// ---- calls and spawns

/// `{_, Module, Function, Arguments, …}`
std::string peer_guard::refusal_of_call(term_view request) const {
    const auto parts = request.tuple();
    if (!parts[1].is(kind::atom) || !parts[2].is(kind::atom)) return nothing;  // it will fail
    const std::size_t arity = length_of(parts[3]);
    if (may_->may_call(parts[1], parts[2], arity)) return nothing;
    return "call " + function_text(parts[1], parts[2], arity);
}

std::string peer_guard::refusal_of_spawn(const wire::control_message& m, const term& arguments) const {
    const auto mfa = m.mfa.tuple();
    const std::size_t arity = length_of(arguments);
    // What erpc spawns is a function that makes the call.
    if (mfa[0].is_atom(atoms::known<"erpc">)) {
        const bool call = mfa[1].is_atom(atoms::known<"execute_call">) && arity == 4;
        if (call || (mfa[1].is_atom(atoms::known<"execute_cast">) && arity == 3)) {
            std::vector<term_view> parts;
            for (const term_view part : arguments.list())
                parts.push_back(part);
            if (call) parts.erase(parts.begin());
            if (!parts[0].is(kind::atom) || !parts[1].is(kind::atom)) return nothing;  // it will fail
            if (may_->may_call(parts[0], parts[1], length_of(parts[2]))) return nothing;
            return "call " + function_text(parts[0], parts[1], length_of(parts[2]));
        }
    }
    if (may_->may_spawn(mfa[0], mfa[1], arity)) return nothing;
    return "spawn " + function_text(mfa[0], mfa[1], arity);
}

std::string peer_guard::refusal_of_forward(const node_core& core, term_view to) const {
    if (to.is_tuple(2) && to.tuple()[0].is(kind::atom)) return refusal_of_forward(core, to.tuple()[0]);
    if (to.is(kind::atom)) {
        if (may_send(core, to)) return nothing;
        return fmt::format("send to {}", printable(to.atom_text()));
    }
    const auto process = to.as<pid>();
    return !process || may_send(core, *process) ? nothing : "send to processes by pid";
}

std::string peer_guard::refusal_by_rex(node_core& core, const term& message) const {
    if (const auto call = gen::as_request(message)) {
        if (!call->body.is_tagged(atoms::known<"call">, 5) && !call->body.is_tagged("block_call"_a, 5))
            return nothing;
        std::string why = refusal_of_call(call->body.view());
        if (!why.empty()) from_a_process(core, [to = call->sender] { rakka::reply(to, bad_rpc()); });
        return why;
    }
    if (const auto cast = gen::as_cast(message))
        return cast->is_tagged("cast"_a, 5) ? refusal_of_call(cast->view()) : nothing;
    if (!message.is_tuple(2)) return nothing;
    const auto caller = message.tuple()[0].as<pid>();
    if (!caller) return nothing;
    const term_view what = message.tuple()[1];
    if (what.is_tagged(atoms::known<"call">, 5)) {
        std::string why = refusal_of_call(what);
        if (!why.empty()) {
            from_a_process(core,
                           [to = *caller] { rakka::send(to, term(tuple(atoms::known<"rex">, bad_rpc()))); });
        }
        return why;
    }
    if (!what.is_tagged("sbcast"_a, 3) && !what.is_tagged("send"_a, 3)) return nothing;
    std::string why = refusal_of_forward(core, what.tuple()[1]);
    if (!why.empty()) {
        const term name = message.share(what.tuple()[1]);
        from_a_process(core, [to = *caller, name, node = core.self()] {
            rakka::send(to, term(tuple(atoms::known<"rex">, node, tuple("nonexisting_name"_a, name))));
        });
    }
    return why;
}

/// The spawns of nodes older than OTP 23.
std::string peer_guard::refusal_by_net_kernel(node_core& core, const term& message) const {
    const auto request = gen::as_request(message);
    if (!request) return nothing;
    const term& body = request->body;
    if (!body.is_tagged("spawn"_a, 5) && !body.is_tagged("spawn_link"_a, 5) &&
        !body.is_tagged("spawn_opt"_a, 7))
        return nothing;
    const auto parts = body.tuple();
    if (!parts[1].is(kind::atom) || !parts[2].is(kind::atom)) return nothing;  // it will fail
    const std::size_t arity = length_of(parts[3]);
    wire::control_message as_spawn;
    as_spawn.mfa = term(tuple(body.share(parts[1]), body.share(parts[2]), arity));
    std::string why =
        refusal_of_spawn(as_spawn, is_proper_list(parts[3]) ? body.share(parts[3]) : term(list()));
    if (!why.empty()) {
        from_a_process(core, [to = request->sender] {
            rakka::reply(to, term(tuple(atoms::known<"EXIT">, tuple("not_allowed"_a, list()))));
        });
    }
    return why;
}

}  // namespace rakka::detail
