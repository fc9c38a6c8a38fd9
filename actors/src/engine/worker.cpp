#include "engine/worker.hpp"

#include "engine/current.hpp"
#include "engine/current_thread.hpp"
#include "engine/scheduler_state.hpp"
#include "engine/stack_overflow.hpp"
#include "engine/ticks.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>
#include <utility>

namespace rakka::detail {

namespace {

// So many tasks a worker takes from the injection queue at once; others may steal from them.
constexpr std::size_t injected_at_once = 64;

std::uint64_t worker_seed(std::uint64_t seed, unsigned index) noexcept {
    return seed == 0 ? 0 : mixed_random(seed + index)() | 1U;
}

}  // namespace

worker::worker(scheduler::state& shared, unsigned index)
    : shared_(shared),
      home_(shared.self),
      serves_(&home_),
      shared_idle_(shared.idle),
      index_(index),
      simulated_(shared.options.workers == 0),
      chaos_(shared.options.seed != 0),
      usual_limit_(shared.options.reductions),
      stopping_(shared.stopping),
      queues_(worker_seed(shared.options.seed, index), shared.options.workers <= 1),
      timers_(*shared.time),
      time_(*shared.time),
      fibers_(shared.fibers),
      random_(shared.options.seed + index),
      seen_slices_(std::max(shared.options.workers, 1U)),
      waits_(shared.busy_wait) {
    fibers_.put(fibers_.take());  // from here on a loop always has a fiber to run on
}

worker::worker(scheduler::state& shared, dedicated_tag)
    : shared_(shared),
      home_(shared.self),
      serves_(this),
      shared_idle_(shared.idle),
      index_(static_cast<unsigned>(-1)),
      simulated_(false),
      chaos_(shared.options.seed != 0),
      usual_limit_(shared.options.reductions),
      stopping_(shared.stopping),
      queues_(0, true),
      timers_(*shared.time),
      time_(*shared.time),
      fibers_(shared.fibers),
      random_(shared.options.seed),
      waits_(nanoseconds{0}) {}

std::size_t worker::run(std::size_t slices) noexcept {
    const alternate_signal_stack for_overflows;
    worker* const before = set_current_worker(this);
    exceptions_ = thread_exception_state();
    slices_allowed_ = slices;
    until_housekeeping_ = 0;
    const std::uint64_t first = slices_.load(std::memory_order_relaxed);
    fiber native;
    native_ = &native;
    standing_ = &native;
    switch_to(fibers_.take(), {&nothing, nullptr});
    native_ = nullptr;
    standing_ = nullptr;
    set_current_worker(before);
    return static_cast<std::size_t>(slices_.load(std::memory_order_relaxed) - first);
}

void worker::loop() noexcept {
    for (;;) {
        worker& w = *current_worker();  // anew in each round: in between the fiber may have changed threads
        task* const t = w.next();
        if (t == nullptr) {
            w.switch_to(*w.native_, {&recycle, &w});
            continue;
        }
        w.begin_slice(*t);
        if (fiber* const blocked = t->fiber_) {
            t->fiber_ = nullptr;
            w.switch_to(*blocked, {&recycle, &w});
            continue;
        }
        const step s = t->run_slice();
        current_worker()->end_slice(*t, s);
    }
}

std::int32_t worker::chaotic_limit() noexcept {
    return std::min(slice_limit_, 1 + static_cast<std::int32_t>(random_.below(64)));
}

worker::glimpse worker::look() const noexcept {
    const std::uint64_t before = slices_.load(std::memory_order_acquire);
    const task* const who = current_.load(std::memory_order_acquire);
    const std::uint64_t after = slices_.load(std::memory_order_relaxed);
    return {after, before == after ? who : nullptr};
}

void worker::renew_slice() noexcept {
    settle_reductions();
    reductions_left_ = settled_left_ = slice_limit_;
}

void worker::change_limit(std::int32_t limit) noexcept {
    settle_reductions();
    reductions_left_ = settled_left_ = limit - reductions_used();
    slice_limit_ = limit;
}

void worker::bound_debt() noexcept {
    constexpr std::int32_t deepest = -(1 << 30);
    if (reductions_left_ > deepest) return;
    if (current() != nullptr) settle_reductions();
    reductions_left_ = settled_left_ = deepest;
}

void worker::end_slice_awake(task& t, step s) noexcept {
    if (s == step::again) {
        settle_reductions();
        leave_task();
        queues_.push_yielded(t);
        return;
    }
    leave_task();
    all_reductions_.add(
        static_cast<std::uint64_t>(settled_left_ - reductions_left_));  // the task's own go with it
    forget_modes();
    ended_.store(ended_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    if (shared_.draining.load(std::memory_order_relaxed)) shared_.task_ended();
}

// A body may end anywhere, also by an exit, and whoever runs next on this stack takes over its registers.
void worker::forget_modes() noexcept {
    shared_.fibers.modes().restore(floating_point_modes());
}

void worker::recycle(fiber& left, void* self) noexcept {
    static_cast<worker*>(self)->fibers_.put(left);
}

void worker::settle_blocked(fiber& left, void* arg) noexcept {
    const suspension s =
        *static_cast<suspension*>(arg);  // on the stack of the task, which may be gone after publish
    s.blocked->fiber_ = &left;
    if (!s.publish(s.arg)) [[unlikely]]
        current_worker()->make_runnable(*s.blocked);
}

fiber* worker::another_fiber_for_loop(task* picked) {
    if (!is_shared()) return native_;
    try {
        return &fibers_.take();
    } catch (...) {
        if (picked != nullptr) queues_.push(*picked);
        throw;
    }
}

void worker::yield() {
    struct tail {
        worker* self;
        task* yielding;
    } t{this, current()};
    yielding_ = true;
    // One that is urgent may be the most urgent still when it is back in its queue.
    const bool to_the_next = current()->priority_ <= task_priority::normal;
    try {
        suspend(
            [](void* p) noexcept {
                const tail at = *static_cast<tail*>(p);
                at.self->yielding_ = false;
                at.self->queues_.push_yielded(*at.yielding);
                return true;
            },
            &t, to_the_next);
    } catch (...) {
        yielding_ = false;  // nothing has happened, so that this is still the worker it was
        throw;
    }
}

void worker::trim_stack() noexcept {
    // This function's callees are still to come.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr std::size_t margin = std::size_t{16} << 10;
#else
    constexpr std::size_t margin = std::size_t{2} << 10;
#endif
    const auto* const here = static_cast<const std::byte*>(__builtin_frame_address(0));
    shared_.fibers.trim(*standing_, here - margin);
}

void worker::arm(slice_hook& hook) noexcept {
    if (hooks_ == nullptr) {
        until_hooks_ = hook_patience;
        hooks_since_ = ticks();
    }
    hook.next_ = hooks_;
    hooks_ = &hook;
}

bool worker::hooks_can_wait() const noexcept {
    // In a simulation what happens must not depend on how many slices run at once.
    return until_hooks_ > 0 && !simulated_ && queues_.size() != 0 && ticks() - hooks_since_ < a_while;
}

bool worker::hooks_wait() noexcept {
    until_hooks_ -= slice_cost();
    return hooks_can_wait();
}

void worker::run_hooks() noexcept {
    while (hooks_ != nullptr) {
        slice_hook* list = hooks_;
        hooks_ = nullptr;
        while (list != nullptr) {
            slice_hook& hook = *list;
            list = hook.next_;
            hook.armed_.store(false, std::memory_order_release);
            hook.run_(hook);
        }
    }
}

void worker::wake_for_surplus() noexcept {
    if (queues_.size() >= 3) shared_idle_.wake_one();
}

void worker::wake_for_waiting_work() noexcept {
    if (!shared_idle_.worth_waking()) return;
    const std::size_t waiting = queues_.size() + (yielding_ ? 1 : 0);
    if (waiting < 2) return;
    const std::uint64_t slice = slices_.load(std::memory_order_relaxed);
    if (slice == last_long_slice_) return;  // looked at as it ended
    together_ = slice == std::exchange(last_long_slice_, slice) + 1 ? together_ + 1 : 0;
    if (waiting > 2 || together_ > long_slices_together) {
        together_ = 0;
        shares_.store(true, std::memory_order_relaxed);
        shared_idle_.wake_one();
    }
}

/// But for the event loop.
void worker::take_what_is_due() noexcept {
    shared_.injected.take(queues_, injected_at_once);
    // Those of the others too: one that is held by a long slice fires none.
    shared_.fire_timers();
}

void worker::housekeeping() noexcept {
    until_housekeeping_ = housekeeping_period;
    take_what_is_due();
    poll_io();
    if (shared_idle_.worth_waking()) wake_for_surplus();
}

task* worker::pop() noexcept {
    task* const t = queues_.pop();
    if (t == nullptr) return nullptr;
    if (searching_) end_search();
    if (slices_allowed_ != unlimited) --slices_allowed_;
    return t;
}

task* worker::next() noexcept {
    if (task* const t = std::exchange(picked_, nullptr)) return t;
    if (task* const t = next_directly()) return t;
    return next_after_duties();
}

task* worker::next_after_duties() noexcept {
    for (;;) {
        const bool stopping = stopping_.load(std::memory_order_relaxed);
        if (hooks_ != nullptr && (stopping || !hooks_can_wait())) run_hooks();
        if (stopping || slices_allowed_ == 0) return nullptr;
        if (until_housekeeping_ <= 0) {
            housekeeping();
            run_hooks();
        }
        if (task* const t = pop()) return t;
        // Without work what comes next looks at the event loop; with it that is due as often as ever, or
        // others who always have something for this worker would keep it from sockets.
        simulated_ ? housekeeping() : take_what_is_due();
        run_hooks();
        if (task* const t = pop()) return t;
        if (simulated_) return nullptr;
        if (!search()) sleep();
    }
}

}  // namespace rakka::detail
