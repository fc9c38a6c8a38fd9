// The heart of `global` on one node: its names and locks, and how it becomes of one mind with other nodes.
#pragma once

#include "global/lock_table.hpp"
#include "global/lost_connections.hpp"
#include "global/messages.hpp"
#include "global/name_server_actions.hpp"
#include "global/name_table.hpp"
#include "global/sync_waiters.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rakka::global_fsm {

/// Two nodes that meet synchronise so (each does all of it; the lock is the business of the lockers):
///
///     node_up                -> init_connect to the peer
///     its init_connect       -> init_connect_ack to it, its locker to ours
///     lock_is_set            -> exchange: all our names
///     its exchange, and lock -> a resolver compares names
///     exchanged              -> resolved: what the peer must change, and whom we know
///     its resolved           -> both changes are made and told to all we know (new_nodes); we meet() those
///                               that it knows, who have heard of us by their own new_nodes and say in_sync
///
/// No sockets, processes or threads: events in, actions out. Every event may come at any time and in any
/// order. Owner: one thread at a time; const functions: several. [protocol §6.4]
class name_server {
public:
    struct settings {
        atom self;
        pid locker;
        pid registrar = {};  ///< for `info` alone
        bool connect_all = true;
        bool prevent_overlapping_partitions = true;
        std::uint64_t incarnation = 0;  ///< of this start of the node, below 2^59
        limits max = {};
    };
    explicit name_server(settings s)
        : settings_(std::move(s)),
          names_(watched_, settings_.max.names),
          locks_(watched_, settings_.max.locks),
          lost_(settings_.max.lost_connections) {}
    name_server(const name_server&) = delete;
    name_server& operator=(const name_server&) = delete;

    // ---- events. Nodes: only visible ones; their ups and downs in turn, before and after all their
    // messages.
    [[nodiscard]] actions node_up(atom node);
    [[nodiscard]] actions node_down(atom node, std::chrono::nanoseconds now);
    /// What came of meet() ...
    [[nodiscard]] actions met(atom node);
    [[nodiscard]] actions unreachable(atom node);
    /// ... and of reach().
    [[nodiscard]] actions sync_failed(atom node);
    [[nodiscard]] actions on_message(const peer_message& m, std::chrono::nanoseconds now);
    /// A gen_server:call of any process on any node. Requests that are not known are never answered.
    [[nodiscard]] actions on_call(const from& who, const term& request);
    /// The locker has the lock in both parts of the cluster.
    [[nodiscard]] actions lock_is_set(atom node, const term& my_tag, const term& requester);
    /// A resolver is done: what is to change here, and there.
    [[nodiscard]] actions exchanged(atom node, const term& my_tag, std::vector<name_op> ops,
                                    std::vector<name_op> resolved_ops);
    [[nodiscard]] actions process_ended(const pid& p);
    /// Nothing is said about connections that are lost from now on: it is we who go.
    void shutting_down() noexcept { settings_.prevent_overlapping_partitions = false; }

    // ---- questions
    [[nodiscard]] const name_table& names() const noexcept { return names_; }
    [[nodiscard]] const lock_table& locks() const noexcept { return locks_; }
    [[nodiscard]] std::vector<atom> known() const;
    [[nodiscard]] const node_set& synced() const noexcept { return synced_; }
    [[nodiscard]] bool in_session(atom node) const { return sessions_.contains(node); }
    /// Whether the names of this attempt have yet to be compared.
    [[nodiscard]] bool is_resolving(atom node, const term& my_tag) const {
        const auto it = sessions_.find(node);
        return it != sessions_.end() && it->second.my_tag == my_tag && !it->second.ops;
    }

private:
    /// One attempt to synchronise with a node.
    struct session {
        term my_tag;
        term his_tag;     ///< no value until its init_connect has come
        int version = 0;  ///< what both speak
        bool locked = false;
        term lock_requester;
        std::optional<std::vector<registration>> names;  ///< its exchange, come before the lock
        std::optional<std::vector<name_op>> ops;         ///< ours, since `exchanged`
        std::optional<resolved> his;                     ///< its resolved, come before `exchanged`
    };
    enum class parting {
        unforeseen,  ///< the connection is lost: the others have to know, unless it was foreseen
        foreseen,    ///< it will be lost, and has nothing to do with the others
    };

    void on(const init_connect& m);
    void on(const init_connect_ack& m);
    void on(const lock_set& m);
    void on(const exchange& m);
    void on(const resolved& m);
    void on(const new_nodes& m);
    void on(const in_sync& m);
    void on(const cancel_connect& m);
    void on(const lost_connection& m);
    void on(const remove_connection& m);

    void open_session(atom node);
    void start_over(atom node);
    void end_session(atom node, const term& tag, std::vector<cast_to> before = {});
    void forget_session(atom node);
    void cancel(atom node, const term& tag, std::vector<cast_to> before = {});
    [[nodiscard]] session* session_of(atom node, const term& tag);
    void compare_names(atom node, session& s);
    void finish(atom node, const session& s);
    void part_with(atom node, parting how);
    [[nodiscard]] std::vector<atom> add_known(const std::vector<node_version>& nodes);
    void done_with(atom node);
    void tell_known(const term& message, atom except);
    [[nodiscard]] bool maybe_known(atom node) const;
    [[nodiscard]] bool is_awaited(const pid& p) const;
    bool forget_awaited(const pid& p);
    void watch_awaited(atom node);

    void do_ops(const std::vector<name_op>& ops, const std::vector<external_name>& external,
                const term& lock_requester);
    void insert(registration r, std::optional<atom> external, bool lock_still_set);
    [[nodiscard]] bool is_member(const pid& registrar) const;
    [[nodiscard]] bool lock_still_set(const pid& holder) const;
    [[nodiscard]] bool lock_still_set(const term& requester) const;
    [[nodiscard]] std::optional<term> registration_call(const from& who, const term& request);
    [[nodiscard]] std::optional<term> lock_call(const from& who, const term& request);
    [[nodiscard]] std::optional<term> query(const term& request) const;
    [[nodiscard]] term info() const;
    void start_sync(const from& who, const term& nodes);
    void leave(const from& who);

    void say(action a) { out_.push_back(std::move(a)); }
    [[nodiscard]] actions take();

    settings settings_;
    watched_pids watched_;
    name_table names_;
    lock_table locks_;
    lost_connections lost_;
    sync_waiters waiters_;

    node_set up_;          // connected
    version_map known_;    // of one mind with us, or about to be by what others said
    version_map pending_;  // their init_connect has come, the session goes on
    node_set foreseen_;    // whose loss has been dealt with before the connection goes
    node_set synced_;
    std::map<atom, session, node_less> sessions_;
    std::map<atom, std::unordered_set<pid>, node_less> unwatched_;  // of nodes that are awaited
    std::int64_t last_tag_ = 0;
    std::int64_t last_loss_ = 0;
    std::chrono::nanoseconds now_{0};  // of the message that is served
    bool said_full_ = false;           // that there is no room for more names
    actions out_;
};

}  // namespace rakka::global_fsm
