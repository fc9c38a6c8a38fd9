#include "engine/scheduler.hpp"
#include "engine/slice_hook.hpp"
#include "engine/timer_wheel.hpp"
#include "engine/worker.hpp"
#include "engine_support.hpp"

#include <rakka/actors/io.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <latch>
#include <thread>

namespace rakka::detail::test {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr auto plenty = std::chrono::seconds(100);

scheduler_options workers(unsigned n) {
    scheduler_options o;
    o.workers = n;
    o.watch_interval = nanoseconds{0};
    return o;
}

class io_test : public testing::TestWithParam<unsigned> {
protected:
    io_test() : s(workers(GetParam())) {}
    scheduler s;
};
INSTANTIATE_TEST_SUITE_P(workers, io_test, testing::Values(1U, 2U, 4U));

TEST_P(io_test, posting_from_a_foreign_thread_wakes_a_sleeping_system) {
    for (int i = 0; i < 500; ++i) {
        std::latch ran(1);
        asio::post(s.io(), [&] {
            EXPECT_EQ(current_task(), nullptr);
            EXPECT_NE(current_worker(), nullptr);
            ran.count_down();
        });
        ran.wait();
    }
}

TEST_P(io_test, handlers_never_run_concurrently) {
    constexpr int posters = 3;
    constexpr int each = under_sanitizer ? 2000 : 20'000;
    int unguarded = 0;  // the thread sanitizer would see it
    std::atomic<int> inside{0};
    std::atomic<bool> overlapped{false};
    std::latch all(posters * each);
    std::atomic<bool> stop{false};
    std::vector<std::unique_ptr<body_task>> busy;
    for (unsigned i = 0; i < GetParam(); ++i) {
        busy.push_back(std::make_unique<body_task>(s, [&] {
            while (!stop.load())
                yield_current();
        }));
        s.start(*busy.back());
    }
    std::vector<std::thread> threads;
    for (int p = 0; p < posters; ++p) {
        threads.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                asio::post(s.io(), [&] {
                    if (inside.fetch_add(1) != 0) overlapped.store(true);
                    ++unguarded;
                    inside.fetch_sub(1);
                    all.count_down();
                });
            }
        });
    }
    for (auto& t : threads)
        t.join();
    all.wait();
    stop.store(true);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(unguarded, posters * each);
    EXPECT_FALSE(overlapped.load());
}

TEST_P(io_test, a_busy_system_still_polls) {
    std::atomic<bool> ran{false};
    std::vector<std::unique_ptr<body_task>> busy;
    for (unsigned i = 0; i < GetParam() + 1; ++i) {
        busy.push_back(std::make_unique<body_task>(s, [&] {
            while (!ran.load())
                consume_reductions(500);
        }));
        s.start(*busy.back());
    }
    asio::post(s.io(), [&] { ran.store(true); });
    EXPECT_EQ(s.stop(plenty), 0U);
}

TEST_P(io_test, tasks_woken_by_handlers_run) {
    boxed_body t(s, [&](token_box& box) {
        for (int i = 0; i < 300; ++i) {
            asio::post(s.io(), [&box] { box.post(); });
            box.receive();
        }
    });
    s.start(t.runner);
    EXPECT_EQ(s.stop(plenty), 0U);
}

TEST_P(io_test, an_echo_over_a_socket_reaches_its_task) {
    using asio::ip::tcp;
    constexpr int rounds = 500;
    tcp::acceptor acceptor(s.io(), {asio::ip::address_v4::loopback(), 0});
    tcp::socket served(s.io());
    std::array<char, 1> byte{};
    boxed_body server(s, [&](token_box& box) {
        acceptor.async_accept(served, [&](const boost::system::error_code&) { box.post(); });
        box.receive();
        for (int i = 0; i < rounds; ++i) {
            asio::async_read(served, asio::buffer(byte),
                             [&](const boost::system::error_code&, std::size_t) { box.post(); });
            box.receive();
            asio::write(served, asio::buffer(byte));
        }
    });
    s.start(server.runner);
    asio::io_context mine;
    tcp::socket client(mine);
    client.connect(acceptor.local_endpoint());
    client.set_option(tcp::no_delay(true));
    for (int i = 0; i < rounds; ++i) {
        std::array<char, 1> out{static_cast<char>(i)};
        std::array<char, 1> in{};
        asio::write(client, asio::buffer(out));
        asio::read(client, asio::buffer(in));
        ASSERT_EQ(in, out);
    }
    EXPECT_EQ(s.stop(plenty), 0U);
}

struct alarm_node : timer_node {
    explicit alarm_node(const clock& c) : timer_node(&fired), time(c) {}
    static void fired(timer_node& n) noexcept {
        auto& self = static_cast<alarm_node&>(n);
        self.at = self.time.now();
        self.rang.count_down();
    }
    const clock& time;
    instant at{};
    std::latch rang{1};
};

TEST_P(io_test, a_timer_started_by_a_foreign_thread_fires_on_a_sleeping_system) {
    for (int i = 0; i < 30; ++i) {
        alarm_node a(s.time());
        const instant begin = s.time().now();
        start_timer(s, a, begin + milliseconds(2));
        a.rang.wait();
        EXPECT_GE(a.at, begin + milliseconds(2));
    }
}

