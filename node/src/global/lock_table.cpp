#include "global/lock_table.hpp"

#include <algorithm>

namespace rakka::global_fsm {

bool lock_table::can_set(const lock_id& id) const {
    const auto it = locks_.find(id.resource);
    return it == locks_.end() || it->second.requester == id.requester;
}

bool lock_table::set(const lock_id& id, const pid& holder) {
    if (!can_set(id)) return false;
    if (holds(id.resource, holder)) return true;
    if (holds_ >= max_locks_) return false;
    entry& e = locks_.try_emplace(id.resource, entry{id.requester, {}}).first->second;
    e.holders.push_back(holder);
    by_process_.emplace(holder, id.resource);
    watched_.add(holder);
    ++holds_;
    return true;
}

void lock_table::remove(const lock_id& id, const pid& holder) {
    const auto it = locks_.find(id.resource);
    if (it == locks_.end() || it->second.requester != id.requester) return;
    if (std::erase(it->second.holders, holder) == 0) return;
    --holds_;
    const auto [first, last] = by_process_.equal_range(holder);
    const auto place =
        std::find_if(first, last, [&](const auto& held) { return held.second == id.resource; });
    if (place != last) by_process_.erase(place);
    watched_.remove(holder);
    if (it->second.holders.empty()) freed(id.resource, false);
}

void lock_table::process_ended(const pid& p) {
    const auto [first, last] = by_process_.equal_range(p);
    std::vector<term> resources;
    for (auto i = first; i != last; ++i)
        resources.push_back(i->second);
    by_process_.erase(p);
    for (const term& resource : resources) {
        const auto it = locks_.find(resource);
        holds_ -= std::erase(it->second.holders, p);
        if (it->second.holders.empty()) freed(resource, true);
    }
}

void lock_table::node_lost(atom node) {
    std::vector<pid> holders;
    for (const auto& [p, resource] : by_process_)
        if (p.node == node) holders.push_back(p);
    for (const pid& p : holders) {
        if (!by_process_.contains(p)) continue;  // it held several
        for (auto n = by_process_.count(p); n != 0; --n)
            watched_.remove(p);
        process_ended(p);
    }
}

void lock_table::freed(const term& resource, bool by_an_end) {
    if (resource.is_atom("global"_a)) global_lock_lost_ = by_an_end;
    locks_.erase(resource);
}

bool lock_table::holds(term_view resource, const pid& p) const {
    const auto it = locks_.find(resource);
    return it != locks_.end() &&
           std::find(it->second.holders.begin(), it->second.holders.end(), p) != it->second.holders.end();
}

term lock_table::requester(term_view resource) const {
    const auto it = locks_.find(resource);
    return it == locks_.end() ? term() : it->second.requester;
}

}  // namespace rakka::global_fsm
