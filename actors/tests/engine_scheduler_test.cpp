#include "engine/scheduler.hpp"
#include "engine_support.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <random>
#include <set>
#include <thread>

namespace rakka::detail::test {
namespace {

constexpr auto plenty = std::chrono::seconds(100);

scheduler_options workers(unsigned n, std::uint64_t seed = 0) {
    scheduler_options o;
    o.workers = n;
    o.seed = seed;
    o.watch_interval = nanoseconds{0};  // nothing but the tests that say so may depend on it
    return o;
}

struct shape {
    unsigned workers;
    std::uint64_t seed;
};

void PrintTo(const shape& s, std::ostream* os) {
    *os << s.workers << "_workers_seed_" << s.seed;
}

class scheduler_test : public testing::TestWithParam<shape> {
protected:
    scheduler_test() : s(workers(GetParam().workers, GetParam().seed)) {}
    scheduler s;
};
INSTANTIATE_TEST_SUITE_P(shapes, scheduler_test,
                         testing::Values(shape{1, 0}, shape{2, 0}, shape{3, 0}, shape{4, 0}, shape{8, 0},
                                         shape{1, 11}, shape{2, 12}, shape{4, 13}),
                         [](const auto& i) {
                             return std::to_string(i.param.workers) + "_workers_seed_" +
                                    std::to_string(i.param.seed);
                         });

TEST_P(scheduler_test, runs_what_foreign_threads_start) {
    std::atomic<int> ran{0};
    std::vector<std::unique_ptr<body_task>> tasks;
    for (int i = 0; i < 1000; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&] { ran.fetch_add(1); }));
    }
    for (auto& t : tasks)
        s.start(*t);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(ran.load(), 1000);
}

TEST_P(scheduler_test, two_fibers_hand_a_token_back_and_forth) {
    constexpr int rounds = under_sanitizer ? 50'000 : 1'000'000;
    boxed_body* other = nullptr;
    boxed_body a(s, [&](token_box& box) {
        for (int i = 0; i < rounds; ++i) {
            box.receive();
            other->box.post();
        }
    });
    boxed_body b(s, [&](token_box& box) {
        for (int i = 0; i < rounds; ++i) {
            a.box.post();
            box.receive();
        }
    });
    other = &b;
    s.start(a.runner);
    s.start(b.runner);
    EXPECT_EQ(s.stop(plenty), 0U);
}

TEST_P(scheduler_test, a_fiber_and_a_foreign_thread_hand_a_token_back_and_forth) {
    constexpr int rounds = 3000;
    std::atomic<int> replies{0};
    boxed_body echo(s, [&](token_box& box) {
        for (int i = 0; i < rounds; ++i) {
            box.receive();
            replies.fetch_add(1);
            replies.notify_one();
        }
    });
    s.start(echo.runner);
    for (int i = 0; i < rounds; ++i) {
        echo.box.post();
        replies.wait(i);
    }
    EXPECT_EQ(s.stop(plenty), 0U);
}

TEST_P(scheduler_test, stackless_tasks_hand_tokens_around_a_ring) {
    constexpr std::size_t size = 50;
    constexpr int rounds = under_sanitizer ? 200 : 4000;
    struct member {
        explicit member(scheduler& home, std::function<step(member&)> f)
            : box(true), runner(home, [this, f = std::move(f)] { return f(*this); }) {
            box.set_reader(runner);
        }
        token_box box;
        handler_task runner;
        member* next = nullptr;
        int seen = 0;
    };
    std::vector<std::unique_ptr<member>> ring;
    for (std::size_t i = 0; i < size; ++i) {
        ring.push_back(std::make_unique<member>(s, [](member& m) {
            for (;;) {
                while (m.box.take()) {
                    m.next->box.post();
                    if (++m.seen == rounds) return step::done;
                    if (charge_reductions(1)) return step::again;
                }
                settle_reductions();
                if (m.box.fall_asleep()) return step::wait;
            }
        }));
    }
    for (std::size_t i = 0; i < size; ++i)
        ring[i]->next = ring[(i + 1) % size].get();
    for (auto& m : ring)
        s.adopt(m->runner);
    for (std::size_t i = 0; i < size; i += 10)
        ring[i]->box.post();
    EXPECT_EQ(s.stop(plenty), 0U);
    for (auto& m : ring)
        EXPECT_EQ(m->seen, rounds);
}

