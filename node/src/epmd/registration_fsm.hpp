// Registers a node with epmd and keeps it registered: the registration lives as long as its connection.
#pragma once

#include "epmd/epmd_client_io.hpp"
#include "epmd/epmd_messages.hpp"

#include <rakka/node/creation.hpp>

#include <optional>
#include <string>

namespace rakka::epmd {

/// See epmd_client_io.hpp for how to drive it. The first registration succeeds or the machine ends with
/// `fail`. After that a lost connection is tried again every retry_delay for ever, and the creation of the
/// first registration stays. To unregister, close the socket and drop the machine.
class registration_fsm {
public:
    /// `address` (host:port) is for error texts.
    registration_fsm(node_entry node, std::string address);

    [[nodiscard]] action resume(const event& e);

    /// The creation for this run of the node. REQUIRES: news::registered was seen.
    rakka::creation creation() const;

    /// The latest failure. REQUIRES: `fail`, news::lost or news::retry_failed was seen.
    const epmd_error& error() const;

private:
    enum class phase { idle, connecting, sending, awaiting_reply, registered, waiting, failed };

    action connect();
    action on_received(byte_view data);
    action on_reply(const alive2_reply& r);
    action give_up_or_wait(node_errc code, std::string received);

    node_entry node_;
    std::string address_;
    phase phase_ = phase::idle;
    bytes buffer_;
    std::optional<rakka::creation> creation_;
    std::optional<epmd_error> error_;
};

}  // namespace rakka::epmd
