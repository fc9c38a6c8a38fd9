// When a restart is one too many: OTP's sliding window of whole seconds.
#include "supervisor/restart_intensity.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

namespace rakka::detail {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct row {
    const char* what;
    std::int64_t intensity;
    std::chrono::seconds period;
    std::vector<milliseconds> restarts;
    std::size_t allowed;  // how many of them, before the first that is not
};

TEST(restart_intensity_test, table) {
    const std::vector<row> table{
        {"the defaults allow one", 1, 5s, {0ms, 1ms}, 1},
        {"none at all", 0, 5s, {0ms}, 0},
        {"as many as the intensity, at once", 3, 5s, {7ms, 7ms, 7ms, 7ms}, 3},
        {"those that are older than the period do not count", 1, 5s, {0ms, 6000ms, 12000ms, 18000ms}, 4},
        {"the end of the period is within it", 1, 5s, {0ms, 5000ms}, 1},
        {"seconds are whole: nearly 6 s apart are within 5", 1, 5s, {0ms, 5999ms}, 1},
        {"seconds are whole: little more than 5 s apart are not", 1, 5s, {999ms, 6000ms}, 2},
        {"the window slides", 2, 10s, {0ms, 6000ms, 11000ms, 12000ms}, 3},
        {"a long pause forgets all", 2, 1s, {0ms, 0ms, 100000ms, 100000ms, 100000ms}, 4},
    };
    for (const row& r : table) {
        restart_intensity window(r.intensity, r.period);
        std::size_t allowed = 0;
        for (const milliseconds at : r.restarts) {
            if (!window.allow(at)) break;
            ++allowed;
        }
        EXPECT_EQ(allowed, r.allowed) << r.what;
    }
}

TEST(restart_intensity_test, agrees_with_a_list_of_all_restarts) {
    std::mt19937 random(5);
    for (int run = 0; run < 200; ++run) {
        const std::int64_t intensity = random() % 6;
        const std::int64_t period = 1 + random() % 9;
        restart_intensity window(intensity, std::chrono::seconds(period));
        std::deque<std::int64_t> seconds;  // newest first, as OTP keeps them
        milliseconds now{};
        for (int i = 0; i < 200; ++i) {
            now += milliseconds(random() % 4000);
            const std::int64_t second = now.count() / 1000;
            while (!seconds.empty() && seconds.back() < second - period)
                seconds.pop_back();
            seconds.push_front(second);
            ASSERT_EQ(window.allow(now), static_cast<std::int64_t>(seconds.size()) <= intensity);
            ASSERT_EQ(window.restarts(), std::vector<std::int64_t>(seconds.begin(), seconds.end()));
        }
    }
}

}  // namespace
}  // namespace rakka::detail
