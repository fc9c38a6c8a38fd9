// The end of a system while others still use it: several stop(), and work that belongs to the event loop.
#include "actors_support.hpp"

#include <rakka/actors/io.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(stopping);

TEST_P(stopping, from_several_threads_ends_once_and_for_all_of_them) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has one thread";
    for (int i = 0; i < 50; ++i)
        sys.spawn([] { static_cast<void>(receive()); });
    std::latch start(4);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            EXPECT_EQ(sys.stop(), 0U);
            EXPECT_EQ(sys.process_count(), 0U);
            EXPECT_FALSE(sys.running());
        });
    }
    for (auto& t : threads)
        t.join();
    EXPECT_EQ(sys.stop(), 0U);
}

TEST_P(stopping, a_call_between_handlers_is_never_beside_one) {
    if (GetParam().options.simulation) GTEST_SKIP() << "handlers run when the simulation is driven";
    int handled = 0;  // no handler ever runs beside another: the thread sanitizer would see it
    constexpr int handlers = 2000;
    std::atomic<int> posted{0};
    std::thread poster([&] {
        for (int i = 0; i < handlers; ++i, ++posted)
            boost::asio::post(io_context_of(sys), [&] { ++handled; });
    });
    while (posted < handlers) {
        int seen = 0;
        call_between_handlers(sys, [&] { seen = ++handled; });
        EXPECT_GT(seen, 0);
    }
    poster.join();
    sys.stop();
}

TEST_P(stopping, a_call_between_handlers_is_made_whether_the_loop_still_runs_or_not) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has one thread";
    constexpr int callers = 3;
    constexpr int each = 200;
    int made = 0;
    std::latch start(callers + 1);
    std::vector<std::thread> threads;
    for (int t = 0; t < callers; ++t) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            for (int i = 0; i < each; ++i)
                call_between_handlers(sys, [&] { ++made; });
        });
    }
    start.arrive_and_wait();
    sys.stop();
    for (auto& t : threads)
        t.join();
    EXPECT_EQ(made, callers * each);
}

TEST_P(stopping, a_process_may_call_between_handlers) {
    bool made = false;
    in_process([&] { call_between_handlers(sys, [&] { made = true; }); });
    EXPECT_TRUE(made);
}

TEST_P(stopping, waits_for_a_process_that_calls_between_handlers) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has one thread";
    int made = 0;
    std::latch under_way(1);
    sys.spawn([&] {
        under_way.count_down();
        for (;;)
            call_between_handlers(sys, [&] { ++made; });
    });
    under_way.wait();
    EXPECT_EQ(sys.stop(), 0U);
    call_between_handlers(sys, [&] { ++made; });
    EXPECT_GT(made, 0);
}

TEST(stopping_a_simulation, gives_up_on_a_process_that_will_not_end) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "what is left on that stack is never freed, by design";
#endif
    rakka::system sys({.simulation = true});
    sys.spawn([] {
        const defer_exit scope;
        static_cast<void>(receive_if([](term_view) { return false; }));
    });
    sys.run_ready();
    EXPECT_EQ(sys.stop(), 1U);
}

TEST_P(stopping, who_waits_for_what_is_abandoned_waits_no_longer) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "what is left on those stacks is never freed, by design";
#endif
    if (GetParam().options.simulation) GTEST_SKIP() << "nobody waits in a simulation";
    if (GetParam().options.mode == runtime_mode::threaded) GTEST_SKIP() << "threads are waited for";
    std::latch started(2);
    const auto never_ends = [&started] {
        const defer_exit scope;
        started.count_down();
        static_cast<void>(receive_if([](term_view) { return false; }));
    };
    sys.spawn(never_ends);
    std::thread runner([&] { EXPECT_THROW(sys.run(never_ends), process_exit); });
    std::thread waiter([&] { sys.run_until_done(); });
    started.wait();
    EXPECT_EQ(sys.stop(10ms), 2U);
    runner.join();
    waiter.join();
}

TEST_P(stopping, a_grace_without_end_is_one) {
    const bool in_threads = !GetParam().options.simulation;
    std::atomic<bool> up{false};
    sys.spawn([&] {
        const defer_exit scope;
        up = true;
        static_cast<void>(receive_if([](term_view) { return false; }, 100ms));  // longer than a first look
    });
    while (in_threads && !up)
        std::this_thread::yield();
    EXPECT_EQ(sys.stop(std::chrono::nanoseconds::max()), 0U);
}

TEST_P(stopping, run_returns_when_its_process_ends_where_it_stands) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "what is left on that stack is never freed, by design";
#endif
    struct exits_at_the_end {
        ~exits_at_the_end() { rakka::exit("in_destructor"_a); }
    };
    try {
        sys.run([] {
            const exits_at_the_end last;
            throw std::runtime_error("on the way out");
        });
        FAIL() << "run() returned a result";
    } catch (const process_exit& e) {
        EXPECT_EQ(text(e.reason), "in_destructor");
    }
    EXPECT_EQ(sys.process_count(), 0U);
}

TEST(stopping_a_simulation, a_run_that_is_stuck_ends_its_process) {
    rakka::system sys({.simulation = true});
    int unwound = 0;
    {
        std::vector<int> log(1);
        struct writes_at_the_end {
            std::vector<int>& log;
            int& unwound;
            ~writes_at_the_end() { unwound = ++log[0]; }
        };
        EXPECT_THROW(sys.run([&] {
            const writes_at_the_end last{log, unwound};
            static_cast<void>(receive());
        }),
                     std::logic_error);
        EXPECT_EQ(unwound, 1);
    }
    EXPECT_EQ(sys.process_count(), 0U);
}

}  // namespace
}  // namespace rakka::testing
