// Subscriptions to the coming and going of nodes.
#pragma once

#include <cstdint>

namespace rakka {

/// Which nodes a subscription is about. Hidden: hidden on either side of the connection.
enum class node_type : std::uint8_t { visible, hidden, all };

/// How to be told. Erlang: the options of net_kernel:monitor_nodes/2.
struct monitor_nodes_options {
    /// Erlang's default is `visible`; here all are told.
    node_type type = node_type::all;
    /// Also why a node went: messages are then `{nodeup, Node, [{node_type, T}]}` and
    /// `{nodedown, Node, [{nodedown_reason, R}, {node_type, T}]}`.
    bool nodedown_reason = false;

    friend bool operator==(const monitor_nodes_options&, const monitor_nodes_options&) noexcept = default;
};

}  // namespace rakka
