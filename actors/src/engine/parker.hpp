// Where one worker sleeps when it is not the poller: a futex with a deadline.
#pragma once

#include "engine/clock.hpp"

#include <atomic>
#include <cstdint>

namespace rakka::detail {

/// A binary semaphore. One thread parks; any thread unparks.
class parker {
public:
    /// Blocks until unparked (also before the call) or the time is over. False: time over. `never` waits
    /// forever.
    bool park(nanoseconds at_most) noexcept;
    void unpark() noexcept;

private:
    std::atomic<std::uint32_t> token_{0};
};

}  // namespace rakka::detail
