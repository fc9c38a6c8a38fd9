// A stack with code suspended on it, and the switch between two of them.
#pragma once

#include "engine/context.hpp"
#include "engine/sanitizer_fiber.hpp"
#include "engine/stack_pool.hpp"

#include <rakka/base/check.hpp>

#include <cstddef>

namespace rakka::detail {

/// The C++ runtime's per-thread exception state, as the ABI lays it out behind __cxa_get_globals: the stack
/// of caught exceptions and the number of uncaught ones. Code may block inside a catch block or a destructor,
/// so that this belongs to a fiber rather than to a thread.
struct exception_state {
    void* caught = nullptr;
    unsigned int uncaught = 0;
};

/// Where the calling thread keeps its exception state. Ask once per thread and keep it with the worker:
/// compilers may cache the answer of the runtime's function over a switch to another thread.
[[nodiscard]] exception_state* thread_exception_state() noexcept;

/// Lives at the top of its own stack (or, for an OS thread's own stack, in a frame of it).
class fiber : private context {
public:
    /// A fiber that starts in `entry` when it is switched to for the first time; entry never returns. Its
    /// floating-point modes are `modes`, except for tasks that set others.
    static fiber& create(const stack_memory& stack, void (*entry)() noexcept,
                         const floating_point_modes& modes) noexcept;

    /// Stands for the calling OS thread's own stack.
    fiber() noexcept { sanitizer_.adopted_thread(); }
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;
    ~fiber() = default;

    /// Leaves this fiber, which the calling thread stands on, for `to`. Returns when somebody switches back
    /// to this, perhaps on another thread. `thread` is the calling thread's exception state.
    ///
    /// Inlined, as are its callers up to suspend_current: after a switch the CPU predicts each return wrongly
    /// (its stack of return addresses is that of the fiber that was left), so the fewer frames the better.
    [[gnu::always_inline]] void switch_to(fiber& to, exception_state& thread, departure after) noexcept;
    /// The same in the middle of a task, which finds its floating-point modes as it left them.
    [[gnu::always_inline]] void block_for(fiber& to, exception_state& thread, departure after) noexcept;

    /// Ends a fiber that is switched out: no frame of it is unwound, nothing may switch to it. The stack is
    /// quiet afterwards.
    void destroy() noexcept { sanitizer_.destroyed(stack_); }

    [[nodiscard]] const stack_memory& stack() const noexcept { return stack_; }

    fiber* pool_next = nullptr;  ///< the pool's link

private:
    fiber(const stack_memory& stack, void (*entry)() noexcept, const floating_point_modes& modes) noexcept;
    [[gnu::always_inline]] void leave_for(fiber& to, const exception_state& thread) noexcept;
    static void start(fiber* left, exception_state* thread, void (*run)(fiber&, void*) noexcept, void* arg,
                      context* self) noexcept;
    [[gnu::always_inline]] void arrive(const crossing& c) noexcept;

    exception_state exceptions_;  // while switched out
    void (*entry_)() noexcept = nullptr;
    stack_memory stack_;
    [[no_unique_address]] sanitizer_fiber sanitizer_;
};

inline void fiber::leave_for(fiber& to, const exception_state& thread) noexcept {
    RAKKA_DCHECK(&to != this);
    exceptions_ = thread;
    sanitizer_.leaving_for(to.sanitizer_);
}

inline void fiber::switch_to(fiber& to, exception_state& thread, departure after) noexcept {
    leave_for(to, thread);
    arrive(context::switch_to(to, {this, &thread, after}));
}

inline void fiber::block_for(fiber& to, exception_state& thread, departure after) noexcept {
    leave_for(to, thread);
    arrive(context::switch_with_modes_to(to, {this, &thread, after}));
}

inline void fiber::arrive(const crossing& c) noexcept {
    sanitizer_.arrived_from(c.left->sanitizer_);
    *c.thread = exceptions_;
    c.after.run(*c.left, c.after.arg);  // from here on others may have the fiber that was left
}

}  // namespace rakka::detail
