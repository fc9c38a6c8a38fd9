// A connection that global has parted over, but that goes late: found by a simulated cluster.
#include "global/action_text.hpp"
#include "global/name_server.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace rakka::testing {
namespace {

using namespace global_fsm;

constexpr std::chrono::nanoseconds now{0};

bool tells(const lines& all, const std::string& what) {
    return std::any_of(all.begin(), all.end(), [&](const std::string& l) { return l.find(what) == 0; });
}

// b knows c and d. It parts with c because of what d says, and c is gone at once, but its end does not arrive
// here: the network is cut in this direction. c becomes of one mind with d again, who tells b of it. When the
// old connection goes at last, b parts with a c that counts b among those it knows.
TEST(global_foreseen_loss, is_told_to_the_others_when_they_have_brought_the_node_back_meanwhile) {
    name_server::settings o;
    o.self = "b@h"_a;
    o.locker = {"b@h"_a, 2, 1, 4};
    o.incarnation = 77;
    o.max = {.names = 5, .locks = 5, .nodes = 4, .lost_connections = 10};
    name_server s(o);
    const auto hear = [&](const peer_message& m) { return text_of(s.on_message(m, now)); };
    static_cast<void>(s.node_up("c@h"_a));
    static_cast<void>(s.node_up("d@h"_a));
    const term lock("lock"_a);
    static_cast<void>(hear(new_nodes{"d@h"_a, {}, {}, {{"c@h"_a, 8}, {"d@h"_a, 8}}, lock}));
    ASSERT_TRUE(tells(hear(lost_connection{"d@h"_a, term(5), 10, "c@h"_a}), "send c@h {remove_connection"));
    ASSERT_EQ(s.known(), std::vector<atom>{"d@h"_a});

    static_cast<void>(hear(new_nodes{"d@h"_a, {}, {}, {{"c@h"_a, 8}}, lock}));
    ASSERT_EQ(s.known().size(), 2U);
    EXPECT_TRUE(tells(text_of(s.node_down("c@h"_a, now)), "send d@h {lost_connection,b@h,77,"));
}

}  // namespace
}  // namespace rakka::testing
