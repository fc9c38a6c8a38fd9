// A node: makes a system part of an Erlang cluster.
#pragma once

#include <rakka/actors/exports.hpp>
#include <rakka/base/result.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/node/connection_info.hpp>
#include <rakka/node/creation.hpp>
#include <rakka/node/node_monitor.hpp>
#include <rakka/node/options.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rakka {

class system;

namespace detail {
struct running_node;
}

/// Why a node could not start: a code to act on and a sentence that says what to do.
struct node_start_error {
    error_code code;
    std::string message;
};
/// What value() of a failed start throws: boost::system::system_error with the message.
[[noreturn]] void throw_exception_from_error(const node_start_error& e, const boost::source_location& where);

/// The presence of one system in a cluster. From start to stop its processes have pids that other nodes know,
/// `send`, `link`, `monitor` and `spawn_request` reach other nodes, and other nodes reach its processes and
/// names. Connections are made on first use. A system has one node at a time.
///
/// All functions: any thread, but not an I/O handler; those that block say so, and inside a process block
/// only it. Must not outlive its system. Moving is cheap; a moved-from node may only be destroyed or assigned
/// to.
class node {
public:
    /// Listens, registers with epmd and starts `net_kernel`, `rex` and `global_name_server`. Blocks for at
    /// most some seconds.
    ///
    /// Errors (code; the message names the value and the cure): bad_node_name and the like, bad_option,
    /// cookie_file_missing and the like, node_name_taken, epmd_unreachable and the like, the system's
    /// address_in_use for the listening ports, device_or_resource_busy when the system has a node already,
    /// actors_errc::name_taken when the program has a process of one of these names itself. Nothing is left
    /// behind by a start that fails. Erlang: `net_kernel:start/2`, `erl -name`.
    static boost::system::result<node, node_start_error> start(system& s, node_options options);

    node(node&&) noexcept;
    node& operator=(node&&) noexcept;
    /// stop().
    ~node();

    /// Leaves the cluster: closes every connection (processes here see `noconnection`), ends `net_kernel`,
    /// `rex`, `global_name_server` and the scopes of `pg`, unregisters. The system goes on as nonode@nohost.
    /// Idempotent. Blocks. Erlang: `net_kernel:stop/0`.
    void stop();

    /// nonode@nohost while a node that is `undefined` has no name, see node_options::name. Erlang: `node/0`.
    [[nodiscard]] atom name() const noexcept;
    [[nodiscard]] rakka::creation creation() const noexcept;
    /// The port on which it listens; 0 when it does not.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// The port of the epmd it is registered with; 0 without.
    [[nodiscard]] std::uint16_t epmd_port() const noexcept;

    /// Waits until `peer` is connected, dialling if need be. Errors: why not; the log has the whole story.
    /// Blocks for about node_options::net_setuptime at most. Erlang: `net_kernel:connect_node/1`.
    result<void> connect(atom peer);
    /// As connect(), as an answer. Erlang: `net_adm:ping/1` (without asking the peer's net_kernel).
    [[nodiscard]] bool ping(atom peer) { return static_cast<bool>(connect(peer)); }
    /// Closes the connection; false when there is none. Blocks until all signals of its loss are delivered.
    /// Of a cluster both belong to others will part with one of the two as well, see
    /// node_options::prevent_overlapping_partitions; to leave a cluster use global::disconnect(). Erlang:
    /// `erlang:disconnect_node/1`.
    bool disconnect(atom peer);

    /// The connected nodes, in no order. Erlang's nodes/0 shows visible ones only; here all are the default.
    /// Erlang: `nodes/1`.
    [[nodiscard]] std::vector<atom> nodes(node_type which = node_type::all) const;
    /// Nothing when there is no connection (nor one being made).
    [[nodiscard]] std::optional<rakka::connection_info> connection_info(atom peer) const;

    /// From now on `who`, a process of this system, is told of nodes that come and go: `{nodeup, Node}`
    /// before any other signal of a new connection, `{nodedown, Node}` after all signals of the lost one.
    /// Erlang: `net_kernel:monitor_nodes/1,2`.
    void monitor_nodes(const pid& who, monitor_nodes_options options = {});
    /// Ends one such subscription; false when there is none with these options.
    bool demonitor_nodes(const pid& who, monitor_nodes_options options = {});
    /// `who` gets one `{nodedown, Node}` when the connection to `peer` ends, or at once when it cannot be
    /// made. Erlang: `monitor_node/2`.
    void monitor_node(const pid& who, atom peer);
    /// Takes one back; false when there is none. Erlang: `monitor_node(Node, false)`.
    bool demonitor_node(const pid& who, atom peer);

    /// The cookie for all peers but those that have one of their own, from the next handshake on; the cookie
    /// file, if one was read, is not looked at any more. Erlang: `erlang:set_cookie/1`.
    void set_cookie(cookie c);
    /// The cookie for one peer, in both directions. Erlang: `erlang:set_cookie/2`.
    void set_cookie(atom peer, cookie c);
    /// Adds to node_options::allow, for connections made from now on: as long as that list was empty, all
    /// were allowed. bad_node_name: one of them is neither `name@host` nor a host part; nothing was added
    /// then. Erlang: `net_kernel:allow/1`.
    result<void> allow(const std::vector<std::string>& nodes_and_hosts);

    /// Replaces node_options::peer_rules, for connected peers too: what arrives after this has returned is
    /// held against the new rules. Links, monitors and processes that peers have already stay. bad_option:
    /// they make no sense (node::start would say why); the old ones stay then. Blocks.
    result<void> set_peer_rules(const std::vector<peer_rule>& rules);

    /// The functions that peers may call or spawn: those of the system, system::exports(), which stay when
    /// the node stops.
    [[nodiscard]] export_table& exports() noexcept;

private:
    explicit node(std::shared_ptr<detail::running_node> running);
    std::shared_ptr<detail::running_node> running_;
};

}  // namespace rakka
