// A last line about a task that ran out of stack, before the fault ends the program.
#pragma once

#include "engine/task.hpp"

#include <cstddef>
#include <memory>

namespace rakka::detail {

/// Writes what the task is called to `out`, at most `room` characters; returns how many. Runs in a signal
/// handler: no allocation, no lock.
using task_describer = std::size_t (*)(const task& t, char* out, std::size_t room) noexcept;

/// From now on a fault on the guard page below a fiber's stack says on standard error which task it was.
/// Every fault, this one too, is then handed on to the handler that was there before; by default the program
/// ends with a core dump. Only the first call in a program does something. Under the sanitizers nothing does:
/// they have handlers of their own. Any thread.
void report_stack_overflows(task_describer describe) noexcept;

/// While it lives the calling thread takes signals on a stack of its own, so that a handler can run when the
/// ordinary one is used up. Leaves a thread alone that has such a stack already.
class alternate_signal_stack {
public:
    alternate_signal_stack() noexcept;
    ~alternate_signal_stack();
    alternate_signal_stack(const alternate_signal_stack&) = delete;
    alternate_signal_stack& operator=(const alternate_signal_stack&) = delete;

private:
    std::unique_ptr<std::byte[]> memory_;  // null: nothing was installed
};

}  // namespace rakka::detail
