// A stack with code suspended on it, and the switch between two of them.
#pragma once

#include "engine/sanitizer_fiber.hpp"
#include "engine/stack_pool.hpp"

#include <rakka/base/check.hpp>

#include <boost/context/detail/fcontext.hpp>

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

class fiber;

/// What is to be done about a fiber that has just been left, on the fiber that follows on the same thread.
/// Only now is the one that was left resumable by others. `arg` usually lives on its stack.
struct departure {
    void (*run)(fiber& left, void* arg) noexcept;
    void* arg;
};

/// Lives at the top of its own stack (or, for an OS thread's own stack, in a frame of it).
class fiber {
public:
    /// A fiber that starts in `entry` when it is switched to for the first time; entry never returns.
    static fiber& create(const stack_memory& stack, void (*entry)() noexcept) noexcept;

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

    /// Ends a fiber that is switched out: no frame of it is unwound, nothing may switch to it. The stack is
    /// quiet afterwards.
    void destroy() noexcept { sanitizer_.destroyed(stack_); }

    [[nodiscard]] const stack_memory& stack() const noexcept { return stack_; }

    fiber* pool_next = nullptr;  ///< the pool's link

private:
    struct crossing;

    fiber(const stack_memory& stack, void (*entry)() noexcept) noexcept;
    static void start(boost::context::detail::transfer_t t) noexcept;
    [[gnu::always_inline]] static void arrive(boost::context::detail::transfer_t t) noexcept;

    boost::context::detail::fcontext_t context_ = nullptr;  // valid while switched out
    exception_state exceptions_;                            // while switched out
    void (*entry_)() noexcept = nullptr;
    stack_memory stack_;
    [[no_unique_address]] sanitizer_fiber sanitizer_;
};

/// Carried over a jump, on the stack that is left.
struct fiber::crossing {
    fiber* from;
    fiber* to;
    exception_state* thread;
    departure after;
};

inline void fiber::switch_to(fiber& to, exception_state& thread, departure after) noexcept {
    RAKKA_DCHECK(&to != this && to.context_ != nullptr);
    exceptions_ = thread;
    crossing c{this, &to, &thread, after};
    const boost::context::detail::fcontext_t target = to.context_;
    to.context_ = nullptr;
    sanitizer_.leaving_for(to.sanitizer_);
    arrive(boost::context::detail::jump_fcontext(target, &c));
}

inline void fiber::arrive(boost::context::detail::transfer_t t) noexcept {
    // `after` may make the fiber that was left runnable elsewhere, and with it the crossing disappears.
    const crossing c = *static_cast<crossing*>(t.data);
    c.to->sanitizer_.arrived_from(c.from->sanitizer_);
    *c.thread = c.to->exceptions_;
    c.from->context_ = t.fctx;
    c.after.run(*c.from, c.after.arg);
}

}  // namespace rakka::detail
