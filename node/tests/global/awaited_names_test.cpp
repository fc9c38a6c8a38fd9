// Names of processes on a node that others have told of, and that is not connected yet.
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

class global_awaited_names : public ::testing::Test {
protected:
    global_awaited_names() { static_cast<void>(s_.node_up("c@h"_a)); }

    static name_server::settings settings() {
        name_server::settings o;
        o.self = "b@h"_a;
        o.locker = {"b@h"_a, 2, 1, 4};
        o.incarnation = 77;
        o.max = {.names = 5, .locks = 5, .nodes = 4, .lost_connections = 10};
        return o;
    }
    /// c tells of d, and of a name there.
    lines learn(const char* name, std::uint32_t id) {
        const registration r{term(atom(name)), pid{d_, id, 0, 1}, term("m"_a)};
        return text_of(s_.on_message(new_nodes{"c@h"_a, {{r}}, {}, {{d_, 8}}, term("lock"_a)}, now));
    }
    static bool has(const lines& all, const std::string& part) {
        return std::any_of(all.begin(), all.end(),
                           [&](const std::string& l) { return l.find(part) != l.npos; });
    }
    bool knows(const char* name) const { return s_.names().find(atom(name)) != nullptr; }

    const atom d_ = "d@h"_a;
    name_server s_{settings()};
};

// A monitor of a process there fails if the first attempt to connect does, and would take the name away,
// although the node comes at the second. With a node that is known no names are compared then.
TEST_F(global_awaited_names, are_watched_when_the_node_has_come) {
    EXPECT_FALSE(has(learn("n", 9), "watch"));
    EXPECT_FALSE(has(learn("m", 10), "watch"));
    EXPECT_TRUE(knows("n"));
    const auto out = text_of(s_.node_up(d_));
    EXPECT_TRUE(has(out, "watch 9"));
    EXPECT_TRUE(has(out, "watch 10"));
    EXPECT_TRUE(knows("n"));
    static_cast<void>(s_.node_down(d_, now));
    EXPECT_FALSE(knows("n"));
}

TEST_F(global_awaited_names, go_when_it_cannot_be_reached) {
    learn("n", 9);
    EXPECT_FALSE(has(text_of(s_.unreachable(d_)), "forget"));  // nobody watches it
    EXPECT_FALSE(knows("n"));
    EXPECT_FALSE(has(text_of(s_.node_up(d_)), "watch"));
}

}  // namespace
}  // namespace rakka::testing
