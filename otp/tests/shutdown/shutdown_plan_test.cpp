// Which step of a shutdown comes next, and what it gets of the time.
#include "shutdown/shutdown_plan.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace rakka::detail {
namespace {

using namespace std::chrono_literals;
using stage = shutdown_stage;

class shutdown_plan_of : public ::testing::Test {
protected:
    std::uint64_t add(std::string name, int priority = 0, stage when = stage::hooks) {
        return plan.add({priority, std::move(name), when}, [] {});
    }
    std::string rest() {
        std::string out;
        while (const auto step = plan.next())
            out += step->about.name + ' ';
        return out;
    }
    shutdown_plan plan;
};

TEST_F(shutdown_plan_of, nothing_has_no_next) {
    EXPECT_FALSE(plan.next());
    EXPECT_EQ(plan.size(), 0U);
}

TEST_F(shutdown_plan_of, stages_come_in_their_order) {
    add("hook", 100);
    add("application", 50, stage::applications);
    add("drain", 0, stage::drain);
    add("door", -100, stage::stop_accepting);
    EXPECT_EQ(plan.size(), 4U);
    EXPECT_EQ(rest(), "door drain application hook ");
    EXPECT_EQ(plan.size(), 0U);
}

TEST_F(shutdown_plan_of, greater_priorities_come_first_and_of_equals_the_last_one) {
    add("zero");
    add("minus", -1);
    add("ten", 10);
    add("zero again");
    add("ten again", 10);
    EXPECT_EQ(rest(), "ten again ten zero again zero minus ");
}

TEST_F(shutdown_plan_of, what_is_added_meanwhile_comes_in_its_place_even_if_its_stage_is_over) {
    add("first");
    add("last", -1);
    EXPECT_EQ(plan.next()->about.name, "first");
    add("middle");
    add("door", 0, stage::stop_accepting);
    EXPECT_EQ(rest(), "door middle last ");
}

TEST_F(shutdown_plan_of, steps_can_be_taken_out_by_number) {
    add("a");
    const auto b = add("b");
    EXPECT_TRUE(plan.remove(b));
    EXPECT_FALSE(plan.remove(b));
    EXPECT_FALSE(plan.remove(99));
    EXPECT_EQ(rest(), "a ");
}

TEST_F(shutdown_plan_of, the_nameless_are_called_by_number) {
    add("a");
    add("");
    EXPECT_EQ(rest(), "hook 2 a ");
}

TEST(shutdown_shares, divide_what_is_left) {
    EXPECT_EQ(share_of(30s, 3), 10s);
    EXPECT_EQ(share_of(30s, 1), 30s);
    EXPECT_EQ(share_of(0s, 4), 0s);
    EXPECT_EQ(share_of(-5s, 4), 0s) << "the time is over";
    EXPECT_EQ(share_of(30s, 0), 30s);
}

TEST(shutdown_shares, those_that_use_theirs_up_leave_the_others_theirs) {
    std::chrono::nanoseconds left = 30s;
    for (std::size_t steps = 5; steps != 0; --steps) {
        EXPECT_EQ(share_of(left, steps), 6s);
        left -= share_of(left, steps);
    }
    EXPECT_EQ(left, 0s);
}

TEST(shutdown_reports, say_how_it_went) {
    shutdown_report r;
    EXPECT_EQ(r.exit_status(), 1) << "it never finished";
    r.finished = true;
    EXPECT_TRUE(r.went_well());
    EXPECT_EQ(r.exit_status(), 0);
    r.status = 7;
    EXPECT_EQ(r.exit_status(), 7);
    r.steps.push_back({"a", stage::hooks, step_outcome::done, 0s});
    EXPECT_TRUE(r.went_well());
    r.steps.push_back({"b", stage::hooks, step_outcome::passed_over, 0s});
    EXPECT_FALSE(r.went_well());
    EXPECT_EQ(r.exit_status(), 7) << "which is bad enough";
    r.status = 0;
    EXPECT_EQ(r.exit_status(), 1);
    r.steps.back().outcome = step_outcome::failed;
    EXPECT_EQ(r.exit_status(), 1);
    r.steps.pop_back();
    r.abandoned = 1;
    EXPECT_EQ(r.exit_status(), 1);
}

TEST(bounded_wait_of, is_a_time_that_clocks_can_tell) {
    EXPECT_EQ(bounded_wait(20s), 20s);
    EXPECT_EQ(bounded_wait(20s, 5s), 25s);
    EXPECT_EQ(bounded_wait(-1ms), 0ms);
    constexpr auto most = std::chrono::milliseconds::max();
    EXPECT_EQ(bounded_wait(most), longest_wait);
    EXPECT_EQ(bounded_wait(most, most), longest_wait);
    EXPECT_EQ(bounded_wait(most, std::chrono::milliseconds::min()), longest_wait);
    EXPECT_GT(std::chrono::system_clock::now() + longest_wait, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace rakka::detail
