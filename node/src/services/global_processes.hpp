// The processes that make up `global` on one node.
#pragma once

#include "services/global_service.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/handler.hpp>

#include <memory>
#include <vector>

namespace rakka::detail {

struct node_core;

/// `global_name_server`: the machine name_server.hpp with its messages and monitors. Starts the first two
/// processes below, linked to itself, before anything else; hands `{registrar, Change}` of callers here on to
/// the second. Never waits for a peer.
[[nodiscard]] std::unique_ptr<message_handler> make_global_name_server(std::shared_ptr<node_core> core);

// Lives of processes, which may wait for peers. Owner process.

/// The locker, see global/locker.hpp; `server` is the process global_name_server.
void run_global_locker(const std::shared_ptr<node_core>& core, const pid& server);
/// Makes changes of names for this node, one at a time, under the lock `global` on all known nodes. Serves
/// calls `{register, Name, Pid, Method}` and, for processes of C nodes, `{register_ext, Name, Pid, Method}`
/// (`yes` or `no`), `{re_register, Name, Pid, Method}` (`yes`) and `{unregister, Name}` (`ok`).
void run_global_registrar(const std::shared_ptr<node_core>& core);
/// Compares the names of `node` with ours and tells `server`.
void run_global_resolver(const std::shared_ptr<node_core>& core, const pid& server, atom node,
                         const term& my_tag, std::vector<global_fsm::registration> names);
/// Connects to `node` and tells `server` what came of it; with `for_sync` only a failure.
void run_global_meeting(const std::shared_ptr<node_core>& core, const pid& server, atom node, bool for_sync);

/// What `global:resolve_it/4` says: which of the two processes is to keep the name, or anything else for
/// neither. May end processes or send to them, or call a function of the program. Owner process.
[[nodiscard]] term resolve_global_conflict(const node_core& core, const term& method, const term& name,
                                           const term& first, const term& second);

/// The functions of module `global` that other nodes may call.
void export_global_functions(const std::shared_ptr<node_core>& core);
/// Of those, what programs call: names and locks.
void export_global_vocabulary(export_table& exports);

}  // namespace rakka::detail
