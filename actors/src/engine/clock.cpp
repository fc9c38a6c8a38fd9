#include "engine/clock.hpp"

#include <ctime>

namespace rakka::detail {

namespace {

instant to_instant(const timespec& t) noexcept {
    return std::chrono::seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

// How far the coarse clock may be behind.
instant coarse_step() noexcept {
    static const instant step = [] {
        timespec t{};
        ::clock_getres(CLOCK_MONOTONIC_COARSE, &t);
        return to_instant(t);
    }();
    return step;
}

}  // namespace

instant steady_clock::roughly_now() const noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return to_instant(t) + coarse_step();
}

}  // namespace rakka::detail
