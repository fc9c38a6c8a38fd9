// When nodes that have been found are dialled, by a clock that the test drives.
#include "discovery/candidates.hpp"

#include "discovery/recently.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace rakka::discovery {
namespace {

using namespace std::chrono_literals;
using names = std::vector<std::string>;
constexpr std::size_t any = 1000;

class found_nodes : public ::testing::Test {
protected:
    void all(std::size_t strategy, const names& nodes, candidates::time now) {
        EXPECT_EQ(known.all(strategy, nodes, now, gone), 0U);
    }

    candidates known{{.first_pause = 1s, .longest_pause = 5s, .forget_after = 60s, .max_nodes = 4}};
    names gone;
};

TEST_F(found_nodes, are_dialled_at_once_and_not_twice_at_a_time) {
    all(0, {"a@h", "a@h"}, 10s);
    EXPECT_EQ(known.next(), 10s);
    EXPECT_EQ(known.due(10s, any), names{"a@h"});
    EXPECT_EQ(known.due(100s, any), names{});
    all(0, {"a@h"}, 20s);
    EXPECT_EQ(known.due(100s, any), names{}) << "it is being dialled still";
    EXPECT_FALSE(known.next());
}

TEST_F(found_nodes, are_tried_again_after_ever_longer_pauses) {
    all(0, {"a@h"}, 0s);
    candidates::time now = 0s;
    for (const candidates::time pause : {1s, 2s, 4s, 5s, 5s}) {
        ASSERT_EQ(known.due(now, any), names{"a@h"});
        known.failed("a@h", now);
        EXPECT_EQ(known.due(now + pause - 1ms, any), names{});
        EXPECT_EQ(known.next(), now + pause);
        now += pause;
    }
}

TEST_F(found_nodes, are_left_alone_while_connected_and_tried_again_when_lost) {
    all(0, {"a@h"}, 0s);
    ASSERT_EQ(known.due(0s, any).size(), 1U);
    known.failed("a@h", 0s);
    ASSERT_EQ(known.due(1s, any).size(), 1U);
    known.connected("a@h");
    EXPECT_EQ(known.due(1h, any), names{});
    known.lost("a@h", 2h);
    EXPECT_EQ(known.due(2h, any), names{});
    EXPECT_EQ(known.due(2h + 1s, any), names{"a@h"});
    known.failed("a@h", 3h);
    EXPECT_EQ(known.due(3h + 1s, any), names{"a@h"}) << "the pauses begin anew";
}

TEST_F(found_nodes, may_come_up_by_themselves) {
    all(0, {"a@h"}, 0s);
    known.connected("a@h");
    EXPECT_EQ(known.due(0s, any), names{});
    known.connected("b@h");
    EXPECT_EQ(known.size(), 1U) << "others are nobody's business";
}

TEST_F(found_nodes, are_gone_when_no_strategy_lists_them) {
    all(0, {"a@h", "b@h"}, 0s);
    all(1, {"b@h"}, 0s);
    all(0, {}, 1s);
    EXPECT_EQ(gone, names{"a@h"});
    EXPECT_EQ(known.due(1s, any), names{"b@h"});
    all(1, {}, 2s);
    EXPECT_EQ(gone, (names{"a@h", "b@h"}));
    EXPECT_EQ(known.size(), 0U);
}

TEST_F(found_nodes, that_are_heard_of_no_more_are_forgotten) {
    EXPECT_EQ(known.found(0, {"a@h", "b@h"}, 0s), 0U);
    ASSERT_EQ(known.due(0s, any).size(), 2U);
    known.failed("a@h", 0s);
    known.failed("b@h", 0s);
    EXPECT_EQ(known.found(0, {"a@h"}, 59s), 0U);
    EXPECT_EQ(known.due(60s, any), names{"a@h"});
    EXPECT_EQ(known.size(), 1U);
    known.failed("a@h", 60s);
    all(1, {"a@h"}, 61s);
    EXPECT_EQ(known.due(1h, any), names{"a@h"}) << "listed by another strategy";
    EXPECT_EQ(gone, names{});
}

TEST_F(found_nodes, that_can_never_be_dialled_are_not) {
    all(0, {"nonsense"}, 0s);
    ASSERT_EQ(known.due(0s, any).size(), 1U);
    known.useless("nonsense");
    known.lost("nonsense", 0s);
    EXPECT_EQ(known.due(1h, any), names{});
    EXPECT_FALSE(known.next());
}

TEST_F(found_nodes, are_so_many_at_most) {
    EXPECT_EQ(known.found(0, {"a@h", "b@h", "c@h", "d@h", "e@h", "a@h"}, 0s), 1U);
    EXPECT_EQ(known.size(), 4U);
    EXPECT_EQ(known.due(0s, 3).size(), 3U);
    EXPECT_EQ(known.due(0s, 3).size(), 1U) << "the one that had no place before";
}

TEST(recently_told, names_are_no_news_for_a_second_and_so_many_at_most) {
    recently told;
    EXPECT_TRUE(told.is_news("a", 5s));
    EXPECT_FALSE(told.is_news("a", 5900ms));
    EXPECT_TRUE(told.is_news("a", 6s));
    std::size_t news = 0;
    for (int i = 0; i < 10'000; ++i)
        news += told.is_news(std::to_string(i), 6s) ? 1 : 0;
    EXPECT_EQ(news, recently::most - 1);
    EXPECT_TRUE(told.is_news("later", 7s));
}

}  // namespace
}  // namespace rakka::discovery
