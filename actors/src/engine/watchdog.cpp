#include "engine/watchdog.hpp"

#include "engine/idle_registry.hpp"
#include "engine/worker.hpp"

#include <algorithm>

namespace rakka::detail {

namespace {

constexpr nanoseconds shortest_period = std::chrono::milliseconds(1);

}  // namespace

watchdog::watchdog(const watchdog_options& options, const std::vector<std::unique_ptr<worker>>& workers,
                   const idle_registry& idle)
    : options_(options), workers_(workers), idle_(idle), seen_(workers.size()), thread_([this] {
          watch();
      }) {}

watchdog::~watchdog() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void watchdog::wake() noexcept {
    const std::lock_guard lock(mutex_);
    dozing_.store(false, std::memory_order_seq_cst);
    changed_.notify_all();
}

void watchdog::watch() {
    const auto period = std::max(options_.limit / 2, shortest_period);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        changed_.wait_for(lock, period, [this] { return stopping_; });
        if (stopping_) return;
        lock.unlock();
        const bool anything = look_around();
        lock.lock();
        if (!anything) doze(lock);
    }
}

bool watchdog::look_around() {
    const instant now = time_.now();
    bool anything = false;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        const worker::glimpse g = workers_[i]->look();
        seen& s = seen_[i];
        if (g.slice != s.slice) s = {g.slice, now, false};
        if (s.since == now || g.who != nullptr) anything = true;
        if (g.who == nullptr || s.told || now - s.since < options_.limit) continue;
        s.told = true;
        options_.tell(options_.context, *g.who, workers_[i]->index(), now - s.since);
    }
    return anything;
}

void watchdog::doze(std::unique_lock<std::mutex>& lock) {
    // Announced first, looked after: a worker that was asleep until now sees it and wakes us.
    dozing_.store(true, std::memory_order_seq_cst);
    if (idle_.all_sleep(workers_.size()))
        changed_.wait(lock, [this] { return stopping_ || !dozing_.load(std::memory_order_relaxed); });
    dozing_.store(false, std::memory_order_seq_cst);
}

}  // namespace rakka::detail
