// Functions called by name: apply/3 and apply/2 for what this system exports.
#pragma once

#include <rakka/etf/term.hpp>

#include <vector>

namespace rakka::detail {

/// Module:Function(arguments…). `erlang:apply/2` and `/3` are known whoever exports what. Throws
/// process_exit,
/// `{undef, [{M, F, Args, []}]}`, when it is not exported. Owner process. Erlang: apply/3.
[[nodiscard]] term apply_exported(const term& module, const term& function,
                                  const std::vector<term>& arguments);

/// `{Module, Function, Arguments}` with `first` in front of Arguments, or `fun Module:Function/Arity` with
/// `first` alone. Throws as apply_exported(), `{{badfun, F}, []}` for a fun whose code is on another node.
/// Owner process.
[[nodiscard]] term apply_callable(const term& f, std::vector<term> first);

/// The same for anything else than these two: nothing that can be called.
[[nodiscard]] bool is_mfa(term_view f) noexcept;

}  // namespace rakka::detail
