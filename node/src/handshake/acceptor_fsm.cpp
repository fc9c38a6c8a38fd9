#include "handshake/acceptor_fsm.hpp"

#include "printable.hpp"
#include "random_bits.hpp"

#include <rakka/base/check.hpp>

#include <fmt/format.h>

#include <utility>

namespace rakka::handshake {

acceptor_fsm::acceptor_fsm(acceptor_options options, challenge own_challenge)
    : options_(std::move(options)),
      own_challenge_(own_challenge),
      conversation_(role::acceptor, options_.carrier) {}

action acceptor_fsm::resume(const event& e) {
    conversation_.check_answers(e);
    if (const auto* how = std::get_if<closed>(&e)) {
        // A peer that is refused need not wait for the words.
        if (refusal_) return conversation_.fail(refusal_->code, refusal_->cause);
        return conversation_.fail_closed(*how);
    }
    if (std::holds_alternative<timed_out>(e)) return conversation_.fail_timed_out();
    if (std::holds_alternative<started>(e)) return conversation_.go(step::awaiting_name, action_kind::read);
    if (std::holds_alternative<written>(e)) return on_written();
    if (const auto* arrived = std::get_if<received>(&e)) {
        conversation_.append(arrived->data);
        return pump();
    }
    if (const auto* answer = std::get_if<peer_allowed>(&e)) return on_relation(*answer);
    if (const auto* given = std::get_if<name_assigned>(&e)) return on_name_assigned(*given);
    if (std::holds_alternative<taken_over>(e)) return send_ack();
    const auto& no = std::get<peer_refused>(e);
    if (conversation_.where() == step::taking_over) return conversation_.fail(no.code, no.cause);
    return refuse(status::not_allowed, no.code, no.cause);
}

const node_name& acceptor_fsm::peer_name() const {
    RAKKA_CHECK(peer_.has_value());
    return *peer_;
}

established acceptor_fsm::take_result() {
    RAKKA_CHECK(result_.has_value());
    established taken = std::move(*result_);
    result_.reset();
    return taken;
}

action acceptor_fsm::pump() {
    for (;;) {
        const std::optional<bytes> body = conversation_.next_message();
        if (conversation_.failed()) return {action_kind::fail, {}};
        if (!body) return conversation_.read_more();
        std::optional<action> next;
        switch (conversation_.where()) {
            case step::awaiting_name:
                next = on_name(*body);
                break;
            case step::awaiting_alive_answer:
                next = on_alive_answer(*body);
                break;
            case step::awaiting_complement:
                next = on_complement(*body);
                break;
            case step::awaiting_reply:
                next = on_reply(*body);
                break;
            default:
                RAKKA_CHECK(false);
        }
        if (next) return std::move(*next);
    }
}

action acceptor_fsm::on_written() {
    switch (conversation_.where()) {
        case step::sending_status:
            if (refusal_) return conversation_.fail(refusal_->code, refusal_->cause);
            if (said_ != status::alive) return send_challenge();
            conversation_.go(step::awaiting_alive_answer, action_kind::read);
            return pump();
        case step::sending_challenge:
            conversation_.go(old_form_ ? step::awaiting_complement : step::awaiting_reply, action_kind::read);
            return pump();
        case step::sending_ack:
            return finish();
        default:
            RAKKA_CHECK(false);
            return {action_kind::fail, {}};
    }
}

/// [dist §Handshake/send_name]
action acceptor_fsm::on_name(byte_view body) {
    const result<name_message> m = decode_name(body);
    if (!m) {
        const bool old_version = m.error() == node_errc::unsupported_version;
        return conversation_.fail(old_version ? node_errc::unsupported_version
                                              : node_errc::handshake_bad_message);
    }
    old_form_ = m->old_form;
    peer_flags_ = m->flags.expanded();
    peer_creation_ = m->creation;
    const bool nameless = !m->old_form && peer_flags_.has(distribution_flag::name_me);
    return nameless ? on_nameless(*m) : on_peer_name(*m);
}

/// [dist §Dynamic node names] The peer sent its host part only and wants to be told who it is.
action acceptor_fsm::on_nameless(const name_message& m) {
    const result<node_name> probe = node_name::from_latin1("x@" + m.name);
    if (!probe) {
        return conversation_.fail(
            node_errc::bad_node_name,
            fmt::format("the peer asks for a name on host \"{}\", which is no host part",
                        detail::printable(m.name)));
    }
    peer_host_ = std::string(probe->host());
    conversation_.set_peer("a nameless node on " + peer_host_);
    if (const distribution_flags lacking = lacking_flags(); !lacking.empty()) {
        return refuse(status::not_allowed, node_errc::missing_flags, "the peer lacks " + to_string(lacking));
    }
    gave_name_ = true;
    return conversation_.go(step::awaiting_owner, action_kind::assign_name);
}

action acceptor_fsm::on_peer_name(const name_message& m) {
    result<node_name> name = node_name::from_latin1(m.name);
    if (!name) {
        return conversation_.fail(node_errc::bad_node_name,
                                  explain_bad_node_name(latin1_to_utf8(m.name), name.error()));
    }
    peer_ = std::move(*name);
    conversation_.set_peer(peer_->text());
    if (const distribution_flags lacking = lacking_flags(); !lacking.empty()) {
        return refuse(
            status::not_allowed, node_errc::missing_flags,
            fmt::format("the peer lacks {}: it is older than OTP 25, or a node library that does not "
                        "know them",
                        to_string(lacking)));
    }
    if (*peer_ == options_.own_name) {
        return refuse(status::nok, node_errc::connected_to_self,
                      "this node dialled itself, or two nodes of one name are running");
    }
    return conversation_.go(step::awaiting_owner, action_kind::check_peer);
}

/// [dist §Handshake/send_status]
action acceptor_fsm::on_relation(const peer_allowed& answer) {
    if (answer.peer_cookie) options_.own_cookie = *answer.peer_cookie;
    switch (answer.relation) {
        case peer_relation::none:
            return send_status({status::ok, {}, rakka::creation{}});
        case peer_relation::attempt_not_dialled:
            return send_status({status::ok_simultaneous, {}, rakka::creation{}});
        case peer_relation::attempt_pending:
            return on_attempt_pending();
        case peer_relation::up:
            return send_status({status::alive, {}, rakka::creation{}});
    }
    RAKKA_CHECK(false);
    return {action_kind::fail, {}};
}

/// Both nodes dial: the attempt of the node with the greater name goes on. Ours is not given up before the
/// peer has shown that it is the one it says it is. [dist §Handshake/recv_status]
action acceptor_fsm::on_attempt_pending() {
    if (options_.own_name > *peer_) {
        return refuse(
            status::nok, node_errc::simultaneous_connect,
            "both nodes dialled each other and our own name is the greater one: our attempt goes on");
    }
    return send_status({status::ok_simultaneous, {}, rakka::creation{}});
}

action acceptor_fsm::on_name_assigned(const name_assigned& given) {
    peer_ = given.name;
    peer_creation_ = given.creation;
    conversation_.set_peer(peer_->text());
    return send_status({status::named, peer_->text(), peer_creation_});
}

/// Nothing: go on with the next message.
std::optional<action> acceptor_fsm::on_alive_answer(byte_view body) {
    const result<status_message> m = decode_status(body);
    if (m && m->status == status::yes) return send_challenge();
    if (m && m->status == status::no) {
        return conversation_.fail(node_errc::already_connected,
                                  "the peer gave up this attempt itself; nothing is to be done");
    }
    return conversation_.fail(node_errc::handshake_bad_message);
}

std::optional<action> acceptor_fsm::on_complement(byte_view body) {
    const result<complement_message> m = decode_complement(body);
    if (!m) return conversation_.fail(node_errc::handshake_bad_message);
    peer_flags_ = peer_flags_.with(distribution_flags(std::uint64_t{m->upper_flags} << 32));
    peer_creation_ = m->creation;
    old_form_ = false;  // from here on nothing is missing
    if (const distribution_flags lacking = lacking_flags(); !lacking.empty()) {
        return conversation_.fail(node_errc::missing_flags, "the peer lacks " + to_string(lacking));
    }
    conversation_.go(step::awaiting_reply, action_kind::read);
    return std::nullopt;
}

action acceptor_fsm::on_reply(byte_view body) {
    const result<reply_message> m = decode_reply(body);
    if (!m) return conversation_.fail(node_errc::handshake_bad_message);
    if (!digests_match(m->digest, make_digest(options_.own_cookie, own_challenge_))) {
        return conversation_.fail(node_errc::wrong_cookie,
                                  fmt::format("{} uses another cookie than this node: give both the same "
                                              "(~/.erlang.cookie, -setcookie, or the option)",
                                              peer_->text()));
    }
    peer_challenge_ = m->challenge;
    // Before the ack: the peer's signals over the new connection must not overtake the loss of the old one.
    return conversation_.go(step::taking_over, action_kind::take_over);
}

action acceptor_fsm::finish() {
    result_.emplace(established{.own_name = options_.own_name,
                                .own_creation = options_.own_creation,
                                .peer_name = *peer_,
                                .peer_creation = peer_creation_,
                                .peer_flags = peer_flags_,
                                .effective_flags = effective_flags(offered_flags(), peer_flags_),
                                .leftover = conversation_.finish()});
    return {action_kind::done, {}};
}

/// Of the old send_name only the lower 32 flags are known until the complement arrives.
distribution_flags acceptor_fsm::lacking_flags() const noexcept {
    const distribution_flags lacking = peer_flags_.missing(options_.required_flags);
    return old_form_ ? lacking & distribution_flags(0xFFFFFFFF) : lacking;
}

distribution_flags acceptor_fsm::offered_flags() const noexcept {
    if (!gave_name_) return options_.own_flags;
    return options_.own_flags.with({distribution_flag::name_me}).without({distribution_flag::published});
}

action acceptor_fsm::send_status(const status_message& m) {
    said_ = m.status;
    return conversation_.write(step::sending_status, encode(m, conversation_.prefix()),
                               fmt::format("status {}{}", to_string(m.status), m.name));
}

action acceptor_fsm::refuse(status said, node_errc code, std::string cause) {
    refusal_ = refusal{code, std::move(cause)};
    return send_status({said, {}, rakka::creation{}});
}

action acceptor_fsm::send_challenge() {
    const challenge_message m{.flags = offered_flags(),
                              .challenge = own_challenge_,
                              .creation = options_.own_creation,
                              .name = options_.own_name.latin1()};
    return conversation_.write(
        step::sending_challenge, encode(m, conversation_.prefix()),
        fmt::format("challenge ({}, {})", options_.own_name.text(), describe(m.flags, m.creation)));
}

action acceptor_fsm::send_ack() {
    const ack_message m{make_digest(options_.own_cookie, peer_challenge_)};
    return conversation_.write(step::sending_ack, encode(m, conversation_.prefix()),
                               "challenge ack (digest not shown)");
}

result<node_name> make_dynamic_name(std::string_view host) {
    static constexpr char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::string alive;
    auto rest = detail::random_bits<std::uint64_t>();
    do {
        alive.insert(alive.begin(), digits[rest % 36]);
        rest /= 36;
    } while (rest != 0);
    return node_name::parse(fmt::format("{}@{}", alive, host));
}

}  // namespace rakka::handshake
