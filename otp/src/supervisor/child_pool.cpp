#include "supervisor/child_pool.hpp"

#include <utility>

namespace rakka::detail {

void child_pool::insert(const pid& child, entry e) {
    erase(child);
    if (e.kind->type == child_type::supervisor) ++supervisors_;
    all_.put(child, std::move(e));
}

void child_pool::erase(const pid& child) {
    const entry* const found = all_.find(child);
    if (found == nullptr) return;
    if (found->kind->type == child_type::supervisor) --supervisors_;
    all_.erase(child);
    if (!restarting_.empty()) restarting_.erase(child);
}

const child_pool::entry* child_pool::find(const pid& child) const {
    return all_.find(child);
}

}  // namespace rakka::detail