TEST_P(io_test, timers_of_every_worker_fire_when_all_have_gone_to_sleep) {
    constexpr int count = 200;
    std::vector<std::unique_ptr<alarm_node>> alarms;
    std::vector<std::unique_ptr<body_task>> tasks;
    for (int i = 0; i < count; ++i)
        alarms.push_back(std::make_unique<alarm_node>(s.time()));
    for (int i = 0; i < count; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [this, &alarms, i] {
            start_timer(s, *alarms[static_cast<std::size_t>(i)], s.time().now() + milliseconds(5 + i % 20));
        }));
    }
    for (auto& t : tasks)
        s.start(*t);
    for (auto& a : alarms) {
        a->rang.wait();
        EXPECT_GE(a->at, a->deadline());
    }
}

TEST_P(io_test, a_busy_system_fires_timers) {
    alarm_node a(s.time());
    std::atomic<bool> stop{false};
    std::vector<std::unique_ptr<body_task>> busy;
    for (unsigned i = 0; i < GetParam() + 1; ++i) {
        busy.push_back(std::make_unique<body_task>(s, [&] {
            while (!stop.load())
                yield_current();
        }));
        s.start(*busy.back());
    }
    start_timer(s, a, s.time().now() + milliseconds(3));
    a.rang.wait();
    stop.store(true);
    EXPECT_EQ(s.stop(plenty), 0U);
}

struct counting_hook : slice_hook {
    counting_hook() : slice_hook(&flushed) {}
    static void flushed(slice_hook& h) noexcept {
        auto& self = static_cast<counting_hook&>(h);
        if (current_task() != nullptr) std::abort();
        self.runs.fetch_add(1);
        self.runs.notify_all();
    }
    std::atomic<int> runs{0};
};

TEST(slice_hook, runs_once_at_the_end_of_the_slice_that_armed_it) {
    scheduler s(scheduler_options{.workers = 0});
    counting_hook hook;
    std::vector<int> seen;
    body_task t(s, [&] {
        for (int i = 0; i < 3; ++i)
            at_slice_end(hook);
        EXPECT_TRUE(hook.armed());
        seen.push_back(hook.runs.load());
        yield_current();
        seen.push_back(hook.runs.load());
        at_slice_end(hook);
    });
    body_task other(s, [&] { seen.push_back(hook.runs.load()); });
    s.start(t);
    s.start(other);
    s.run_ready();
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 1}));  // also before anybody else gets to run
    EXPECT_EQ(hook.runs.load(), 2);
    EXPECT_FALSE(hook.armed());
}

TEST(slice_hook, what_tasks_write_in_turn_leaves_together) {
    scheduler s(workers(1));
    counting_hook hook;
    constexpr int writers = 32;
    std::atomic<int> seen{-1};
    std::vector<std::unique_ptr<body_task>> tasks;
    body_task first(s, [&] {
        for (const auto& t : tasks)
            s.start(*t);
    });
    for (int i = 0; i < writers; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&, i] {
            if (i == writers - 1) seen.store(hook.runs.load());
            at_slice_end(hook);
        }));
    }
    s.start(first);
    hook.runs.wait(0);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(seen.load(), 0);
    EXPECT_EQ(hook.runs.load(), 1);
}

TEST(slice_hook, does_not_wait_for_ever_for_tasks_that_keep_taking_turns) {
    scheduler s(workers(1));
    counting_hook hook;
    std::atomic<int> turns{0};
    const auto take_turns = [&] {
        while (hook.runs.load() == 0) {
            turns.fetch_add(1);
            yield_current();
        }
    };
    body_task one(s, [&] {
        at_slice_end(hook);
        take_turns();
    });
    body_task other(s, take_turns);
    s.start(one);
    s.start(other);
    hook.runs.wait(0);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_LT(turns.load(), 200);
}

// What others do may be short in reductions and long all the same.
TEST(slice_hook, does_not_wait_for_many_slices_that_take_their_time) {
    scheduler s(workers(1));
    counting_hook hook;
    std::atomic<int> before{0};
    std::vector<std::unique_ptr<body_task>> slow;
    body_task writer(s, [&] {
        at_slice_end(hook);
        for (const auto& t : slow)
            s.start(*t);
    });
    for (int i = 0; i < 40; ++i) {
        slow.push_back(std::make_unique<body_task>(s, [&] {
            if (hook.runs.load() == 0) before.fetch_add(1);
            const auto until = std::chrono::steady_clock::now() + milliseconds(5);
            while (std::chrono::steady_clock::now() < until) {
            }
        }));
    }
    s.start(writer);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(hook.runs.load(), 1);
    EXPECT_LE(before.load(), 2);
}

