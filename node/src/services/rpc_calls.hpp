// Calls of exported functions as rpc and erpc make them, and how their outcomes look to the caller.
#pragma once

#include <rakka/etf/term.hpp>
#include <rakka/node/exports.hpp>

#include <optional>
#include <vector>

namespace rakka::detail {

/// `Module:Function(Arguments...)`.
struct call {
    atom module;
    atom function;
    std::vector<term> arguments;
};

/// Module and function must be atoms, the arguments a proper list; else nothing.
[[nodiscard]] std::optional<call> read_call(const term& module, const term& function, const term& arguments);

/// The elements of a proper list, sharing its memory.
[[nodiscard]] std::vector<term> elements(const term& list);
[[nodiscard]] term to_list(const std::vector<term>& elements);
/// `[{M, F, Args, []}]`: the stack with which Erlang says that there is no such function.
[[nodiscard]] term undef_stack(const call& c);

/// The life of a process that a peer spawned: runs the function; `erpc:execute_call/4` and `execute_cast/3`
/// run the one they name. Owner process. [protocol §erpc]
void run_spawned(const export_table& exports, const call& c);

/// What `rpc:call` gives for `{_, M, F, Args, _}`: the value, or `{badrpc, {'EXIT', Reason}}`. Owner process.
/// [protocol §rex]
[[nodiscard]] term rpc_result(const export_table& exports, const term& request);

}  // namespace rakka::detail
