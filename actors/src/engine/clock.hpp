// Time behind an interface, so that a simulation can own it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace rakka::detail {

using nanoseconds = std::chrono::nanoseconds;

/// A point on a clock's own axis: monotonic, unrelated to the calendar.
using instant = std::chrono::nanoseconds;

inline constexpr instant never = instant::max();

/// Monotonic time. Any thread.
class clock {
public:
    clock() = default;
    clock(const clock&) = delete;
    clock& operator=(const clock&) = delete;
    virtual ~clock() = default;
    [[nodiscard]] virtual instant now() const noexcept = 0;
};

/// The machine's monotonic clock.
class steady_clock final : public clock {
public:
    [[nodiscard]] instant now() const noexcept override {
        return std::chrono::duration_cast<instant>(std::chrono::steady_clock::now().time_since_epoch());
    }
};

/// Moves only when told to. Any thread may read; one thread at a time advances.
class manual_clock final : public clock {
public:
    explicit manual_clock(instant start = instant{0}) noexcept : now_(start.count()) {}
    [[nodiscard]] instant now() const noexcept override {
        return instant(now_.load(std::memory_order_acquire));
    }
    void advance(nanoseconds by) noexcept { advance_to(now() + by); }
    /// Never goes back: an earlier instant is ignored.
    void advance_to(instant to) noexcept {
        if (to > now()) now_.store(to.count(), std::memory_order_release);
    }

private:
    std::atomic<std::int64_t> now_;
};

}  // namespace rakka::detail
