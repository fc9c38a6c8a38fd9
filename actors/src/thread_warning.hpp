// The warning of a thread that is made inside a process.
#pragma once

namespace rakka::detail {

/// Somebody has made a thread. When it was the code of a process, its system's log is told, unless warnings
/// are disabled or have been given often enough. Any thread, in any state of the program.
void thread_was_made() noexcept;

}  // namespace rakka::detail
