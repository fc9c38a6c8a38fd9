// Messages between scopes, and calls of one: what is written can be read, and nothing else.
#include "pg/messages.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/parse.hpp>

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace rakka::testing {
namespace {

using namespace pg_fsm;

const pid peer{"a@h"_a, 2, 1, 4};
const pid p1{"a@h"_a, 11, 1, 4};
const pid p2{"a@h"_a, 12, 1, 4};
const pid stranger{"b@h"_a, 11, 1, 4};

template <class T>
std::optional<T> read(const term& message) {
    const auto m = read_message(message);
    const T* const t = m ? std::get_if<T>(&*m) : nullptr;
    return t ? std::optional(*t) : std::nullopt;
}
bool is_message(const term& t) {
    return read_message(t).has_value();
}
bool is_call(const std::string& text) {
    const term t = parse_term(text).value();
    return read_call(t).has_value();
}

TEST(pg_messages, read_what_they_write) {
    EXPECT_EQ(read<discover>(discover_message(peer)).value().peer, peer);
    const std::vector<group_members> groups{{term("g"_a), {p1, p2, p1}}, {term(tuple(1, 2)), {}}};
    const auto all = read<sync>(sync_message(peer, groups));
    ASSERT_TRUE(all);
    EXPECT_EQ(all->peer, peer);
    EXPECT_EQ(all->groups, groups);
    for (const auto& pids : {std::vector{p1}, std::vector{p1, p2, p1}}) {
        const auto join = read<joined>(join_message(peer, term("g"_a), pids));
        ASSERT_TRUE(join);
        EXPECT_EQ(join->peer, peer);
        EXPECT_EQ(join->group, term("g"_a));
        EXPECT_EQ(join->pids, pids);
        const auto leave = read<left>(leave_message(peer, pids, {term("g"_a), term("h"_a)}));
        ASSERT_TRUE(leave);
        EXPECT_EQ(leave->peer, peer);
        EXPECT_EQ(leave->pids, pids);
        EXPECT_EQ(leave->groups, (std::vector<term>{"g"_a, "h"_a}));
    }
}

TEST(pg_messages, have_the_shape_of_the_first_version) {
    EXPECT_TRUE(discover_message(peer).is_tagged("discover"_a, 2)) << "a scope of OTP 25 ends otherwise";
    const term one = join_message(peer, term("g"_a), {p1});
    EXPECT_TRUE(one.tuple()[3].is(kind::pid));
    const term two = join_message(peer, term("g"_a), {p1, p2});
    EXPECT_TRUE(two.tuple()[3].is(kind::list));
}

TEST(pg_messages, are_understood_from_later_versions) {
    EXPECT_EQ(read<discover>(tuple("discover"_a, peer, 1)).value().peer, peer);
    EXPECT_EQ(read<discover>(tuple("discover"_a, peer, tuple("v"_a, 2))).value().peer, peer);
}

TEST(pg_messages, speak_of_processes_of_the_sender_alone) {
    EXPECT_EQ(read<joined>(join_message(peer, term("g"_a), {stranger, p1})).value().pids, std::vector{p1});
    EXPECT_TRUE(read<joined>(join_message(peer, term("g"_a), {stranger})).value().pids.empty());
    EXPECT_TRUE(read<left>(leave_message(peer, {stranger}, {term("g"_a)})).value().pids.empty());
    const auto all = read<sync>(sync_message(peer, {{term("g"_a), {stranger, p2}}}));
    EXPECT_EQ(all.value().groups.at(0).second, std::vector{p2});
}

TEST(pg_messages, that_are_none_are_refused) {
    EXPECT_FALSE(is_message(tuple("discover"_a, "peer"_a)));
    EXPECT_FALSE(is_message(tuple("discover"_a, peer, 1, 2)));
    EXPECT_FALSE(is_message(tuple("join"_a, peer, "g"_a)));
    EXPECT_FALSE(is_message(tuple("join"_a, peer, "g"_a, "p"_a)));
    EXPECT_FALSE(is_message(tuple("join"_a, peer, "g"_a, list(p1, "p"_a))));
    EXPECT_FALSE(is_message(tuple("join"_a, peer, "g"_a, cons(p1, p2)))) << "improper";
    EXPECT_FALSE(is_message(tuple("leave"_a, peer, p1, "g"_a)));
    EXPECT_FALSE(is_message(tuple("sync"_a, peer, list()))) << "no cast";
    EXPECT_FALSE(is_message(tuple("$gen_cast"_a, tuple("sync"_a, peer, list("g"_a)))));
    EXPECT_FALSE(is_message(tuple("$gen_cast"_a, tuple("sync"_a, peer, list(tuple("g"_a, "p"_a))))));
    EXPECT_FALSE(is_message(tuple("$gen_cast"_a, tuple("sync"_a, "peer"_a, list()))));
    EXPECT_FALSE(is_message(tuple()));
    EXPECT_FALSE(is_message(term(5)));
}

TEST(pg_messages, calls_are_read) {
    const term one = tuple("join_local"_a, "g"_a, p1);
    const auto join = read_call(one);
    ASSERT_TRUE(join && std::holds_alternative<join_call>(*join));
    EXPECT_EQ(std::get<join_call>(*join).pids, std::vector{p1});
    const term two = tuple("leave_local"_a, "g"_a, list(p1, p1));
    const auto leave = read_call(two);
    ASSERT_TRUE(leave && std::holds_alternative<leave_call>(*leave));
    EXPECT_EQ(std::get<leave_call>(*leave).pids, (std::vector{p1, p1}));
    EXPECT_TRUE(is_call("monitor"));
    EXPECT_TRUE(is_call("{monitor, {a, group}}"));
    EXPECT_TRUE(is_call("{join_local, g, []}"));
    EXPECT_FALSE(is_call("{join_local, g, p}"));
    EXPECT_FALSE(is_call("{demonitor, ref}"));
    EXPECT_FALSE(is_call("anything"));
}

}  // namespace
}  // namespace rakka::testing
