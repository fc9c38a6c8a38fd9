#include "connection/inbound_dispatch.hpp"

#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "connection/peer_guard.hpp"
#include "services/spawn_service.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka::detail {

using wire::control_kind;
using wire::control_message;

namespace {

using verdict = std::optional<wire::wire_error>;

/// Signals of this node to the peer that nobody waits for.
void answer(connection& to, control_message m, term payload = {}) {
    outbound_signal s{std::move(m), std::move(payload)};
    static_cast<void>(to.submit(s, s.control.from, when_busy::go_on));
}

/// A link with a process that is not there breaks at once. [dist §LINK]
void answer_link(connection& to, const control_message& m) {
    control_message a;
    a.kind = control_kind::exit;
    a.from = m.to;
    a.to = m.from;
    answer(to, std::move(a), atoms::known<"noproc">);
}

void answer_monitor(connection& to, const control_message& m) {
    control_message a;
    a.kind = control_kind::down;
    a.from = m.to;
    a.name = m.name;
    a.to = m.from;
    a.ref = m.ref;
    answer(to, std::move(a), atoms::known<"noproc">);
}

void answer_unlink(connection& to, const control_message& m) {
    control_message a;
    a.kind = control_kind::unlink_id_ack;
    a.id = m.id;
    a.from = m.to;
    a.to = m.from;
    answer(to, std::move(a));
}

/// For a pid of an earlier incarnation of this node, or of none. [dist §creation]
void answer_for_nobody(connection& to, const control_message& m) {
    switch (m.kind) {
        case control_kind::link:
            return answer_link(to, m);
        case control_kind::monitor:
            return answer_monitor(to, m);
        case control_kind::unlink_id:
            return answer_unlink(to, m);
        default:
            return;  // whoever sent the rest expects nothing
    }
}

/// That of the message, which has been checked.
std::optional<trace_token> token_of(const control_message& c) {
    if (!c.token.has_value()) return std::nullopt;
    return *trace_token::read(c.token);
}

verdict deliver_send(system& sys, wire::inbound_message& m) {
    const control_message& c = m.control();
    // An unread payload need not even be valid: nobody there, nothing decoded.
    const atom name = c.kind == control_kind::send_to_name ? c.known_name() : atom{};
    if (c.kind == control_kind::send && !sys.is_alive(c.to)) return {};
    if (c.kind == control_kind::send_to_name && (!name || !sys.whereis(name))) return {};
    auto message = m.payload();
    if (!message) return message.error();
    if (c.token.has_value()) [[unlikely]] {
        const destination to = c.kind == control_kind::send           ? destination(c.to)
                               : c.kind == control_kind::send_to_name ? destination(name)
                                                                      : destination(c.ref);
        sys.deliver_traced(to, std::move(*message), *trace_token::read(c.token), c.priority);
    } else if (c.kind == control_kind::send) {
        sys.deliver_message(c.to, std::move(*message));
    } else if (c.kind == control_kind::send_to_name) {
        sys.deliver_to_name(name, std::move(*message));
    } else {
        sys.deliver_alias(c.ref, std::move(*message), c.priority);
    }
    return {};
}

verdict deliver_with_reason(system& sys, wire::inbound_message& m) {
    const control_message& c = m.control();
    auto reason = m.payload();
    if (!reason) return reason.error();
    const std::optional<trace_token> carried = token_of(c);
    const trace_token* const token = carried ? &*carried : nullptr;
    if (c.kind == control_kind::exit) {
        sys.deliver_exit(c.from, c.to, std::move(*reason), token);
    } else if (c.kind == control_kind::down) {
        sys.deliver_down(c.ref, c.to, std::move(*reason));
    } else if (c.to) {
        sys.deliver_exit2(c.from, c.to, std::move(*reason), token);
    } else if (c.ref) {
        sys.deliver_exit2(c.from, c.ref, std::move(*reason), c.priority, token);
    } else if (const atom name = c.known_name()) {
        if (const auto p = sys.whereis(name)) sys.deliver_exit2(c.from, *p, std::move(*reason), token);
    }
    return {};
}

void deliver_monitor(node_core& core, connection& from, const control_message& c) {
    if (c.to) return core.sys.deliver_monitor(c.from, c.to, c.ref);
    const atom name = c.known_name();
    const auto target = name ? core.sys.whereis(name) : std::nullopt;
    if (!target) return answer_monitor(from, c);
    from.add_relations(*target, c.from, c.ref, wire::spawn_reply_flag::monitor);
    core.sys.deliver_monitor(c.from, name, c.ref);
}

/// What the protocol owes for a signal that the peer may not send.
void refuse(node_core& core, connection& to, const control_message& m) {
    switch (m.kind) {
        case control_kind::link:
            return answer_link(to, m);
        case control_kind::monitor:
            return answer_monitor(to, m);
        case control_kind::spawn_request:
            return refuse_spawn_request(core, to, m, "not_allowed"_a);
        default:
            return;  // dropped
    }
}

}  // namespace

std::optional<wire::wire_error> dispatch(node_core& core, connection& from, wire::inbound_message& m) {
    const control_message& c = m.control();
    system& sys = core.sys;
    if (c.to && !c.to.is_local()) {
        answer_for_nobody(from, c);
        return {};
    }
    if (peer_guard* const guard = from.guard()) {
        const auto admitted = guard->admits(core, from, m);
        if (!admitted) return admitted.error();
        if (!*admitted) {
            refuse(core, from, c);
            return {};
        }
    }
    switch (c.kind) {
        case control_kind::send:
        case control_kind::send_to_name:
        case control_kind::send_to_alias:
            return deliver_send(sys, m);
        case control_kind::exit:
        case control_kind::exit2:
        case control_kind::down:
            return deliver_with_reason(sys, m);
        case control_kind::link:
            sys.deliver_link(c.from, c.to);
            break;
        case control_kind::unlink:
            return wire::bad_control("UNLINK without an id, from a peer that has UNLINK_ID");
        case control_kind::unlink_id:
            sys.deliver_unlink(c.from, c.to, c.id);
            break;
        case control_kind::unlink_id_ack:
            sys.deliver_unlink_ack(c.from, c.to, c.id);
            break;
        case control_kind::monitor:
            deliver_monitor(core, from, c);
            break;
        case control_kind::demonitor:
            if (c.to) sys.deliver_demonitor(c.from, c.to, c.ref);  // as relations found it
            break;
        case control_kind::group_leader:
            sys.deliver_group_leader(c.from, c.to);
            break;
        case control_kind::spawn_reply: {
            const std::optional<trace_token> token = token_of(c);
            sys.deliver_spawn_reply(c.ref, c.to, static_cast<std::uint32_t>(c.id),
                                    c.from ? term(c.from) : c.name, token ? &*token : nullptr);
            break;
        }
        case control_kind::spawn_request:
            return serve_spawn_request(core, from, m);
    }
    return {};
}

}  // namespace rakka::detail
