// The time limit of calls: a timer that stays armed from one call to the next, because nearly every call is
// answered long before its limit.
#pragma once

#include "engine/timer_wheel.hpp"
#include "signal.hpp"

namespace rakka::detail {

struct process;

/// Starting and stopping it costs no lock and no look at the wheel: the timer of an earlier call runs on, and
/// when it fires early the process starts it anew for the call that waits then, if one does. In a simulation
/// it is really stopped, so that virtual time does not move for its sake. Lives in the process's relations.
/// Owner only, but for the firing.
class call_timer : private timer_node {
public:
    explicit call_timer(process& owner) noexcept;
    /// When it has fired, takes in signals until its own is back.
    ~call_timer();
    call_timer(const call_timer&) = delete;
    call_timer& operator=(const call_timer&) = delete;

    void start(instant deadline) noexcept;
    void stop() noexcept;
    [[nodiscard]] bool expired() const noexcept { return expired_; }

    /// The owner has taken the signal from its inbox.
    static void arrived(signal& s) noexcept;

private:
    static void fire(timer_node& node) noexcept;
    void arm(instant deadline) noexcept;
    void disarm() noexcept;

    struct posted : signal {
        call_timer* self;
    } signal_;
    process& owner_;
    instant deadline_ = never;  // of the call that waits; never when none does
    bool armed_ = false;        // its signal will come, unless it is cancelled
    bool expired_ = false;
};

}  // namespace rakka::detail
