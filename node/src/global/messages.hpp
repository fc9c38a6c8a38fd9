// What the name servers of two nodes say to each other, as structs. [protocol §6.4]
#pragma once

#include "global/global_types.hpp"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace rakka::global_fsm {

// A tag names one attempt to synchronise: each side makes one, and says in later messages the tag of the
// receiver. Tags of others are kept as they came.

/// `{init_connect, {Vsn, Tag}, Node, {locker, _, _, Locker}}`: let us synchronise.
struct init_connect {
    int version = 0;
    term tag;
    atom node;
    pid locker;
};
/// `{init_connect_ack, Node, ReceiversTag, SendersTag}`: which attempt the sender takes this to be.
struct init_connect_ack {
    atom node;
    term receivers_tag;
    term senders_tag;
};
/// `{lock_set, Locker, Bool, _, Tag}`, in older versions without the tag: one locker to the other.
struct lock_set {
    pid locker;
    bool set = false;
    std::optional<term> tag;
};
/// `{exchange, Node, Names, _, Tag}`: all names the sender has.
struct exchange {
    atom node;
    std::vector<registration> names;
    term tag;
};
/// `{resolved, Node, Ops, Known, _, External, Tag}`: what the receiver is to do to its names, and whom the
/// sender knows.
struct resolved {
    atom node;
    std::vector<name_op> ops;
    std::vector<node_version> known;
    std::vector<external_name> external;
    term tag;
};
/// `{new_nodes, Node, Ops, External, Nodes, [{lock, Requester} | _]}`: two parts of the cluster have met.
struct new_nodes {
    atom node;
    std::vector<name_op> ops;
    std::vector<external_name> external;
    std::vector<node_version> nodes;
    term lock_requester;  ///< no value: not said
};
/// `{in_sync, Node, _}`: from a node of the other part, once connected.
struct in_sync {
    atom node;
};
/// `{cancel_connect, Node, Tag}`: the sender has given this attempt up.
struct cancel_connect {
    atom node;
    term tag;
};
/// `{lost_connection, A, Incarnation, Number, B}`: A has lost B, so all others must part with B as well.
struct lost_connection {
    atom loser;
    term incarnation;
    std::int64_t number = 0;
    atom lost;
};
/// `{remove_connection, Node}`: the sender wants us to disconnect.
struct remove_connection {
    atom node;
};

using peer_message = std::variant<init_connect, init_connect_ack, lock_set, exchange, resolved, new_nodes,
                                  in_sync, cancel_connect, lost_connection, remove_connection>;

/// Reads a message to the name server, `{'$gen_cast', _}` around it or not as the protocol has it. Nothing
/// for anything else: wrong shapes, lists of more than `max.nodes` nodes. What is kept is copied, so that the
/// message can go.
[[nodiscard]] std::optional<peer_message> read_message(term_view message, const limits& max);

/// The bodies of casts (without `$gen_cast`) and plain messages.
[[nodiscard]] term init_connect_body(const term& tag, atom self, const version_map& known, const pid& locker);
[[nodiscard]] term init_connect_ack_message(atom self, const term& receivers_tag, const term& senders_tag);
/// Without `tag`: as older versions have it.
[[nodiscard]] term lock_set_body(const pid& self, bool set, const std::vector<atom>& known,
                                 const std::optional<term>& tag);
[[nodiscard]] term exchange_body(atom self, const std::vector<registration>& names, const term& tag);
[[nodiscard]] term resolved_body(atom self, const std::vector<name_op>& ops, const version_map& known,
                                 const std::vector<external_name>& external, const term& tag);
[[nodiscard]] term new_nodes_body(atom self, const std::vector<name_op>& ops,
                                  const std::vector<external_name>& external,
                                  const std::vector<node_version>& nodes, int version,
                                  const term& lock_requester);
[[nodiscard]] term in_sync_body(atom self);
[[nodiscard]] term cancel_connect_message(atom self, const term& tag);
[[nodiscard]] term lost_connection_message(const lost_connection& m);
[[nodiscard]] term remove_connection_message(atom self);

/// Lists of terms, and of what becomes one.
/// Whose message this is when it is one of a session (init_connect, lock_set, exchange, resolved, new_nodes),
/// readable or not; nothing otherwise.
[[nodiscard]] std::optional<atom> sender_of_session_message(term_view message);

[[nodiscard]] term list_of_terms(const std::vector<term>& elements);
[[nodiscard]] term known_list(const version_map& known);
[[nodiscard]] term external_list(const std::vector<external_name>& names);

/// `{ResourceId, Requester}`, copied.
[[nodiscard]] std::optional<lock_id> read_lock_id(term_view t);

}  // namespace rakka::global_fsm
