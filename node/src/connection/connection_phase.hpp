// The life of a connection to one peer, and which steps lead from one phase to the next.
#pragma once

#include <cstdint>
#include <string_view>

namespace rakka::detail {

/// A connection object is one incarnation: after `closed` the next contact makes a new one.
///
///     event                                             from -> to
///     first signal to the node, connect(), or a peer's
///     handshake that has ended well                        -   -> pending
///     handshake ended well, socket handed over          pending -> up
///     every attempt failed, or node stopped             pending -> closed
///     socket lost, peer silent or wrong, disconnect()   up      -> closed
enum class connection_phase : std::uint8_t {
    pending,  ///< signals wait in order; somebody dials, or the peer is expected to
    up,       ///< signals are encoded as they come
    closed,   ///< signals are refused; whoever had relations with the peer is being told, or has been
};

constexpr bool may_follow(connection_phase from, connection_phase to) noexcept {
    switch (from) {
        case connection_phase::pending:
            return to == connection_phase::up || to == connection_phase::closed;
        case connection_phase::up:
            return to == connection_phase::closed;
        case connection_phase::closed:
            return false;
    }
    return false;
}

constexpr std::string_view to_string(connection_phase p) noexcept {
    switch (p) {
        case connection_phase::pending:
            return "pending";
        case connection_phase::up:
            return "up";
        case connection_phase::closed:
            return "closed";
    }
    return "unknown";
}

}  // namespace rakka::detail
