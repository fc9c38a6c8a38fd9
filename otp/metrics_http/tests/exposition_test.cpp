// The text that Prometheus reads, read back by a parser that takes nothing else.
#include "exposition.hpp"

#include "text_format.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/metrics_http/server.hpp>
#include <rakka/otp/metrics.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>
#include <stdexcept>
#include <string>

namespace rakka {
namespace {

using testing::text_format;

class exposition : public ::testing::Test {
protected:
    [[nodiscard]] std::string text() { return detail::metrics_text(sys, more); }
    [[nodiscard]] testing::text_family family(const std::string& name) {
        const auto families = text_format::parse(text());
        const auto at = families.find(name);
        if (at == families.end()) ADD_FAILURE() << "no family " << name;
        return at == families.end() ? testing::text_family{} : at->second;
    }
    double only_value(const std::string& name) { return family(name).samples.at(0).value; }

    system sys{{.simulation = true}};
    metrics::registry& all = metrics::of(sys);
    std::vector<std::shared_ptr<prometheus::Collectable>> more;
};

TEST_F(exposition, the_parser_takes_nothing_wrong) {
    const std::string good = "# HELP a A \\\\ and \\n.\n# TYPE a gauge\na{x=\"y\\\"z\"} 1\na 2\n";
    EXPECT_EQ(text_format::parse(good).at("a").samples.size(), 2U);
    for (const char* const bad :
         {"# TYPE a gauge\na 1", "a 1\n", "# TYPE a gauge\na{x=\"y\"\n", "# TYPE a gauge\na{x=y} 1\n",
          "# TYPE a gauge\na 1\na 2\n", "# TYPE a gauge\na one\n", "# TYPE a gauge\na\n",
          "# TYPE a thing\na 1\n", "# TYPE a gauge\nb 1\n",
          "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n", "# TYPE 1a gauge\n1a 1\n",
          "# TYPE a gauge\na{x=\"y\\q\"} 1\n", "# TYPE a counter\na -1\n", "# HELP a b\n",
          "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n",
          "# TYPE h histogram\nh_count 1\nh_sum 1\nh_bucket{le=\"1\"} 1\n",
          "# TYPE h histogram\nh_count 2\nh_sum 1\nh_bucket{le=\"+Inf\"} 1\n",
          "# TYPE h histogram\nh_count 1\nh_sum 1\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n"})
        EXPECT_THROW(static_cast<void>(text_format::parse(bad)), std::runtime_error) << bad;
}

TEST_F(exposition, what_every_system_has_is_well_formed) {
    const auto families = text_format::parse(text());
    for (const char* const name : {"rakka_processes", "rakka_process_spawns_total", "rakka_messages_total",
                                   "rakka_reductions_total", "rakka_run_queue_length", "rakka_timers",
                                   "rakka_longest_mailbox_messages", "process_resident_memory_bytes"})
        EXPECT_TRUE(families.contains(name)) << name;
    EXPECT_EQ(families.at("rakka_messages_total").type, "counter");
    EXPECT_EQ(families.at("rakka_processes").type, "gauge");
}

TEST_F(exposition, counters_and_gauges) {
    all.counter("eggs_total", "Eggs laid.", {{"colour", "blue"}}).inc(9'007'199'254'740'992);
    all.gauge("level", "Of water.").set(-0.1);
    EXPECT_EQ(only_value("eggs_total"), 9'007'199'254'740'992.0);
    EXPECT_EQ(family("eggs_total").samples[0].labels.at("colour"), "blue");
    EXPECT_EQ(family("eggs_total").help, "Eggs laid.");
    EXPECT_EQ(only_value("level"), -0.1);
}

TEST_F(exposition, numbers_come_back_as_they_were) {
    const auto g = all.gauge("level");
    for (const double v : {0.0, 1.0, 0.1, 1e-9, 123456.789, 1e18, -2.5}) {
        g.set(v);
        EXPECT_DOUBLE_EQ(only_value("level"), v);
    }
    g.set(std::numeric_limits<double>::infinity());
    EXPECT_EQ(only_value("level"), std::numeric_limits<double>::infinity());
    g.set(-std::numeric_limits<double>::infinity());
    EXPECT_EQ(only_value("level"), -std::numeric_limits<double>::infinity());
    g.set(std::numeric_limits<double>::quiet_NaN());
    EXPECT_TRUE(std::isnan(only_value("level")));
}

TEST_F(exposition, histograms_are_cumulative) {
    const auto h = all.histogram("wait_seconds", "Waiting.", {{"queue", "a"}}, {0.005, 0.1, 1e-9 + 1});
    for (const double v : {0.001, 0.005, 0.05, 7.0})
        h.observe(v);
    const auto f = family("wait_seconds");
    EXPECT_EQ(f.type, "histogram");
    const auto bucket = [&](const std::string& le) {
        for (const auto& s : f.samples)
            if (s.name == "wait_seconds_bucket" && s.labels.at("le") == le) return s.value;
        return -1.0;
    };
    EXPECT_EQ(bucket("0.005"), 2);
    EXPECT_EQ(bucket("0.1"), 3) << "as one would write it in a query";
    EXPECT_EQ(bucket("+Inf"), 4);
}

TEST_F(exposition, any_text_may_be_a_label_or_help) {
    all.gauge("odd", "Back\\slash and\nline break \"quoted\".",
              {{"x", "a\"b\\c}, d=\xc3\xa9"}, {"y", "two\nlines"}})
        .set(1);
    const auto f = family("odd");
    EXPECT_EQ(f.help, "Back\\slash and\nline break \"quoted\".");
    EXPECT_EQ(f.samples.at(0).labels.at("x"), "a\"b\\c}, d=\xc3\xa9");
    EXPECT_EQ(f.samples.at(0).labels.at("y"), "two lines") << "the serializer knows no better";
}

TEST_F(exposition, metrics_of_prometheus_cpp_itself_are_shown_as_well) {
    const auto theirs = std::make_shared<prometheus::Registry>();
    auto& eggs =
        prometheus::BuildCounter().Name("their_eggs_total").Help("Eggs.").Register(*theirs).Add({{"a", "b"}});
    eggs.Increment(3);
    prometheus::BuildCounter().Name("rakka_messages_total").Help("Ours.").Register(*theirs).Add({});
    struct broken final : prometheus::Collectable {
        std::vector<prometheus::MetricFamily> Collect() const override { throw std::runtime_error("broken"); }
    };
    more = {std::make_shared<broken>(), theirs};
    EXPECT_EQ(only_value("their_eggs_total"), 3);
    EXPECT_EQ(family("rakka_messages_total").help, "Messages sent to processes of this system.");
}

TEST_F(exposition, is_a_collectable_for_prometheus_cpp) {
    all.counter("eggs_total", "Eggs laid.").inc(2);
    bool found = false;
    for (const auto& f : collectable_of(sys)->Collect()) {
        if (f.name != "eggs_total") continue;
        found = true;
        EXPECT_EQ(f.type, prometheus::MetricType::Counter);
        EXPECT_EQ(f.metric.at(0).counter.value, 2);
    }
    EXPECT_TRUE(found);
}

}  // namespace
}  // namespace rakka
