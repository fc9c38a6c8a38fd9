// The only file with a thread-local variable. A fiber may move to another thread wherever it blocks, and a
// compiler may compute the address of a thread-local once and use it again after that; so nobody else ever
// sees the variable (but for preemption_hooks.cpp, under the same rule): these functions are not inlined,
// read it afresh on each call, and none of them uses it after a switch. The same goes for errno.
#include "engine/current.hpp"

#include "engine/current_thread.hpp"
#include "engine/reductions.hpp"
#include "engine/scheduler_state.hpp"
#include "engine/worker.hpp"

#include <rakka/actors/own_threads.hpp>
#include <rakka/actors/reductions.hpp>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <new>

#if defined(__clang__)
#define RAKKA_NOT_INLINED [[gnu::noinline]]
#else
#define RAKKA_NOT_INLINED [[gnu::noipa]]
#endif

namespace rakka::detail {

// GCC forgets the model that the declaration asks for.
[[gnu::tls_model("initial-exec")]] thread_local constinit worker* this_threads_worker = nullptr;

RAKKA_NOT_INLINED worker* current_worker() noexcept {
    return this_threads_worker;
}

RAKKA_NOT_INLINED worker* set_current_worker(worker* w) noexcept {
    worker* const before = this_threads_worker;
    this_threads_worker = w;
    return before;
}

RAKKA_NOT_INLINED const void* this_thread_mark() noexcept {
    return &this_threads_worker;
}

RAKKA_NOT_INLINED task* current_task() noexcept {
    const worker* const w = this_threads_worker;
    return w == nullptr ? nullptr : w->current();
}

RAKKA_NOT_INLINED own_threads::own_threads() noexcept {
    worker* const w = this_threads_worker;
    if (w != nullptr) ++w->own_threads_depth;
}

RAKKA_NOT_INLINED own_threads::~own_threads() {
    worker* const w = this_threads_worker;
    if (w != nullptr) --w->own_threads_depth;
}

RAKKA_NOT_INLINED void suspend_current(bool (*publish)(void* arg) noexcept, void* arg) {
    this_threads_worker->suspend(publish, arg);
}

RAKKA_NOT_INLINED void trim_current_stack() noexcept {
    worker* const w = this_threads_worker;
    if (w != nullptr && w->current() != nullptr) w->trim_stack();
}

RAKKA_NOT_INLINED std::size_t current_stack_in_use() noexcept {
    const worker* const w = this_threads_worker;
    if (w == nullptr || w->current() == nullptr) return 0;
    const auto* const here = static_cast<const std::byte*>(__builtin_frame_address(0));
    return static_cast<std::size_t>(w->standing()->stack().top() - here);
}

RAKKA_NOT_INLINED void yield_current() {
    worker* const w = this_threads_worker;
    if (w != nullptr && w->current() != nullptr) w->yield();
}

RAKKA_NOT_INLINED bool consume_reductions(std::int32_t n) {
    worker* const w = this_threads_worker;
    if (w == nullptr || !w->charge(n)) return false;
    if (!w->may_give_way()) {
        w->bound_debt();
        return false;
    }
    w->yield();
    return true;
}

RAKKA_NOT_INLINED bool consume_reductions_late(std::int32_t n) {
    worker* const w = this_threads_worker;
    if (w == nullptr || !w->charge(n) || !w->overdrawn()) return false;
    if (!w->may_give_way()) {
        w->bound_debt();
        return false;
    }
    w->yield();
    return true;
}

RAKKA_NOT_INLINED bool charge_reductions(std::int32_t n) noexcept {
    worker* const w = this_threads_worker;
    return w != nullptr && w->charge(n);
}

RAKKA_NOT_INLINED void settle_reductions() noexcept {
    worker* const w = this_threads_worker;
    if (w != nullptr && w->current() != nullptr) w->settle_reductions();
}

RAKKA_NOT_INLINED std::int32_t reductions_left() noexcept {
    const worker* const w = this_threads_worker;
    return w == nullptr || w->current() == nullptr ? 0 : w->reductions_left();
}

RAKKA_NOT_INLINED std::int32_t reductions_used() noexcept {
    const worker* const w = this_threads_worker;
    return w == nullptr || w->current() == nullptr ? 0 : w->reductions_used();
}

RAKKA_NOT_INLINED void renew_slice() noexcept {
    worker* const w = this_threads_worker;
    if (w != nullptr && w->current() != nullptr) w->renew_slice();
}

RAKKA_NOT_INLINED std::int32_t limit_reductions(std::int32_t limit) noexcept {
    worker* const w = this_threads_worker;
    task& t = *w->current();
    const std::int32_t before = t.reduction_limit_ != 0 ? t.reduction_limit_ : w->home().options().reductions;
    t.reduction_limit_ = limit;
    w->change_limit(limit);
    return before;
}

RAKKA_NOT_INLINED bool may_give_way() noexcept {
    const worker* const w = this_threads_worker;
    return w != nullptr && w->may_give_way();
}

RAKKA_NOT_INLINED outside_of_tasks::outside_of_tasks() noexcept : task_(current_task()) {
    if (task_ != nullptr) this_threads_worker->leave_task();
}

RAKKA_NOT_INLINED outside_of_tasks::~outside_of_tasks() {
    if (task_ != nullptr) this_threads_worker->resume_task(*task_);
}

RAKKA_NOT_INLINED void leave_task() noexcept {
    worker* const w = this_threads_worker;
    if (w != nullptr) w->leave_task();
}

namespace {

// The address of errno is that of a thread, too.
RAKKA_NOT_INLINED int error_number() noexcept {
    return errno;
}
RAKKA_NOT_INLINED void set_error_number(int n) noexcept {
    errno = n;
}

// False when the task must go on as it is.
RAKKA_NOT_INLINED bool give_way_now() noexcept {
    worker* const w = this_threads_worker;
    if (w == nullptr) return false;
    if (!w->may_give_way() || std::uncaught_exceptions() != 0) {
        w->bound_debt();
        return false;
    }
    try {
        w->yield();
        return true;
    } catch (const std::bad_alloc&) {
        w->renew_slice();
        return false;
    }
}

}  // namespace

RAKKA_NOT_INLINED void preempt_current() noexcept {
    const int number = error_number();
    if (!give_way_now()) return;
    current_task()->was_preempted();
    set_error_number(number);
}

RAKKA_NOT_INLINED bool hold_preemption() noexcept {
    task* const t = current_task();
    if (t == nullptr) return false;
    ++t->no_preempt_depth_;
    return true;
}

RAKKA_NOT_INLINED void release_preemption() noexcept {
    if (--current_task()->no_preempt_depth_ == 0 && reductions_left() <= 0) preempt_current();
}

RAKKA_NOT_INLINED void lock_taken() noexcept {
    if (task* const t = current_task()) ++t->no_preempt_depth_;
}

RAKKA_NOT_INLINED void lock_given_back() noexcept {
    task* const t = current_task();
    // It may have been taken where there was no task, or in another one.
    if (t != nullptr && t->no_preempt_depth_ != 0) --t->no_preempt_depth_;
}

RAKKA_NOT_INLINED void make_runnable(task& t) noexcept {
    worker* const w = this_threads_worker;
    if (w != nullptr && w->serves() == t.served_by_) {
        w->make_runnable(t);
    } else if (t.served_by_ == &t.home()) {
        t.home().internals().inject(t);
    } else {
        static_cast<worker*>(const_cast<void*>(t.served_by_))->hand(t);
    }
}

RAKKA_NOT_INLINED void at_slice_end(slice_hook& hook) noexcept {
    if (hook.armed_.exchange(true, std::memory_order_acq_rel)) return;
    worker* const w = this_threads_worker;
    if (w != nullptr) {
        w->arm(hook);
    } else {
        hook.armed_.store(false, std::memory_order_release);
        hook.run_(hook);
    }
}

}  // namespace rakka::detail
