// What the scopes of two nodes say to each other, and what processes ask of one, as structs. [protocol §6.6]
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::pg_fsm {

/// A group and members of it, each as often as it has joined.
using group_members = std::pair<term, std::vector<pid>>;

// ---- between scopes. `peer` is the sender. Processes of other nodes than the sender's are left out when a
// message is read: only a process of its own node can be joined.

/// `{discover, Peer}`, `{discover, Peer, Version}`: who are you?
struct discover {
    pid peer;
};
/// `{sync, Peer, [{Group, [Pid]}]}` in a cast: all groups that have processes of its node.
struct sync {
    pid peer;
    std::vector<group_members> groups;
};
/// `{join, Peer, Group, PidOrPids}`.
struct joined {
    pid peer;
    term group;
    std::vector<pid> pids;
};
/// `{leave, Peer, PidOrPids, [Group]}`: each of the processes leaves each of the groups once.
struct left {
    pid peer;
    std::vector<pid> pids;
    std::vector<term> groups;
};
using peer_message = std::variant<discover, sync, joined, left>;

/// Nothing for anything else. What is kept is copied, so that the message can go.
[[nodiscard]] std::optional<peer_message> read_message(term_view message);

/// Without a version, which every release of OTP understands: a scope of OTP 25 ends when it is told one.
[[nodiscard]] term discover_message(const pid& self);
[[nodiscard]] term sync_message(const pid& self, const std::vector<group_members>& groups);
[[nodiscard]] term join_message(const pid& self, const term& group, const std::vector<pid>& pids);
[[nodiscard]] term leave_message(const pid& self, const std::vector<pid>& pids,
                                 const std::vector<term>& groups);

// ---- calls

/// `{join_local, Group, PidOrPids}`. A process may be in the list more than once.
struct join_call {
    term group;
    std::vector<pid> pids;
};
/// `{leave_local, Group, PidOrPids}`.
struct leave_call {
    term group;
    std::vector<pid> pids;
};
/// `monitor`, `{monitor, Group}`.
struct monitor_call {
    std::optional<term> group;
};
/// `{demonitor, Ref}`.
struct demonitor_call {
    reference ref;
};
using scope_call = std::variant<join_call, leave_call, monitor_call, demonitor_call>;

/// Nothing for anything else. Copies, as read_message().
[[nodiscard]] std::optional<scope_call> read_call(term_view request);

// ---- what becomes of them

/// `{Ref, join, Group, Pids}` or the same with `leave`.
[[nodiscard]] term change_message(const reference& ref, atom what, const term& group,
                                  const std::vector<pid>& pids);
/// `{Ref, #{Group => Pids}}`.
[[nodiscard]] term scope_answer(const reference& ref, const std::vector<group_members>& groups);

}  // namespace rakka::pg_fsm
