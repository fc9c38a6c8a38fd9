#include "supervisor/restart_strategy.hpp"

#include <rakka/base/check.hpp>

#include <utility>

namespace rakka::detail {
namespace {

/// The children that share the fate of `failed`: [first, last).
std::pair<std::size_t, std::size_t> concerned(restart_strategy strategy, std::size_t failed,
                                              std::size_t count) {
    switch (strategy) {
        case restart_strategy::one_for_all:
            return {0, count};
        case restart_strategy::rest_for_one:
            return {failed, count};
        case restart_strategy::one_for_one:
        case restart_strategy::simple_one_for_one:
            break;
    }
    return {failed, failed + 1};
}

}  // namespace

restart_plan plan_restart(restart_strategy strategy, const std::vector<bool>& temporary, std::size_t failed) {
    RAKKA_DCHECK(failed < temporary.size() && !temporary[failed]);
    const auto [first, last] = concerned(strategy, failed, temporary.size());
    restart_plan plan;
    for (std::size_t i = last; i-- > first;) {
        if (i == failed) continue;  // it has ended
        plan.stop.push_back(i);
        if (temporary[i]) plan.forget.push_back(i);
    }
    for (std::size_t i = first; i < last; ++i)
        if (!temporary[i]) plan.start.push_back(i);
    return plan;
}

}  // namespace rakka::detail
