// What a worker does that has one task only, and how a task runs on a stack that is its own for life.
#include "engine/current.hpp"
#include "engine/current_thread.hpp"
#include "engine/scheduler_state.hpp"
#include "engine/stack_overflow.hpp"
#include "engine/worker.hpp"

#include <rakka/base/check.hpp>

#include <new>
#include <utility>

namespace rakka::detail {

void worker::run_dedicated() noexcept {
    shared_.wait_until_started();
    const alternate_signal_stack for_overflows;
    worker* const before = set_current_worker(this);
    exceptions_ = thread_exception_state();
    slices_allowed_ = unlimited;
    fiber native;
    native_ = &native;
    standing_ = &native;
    while (!over_ && !shared_.stopping.load(std::memory_order_acquire)) {
        until_housekeeping_ = housekeeping_period;
        task* t = queues_.pop();
        if (t == nullptr) t = handed_.exchange(nullptr, std::memory_order_acquire);
        if (t == nullptr) {
            parker_.park(never);
            continue;
        }
        begin_slice(*t);
        // Back here when it waits, yields or has ended.
        switch_to(*std::exchange(t->fiber_, nullptr), {&nothing, nullptr});
        run_hooks();
    }
    native_ = nullptr;
    standing_ = nullptr;
    set_current_worker(before);
}

void worker::hand(task& t) noexcept {
    handed_.store(&t, std::memory_order_release);
    parker_.unpark();
}

void worker::own_stack() noexcept {
    for (;;) {
        task& t = *current_task();
        const step s = t.run_slice();
        RAKKA_CHECK(s == step::done);  // it would come back without this stack
        current_worker()->leave_own_stack();
    }
}

void worker::leave_own_stack() noexcept {
    leave_task();
    forget_modes();
    if (is_shared()) {
        ended_.store(ended_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    } else {
        over_ = true;
        shared_.ended_elsewhere.fetch_add(1, std::memory_order_release);
    }
    if (shared_.draining.load(std::memory_order_relaxed)) shared_.task_ended();
    fiber* next_one = nullptr;
    try {
        next_one = fiber_for_loop(nullptr);
    } catch (const std::bad_alloc&) {
        next_one = nullptr;
    }
    // No other stack for it: from here on this one is one of the workers'. Not within the handler: what runs
    // there would find an exception that is none of its own.
    if (next_one == nullptr) loop();
    switch_to(*next_one, {&recycle_own, this});
}

void worker::abandon_task() noexcept {
    if (!is_shared()) over_ = true;
}

void worker::recycle_own(fiber& left, void* self) noexcept {
    static_cast<worker*>(self)->shared_.own.give(left);
}

}  // namespace rakka::detail
