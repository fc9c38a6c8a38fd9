#include "epmd/query_fsm.hpp"

#include "printable.hpp"

#include <rakka/base/check.hpp>

#include <utility>

namespace rakka::epmd {

query_fsm query_fsm::lookup(std::string name, std::string address) {
    std::string doing = "looking up " + detail::printable(name);
    return {port2_request{std::move(name)}, 0, std::move(doing), std::move(address)};
}

query_fsm query_fsm::names(std::uint16_t port, std::string address) {
    return {names_request{}, port, "listing the names", std::move(address)};
}

query_fsm::query_fsm(request question, std::uint16_t port, std::string doing, std::string address)
    : question_(std::move(question)), port_(port), doing_(std::move(doing)), address_(std::move(address)) {}

action query_fsm::resume(const event& e) {
    RAKKA_CHECK(phase_ != phase::finished);
    if (std::holds_alternative<started>(e)) {
        RAKKA_CHECK(phase_ == phase::idle);
        phase_ = phase::connecting;
        return {action_kind::connect};
    }
    if (std::holds_alternative<connected>(e)) {
        RAKKA_CHECK(phase_ == phase::connecting);
        phase_ = phase::sending;
        return {action_kind::write, encode(question_)};
    }
    if (std::holds_alternative<written>(e)) {
        RAKKA_CHECK(phase_ == phase::sending);
        phase_ = phase::awaiting_reply;
        return {action_kind::read};
    }
    if (const auto* arrived = std::get_if<received>(&e)) return on_received(arrived->data);
    if (const auto* how = std::get_if<connect_failed>(&e))
        return fail(node_errc::epmd_unreachable, how->reason);
    if (const auto* how = std::get_if<closed>(&e)) return on_closed(how->reason);
    RAKKA_CHECK(std::holds_alternative<timed_out>(e));
    const bool unanswered = phase_ == phase::connecting;
    return fail(unanswered ? node_errc::epmd_unreachable : node_errc::epmd_timeout,
                detail::printable(buffer_));
}

const node_entry& query_fsm::node() const {
    RAKKA_CHECK(node_.has_value());
    return *node_;
}

const names_reply& query_fsm::all_names() const {
    RAKKA_CHECK(names_.has_value());
    return *names_;
}

const epmd_error& query_fsm::error() const {
    RAKKA_CHECK(error_.has_value());
    return *error_;
}

action query_fsm::on_received(byte_view data) {
    RAKKA_CHECK(phase_ == phase::awaiting_reply);
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    if (buffer_.size() > max_reply_size) return fail(node_errc::epmd_bad_reply, detail::printable(buffer_));
    if (std::holds_alternative<names_request>(question_)) return {action_kind::read};
    result<std::optional<port2_reply>> r = decode_port2_reply(buffer_);
    if (!r) return fail(node_errc::epmd_bad_reply, detail::printable(buffer_));
    return r->has_value() ? finish_lookup(std::move(**r)) : action{action_kind::read};
}

/// The end of a NAMES reply is the end of the connection. [epmd §NAMES_RESP]
action query_fsm::on_closed(const std::string& reason) {
    const std::string got = buffer_.empty() ? reason : detail::printable(buffer_);
    if (phase_ != phase::awaiting_reply || !std::holds_alternative<names_request>(question_)) {
        return fail(node_errc::epmd_closed, got);
    }
    result<names_reply> r = decode_names_reply(buffer_);
    if (!r) {
        const bool cut = r.error() == node_errc::epmd_closed;
        return fail(cut ? node_errc::epmd_closed : node_errc::epmd_bad_reply, got);
    }
    if (r->epmd_port != port_) {
        return fail(node_errc::epmd_wrong_address, "port " + std::to_string(r->epmd_port));
    }
    names_ = std::move(*r);
    phase_ = phase::finished;
    return {action_kind::done};
}

action query_fsm::finish_lookup(port2_reply reply) {
    if (!reply.node) return fail(node_errc::node_not_registered, "result " + std::to_string(reply.result));
    if (reply.node->name != std::get<port2_request>(question_).name) {
        return fail(node_errc::epmd_bad_reply, "the entry of " + detail::printable(reply.node->name));
    }
    node_ = std::move(reply.node);
    phase_ = phase::finished;
    return {action_kind::done};
}

action query_fsm::fail(node_errc code, std::string received) {
    error_ = epmd_error{code, address_, doing_, std::move(received)};
    phase_ = phase::finished;
    return {action_kind::fail};
}

}  // namespace rakka::epmd
