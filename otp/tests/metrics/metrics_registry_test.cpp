// Names, labels and collectors: what the registry takes, refuses and shows.
#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/metrics.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace rakka {
namespace {

class metrics_registry : public ::testing::Test {
protected:
    /// Null when there is none of this name.
    const metrics::family* find(const std::string& name) {
        seen = all.collect();
        const auto at = std::find_if(seen.begin(), seen.end(), [&](const auto& f) { return f.name == name; });
        return at == seen.end() ? nullptr : &*at;
    }
    /// What the exception says; empty: none.
    static std::string refusal(const std::function<void()>& f) {
        try {
            f();
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return {};
    }

    std::vector<std::string> logged;
    system sys{{.simulation = true, .log = [this](const log_event& e) { logged.push_back(e.text); }}};
    metrics::registry& all = metrics::of(sys);
    std::vector<metrics::family> seen;
};

TEST_F(metrics_registry, is_one_for_each_system) {
    system other({.simulation = true});
    EXPECT_EQ(&metrics::of(sys), &all);
    EXPECT_NE(&metrics::of(other), &all);
}

TEST_F(metrics_registry, the_order_of_labels_does_not_matter) {
    all.counter("eggs_total", {}, {{"size", "l"}, {"colour", "blue"}}).inc();
    all.counter("eggs_total", {}, {{"colour", "blue"}, {"size", "l"}}).inc();
    all.counter("eggs_total", {}, {{"colour", "red"}, {"size", "l"}}).inc();
    const auto* const f = find("eggs_total");
    ASSERT_NE(f, nullptr);
    ASSERT_EQ(f->samples.size(), 2U);
    EXPECT_EQ(f->samples[0].labels, (metrics::labels{{"colour", "blue"}, {"size", "l"}}));
    EXPECT_EQ(f->samples[0].value, 2);
    EXPECT_EQ(f->samples[1].value, 1);
    EXPECT_EQ(f->type, metrics::kind::counter);
}

TEST_F(metrics_registry, values_of_labels_become_text_in_one_line) {
    all.counter("logins_total", {}, {{"user", "a\xff\n"}}).inc();
    all.counter("logins_total", {}, {{"user", "a\xfe "}}).inc();
    ASSERT_EQ(find("logins_total")->samples.size(), 1U);
    EXPECT_EQ(find("logins_total")->samples[0].labels[0].second, "a\xef\xbf\xbd ");
    EXPECT_TRUE(all.remove("logins_total", {{"user", "a\xfd\n"}}));
}

TEST_F(metrics_registry, families_are_shown_by_name) {
    all.gauge("b").set(1);
    all.gauge("a").set(1);
    static_cast<void>(find("a"));
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end(),
                               [](const auto& x, const auto& y) { return x.name < y.name; }));
    EXPECT_TRUE(std::adjacent_find(seen.begin(), seen.end(), [](const auto& x, const auto& y) {
                    return x.name == y.name;
                }) == seen.end());
}

TEST_F(metrics_registry, the_first_help_that_says_something_stays) {
    static_cast<void>(all.counter("eggs_total"));
    EXPECT_EQ(find("eggs_total")->help, "");
    static_cast<void>(all.counter("eggs_total", "Eggs laid."));
    static_cast<void>(all.counter("eggs_total", "Something else."));
    EXPECT_EQ(find("eggs_total")->help, "Eggs laid.");
}

TEST_F(metrics_registry, bad_names_are_refused_by_name) {
    for (const char* const name : {"", "1st", "with space", "umläut", "dash-ed", "new\nline"})
        EXPECT_NE(refusal([&] { static_cast<void>(all.counter(name)); }), "") << name;
    EXPECT_EQ(refusal([&] { static_cast<void>(all.counter("dash-ed")); }),
              "metric \"dash-ed\": this cannot be the name of a metric");
    EXPECT_EQ(refusal([&] { static_cast<void>(all.counter("job:eggs_total:rate5m")); }), "");
    EXPECT_EQ(refusal([&] { static_cast<void>(all.gauge("_x9")); }), "");
}

TEST_F(metrics_registry, bad_labels_are_refused) {
    for (const char* const label : {"", "1st", "a:b", "__name", "dash-ed"})
        EXPECT_NE(refusal([&] { static_cast<void>(all.gauge("depth", {}, {{label, "x"}})); }), "") << label;
    EXPECT_NE(refusal([&] { static_cast<void>(all.gauge("depth", {}, {{"a", "x"}, {"a", "y"}})); }), "");
    EXPECT_NE(refusal([&] { static_cast<void>(all.histogram("sizes", {}, {{"le", "x"}})); }), "");
    EXPECT_EQ(refusal([&] { static_cast<void>(all.gauge("pressure", {}, {{"le", "x"}})); }), "");
    EXPECT_EQ(find("depth"), nullptr) << "a refusal leaves nothing";
}

