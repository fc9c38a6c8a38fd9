#include "engine/idle_registry.hpp"

#include "engine/poller.hpp"
#include "engine/worker.hpp"

#include <algorithm>

namespace rakka::detail {

void idle_registry::wake_one() noexcept {
    worker* w = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (!parked_.empty()) {
            w = parked_.back();
            parked_.pop_back();
            if (watcher_ == w) watcher_ = nullptr;
        } else if (poller_sleeps_) {
            poller_sleeps_ = false;
        } else {
            return;
        }
        // In this order: a waker must not see neither a sleeper nor a searcher.
        searching_.fetch_add(1, std::memory_order_seq_cst);
        sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    }
    if (w != nullptr) {
        w->unpark();
    } else {
        io_.interrupt();
    }
}

void idle_registry::wake_all() noexcept {
    while (sleeping_.load(std::memory_order_seq_cst) != 0)
        wake_one();
    io_.interrupt();
}

idle_registry::watching idle_registry::enter_parked(worker& w) noexcept {
    const std::lock_guard lock(mutex_);
    sleeping_.fetch_add(1, std::memory_order_seq_cst);
    if (watcher_ != nullptr) {
        parked_.push_back(&w);
        return watching::no;
    }
    watcher_ = &w;
    parked_.insert(parked_.begin(), &w);
    return watching::yes;
}

bool idle_registry::leave_parked(worker& w) noexcept {
    const std::lock_guard lock(mutex_);
    const auto it = std::find(parked_.begin(), parked_.end(), &w);
    if (it == parked_.end()) return false;
    parked_.erase(it);
    if (watcher_ == &w) watcher_ = nullptr;
    sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    return true;
}

void idle_registry::enter_poller() noexcept {
    const std::lock_guard lock(mutex_);
    poller_sleeps_ = true;
    sleeping_.fetch_add(1, std::memory_order_seq_cst);
}

bool idle_registry::leave_poller() noexcept {
    const std::lock_guard lock(mutex_);
    if (!poller_sleeps_) return false;
    poller_sleeps_ = false;
    sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    return true;
}

}  // namespace rakka::detail
