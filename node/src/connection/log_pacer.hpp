// One line of log for what may happen any number of times.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace rakka::detail {

/// Counts what happens, and says when a line is due: the first time, and then at most once in each period.
class log_pacer {
public:
    using clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds period{10};

    /// It has happened. A line is due: how often it has happened since the last one, this time included.
    [[nodiscard]] std::optional<std::size_t> happened(clock::time_point now = clock::now()) {
        ++count_;
        if (last_ && now < *last_ + period) return std::nullopt;
        last_ = now;
        return std::exchange(count_, 0);
    }

private:
    std::size_t count_ = 0;
    std::optional<clock::time_point> last_;
};

}  // namespace rakka::detail
