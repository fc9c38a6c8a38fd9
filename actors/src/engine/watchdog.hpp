// Notices tasks that hold their worker for too long, while they still do.
#pragma once

#include "engine/clock.hpp"
#include "engine/task.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace rakka::detail {

class worker;
class idle_registry;

/// What scheduler_options says about it.
struct watchdog_options {
    /// A slice that lasts as long is told of, once, while it lasts. Zero: nobody watches.
    nanoseconds limit{0};
    /// Told on the watchdog's own thread; `who` may have ended meanwhile. Must not block for long.
    void (*tell)(void* context, const task& who, unsigned worker, nanoseconds held) noexcept = nullptr;
    void* context = nullptr;
};

/// A thread that looks at every worker twice in `limit` as long as any of them is awake, and dozes while all
/// sleep. It has to be a thread of its own: a worker that is held cannot look, and all may be. Workers pay
/// one load each time they wake up.
class watchdog {
public:
    /// Starts the thread. Throws std::system_error when there is none to be had.
    watchdog(const watchdog_options& options, const std::vector<std::unique_ptr<worker>>& workers,
             const idle_registry& idle);
    /// Ends it.
    ~watchdog();
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    /// A worker is about to run tasks again; it has been counted as awake already. Any thread.
    void rouse() noexcept {
        if (dozing_.load(std::memory_order_seq_cst)) [[unlikely]]
            wake();
    }

private:
    struct seen {
        std::uint64_t slice = 0;
        instant since{};
        bool told = false;
    };

    void watch();
    bool look_around();
    void doze(std::unique_lock<std::mutex>& lock);
    void wake() noexcept;

    const watchdog_options options_;
    const std::vector<std::unique_ptr<worker>>& workers_;
    const idle_registry& idle_;
    const steady_clock time_;
    std::vector<seen> seen_;  // the thread's
    std::atomic<bool> dozing_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace rakka::detail
