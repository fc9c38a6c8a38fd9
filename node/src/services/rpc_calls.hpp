// Calls of exported functions as rpc and erpc make them, and how their outcomes look to the caller.
#pragma once

#include <rakka/actors/exports.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace rakka::detail {

/// `Module:Function(Arguments...)`. The names are atoms; those that a peer has made up stay out of the table.
struct call {
    term module;
    term function;
    std::vector<term> arguments;
};

/// Module and function must be atoms, the arguments a proper list; else nothing.
[[nodiscard]] std::optional<call> read_call(const term& module, const term& function, const term& arguments);

[[nodiscard]] bool is_proper_list(term_view t) noexcept;
/// The elements of a proper list, sharing its memory.
[[nodiscard]] std::vector<term> elements(const term& list);
[[nodiscard]] term to_list(const std::vector<term>& elements);

/// How a call ended, in Erlang's classes of exceptions.
struct call_outcome {
    enum class how : std::uint8_t { returned, threw, exited, failed };
    how what = how::returned;
    term value;  ///< the result, what was thrown, or the reason
    term stack;  ///< of `failed` and `threw`: a list of `{M, F, ArityOrArguments, []}`
};

/// Makes the call. `erlang:apply/2,3` are followed to what they apply: external funs and exported functions;
/// anything else fails with `undef`, as where no such module is loaded. Throws process_exit when a signal
/// ends the process meanwhile. Owner process.
[[nodiscard]] call_outcome evaluate(const export_table& exports, call c);

/// The life of a process that a peer spawned: runs the function; `erpc:execute_call/4` and `execute_cast/3`
/// run the one they name. Owner process. [protocol §erpc]
void run_spawned(const export_table& exports, call c);

/// What `rpc:call` gives for `{_, M, F, Args, _}`: the value, or `{badrpc, {'EXIT', Reason}}`. Owner process.
/// [protocol §rex]
[[nodiscard]] term rpc_result(const export_table& exports, const term& request);

}  // namespace rakka::detail
