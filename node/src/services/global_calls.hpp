// How processes of this node speak with the name servers of several nodes at once.
#pragma once

#include "global/global_types.hpp"

#include <rakka/etf/term.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::detail {

struct node_core;

/// Asks the process global_name_server of each node and waits for all answers; nodes that have none, or are
/// lost, are left out. Dials. Blocks as long as a node is connected and does not answer. Owner process.
/// Erlang: `gen_server:multi_call/3`.
[[nodiscard]] std::vector<std::pair<atom, term>> multi_call(const std::vector<atom>& nodes,
                                                            const term& request);

/// Sets the lock on all the nodes or none. With `look_here_first` false at once when it could not be set on
/// this node. Blocks as multi_call. Owner process.
[[nodiscard]] bool set_lock_on(const node_core& core, const global_fsm::lock_id& id,
                               const std::vector<atom>& nodes, bool look_here_first);
void del_lock_on(const global_fsm::lock_id& id, const std::vector<atom>& nodes);

// ---- calls of the process global_name_server of this node. They block; without one the caller ends with
// `noproc`. Owner process.

[[nodiscard]] term call_global_server(const term& request);
/// Changes of names as global.hpp has them, with any term as the resolve method.
[[nodiscard]] bool register_global_name(const term& name, const pid& who, const term& method);
/// For a process of a C node, which has no name server of its own: this one answers for it.
[[nodiscard]] bool register_external_name(const term& name, const pid& who, const term& method);
void re_register_global_name(const term& name, const pid& who, const term& method);
void unregister_global_name(const term& name);

/// Waits. Owner process.
void pause(std::chrono::milliseconds time);
/// Waits for a random time up to `longest`. Owner process.
void random_pause(std::chrono::milliseconds longest);

}  // namespace rakka::detail
