// What the time was a few microseconds ago, for who need not know better: cheaper than the clock.
#pragma once

#include "engine/clock.hpp"
#include "engine/ticks.hpp"

#include <cstdint>

namespace rakka::detail {

/// A clock seen from one thread at a time, which remembers its last look. The processor's own counter, where
/// there is one at hand, tells how long ago that was; it is only compared with itself over some thousand
/// ticks, so that its rate, and differences between cores, do not matter.
class recent_time {
public:
    explicit recent_time(const clock& time) noexcept
        : time_(time), is_real_(dynamic_cast<const steady_clock*>(&time) != nullptr) {
        static_cast<void>(now());
    }

    [[nodiscard]] instant now() noexcept {
        last_ = time_.now();
        at_ = ticks();
        return last_;
    }

    /// Not later than now(), and some microseconds earlier at most; never before what now() gave last. In a
    /// simulation exact.
    [[nodiscard]] instant lately() noexcept {
        // Who comes from another core may see a negative difference, a very large one.
        if (is_real_ && ticks() - at_ < a_while / 64) return last_;
        return now();
    }

private:
    const clock& time_;
    const bool is_real_;
    instant last_{};
    std::uint64_t at_ = 0;
};

}  // namespace rakka::detail
