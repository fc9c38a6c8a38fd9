// What happens to an exit that cannot be thrown any further.
#pragma once

namespace rakka::detail {

/// Installs, once in a program, a std::terminate handler for one case: a process_exit has met a destructor or
/// another noexcept function. Nobody can know that before throwing; so it is here that the process ends where
/// it stands (end_here) instead of the program. Tells the log of the system, and names the process.
/// Everything else goes on to the handler that was there before, after a line that names the process it
/// happened in. Any thread.
void install_last_resort() noexcept;

}  // namespace rakka::detail
