// The node of the process that calls a function of the public interface.
#pragma once

#include <rakka/etf/term.hpp>

#include <vector>

namespace rakka::detail {

struct node_core;

/// Null: no node runs on the caller's system. Owner process.
[[nodiscard]] node_core* running_core();
/// The same; without a node the caller ends with `noproc`.
[[nodiscard]] node_core& core_of_caller();

/// A copy, which shows that `t` can be told to others, and keeps nothing else in memory. The caller ends with
/// `{badarg, []}` when it cannot. Owner process.
[[nodiscard]] term told_to_others(const term& t);

/// Visible nodes that are connected.
[[nodiscard]] std::vector<atom> visible_nodes(const node_core& core);

}  // namespace rakka::detail
