// What all parts of one running node share: its identity, its options, its tables.
#pragma once

#include "connection/allow_list.hpp"
#include "connection/connection_table.hpp"
#include "connection/cookies.hpp"
#include "connection/dial_limits.hpp"
#include "connection/flush_guard.hpp"
#include "connection/name_pool.hpp"
#include "connection/node_monitors.hpp"
#include "connection/own_name_turns.hpp"
#include "connection/peer_rules.hpp"
#include "connection/router.hpp"
#include "handshake/handshake_io.hpp"
#include "transport/io_loop.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/etf/limits.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/node/creation.hpp>
#include <rakka/node/distribution_flags.hpp>
#include <rakka/node/errc.hpp>
#include <rakka/node/log.hpp>
#include <rakka/node/node_name.hpp>
#include <rakka/node/options.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace rakka {
class system;
namespace transport {
class tls_contexts;
}
}  // namespace rakka

namespace rakka::detail {

class listener;
class global_service;
class pg_service;

/// Whether the node asks for its name: `erl -name undefined`.
[[nodiscard]] inline bool is_nameless(const node_name& n) noexcept {
    return n.alive() == "undefined";
}

/// Shared by the node object, its router and its connections; the last of them lets it go. Fields are
/// constant after start, or synchronise themselves, or belong to the I/O thread, as marked.
struct node_core : std::enable_shared_from_this<node_core> {
    node_core(system& s, transport::io_loop& loop, node_options o, node_name n, cookie c);
    ~node_core();

    // ---- constant after start
    rakka::system& sys;
    transport::io_loop& io;
    const node_options options;
    const node_name name;
    const name_form form;
    const bool nameless;  ///< `undefined` in place of a name: the first peer gives it one
    std::uint16_t epmd_port = 0;
    distribution_flags own_flags;
    std::shared_ptr<global_service> global;  ///< synchronises itself
    std::shared_ptr<pg_service> pg;          ///< synchronises itself

    // ---- own synchronisation
    /// The name as an atom, nonode@nohost while a nameless node has none; the two change together. Any
    /// thread.
    [[nodiscard]] etf::node_identity identity() const noexcept {
        const std::uint64_t both = identity_.load(std::memory_order_acquire);
        return {rakka::atom::from_id(static_cast<std::uint32_t>(both >> 32)),
                static_cast<std::uint32_t>(both)};
    }
    [[nodiscard]] rakka::atom self() const noexcept { return identity().name; }
    [[nodiscard]] rakka::creation own_creation() const noexcept {
        return rakka::creation(identity().creation);
    }
    /// From now on this program's identifiers are shown to others as those of this node. I/O thread, or
    /// before there are connections.
    void set_identity(rakka::atom name, rakka::creation c) noexcept;

    detail::cookies cookies;
    allow_list allowed;
    peer_rules rules;
    connection_table connections;
    node_monitors monitors;
    /// What every node serves; the program's own functions, which come first, are the system's.
    const std::shared_ptr<export_table> built_in = std::make_shared<export_table>();
    router outbound{*this};
    dial_limits dials;
    flush_guard overdue{io, connections};
    std::atomic<bool> stopping{false};
    std::atomic<std::uint64_t> next_connection_id{1};

    // ---- I/O thread
    std::unique_ptr<transport::tls_contexts> tls;  ///< null: plain connections. Set before start
    std::unique_ptr<listener> accepting;           ///< null: not listening
    name_pool given_names;
    own_name_turns naming;                 ///< of a nameless node
    std::optional<node_name> given_name;   ///< likewise: the name it has now
    const connection* named_by = nullptr;  ///< likewise: the connection that name came with
    /// A peer has given this node its name, if that has none. False when it has had too many in its life.
    /// [dist §Dynamic node names]
    [[nodiscard]] bool take_name(const connection& from, const node_name& given, rakka::creation c);
    /// That connection is lost, the name with it, and with the name all other connections. Erlang: the
    /// distribution restarts.
    void lose_name();
    /// How many atoms this peer may still add to the table, over all its connections.
    [[nodiscard]] etf::atom_budget& atom_budget_of(rakka::atom peer);
    /// The name of a peer that has proven itself. limit_exceeded: it is new, and so many were before it.
    [[nodiscard]] result<rakka::atom> atom_of_peer(const node_name& peer);

    /// The connection to `node` in phase pending or up, making one that dials when there is none. Null when
    /// the node is stopping, or `node` could not be reached a moment ago. Any thread.
    std::shared_ptr<connection> connect_to(rakka::atom node, dial_wish whose);
    /// The living connection, or null. Any thread.
    [[nodiscard]] std::shared_ptr<connection> find(rakka::atom node) const { return connections.find(node); }

    /// Runs `work` on the I/O thread. Any thread.
    void post(std::function<void()> work);

    void log(node_log_level level, std::string peer, std::string address, error_code code,
             std::string text) const;
    /// How handshakes count their lengths. [dist §TLS]
    [[nodiscard]] handshake::carrier_options carrier() const noexcept;
    /// Whether signals may make connections.
    [[nodiscard]] bool dials_by_itself() const noexcept {
        return options.auto_connect != auto_connect::never;
    }
    [[nodiscard]] bool visible() const noexcept { return is_visible(options); }

private:
    std::atomic<std::uint64_t> identity_;
    std::unordered_map<rakka::atom, etf::atom_budget> atom_budgets_;  // I/O thread
    etf::atom_budget new_peers_;                                      // I/O thread
};

}  // namespace rakka::detail
