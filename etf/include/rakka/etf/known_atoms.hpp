// Atoms every node uses, with identities fixed at compile time so that they can be switched on.
#pragma once

#include <rakka/etf/atom.hpp>

#include <array>
#include <string_view>

namespace rakka::atoms {

namespace detail {
/// Interned in this order at the first use of the table; the atom at place i has id i + 1.
inline constexpr auto table = std::to_array<std::string_view>({
    "",
    "ok",
    "error",
    "true",
    "false",
    "undefined",
    "nil",
    "normal",
    "shutdown",
    "kill",
    "killed",
    "noproc",
    "noconnection",
    "nodedown",
    "timeout",
    "infinity",
    "EXIT",
    "DOWN",
    "process",
    "port",
    "$gen_call",
    "$gen_cast",
    "system",
    "reply",
    "noreply",
    "stop",
    "alias",
    "nonode@nohost",
    "badarg",
    "function_clause",
    "undef",
    "badmatch",
    "badarith",
    "exit",
    "throw",
    "return",
    "__struct__",
    "__exception__",
    "node",
    "monitor",
    "link",
    "priority",
    "io_request",
    "io_reply",
    "net_kernel",
    "is_auth",
    "yes",
    "no",
    "rex",
    "user",
    "erpc",
    "execute_call",
    "execute_cast",
    "erlang",
    "apply",
    "global_name_server",
    "features_request",
    "features_reply",
    "badrpc",
    "badopt",
    "notsup",
    "system_limit",
    "nodeup",
    "shutdown_timeout",
    "calling_self",
    "noname",
    "already_started",
    "ignore",
    "trap_exit",
    "hibernate",
    "continue",
    "gen_server",
    "call",
    "flush",
    "info",
    "cpp",
});

constexpr atom find(std::string_view text) {
    for (std::size_t i = 0; i < table.size(); ++i)
        if (table[i] == text) return atom::from_id(static_cast<std::uint32_t>(i + 1));
    throw "not a known atom: add it to the table";
}
}  // namespace detail

/// `atoms::known<"ok">`: a constant usable in `case` labels through `.id()`.
template <etf::detail::fixed_string Text>
inline constexpr atom known = detail::find(Text.view());

}  // namespace rakka::atoms
