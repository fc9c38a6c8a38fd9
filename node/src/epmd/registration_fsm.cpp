#include "epmd/registration_fsm.hpp"

#include "printable.hpp"

#include <rakka/base/check.hpp>

#include <fmt/format.h>

#include <utility>

namespace rakka::epmd {

std::string_view to_string(action_kind k) noexcept {
    switch (k) {
        case action_kind::connect:
            return "connect";
        case action_kind::write:
            return "write";
        case action_kind::read:
            return "read";
        case action_kind::wait:
            return "wait";
        case action_kind::done:
            return "done";
        case action_kind::fail:
            return "fail";
    }
    return "unknown";
}

std::string epmd_error::message() const {
    return fmt::format("{} with the epmd at {} failed: {}. Received: {}.", doing, address,
                       make_error_code(code).message(), received.empty() ? "nothing" : received);
}

registration_fsm::registration_fsm(node_entry node, std::string address)
    : node_(std::move(node)), address_(std::move(address)) {}

action registration_fsm::resume(const event& e) {
    if (std::holds_alternative<started>(e) || std::holds_alternative<delay_over>(e)) {
        RAKKA_CHECK(phase_ == phase::idle || phase_ == phase::waiting);
        return connect();
    }
    RAKKA_CHECK(phase_ != phase::idle && phase_ != phase::waiting && phase_ != phase::failed);
    if (std::holds_alternative<connected>(e)) {
        RAKKA_CHECK(phase_ == phase::connecting);
        phase_ = phase::sending;
        return {action_kind::write, encode(alive2_request{node_})};
    }
    if (std::holds_alternative<written>(e)) {
        RAKKA_CHECK(phase_ == phase::sending);
        phase_ = phase::awaiting_reply;
        return {action_kind::read};
    }
    if (const auto* arrived = std::get_if<received>(&e)) return on_received(arrived->data);
    if (const auto* how = std::get_if<connect_failed>(&e)) {
        return give_up_or_wait(node_errc::epmd_unreachable, how->reason);
    }
    if (const auto* how = std::get_if<closed>(&e))
        return give_up_or_wait(node_errc::epmd_closed, how->reason);
    const bool unanswered = phase_ == phase::connecting;
    return give_up_or_wait(unanswered ? node_errc::epmd_unreachable : node_errc::epmd_timeout,
                           detail::printable(buffer_));
}

rakka::creation registration_fsm::creation() const {
    RAKKA_CHECK(creation_.has_value());
    return *creation_;
}

const epmd_error& registration_fsm::error() const {
    RAKKA_CHECK(error_.has_value());
    return *error_;
}

action registration_fsm::connect() {
    phase_ = phase::connecting;
    buffer_.clear();
    return {action_kind::connect};
}

action registration_fsm::on_received(byte_view data) {
    RAKKA_CHECK(phase_ == phase::awaiting_reply || phase_ == phase::registered);
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    if (phase_ == phase::registered) {
        // epmd has nothing more to say on this connection.
        return give_up_or_wait(node_errc::epmd_bad_reply, detail::printable(buffer_));
    }
    const result<std::optional<alive2_reply>> r = decode_alive2_reply(buffer_);
    if (!r) return give_up_or_wait(node_errc::epmd_bad_reply, detail::printable(buffer_));
    return r->has_value() ? on_reply(**r) : action{action_kind::read};
}

/// [epmd §ALIVE2_RESP]
action registration_fsm::on_reply(const alive2_reply& r) {
    if (r.result != 0) return give_up_or_wait(node_errc::node_name_taken, fmt::format("result {}", r.result));
    phase_ = phase::registered;
    buffer_.clear();
    // A node keeps the creation it started with: pids it gave out carry it.
    const bool first = !creation_.has_value();
    if (first) creation_ = rakka::creation{r.creation};
    return {action_kind::read, {}, first ? news::registered : news::registered_again};
}

action registration_fsm::give_up_or_wait(node_errc code, std::string received) {
    error_ = epmd_error{code, address_, "registering " + detail::printable(node_.name), std::move(received)};
    if (!creation_) {
        phase_ = phase::failed;
        return {action_kind::fail};
    }
    const bool was_registered = phase_ == phase::registered;
    phase_ = phase::waiting;
    return {action_kind::wait, {}, was_registered ? news::lost : news::retry_failed};
}

}  // namespace rakka::epmd
