#include "engine/scheduler.hpp"
#include "engine/timer_wheel.hpp"
#include "engine_support.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace rakka::detail::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

scheduler_options simulated(std::uint64_t seed = 0) {
    scheduler_options o;
    o.workers = 0;
    o.seed = seed;
    return o;
}

/// Lets the current task sleep on the scheduler's clock.
void sleep_for(nanoseconds span) {
    struct alarm : timer_node {
        explicit alarm(task& t) : timer_node(&fired), sleeper(t) {}
        static void fired(timer_node& n) noexcept { make_runnable(static_cast<alarm&>(n).sleeper); }
        task& sleeper;
    } a(*current_task());
    scheduler& s = current_task()->home();
    suspend_current([&a, &s, span]() noexcept -> bool {
        start_timer(s, a, s.time().now() + span);
        return true;
    });
}

std::string story(std::uint64_t seed) {
    scheduler s(simulated(seed));
    std::string log;
    std::vector<std::unique_ptr<boxed_body>> all;
    for (int n = 0; n < 6; ++n) {
        all.push_back(std::make_unique<boxed_body>(s, [&, n](token_box& box) {
            for (int i = 0; i < 20; ++i) {
                log += static_cast<char>('a' + n);
                all[static_cast<std::size_t>((n + i) % 6)]->box.post();
                consume_reductions(13);
                box.receive();
                if (i % 5 == 0) sleep_for(milliseconds(n * i));
            }
        }));
    }
    for (auto& t : all)
        s.start(t->runner);
    s.run_until_idle();
    log += std::to_string(s.time().now().count());
    // What is still waiting for a token is part of the story: let it go, so that nothing is abandoned.
    log += "/" + std::to_string(s.living());
    while (s.living() != 0) {
        for (auto& t : all)
            t->box.post();
        s.run_until_idle();
    }
    return log;
}

TEST(simulation, the_same_seed_tells_the_same_story) {
    for (const std::uint64_t seed : {0U, 1U, 2U, 77U})
        EXPECT_EQ(story(seed), story(seed));
}

TEST(simulation, other_seeds_tell_other_stories) {
    std::set<std::string> stories;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        stories.insert(story(seed));
    EXPECT_GE(stories.size(), 19U);
}

TEST(simulation, runs_on_the_calling_thread_one_slice_at_a_time) {
    scheduler s(simulated());
    const auto me = std::this_thread::get_id();
    int slices = 0;
    body_task t(s, [&] {
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(std::this_thread::get_id(), me);
            ++slices;
            yield_current();
        }
    });
    EXPECT_FALSE(s.run_one());
    s.start(t);
    for (int i = 1; i <= 3; ++i) {
        EXPECT_TRUE(s.run_one());
        EXPECT_EQ(slices, i);
        EXPECT_EQ(current_worker(), nullptr);
    }
    EXPECT_TRUE(s.run_one());
    EXPECT_FALSE(s.run_one());
    EXPECT_EQ(s.living(), 0U);
}

TEST(simulation, time_jumps_from_timer_to_timer) {
    scheduler s(simulated());
    std::vector<instant> woken;
    body_task t(s, [&] {
        for (const auto span :
             {nanoseconds(seconds(1)), nanoseconds(hours(10)), nanoseconds(hours(24 * 100))}) {
            sleep_for(span);
            woken.push_back(s.time().now());
        }
    });
    s.start(t);
    s.run_ready();
    EXPECT_TRUE(woken.empty());
    s.run_until_idle();
    ASSERT_EQ(woken.size(), 3U);
    EXPECT_EQ(woken[0], instant(seconds(1)));
    EXPECT_EQ(woken[1], instant(seconds(1) + hours(10)));
    EXPECT_EQ(woken[2], instant(seconds(1) + hours(10) + hours(24 * 100)));
}

TEST(simulation, run_for_ends_at_its_time_and_leaves_later_timers_alone) {
    scheduler s(simulated());
    int beats = 0;
    bool stop = false;
    body_task t(s, [&] {
        while (!stop) {
            sleep_for(milliseconds(100));
            ++beats;
        }
    });
    s.start(t);
    s.run_for(milliseconds(1050));
    EXPECT_EQ(beats, 10);
    EXPECT_EQ(s.time().now(), instant(milliseconds(1050)));
    s.run_for(milliseconds(50));
    EXPECT_EQ(beats, 11);
    stop = true;
    s.run_until_idle();
    EXPECT_EQ(s.living(), 0U);
}

TEST(simulation, io_handlers_run_in_it) {
    scheduler s(simulated());
    bool ran = false;
    boost::asio::post(s.io(), [&] {
        EXPECT_NE(current_worker(), nullptr);
        ran = true;
    });
    s.run_ready();
    EXPECT_TRUE(ran);
}

TEST(simulation, several_are_driven_in_turns) {
    scheduler one(simulated());
    scheduler two(simulated());
    std::string log;
    boxed_body* other = nullptr;
    boxed_body a(one, [&](token_box& box) {
        for (int i = 0; i < 3; ++i) {
            box.receive();
            log += 'a';
            other->box.post();
        }
    });
    boxed_body b(two, [&](token_box& box) {
        for (int i = 0; i < 3; ++i) {
            a.box.post();
            box.receive();
            log += 'b';
        }
    });
    other = &b;
    one.start(a.runner);
    two.start(b.runner);
    while (one.run_ready() + two.run_ready() != 0) {
    }
    EXPECT_EQ(log, "ababab");
    EXPECT_EQ(one.living() + two.living(), 0U);
}

TEST(simulation, a_clock_of_ones_own_is_obeyed) {
    manual_clock time(seconds(5));
    scheduler_options o = simulated();
    o.time = &time;
    scheduler s(o);
    bool woken = false;
    body_task t(s, [&] {
        sleep_for(seconds(1));
        woken = true;
    });
    s.start(t);
    s.run_until_idle();
    EXPECT_FALSE(woken);
    time.advance(seconds(1));
    s.run_ready();
    EXPECT_TRUE(woken);
}

}  // namespace
}  // namespace rakka::detail::test
