// How a node is to be: its name, secret, address, timing and limits. Every field has a default but the name.
#pragma once

#include <rakka/node/cookie.hpp>
#include <rakka/node/log.hpp>
#include <rakka/node/peer_rule.hpp>
#include <rakka/node/tls_options.hpp>
#include <rakka/node/unix_sockets.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rakka {

/// Where names are registered and looked up. [epmd]
enum class epmd_mode {
    embedded_if_absent,  ///< use the epmd that runs; if none does, be one for this machine
    running,             ///< only an epmd that runs already; starting fails without one
    none,                ///< no epmd: not registered; peers are found through `node_options::peer_port`
};

/// Whether other nodes count this one among theirs. A visible node is a member of the cluster: `nodes()`
/// shows it, it takes part in `global` and connects to all other members. A hidden one has connections of its
/// own, which nobody else hears of. Erlang: `-hidden`.
enum class node_visibility { hidden, visible };

/// Whether the node can be dialled. Erlang: `-dist_listen`.
enum class node_listen { yes, no };

/// Which signals make connections. Erlang: kernel dist_auto_connect.
enum class auto_connect {
    always,  ///< the first message, link, monitor or spawn to a node that is not connected
    once,   ///< the same, but not to a node whose connection was lost: the program has to connect() to it, or
            ///< it to us
    never,  ///< none: the program connects, or peers do
};

/// What a message may have by default, encoded: a binary of 1 GiB, and something around it.
inline constexpr std::size_t largest_message = (std::size_t{1} << 30) + (std::size_t{1} << 20);

/// Bounds on what one peer can make this node hold. A peer that goes beyond one is disconnected, except where
/// it says otherwise. All bounds, those of the node as a whole included: docs/limits.md.
struct peer_limits {
    /// Bytes of one frame. A BEAM sends a message whole, however large, when it is the one that it makes the
    /// connection for.
    std::size_t max_frame_size = largest_message;
    std::size_t max_message_size = largest_message;  ///< bytes of one message put together from fragments
    std::size_t max_fragmented_total = std::size_t{2} << 30;  ///< bytes of all unfinished messages together
    std::size_t max_sequences = 100'000;                      ///< unfinished messages at a time
    std::size_t max_new_atoms =
        100'000;                        ///< atoms it may add to the program's atom table; others stay foreign
    std::size_t max_nesting = 100'000;  ///< levels of one term
    std::size_t max_relations = 1'000'000;  ///< links and monitors it may ask for at a time
};

/// How often something may happen: `burst` times at once, and again `per_second` times in each second.
/// per_second = 0: any number of times.
struct rate_limit {
    std::size_t per_second = 0;
    std::size_t burst = 1;
};

struct node_options {
    /// `name@host`. A host part with dots (or an address) makes it a long-named node, else a short-named one.
    ///
    /// `undefined` or `undefined@host`: the first node it connects to chooses the name. Until then, and again
    /// once that connection is lost (all others are lost with it), it is nonode@nohost. Such a node is
    /// hidden, does not listen and is not registered with epmd. For tools, and what comes and goes: peers
    /// reuse the names. Erlang: `-sname undefined`, `-name undefined@host`.
    std::string name{};

    /// The cluster's secret. None: read from `cookie_file`. Erlang: `-setcookie`.
    std::optional<rakka::cookie> cookie{};
    /// None: the file a BEAM of this user reads (default_cookie_file()). A file that changes later counts for
    /// the connections that are made from then on.
    std::optional<std::filesystem::path> cookie_file{};

    /// A node that does not listen is hidden whatever this says: members of a cluster dial each other.
    node_visibility visibility = node_visibility::visible;
    /// Whether `global` connects to all nodes that its peers know, and keeps its names with them. The same on
    /// all nodes of a cluster. Erlang: kernel connect_all.
    bool connect_all = true;
    /// Whether nodes part with a node that one of them has lost its connection to, so that a cluster falls
    /// into parts that are each fully connected. The same on all nodes of a cluster. Erlang: kernel
    /// prevent_overlapping_partitions.
    bool prevent_overlapping_partitions = true;

