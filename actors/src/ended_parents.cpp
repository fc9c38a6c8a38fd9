#include "ended_parents.hpp"

#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka::detail {

void ended_parents::remember(const reference& request, const term& reason) {
    const std::lock_guard lock(mutex_);
    if (order_.size() == most) {
        reasons_.erase(order_.front());
        order_.pop_front();
    }
    order_.push_back(request);
    reasons_.insert_or_assign(request, reason);
}

term ended_parents::take(const reference& request) {
    const std::lock_guard lock(mutex_);
    const auto found = reasons_.find(request);
    if (found == reasons_.end()) return atoms::known<"noproc">;
    term reason = std::move(found->second);
    reasons_.erase(found);
    return reason;
}

}  // namespace rakka::detail
