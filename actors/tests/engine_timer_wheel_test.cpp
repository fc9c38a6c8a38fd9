#include "engine/timer_wheel.hpp"
#include "engine_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace rakka::detail::test {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

struct recorded : timer_node {
    explicit recorded(const clock& t) : timer_node(&fired), time(t) {}
    static void fired(timer_node& n) noexcept {
        auto& self = static_cast<recorded&>(n);
        ++self.count;
        self.at = self.time.now();
    }
    const clock& time;
    int count = 0;
    instant at{};
};

/// Moves the clock from event to event, as a simulation does.
void run_until(timer_wheel& wheel, manual_clock& time, instant end) {
    for (instant next = wheel.next_deadline(); next <= end; next = wheel.next_deadline()) {
        time.advance_to(next);
        wheel.advance(time.now());
    }
    time.advance_to(end);
    wheel.advance(end);
}

TEST(timer_wheel, fires_each_timer_once_within_a_tick_after_its_deadline) {
    std::mt19937_64 random(1);
    manual_clock time(hours(5) + microseconds(123));
    timer_wheel wheel(time);
    std::vector<std::unique_ptr<recorded>> timers;
    const instant begin = time.now();
    for (int i = 0; i < 20'000; ++i) {
        timers.push_back(std::make_unique<recorded>(time));
        // All sizes, from below a tick to beyond the third level.
        const auto magnitude = static_cast<unsigned>(random() % 46);
        const auto span = std::int64_t{1} << magnitude;
        wheel.start(*timers.back(), begin + nanoseconds(static_cast<std::int64_t>(random() % span)));
        if (i % 16 == 0) run_until(wheel, time, time.now() + microseconds(random() % 3000));
    }
    run_until(wheel, time, begin + hours(24));
    EXPECT_EQ(wheel.next_deadline(), never);
    for (const auto& t : timers) {
        ASSERT_EQ(t->count, 1);
        ASSERT_GE(t->at, t->deadline());
    }
}

