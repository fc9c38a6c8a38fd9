// Counters, gauges and histograms: what is recorded on many threads adds up exactly.
#include <rakka/actors/process.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/otp/metrics.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using metrics::registry;

class metrics_values : public ::testing::Test {
protected:
    system sys{{.simulation = true}};
    registry& all = metrics::of(sys);
};

/// f(thread) on so many threads at once.
template <class F>
void on_threads(unsigned count, F f) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i)
        threads.emplace_back([&f, i] { f(i); });
    for (std::thread& t : threads)
        t.join();
}

TEST_F(metrics_values, a_counter_counts) {
    const auto c = all.counter("eggs_total");
    EXPECT_EQ(c.value(), 0U);
    c.inc();
    c.inc(41);
    EXPECT_EQ(c.value(), 42U);
}

TEST_F(metrics_values, copies_and_namesakes_are_one_counter) {
    const auto a = all.counter("eggs_total");
    const auto copy = a;
    const auto b = all.counter("eggs_total");
    a.inc();
    copy.inc();
    b.inc();
    EXPECT_EQ(a.value(), 3U);
    EXPECT_EQ(b.value(), 3U);
}

TEST_F(metrics_values, a_gauge_is_what_it_was_set_to_to_the_last_bit) {
    const auto g = all.gauge("depth");
    for (const double v : {0.1, -1e-300, 1e300, 3.0, 0.0}) {
        g.set(v);
        EXPECT_EQ(g.value(), v);
    }
}

TEST_F(metrics_values, a_gauge_goes_up_and_down_from_what_it_was_set_to) {
    const auto g = all.gauge("depth");
    g.inc();
    g.inc(5);
    g.dec(2);
    EXPECT_EQ(g.value(), 4);
    g.set(100);
    EXPECT_EQ(g.value(), 100) << "what was added before is forgotten";
    g.dec();
    EXPECT_EQ(g.value(), 99);
    on_threads(3, [&](unsigned) { g.inc(); });
    EXPECT_EQ(g.value(), 102);
    g.set(-7);
    EXPECT_EQ(g.value(), -7) << "on whichever threads";
}

TEST_F(metrics_values, bounds_of_a_histogram_belong_to_their_buckets) {
    const auto h = all.histogram("seconds", {}, {}, {1, 2, 5});
    for (const double v : {0.5, 1.0, 1.5, 2.0, 5.0, 5.1, -3.0})
        h.observe(v);
    const auto d = h.value();
    EXPECT_EQ(d.bounds, (std::vector<double>{1, 2, 5}));
    EXPECT_EQ(d.counts, (std::vector<std::uint64_t>{3, 2, 1, 1}));
    EXPECT_EQ(d.count(), 7U);
    EXPECT_DOUBLE_EQ(d.sum, 12.1);
}