TEST_P(scheduler_test, random_conversations_lose_no_token) {
    constexpr std::size_t members = 60;
    constexpr int each = under_sanitizer ? 300 : 5000;
    std::vector<std::unique_ptr<boxed_body>> all;
    std::atomic<std::int64_t> taken{0};
    for (std::size_t n = 0; n < members; ++n) {
        all.push_back(std::make_unique<boxed_body>(s, [&, n](token_box& box) {
            std::mt19937 random(static_cast<unsigned>(n));
            for (int i = 0; i < each; ++i) {
                all[random() % members]->box.post();
                if (random() % 8 == 0) yield_current();
                if (random() % 64 == 0) run_blocking([] { std::this_thread::yield(); });
                consume_reductions(static_cast<std::int32_t>(random() % 50));
                while (random() % 2 == 0 && box.take())
                    taken.fetch_add(1);
            }
            while (box.take())
                taken.fetch_add(1);
        }));
    }
    for (auto& t : all)
        s.start(t->runner);
    EXPECT_EQ(s.stop(plenty), 0U);
    for (auto& t : all) {
        while (t->box.take())
            taken.fetch_add(1);
    }
    EXPECT_EQ(taken.load(), static_cast<std::int64_t>(members * each));
}

TEST_P(scheduler_test, tasks_that_start_tasks_all_run) {
    constexpr int depth = under_sanitizer ? 9 : 14;
    struct tree {
        scheduler& s;
        std::atomic<int> ran{0};
        std::mutex mutex;
        std::vector<std::unique_ptr<body_task>> tasks;
        void grow(int levels) {
            auto t = std::make_unique<body_task>(s, [this, levels] {
                ran.fetch_add(1);
                if (levels == 0) return;
                grow(levels - 1);
                yield_current();
                grow(levels - 1);
            });
            body_task& started = *t;
            {
                const std::lock_guard lock(mutex);
                tasks.push_back(std::move(t));
            }
            s.start(started);
        }
    } t{s, {}, {}, {}};
    t.grow(depth);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(t.ran.load(), (1 << (depth + 1)) - 1);
}

TEST(scheduler, a_failed_publication_resumes_the_task) {
    scheduler s(workers(2));
    int resumed = 0;
    body_task t(s, [&] {
        for (int i = 0; i < 1000; ++i) {
            suspend_current([]() noexcept -> bool { return false; });
            ++resumed;
        }
    });
    s.start(t);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(resumed, 1000);
}

TEST(scheduler, surplus_work_spreads_over_workers) {
    // Each task waits in its slice for all others: only as many workers as tasks can do it.
    constexpr unsigned n = 4;
    scheduler s(workers(n));
    std::latch all(n);
    std::vector<std::unique_ptr<body_task>> tasks;
    for (unsigned i = 0; i < n; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&] { all.arrive_and_wait(); }));
    }
    for (auto& t : tasks)
        s.start(*t);
    EXPECT_EQ(s.stop(plenty), 0U);
}

TEST(scheduler, two_that_compute_do_not_share_a_worker_for_ever) {
    scheduler s(workers(2));
    std::array<std::atomic<unsigned>, 2> place{};
    std::atomic<bool> apart{false};
    const auto compute = [&](std::size_t me) {
        while (!apart) {
            for (int i = 0; i < 8; ++i)
                static_cast<void>(consume_reductions(500));
            place[me] = current_worker()->index() + 1;
            if (place[0] != 0 && place[1] != 0 && place[0] != place[1]) apart = true;
        }
    };
    body_task second(s, [&] { compute(1); });
    body_task first(s, [&] {
        s.start(second);  // next here, as what a process spawns is
        compute(0);
    });
    s.start(first);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_TRUE(apart);
}

TEST(scheduler, a_fan_out_within_one_long_slice_is_taken_up_by_others) {
    scheduler s(workers(3));
    constexpr unsigned n = 500;
    countdown others(n);
    std::vector<std::unique_ptr<body_task>> tasks;
    for (unsigned i = 0; i < n; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&] { others.down(); }));
    }
    body_task hog(s, [&] {
        for (auto& t : tasks)
            s.start(*t);
        // The next-slot is nobody else's without a watcher; all others must be run while this slice lasts.
        while (others.left() > 1)
            std::this_thread::yield();
    });
    s.start(hog);
    EXPECT_EQ(s.stop(plenty), 0U);
}

