// Which step of a shutdown comes next, and how long it may take. Knows neither processes nor clocks.
#pragma once

#include <rakka/actors/saturated.hpp>
#include <rakka/otp/shutdown.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace rakka::detail {

struct planned_step {
    shutdown_hook about;
    std::function<void()> run;
    std::uint64_t number = 0;  // as they were added
};

class shutdown_plan {
public:
    /// Its number; a step without a name is called by it.
    std::uint64_t add(shutdown_hook about, std::function<void()> run);
    bool remove(std::uint64_t number);
    /// Takes out the next one: the earliest stage, in it the greatest priority, of those the one added last.
    [[nodiscard]] std::optional<planned_step> next();
    [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }

private:
    std::vector<planned_step> steps_;
    std::uint64_t added_ = 0;
};

/// What a step gets of the time that is left, when so many, itself among them, still want some. What it does
/// not use is the others'.
[[nodiscard]] constexpr std::chrono::nanoseconds share_of(std::chrono::nanoseconds left,
                                                          std::size_t steps) noexcept {
    if (left.count() <= 0) return std::chrono::nanoseconds(0);
    return left / static_cast<std::int64_t>(steps == 0 ? 1 : steps);
}

/// The most that is waited for anything: as long as for ever, and yet the point in time at its end is one
/// that every clock can tell.
inline constexpr std::chrono::nanoseconds longest_wait = std::chrono::hours(24 * 365 * 100);

/// `a` within these bounds.
[[nodiscard]] constexpr std::chrono::nanoseconds bounded_wait(std::chrono::milliseconds a) noexcept {
    return std::clamp(saturated(a), std::chrono::nanoseconds(0), longest_wait);
}
/// One after the other.
[[nodiscard]] constexpr std::chrono::nanoseconds bounded_wait(std::chrono::milliseconds a,
                                                              std::chrono::milliseconds b) noexcept {
    return std::min(bounded_wait(a) + bounded_wait(b), longest_wait);
}

}  // namespace rakka::detail
