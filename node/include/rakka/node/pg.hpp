// Process groups of the whole cluster, kept together with Erlang's own `pg` on every visible node.
//
// A process of any node is found by the groups it has joined; each node says of its own processes where they
// are. Nobody asks or locks anything, so for a moment two nodes may see a group differently. A group is any
// term and is there as long as it has members. Groups of one scope know nothing of those of another; a scope
// spans the nodes on which a process runs it.
//
// All functions: inside a process of a system that has a node (outside of one they throw std::logic_error;
// there, use system::run). Functions without a scope are about the scope `pg`. Those that look at groups do
// not block, and find nothing where the scope does not run. Those that say so block until the process of the
// scope on this node has answered, which waits for no other node; where there is none they end the caller
// with `noproc`, as without a node. A function that blocks is ended by exit signals as receive() is. A group
// that holds C++ objects ends the caller with `{badarg, []}`.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <utility>
#include <vector>

namespace rakka::pg {

// ---- scopes

/// The scope `pg`.
[[nodiscard]] atom default_scope();

/// Starts the process of a scope, registered under its name, and waits until it can be used. It ends with the
/// node, and with it all that the scope knew; members do not come back with the next one. Blocks. Errors:
/// actors_errc::name_taken (the scope runs already, or something else has its name), bad_name, system_limit,
/// stopping (the node). Erlang: `pg:start/1`.
result<pid> start(atom scope = default_scope());
/// The same, linked to the caller. Erlang: `pg:start_link/0,1`.
result<pid> start_link(atom scope = default_scope());

// ---- members

/// Processes of this node become members, each as often as it is named here and in earlier calls, until they
/// leave as often, or end. On return this node knows; the others are being told. Ends the caller with an
/// error `{nolocal, Pid}` for a process of another node, `system_limit` when there are too many memberships
/// (docs/limits.md). An empty list does nothing. Blocks. Erlang: `pg:join/2,3`.
void join(const term& group, const pid& who);
void join(const term& group, const std::vector<pid>& who);
void join(atom scope, const term& group, const pid& who);
void join(atom scope, const term& group, const std::vector<pid>& who);

/// Each of them leaves once. False when none was a member; those that were not are passed over. Ends the
/// caller with an error `{nolocal, Pid}` as join(). Blocks. Erlang: `pg:leave/2,3`, where false is
/// `not_joined`.
bool leave(const term& group, const pid& who);
bool leave(const term& group, const std::vector<pid>& who);
bool leave(atom scope, const term& group, const pid& who);
bool leave(atom scope, const term& group, const std::vector<pid>& who);

// ---- looking at groups

/// Members on all nodes, in no order, each as often as it has joined. Does not block. Erlang:
/// `pg:get_members/1,2`.
[[nodiscard]] std::vector<pid> get_members(term_view group);
[[nodiscard]] std::vector<pid> get_members(atom scope, term_view group);
/// Those of this node. Does not block. Erlang: `pg:get_local_members/1,2`.
[[nodiscard]] std::vector<pid> get_local_members(term_view group);
[[nodiscard]] std::vector<pid> get_local_members(atom scope, term_view group);
/// Groups that have members, in no order. Does not block. Erlang: `pg:which_groups/0,1`.
[[nodiscard]] std::vector<term> which_groups(atom scope = default_scope());
/// Groups that have members on this node. Does not block. Erlang: `pg:which_local_groups/0,1`.
[[nodiscard]] std::vector<term> which_local_groups(atom scope = default_scope());

// ---- being told of changes. The messages are `{Ref, join, Group, [Pid]}` and `{Ref, leave, Group, [Pid]}`,
// one for each change of one group: what joins or leaves in one call or is lost with one node comes together,
// a process that ends leaves once for each time it had joined.

/// How a group was when the monitor began; each change from then on is a message.
struct group_monitor {
    reference ref;
    std::vector<pid> members;
};
/// The caller is told of changes of one group, until demonitor() or its end. Called twice it is told twice.
/// Ends the caller with `system_limit` when there are too many monitors. Blocks. Erlang: `pg:monitor/1,2`.
[[nodiscard]] group_monitor monitor(const term& group);
[[nodiscard]] group_monitor monitor(atom scope, const term& group);

/// How all groups were when the monitor began.
struct scope_monitor {
    reference ref;
    std::vector<std::pair<term, std::vector<pid>>> groups;  ///< in no order
};
/// The caller is told of changes of all groups of the scope; otherwise as monitor(). Erlang:
/// `pg:monitor_scope/0,1`.
[[nodiscard]] scope_monitor monitor_scope(atom scope = default_scope());

/// Ends a monitor of either kind and takes its messages out of the caller's mailbox. False when there is
/// none. Blocks. Erlang: `pg:demonitor/1,2`.
bool demonitor(const reference& ref);
bool demonitor(atom scope, const reference& ref);

}  // namespace rakka::pg
