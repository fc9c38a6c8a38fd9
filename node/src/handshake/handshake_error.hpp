// Why one handshake failed, told so that somebody who never read the protocol knows what to do.
#pragma once

#include "bytes.hpp"
#include "handshake/handshake_messages.hpp"

#include <rakka/node/errc.hpp>

#include <string>
#include <string_view>

namespace rakka::handshake {

enum class role { initiator, acceptor };

/// Where in the conversation a side was: what it waited for or did.
enum class step {
    not_started,
    sending_name,
    awaiting_name,
    awaiting_owner,  ///< an answer of our own connection table
    sending_status,
    awaiting_status,
    sending_alive_answer,
    awaiting_alive_answer,
    sending_challenge,
    awaiting_challenge,
    awaiting_complement,
    sending_reply,
    awaiting_reply,
    taking_over,
    sending_ack,
    awaiting_ack,
    finished,
};

/// "waiting for the peer's status (ok, nok, ...)" and the like. Any thread.
std::string_view to_string(step s) noexcept;

/// One failed handshake. Digests never appear in it: a challenge and its digest would let a reader of the log
/// try cookies.
struct handshake_error {
    node_errc code = node_errc::handshake_closed;
    handshake::role role = handshake::role::initiator;
    handshake::step step = handshake::step::not_started;
    std::string peer;      ///< node name, as far as known
    std::string sent;      ///< our last message, in words; "nothing"
    std::string received;  ///< what came back, printable and bounded; "nothing"
    std::string cause;     ///< the likely cause and what to do

    /// All of it as one line of log.
    std::string message() const;
};

/// The bytes a peer sent, printable, bounded, digests left out. `data` starts at a message body, or at a
/// length field when `prefix_size` is not 0.
std::string describe_received(byte_view data, std::size_t prefix_size);

/// Whether these bytes of a peer are the beginning of a TLS record (a handshake or an alert).
bool starts_like_tls(byte_view raw) noexcept;

/// The likely cause of a failure for which the machine knows nothing more precise than step, code and bytes.
std::string likely_cause(role who, step where, node_errc code, byte_view raw, length_prefix prefix);

}  // namespace rakka::handshake
