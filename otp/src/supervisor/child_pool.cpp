#include "supervisor/child_pool.hpp"

#include <algorithm>
#include <utility>

namespace rakka::detail {

void child_pool::insert(const pid& child, entry e) {
    erase(child);
    if (e.kind->type == child_type::supervisor) ++supervisors_;
    all_.put(child, std::move(e));
    most_ = std::max(most_, all_.size());
}

void child_pool::erase(const pid& child) {
    const entry* const found = all_.find(child);
    if (found == nullptr) return;
    if (found->kind->type == child_type::supervisor) --supervisors_;
    all_.erase(child);
    if (!restarting_.empty()) restarting_.erase(child);
    // Long before it is as long again there have been as many starts as there are moves here.
    if (most_ > small && all_.size() < most_ / 8) {
        all_.shrink();
        most_ = all_.size();
    }
}

const child_pool::entry* child_pool::find(const pid& child) const {
    return all_.find(child);
}

}  // namespace rakka::detail
