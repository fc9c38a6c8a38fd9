#include "connection/router.hpp"

#include "connection/node_core.hpp"
#include "services/rpc_calls.hpp"
#include "services/spawn_service.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/seq_trace.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>
#include <variant>

namespace rakka::detail {

using outcome = remote_router::outcome;
using wire::control_kind;

namespace {

outbound_signal signal(control_kind kind, const pid& from, const pid& to, term payload = {}) {
    outbound_signal s;
    s.control.kind = kind;
    s.control.from = from;
    s.control.to = to;
    s.payload = std::move(payload);
    return s;
}

/// Sets `to` or `name`; returns the node.
atom set_target(wire::control_message& m, const monitor_target& target, atom own_node) {
    if (const pid* p = std::get_if<pid>(&target)) {
        m.to = *p;
        return p->node;
    }
    if (const registered_name* n = std::get_if<registered_name>(&target)) {
        m.name = n->name;
        return n->node;
    }
    m.name = std::get<atom>(target);
    return own_node;
}

/// Sets kind and target of a message; returns the node, none for a bare name.
atom set_destination(wire::control_message& m, const destination& to) {
    if (const auto* const p = std::get_if<pid>(&to)) {
        m.to = *p;
        return p->node;
    }
    if (const auto* const n = std::get_if<registered_name>(&to)) {
        m.kind = control_kind::send_to_name;
        m.name = n->name;
        return n->node;
    }
    if (const auto* const alias = std::get_if<reference>(&to)) {
        m.kind = control_kind::send_to_alias;
        m.ref = *alias;
        return alias->node;
    }
    return {};
}

}  // namespace

/// Tries until the signal is with a connection that is not over (whose number is `taken_by` then), or there
/// is none to be had.
submitted router::submit(atom node, outbound_signal& s, const pid& sender, when_busy busy, contact how,
                         std::uint64_t* taken_by) {
    // Another system of this program without a node, or a pid that names no node.
    if (!node || node == atoms::known<"nonode@nohost"> || node == core_.self()) return submitted::closed;
    while (true) {
        std::shared_ptr<connection> c = core_.find(node);
        if (!c || c->phase() == connection_phase::closed) {
            if (how != contact::connect) return submitted::closed;
            c = core_.connect_to(node, dial_wish::of_a_signal);
            if (!c) return submitted::closed;
        } else if (c->phase() == connection_phase::pending && how == contact::only_if_up) {
            return submitted::closed;
        }
        const submitted done = c->submit(s, sender, busy);
        if (done == submitted::closed) continue;
        if (taken_by != nullptr) *taken_by = c->id();
        return done;
    }
}

outcome router::send_signal(atom node, outbound_signal s, send_flags flags, const pid& from) {
    s.control.priority = flags.priority;
    const contact how = flags.noconnect           ? contact::only_if_up
                        : core_.dials_by_itself() ? contact::connect
                                                  : contact::only_if_known;
    switch (submit(node, s, from, flags.nosuspend ? when_busy::refuse : when_busy::suspend, how)) {
        case submitted::ok:
            return outcome::ok;
        case submitted::suspend:
            return outcome::suspend;
        case submitted::would_block:
            return outcome::no_connection;
        case submitted::closed:
            return flags.noconnect ? outcome::no_connection : outcome::ok;
    }
    return outcome::ok;
}

outcome router::other_signal(atom node, outbound_signal s, contact how) {
    const pid from = s.control.from;
    return other_signal(node, std::move(s), how, from);
}

/// For kinds that do not say from whom they are: what `from` sent before must arrive before.
outcome router::other_signal(atom node, outbound_signal s, contact how, const pid& from) {
    if (!core_.dials_by_itself()) how = contact::only_if_known;
    if (submit(node, s, from, when_busy::go_on, how) == submitted::closed) answer_unreachable(s);
    return outcome::ok;
}

void router::post(const pid& from, const destination& to, term message, bool connect) {
    outbound_signal s = signal(control_kind::send, from, {}, std::move(message));
    const atom node = set_destination(s.control, to);
    if (in_process()) {
        const term shown = s.control.to                 ? term(s.control.to)
                           : s.control.ref              ? term(s.control.ref)
                           : s.control.name.has_value() ? term(tuple(s.control.name, node))
                                                        : term();
        if (const auto token = seq_trace::sent(shown, s.payload)) s.control.token = token->to_term();
    }
    const contact how = connect && core_.dials_by_itself() ? contact::connect : contact::only_if_up;
    static_cast<void>(submit(node, s, from, when_busy::go_on, how));
}

/// A signal whose effect lasts as long as the connection it goes out on.
remote_router::placed router::relation(atom node, outbound_signal s) {
    placed out;
    const contact how = core_.dials_by_itself() ? contact::connect : contact::only_if_known;
    if (submit(node, s, s.control.from, when_busy::go_on, how, &out.connection) == submitted::closed)
        answer_unreachable(s);
    return out;
}

/// What the loss of the connection would have told the process that asked. [dist §connection loss]
void router::answer_unreachable(const outbound_signal& s) {
    const wire::control_message& c = s.control;
    const atom why = c.to.node == core_.self() ? atoms::known<"noproc"> : atoms::known<"noconnection">;
    switch (c.kind) {
        case control_kind::link:
            return core_.sys.deliver_exit(c.to, c.from, why);
        case control_kind::monitor:
            return core_.sys.deliver_down(c.ref, c.from, why);
        case control_kind::spawn_request:
            return core_.sys.deliver_spawn_reply(c.ref, c.from, 0, why);
        case control_kind::unlink_id:
            return core_.sys.deliver_unlink_ack(c.to, c.from, c.id);
        default:
            return;
    }
}

outcome router::send(const pid& from, const pid& to, term message, send_flags flags) {
    return send_signal(to.node, signal(control_kind::send, from, to, std::move(message)), flags, from);
}

outcome router::send(const pid& from, const registered_name& to, term message, send_flags flags) {
    outbound_signal s = signal(control_kind::send_to_name, from, {}, std::move(message));
    s.control.name = to.name;
    return send_signal(to.node, std::move(s), flags, from);
}

outcome router::send_alias(const pid& from, const reference& to, term message, send_flags flags) {
    outbound_signal s = signal(control_kind::send_to_alias, from, {}, std::move(message));
    s.control.ref = to;
    return send_signal(to.node, std::move(s), flags, from);
}

outcome router::send_traced(const pid& from, const destination& to, term message, send_flags flags,
                            const trace_token& token) {
    outbound_signal s = signal(control_kind::send, from, {}, std::move(message));
    const atom node = set_destination(s.control, to);
    s.control.token = token.to_term();
    return send_signal(node, std::move(s), flags, from);
}

outcome router::exit_link(const pid& from, const pid& to, term reason) {
    return other_signal(to.node, signal(control_kind::exit, from, to, std::move(reason)),
                        contact::only_if_known);
}

outcome router::exit_link_traced(const pid& from, const pid& to, term reason, const trace_token& token) {
    outbound_signal s = signal(control_kind::exit, from, to, std::move(reason));
    s.control.token = token.to_term();
    return other_signal(to.node, std::move(s), contact::only_if_known);
}

outcome router::exit2(const pid& from, const pid& to, term reason) {
    return other_signal(to.node, signal(control_kind::exit2, from, to, std::move(reason)), contact::connect);
}

remote_router::placed router::link(const pid& from, const pid& to) {
    return relation(to.node, signal(control_kind::link, from, to));
}

outcome router::unlink(const pid& from, const pid& to, std::uint64_t id) {
    outbound_signal s = signal(control_kind::unlink_id, from, to);
    s.control.id = id;
    return other_signal(to.node, std::move(s), contact::only_if_known);
}

outcome router::unlink_ack(const pid& from, const pid& to, std::uint64_t id) {
    outbound_signal s = signal(control_kind::unlink_id_ack, from, to);
    s.control.id = id;
    return other_signal(to.node, std::move(s), contact::only_if_known);
}

remote_router::placed router::monitor(const pid& watcher, const monitor_target& target,
                                      const reference& ref) {
    outbound_signal s = signal(control_kind::monitor, watcher, {});
    s.control.ref = ref;
    const atom node = set_target(s.control, target, core_.self());
    return relation(node, std::move(s));
}

outcome router::demonitor(const pid& watcher, const monitor_target& target, const reference& ref) {
    outbound_signal s = signal(control_kind::demonitor, watcher, {});
    s.control.ref = ref;
    const atom node = set_target(s.control, target, core_.self());
    return other_signal(node, std::move(s), contact::only_if_known);
}

outcome router::down(const pid& from, const monitor_target& target, const pid& watcher, const reference& ref,
                     term reason) {
    outbound_signal s = signal(control_kind::down, {}, watcher, std::move(reason));
    s.control.ref = ref;
    if (const pid* p = std::get_if<pid>(&target)) {
        s.control.from = *p;
    } else if (const atom* name = std::get_if<atom>(&target)) {
        s.control.name = *name;
    } else {
        s.control.name = std::get<registered_name>(target).name;
    }
    return other_signal(watcher.node, std::move(s), contact::only_if_known, from);
}

outcome router::exit_alias(const pid& from, const reference& to, term reason, bool priority) {
    outbound_signal s = signal(control_kind::exit2, from, {}, std::move(reason));
    s.control.ref = to;
    s.control.priority = priority;
    return other_signal(to.node, std::move(s), contact::connect);
}

outcome router::group_leader(const pid& from, const pid& leader, const pid& member) {
    return other_signal(member.node, signal(control_kind::group_leader, leader, member), contact::connect,
                        from);
}

remote_router::placed router::spawn_request(const reference& ref, const pid& from, const pid& group_leader,
                                            atom node, atom module, atom function, term arguments,
                                            term options, const trace_token* token) {
    if (node == core_.self()) {
        spawn_for_own_process(core_, {ref, from, group_leader ? group_leader : from, module, function,
                                      std::move(arguments), std::move(options)});
        return {};
    }
    // What the peer would close the connection for.
    constexpr std::size_t most_arguments = 255;
    const bool proper = is_proper_list(arguments) && is_proper_list(options);
    if (!proper || arguments.list().size() > most_arguments) {
        core_.sys.deliver_spawn_reply(ref, from, 0,
                                      proper ? atoms::known<"system_limit"> : atoms::known<"badarg">);
        return {};
    }
    outbound_signal s = signal(control_kind::spawn_request, from, {}, std::move(arguments));
    s.control.ref = ref;
    s.control.group_leader = group_leader ? group_leader : from;  // every process must have one there
    s.control.mfa = term(tuple(module, function, s.payload.list().size()));
    s.control.options = std::move(options);
    if (token != nullptr) s.control.token = token->to_term();
    return relation(node, std::move(s));
}

outcome router::spawn_reply(const reference& ref, const pid& to, std::uint32_t flags, term answer) {
    outbound_signal s = signal(control_kind::spawn_reply, {}, to);
    s.control.ref = ref;
    s.control.id = flags;
    if (const auto child = answer.as<pid>()) {
        s.control.from = *child;
    } else {
        s.control.name = std::move(answer);
    }
    return other_signal(to.node, std::move(s), contact::only_if_known);
}

}  // namespace rakka::detail
