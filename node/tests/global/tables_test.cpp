// The tables that `global` consists of, each by itself.
#include "global/lock_attempt.hpp"
#include "global/lock_table.hpp"
#include "global/lost_connections.hpp"
#include "global/name_exchange.hpp"
#include "global/name_table.hpp"
#include "global/sync_waiters.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace rakka::testing {
namespace {

using namespace global_fsm;
using namespace std::chrono_literals;

pid process(std::uint32_t n, atom node = "x@h"_a) {
    return {node, n, 1, 4};
}
registration named(atom name, std::uint32_t n) {
    return {name, process(n), "m"_a};
}
using changes = std::vector<watched_pids::change>;

// ---- watched_pids

TEST(global_watched_pids, one_monitor_for_any_number_of_uses) {
    watched_pids w;
    w.add(process(1));
    w.add(process(1));
    EXPECT_EQ(w.take_changes(), (changes{{process(1), true}}));
    w.remove(process(1));
    EXPECT_TRUE(w.take_changes().empty());
    w.remove(process(1));
    EXPECT_EQ(w.take_changes(), (changes{{process(1), false}}));
    w.remove(process(1));
    EXPECT_TRUE(w.take_changes().empty());
}

TEST(global_watched_pids, a_process_that_has_ended_is_not_given_up_again) {
    watched_pids w;
    w.add(process(1));
    static_cast<void>(w.take_changes());
    w.ended(process(1));
    w.remove(process(1));
    EXPECT_TRUE(w.take_changes().empty());
    w.add(process(1));
    EXPECT_EQ(w.take_changes(), (changes{{process(1), true}}));
}

// ---- name_table

TEST(global_name_table, finds_what_was_inserted_until_it_is_erased) {
    watched_pids w;
    name_table t(w, 10);
    EXPECT_TRUE(t.insert(named("a"_a, 1)));
    EXPECT_EQ(t.find("a"_a)->process, process(1));
    EXPECT_EQ(t.find("b"_a), nullptr);
    EXPECT_TRUE(t.has_name(process(1)));
    EXPECT_TRUE(t.erase("a"_a));
    EXPECT_FALSE(t.erase("a"_a));
    EXPECT_FALSE(t.has_name(process(1)));
    EXPECT_EQ(w.size(), 0U);
}

TEST(global_name_table, replacing_watches_the_new_process_only) {
    watched_pids w;
    name_table t(w, 10);
    EXPECT_TRUE(t.insert(named("a"_a, 1)));
    EXPECT_TRUE(t.insert(named("a"_a, 2)));
    EXPECT_EQ(t.size(), 1U);
    EXPECT_EQ(w.take_changes(), (changes{{process(1), true}, {process(2), true}, {process(1), false}}));
    EXPECT_TRUE(t.insert(named("a"_a, 2)));
    EXPECT_TRUE(w.take_changes().empty()) << "nothing changes for the same process";
    EXPECT_EQ(t.names_of(process(2)), std::vector<term>{"a"_a});
}

TEST(global_name_table, an_ended_process_loses_all_its_names) {
    watched_pids w;
    name_table t(w, 10);
    for (const atom name : {"a"_a, "b"_a})
        EXPECT_TRUE(t.insert(named(name, 1)));
    EXPECT_TRUE(t.insert(named("c"_a, 2)));
    w.ended(process(1));
    t.process_ended(process(1));
    EXPECT_EQ(t.size(), 1U);
    EXPECT_NE(t.find("c"_a), nullptr);
}

TEST(global_name_table, is_bounded_but_replaces_when_full) {
    watched_pids w;
    name_table t(w, 1);
    EXPECT_TRUE(t.insert(named("a"_a, 1)));
    EXPECT_FALSE(t.insert(named("b"_a, 2)));
    EXPECT_EQ(w.size(), 1U);
    EXPECT_TRUE(t.insert(named("a"_a, 2)));
}

TEST(global_name_table, tells_external_names) {
    watched_pids w;
    name_table t(w, 10);
    EXPECT_TRUE(t.insert(named("a"_a, 1), "n@h"_a));
    EXPECT_TRUE(t.insert(named("b"_a, 1)));
    ASSERT_EQ(t.external().size(), 1U);
    EXPECT_EQ(t.external()[0].node, "n@h"_a);
}

// ---- lock_table

TEST(global_lock_table, one_requester_and_many_holders) {
    watched_pids w;
    lock_table t(w, 10);
    const lock_id a{"r"_a, "a"_a};
    const lock_id b{"r"_a, "b"_a};
    EXPECT_TRUE(t.set(a, process(1)));
    EXPECT_TRUE(t.set(a, process(1))) << "again";
    EXPECT_TRUE(t.set(a, process(2)));
    EXPECT_FALSE(t.set(b, process(1)));
    t.remove(b, process(1));
    t.remove(a, process(3));
    t.remove(a, process(1));
    EXPECT_FALSE(t.can_set(b));
    t.remove(a, process(2));
    EXPECT_TRUE(t.set(b, process(3)));
    EXPECT_EQ(t.requester("r"_a), term("b"_a));
    EXPECT_TRUE(t.holds("r"_a, process(3)));
    EXPECT_EQ(t.size(), 1U);
}

TEST(global_lock_table, an_ended_process_has_no_locks) {
    watched_pids w;
    lock_table t(w, 10);
    EXPECT_TRUE(t.set({"r"_a, "a"_a}, process(1)));
    EXPECT_TRUE(t.set({"s"_a, "a"_a}, process(1)));
    EXPECT_TRUE(t.set({"s"_a, "a"_a}, process(2)));
    t.process_ended(process(1));
    EXPECT_FALSE(t.is_set("r"_a));
    EXPECT_TRUE(t.is_set("s"_a));
    t.process_ended(process(2));
    EXPECT_EQ(t.size(), 0U);
}

TEST(global_lock_table, remembers_that_the_lock_of_all_was_lost) {
    watched_pids w;
    lock_table t(w, 10);
    EXPECT_TRUE(t.set({"global"_a, "a"_a}, process(1)));
    t.process_ended(process(1));
    EXPECT_TRUE(t.global_lock_lost());
    EXPECT_TRUE(t.set({"global"_a, "a"_a}, process(1)));
    t.remove({"global"_a, "a"_a}, process(1));
    EXPECT_FALSE(t.global_lock_lost());
}

TEST(global_lock_table, is_bounded) {
    watched_pids w;
    lock_table t(w, 1);
    EXPECT_TRUE(t.set({"r"_a, "a"_a}, process(1)));
    EXPECT_FALSE(t.set({"r"_a, "a"_a}, process(2)));
    EXPECT_FALSE(t.set({"s"_a, "a"_a}, process(1)));
    t.remove({"r"_a, "a"_a}, process(1));
    EXPECT_TRUE(t.set({"s"_a, "a"_a}, process(1)));
}

// ---- lost_connections

lost_connection loss(std::int64_t number, int incarnation = 1, atom loser = "a@h"_a) {
    return {loser, term(incarnation), number, "b@h"_a};
}

TEST(global_lost_connections, old_news_is_no_news) {
    lost_connections l(10);
    EXPECT_TRUE(l.is_news(loss(5), 0s));
    EXPECT_FALSE(l.is_news(loss(5), 1s));
    EXPECT_FALSE(l.is_news(loss(4), 1s));
    EXPECT_TRUE(l.is_news(loss(6), 1s));
    EXPECT_TRUE(l.is_news(loss(1, 2), 1s)) << "the loser has started again";
    EXPECT_TRUE(l.is_news(loss(5, 1, "c@h"_a), 1s)) << "another loser";
}

TEST(global_lost_connections, are_forgotten_after_an_hour) {
    lost_connections l(10);
    EXPECT_TRUE(l.is_news(loss(5), 0s));
    EXPECT_TRUE(l.is_news(loss(6), 30min));
    EXPECT_FALSE(l.is_news(loss(6), 70min)) << "heard of again in between";
    EXPECT_TRUE(l.is_news(loss(6), 91min));
}

TEST(global_lost_connections, are_bounded) {
    lost_connections l(3);
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(l.is_news(loss(i, 1, atom("n" + std::to_string(i) + "@h")), std::chrono::seconds(i)));
    EXPECT_LE(l.size(), 3U);
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(l.is_news(loss(i), 200s));
    EXPECT_LE(l.size(), 3U);
}

// ---- sync_waiters

TEST(global_sync_waiters, wait_for_all_their_nodes) {
    sync_waiters w;
    w.add({process(1), term(1)}, {"a@h"_a, "b@h"_a});
    w.add({process(2), term(2)}, {"b@h"_a});
    EXPECT_TRUE(w.done_with("c@h"_a).empty());
    const auto first = w.done_with("b@h"_a);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].client, process(2));
    EXPECT_EQ(w.done_with("a@h"_a).size(), 1U);
    EXPECT_EQ(w.size(), 0U);
}

