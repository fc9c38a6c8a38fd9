#include "engine/clock.hpp"

#include <ctime>

namespace rakka::detail {

namespace {

instant read(clockid_t which, int (*reader)(clockid_t, timespec*) noexcept) noexcept {
    timespec t{};
    if (reader(which, &t) != 0) return never;
    return std::chrono::seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

}  // namespace

instant steady_clock::not_before_now() const noexcept {
    // std::chrono::steady_clock is CLOCK_MONOTONIC; the coarse one is the same as of the last tick.
    static const instant tick = read(CLOCK_MONOTONIC_COARSE, &clock_getres);
    const instant last_tick = read(CLOCK_MONOTONIC_COARSE, &clock_gettime);
    return tick == never || last_tick == never ? now() : last_tick + tick;
}

}  // namespace rakka::detail
