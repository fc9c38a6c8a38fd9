#include "pg/membership.hpp"

#include <utility>

namespace rakka::pg_fsm {

// ---- here

bool local_members::add(const term& group, const pid& p) {
    groups_[group].add(p);
    ++size_;
    auto& its = processes_[p];
    its.add(group);
    return its.size() == 1;
}

local_members::removal local_members::remove(const term& group, const pid& p) {
    const auto process = processes_.find(p);
    if (process == processes_.end() || !process->second.remove(group)) return removal::was_none;
    const auto entry = groups_.find(group);
    entry->second.remove(p);
    if (entry->second.empty()) groups_.erase(entry);
    --size_;
    if (!process->second.empty()) return removal::one_less;
    processes_.erase(process);
    return removal::last_of_process;
}

std::vector<term> local_members::remove_process(const pid& p) {
    const auto process = processes_.find(p);
    if (process == processes_.end()) return {};
    const std::vector<term> groups = process->second.elements();
    for (const term& group : groups)
        remove(group, p);
    return groups;
}

const bag<pid>* local_members::find(term_view group) const {
    const auto it = groups_.find(group);
    return it == groups_.end() ? nullptr : &it->second;
}

// ---- elsewhere

void remote_members::remove_peer(const pid& peer) {
    const auto groups = peers_.extract(peer);
    if (!groups) return;
    for (const auto& [group, pids] : groups.mapped())
        forget(peer, group);
}

void remote_members::forget(const pid& peer, const term& group) {
    const auto it = who_has_.find(group);
    it->second.erase(peer);
    if (it->second.empty()) who_has_.erase(it);
}

void remote_members::add(const pid& peer, const term& group, const pid& p) {
    peers_.at(peer)[group].add(p);
    who_has_[group].insert(peer);
}

bool remote_members::remove(const pid& peer, const term& group, const pid& p) {
    group_map& groups = peers_.at(peer);
    const auto it = groups.find(group);
    if (it == groups.end() || !it->second.remove(p)) return false;
    if (it->second.empty()) {
        // `group` may be the key itself.
        const auto gone = groups.extract(it);
        forget(peer, gone.key());
    }
    return true;
}

void remote_members::append_members(term_view group, std::vector<pid>& out) const {
    const auto peers = who_has_.find(group);
    if (peers == who_has_.end()) return;
    for (const pid& peer : peers->second)
        peers_.at(peer).find(group)->second.append_to(out);
}

void remote_members::append_groups(std::vector<term>& out) const {
    for (const auto& [group, peers] : who_has_)
        out.push_back(group);
}

}  // namespace rakka::pg_fsm
