#include "engine/recent_time.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace rakka::detail {
namespace {

using namespace std::chrono_literals;

TEST(recent_time, is_between_the_last_look_and_now) {
    const steady_clock real;
    recent_time time(real);
    for (int i = 0; i < 10'000; ++i) {
        const instant before = time.now();
        const instant lately = time.lately();
        ASSERT_GE(lately, before);
        ASSERT_LE(lately, real.now());
    }
}

TEST(recent_time, is_never_long_ago) {
    const steady_clock real;
    recent_time time(real);
    for (int i = 0; i < 20; ++i) {
        static_cast<void>(time.now());
        const instant before = real.now();
        std::this_thread::sleep_for(1ms);
        ASSERT_GE(time.lately(), before + 1ms);
    }
}

TEST(recent_time, of_a_clock_that_is_moved_is_exact) {
    manual_clock moved(5s);
    recent_time time(moved);
    EXPECT_EQ(time.lately(), 5s);
    moved.advance(1ns);
    EXPECT_EQ(time.lately(), 5s + 1ns);
    moved.advance(1ns);
    EXPECT_EQ(time.now(), 5s + 2ns);
}

}  // namespace
}  // namespace rakka::detail