TEST(scheduler, a_watcher_frees_what_waits_behind_a_stuck_slice) {
    scheduler_options o = workers(2);
    o.watch_interval = std::chrono::milliseconds(1);
    scheduler s(o);
    countdown woken(1);
    body_task other(s, [&] { woken.down(); });
    body_task hog(s, [&] {
        s.start(other);  // to the next-slot of this worker, which never gives way
        woken.wait();
    });
    s.start(hog);
    EXPECT_EQ(s.stop(plenty), 0U);
}

TEST(scheduler, a_busy_worker_still_serves_foreign_threads) {
    scheduler s(workers(1));
    std::atomic<bool> stop{false};
    std::vector<std::unique_ptr<body_task>> busy;
    for (int i = 0; i < 3; ++i) {
        busy.push_back(std::make_unique<body_task>(s, [&] {
            while (!stop.load())
                consume_reductions(1000);
        }));
        s.start(*busy.back());
    }
    body_task t(s, [&] { stop.store(true); });
    s.start(t);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_TRUE(stop.load());
}

TEST(scheduler, urgent_tasks_run_before_ordinary_ones) {
    scheduler s(workers(0));
    std::vector<int> order;
    std::vector<std::unique_ptr<body_task>> tasks;
    const auto add = [&](int n, task_priority p) {
        tasks.push_back(std::make_unique<body_task>(
            s, [&, n] { order.push_back(n); }, p));
    };
    add(0, task_priority::low);
    add(1, task_priority::normal);
    add(2, task_priority::high);
    add(3, task_priority::max);
    for (auto& t : tasks)
        s.start(*t);
    EXPECT_EQ(s.run_ready(), 4U);
    EXPECT_EQ(order, (std::vector<int>{3, 2, 1, 0}));
}

TEST(scheduler, stop_reports_the_tasks_it_abandons) {
    scheduler s(workers(2));
    countdown asleep(3);
    std::vector<std::unique_ptr<body_task>> tasks;
    for (int i = 0; i < 3; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&] {
            suspend_current([&]() noexcept -> bool {
                asleep.down();
                return true;
            });
        }));
        s.start(*tasks.back());
    }
    asleep.wait();
    EXPECT_EQ(s.stop(std::chrono::milliseconds(20)), 3U);
    EXPECT_EQ(s.stop(), 3U);
}

TEST(scheduler, stop_ends_while_tasks_run_for_ever) {
    scheduler s(workers(2));
    std::vector<std::unique_ptr<body_task>> tasks;
    for (int i = 0; i < 4; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [] {
            for (;;)
                yield_current();
        }));
        s.start(*tasks.back());
    }
    EXPECT_EQ(s.stop(), 4U);
}

TEST(scheduler, several_live_in_one_program_and_wake_each_others_tasks) {
    scheduler one(workers(2));
    scheduler two(workers(2));
    constexpr int rounds = under_sanitizer ? 2000 : 20'000;
    boxed_body* other = nullptr;
    boxed_body a(one, [&](token_box& box) {
        for (int i = 0; i < rounds; ++i) {
            box.receive();
            if (&current_task()->home() != &one || &current_worker()->home() != &one) std::abort();
            other->box.post();
        }
    });
    boxed_body b(two, [&](token_box& box) {
        for (int i = 0; i < rounds; ++i) {
            a.box.post();
            box.receive();
            if (&current_worker()->home() != &two) std::abort();
        }
    });
    other = &b;
    one.start(a.runner);
    two.start(b.runner);
    EXPECT_EQ(two.stop(plenty), 0U);
    EXPECT_EQ(one.stop(plenty), 0U);
}

TEST(scheduler, starts_and_stops_without_ever_having_work) {
    for (unsigned n = 1; n < 6; ++n) {
        for (int i = 0; i < 20; ++i)
            scheduler s(workers(n));
    }
}

TEST(scheduler, counts_reductions_of_bodies_and_handlers) {
    scheduler s(workers(0));
    body_task body(s, [] {
        consume_reductions(100);
        yield_current();
        consume_reductions(10'000);
        suspend_current([]() noexcept -> bool { return false; });
    });
    handler_task handler(s, [calls = 0]() mutable {
        charge_reductions(7);
        return ++calls < 3 ? step::again : step::done;
    });
    s.start(body);
    s.start(handler);
    s.run_ready();
    EXPECT_EQ(body.reductions(), 10'100U);
    EXPECT_EQ(handler.reductions(), 14U);  // the last slice is the process layer's to settle
}

}  // namespace
}  // namespace rakka::detail::test
