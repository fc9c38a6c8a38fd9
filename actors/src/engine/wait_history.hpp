// What the last waits for work tell about the next one.
#pragma once

#include "engine/clock.hpp"

#include <algorithm>
#include <chrono>

namespace rakka::detail {

/// Of one worker. To be woken from sleep costs a thread, and whoever wakes it, tens of microseconds; a wait
/// that is shorter is cheaper awake. Whether the next one is short nobody knows, but messages that are
/// answered by messages come in rows.
class wait_history {
public:
    /// `worth`: how long looking may last before it costs more than sleeping; 0: it is never worth it.
    explicit wait_history(nanoseconds worth) noexcept : worth_(worth) {}

    /// How long to look for work before going to sleep.
    [[nodiscard]] nanoseconds look() const noexcept {
        return short_ones_ >= enough ? worth_ : nanoseconds{0};
    }
    [[nodiscard]] bool ever_looks() const noexcept { return worth_.count() > 0; }

    void found_awake() noexcept { add(1); }
    void looked_in_vain() noexcept { add(-in_vain); }
    /// The sleep itself, waking included; not one that a timer has ended.
    void slept(nanoseconds how_long) noexcept { add(how_long <= 2 * worth_ ? 1 : -in_vain); }

private:
    static constexpr int enough = 4;
    static constexpr int most = 16;
    static constexpr int in_vain = 4;

    void add(int n) noexcept { short_ones_ = std::clamp(short_ones_ + n, 0, most); }

    nanoseconds worth_;
    int short_ones_ = 0;
};

}  // namespace rakka::detail
