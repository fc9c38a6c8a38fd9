#include "supervisor/child_pool.hpp"

#include <utility>

namespace rakka::detail {

void child_pool::insert(const pid& child, entry e) {
    erase(child);
    if (e.kind->type == child_type::supervisor) ++supervisors_;
    all_.emplace(child, std::move(e));
}

void child_pool::erase(const pid& child) {
    const auto found = all_.find(child);
    if (found == all_.end()) return;
    if (found->second.kind->type == child_type::supervisor) --supervisors_;
    all_.erase(found);
    if (!restarting_.empty()) restarting_.erase(child);
}

const child_pool::entry* child_pool::find(const pid& child) const {
    const auto found = all_.find(child);
    return found == all_.end() ? nullptr : &found->second;
}

}  // namespace rakka::detail