TEST_F(metrics_registry, a_name_has_one_kind_one_set_of_labels_and_one_set_of_buckets) {
    static_cast<void>(all.counter("eggs_total", {}, {{"size", "l"}}));
    EXPECT_EQ(refusal([&] {
                  static_cast<void>(all.gauge("eggs_total", {}, {{"size", "l"}}));
              }),
              "metric eggs_total: it is of another kind already");
    EXPECT_EQ(refusal([&] {
                  static_cast<void>(all.counter("eggs_total", {}, {{"colour", "l"}}));
              }),
              "metric eggs_total: it has the labels [size] already");
    EXPECT_NE(refusal([&] { static_cast<void>(all.counter("eggs_total")); }), "");
    static_cast<void>(all.histogram("sizes", {}, {}, {1, 2}));
    EXPECT_EQ(refusal([&] {
                  static_cast<void>(all.histogram("sizes", {}, {}, {1, 3}));
              }),
              "metric sizes: it has other buckets already");
    EXPECT_EQ(all.histogram("sizes").value().bounds, (std::vector<double>{1, 2}))
        << "none: those that are there";
}

TEST_F(metrics_registry, buckets_ascend_and_are_finite_and_few) {
    EXPECT_NE(refusal([&] { static_cast<void>(all.histogram("sizes", {}, {}, {2, 1})); }), "");
    EXPECT_NE(refusal([&] { static_cast<void>(all.histogram("sizes", {}, {}, {1, 1})); }), "");
    EXPECT_NE(
        refusal([&] {
            static_cast<void>(all.histogram("sizes", {}, {}, {1, std::numeric_limits<double>::infinity()}));
        }),
        "");
    EXPECT_NE(
        refusal([&] {
            static_cast<void>(all.histogram("sizes", {}, {}, {std::numeric_limits<double>::quiet_NaN()}));
        }),
        "");
    EXPECT_NE(refusal([&] {
                  static_cast<void>(all.histogram("sizes", {}, {}, metrics::linear_buckets(0, 1, 201)));
              }),
              "");
    EXPECT_EQ(refusal([&] {
                  static_cast<void>(all.histogram("sizes", {}, {}, metrics::linear_buckets(0, 1, 200)));
              }),
              "");
}

TEST_F(metrics_registry, labels_that_strangers_choose_fill_no_memory) {
    all.set_max_label_sets(3);
    for (int i = 0; i < 100; ++i)
        all.counter("logins_total", {}, {{"user", std::to_string(i)}, {"from", "web"}}).inc();
    const auto* const f = find("logins_total");
    ASSERT_NE(f, nullptr);
    ASSERT_EQ(f->samples.size(), 4U);
    const auto rest = std::find_if(f->samples.begin(), f->samples.end(), [](const auto& s) {
        return s.labels == metrics::labels{{"from", "other"}, {"user", "other"}};
    });
    ASSERT_NE(rest, f->samples.end());
    EXPECT_EQ(rest->value, 97);
    all.counter("logins_total", {}, {{"user", "0"}, {"from", "web"}}).inc();
    EXPECT_EQ(find("logins_total")->samples.size(), 4U) << "those that were there first are there still";
}

TEST_F(metrics_registry, metrics_can_be_taken_out) {
    const auto c = all.counter("eggs_total", {}, {{"size", "l"}});
    static_cast<void>(all.counter("eggs_total", {}, {{"size", "m"}}));
    EXPECT_FALSE(all.remove("eggs_total", {{"size", "xl"}}));
    EXPECT_FALSE(all.remove("eggs_total", {{"colour", "l"}}));
    EXPECT_FALSE(all.remove("nothing"));
    EXPECT_TRUE(all.remove("eggs_total", {{"size", "l"}}));
    EXPECT_EQ(find("eggs_total")->samples.size(), 1U);
    c.inc();  // for nobody to see
    EXPECT_EQ(all.counter("eggs_total", {}, {{"size", "l"}}).value(), 0U);
    EXPECT_TRUE(all.remove("eggs_total"));
    EXPECT_EQ(find("eggs_total"), nullptr);
    EXPECT_EQ(refusal([&] { static_cast<void>(all.gauge("eggs_total")); }), "") << "the name is free";
}

TEST_F(metrics_registry, collectors_are_asked_each_time_for_as_long_as_they_are_held) {
    int asked = 0;
    auto held = all.add_collector([&](std::vector<figure>& out) {
        out.push_back({"fuel", "Litres.", figure::kind::gauge, {{"tank", "b"}, {"car", "a"}}, 7.0 + ++asked});
    });
    ASSERT_NE(find("fuel"), nullptr);
    EXPECT_EQ(find("fuel")->samples[0].value, 9);
    EXPECT_EQ(find("fuel")->help, "Litres.");
    EXPECT_EQ(find("fuel")->samples[0].labels, (metrics::labels{{"car", "a"}, {"tank", "b"}}));
    held.reset();
    EXPECT_EQ(find("fuel"), nullptr);
    EXPECT_EQ(asked, 4);
}

