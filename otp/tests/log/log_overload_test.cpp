// The decisions of a handler that is behind, by numbers: those of OTP's logger_olp.
#include "log/log_overload.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace rakka::log {
namespace {

using namespace std::chrono_literals;
using decision = overload_guard::decision;

overload without_burst() {
    overload o;
    o.burst_limit_enable = false;
    return o;
}

TEST(log_overload, defaults_are_those_of_otp) {
    const overload o;
    EXPECT_EQ(o.sync_mode_qlen, 10U);
    EXPECT_EQ(o.drop_mode_qlen, 200U);
    EXPECT_EQ(o.flush_qlen, 1000U);
    EXPECT_TRUE(o.burst_limit_enable);
    EXPECT_EQ(o.burst_limit_max_count, 500U);
    EXPECT_EQ(o.burst_limit_window_time, 1000ms);
    EXPECT_FALSE(o.overload_kill_enable);
    EXPECT_EQ(o.overload_kill_qlen, 20'000U);
    EXPECT_EQ(o.overload_kill_mem_size, 3'000'000U);
    EXPECT_EQ(o.overload_kill_restart_after, 5000ms);
    EXPECT_TRUE(makes_sense(o));
}

TEST(log_overload, limits_must_be_in_order) {
    EXPECT_FALSE(makes_sense({.sync_mode_qlen = 201}));
    EXPECT_FALSE(makes_sense({.drop_mode_qlen = 1001}));
    EXPECT_FALSE(makes_sense({.sync_mode_qlen = 0, .drop_mode_qlen = 0, .flush_qlen = 0}));
    EXPECT_FALSE(makes_sense({.burst_limit_max_count = 0}));
    EXPECT_FALSE(makes_sense({.burst_limit_window_time = 0ms}));
    EXPECT_FALSE(makes_sense({.max_bytes = 0}));
    EXPECT_TRUE(makes_sense({.sync_mode_qlen = 5, .drop_mode_qlen = 5, .flush_qlen = 5}));
}

TEST(log_overload, the_length_of_the_queue_decides) {
    overload_guard g(without_burst());
    EXPECT_EQ(g.admit(0, 0, 0s), decision::queue);
    EXPECT_EQ(g.admit(9, 0, 0s), decision::queue);
    EXPECT_EQ(g.admit(10, 0, 0s), decision::queue_and_wait);
    EXPECT_EQ(g.admit(199, 0, 0s), decision::queue_and_wait);
    EXPECT_FALSE(g.refuses(199, 0, 0s));
    EXPECT_TRUE(g.refuses(200, 0, 0s));
    EXPECT_EQ(g.admit(200, 0, 0s), decision::drop);
    EXPECT_EQ(g.admit(999, 0, 0s), decision::drop);
    EXPECT_EQ(g.admit(1000, 0, 0s), decision::flush);
    EXPECT_EQ(g.dropped(), 2U);
    EXPECT_EQ(g.flushed(), 1U);
}

TEST(log_overload, modes_are_left_out_where_limits_are_equal) {
    overload o = without_burst();
    o.sync_mode_qlen = o.drop_mode_qlen = 5;
    o.flush_qlen = 5;
    overload_guard g(o);
    EXPECT_EQ(g.admit(4, 0, 0s), decision::queue);
    EXPECT_EQ(g.admit(5, 0, 0s), decision::flush);
    o.sync_mode_qlen = 0;
    overload_guard always_waits(o);
    EXPECT_EQ(always_waits.admit(0, 0, 0s), decision::queue_and_wait);
}

TEST(log_overload, so_does_their_size) {
    overload_guard g(without_burst());
    EXPECT_EQ(g.admit(3, 2'999'999, 0s), decision::queue);
    EXPECT_EQ(g.admit(3, 3'000'000, 0s), decision::drop);
}

TEST(log_overload, drop_mode_is_told_at_once_and_again_with_a_count_when_it_is_over) {
    overload_guard g(without_burst());
    EXPECT_TRUE(g.news("h", 0, 0s).empty());
    for (int i = 0; i < 7; ++i)
        EXPECT_EQ(g.admit(200, 0, 0s), decision::drop);
    EXPECT_EQ(g.news("h", 200, 0s), std::vector<std::string>{"Handler h switched to drop mode"});
    EXPECT_TRUE(g.news("h", 200, 0s).empty());
    // Not while it goes up and down below the limit.
    EXPECT_EQ(g.admit(199, 0, 0s), decision::queue_and_wait);
    EXPECT_TRUE(g.news("h", 199, 0s).empty());
    EXPECT_EQ(g.admit(200, 0, 0s), decision::drop);
    EXPECT_TRUE(g.news("h", 11, 0s).empty());
    EXPECT_EQ(
        g.news("h", 10, 0s),
        std::vector<std::string>{"Handler h switched from drop to async mode: 8 log events were dropped"});
    EXPECT_TRUE(g.news("h", 0, 0s).empty());
    EXPECT_EQ(g.admit(200, 0, 0s), decision::drop);
    EXPECT_EQ(g.news("h", 0, 0s).back(),
              "Handler h switched from drop to async mode: 1 log events were dropped");
}

TEST(log_overload, of_a_burst_the_first_are_let_in) {
    overload_guard g(overload{});
    for (int i = 0; i < 500; ++i)
        ASSERT_EQ(g.admit(0, 0, 5s + std::chrono::milliseconds(i)), decision::queue);
    EXPECT_TRUE(g.refuses(0, 0, 5999ms));
    EXPECT_EQ(g.admit(0, 0, 5999ms), decision::drop);
    EXPECT_EQ(g.admit(0, 0, 5999ms), decision::drop);
    EXPECT_TRUE(g.news("h", 0, 5999ms).empty()) << "the window is not over";
    EXPECT_EQ(g.next_news(), 6s);
    EXPECT_EQ(g.news("h", 0, 6s),
              std::vector<std::string>{"Handler h dropped 2 log events, more than 500 within 1000 ms"});
    EXPECT_EQ(g.next_news(), 0s);
    EXPECT_EQ(g.admit(0, 0, 6s), decision::queue) << "a new window";
    EXPECT_EQ(g.burst(), 2U);
    EXPECT_EQ(g.dropped(), 0U);
}

TEST(log_overload, what_may_not_wait_is_dropped_where_others_wait) {
    overload_guard g(without_burst());
    EXPECT_EQ(g.admit(9, 0, 5s, false), decision::queue);
    EXPECT_TRUE(g.refuses(10, 0, 5s, false));
    EXPECT_FALSE(g.refuses(10, 0, 5s));
    EXPECT_EQ(g.admit(10, 0, 5s, false), decision::drop);
    EXPECT_EQ(g.admit(1000, 0, 5500ms, false), decision::drop) << "does not flush what is ours";
    EXPECT_EQ(g.admit(10, 0, 5500ms), decision::queue_and_wait);
    EXPECT_EQ(g.dropped(), 2U);
    EXPECT_TRUE(g.news("h", 0, 5999ms).empty()) << "not with each of them";
    EXPECT_EQ(g.next_news(), 6s);
    EXPECT_EQ(g.news("h", 0, 6s), std::vector<std::string>{"Handler h dropped 2 log events of other nodes"});
    EXPECT_EQ(g.next_news(), 0s);
    EXPECT_TRUE(g.news("h", 0, 9s).empty());
    overload o = without_burst();
    o.sync_mode_qlen = 0;
    overload_guard always_waits(o);
    EXPECT_EQ(always_waits.admit(0, 0, 0s, false), decision::queue);
    EXPECT_EQ(always_waits.admit(1, 0, 0s, false), decision::drop);
}

overload killed_above(std::size_t qlen) {
    overload o = without_burst();
    o.overload_kill_enable = true;
    o.overload_kill_qlen = qlen;
    return o;
}

TEST(log_overload, one_that_cannot_keep_up_is_ended_and_started_again) {
    overload_guard g(killed_above(100));
    EXPECT_EQ(g.admit(100, 0, 1s), decision::queue_and_wait) << "more than so many";
    EXPECT_FALSE(g.refuses(101, 0, 1s));
    EXPECT_EQ(g.admit(101, 0, 1s), decision::kill);
    EXPECT_EQ(g.kills(), 1U);
    EXPECT_EQ(g.news("h", 0, 1s), std::vector<std::string>{"Handler h overloaded and stopping"});
    EXPECT_TRUE(g.refuses(0, 0, 5999ms));
    EXPECT_EQ(g.admit(0, 0, 5999ms), decision::drop);
    EXPECT_TRUE(g.news("h", 0, 5999ms).empty());
    EXPECT_EQ(g.next_news(), 6s);
    EXPECT_EQ(g.news("h", 0, 6s),
              std::vector<std::string>{"Handler h was restarted: 2 log events were dropped meanwhile"});
    EXPECT_EQ(g.next_news(), 0s);
    EXPECT_FALSE(g.refuses(0, 0, 6s));
    EXPECT_EQ(g.admit(0, 0, 6s), decision::queue);
    EXPECT_EQ(g.dropped(), 2U);
    EXPECT_FALSE(g.is_over());
}

TEST(log_overload, its_bytes_count_as_well_and_before_those_of_drop_mode) {
    overload_guard g(killed_above(20'000));
    EXPECT_EQ(g.admit(3, 3'000'000, 0s), decision::drop);
    EXPECT_EQ(g.admit(3, 3'000'001, 0s), decision::kill);
}

TEST(log_overload, without_a_time_it_is_not_started_again) {
    overload o = killed_above(10);
    o.overload_kill_restart_after = std::nullopt;
    EXPECT_TRUE(makes_sense(o));
    overload_guard g(o);
    EXPECT_EQ(g.admit(11, 0, 0s), decision::kill);
    EXPECT_TRUE(g.is_over());
    EXPECT_TRUE(g.refuses(0, 0, 1000h));
    EXPECT_EQ(g.news("h", 0, 1000h), std::vector<std::string>{"Handler h overloaded and stopping"});
    EXPECT_EQ(g.next_news(), 0s);
    o.overload_kill_restart_after = -1ms;
    EXPECT_FALSE(makes_sense(o));
}

TEST(log_overload, it_is_not_ended_unless_that_is_wanted) {
    overload o = killed_above(10);
    o.overload_kill_enable = false;
    overload_guard g(o);
    EXPECT_EQ(g.admit(11, 9'000'000, 0s), decision::drop);
    EXPECT_EQ(g.kills(), 0U);
}

TEST(log_overload, flushed_events_are_told) {
    overload_guard g(without_burst());
    EXPECT_EQ(g.admit(1000, 0, 0s), decision::flush);
    g.flushed(1000);
    EXPECT_EQ(g.news("h", 0, 0s), std::vector<std::string>{"Handler h flushed 1001 log events"});
}

}  // namespace
}  // namespace rakka::log
