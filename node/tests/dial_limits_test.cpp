// How many nodes are dialled at a time, and how soon again.
#include "connection/dial_limits.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::detail {
namespace {

using namespace std::chrono_literals;
using admission = dial_limits::admission;

class dialling : public ::testing::Test {
protected:
    admission ask(dial_limits& limits, int who) {
        return limits.ask(&numbers_[who], [this, who](dial_place p) {
            admitted.push_back(who);
            places.push_back(std::move(p));
        });
    }
    void stop_waiting(dial_limits& limits, int who) { limits.stop_waiting(&numbers_[who]); }
    void run() {
        io.restart();
        io.run();
    }

    transport::io_loop io;
    std::vector<int> admitted;
    std::vector<dial_place> places;

private:
    std::array<int, 10> numbers_{};
};

TEST_F(dialling, runs_so_many_at_a_time_lets_some_wait_and_refuses_the_rest) {
    dial_limits limits(io, {2, 2, 1s});
    EXPECT_EQ(ask(limits, 0), admission::granted);
    EXPECT_EQ(ask(limits, 1), admission::granted);
    EXPECT_EQ(ask(limits, 2), admission::waiting);
    EXPECT_EQ(ask(limits, 3), admission::waiting);
    EXPECT_EQ(ask(limits, 4), admission::refused);
    EXPECT_EQ(admitted, (std::vector{0, 1}));
    places.erase(places.begin());
    EXPECT_EQ(admitted.size(), 2U) << "not from within";
    run();
    EXPECT_EQ(admitted, (std::vector{0, 1, 2}));
    EXPECT_EQ(limits.under_way(), 2U);
    places.clear();
    run();
    EXPECT_EQ(admitted, (std::vector{0, 1, 2, 3}));
    places.clear();
    EXPECT_EQ(limits.under_way(), 0U);
}

TEST_F(dialling, whoever_stops_waiting_is_passed_over) {
    dial_limits limits(io, {1, 2, 1s});
    EXPECT_EQ(ask(limits, 0), admission::granted);
    EXPECT_EQ(ask(limits, 1), admission::waiting);
    EXPECT_EQ(ask(limits, 2), admission::waiting);
    stop_waiting(limits, 1);
    EXPECT_EQ(limits.waiting(), 1U);
    places.clear();
    run();
    EXPECT_EQ(admitted, (std::vector{0, 2}));
    places.clear();
}

TEST_F(dialling, what_the_program_asks_for_takes_a_place_beyond_the_last) {
    dial_limits limits(io, {1, 2, 1s});
    EXPECT_EQ(ask(limits, 0), admission::granted);
    {
        const dial_place extra = limits.take();
        EXPECT_EQ(limits.under_way(), 2U);
        EXPECT_EQ(ask(limits, 1), admission::waiting);
    }
    run();
    EXPECT_EQ(admitted, (std::vector{0})) << "one is still under way";
    places.clear();
    run();
    EXPECT_EQ(admitted, (std::vector{0, 1}));
    places.clear();
}

TEST_F(dialling, a_failure_counts_for_a_while_and_a_success_ends_that) {
    dial_limits limits(io, {1, 1, 500ms});
    const atom node("backoff@host");
    const auto start = dial_limits::clock::now();
    EXPECT_FALSE(limits.failed_lately(node, start));
    limits.failed(node, start);
    EXPECT_TRUE(limits.failed_lately(node, start + 499ms));
    EXPECT_FALSE(limits.failed_lately(node, start + 500ms));
    limits.succeeded(node);
    EXPECT_FALSE(limits.failed_lately(node, start + 1ms));
}

TEST_F(dialling, without_a_backoff_nothing_is_remembered) {
    dial_limits limits(io, {1, 1, 0ms});
    const atom node("backoff@host");
    limits.failed(node);
    EXPECT_FALSE(limits.failed_lately(node));
}

TEST_F(dialling, failures_of_many_nodes_take_bounded_memory) {
    dial_limits limits(io, {1, 1, 1h});
    const auto start = dial_limits::clock::now();
    std::size_t remembered = 0;
    std::vector<atom> all;
    for (std::size_t i = 0; i < dial_limits::max_failures + 100; ++i) {
        all.emplace_back("made_up_" + std::to_string(i) + "@host");
        limits.failed(all.back(), start);
    }
    for (const atom a : all)
        remembered += limits.failed_lately(a, start) ? 1U : 0U;
    EXPECT_EQ(remembered, dial_limits::max_failures);
}

}  // namespace
}  // namespace rakka::detail
