// Looking at a running system from outside of its processes' own business: figures, and what waits in a
// mailbox.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rakka {

class system;

/// Figures of one moment; those that many threads write are not of the very same moment.
struct system_statistics {
    bool simulated = false;                ///< system_options::simulation
    std::chrono::nanoseconds uptime{};     ///< since the system was made
    std::size_t processes = 0;             ///< that live. Erlang: `system_info(process_count)`
    std::size_t max_processes = 0;         ///< system_options::max_processes
    std::uint64_t spawned = 0;             ///< processes that were ever started
    unsigned workers = 0;                  ///< Erlang: `system_info(schedulers)`
    std::size_t max_blocking_threads = 0;  ///< system_options::max_blocking_threads
    /// Processes that could run and wait for a worker, those that wait on a thread of their own not counted,
    /// for each worker; the last figure is of those that no worker has taken yet. Erlang:
    /// `statistics(run_queue_lengths)`.
    std::vector<std::size_t> run_queues;
    /// Slices that workers have run. Erlang: nearest to `statistics(context_switches)`.
    std::uint64_t slices = 0;
    /// Processor time of each worker's thread so far. Nothing in a simulation, and while the system starts or
    /// stops. Erlang: `statistics(scheduler_wall_time)`, active.
    std::optional<std::vector<std::chrono::nanoseconds>> worker_times;
    /// Bytes of the process table and of stacks in memory. Messages, what processes allocate themselves and
    /// the stacks of those with a thread of their own are not in it: nobody counts those.
    std::size_t process_memory = 0;
    /// Messages that were ever sent to processes of this system, those from other nodes and the two of a call
    /// among them.
    std::uint64_t messages = 0;
    /// Of all slices that are over. Erlang: `statistics(exact_reductions)`.
    std::uint64_t reductions = 0;
    /// The most messages that were ever seen to wait in one mailbox. Nobody looks before 128 wait, and then
    /// at the ends of turns only; 0 until then.
    std::size_t longest_mailbox = 0;
    std::size_t timers = 0;      ///< that wait for their time (send_after, start_timer)
    std::size_t max_timers = 0;  ///< system_options::max_timers
};

/// Takes a few system calls, and time in proportion to the number of stacks. Any thread.
[[nodiscard]] system_statistics statistics_of(system& s);

/// What waits in the mailbox of `p`, as a list of copies, the oldest first; nothing when it is not alive.
/// Waits until `p` looks at its signals. Owner process; throws process_exit ({badarg, …}) for a pid of
/// another node. Erlang: `process_info(P, messages)`.
[[nodiscard]] std::optional<term> process_messages(const pid& p);

}  // namespace rakka
