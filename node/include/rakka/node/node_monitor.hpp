// Subscriptions to the coming and going of nodes.
#pragma once

#include <cstdint>

namespace rakka {

/// Which nodes a subscription is about. Hidden: hidden on either side of the connection.
enum class node_type : std::uint8_t { visible, hidden, all };

/// In which form a message says more than the name. Erlang: the options are a list or a map.
enum class node_info_form : std::uint8_t {
    none,  ///< `{nodeup, Node}`; a list when something more is asked for
    list,  ///< `{nodeup, Node, [{node_type, visible}, …]}`
    map,   ///< `{nodeup, Node, #{node_type => visible, …}}`
};

/// How to be told. Erlang: the options of net_kernel:monitor_nodes/2.
struct monitor_nodes_options {
    /// Erlang's default is `visible`; here all are told.
    node_type type = node_type::all;
    /// Also why a node went: `nodedown_reason`, in messages of nodes that go.
    bool nodedown_reason = false;
    /// Also connection_info::id, as `connection_id`.
    bool connection_id = false;
    /// A list and a map have `node_type` as well.
    node_info_form form = node_info_form::none;

    friend bool operator==(const monitor_nodes_options&, const monitor_nodes_options&) noexcept = default;
};

}  // namespace rakka
