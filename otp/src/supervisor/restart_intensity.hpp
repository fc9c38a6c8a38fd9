// How often a supervisor may restart children: a sliding window over the last seconds.
#pragma once

#include <rakka/base/check.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rakka::detail {

/// Counts restarts; says when more than `intensity` have come within `period`. As in OTP times are whole
/// seconds, rounded down, and both ends count: with a period of 5 a restart in second 0 and one in second 5
/// are within it. Memory: at most two numbers for each second of the period in which something was restarted,
/// however many restarts. Pure.
class restart_intensity {
public:
    restart_intensity(std::int64_t intensity, std::chrono::seconds period) noexcept
        : intensity_(intensity), period_(period.count()) {}

    /// One more restart at `now`, which never goes back. False: it is one too many. Constant time in the
    /// mean.
    [[nodiscard]] bool allow(std::chrono::nanoseconds now) {
        const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now).count();
        forget_before(second - period_);
        if (first_ == seconds_.size() || seconds_.back().second != second) seconds_.push_back({second, 0});
        ++seconds_.back().restarts;
        return ++within_ <= intensity_;
    }

    /// Other limits from now on; the restarts that are known count under them, too.
    void set_limits(std::int64_t intensity, std::chrono::seconds period) noexcept {
        intensity_ = intensity;
        period_ = period.count();
    }
    /// Forgets what does not count at `now`: for a supervisor that is about to be idle for long.
    void purge(std::chrono::nanoseconds now) {
        forget_before(std::chrono::floor<std::chrono::seconds>(now).count() - period_);
    }

    /// The seconds of the restarts that count, newest first, one for each restart: as OTP keeps them.
    [[nodiscard]] std::vector<std::int64_t> restarts() const {
        std::vector<std::int64_t> all;
        for (std::size_t i = seconds_.size(); i-- > first_;)
            all.insert(all.end(), static_cast<std::size_t>(seconds_[i].restarts), seconds_[i].second);
        return all;
    }

    [[nodiscard]] std::int64_t intensity() const noexcept { return intensity_; }
    [[nodiscard]] std::chrono::seconds period() const noexcept { return std::chrono::seconds(period_); }

private:
    struct tally {
        std::int64_t second;
        std::int64_t restarts;
    };

    void forget_before(std::int64_t threshold) {
        while (first_ < seconds_.size() && seconds_[first_].second < threshold)
            within_ -= seconds_[first_++].restarts;
        if (first_ * 2 > seconds_.size()) {  // moves each tally once in its life at most
            seconds_.erase(seconds_.begin(), seconds_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
    }

    std::int64_t intensity_;
    std::int64_t period_;
    std::int64_t within_ = 0;     // restarts from first_ on
    std::vector<tally> seconds_;  // oldest first
    std::size_t first_ = 0;       // those before are forgotten
};

}  // namespace rakka::detail