// ---- name_exchange

TEST(global_name_exchange, new_names_are_taken_and_common_ones_left) {
    watched_pids w;
    name_table own(w, 10);
    EXPECT_TRUE(own.insert(named("common"_a, 1)));
    name_exchange e("a@h"_a, "b@h"_a, {named("common"_a, 1), named("new"_a, 2)});
    EXPECT_FALSE(e.next(own));
    EXPECT_EQ(e.take_ops(), (std::vector<name_op>{{named("new"_a, 2)}}));
    EXPECT_TRUE(e.take_peer_ops().empty());
}

TEST(global_name_exchange, the_greater_node_leaves_conflicts_to_the_other) {
    watched_pids w;
    name_table own(w, 10);
    EXPECT_TRUE(own.insert(named("x"_a, 1)));
    name_exchange e("b@h"_a, "a@h"_a, {named("x"_a, 2)});
    EXPECT_FALSE(e.next(own));
    EXPECT_TRUE(e.take_ops().empty());
    EXPECT_TRUE(e.take_peer_ops().empty());
}

TEST(global_name_exchange, the_choice_of_a_method) {
    watched_pids w;
    name_table own(w, 10);
    EXPECT_TRUE(own.insert(named("x"_a, 1)));
    const name_op gone{{term("x"_a), {}, {}}};
    struct expected {
        std::optional<term> choice;
        std::vector<name_op> here;
        std::vector<name_op> there;
    };
    for (const expected& c :
         {expected{term(process(2)), {{named("x"_a, 2)}}, {}},
          expected{term(process(1)), {}, {{named("x"_a, 1)}}}, expected{term("none"_a), {gone}, {gone}},
          expected{term(process(3)), {gone}, {gone}}, expected{std::nullopt, {{named("x"_a, 2)}}, {}}}) {
        name_exchange e("a@h"_a, "b@h"_a, {named("x"_a, 2)});
        const auto question = e.next(own);
        ASSERT_TRUE(question);
        EXPECT_EQ(question->ours, process(1));
        EXPECT_EQ(question->theirs, process(2));
        e.answered(c.choice);
        EXPECT_FALSE(e.next(own));
        EXPECT_EQ(e.take_ops(), c.here);
        EXPECT_EQ(e.take_peer_ops(), c.there);
    }
}

