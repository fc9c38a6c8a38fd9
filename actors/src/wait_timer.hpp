// The timeout of a waiting receive or handler: a timer that posts itself, as a signal, to the process that
// waits.
#pragma once

#include "engine/timer_wheel.hpp"
#include "signal.hpp"

#include <cstddef>
#include <cstdint>

namespace rakka::detail {

struct process;

/// Lives where the wait is: on the blocked stack, or in the process's relations. Owner only, but for the
/// firing.
class wait_timer : private timer_node {
public:
    explicit wait_timer(process& owner) noexcept;
    /// Stops it, and when it has fired takes in signals until its own is back.
    ~wait_timer();
    wait_timer(const wait_timer&) = delete;
    wait_timer& operator=(const wait_timer&) = delete;

    /// Precondition: not running.
    void start(instant deadline) noexcept;
    void stop() noexcept;
    /// As if a timer had just fired.
    void expire() noexcept { expired_ = true; }
    [[nodiscard]] bool running() const noexcept { return running_; }
    [[nodiscard]] bool expired() const noexcept { return expired_; }

    /// The owner has taken the signal from its inbox.
    static void arrived(signal& s) noexcept;

private:
    static void fire(timer_node& node) noexcept;

    struct posted : signal {
        wait_timer* self;
    } signal_;
    process& owner_;
    bool running_ = false;  // started, neither stopped nor arrived
    bool expired_ = false;
};

}  // namespace rakka::detail
