// How the two handshake machines talk to their owner: events go in, one action comes out.
//
// The owner holds the socket and the table of connections. It calls `resume` with `started`, does what the
// returned action says, calls `resume` with what came of it, and so on until `done` or `fail`:
//
//     action          the owner ...                                  and resumes with
//     read            reads at least one byte                        received / closed
//     write           writes all of `data`                           written / closed
//     check_peer      looks up peer_name() in its tables             peer_allowed / peer_refused
//     assign_name     invents a name for a node on peer_host()       name_assigned / peer_refused
//     check_attempt   looks whether it still wants this attempt      attempt::wanted / superseded
//     take_over       peer_name() has proven that it knows the       taken_over / peer_refused
//                     cookie: makes what else leads to it give
//                     way (see peer_relation)
//     done            takes result() and starts with the frames      -
//     fail            closes the socket and reports error()          -
//
// Until `take_over` nothing the peer says about itself may cost anybody else anything: it may be lying.
//
// `timed_out` may come at any time, `closed` also while the owner looks something up. An event that answers
// no action is a bug of the owner and ends the program. Machines are used by one thread at a time and never
// block.
#pragma once

#include "bytes.hpp"
#include "handshake/handshake_messages.hpp"

#include <rakka/node/cookie.hpp>
#include <rakka/node/creation.hpp>
#include <rakka/node/distribution_flags.hpp>
#include <rakka/node/errc.hpp>
#include <rakka/node/node_name.hpp>

#include <optional>
#include <string>
#include <variant>

namespace rakka::handshake {

/// What the acceptor's owner has to do with the peer at this moment: decides the status. What gives way at
/// `take_over` is the owner's own attempt, or the living connection if there was one at `check_peer`. With a
/// connection that has come up since, the owner refuses: that one goes on.
enum class peer_relation {
    none,                 ///< no connection, no attempt
    attempt_not_dialled,  ///< our own attempt has not reached the peer yet (name lookup)
    attempt_pending,      ///< our own attempt is under way
    up,                   ///< a living connection
};

// Events.
struct started {};
struct received {
    byte_view data;  ///< copied during the call
};
struct written {};
struct closed {
    std::string reason = "end of file";  ///< the words of the system, for the error text
    std::optional<node_errc> code{};     ///< known to be more than a closed connection: `reason` is the cause
};
struct timed_out {};
struct peer_allowed {
    peer_relation relation = peer_relation::none;
    std::optional<cookie> peer_cookie = std::nullopt;  ///< in place of the cookie in the options
};
struct peer_refused {
    node_errc code = node_errc::handshake_refused;
    std::string cause = "the name is not among those this node lets in";
};
struct name_assigned {
    node_name name;
    rakka::creation creation;
};
struct taken_over {};
enum class attempt { wanted, superseded };

using event = std::variant<started, received, written, closed, timed_out, peer_allowed, peer_refused,
                           name_assigned, taken_over, attempt>;

enum class action_kind {
    read,
    write,
    check_peer,
    assign_name,
    check_attempt,
    take_over,
    done,
    fail,
};

std::string_view to_string(action_kind k) noexcept;

struct action {
    action_kind kind;
    bytes data = {};  ///< with `write` only

    friend bool operator==(const action&, const action&) = default;
};

/// What both sides agreed on. Available after `done`.
struct established {
    node_name own_name;  ///< the given one, when we asked for a name
    rakka::creation own_creation;
    node_name peer_name;
    rakka::creation peer_creation;
    distribution_flags peer_flags;       ///< as the peer sent them, digest expanded
    distribution_flags effective_flags;  ///< what may be used on this connection
    bytes leftover;                      ///< read already, belongs to the first frames
};

/// Limits and carrier, the same for both sides.
struct carrier_options {
    length_prefix prefix = length_prefix::two_bytes;  ///< four_bytes inside TLS
    std::size_t max_message_size = 4096;              ///< a name of 255 bytes needs less than 300
};

}  // namespace rakka::handshake
