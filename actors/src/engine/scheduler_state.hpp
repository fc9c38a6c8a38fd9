// What the workers of one scheduler share; private to the engine's own files.
#pragma once

#include "engine/blocking_pool.hpp"
#include "engine/dedicated_threads.hpp"
#include "engine/fiber_pool.hpp"
#include "engine/idle_registry.hpp"
#include "engine/local_queues.hpp"
#include "engine/own_stacks.hpp"
#include "engine/poller.hpp"
#include "engine/scheduler.hpp"
#include "engine/watchdog.hpp"
#include "engine/worker.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace rakka::detail {

struct scheduler::state {
    state(scheduler& s, const scheduler_options& o);

    scheduler& self;
    const scheduler_options options;
    manual_clock virtual_time;  // moved by the scheduler in a simulation with no clock given
    const clock* const time;
    const instant made = time->now();
    const nanoseconds busy_wait;  // as the options say, or none

    // Destroyed in the reverse order: fibers before their stacks, workers before what they use.
    stack_pool stacks;
    fiber_pool fibers;
    own_stacks own;
    injection_queue injected;
    idle_registry idle;
    dedicated_threads dedicated;
    poller io;  // handlers that it still holds wake processes as they are destroyed
    blocking_pool blocking;
    std::vector<std::unique_ptr<worker>> workers;
    std::vector<std::thread> threads;
    std::unique_ptr<watchdog> dog;  // constant while workers run; null: nobody watches

    std::mutex life_mutex;  // starting and stopping
    std::atomic<bool> started{false};
    std::atomic<bool> stopping{false};
    std::atomic<std::uint64_t> started_elsewhere{0};  // not on a worker of `workers`; likewise the ends
    std::atomic<std::uint64_t> ended_elsewhere{0};
    std::atomic<bool> draining{false};
    std::mutex drain_mutex;
    std::condition_variable drained;
    std::size_t abandoned = 0;

    [[nodiscard]] std::size_t living() const noexcept;
    /// No timer of any worker fires before this.
    [[nodiscard]] instant next_timer() const noexcept;
    [[nodiscard]] bool timer_is_due() const noexcept {
        const instant next = next_timer();
        return next != never && next <= time->now();
    }
    /// Fires what has expired, on whichever wheel.
    void fire_timers() noexcept;
    void inject(task& t) noexcept;
    /// For threads that are there before the start: returns when it has come, or the end.
    void wait_until_started() noexcept { started.wait(false, std::memory_order_acquire); }
    void task_ended() noexcept;
};

}  // namespace rakka::detail
