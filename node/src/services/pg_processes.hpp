// The process of a scope of process groups, and what other nodes may call of `pg`.
#pragma once

#include <rakka/actors/exports.hpp>
#include <rakka/actors/handler.hpp>
#include <rakka/etf/identifiers.hpp>

#include <memory>

namespace rakka::detail {

struct node_core;

/// The machine pg/scope.hpp with its messages, calls and monitors; the process must be registered as `scope`.
/// Sends `{ready, Self}` to `starter` when others can find its groups. Never waits for a peer. It ends with
/// the node.
[[nodiscard]] std::unique_ptr<message_handler> make_pg_scope(std::shared_ptr<node_core> core, atom scope,
                                                             const pid& starter, const reference& ready);

/// The functions of module `pg`.
void export_pg_functions(export_table& exports);

}  // namespace rakka::detail
