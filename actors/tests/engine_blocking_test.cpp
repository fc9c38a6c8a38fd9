#include "engine/blocking_pool.hpp"
#include "engine/gate.hpp"
#include "engine/scheduler.hpp"
#include "engine_support.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <set>
#include <stdexcept>
#include <thread>

namespace rakka::detail::test {
namespace {

constexpr auto plenty = std::chrono::seconds(100);

TEST(blocking, runs_elsewhere_while_the_worker_goes_on) {
    scheduler s(scheduler_options{.workers = 1});
    std::latch other_ran(1);
    std::thread::id there;
    std::thread::id here;
    body_task t(s, [&] {
        here = std::this_thread::get_id();
        run_blocking([&] {
            there = std::this_thread::get_id();
            other_ran.wait();  // needs the only worker
        });
        EXPECT_EQ(std::this_thread::get_id(), here);
    });
    body_task other(s, [&] { other_ran.count_down(); });
    s.start(t);
    s.start(other);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_NE(here, there);
}

TEST(blocking, many_block_at_once_up_to_the_limit) {
    scheduler s(scheduler_options{.workers = 1, .max_blocking_threads = 8});
    std::latch together(8);
    std::atomic<int> done{0};
    std::vector<std::unique_ptr<body_task>> tasks;
    for (int i = 0; i < 8; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&] {
            run_blocking([&] { together.arrive_and_wait(); });
            done.fetch_add(1);
        }));
        s.start(*tasks.back());
    }
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(done.load(), 8);
}

TEST(blocking, more_calls_than_threads_wait_their_turn) {
    scheduler s(scheduler_options{.workers = 2, .max_blocking_threads = 2});
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::vector<std::unique_ptr<body_task>> tasks;
    for (int i = 0; i < 100; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&] {
            run_blocking([&] {
                const int n = inside.fetch_add(1) + 1;
                for (int m = most.load(); m < n && !most.compare_exchange_weak(m, n);) {
                }
                std::this_thread::yield();
                inside.fetch_sub(1);
            });
        }));
        s.start(*tasks.back());
    }
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_LE(most.load(), 2);
}

TEST(blocking, what_the_call_throws_arrives_at_the_caller) {
    scheduler s(scheduler_options{.workers = 2});
    std::string what;
    body_task t(s, [&] {
        try {
            run_blocking([] { throw std::runtime_error("from the side"); });
        } catch (const std::runtime_error& e) {
            what = e.what();
        }
    });
    s.start(t);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(what, "from the side");
}

TEST(blocking_pool, close_waits_for_accepted_jobs_and_refuses_new_ones) {
    std::atomic<int> ran{0};
    blocking_pool pool(3);
    const blocking_pool::job j{[](void* p) noexcept { static_cast<std::atomic<int>*>(p)->fetch_add(1); },
                               &ran};
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(pool.submit(j));
    pool.close();
    EXPECT_EQ(ran.load(), 200);
    EXPECT_FALSE(pool.submit(j));
    EXPECT_EQ(pool.threads(), 0U);
}

TEST(blocking_pool, threads_without_work_end) {
    blocking_pool pool(3, std::chrono::milliseconds(1));
    std::latch ran(1);
    ASSERT_TRUE(pool.submit({[](void* p) noexcept { static_cast<std::latch*>(p)->count_down(); }, &ran}));
    ran.wait();
    while (pool.threads() != 0)
        std::this_thread::yield();
}

TEST(gate, refuses_after_closing_and_waits_for_those_inside) {
    gate g;
    ASSERT_TRUE(g.enter());
    std::atomic<bool> closed{false};
    std::thread closer([&] {
        g.close_and_wait();
        closed.store(true);
    });
    while (!g.closed())
        std::this_thread::yield();
    EXPECT_FALSE(g.enter());
    EXPECT_FALSE(gate_guard(g));
    EXPECT_FALSE(closed.load());
    EXPECT_EQ(g.inside(), 1U);
    g.leave();
    closer.join();
    EXPECT_TRUE(closed.load());
}

TEST(gate, nobody_is_inside_once_it_has_been_waited_for) {
    for (int round = 0; round < 200; ++round) {
        gate g;
        int unguarded = 0;
        std::atomic<int> entered{0};
        std::thread visitor([&] {
            while (const gate_guard in{g}) {
                ++unguarded;
                entered.fetch_add(1);
            }
        });
        while (entered.load() == 0)
            std::this_thread::yield();
        g.close_and_wait();
        const int seen = unguarded;
        visitor.join();
        EXPECT_EQ(unguarded, seen);
    }
}

}  // namespace
}  // namespace rakka::detail::test