TEST(scheduler_io, timers_fire_while_a_worker_looks_out_for_long) {
    if (default_worker_count() < 2) GTEST_SKIP() << "no worker looks out where there is one CPU";
    scheduler_options o = workers(1);
    o.busy_wait = std::chrono::seconds(2);
    scheduler s(o);
    for (int i = 0; i < 20; ++i) {  // that waits are short
        std::latch ran(1);
        asio::post(s.io(), [&] { ran.count_down(); });
        ran.wait();
    }
    struct alarm : timer_node {
        alarm() : timer_node([](timer_node& n) noexcept { static_cast<alarm&>(n).rang.count_down(); }) {}
        std::latch rang{1};
    } a;
    const auto begin = std::chrono::steady_clock::now();
    start_timer(s, a, s.time().now() + milliseconds(5));
    a.rang.wait();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
    EXPECT_EQ(s.stop(plenty), 0U);
}

// A worker that is never without work, because another thread brings it some each time it runs out of it.
TEST(scheduler_io, handlers_are_run_although_others_always_have_something_for_the_worker) {
    scheduler s(workers(1));
    std::atomic<bool> handled{false};
    std::atomic<bool> other_is_last{false};
    std::atomic<int> slices{0};
    constexpr int most = 5000;
    std::array<std::unique_ptr<handler_task>, 2> tasks;
    for (std::size_t i = 0; i < 2; ++i) {
        tasks[i] = std::make_unique<handler_task>(s, [&, i] {
            if (slices.fetch_add(1) == 0) asio::post(s.io(), [&] { handled.store(true); });
            const bool last = handled.load() || slices.load() > most;
            if (!last || !other_is_last.exchange(true))
                std::thread([&] { make_runnable(*tasks[1 - i]); }).join();
            return last ? step::done : step::wait;
        });
        s.adopt(*tasks[i]);
    }
    make_runnable(*tasks[0]);
    while (!handled.load() && slices.load() <= most)
        std::this_thread::yield();
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_LE(slices.load(), most);
    EXPECT_TRUE(handled.load());
}

TEST(slice_hook, runs_at_once_on_a_foreign_thread) {
    counting_hook hook;
    at_slice_end(hook);
    EXPECT_EQ(hook.runs.load(), 1);
}

TEST(slice_hook, runs_before_the_worker_goes_idle_when_a_handler_or_timer_armed_it) {
    scheduler s(workers(1));
    counting_hook hook;
    asio::post(s.io(), [&] { at_slice_end(hook); });
    hook.runs.wait(0);
    struct arming : timer_node {
        explicit arming(counting_hook& h)
            : timer_node([](timer_node& n) noexcept { at_slice_end(static_cast<arming&>(n).hook); }),
              hook(h) {}
        counting_hook& hook;
    } timer(hook);
    start_timer(s, timer, s.time().now() + milliseconds(1));
    hook.runs.wait(1);
    EXPECT_EQ(hook.runs.load(), 2);
}

TEST(slice_hook, nothing_is_lost_between_workers) {
    // Writers add to a buffer and arm; whatever was added is flushed after its arming, by whichever worker.
    struct connection : slice_hook {
        connection() : slice_hook(&flush) {}
        static void flush(slice_hook& h) noexcept {
            auto& self = static_cast<connection&>(h);
            const std::lock_guard lock(self.mutex);
            self.flushed += self.buffered;
            self.buffered = 0;
        }
        std::mutex mutex;
        std::int64_t buffered = 0;
        std::int64_t flushed = 0;
    } c;
    constexpr int writers = 16;
    constexpr int each = under_sanitizer ? 500 : 20'000;
    {
        scheduler s(workers(4));
        std::vector<std::unique_ptr<body_task>> tasks;
        for (int i = 0; i < writers; ++i) {
            tasks.push_back(std::make_unique<body_task>(s, [&, i] {
                for (int k = 0; k < each; ++k) {
                    {
                        const std::lock_guard lock(c.mutex);
                        ++c.buffered;
                    }
                    at_slice_end(c);
                    if (k % (i + 2) == 0) yield_current();
                }
            }));
        }
        for (auto& t : tasks)
            s.start(*t);
        EXPECT_EQ(s.stop(plenty), 0U);
    }
    EXPECT_EQ(c.flushed, writers * each);
    EXPECT_EQ(c.buffered, 0);
}

TEST(slice_end, each_worker_has_its_own) {
    // The first to arm stays in its slice until the hook has run for the other.
    rakka::system sys({.workers = 2});
    std::atomic<int> runs{0};
    slice_end hook(sys, [&] { ++runs; });
    std::atomic<bool> armed{false};
    std::atomic<bool> in_time{false};
    sys.spawn([&] {
        EXPECT_FALSE(hook.armed_here());
        hook.arm();
        hook.arm();
        EXPECT_TRUE(hook.armed_here());
        armed = true;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (runs == 0 && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        in_time = runs == 1;
    });
    sys.spawn([&] {
        while (!armed)
            rakka::yield();
        EXPECT_FALSE(hook.armed_here());
        hook.arm();
    });
    sys.run_until_done();
    sys.stop();
    EXPECT_TRUE(in_time);
    EXPECT_EQ(runs, 2);
    hook.arm();
    EXPECT_EQ(runs, 3) << "at once on a foreign thread";
}

}  // namespace
}  // namespace rakka::detail::test
