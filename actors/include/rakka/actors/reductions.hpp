// A process's turn on its worker: how it is counted, and how to give it up, or keep it, by hand.
#pragma once

#include <cstdint>

namespace rakka {

/// A process runs for a slice at a time. What it does is counted in reductions: one for each message sent or
/// received and the like, one for each call in a target compiled with the CMake function rakka_preemptible()
/// (with LOOPS one for each basic block), and what consume_reductions() says. When the limit is reached it
/// gives way: others run, its signals are taken in, and a new slice begins. The limit is 4,000 as in Erlang,
/// or system_options::reductions.
///
/// Everything here may be called on any thread; outside of a process it does nothing, unless said otherwise.

/// Counts n reductions, and gives way when the slice is used up: a yield point for code that computes for
/// long without calling anything that is one. The caller may continue on another thread. Throws process_exit
/// as soon as an exit signal that has ended this process has been taken in; points placed by the compiler
/// never throw, so that a loop that must obey exit signals calls this now and then. Some ten instructions.
/// Within a no_preempt it only counts. For code that processes share with others; within a process it is
/// close to bump_reductions().
void consume_reductions(std::int32_t n = 1);

/// What the present slice has used so far.
[[nodiscard]] std::int32_t current_reductions() noexcept;

/// The present slice begins anew, as if the process had just been given its worker; nobody else runs. What
/// process_info() counts is not changed.
void reset_reductions() noexcept;

/// How much the calling process may use in a slice from now on, the present one included; returns the old
/// limit. For this process only, to its end; not inherited. Less than 1 counts as 1, more than 2^30 - 1 as
/// that. Throws std::logic_error outside of a process.
std::int32_t set_reduction_limit(std::int32_t limit);

namespace detail {
[[nodiscard]] bool hold_preemption() noexcept;
void release_preemption() noexcept;
}  // namespace detail

/// While one lives, its process is not made to give way, neither by the compiler's yield points nor by
/// consume_reductions(); the end of the outermost one gives way if that is due by then, and never throws. For
/// code that must not be interrupted: a thread-local variable in use, a lock that others of the same worker
/// may want (a std::mutex locked in a program with preemptible targets does the same by itself). Functions
/// that wait, yield() among them, do so all the same. Lives in a scope of the process that made it.
class no_preempt {
public:
    no_preempt() noexcept : held_(detail::hold_preemption()) {}
    ~no_preempt() {
        if (held_) detail::release_preemption();
    }
    no_preempt(const no_preempt&) = delete;
    no_preempt& operator=(const no_preempt&) = delete;

private:
    const bool held_;
};

}  // namespace rakka
