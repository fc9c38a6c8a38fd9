// Who is stopped, and who is started again, when a child has ended: the strategies of a supervisor as data.
#pragma once

#include <rakka/otp/child_spec.hpp>

#include <cstddef>
#include <vector>

namespace rakka::detail {

/// What to do, in this order. Children are numbered in start order.
struct restart_plan {
    std::vector<std::size_t> stop;    ///< the last started first
    std::vector<std::size_t> forget;  ///< of those stopped: temporary ones, which never come again
    std::vector<std::size_t> start;   ///< in start order; the failed one among them
};

/// The plan for the end of child `failed`, which is to be restarted. `temporary[i]`: of child i, in start
/// order. Children that do not run are stopped and started as the others: to stop them does nothing. Pure.
/// Precondition: failed < temporary.size(), and the failed child is not temporary.
[[nodiscard]] restart_plan plan_restart(restart_strategy strategy, const std::vector<bool>& temporary,
                                        std::size_t failed);

}  // namespace rakka::detail
