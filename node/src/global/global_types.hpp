// What the machines of `global` speak of: names, locks, nodes with their protocol versions.
#pragma once

#include "term_hash.hpp"

#include <rakka/etf/order.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/etf/traits.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace rakka::global_fsm {

/// The version of the protocol spoken here; nodes of OTP 25 and later speak it too. [protocol §6.4]
inline constexpr int own_version = 8;
/// From this version on a session is confirmed by init_connect_ack and given up by cancel_connect.
inline constexpr int verified_since = 8;
/// From this version on nodes tell each other of lost connections, and the versions of those they know.
inline constexpr int lost_connections_since = 7;

/// Bounds on what all peers together can make this node hold. [docs/limits.md]
struct limits {
    std::size_t names = 1'000'000;
    std::size_t locks = 100'000;
    std::size_t nodes = 10'000;             ///< in one list of nodes, and known
    std::size_t lost_connections = 10'000;  ///< remembered
};

/// The order of node names as terms, which decides who is boss and who resolves conflicts.
struct node_less {
    bool operator()(atom a, atom b) const noexcept { return a.text() < b.text(); }
};
using node_set = std::set<atom, node_less>;
using version_map = std::map<atom, int, node_less>;

struct node_version {
    atom node;
    int version = 0;  ///< 0: not known
    friend bool operator==(const node_version&, const node_version&) noexcept = default;
};

/// `{Name, Pid, Method}`.
struct registration {
    term name;
    pid process;
    term method;
    friend bool operator==(const registration&, const registration&) noexcept = default;
};

/// `{insert, {Name, Pid, Method}}`, or `{delete, Name}` (then without a process).
struct name_op {
    registration entry;
    [[nodiscard]] bool inserts() const noexcept { return static_cast<bool>(entry.process); }
    friend bool operator==(const name_op&, const name_op&) noexcept = default;
};

/// `{Name, Pid, RegNode}`: a name of a process on a node without a name server of its own.
struct external_name {
    term name;
    pid process;
    atom node;
};

/// `{ResourceId, LockRequesterId}`.
struct lock_id {
    term resource;
    term requester;
    friend bool operator==(const lock_id&, const lock_id&) noexcept = default;
};

using detail::term_equal;
using detail::term_hash;

}  // namespace rakka::global_fsm
