#include "connection/dial_limits.hpp"

#include <algorithm>

namespace rakka::detail {

bool dial_limits::failed_lately(atom node, clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    const auto it = failures_.find(node);
    return it != failures_.end() && now < it->second + settings_.backoff;
}

bool dial_limits::is_barred(atom node) const {
    const std::lock_guard lock(mutex_);
    return lost_.contains(node);
}

void dial_limits::failed(atom node, clock::time_point now) {
    if (settings_.backoff.count() == 0) return;
    const std::lock_guard lock(mutex_);
    if (failures_.size() >= max_failures)
        std::erase_if(failures_, [&](const auto& f) { return now >= f.second + settings_.backoff; });
    if (failures_.size() >= max_failures) failures_.erase(failures_.begin());
    failures_[node] = now;
}

void dial_limits::succeeded(atom node) {
    const std::lock_guard lock(mutex_);
    failures_.erase(node);
    lost_.erase(node);
}

void dial_limits::lost(atom node) {
    if (!settings_.once) return;
    const std::lock_guard lock(mutex_);
    lost_.insert(node);
}

dial_limits::admission dial_limits::ask(const void* who, std::function<void(dial_place)> go) {
    if (under_way_ < settings_.max_under_way) {
        go(take());
        return admission::granted;
    }
    if (waiting_.size() >= settings_.max_waiting) return admission::refused;
    waiting_.push_back({who, std::move(go)});
    return admission::waiting;
}

void dial_limits::stop_waiting(const void* who) {
    waiting_.remove_if([who](const candidate& c) { return c.who == who; });
}

void dial_limits::give_back() noexcept {
    --under_way_;
    if (!waiting_.empty()) admit();
}

/// Not at once: whoever gives a place back may be in the middle of something.
void dial_limits::admit() {
    transport::post(io_, [this] {
        while (!waiting_.empty() && under_way_ < settings_.max_under_way) {
            const auto go = std::move(waiting_.front().go);
            waiting_.pop_front();
            go(take());
        }
    });
}

}  // namespace rakka::detail