// ---- known_lock

template <class T>
const T* only(const known_lock::steps& s) {
    return s.size() == 1 ? std::get_if<T>(&s[0]) : nullptr;
}

TEST(global_known_lock, the_boss_first_then_all) {
    known_lock l("b@h"_a);
    const std::vector<atom> known{"a@h"_a, "c@h"_a};
    const auto first = l.begin(known);
    ASSERT_TRUE(only<known_lock::set_lock>(first));
    EXPECT_EQ(only<known_lock::set_lock>(first)->nodes, std::vector<atom>{"c@h"_a});
    const auto second = l.locked(true, known);
    ASSERT_TRUE(only<known_lock::set_lock>(second));
    EXPECT_EQ(only<known_lock::set_lock>(second)->nodes.size(), 3U);
    EXPECT_TRUE(only<known_lock::set_lock>(second)->look_here_first);
    EXPECT_TRUE(only<known_lock::done>(l.locked(true, known)));
    const auto end = l.release();
    ASSERT_EQ(end.size(), 2U);
    EXPECT_EQ(std::get<known_lock::del_lock>(end[1]).nodes, std::vector<atom>{"c@h"_a}) << "the boss last";
}

TEST(global_known_lock, failures_wait_longer_and_longer) {
    known_lock l("b@h"_a);
    std::vector<std::int64_t> pauses;
    for (int i = 0; i < 9; ++i) {
        static_cast<void>(l.begin({"c@h"_a}));
        const auto s = l.locked(false, {"c@h"_a});
        ASSERT_TRUE(only<known_lock::pause>(s)) << "nothing to unlock";
        pauses.push_back(only<known_lock::pause>(s)->longest.count());
    }
    EXPECT_EQ(pauses, (std::vector<std::int64_t>{125, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000}));
    static_cast<void>(l.begin({"c@h"_a}));
    static_cast<void>(l.locked(true, {"c@h"_a}));
    const auto s = l.locked(false, {"c@h"_a});
    ASSERT_EQ(s.size(), 2U);
    EXPECT_EQ(std::get<known_lock::del_lock>(s[0]).nodes, std::vector<atom>{"c@h"_a});
}

TEST(global_known_lock, begins_again_when_another_node_has_become_known) {
    known_lock l("b@h"_a);
    static_cast<void>(l.begin({"c@h"_a}));
    static_cast<void>(l.locked(true, {"c@h"_a}));
    const auto s = l.locked(true, {"c@h"_a, "d@h"_a});
    ASSERT_EQ(s.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<known_lock::pause>(s[2]));
    const auto again = l.begin({"c@h"_a, "d@h"_a});
    EXPECT_EQ(only<known_lock::set_lock>(again)->nodes, std::vector<atom>{"d@h"_a});
}

TEST(global_known_lock, answers_that_do_not_come_do_not_count) {
    EXPECT_TRUE(all_agree({}));
    EXPECT_TRUE(all_agree({{"a@h"_a, true}}));
    const lock_answers mixed{{"a@h"_a, true}, {"b@h"_a, false}};
    EXPECT_FALSE(all_agree(mixed));
    EXPECT_EQ(agreed(mixed), std::vector<atom>{"a@h"_a});
}

}  // namespace
}  // namespace rakka::testing
