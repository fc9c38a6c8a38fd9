#include "handshake/conversation.hpp"

#include <rakka/base/check.hpp>

#include <fmt/format.h>

#include <utility>

namespace rakka::handshake {

std::string_view to_string(action_kind k) noexcept {
    switch (k) {
        case action_kind::read:
            return "read";
        case action_kind::write:
            return "write";
        case action_kind::check_peer:
            return "check_peer";
        case action_kind::assign_name:
            return "assign_name";
        case action_kind::check_attempt:
            return "check_attempt";
        case action_kind::take_over:
            return "take_over";
        case action_kind::done:
            return "done";
        case action_kind::fail:
            return "fail";
    }
    return "unknown";
}

const handshake_error& conversation::error() const {
    RAKKA_CHECK(error_.has_value());
    return *error_;
}

action conversation::write(step next, bytes message, std::string in_words) {
    step_ = next;
    asked_ = action_kind::write;
    sent_ = std::move(in_words);
    return {action_kind::write, std::move(message)};
}

action conversation::go(step next, action_kind kind) {
    step_ = next;
    asked_ = kind;
    return {kind, {}};
}

action conversation::read_more() {
    return go(step_, action_kind::read);
}

void conversation::check_answers(const event& e) const {
    RAKKA_CHECK(step_ != step::finished);
    if (std::holds_alternative<closed>(e) || std::holds_alternative<timed_out>(e)) return;
    if (!asked_) {
        RAKKA_CHECK(std::holds_alternative<started>(e));
        return;
    }
    switch (*asked_) {
        case action_kind::read:
            RAKKA_CHECK(std::holds_alternative<received>(e));
            return;
        case action_kind::write:
            RAKKA_CHECK(std::holds_alternative<written>(e));
            return;
        case action_kind::check_peer:
            RAKKA_CHECK(std::holds_alternative<peer_allowed>(e) || std::holds_alternative<peer_refused>(e));
            return;
        case action_kind::assign_name:
            RAKKA_CHECK(std::holds_alternative<name_assigned>(e) || std::holds_alternative<peer_refused>(e));
            return;
        case action_kind::check_attempt:
            RAKKA_CHECK(std::holds_alternative<attempt>(e));
            return;
        case action_kind::take_over:
            RAKKA_CHECK(std::holds_alternative<taken_over>(e) || std::holds_alternative<peer_refused>(e));
            return;
        case action_kind::done:
        case action_kind::fail:
            RAKKA_CHECK(false);
    }
}

std::optional<bytes> conversation::next_message() {
    result<std::optional<bytes>> message = buffer_.next();
    if (!message) {
        const bool tls = prefix() == length_prefix::two_bytes && starts_like_tls(buffer_.pending());
        fail(tls ? node_errc::tls_mismatch : node_errc::handshake_too_large);
        return std::nullopt;
    }
    if (message->has_value()) last_message_ = **message;
    return std::move(*message);
}

action conversation::fail(node_errc code, std::string cause) {
    const bool about_message = code != node_errc::handshake_closed && code != node_errc::handshake_timeout &&
                               code != node_errc::handshake_too_large && code != node_errc::tls_mismatch &&
                               last_message_.has_value();
    const byte_view raw = about_message ? byte_view(*last_message_) : buffer_.pending();
    const std::size_t prefix_size = about_message ? 0 : static_cast<std::size_t>(carrier_.prefix);
    if (cause.empty()) cause = likely_cause(role_, step_, code, raw, carrier_.prefix);
    error_ = handshake_error{.code = code,
                             .role = role_,
                             .step = step_,
                             .peer = peer_,
                             .sent = sent_,
                             .received = describe_received(raw, prefix_size),
                             .cause = std::move(cause)};
    step_ = step::finished;
    return {action_kind::fail, {}};
}

action conversation::fail_closed(const closed& how) {
    if (how.code) return fail(*how.code, how.reason);
    const action failed = fail(node_errc::handshake_closed);
    if (!how.reason.empty()) error_->received += " (" + how.reason + ")";
    return failed;
}

action conversation::fail_timed_out() {
    return fail(node_errc::handshake_timeout);
}

bytes conversation::finish() {
    step_ = step::finished;
    return buffer_.take_pending();
}

std::string describe(distribution_flags flags, rakka::creation creation) {
    return fmt::format("flags {:#x}, creation {}", flags.bits(), creation.value());
}

}  // namespace rakka::handshake