TEST_F(metrics_registry, a_collector_that_throws_costs_its_own_figures_only) {
    const auto bad = all.add_collector([](std::vector<figure>& out) {
        out.push_back({"half", "", figure::kind::gauge, {}, 1});
        throw std::runtime_error("no fuel gauge");
    });
    const auto good = all.add_collector([](std::vector<figure>& out) {
        out.push_back({"whole", "", figure::kind::gauge, {}, 1});
    });
    EXPECT_EQ(find("half"), nullptr);
    EXPECT_NE(find("whole"), nullptr);
    ASSERT_FALSE(logged.empty());
    EXPECT_NE(logged[0].find("no fuel gauge"), std::string::npos);
}

TEST_F(metrics_registry, what_collectors_throw_may_be_anything) {
    const auto number = all.add_collector([](std::vector<figure>&) { throw 7; });
    const auto exits = all.add_collector([](std::vector<figure>&) { exit("enough"_a); });
    const auto good = all.add_collector([](std::vector<figure>& out) {
        out.push_back({"whole", "", figure::kind::gauge, {}, 1});
    });
    EXPECT_NE(find("whole"), nullptr);
    ASSERT_EQ(logged.size(), 2U);
    EXPECT_NE(logged[1].find("enough"), std::string::npos) << logged[1];
}

TEST_F(metrics_registry, who_drops_a_collector_waits_for_a_call_that_is_under_way) {
    std::atomic<bool> inside{false}, may_end{false}, dropped{false}, early{false};
    auto held = all.add_collector([&](std::vector<figure>&) {
        inside = true;
        while (!may_end)
            std::this_thread::yield();
        for (int i = 0; i < 1'000; ++i)
            std::this_thread::yield();
        early = dropped.load();
    });
    std::thread asks([&] { static_cast<void>(all.collect()); });
    while (!inside)
        std::this_thread::yield();
    std::thread drops([&] {
        held.reset();
        dropped = true;
    });
    may_end = true;
    asks.join();
    drops.join();
    EXPECT_FALSE(early);
}

TEST_F(metrics_registry, a_collector_may_drop_itself_and_what_it_holds_goes_with_it) {
    std::shared_ptr<void> held;
    const auto token = std::make_shared<int>(1);
    held = all.add_collector([&held, token](std::vector<figure>&) { held.reset(); });
    static_cast<void>(all.collect());
    EXPECT_EQ(held, nullptr);
    EXPECT_EQ(token.use_count(), 1);
    held = all.add_collector([token](std::vector<figure>&) {});
    const std::weak_ptr<void> watcher = held;
    held.reset();
    EXPECT_EQ(token.use_count(), 1) << "also while there is a weak pointer to the handle";
}

TEST_F(metrics_registry, figures_that_cannot_be_shown_are_left_out) {
    static_cast<void>(all.counter("eggs_total"));
    const auto held = all.add_collector([](std::vector<figure>& out) {
        out.push_back({"bad name", "", figure::kind::gauge, {}, 1});
        out.push_back({"fuel", "", figure::kind::gauge, {{"bad label", "x"}}, 1});
        out.push_back({"fuel", "", figure::kind::gauge, {}, 2});
        out.push_back({"fuel", "", figure::kind::gauge, {}, 3});              // the same once more
        out.push_back({"fuel", "", figure::kind::counter, {{"a", "b"}}, 4});  // of another kind
        out.push_back({"eggs_total", "", figure::kind::counter, {}, 5});      // a metric's
        out.push_back({"eggs_total", "", figure::kind::counter, {{"from", "elsewhere"}}, 6});
    });
    EXPECT_EQ(find("bad name"), nullptr);
    ASSERT_EQ(find("fuel")->samples.size(), 1U);
    EXPECT_EQ(find("fuel")->samples[0].value, 2);
    ASSERT_EQ(find("eggs_total")->samples.size(), 2U);
    EXPECT_EQ(find("eggs_total")->samples[0].value, 0);
}

TEST_F(metrics_registry, may_be_used_by_many_at_once) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([this] {
            for (int i = 0; i < 200; ++i) {
                all.counter("eggs_total", {}, {{"size", std::to_string(i % 20)}}).inc();
                if (i % 50 == 0) static_cast<void>(all.collect());
            }
        });
    }
    for (std::thread& t : threads)
        t.join();
    const auto* const f = find("eggs_total");
    ASSERT_EQ(f->samples.size(), 20U);
    for (const auto& s : f->samples)
        EXPECT_EQ(s.value, 40);
}

TEST_F(metrics_registry, restarts_are_counted_for_each_supervisor) {
    detail::restarts_of(sys, "top").inc();
    detail::restarts_of(sys, "top").inc();
    detail::restarts_of(sys, "").inc();
    const auto* const f = find("rakka_supervisor_restarts_total");
    ASSERT_NE(f, nullptr);
    ASSERT_EQ(f->samples.size(), 2U);
    EXPECT_EQ(f->samples[0].labels, (metrics::labels{{"supervisor", "top"}}));
    EXPECT_EQ(f->samples[0].value, 2);
    EXPECT_EQ(f->samples[1].labels, (metrics::labels{{"supervisor", "unnamed"}}));
}

}  // namespace
}  // namespace rakka
