// Ending children: asked to, waited for as long as they may take, killed after that.
//
// A child is watched by a monitor, not by its link, so that one that has unlinked itself cannot hold its
// supervisor; the link stays until the child is gone, so that a supervisor that is killed meanwhile takes its
// children with it.
#pragma once

#include "supervisor/child_kind.hpp"

#include <optional>
#include <vector>

namespace rakka::detail {

struct child_to_stop {
    pid child;
    const child_kind* kind;
};
/// A child that has ended otherwise than it was asked to.
struct failed_stop {
    child_to_stop who;
    term reason;
};

/// Ends one child and waits until it has; of any node. Gives its reason when that is not one of those
/// expected: `killed` for brutal_kill, else `shutdown`; `normal` and `{shutdown, _}` too unless the child is
/// permanent. Owner process. Erlang: supervisor's shutdown/1.
[[nodiscard]] std::optional<term> stop_child(const pid& child, const child_kind& kind);

/// Ends all of them at the same time, each with its own limit. Time in proportion to their number. Owner
/// process.
[[nodiscard]] std::vector<failed_stop> stop_children(const std::vector<child_to_stop>& children);

}  // namespace rakka::detail
