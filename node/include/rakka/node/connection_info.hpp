// What a program may ask about the connection to one peer.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/node/creation.hpp>
#include <rakka/node/distribution_flags.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace rakka {

/// A snapshot; nothing in it changes afterwards. Erlang: net_kernel:node_info/1, net_kernel:nodes_info/0.
struct connection_info {
    atom node;
    std::string address;       ///< the peer's socket, "127.0.0.1:4369"
    std::string tls;           ///< "TLSv1.3, TLS_AES_256_GCM_SHA384"; empty: a plain connection
    bool hidden = false;       ///< hidden on either side: not in nodes(), as in Erlang
    bool outgoing = false;     ///< we dialled
    rakka::creation creation;  ///< of the peer's present incarnation
    distribution_flags flags;  ///< in effect on this connection
    std::uint64_t id = 0;      ///< counts the connections of this node, never used twice
    std::chrono::steady_clock::time_point up_since;
    std::uint64_t frames_in = 0;  ///< ticks included
    std::uint64_t frames_out = 0;
    std::uint64_t signals_in = 0;  ///< messages, links, exits, ...
    std::uint64_t signals_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::size_t bytes_waiting = 0;      ///< to be written
    std::size_t senders_suspended = 0;  ///< by dist_buf_busy_limit
};

}  // namespace rakka
