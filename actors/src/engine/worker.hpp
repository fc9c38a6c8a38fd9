// One OS thread's share of the scheduler: its queues, its timers, its fibers, and the loop that runs tasks.
#pragma once

#include "engine/fiber_pool.hpp"
#include "engine/idle_registry.hpp"
#include "engine/local_queues.hpp"
#include "engine/own_counter.hpp"
#include "engine/parker.hpp"
#include "engine/recent_time.hpp"
#include "engine/scheduler.hpp"
#include "engine/slice_hook.hpp"
#include "engine/task.hpp"
#include "engine/timer_wheel.hpp"
#include "engine/wait_history.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rakka::detail {

/// The loop runs on a pooled fiber. A task that blocks takes that fiber with it and the loop goes on with
/// another; resuming a task gives the loop's fiber back to the pool. Members are for the code that runs on
/// this worker (scheduler worker) unless said otherwise.
class alignas(64) worker : private slice_budget {
public:
    /// Throws std::bad_alloc when not even the first fiber can be had.
    worker(scheduler::state& shared, unsigned index);
    /// One for the tasks that have a thread of their own, one after the other: see dedicated_threads.hpp.
    static constexpr struct dedicated_tag {
    } dedicated{};
    worker(scheduler::state& shared, dedicated_tag);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// Free for the layers above: [0] is the process layer's, [1] the node's. The engine never looks at it.
    std::array<void*, 4> local{};

    /// Any thread.
    [[nodiscard]] unsigned index() const noexcept { return index_; }
    [[nodiscard]] scheduler& home() const noexcept { return home_; }
    /// Whose tasks it runs: its scheduler's, or those that name this very worker.
    [[nodiscard]] const void* serves() const noexcept { return serves_; }
    /// True for one of the scheduler's own; false for a dedicated one, whose index means nothing.
    [[nodiscard]] bool is_shared() const noexcept { return serves_ == &home_; }
    [[nodiscard]] timer_wheel& timers() noexcept { return timers_; }
    [[nodiscard]] recent_time& time() noexcept { return time_; }

    [[nodiscard]] task* current() const noexcept { return current_.load(std::memory_order_relaxed); }
    /// The fiber this worker's thread is on; null when it does not run.
    [[nodiscard]] const fiber* standing() const noexcept { return standing_; }
    [[nodiscard]] std::int32_t reductions_left() const noexcept { return reductions_left_; }
    [[nodiscard]] std::int32_t reductions_used() const noexcept { return slice_limit_ - reductions_left_; }

    /// Counts; true when the slice is used up.
    bool charge(std::int32_t n) noexcept { return (reductions_left_ -= n) <= 0; }
    /// True when a whole slice more than allowed has been used up.
    [[nodiscard]] bool overdrawn() const noexcept { return reductions_left_ <= -slice_limit_; }

    [[nodiscard]] slice_budget& budget() noexcept { return *this; }

    /// The slice begins anew without giving way, with another limit if one is given.
    void renew_slice() noexcept;
    void change_limit(std::int32_t limit) noexcept;

    void make_runnable(task& t) noexcept {
        queues_.push_woken(t);
        if (shared_idle_.worth_waking()) [[unlikely]]
            wake_for_surplus();
    }

    void settle_reductions() noexcept {
        const auto used = static_cast<std::uint64_t>(settled_left_ - reductions_left_);
        current()->reductions_ += used;
        all_reductions_.add(used);
        settled_left_ = reductions_left_;
    }
    [[nodiscard]] bool may_give_way() const noexcept {
        const task* const t = current();
        return t != nullptr && t->no_preempt_depth_ == 0;
    }
    /// Keeps the budget from running out of its type while nobody gives way.
    void bound_debt() noexcept;

    /// Blocks the current task, see suspend_current. The caller must look up its worker anew afterwards.
    /// `to_the_next`: whoever runs next may do so at once, without the loop.
    [[gnu::always_inline]] void suspend(bool (*publish)(void*) noexcept, void* arg, bool to_the_next = true);
    /// Sends the current task to the tail of the queue.
    void yield();
    /// What follows is not the current task's work any more; the slice ends without touching the task again.
    void leave_task() noexcept { current_.store(nullptr, std::memory_order_relaxed); }

    /// After leave_task(), in the same slice.
    void resume_task(task& t) noexcept { current_.store(&t, std::memory_order_release); }

    void arm(slice_hook& hook) noexcept;

    /// Of the own_threads scopes on this worker.
    std::uint32_t own_threads_depth = 0;

    /// Gives back what the stack stood on has used below here.
    void trim_stack() noexcept;

