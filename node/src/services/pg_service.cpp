#include "services/pg_service.hpp"

#include <algorithm>

namespace rakka::detail {

std::shared_ptr<pg_scope> pg_service::find(atom name) const {
    const std::shared_lock lock(mutex_);
    const auto it = scopes_.find(name);
    return it == scopes_.end() ? nullptr : it->second;
}

std::shared_ptr<pg_scope> pg_service::add(const pg_fsm::scope::settings& s) {
    auto made = std::make_shared<pg_scope>(s);
    const std::unique_lock lock(mutex_);
    if (closed_) return nullptr;
    scopes_.insert_or_assign(s.name, made);
    return made;
}

void pg_service::remove(atom name, const pid& process) {
    const std::unique_lock lock(mutex_);
    const auto it = scopes_.find(name);
    // Another process may have the name by now.
    if (it != scopes_.end() && it->second->process == process) scopes_.erase(it);
}

bool pg_service::is_scope(const pid& p) const {
    const std::shared_lock lock(mutex_);
    return std::any_of(scopes_.begin(), scopes_.end(), [&](const auto& s) { return s.second->process == p; });
}

std::vector<pid> pg_service::close() {
    const std::unique_lock lock(mutex_);
    closed_ = true;
    std::vector<pid> processes;
    for (const auto& [name, scope] : scopes_)
        processes.push_back(scope->process);
    return processes;
}

}  // namespace rakka::detail
