#include "services/global_service.hpp"

#include <mutex>

namespace rakka::detail {

std::optional<pid> global_service::whereis(term_view name) const {
    const std::shared_lock lock(mutex_);
    const auto* const found = server_ ? server_->names().find(name) : nullptr;
    return found != nullptr ? std::optional(found->process) : std::nullopt;
}

std::vector<term> global_service::names() const {
    const std::shared_lock lock(mutex_);
    std::vector<term> names;
    if (server_)
        for (auto& r : server_->names().all())
            names.push_back(std::move(r.name));
    return names;
}

std::vector<term> global_service::names_of(const pid& p) const {
    const std::shared_lock lock(mutex_);
    return server_ ? server_->names().names_of(p) : std::vector<term>();
}

bool global_service::can_set(const global_fsm::lock_id& id) const {
    const std::shared_lock lock(mutex_);
    return !server_ || server_->locks().can_set(id);
}

bool global_service::is_locked(term_view resource) const {
    const std::shared_lock lock(mutex_);
    return server_ && server_->locks().is_set(resource);
}

std::vector<atom> global_service::known() const {
    const std::shared_lock lock(mutex_);
    return server_ ? server_->known() : std::vector<atom>();
}

bool global_service::is_locker(const pid& p) const {
    const std::shared_lock lock(mutex_);
    return server_ && locker_ == p;
}

void global_service::start(global_fsm::name_server::settings s) {
    const std::unique_lock lock(mutex_);
    locker_ = s.locker;
    server_.emplace(std::move(s));
}

}  // namespace rakka::detail
