// When to let a peer's bytes gather before the next read.
#pragma once

#include <chrono>
#include <cstddef>

namespace rakka::detail {

/// A BEAM writes each message by itself. A reader that takes every one as it comes makes it slower: each read
/// is acknowledged, and the acknowledgements are the sender's work. So a peer that only sends, one small
/// piece soon after the other, is read less often. Whoever gets answers, or does not send fast, is read at
/// once.
class read_pacer {
public:
    using clock = std::chrono::steady_clock;

    /// How long a pause is: what a message waits at most.
    static constexpr std::chrono::microseconds pause{50};

    /// After a read of `size` bytes: whether the next one is to come after a pause. `answered`: something was
    /// written to the peer since the last read.
    [[nodiscard]] bool after_read(clock::time_point now, std::size_t size, bool answered) noexcept {
        const bool soon = now - last_ < soon_enough;
        last_ = now;
        if (!soon || answered || size >= large) {
            in_a_row_ = 0;
        } else if (in_a_row_ < enough) {
            ++in_a_row_;
        }
        return in_a_row_ == enough;
    }

private:
    static constexpr std::chrono::microseconds soon_enough{4 * pause};
    static constexpr std::size_t large = std::size_t{64} << 10;
    static constexpr int enough = 64;

    clock::time_point last_{};
    int in_a_row_ = 0;
};

}  // namespace rakka::detail
