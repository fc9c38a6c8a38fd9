#include "engine/local_queues.hpp"
#include "engine/run_queue.hpp"
#include "engine_support.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

namespace rakka::detail::test {
namespace {

/// Tasks to queue; they belong to a simulation that never runs them.
class queue_test : public testing::Test {
protected:
    queue_test() : s(scheduler_options{.workers = 0}) {}

    std::vector<task*> make(std::size_t n, task_priority p = task_priority::normal) {
        std::vector<task*> result;
        for (std::size_t i = 0; i < n; ++i) {
            tasks.push_back(std::make_unique<handler_task>(
                s, [] { return step::done; }, p));
            result.push_back(tasks.back().get());
        }
        return result;
    }

    scheduler s;
    std::vector<std::unique_ptr<handler_task>> tasks;
};

TEST_F(queue_test, is_first_in_first_out_beyond_the_ring) {
    const auto all = make(5000);
    run_queue q;
    std::size_t popped = 0;
    std::mt19937 random(1);
    for (task* t : all) {
        q.push(*t);
        if (random() % 4 == 0) {
            ASSERT_EQ(q.pop(), all[popped]);
            ++popped;
        }
    }
    EXPECT_EQ(q.size(), all.size() - popped);
    while (task* t = q.pop())
        ASSERT_EQ(t, all[popped++]);
    EXPECT_EQ(popped, all.size());
    EXPECT_TRUE(q.empty());
}

TEST_F(queue_test, a_thief_takes_the_older_half) {
    const auto all = make(10);
    run_queue q;
    run_queue thief;
    for (task* t : all)
        q.push(*t);
    EXPECT_EQ(q.steal_into(thief), 5U);
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_EQ(thief.pop(), all[i]);
    for (std::size_t i = 5; i < 10; ++i)
        EXPECT_EQ(q.pop(), all[i]);
    EXPECT_EQ(q.steal_into(thief), 0U);
}

TEST_F(queue_test, a_thief_gets_at_the_overflow_when_the_ring_is_empty) {
    const auto all = make(300);
    run_queue q;
    run_queue thief;
    for (task* t : all)
        q.push(*t);
    std::size_t stolen = 0;
    while (const std::size_t n = q.steal_into(thief)) {
        stolen += n;
        while (thief.pop() != nullptr) {
        }
    }
    EXPECT_EQ(stolen, 300U);
    EXPECT_TRUE(q.empty());
}

TEST_F(queue_test, every_task_is_taken_exactly_once_among_thieves) {
    constexpr std::size_t count = under_sanitizer ? 20'000 : 400'000;
    constexpr unsigned thieves = 3;
    const auto all = make(1000);
    std::unordered_map<task*, std::size_t> number;
    for (std::size_t i = 0; i < all.size(); ++i)
        number[all[i]] = i;
    run_queue q;
    // Tasks go round: taken, counted, and handed back to the owner to be queued again.
    std::vector<std::atomic<int>> present(all.size());
    std::vector<std::atomic<task*>> returned(all.size());
    std::atomic<std::size_t> taken{0};
    const auto take = [&](task* t) {
        const std::size_t i = number.at(t);
        ASSERT_EQ(present[i].fetch_sub(1), 1);
        taken.fetch_add(1);
        returned[i].store(t, std::memory_order_release);
    };
    for (std::size_t i = 0; i < all.size(); ++i)
        returned[i].store(all[i]);
    std::vector<std::thread> threads;
    for (unsigned n = 0; n < thieves; ++n) {
        threads.emplace_back([&] {
            run_queue mine;
            while (taken.load() < count) {
                q.steal_into(mine);
                while (task* t = mine.pop())
                    take(t);
            }
        });
    }
    std::mt19937 random(5);
    while (taken.load() < count) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (task* t = returned[i].exchange(nullptr, std::memory_order_acquire)) {
                present[i].fetch_add(1);
                q.push(*t);
            }
            if (random() % 3 == 0) {
                if (task* t = q.pop()) take(t);
            }
        }
    }
    for (auto& t : threads)
        t.join();
    while (task* t = q.pop())
        take(t);
    for (const auto& p : present)
        EXPECT_EQ(p.load(), 0);
}

