// The budget of a slice: how work is counted, where a task gives way, and how to keep it from giving way.
#pragma once

#include "engine/task.hpp"

#include <cstdint>

namespace rakka::detail {

/// Reductions in a slice unless scheduler_options says otherwise.
inline constexpr std::int32_t default_reductions = 4000;

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

/// What is left of this slice (may be negative); 0 outside of a task.
[[nodiscard]] std::int32_t reductions_left() noexcept;

/// While it lives, consume_reductions counts but does not yield; the end of the outermost one yields if it is
/// due.
class no_preempt_scope {
public:
    no_preempt_scope() noexcept;
    ~no_preempt_scope() noexcept(false);
    no_preempt_scope(const no_preempt_scope&) = delete;
    no_preempt_scope& operator=(const no_preempt_scope&) = delete;

private:
    task* task_;
};

}  // namespace rakka::detail
