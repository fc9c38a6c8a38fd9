// The only file with a thread-local variable. A fiber may move to another thread wherever it blocks, and a
// compiler may compute the address of a thread-local once and use it again after that; so nobody else ever
// sees the variable: these functions are not inlined, read it afresh on each call, and none of them uses it
// after a switch.
#include "engine/current.hpp"

#include "engine/current_thread.hpp"
#include "engine/reductions.hpp"
#include "engine/scheduler_state.hpp"
#include "engine/worker.hpp"

#include <rakka/actors/own_threads.hpp>

#if defined(__clang__)
#define RAKKA_NOT_INLINED [[gnu::noinline]]
#else
#define RAKKA_NOT_INLINED [[gnu::noipa]]
#endif

namespace rakka::detail {

namespace {

[[gnu::tls_model("initial-exec")]] thread_local worker* this_threads_worker = nullptr;

}  // namespace

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

RAKKA_NOT_INLINED void yield_current() {
    worker* const w = this_threads_worker;
    if (w != nullptr && w->current() != nullptr) w->yield();
}

RAKKA_NOT_INLINED bool consume_reductions(std::int32_t n) {
    worker* const w = this_threads_worker;
    if (w == nullptr || !w->charge(n)) return false;
    if (w->current() == nullptr || w->preemption_disabled()) return false;
    w->yield();
    return true;
}

RAKKA_NOT_INLINED bool consume_reductions_late(std::int32_t n) {
    worker* const w = this_threads_worker;
    if (w == nullptr || !w->charge(n) || !w->overdrawn()) return false;
    if (w->current() == nullptr || w->preemption_disabled()) return false;
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

RAKKA_NOT_INLINED void make_runnable(task& t) noexcept {
    worker* const w = this_threads_worker;
    if (w != nullptr && &w->home() == &t.home()) {
        w->make_runnable(t);
    } else {
        t.home().internals().inject(t);
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
