// Shutting down in virtual time: hours of waiting take none, and the same seed gives the same story.
#include "shutdown/shutdown_support.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/simulation.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/shutdown.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using testing::record;

void wait(std::chrono::nanoseconds t) {
    static_cast<void>(receive_if([](term_view) { return false; }, t));
}

class shutdown_simulation : public ::testing::TestWithParam<std::uint64_t> {
protected:
    record log;
    record ran;
    system sys{{.simulation = true, .seed = GetParam(), .log = log.sink()}};
};

INSTANTIATE_TEST_SUITE_P(seeds, shutdown_simulation, ::testing::Range<std::uint64_t>(0, 10));

TEST_P(shutdown_simulation, hanging_hooks_take_exactly_their_shares_of_virtual_time) {
    for (int i = 0; i < 3; ++i)
        on_shutdown(sys, [] { wait(24h); }, {.name = "hangs"});
    on_shutdown(sys, [&] { ran.add("done"); }, {.priority = -1});
    EXPECT_TRUE(graceful_shutdown(sys, {.timeout = 40min}));
    EXPECT_EQ(run_until_shutdown(sys), 1);
    const auto report = report_of_shutdown(sys).value();
    ASSERT_EQ(report.steps.size(), 5U);  // draining is the first
    for (std::size_t i = 1; i < 4; ++i) {
        EXPECT_EQ(report.steps[i].outcome, step_outcome::passed_over);
        EXPECT_EQ(report.steps[i].took, 10min);
    }
    EXPECT_EQ(report.steps[4].outcome, step_outcome::done);
    EXPECT_EQ(ran.all(), std::vector<std::string>{"done"});
}

TEST_P(shutdown_simulation, what_quick_hooks_leave_is_there_for_slow_ones) {
    on_shutdown(sys, [] { wait(25min); }, {.priority = -1, .name = "slow"});
    on_shutdown(sys, [] { wait(1min); }, {.name = "quick"});
    EXPECT_TRUE(graceful_shutdown(sys, {.timeout = 30min}));
    EXPECT_EQ(run_until_shutdown(sys), 0);
    EXPECT_EQ(report_of_shutdown(sys)->steps.back().took, 25min);
}

TEST_P(shutdown_simulation, a_process_asks_after_an_hour) {
    on_shutdown(sys, [&] { ran.add("hook"); });
    sys.spawn([] {
        wait(1h);
        graceful_shutdown({.timeout = 1min, .reason = "an hour is over", .status = 2});
    });
    EXPECT_EQ(run_until_shutdown(sys), 2);
    EXPECT_GE(sys.now(), 1h);
    EXPECT_LT(sys.now(), 1h + 1min);
    EXPECT_TRUE(ran.has("hook"));
}

TEST_P(shutdown_simulation, all_processes_end) {
    for (int i = 0; i < 20; ++i)
        sys.spawn([] {
            trap_exit(true);
            for (;;)
                static_cast<void>(receive());
        });
    EXPECT_TRUE(graceful_shutdown(sys));
    EXPECT_EQ(run_until_shutdown(sys), 0);
    EXPECT_EQ(sys.process_count(), 0U);
}

TEST_P(shutdown_simulation, nobody_who_could_ask_is_an_error) {
    sys.spawn([] { static_cast<void>(receive()); });
    EXPECT_THROW(run_until_shutdown(sys), std::logic_error);
}

}  // namespace
}  // namespace rakka
