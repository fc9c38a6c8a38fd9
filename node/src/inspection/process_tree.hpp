// The tree of an application's processes, as observer draws it.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <string>

namespace rakka::detail {

/// How a process is called in the tree: its registered name, or its pid with its label in front; with the
/// node behind it when it is of another one. Owner process.
[[nodiscard]] std::string tree_label(const pid& p);

/// `{RootLabel, [{Pid, Label}], Links, OtherLinks}`, links as pairs of labels. Found from the root on by
/// links: one to a process that the other has started is a branch of the tree, any other one, and every one
/// to another node, is an `OtherLink`. Asks each process about itself. Owner process.
[[nodiscard]] term process_tree(const pid& root);

}  // namespace rakka::detail