TEST(timer_wheel, fires_at_the_tick_after_the_deadline_whatever_the_distance) {
    for (const std::int64_t ms :
         {1L, 2L, 255L, 256L, 257L, 511L, 512L, 65'535L, 65'536L, 65'537L, 131'071L, 16'777'215L, 16'777'216L,
          16'777'217L, 4'294'967'295L, 4'294'967'296L, 10'000'000'000L}) {
        for (const std::int64_t start : {0L, 1L, 255L, 256L, 65'535L, 65'536L, 999'999L, 16'777'215L}) {
            manual_clock time{milliseconds(start)};
            timer_wheel wheel(time);
            recorded t(time);
            wheel.start(t, time.now() + milliseconds(ms));
            run_until(wheel, time, t.deadline() - nanoseconds(1));
            ASSERT_EQ(t.count, 0) << start << "+" << ms;
            run_until(wheel, time, t.deadline());
            ASSERT_EQ(t.count, 1) << start << "+" << ms;
        }
    }
}

TEST(timer_wheel, fires_in_order_of_ticks) {
    manual_clock time;
    timer_wheel wheel(time);
    struct ordered : timer_node {
        explicit ordered(std::vector<int>& l, int n) : timer_node(&fired), log(l), number(n) {}
        static void fired(timer_node& n) noexcept {
            auto& self = static_cast<ordered&>(n);
            self.log.push_back(self.number);
        }
        std::vector<int>& log;
        int number;
    };
    std::vector<int> log;
    std::vector<std::unique_ptr<ordered>> timers;
    std::vector<int> numbers(2000);
    for (int i = 0; i < 2000; ++i)
        numbers[static_cast<std::size_t>(i)] = i;
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(7));
    for (const int n : numbers) {
        timers.push_back(std::make_unique<ordered>(log, n));
        wheel.start(*timers.back(), milliseconds(1 + n));
    }
    wheel.advance(hours(1));
    ASSERT_EQ(log.size(), 2000U);
    EXPECT_TRUE(std::is_sorted(log.begin(), log.end()));
}

TEST(timer_wheel, cancelled_timers_never_fire_and_the_others_do) {
    std::mt19937 random(2);
    manual_clock time;
    timer_wheel wheel(time);
    std::vector<std::unique_ptr<recorded>> timers;
    std::vector<bool> cancelled(5000, false);
    for (std::size_t i = 0; i < cancelled.size(); ++i) {
        timers.push_back(std::make_unique<recorded>(time));
        wheel.start(*timers.back(), milliseconds(random() % 100'000));
    }
    for (std::size_t i = 0; i < cancelled.size(); i += 1 + random() % 3) {
        EXPECT_TRUE(cancel_timer(*timers[i]));
        EXPECT_FALSE(cancel_timer(*timers[i]));
        cancelled[i] = true;
    }
    run_until(wheel, time, hours(1));
    for (std::size_t i = 0; i < cancelled.size(); ++i)
        EXPECT_EQ(timers[i]->count, cancelled[i] ? 0 : 1);
}

TEST(timer_wheel, next_deadline_is_never_too_late) {
    std::mt19937_64 random(3);
    manual_clock time;
    timer_wheel wheel(time);
    EXPECT_EQ(wheel.next_deadline(), never);
    recorded far(time);
    recorded near(time);
    wheel.start(far, hours(10));
    EXPECT_LE(wheel.next_deadline(), instant(hours(10)));
    wheel.start(near, milliseconds(20));
    EXPECT_LE(wheel.next_deadline(), instant(milliseconds(20)));
    EXPECT_TRUE(cancel_timer(near));
    EXPECT_TRUE(cancel_timer(far));
    EXPECT_EQ(wheel.next_deadline(), never);
}

TEST(timer_wheel, a_never_started_timer_is_not_cancelled) {
    manual_clock time;
    recorded t(time);
    EXPECT_FALSE(cancel_timer(t));
}

TEST(timer_wheel, a_callback_may_restart_its_own_timer_and_start_others) {
    manual_clock time;
    timer_wheel wheel(time);
    struct periodic : timer_node {
        explicit periodic(timer_wheel& w) : timer_node(&fired), wheel(w) {}
        static void fired(timer_node& n) noexcept {
            auto& self = static_cast<periodic&>(n);
            if (++self.count < 10) self.wheel.start(self, self.deadline() + milliseconds(300));
        }
        timer_wheel& wheel;
        int count = 0;
    } p(wheel);
    wheel.start(p, milliseconds(300));
    run_until(wheel, time, milliseconds(2999));
    EXPECT_EQ(p.count, 9);
    run_until(wheel, time, milliseconds(3000));
    EXPECT_EQ(p.count, 10);
    EXPECT_EQ(wheel.next_deadline(), never);
}

TEST(timer_wheel, a_callback_may_cancel_a_timer_of_the_same_tick) {
    manual_clock time;
    timer_wheel wheel(time);
    struct rival : timer_node {
        rival() : timer_node(&fired) {}
        static void fired(timer_node& n) noexcept {
            auto& self = static_cast<rival&>(n);
            ++self.count;
            self.cancelled_other = cancel_timer(*self.other);
            self.cancelled_self = cancel_timer(self);
        }
        rival* other = nullptr;
        int count = 0;
        bool cancelled_other = false;
        bool cancelled_self = true;
    } a, b;
    a.other = &b;
    b.other = &a;
    wheel.start(a, milliseconds(5));
    wheel.start(b, milliseconds(5));
    wheel.advance(milliseconds(6));
    EXPECT_EQ(a.count + b.count, 1);
    const rival& winner = a.count == 1 ? a : b;
    EXPECT_TRUE(winner.cancelled_other);
    EXPECT_FALSE(winner.cancelled_self);
    EXPECT_EQ(wheel.next_deadline(), never);
}

TEST(timer_wheel, a_callback_may_free_its_node) {
    manual_clock time;
    timer_wheel wheel(time);
    struct self_owned : timer_node {
        self_owned() : timer_node([](timer_node& n) noexcept { delete static_cast<self_owned*>(&n); }) {}
    };
    for (int i = 0; i < 100; ++i)
        wheel.start(*new self_owned, milliseconds(i % 7));
    EXPECT_EQ(wheel.advance(milliseconds(100)), 100U);
}

TEST(timer_wheel, a_refused_cancel_means_that_the_callback_has_returned) {
    steady_clock time;
    timer_wheel wheel(time);
    struct slow : timer_node {
        slow() : timer_node(&fired) {}
        static void fired(timer_node& n) noexcept {
            auto& self = static_cast<slow&>(n);
            for (int i = 0; i < 100; ++i)
                self.progress.store(i);
            self.finished = true;  // not atomic on purpose: cancel must order it
        }
        std::atomic<int> progress{0};
        bool finished = false;
    };
    std::atomic<bool> stop{false};
    std::thread firing([&] {
        while (!stop.load())
            wheel.advance(time.now());
    });
    int fired = 0;
    for (int i = 0; i < 3000; ++i) {
        auto t = std::make_unique<slow>();
        wheel.start(*t, time.now() - milliseconds(2));
        if (i % 2 == 0) std::this_thread::yield();
        const bool cancelled = cancel_timer(*t);
        ASSERT_EQ(cancelled, !t->finished);
        fired += cancelled ? 0 : 1;
    }
    stop.store(true);
    firing.join();
    RecordProperty("fired", fired);
}

TEST(timer_wheel, outlived_by_its_timers) {
    manual_clock time;
    recorded t(time);
    {
        timer_wheel wheel(time);
        wheel.start(t, hours(1));
    }
    EXPECT_FALSE(cancel_timer(t));
}

}  // namespace
}  // namespace rakka::detail::test
