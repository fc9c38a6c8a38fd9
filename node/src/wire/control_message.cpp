#include "wire/control_message.hpp"

#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/traits.hpp>

namespace rakka::wire {
namespace {

/// `choice` when the flags its row needs are there.
std::optional<control_op> if_allowed(control_op choice, distribution_flags effective) noexcept {
    const control_operation* const o = find_operation(static_cast<std::uint64_t>(choice));
    if (!o || !effective.has_all(o->needs)) return std::nullopt;
    return choice;
}

std::string describe(const pid& p) {
    if (!p) return "none";
    const etf::node_identity node = etf::identity_of(p);
    return '<' + std::string(node.name.text()) + '.' + std::to_string(p.id) + '.' + std::to_string(p.serial) +
           '>';
}

std::string describe(const reference& r) {
    std::string out = "#Ref<" + std::string(etf::identity_of(r).name.text());
    for (std::size_t i = r.size; i-- > 0;)
        out += '.' + std::to_string(r.words[i]);
    return out + '>';
}

}  // namespace

atom control_message::known_name() const noexcept {
    return name.has_value() && !name.view().is_foreign_atom() && name.is(kind::atom)
               ? atom::from_id(etf::detail::atom_id(name.word()))
               : atom{};
}

std::string operation_name(std::uint64_t code) {
    const control_operation* const o = find_operation(code);
    return o ? std::string(o->name) : "operation " + std::to_string(code);
}

std::string_view to_string(control_kind k) noexcept {
    switch (k) {
        case control_kind::send:
            return "send";
        case control_kind::send_to_name:
            return "send to a name";
        case control_kind::send_to_alias:
            return "send to an alias";
        case control_kind::link:
            return "link";
        case control_kind::unlink:
            return "unlink";
        case control_kind::unlink_id:
            return "unlink with id";
        case control_kind::unlink_id_ack:
            return "acknowledged unlink";
        case control_kind::exit:
            return "exit of a link";
        case control_kind::exit2:
            return "exit";
        case control_kind::monitor:
            return "monitor";
        case control_kind::demonitor:
            return "demonitor";
        case control_kind::down:
            return "down";
        case control_kind::group_leader:
            return "group leader";
        case control_kind::spawn_request:
            return "spawn request";
        case control_kind::spawn_reply:
            return "spawn reply";
    }
    return "unknown";
}

std::string to_string(const control_message& m) {
    std::string out =
        operation_name(static_cast<std::uint64_t>(m.op)) + " (" + std::string(to_string(m.kind));
    if (m.from) out += ", from " + describe(m.from);
    if (m.to) out += ", to " + describe(m.to);
    if (m.ref) out += ", " + describe(m.ref);
    if (m.name.has_value()) out += ", name " + std::string(m.name.view().atom_text());
    if (m.id != 0) out += ", id " + std::to_string(m.id);
    if (m.priority) out += ", priority";
    if (m.token.has_value()) out += ", traced";
    return out + ')';
}

bool takes_token(distribution_flags effective, term_view token) noexcept {
    if (effective.has(distribution_flag::big_seqtrace_labels)) return true;
    constexpr std::int32_t most = (1 << 27) - 1;
    const term_view label = token.tuple()[1];
    const auto n =
        label.is(kind::integer) ? label.as<std::int32_t>() : result<std::int32_t>(etf::errc::wrong_type);
    return n && *n <= most && *n >= -most - 1;
}

std::optional<control_op> choose_operation(const control_message& m, distribution_flags effective) noexcept {
    using op = control_op;
    using flag = distribution_flag;
    const bool traced = m.token.has_value();
    const bool altact = effective.has(flag::altact_sig);
    const bool reason_as_payload = effective.has(flag::exit_payload);
    const auto form = [traced](op plain, op with_token) { return traced ? with_token : plain; };
    switch (m.kind) {
        case control_kind::send:
            if (m.priority && altact && m.from) return op::altact_sig_send;
            // SEND is understood by all; it is the form for a sender that has no pid.
            if (effective.has(flag::send_sender) && m.from) return form(op::send_sender, op::send_sender_tt);
            return form(op::send, op::send_tt);
        case control_kind::send_to_name:
            return m.priority && altact ? op::altact_sig_send : form(op::reg_send, op::reg_send_tt);
        case control_kind::send_to_alias:
            if (altact) return op::altact_sig_send;
            return if_allowed(form(op::alias_send, op::alias_send_tt), effective);
        case control_kind::link:
            return op::link;
        case control_kind::unlink:
            if (effective.has(flag::unlink_id)) return std::nullopt;
            return op::unlink;
        case control_kind::unlink_id:
            return effective.has(flag::unlink_id) ? op::unlink_id : op::unlink;
        case control_kind::unlink_id_ack:
            return if_allowed(op::unlink_id_ack, effective);
        case control_kind::exit:
            return reason_as_payload ? form(op::payload_exit, op::payload_exit_tt)
                                     : form(op::exit, op::exit_tt);
        case control_kind::exit2:
            if (m.ref || m.name.has_value() || (m.priority && altact))
                return if_allowed(op::altact_sig_send, effective);
            return reason_as_payload ? form(op::payload_exit2, op::payload_exit2_tt)
                                     : form(op::exit2, op::exit2_tt);
        case control_kind::monitor:
            return if_allowed(op::monitor_p, effective);
        case control_kind::demonitor:
            return if_allowed(op::demonitor_p, effective);
        case control_kind::down:
            return reason_as_payload ? op::payload_monitor_p_exit : op::monitor_p_exit;
        case control_kind::group_leader:
            return op::group_leader;
        case control_kind::spawn_request:
            return if_allowed(form(op::spawn_request, op::spawn_request_tt), effective);
        case control_kind::spawn_reply:
            return if_allowed(form(op::spawn_reply, op::spawn_reply_tt), effective);
    }
    return std::nullopt;
}

}  // namespace rakka::wire
