// "Where am I": the worker and the task behind the calling code, and the ways for a task to give up its
// worker.
#pragma once

#include "engine/task.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace rakka::detail {

/// The worker this code runs on, or null on a foreign thread. Never keep the result over anything that may
/// block: the fiber may come back on another thread. (Not inline on purpose: see current.cpp.)
[[nodiscard]] worker* current_worker() noexcept;

/// The task whose slice this is; null on foreign threads, in I/O handlers, timer callbacks and slice-end
/// hooks.
[[nodiscard]] task* current_task() noexcept;

/// Blocks the current task; its fiber stays with it and the worker goes on with another one.
///
/// `publish(arg)` runs on the worker's next fiber, once this one is resumable. It makes the task reachable
/// for wakers (the mailbox CAS empty -> asleep) and returns true; when the CAS fails (something arrived
/// meanwhile) it returns false and the engine makes the task runnable itself. It must not block, throw or use
/// current_task(), and must not touch the task or `arg` after a successful publication: both may be gone.
/// Throws std::bad_alloc, before anything has happened, when no further stack can be had. Owner process only.
void suspend_current(bool (*publish)(void* arg) noexcept, void* arg);

/// The same with a callable `bool() noexcept`, which lives on the blocked stack.
template <std::invocable Publish>
void suspend_current(Publish publish) {
    static_assert(std::is_nothrow_invocable_r_v<bool, Publish&>);
    suspend_current([](void* p) noexcept -> bool { return (*static_cast<Publish*>(p))(); }, &publish);
}

/// Gives the pages of the calling task's stack back that lie below the caller's frame: what it needed once,
/// when it went deeper. Costs a system call or two. Does nothing outside of a task. Owner process only.
void trim_current_stack() noexcept;

/// Bytes of the stack the calling task stands on that lie above the caller's frame; 0 outside of a task.
/// Owner process only.
[[nodiscard]] std::size_t current_stack_in_use() noexcept;

/// Goes to the end of the local run queue. In a stackless handler this takes the fiber along, so that it
/// works anywhere. Does nothing outside of a task. Throws std::bad_alloc like suspend_current. Owner process
/// only.
void yield_current();

/// While it lives, the code of the current task counts as outside of any task. It must not block.
class outside_of_tasks {
public:
    outside_of_tasks() noexcept;
    ~outside_of_tasks();
    outside_of_tasks(const outside_of_tasks&) = delete;
    outside_of_tasks& operator=(const outside_of_tasks&) = delete;

private:
    task* const task_;
};

/// The current task is over and its object may be somebody else's by now; what its slice still does is done
/// outside of any task. The task must end with step::done.
void leave_task() noexcept;

}  // namespace rakka::detail
