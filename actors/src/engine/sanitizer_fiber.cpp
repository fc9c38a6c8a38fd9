#include "engine/sanitizer_fiber.hpp"

#ifdef RAKKA_ASAN_FIBERS
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef RAKKA_TSAN_FIBERS
#include <sanitizer/tsan_interface.h>
#endif

#if defined(RAKKA_ASAN_FIBERS) || defined(RAKKA_TSAN_FIBERS)

namespace rakka::detail {

void sanitizer_fiber::created(const stack_memory& stack) noexcept {
    stack_base_ = stack.base;
    stack_size_ = stack.size;
#ifdef RAKKA_TSAN_FIBERS
    thread_state_ = __tsan_create_fiber(0);
#endif
}

void sanitizer_fiber::adopted_thread() noexcept {
#ifdef RAKKA_TSAN_FIBERS
    thread_state_ = __tsan_get_current_fiber();
#endif
}

void sanitizer_fiber::leaving_for(sanitizer_fiber& to) noexcept {
#ifdef RAKKA_ASAN_FIBERS
    __sanitizer_start_switch_fiber(&fake_stack_, to.stack_base_, to.stack_size_);
#endif
#ifdef RAKKA_TSAN_FIBERS
    // Flag 0: what this fiber did happens before what the next one does. True, they share a thread; and
    // without it the worker's own data would seem to be shared between threads.
    __tsan_switch_to_fiber(to.thread_state_, 0);
#endif
    static_cast<void>(to);
}

void sanitizer_fiber::arrived_from(sanitizer_fiber& from) noexcept {
#ifdef RAKKA_ASAN_FIBERS
    // For an OS thread's stack this is how its bounds become known: before anybody can switch back to it.
    __sanitizer_finish_switch_fiber(fake_stack_, &from.stack_base_, &from.stack_size_);
#endif
    static_cast<void>(from);
}

void sanitizer_fiber::destroyed(const stack_memory& stack) noexcept {
#ifdef RAKKA_ASAN_FIBERS
    __asan_unpoison_memory_region(stack.base, stack.size);
#endif
#ifdef RAKKA_TSAN_FIBERS
    __tsan_destroy_fiber(thread_state_);
#endif
    static_cast<void>(stack);
}

}  // namespace rakka::detail

#endif