TEST_F(metrics_values, a_histogram_takes_times_in_seconds_and_no_nan) {
    const auto h = all.histogram("seconds", {}, {}, {0.1, 1});
    h.observe(50ms);
    h.observe(std::chrono::microseconds(1'500'000));
    h.observe(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(h.value().counts, (std::vector<std::uint64_t>{1, 0, 1}));
    EXPECT_DOUBLE_EQ(h.value().sum, 1.55);
    h.observe(std::numeric_limits<double>::infinity());
    h.observe(-std::numeric_limits<double>::infinity());
    EXPECT_EQ(h.value().counts, (std::vector<std::uint64_t>{2, 0, 2}));
}

TEST_F(metrics_values, buckets_are_made_by_rule) {
    EXPECT_EQ(metrics::linear_buckets(1, 2, 4), (std::vector<double>{1, 3, 5, 7}));
    EXPECT_EQ(metrics::exponential_buckets(1, 4, 3), (std::vector<double>{1, 4, 16}));
    EXPECT_EQ(all.histogram("seconds").value().bounds, metrics::default_buckets());
}

TEST_F(metrics_values, more_threads_than_places_count_exactly) {
    const auto c = all.counter("eggs_total");
    const auto g = all.gauge("depth");
    const auto h = all.histogram("seconds", {}, {}, {1});
    constexpr unsigned threads = 150;
    constexpr unsigned times = 300;
    on_threads(threads, [&](unsigned i) {
        for (unsigned n = 0; n < times; ++n) {
            c.inc(2);
            g.inc(3);
            h.observe(i % 2);
        }
    });
    EXPECT_EQ(c.value(), 2U * threads * times);
    EXPECT_EQ(g.value(), 3.0 * threads * times);
    EXPECT_EQ(h.value().counts, (std::vector<std::uint64_t>{threads * times, 0}));
    EXPECT_EQ(h.value().sum, threads / 2 * times);
}

TEST_F(metrics_values, threads_that_come_and_go_take_over_places_with_what_is_there) {
    const auto c = all.counter("eggs_total");
    for (unsigned round = 0; round < 100; ++round)
        on_threads(3, [&](unsigned) { c.inc(); });
    EXPECT_EQ(c.value(), 300U);
}

TEST_F(metrics_values, who_looks_on_never_sees_a_counter_fall) {
    const auto c = all.counter("eggs_total");
    std::atomic<bool> over{false};
    std::thread reader([&] {
        for (std::uint64_t last = 0; !over;) {
            const std::uint64_t now = c.value();
            EXPECT_GE(now, last);
            last = now;
        }
    });
    on_threads(4, [&](unsigned) {
        for (int i = 0; i < 5'000; ++i)
            c.inc();
    });
    over = true;
    reader.join();
    EXPECT_EQ(c.value(), 20'000U);
}

TEST_F(metrics_values, a_histogram_that_is_read_meanwhile_agrees_with_itself) {
    const auto h = all.histogram("seconds", {}, {}, {1, 2, 3});
    std::atomic<bool> over{false};
    std::thread reader([&] {
        for (std::uint64_t last = 0; !over;) {
            const auto d = h.value();
            EXPECT_GE(d.count(), last);
            last = d.count();
        }
    });
    on_threads(3, [&](unsigned i) {
        for (int n = 0; n < 5'000; ++n)
            h.observe(i);
    });
    over = true;
    reader.join();
    EXPECT_EQ(h.value().count(), 15'000U);
}

/// What threads do to one counter, gauge and histogram, in which amounts.
RC_GTEST_PROP(metrics_property, whatever_threads_record_adds_up,
              (const std::vector<std::vector<std::uint16_t>>& work)) {
    system sys({.simulation = true});
    registry& all = metrics::of(sys);
    const auto c = all.counter("eggs_total");
    const auto g = all.gauge("depth");
    const auto h = all.histogram("sizes", {}, {}, metrics::exponential_buckets(1, 2, 16));
    on_threads(static_cast<unsigned>(std::min<std::size_t>(work.size(), 70)), [&](unsigned i) {
        for (const std::uint16_t n : work[i]) {
            c.inc(n);
            g.inc(n);
            g.dec(n / 2);
            h.observe(n);
        }
    });
    std::uint64_t sum = 0;
    std::uint64_t left = 0;
    std::vector<std::uint64_t> counts(17);
    for (std::size_t i = 0; i < std::min<std::size_t>(work.size(), 70); ++i) {
        for (const std::uint16_t n : work[i]) {
            sum += n;
            left += n - n / 2;
            std::size_t bucket = 0;
            while (bucket < 16 && n > std::uint32_t{1} << bucket)
                ++bucket;
            ++counts[bucket];
        }
    }
    RC_ASSERT(c.value() == sum);
    RC_ASSERT(g.value() == static_cast<double>(left));
    RC_ASSERT(h.value().counts == counts);
    RC_ASSERT(h.value().sum == static_cast<double>(sum));
}

TEST(metrics_of_processes, count_exactly_wherever_they_run) {
    system sys({.workers = 3});
    const auto c = metrics::of(sys).counter("turns_total");
    constexpr int processes = 60;
    constexpr int turns = 200;
    for (int i = 0; i < processes; ++i) {
        sys.spawn([&] {
            for (int n = 0; n < turns; ++n) {
                c.inc();
                yield();  // perhaps on another thread
                metrics::inc("by_name_total");
            }
        });
    }
    sys.run_until_done();
    EXPECT_EQ(c.value(), std::uint64_t{processes} * turns);
    EXPECT_EQ(metrics::of(sys).counter("by_name_total").value(), std::uint64_t{processes} * turns);
}

TEST(metrics_of_processes, by_name_are_those_of_the_processes_own_system) {
    system one({.simulation = true});
    system two({.simulation = true});
    one.run([] {
        metrics::inc("eggs_total", {{"colour", "blue"}}, 3);
        metrics::set("depth", 2.5);
        metrics::add("depth", 1);
        metrics::observe("seconds", 0.02);
    });
    EXPECT_EQ(metrics::of(one).counter("eggs_total", {}, {{"colour", "blue"}}).value(), 3U);
    EXPECT_EQ(metrics::of(one).gauge("depth").value(), 3.5);
    EXPECT_EQ(metrics::of(one).histogram("seconds").value().count(), 1U);
    EXPECT_EQ(metrics::of(two).counter("eggs_total", {}, {{"colour", "blue"}}).value(), 0U);
    EXPECT_THROW(metrics::inc("eggs_total"), std::logic_error) << "outside of a process";
}

TEST(metrics_handles, may_outlive_their_system) {
    std::optional<metrics::counter> c;
    {
        system sys({.simulation = true});
        c = metrics::of(sys).counter("eggs_total");
        c->inc();
    }
    c->inc();
    EXPECT_EQ(c->value(), 2U);
}

}  // namespace
}  // namespace rakka
