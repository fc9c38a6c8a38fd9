// Serves the spawn requests of peers: exported functions as processes, and the two functions that erpc is
// made of.
#pragma once

#include "wire/message_reader.hpp"
#include "wire/wire_error.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <optional>

namespace rakka {
class system;
}

namespace rakka::wire {
struct control_message;
}

namespace rakka::detail {

class connection;
struct node_core;

/// Spawns, answers with SPAWN_REPLY and then lets the child run, in this order: the peer must not hear of the
/// child by anything else first. An unknown function is no spawn error: the child exits with `{undef, ...}`.
/// Returns why the connection must be closed, if it must. I/O thread. [dist §spawn]
[[nodiscard]] std::optional<wire::wire_error> serve_spawn_request(node_core& core, connection& from,
                                                                  wire::inbound_message& m);

/// Answers one that is not served. I/O thread.
void refuse_spawn_request(node_core& core, connection& to, const wire::control_message& request, atom why);

/// A spawn request of a process of this node for this node.
struct local_spawn {
    reference ref;
    pid parent;
    pid group_leader;
    atom module;
    atom function;
    term arguments;
    term options;
};

/// Serves one as serve_spawn_request() does those of peers. Any thread.
void spawn_for_own_process(node_core& core, const local_spawn& request);

/// The functions every node has: `erlang:node/0`, `whereis/1` and the like.
void export_built_in_functions(export_table& exports);

}  // namespace rakka::detail
