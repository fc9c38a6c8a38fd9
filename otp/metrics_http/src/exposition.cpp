#include "exposition.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/metrics_http/server.hpp>
#include <rakka/otp/metrics.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <prometheus/text_serializer.h>
#include <set>
#include <sstream>
#include <utility>

namespace rakka {
namespace detail {
namespace {

/// The serializer writes it as it is.
std::string escaped_help(const std::string& help) {
    std::string out;
    for (const char c : help) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

void set_histogram(prometheus::ClientMetric::Histogram& to, const metrics::distribution& from) {
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < from.bounds.size(); ++i) {
        so_far += from.counts[i];
        to.bucket.push_back({so_far, from.bounds[i]});
    }
    to.sample_count = from.count();  // the bucket without end is the serializer's own
    to.sample_sum = from.sum;
}

prometheus::ClientMetric metric_of(const metrics::sample& s, metrics::kind type) {
    prometheus::ClientMetric out;
    for (const auto& [name, value] : s.labels)
        out.label.push_back({name, value});  // without line breaks, which the serializer could not write
    switch (type) {
        case metrics::kind::counter:
            out.counter.value = s.value;
            break;
        case metrics::kind::gauge:
            out.gauge.value = s.value;
            break;
        case metrics::kind::histogram:
            set_histogram(out.histogram, s.values);
            break;
    }
    return out;
}

prometheus::MetricType type_of(metrics::kind k) {
    switch (k) {
        case metrics::kind::counter:
            return prometheus::MetricType::Counter;
        case metrics::kind::gauge:
            return prometheus::MetricType::Gauge;
        case metrics::kind::histogram:
            return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

class system_collectable final : public prometheus::Collectable {
public:
    explicit system_collectable(system& s) : system_(s) {}
    std::vector<prometheus::MetricFamily> Collect() const override { return prometheus_families(system_); }

private:
    system& system_;
};

/// Nothing when it throws, whatever that is.
std::vector<prometheus::MetricFamily> collect(system& s, const prometheus::Collectable& from) {
    std::string why;
    try {
        return from.Collect();
    } catch (const std::exception& e) {
        why = e.what();
    } catch (...) {
        if (ended_by_signal()) throw;
        why = exit_reason_of(std::current_exception()).to_string();
    }
    report(s, log_level::warning, "a collector of metrics has thrown: " + why);
    return {};
}

}  // namespace

std::vector<prometheus::MetricFamily> prometheus_families(system& s) {
    std::vector<prometheus::MetricFamily> out;
    for (const metrics::family& f : metrics::of(s).collect()) {
        prometheus::MetricFamily& to = out.emplace_back();
        to.name = f.name;
        to.help = escaped_help(f.help);
        to.type = type_of(f.type);
        for (const metrics::sample& one : f.samples)
            to.metric.push_back(metric_of(one, f.type));
    }
    return out;
}

std::string metrics_text(system& s, const std::vector<std::shared_ptr<prometheus::Collectable>>& more) {
    std::vector<prometheus::MetricFamily> all = prometheus_families(s);
    std::set<std::string> names;
    for (const auto& f : all)
        names.insert(f.name);
    for (const auto& other : more) {
        for (auto& f : collect(s, *other))
            if (names.insert(f.name).second) all.push_back(std::move(f));
    }
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, all);
    return std::move(out).str();
}

}  // namespace detail

std::shared_ptr<prometheus::Collectable> collectable_of(system& s) {
    return std::make_shared<detail::system_collectable>(s);
}

}  // namespace rakka
