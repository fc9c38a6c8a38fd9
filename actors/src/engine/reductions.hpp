// The budget of a slice: how work is counted, where a task gives way, and how to keep it from giving way.
#pragma once

#include "engine/task.hpp"

#include <cstdint>

namespace rakka::detail {

/// Reductions in a slice unless scheduler_options says otherwise.
inline constexpr std::int32_t default_reductions = 4000;
/// More than anybody wants, and little enough to calculate with.
inline constexpr std::int32_t most_reductions = (1 << 30) - 1;

/// The running slice of a worker as the hooks know it that compilers place (preemption_hooks.cpp): the first
/// thing in a worker.
struct slice_budget {
    std::int32_t reductions_left_ = 0;  ///< may be negative; means nothing between two slices
};

/// Counts n and yields when the slice is used up; true when it did. A yield point: the caller may continue on
/// another thread. Does nothing outside of a task. Throws std::bad_alloc like yield_current. Owner process
/// only.
bool consume_reductions(std::int32_t n);

/// The same for code in the middle of a handler loop, which is better put off until it returns (then it needs
/// no stack): yields only when a second slice has been used up on top of the first.
bool consume_reductions_late(std::int32_t n);

/// Counts n, never yields. True when the slice is used up: a handler loop then returns step::again. Owner
/// only.
bool charge_reductions(std::int32_t n) noexcept;

/// Adds what this slice has used so far to the task's total. A handler loop calls it before it makes itself
/// reachable and returns step::wait; everywhere else the engine does it. Owner only.
void settle_reductions() noexcept;

/// What is left of this slice (may be negative), what it has used; 0 outside of a task.
[[nodiscard]] std::int32_t reductions_left() noexcept;
[[nodiscard]] std::int32_t reductions_used() noexcept;

/// The running slice begins anew, without giving way. Does nothing outside of a task.
void renew_slice() noexcept;

/// Limits this and later slices of the current task; returns the limit so far. Inside a task only.
std::int32_t limit_reductions(std::int32_t limit) noexcept;

/// False outside of a task and while something holds preemption.
[[nodiscard]] bool may_give_way() noexcept;

/// Gives way if that is allowed here and no exception is under way, then tells the task (was_preempted).
/// Without a stack for those who would run meanwhile, the slice begins anew instead. Any thread, any context.
void preempt_current() noexcept;

/// A lock was taken or given back by the calling thread: its task is not preempted in between. Any thread.
void lock_taken() noexcept;
void lock_given_back() noexcept;

}  // namespace rakka::detail