TEST_F(queue_test, urgent_tasks_go_first) {
    const auto low = make(1, task_priority::low);
    const auto normal = make(1, task_priority::normal);
    const auto high = make(1, task_priority::high);
    const auto max = make(1, task_priority::max);
    const auto woken = make(1, task_priority::normal);
    local_queues q(0);
    q.push(*low[0]);
    q.push(*normal[0]);
    q.push_woken(*woken[0]);
    q.push(*high[0]);
    q.push_woken(*max[0]);
    EXPECT_EQ(q.size(), 5U);
    EXPECT_EQ(q.pop(), max[0]);
    EXPECT_EQ(q.pop(), high[0]);
    EXPECT_EQ(q.pop(), woken[0]);
    EXPECT_EQ(q.pop(), normal[0]);
    EXPECT_EQ(q.pop(), low[0]);
    EXPECT_EQ(q.pop(), nullptr);
}

TEST_F(queue_test, low_priority_gets_its_share_beside_normal) {
    const auto normal = make(10);
    const auto low = make(1, task_priority::low);
    local_queues q(0);
    for (task* t : normal)
        q.push(*t);
    q.push(*low[0]);
    int before = 0;
    while (q.pop() != low[0])
        ASSERT_LE(++before, 8);
    EXPECT_EQ(before, 8);
}

TEST_F(queue_test, a_conversation_in_the_next_slot_does_not_starve_the_queue) {
    const auto pair = make(2);
    const auto waiting = make(1);
    local_queues q(0);
    q.push(*waiting[0]);
    q.push_woken(*pair[0]);
    std::size_t rounds = 0;
    for (task* t = q.pop(); t != waiting[0]; t = q.pop()) {
        ASSERT_NE(t, nullptr);
        ASSERT_LT(++rounds, 100U);
        q.push_woken(t == pair[0] ? *pair[1] : *pair[0]);
    }
    EXPECT_GT(rounds, 10U);  // but it is allowed to go on for a while
}

TEST_F(queue_test, the_next_slot_is_stolen_only_on_demand) {
    const auto t = make(1);
    local_queues victim(0);
    local_queues thief(0);
    victim.push_woken(*t[0]);
    EXPECT_EQ(thief.steal_from(victim, false), 0U);
    EXPECT_EQ(thief.steal_from(victim, true), 1U);
    EXPECT_EQ(victim.pop(), nullptr);
    EXPECT_EQ(thief.pop(), t[0]);
}

TEST_F(queue_test, one_that_nobody_steals_from_has_the_same_order) {
    const auto normal = make(3);
    const auto high = make(1, task_priority::high);
    local_queues q(0, true);
    q.push(*normal[0]);
    q.push_woken(*normal[1]);
    q.push_woken(*normal[2]);  // the slot is taken
    q.push(*high[0]);
    for (task* const t : {high[0], normal[1], normal[0], normal[2]})
        EXPECT_EQ(q.pop(), t);
    EXPECT_EQ(q.pop(), nullptr);
}

TEST_F(queue_test, knows_when_all_that_waits_has_had_its_turn) {
    const auto t = make(3);
    local_queues q(0);
    q.push(*t[0]);
    EXPECT_FALSE(q.only_a_yielded_one());
    EXPECT_EQ(q.pop(), t[0]);
    q.push_yielded(*t[0]);
    EXPECT_TRUE(q.only_a_yielded_one());
    q.push_woken(*t[1]);
    EXPECT_FALSE(q.only_a_yielded_one());  // two wait
    EXPECT_EQ(q.pop(), t[1]);
    EXPECT_TRUE(q.only_a_yielded_one());
    q.push_yielded(*t[1]);
    EXPECT_FALSE(q.only_a_yielded_one());
    local_queues thief(0);
    EXPECT_EQ(thief.steal_from(q, false), 1U);
    EXPECT_FALSE(thief.only_a_yielded_one());  // it had its turn elsewhere
}

TEST_F(queue_test, injected_tasks_come_out_in_order) {
    const auto all = make(100);
    injection_queue injected;
    local_queues q(0);
    EXPECT_EQ(injected.take(q, 10), 0U);
    for (task* t : all)
        injected.push(*t);
    std::size_t n = 0;
    while (injected.take(q, 7) != 0) {
        while (task* t = q.pop())
            ASSERT_EQ(t, all[n++]);
    }
    EXPECT_EQ(n, 100U);
    EXPECT_EQ(injected.size(), 0U);
}

}  // namespace
}  // namespace rakka::detail::test
