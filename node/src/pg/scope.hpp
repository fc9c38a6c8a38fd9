// One scope of process groups: the machine behind the process of that name. [protocol §6.6]
#pragma once

#include "pg/membership.hpp"
#include "pg/messages.hpp"
#include "term_hash.hpp"

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace rakka::pg_fsm {

/// How much others can make a scope hold. A membership is one time that a process has joined a group.
struct limits {
    std::size_t memberships_of_node = 1'000'000;  ///< told by one node
    std::size_t memberships_here = 10'000'000;    ///< of processes of this node: other nodes can join them
    std::size_t monitors = 100'000;
    std::size_t peers_of_node = 16;  ///< scopes of one node: one that starts again meets its past, no more
};

// ---- what the machine asks of whoever runs it

/// A message to a process, here or elsewhere; only where a connection is up, and in this order.
struct send_to {
    pid process;
    term message;
};
/// The same to the scope of this name on a node.
struct send_to_scope {
    atom node;
    term message;
};
/// Start or end the monitor of a process; scope::process_ended when it fires.
struct watch {
    pid process;
    bool on = false;
};
struct complain {
    std::string text;
};
using action = std::variant<send_to, send_to_scope, watch, complain>;
using actions = std::vector<action>;

/// Two scopes that meet do so (each does all of it):
///
///     node_up       -> discover to the scope of this name there
///     its discover  -> sync: all groups of ours; discover, if the peer is new to us
///     its sync      -> they are its members from now on
///     join, leave   -> to all peers that have had our sync
///
/// A peer is the process of a scope, so that one which starts again is another one. It goes, with all its
/// members, when it ends or its node is lost.
///
/// No sockets, processes or threads: events in, actions out. Every event may come at any time and in any
/// order. Owner: one thread at a time; const functions: several.
class scope {
public:
    struct settings {
        atom name;
        pid self;
        limits max = {};
    };
    explicit scope(settings s) : settings_(std::move(s)) {}
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

    // ---- events. Nodes: only visible ones; their ups and downs in turn, before and after all their
    // messages.
    [[nodiscard]] actions node_up(atom node);
    [[nodiscard]] actions node_down(atom node);
    [[nodiscard]] actions on_message(const peer_message& m);
    /// One that is watched: a member of this node, or a peer.
    [[nodiscard]] actions process_ended(const pid& p);

    // ---- calls of processes. Precondition of join(): all are processes of this node.
    /// False: there is no room, and nothing has changed.
    [[nodiscard]] bool join(const term& group, const std::vector<pid>& pids, actions& out);
    /// False: none of them was in the group.
    [[nodiscard]] bool leave(const term& group, const std::vector<pid>& pids, actions& out);
    /// From now on `watcher` is told of changes, of one group or of all. False: there is no room.
    [[nodiscard]] bool add_monitor(const reference& ref, const pid& watcher, std::optional<term> group);
    /// False: there is none.
    bool remove_monitor(const reference& ref);

    // ---- questions
    /// In no order, each as often as it has joined.
    [[nodiscard]] std::vector<pid> members(term_view group) const;
    [[nodiscard]] std::vector<pid> members_here(term_view group) const;
    /// Those that have members. In no order.
    [[nodiscard]] std::vector<term> groups() const;
    [[nodiscard]] std::vector<term> groups_here() const;
    [[nodiscard]] std::vector<group_members> all() const;
    [[nodiscard]] bool knows(const pid& peer) const { return peers_.contains(peer); }
    /// What all peers together have told.
    [[nodiscard]] std::size_t remote_memberships() const;

private:
    struct node_state {
        std::unordered_set<pid> peers;
        std::size_t memberships = 0;
        bool said_full = false;
        bool said_peers = false;
    };
    struct peer_state {
        bool has_our_sync = false;  ///< before it has, it could not make sense of a leave
    };
    struct watcher {
        pid process;
        std::optional<term> group;
    };

    void on(const discover& m);
    void on(const sync& m);
    void on(const joined& m);
    void on(const left& m);
    /// Null: it cannot be one.
    peer_state* meet(const pid& peer);
    void drop(const pid& peer);
    void member_ended(const pid& p);
    void add_remote(const pid& peer, const term& group, const std::vector<pid>& pids);
    void remove_remote(const pid& peer, const term& group, const std::vector<pid>& pids);
    void complain_of_full(atom node);
    void tell_peers(const term& message);
    void tell_watchers(atom what, const term& group, const std::vector<pid>& pids);
    [[nodiscard]] std::vector<group_members> all_here() const;
    void say(action a) { out_.push_back(std::move(a)); }
    [[nodiscard]] actions take();

    settings settings_;
    local_members here_;
    remote_members elsewhere_;
    std::unordered_map<atom, node_state> nodes_;  // visible ones that are connected
    std::unordered_map<pid, peer_state> peers_;
    std::unordered_map<reference, watcher> watchers_;
    std::unordered_set<reference> watchers_of_all_;
    term_map<std::unordered_set<reference>> watchers_of_group_;
    actions out_;
};

}  // namespace rakka::pg_fsm
