// The time limit of calls: a timer that stays armed from one call to the next, because nearly every call is
// answered long before its limit.
#pragma once

#include "engine/timer_wheel.hpp"
#include "signal.hpp"

namespace rakka::detail {

struct process;

/// Starting and stopping it for a call with a limit of a second or more costs no lock, no look at the wheel
/// and none at the clock. The timer only looks after the process every now and then (1/128 of the limit, 100
/// ms at most): the call that it finds waiting has begun before, so that the limit counted from there is
/// never too short, and too long by that period at most. A timer that finds no call is not armed again.
/// Shorter limits are exact. In a simulation all are, and the timer is really stopped, so that virtual time
/// does not move for its sake. Lives in the process's relations. Owner only, but for the firing.
class call_timer : private timer_node {
public:
    explicit call_timer(process& owner) noexcept;
    /// When it has fired, takes in signals until its own is back.
    ~call_timer();
    call_timer(const call_timer&) = delete;
    call_timer& operator=(const call_timer&) = delete;

    /// For a call that begins to wait. True when it had to take in signals first: the caller looks again
    /// before it sleeps.
    bool start(nanoseconds limit) noexcept;
    void stop() noexcept;
    [[nodiscard]] bool expired() const noexcept { return expired_; }

    /// The owner has taken the signal from its inbox.
    static void arrived(signal& s) noexcept;

private:
    static void fire(timer_node& node) noexcept;
    void arm(instant at) noexcept;
    bool disarm() noexcept;
    bool start_exactly(instant deadline) noexcept;

    struct posted : signal {
        call_timer* self;
    } signal_;
    process& owner_;
    instant deadline_ = never;   // of the call that waits; never when none does or its start is not known
    nanoseconds limit_{0};       // of the call that waits and whose start is not known
    bool armed_ = false;         // its signal will come, unless it is cancelled
    nanoseconds look_after_{0};  // what it is armed for is a look, so long after; 0: a deadline
    bool expired_ = false;
};

}  // namespace rakka::detail
