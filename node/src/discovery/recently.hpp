// What has been told lately, so that it is not told again at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_set>

namespace rakka::discovery {

/// Names that were news within the last period. However many names there are and however fast they come, so
/// many in a period are news at most. Owner: one thread at a time.
class recently {
public:
    static constexpr std::chrono::nanoseconds period = std::chrono::seconds(1);
    static constexpr std::size_t most = 500;

    /// `now` is of a clock that does not go back.
    [[nodiscard]] bool is_news(const std::string& name, std::chrono::nanoseconds now) {
        if (now >= begun_ + period) {
            names_.clear();
            begun_ = now;
        }
        return names_.size() < most && names_.insert(name).second;
    }

private:
    std::unordered_set<std::string> names_;
    std::chrono::nanoseconds begun_{};
};

}  // namespace rakka::discovery
