// What will happen in a simulation, by virtual time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace rakka::detail {

/// A point in virtual time.
using moment = std::chrono::nanoseconds;

/// Things of one moment happen in the order in which they were put in. One thread.
class agenda {
public:
    [[nodiscard]] moment now() const noexcept { return now_; }

    void after(std::chrono::nanoseconds delay, std::function<void()> what) {
        at(now_ + delay, std::move(what));
    }
    void at(moment when, std::function<void()> what) {
        entries_.emplace(std::pair(std::max(when, now_), next_number_++), std::move(what));
    }

    /// The greatest value when nothing is to come.
    [[nodiscard]] moment next() const noexcept {
        return entries_.empty() ? moment::max() : entries_.begin()->first.first;
    }

    /// Lets everything happen that is due by `to`.
    void advance_to(moment to) {
        while (next() <= to) {
            now_ = next();
            const auto entry = entries_.extract(entries_.begin());
            entry.mapped()();
        }
        now_ = std::max(now_, to);
    }

    void clear() noexcept { entries_.clear(); }

private:
    moment now_{0};
    std::uint64_t next_number_ = 0;
    std::map<std::pair<moment, std::uint64_t>, std::function<void()>> entries_;
};

}  // namespace rakka::detail
