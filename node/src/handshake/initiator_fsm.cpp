#include "handshake/initiator_fsm.hpp"

#include "printable.hpp"

#include <rakka/base/check.hpp>

#include <fmt/format.h>

#include <utility>

namespace rakka::handshake {

initiator_fsm::initiator_fsm(initiator_options options, challenge own_challenge)
    : options_(std::move(options)),
      own_challenge_(own_challenge),
      conversation_(role::initiator, options_.carrier) {
    conversation_.set_peer(options_.peer.text());
}

action initiator_fsm::resume(const event& e) {
    conversation_.check_answers(e);
    if (const auto* how = std::get_if<closed>(&e)) return conversation_.fail_closed(*how);
    if (std::holds_alternative<timed_out>(e)) return conversation_.fail_timed_out();
    if (const auto* arrived = std::get_if<received>(&e)) {
        conversation_.append(arrived->data);
        return pump();
    }
    if (const auto* answer = std::get_if<attempt>(&e)) return on_attempt(*answer);
    if (std::holds_alternative<written>(e)) return on_written();
    return send_name();
}

established initiator_fsm::take_result() {
    RAKKA_CHECK(result_.has_value());
    established taken = std::move(*result_);
    result_.reset();
    return taken;
}

distribution_flags initiator_fsm::offered_flags() const noexcept {
    if (!asks_for_name()) return options_.own_flags;
    // A node without a name is nobody others should be told about. [dist §Dynamic node names]
    return options_.own_flags.with({distribution_flag::name_me}).without({distribution_flag::published});
}

action initiator_fsm::send_name() {
    if (options_.own_name == options_.peer) {
        return conversation_.fail(node_errc::connected_to_self, "the name dialled is the node's own");
    }
    name_message m;
    m.flags = offered_flags();
    m.creation = asks_for_name() ? rakka::creation{0} : options_.own_creation;
    m.name = asks_for_name() ? options_.own_host : options_.own_name->latin1();
    const std::string who = asks_for_name() ? "request for a name on " + m.name : options_.own_name->text();
    return conversation_.write(step::sending_name, encode(m, conversation_.prefix()),
                               fmt::format("send_name ({}, {})", who, describe(m.flags, m.creation)));
}

action initiator_fsm::on_written() {
    switch (conversation_.where()) {
        case step::sending_name:
            conversation_.go(step::awaiting_status, action_kind::read);
            break;
        case step::sending_alive_answer:
            if (!attempt_wanted_) {
                return conversation_.fail(node_errc::attempt_superseded,
                                          "the peer has a connection to this node already, and this node no "
                                          "longer wanted the new one");
            }
            conversation_.go(step::awaiting_challenge, action_kind::read);
            break;
        case step::sending_reply:
            conversation_.go(step::awaiting_ack, action_kind::read);
            break;
        default:
            RAKKA_CHECK(false);
    }
    return pump();
}

action initiator_fsm::on_attempt(attempt answer) {
    attempt_wanted_ = answer == attempt::wanted;
    const status said = attempt_wanted_ ? status::yes : status::no;
    return conversation_.write(step::sending_alive_answer,
                               encode(status_message{said, {}, rakka::creation{}}, conversation_.prefix()),
                               fmt::format("status {}", to_string(said)));
}

action initiator_fsm::pump() {
    for (;;) {
        const std::optional<bytes> body = conversation_.next_message();
        if (conversation_.failed()) return {action_kind::fail, {}};
        if (!body) return conversation_.read_more();
        switch (conversation_.where()) {
            case step::awaiting_status:
                if (std::optional<action> next = on_status(*body)) return std::move(*next);
                break;
            case step::awaiting_challenge:
                return on_challenge(*body);
            case step::awaiting_ack:
                return on_ack(*body);
            default:
                RAKKA_CHECK(false);
        }
    }
}

/// Nothing: go on with the next message. [dist §Handshake/recv_status]
std::optional<action> initiator_fsm::on_status(byte_view body) {
    const result<status_message> m = decode_status(body);
    if (!m) return conversation_.fail(node_errc::handshake_bad_message);
    if (asks_for_name() && (m->status == status::ok || m->status == status::ok_simultaneous)) {
        return conversation_.fail(node_errc::name_not_given,
                                  "the peer took our host name for a node name: it does not give out names");
    }
    switch (m->status) {
        case status::ok:
        case status::ok_simultaneous:
            conversation_.go(step::awaiting_challenge, action_kind::read);
            return std::nullopt;
        case status::nok:
            return conversation_.fail(
                node_errc::simultaneous_connect,
                "the peer dialled this node at the same time, and its connection should arrive now; if "
                "none does, the peer has our own name or cannot have a peer of our name");
        case status::not_allowed:
            return conversation_.fail(
                node_errc::handshake_not_allowed,
                fmt::format(
                    "the peer restricts names with net_kernel:allow/1, or needs flags that are not among "
                    "ours ({}); its log tells which",
                    to_string(offered_flags())));
        case status::alive:
            return conversation_.go(step::awaiting_owner, action_kind::check_attempt);
        case status::named:
            return take_given_name(*m);
        case status::yes:
        case status::no:
            break;
    }
    return conversation_.fail(node_errc::handshake_bad_message);
}

std::optional<action> initiator_fsm::take_given_name(const status_message& m) {
    if (!asks_for_name()) {
        return conversation_.fail(node_errc::handshake_bad_message,
                                  "the peer gave a name to a node that has one and did not ask");
    }
    const result<node_name> given = node_name::parse(m.name);
    if (!given) {
        return conversation_.fail(node_errc::handshake_bad_message,
                                  explain_bad_node_name(m.name, given.error()));
    }
    if (*given == options_.peer || !m.creation.is_valid()) {
        return conversation_.fail(node_errc::handshake_bad_message,
                                  "the peer gave this node its own name, or no creation with it");
    }
    options_.own_creation = m.creation;
    options_.own_flags = offered_flags();
    options_.own_name = *given;
    conversation_.go(step::awaiting_challenge, action_kind::read);
    return std::nullopt;
}

action initiator_fsm::on_challenge(byte_view body) {
    const result<challenge_message> m = decode_challenge(body);
    if (!m) {
        const bool old_form = m.error() == node_errc::unsupported_version;
        return conversation_.fail(old_form ? node_errc::unsupported_version
                                           : node_errc::handshake_bad_message);
    }
    if (m->name != options_.peer.latin1()) {
        return conversation_.fail(
            node_errc::wrong_peer_name,
            fmt::format(
                "dialled {}, but the node there calls itself \"{}\": use that name, or check the port and "
                "the host's address",
                options_.peer.text(), detail::printable(m->name)));
    }
    peer_flags_ = m->flags.expanded();
    peer_creation_ = m->creation;
    if (const distribution_flags lacking = peer_flags_.missing(options_.required_flags); !lacking.empty()) {
        return conversation_.fail(node_errc::missing_flags,
                                  fmt::format("the peer lacks {}: it is older than OTP 25, or a node library "
                                              "that does not know them",
                                              to_string(lacking)));
    }
    const reply_message reply{own_challenge_, make_digest(options_.peer_cookie, m->challenge)};
    return conversation_.write(step::sending_reply, encode(reply, conversation_.prefix()),
                               "challenge reply (digest not shown)");
}

action initiator_fsm::on_ack(byte_view body) {
    const result<ack_message> m = decode_ack(body);
    if (!m) return conversation_.fail(node_errc::handshake_bad_message);
    if (!digests_match(m->digest, make_digest(options_.peer_cookie, own_challenge_))) {
        return conversation_.fail(
            node_errc::wrong_cookie,
            "the peer accepted our cookie but answered with another one: it uses different "
            "cookies for the two directions, or is not the node it claims to be");
    }
    result_.emplace(established{.own_name = *options_.own_name,
                                .own_creation = options_.own_creation,
                                .peer_name = options_.peer,
                                .peer_creation = peer_creation_,
                                .peer_flags = peer_flags_,
                                .effective_flags = effective_flags(options_.own_flags, peer_flags_),
                                .leftover = conversation_.finish()});
    return {action_kind::done, {}};
}

}  // namespace rakka::handshake
