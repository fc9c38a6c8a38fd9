// Who is stopped, forgotten and started, for each strategy.
#include "supervisor/restart_strategy.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace rakka::detail {
namespace {

using places = std::vector<std::size_t>;
using enum restart_strategy;

struct row {
    const char* what;
    restart_strategy strategy;
    std::vector<bool> temporary;
    std::size_t failed;
    places stop;
    places forget;
    places start;
};

TEST(restart_strategy_test, table) {
    const std::vector<row> table{
        {"one for one: it alone", one_for_one, {false, false, false}, 1, {}, {}, {1}},
        {"one for all: the others in reverse, all in order",
         one_for_all,
         {false, false, false},
         1,
         {2, 0},
         {},
         {0, 1, 2}},
        {"one for all: temporary ones go for good", one_for_all, {true, false, true}, 1, {2, 0}, {2, 0}, {1}},
        {"rest for one: nobody before it",
         rest_for_one,
         {false, false, false, false},
         1,
         {3, 2},
         {},
         {1, 2, 3}},
        {"rest for one: the first one is all", rest_for_one, {false, false}, 0, {1}, {}, {0, 1}},
        {"rest for one: the last one is alone", rest_for_one, {false, false}, 1, {}, {}, {1}},
        {"rest for one: a temporary one before it is left alone",
         rest_for_one,
         {true, false, true},
         1,
         {2},
         {2},
         {1}},
        {"an only child", one_for_all, {false}, 0, {}, {}, {0}},
        {"simple one for one: it alone", simple_one_for_one, {false, false}, 0, {}, {}, {0}},
    };
    for (const row& r : table) {
        const restart_plan plan = plan_restart(r.strategy, r.temporary, r.failed);
        EXPECT_EQ(plan.stop, r.stop) << r.what;
        EXPECT_EQ(plan.forget, r.forget) << r.what;
        EXPECT_EQ(plan.start, r.start) << r.what;
    }
}

}  // namespace
}  // namespace rakka::detail