    node_listen listen = node_listen::yes;
    /// An IP address of this machine; 0.0.0.0 for all. With an IPv6 address (:: for all, of both kinds) the
    /// node is also registered with epmd over IPv6. Erlang: kernel inet_dist_use_interface, `-proto_dist
    /// inet6_tcp`.
    std::string listen_address = "0.0.0.0";
    std::uint16_t first_port = 0;  ///< with last_port: the first free port of the range; 0, 0 = any
    std::uint16_t last_port = 0;   ///< Erlang: kernel inet_dist_listen_min / max

    /// None: connections are plain TCP. Erlang: `-proto_dist inet_tls`.
    std::optional<tls_options> tls{};

    /// Given: connections are made over Unix sockets, and over nothing else. Then there is no epmd, no port
    /// and no TLS: listen_address, the ports and the fields about epmd are not looked at. None: TCP.
    std::optional<unix_socket_options> unix_sockets{};

    epmd_mode epmd = epmd_mode::embedded_if_absent;
    std::uint16_t epmd_port = 0;  ///< 0 = the environment's ERL_EPMD_PORT, else 4369
    /// Only with epmd_mode::none: the port to dial for a node name (whole name given); none or nothing: not
    /// reachable.
    std::function<std::optional<std::uint16_t>(const std::string& peer)> peer_port{};

    /// A silent peer is given up after this time. The same on all nodes of a cluster. Erlang: kernel
    /// net_ticktime.
    std::chrono::milliseconds net_ticktime{60'000};
    unsigned net_tickintensity = 4;  ///< looks per net_ticktime, 4 to 1000
    /// For looking up, dialling and the handshake together. Erlang: kernel net_setuptime.
    std::chrono::milliseconds net_setuptime{7'000};
    rakka::auto_connect auto_connect = rakka::auto_connect::always;
    /// Nodes (`name@host`) and hosts (the part behind the @) that connections may come from and go to; empty:
    /// all. What is not on the list is refused whatever its cookie. Erlang: net_kernel:allow/1.
    std::vector<std::string> allow{};
    /// What single peers may call, spawn, send to, link to, monitor and end here; a peer that none is about
    /// may do everything, as in Erlang.
    std::vector<peer_rule> peer_rules{};

    /// Bytes waiting to be sent to one peer above which senders are suspended. Erlang: `+zdbbl`.
    std::size_t dist_buf_busy_limit = std::size_t{1} << 20;
    /// Bytes waiting above which the connection is given up: senders that cannot be suspended do not fill the
    /// memory. What the suspended ones have sent last does not count; who sends with `nosuspend` is told
    /// instead.
    std::size_t max_outbound_bytes = 2 * largest_message;
    /// Bytes of one message that may be sent, encoded (128 KiB or more): a larger one is dropped and logged,
    /// and the connection goes on. Peers of this library end it over more than their
    /// peer_limits::max_message_size.
    std::size_t max_sent_message = largest_message;
    /// Signals to a node that is not connected yet, above which senders are suspended.
    std::size_t max_pending_signals = 1'000;
    /// Sockets that may be in the middle of a handshake with us; further ones are closed at once.
    std::size_t max_handshakes = 256;
    /// New sockets that are let in, from one address (of IPv6: the first 64 bits of it) and in all; further
    /// ones are closed at once.
    rate_limit accept_rate_per_address{100, 1'000};
    rate_limit accept_rate{1'000, 4'000};
    /// Nodes that may be dialled at a time because signals go to them; further ones wait for their turn. Not
    /// counted: node::connect and the like.
    std::size_t max_dials = 256;
    /// Of those that wait, so many; still further ones are unreachable at once.
    std::size_t max_waiting_dials = 4096;
    /// A node that could not be reached is not dialled again for a signal within this time: it is unreachable
    /// at once. 0: always tried, as by a BEAM.
    std::chrono::milliseconds dial_backoff{500};
    /// Names of nodes that may become known to this program by connecting to it, over its whole life; nodes
    /// of still other names are turned away. Each takes an atom.
    std::size_t max_peer_names = 100'000;
    peer_limits limits{};

    /// None: to the log of the system, as events of the domain [rakka, node].
    node_log log{};
};

/// Whether a node with these options is visible. Any thread.
[[nodiscard]] inline bool is_visible(const node_options& o) noexcept {
    return o.visibility == node_visibility::visible && o.listen == node_listen::yes;
}

}  // namespace rakka