    void count_started() noexcept {
        started_.store(started_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    // For the scheduler.

    static constexpr std::size_t unlimited = SIZE_MAX;

    /// Makes the calling thread this worker's until the scheduler stops (a simulation: until `slices` have
    /// run or nothing is runnable). Returns the number of slices run.
    std::size_t run(std::size_t slices = unlimited) noexcept;

    /// Any thread.
    void unpark() noexcept { parker_.unpark(); }

    // For dedicated workers.

    /// Before its thread starts: for another task.
    void begin_dedicated() noexcept { over_ = false; }
    /// Makes the calling thread this worker's until its task has ended or the scheduler stops.
    void run_dedicated() noexcept;
    /// The task may run again, says another thread.
    void hand(task& t) noexcept;
    /// The running task never comes back, although it has not ended: a thread of its own need not wait for
    /// it.
    void abandon_task() noexcept;
    /// The entry of a fiber that one task has for life.
    static void own_stack() noexcept;

    /// What it was doing at one moment: the number of its slice so far, and whose it is (null: between two).
    struct glimpse {
        std::uint64_t slice;
        const task* who;
    };
    /// Tasks that could run here and wait. Any thread.
    [[nodiscard]] std::size_t waiting() const noexcept { return queues_.size(); }

    /// Any thread. The task may have ended since.
    [[nodiscard]] glimpse look() const noexcept;
    [[nodiscard]] std::uint64_t started() const noexcept { return started_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t ended() const noexcept { return ended_.load(std::memory_order_relaxed); }
    /// Of all slices here that are over. Any thread.
    [[nodiscard]] std::uint64_t all_reductions() const noexcept { return all_reductions_.value(); }

    /// The entry of each fiber.
    static void loop() noexcept;

private:
    struct suspension {
        task* blocked;
        bool (*publish)(void*) noexcept;
        void* arg;
    };

    [[nodiscard]] task* next() noexcept;
    [[nodiscard]] task* next_directly() noexcept;
    [[nodiscard]] task* next_after_duties() noexcept;
    [[nodiscard]] task* pop() noexcept;
    [[nodiscard]] fiber* fiber_for_loop(task* picked) {
        fiber* const f = fibers_.take_one();  // a dedicated worker has none of these
        return f != nullptr ? f : another_fiber_for_loop(picked);
    }
    [[nodiscard]] fiber* another_fiber_for_loop(task* picked);
    [[nodiscard]] std::int32_t slice_cost() const noexcept {
        return housekeeping_per_slice + (reductions_used() >> 2);
    }
    void run_hooks() noexcept;
    /// Whether hooks may wait for the slices of others, which may arm them again.
    [[nodiscard]] bool hooks_can_wait() const noexcept;
    /// The same, after a slice. Not in the way of those that have sent nothing.
    [[nodiscard, gnu::noinline]] bool hooks_wait() noexcept;
    void housekeeping() noexcept;
    void take_what_is_due() noexcept;
    void wake_for_surplus() noexcept;
    // So many long slices in a row two tasks have to share a worker before another one is woken for one of
    // them. Two that talk to each other are better off together, and come to no such row: one of them sleeps
    // now and then.
    static constexpr unsigned long_slices_together = 32;
    void wake_after_long_slice() noexcept {
        if (reductions_left_ < slice_limit_ / 2) [[unlikely]]
            wake_for_waiting_work();
    }
    void wake_for_waiting_work() noexcept;

    // Without work (worker_idle.cpp).
    [[nodiscard]] bool search() noexcept;
    [[nodiscard]] bool has_too_many() const noexcept;
    bool steal(bool next_too) noexcept;
    bool poll_io() noexcept;
    bool look_as_poller() noexcept;
    [[nodiscard]] bool work_in_sight() const noexcept;
    void sleep() noexcept;
    void sleep_as_poller() noexcept;
    void sleep_parked() noexcept;
    [[nodiscard]] nanoseconds watch_period() const noexcept;
    void watch() noexcept;
    void end_search() noexcept;

    void begin_slice(task& t) noexcept {
        // In this order: see look().
        slices_.store(slices_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        current_.store(&t, std::memory_order_release);
        slice_limit_ = t.reduction_limit_ != 0 ? t.reduction_limit_ : usual_limit_;
        if (chaos_) [[unlikely]]
            slice_limit_ = chaotic_limit();
        reductions_left_ = settled_left_ = slice_limit_;
    }
    [[nodiscard]] std::int32_t chaotic_limit() noexcept;
    void end_slice(task& t, step s) noexcept {
        if (s == step::wait) [[likely]] {
            leave_task();
        } else {
            end_slice_awake(t, s);
        }
    }
    void end_slice_awake(task& t, step s) noexcept;
    /// The floating-point modes are again those that a task begins with.
    void forget_modes() noexcept;
    [[gnu::always_inline]] void switch_to(fiber& to, departure after) noexcept;

    static void recycle(fiber& left, void* self) noexcept;
    static void recycle_own(fiber& left, void* self) noexcept;
    void leave_own_stack() noexcept;
    static void settle_blocked(fiber& left, void* arg) noexcept;
    static void nothing(fiber&, void*) noexcept {}

    // Housekeeping (timers, I/O, injected tasks) comes round after about 500 tiny slices or four full ones:
    // some tens of microseconds. A poll of the event loop costs half a microsecond.
    static constexpr std::int32_t housekeeping_period = 4096;
    static constexpr std::int32_t housekeeping_per_slice = 8;
    // Hooks wait for 64 tiny slices at most, or a single long one: long by its reductions, or by the clock.
    static constexpr std::int32_t hook_patience = 64 * housekeeping_per_slice;

    scheduler::state& shared_;  // constant
    scheduler& home_;           // constant
    const void* const serves_;
    idle_registry& shared_idle_;  // constant: shared_.idle
    const unsigned index_;
    const bool simulated_;
    const bool chaos_;                   // slices of random length
    const std::int32_t usual_limit_;     // of a slice
    const std::atomic<bool>& stopping_;  // shared_.stopping

    // The running slice.
    std::atomic<task*> current_{nullptr};    // written here, read by watchers
    fiber* standing_ = nullptr;              // the fiber this thread is on
    exception_state* exceptions_ = nullptr;  // this thread's
    task* picked_ = nullptr;                 // chosen while leaving a blocked task; the loop runs it first
    std::int32_t slice_limit_ = 0;           // what it began with
    std::int32_t settled_left_ = 0;  // what was left when the task's total was last brought up to date
    std::int32_t until_housekeeping_ = 0;
    slice_hook* hooks_ = nullptr;
    std::int32_t until_hooks_ = 0;   // of the first one's patience
    std::uint64_t hooks_since_ = 0;  // when it was armed, in ticks()
    std::size_t slices_allowed_ = 0;
    fiber* native_ = nullptr;             // the thread's own stack, while run() or run_dedicated() lasts
    std::atomic<task*> handed_{nullptr};  // of a dedicated worker: its task, made runnable by another thread
    bool over_ = false;                   // of a dedicated worker: its task has ended
    bool searching_ = false;              // counted in idle.searching
    bool yielding_ = false;               // the running task is about to be queued again
    unsigned together_ = 0;               // long slices in a row after which two tasks were waiting
    std::uint64_t last_long_slice_ = 0;   // of those the last
    std::uint32_t quiet_ = 0;             // watch periods without finding anything

    local_queues queues_;
    timer_wheel timers_;
    recent_time time_;
    fiber_cache fibers_;
    mixed_random random_;
    parker parker_;
    std::vector<std::uint64_t> seen_slices_;  // of each worker, at the last watch
    instant last_watch_{};
    wait_history waits_;  // as the poller

    alignas(64) std::atomic<std::uint64_t> slices_{0};  // written here, read by watchers
    std::atomic<bool> shares_{false};                   // a single waiting task, too; thieves take it back
    std::atomic<std::uint64_t> started_{0};
    std::atomic<std::uint64_t> ended_{0};
    own_counter all_reductions_;
};

inline void worker::switch_to(fiber& to, departure after) noexcept {
    fiber& from = *standing_;
    standing_ = &to;
    from.switch_to(to, *exceptions_, after);
}

inline task* worker::next_directly() noexcept {
    until_housekeeping_ -= slice_cost();
    wake_after_long_slice();
    // The duties of the loop come first when there are any.
    if ((hooks_ != nullptr && !hooks_wait()) || until_housekeeping_ <= 0 || slices_allowed_ != unlimited ||
        stopping_.load(std::memory_order_relaxed)) [[unlikely]]
        return nullptr;
    return queues_.pop();
}

inline void worker::suspend(bool (*publish)(void*) noexcept, void* arg, bool to_the_next) {
    RAKKA_DCHECK(current() != nullptr);
    settle_reductions();
    suspension s{current(), publish, arg};
    task* const successor = to_the_next ? next_directly() : nullptr;
    fiber* to = successor == nullptr ? nullptr : successor->fiber_;
    if (to != nullptr) {
        // From one blocked task straight to another: one switch instead of two.
        successor->fiber_ = nullptr;
        begin_slice(*successor);
    } else {
        to = fiber_for_loop(successor);
        picked_ = successor;
        leave_task();
    }
    fiber& from = *standing_;
    standing_ = to;
    from.block_for(*to, *exceptions_, {&settle_blocked, &s});
}

}  // namespace rakka::detail
