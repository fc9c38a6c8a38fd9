// Holds what one peer sends against what it may do here.
#pragma once

#include "connection/log_pacer.hpp"
#include "connection/peer_rules.hpp"
#include "wire/message_reader.hpp"
#include "wire/wire_error.hpp"

#include <rakka/etf/term.hpp>

#include <memory>
#include <string>

namespace rakka::detail {

class connection;
struct node_core;

/// Of a connection to a peer that a rule is about; others have none. I/O thread.
class peer_guard {
public:
    explicit peer_guard(std::shared_ptr<const compiled_rights> may) : may_(std::move(may)) {}

    /// Whether `m` may be delivered. If not, a line of log says so, and a call that rex or net_kernel would
    /// have answered is answered; what else the protocol owes is up to the caller. The error: the
    /// connection must be closed.
    [[nodiscard]] wire::wire_result<bool> admits(node_core& core, const connection& from,
                                                 const wire::inbound_message& m);

    /// From now on. Not null.
    void change(std::shared_ptr<const compiled_rights> may) { may_ = std::move(may); }

private:
    [[nodiscard]] wire::wire_result<std::string> refusal(node_core& core,
                                                         const wire::inbound_message& m) const;
    [[nodiscard]] wire::wire_result<std::string> refusal_of_send(node_core& core,
                                                                 const wire::inbound_message& m) const;
    [[nodiscard]] std::string refusal_of_spawn(const wire::control_message& m, const term& arguments) const;
    [[nodiscard]] std::string refusal_by_rex(node_core& core, const term& message) const;
    [[nodiscard]] std::string refusal_by_net_kernel(node_core& core, const term& message) const;
    [[nodiscard]] std::string refusal_of_call(term_view request) const;
    [[nodiscard]] std::string refusal_of_forward(const node_core& core, term_view to) const;
    [[nodiscard]] bool is_kernel(const node_core& core, const pid& p) const;
    [[nodiscard]] bool is_kernel(const node_core& core, atom name) const;
    [[nodiscard]] bool may_send(const node_core& core, const pid& to) const;
    [[nodiscard]] bool may_send(const node_core& core, term_view name) const;

    std::shared_ptr<const compiled_rights> may_;
    log_pacer refusals_;
};

}  // namespace rakka::detail
