// When a worker without work looks on for a while instead of sleeping.
#include "engine/wait_history.hpp"

#include <gtest/gtest.h>

namespace rakka::detail::test {
namespace {

using std::chrono::microseconds;

constexpr microseconds worth{50};

TEST(wait_history, sleeps_until_waits_have_been_short_some_times) {
    wait_history h(worth);
    EXPECT_EQ(h.look(), nanoseconds{0});
    for (int i = 0; i < 4; ++i)
        h.slept(microseconds(20));
    EXPECT_EQ(h.look(), worth);
}

TEST(wait_history, goes_back_to_sleep_after_few_looks_in_vain) {
    wait_history h(worth);
    for (int i = 0; i < 1000; ++i)
        h.found_awake();
    int in_vain = 0;
    for (; h.look() != nanoseconds{0}; ++in_vain)
        h.looked_in_vain();
    EXPECT_GE(in_vain, 2);
    EXPECT_LE(in_vain, 4);
}

TEST(wait_history, a_wait_counts_with_what_waking_takes) {
    wait_history h(worth);
    for (int i = 0; i < 4; ++i)
        h.slept(2 * worth);
    EXPECT_EQ(h.look(), worth);
    h.slept(2 * worth + nanoseconds{1});
    EXPECT_EQ(h.look(), nanoseconds{0});
}

TEST(wait_history, never_looks_where_it_is_not_worth_anything) {
    wait_history h(nanoseconds{0});
    for (int i = 0; i < 100; ++i) {
        h.slept(nanoseconds{0});
        h.found_awake();
    }
    EXPECT_EQ(h.look(), nanoseconds{0});
    EXPECT_FALSE(h.ever_looks());
}

}  // namespace
}  // namespace rakka::detail::test
