#include "metrics/label_text.hpp"
#include "metrics/metric_families.hpp"
#include "metrics/metric_figures.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/otp/metrics.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace rakka {

using namespace detail;

namespace metrics {
namespace {

/// What a collector throws costs its own figures only, whatever it is: collectors use the vocabulary of
/// processes, which throws outside of one too.
template <class Collector>
void ask(system& s, std::vector<figure>& out, const Collector& collect) {
    const std::size_t before = out.size();
    std::string why;
    try {
        collect(out);
        return;
    } catch (const std::exception& e) {
        why = e.what();
    } catch (...) {
        if (ended_by_signal()) throw;
        why = exit_reason_of(std::current_exception()).to_string();
    }
    out.resize(before);
    report(s, log_level::warning, "a collector of metrics has thrown: " + why);
}

bool can_be_shown(const figure& f) {
    return is_metric_name(f.name) && std::all_of(f.labels.begin(), f.labels.end(),
                                                 [](const auto& l) { return is_label_name(l.first); });
}

kind kind_of(const figure& f) noexcept {
    return f.type == figure::kind::counter ? kind::counter : kind::gauge;
}

/// Figures of others, by name; of two that are the same the first.
void add_figures(std::map<std::string, family>& all, std::vector<figure> figures) {
    std::map<std::string, std::set<labels>> seen;
    for (figure& f : figures) {
        for (auto& label : f.labels)
            label.second = label_text(std::move(label.second));
        std::sort(f.labels.begin(), f.labels.end());
        if (!can_be_shown(f)) continue;
        const auto [known, fresh] = seen.try_emplace(f.name);
        if (const auto at = all.find(f.name); fresh && at != all.end())
            for (const sample& s : at->second.samples)
                known->second.insert(s.labels);
        if (!known->second.insert(f.labels).second) continue;
        family& to = all.try_emplace(f.name, family{f.name, f.help, kind_of(f), {}}).first->second;
        if (to.type != kind_of(f)) continue;
        to.samples.push_back({std::move(f.labels), f.value});
    }
}

}  // namespace

// -- handles

void counter::inc(std::uint64_t n) const noexcept {
    cells_->add(n);
}
std::uint64_t counter::value() const noexcept {
    return cells_->sum();
}
void gauge::set(double value) const noexcept {
    cells_->set(value);
}
void gauge::inc(double n) const noexcept {
    cells_->add(n);
}
double gauge::value() const noexcept {
    return cells_->value();
}
void histogram::observe(double value) const noexcept {
    cells_->observe(value);
}
distribution histogram::value() const {
    return {{cells_->bounds().begin(), cells_->bounds().end()}, cells_->counts(), cells_->sum()};
}

std::uint64_t distribution::count() const noexcept {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::vector<double> default_buckets() {
    return {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

std::vector<double> linear_buckets(double first, double step, std::size_t count) {
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(first + step * static_cast<double>(i));
    return out;
}

std::vector<double> exponential_buckets(double first, double factor, std::size_t count) {
    std::vector<double> out;
    for (double bound = first; out.size() < count; bound *= factor)
        out.push_back(bound);
    return out;
}

// -- the registry

registry::registry(system& s) : system_(s), families_(std::make_unique<metric_families>(!has_threads(s))) {}
registry::~registry() = default;

counter registry::counter(std::string_view name, std::string_view help, labels with) {
    return metrics::counter(std::get<std::shared_ptr<counter_cells>>(
        families_->get({kind::counter, name, help, std::move(with)})));
}

gauge registry::gauge(std::string_view name, std::string_view help, labels with) {
    return metrics::gauge(
        std::get<std::shared_ptr<gauge_cells>>(families_->get({kind::gauge, name, help, std::move(with)})));
}

histogram registry::histogram(std::string_view name, std::string_view help, labels with,
                              std::vector<double> buckets) {
    return metrics::histogram(std::get<std::shared_ptr<histogram_cells>>(
        families_->get({kind::histogram, name, help, std::move(with), std::move(buckets)})));
}

bool registry::remove(std::string_view name) {
    return families_->remove(name);
}
bool registry::remove(std::string_view name, labels with) {
    return families_->remove(name, std::move(with));
}
void registry::set_max_label_sets(std::size_t n) noexcept {
    families_->set_max_label_sets(n);
}
std::shared_ptr<void> registry::add_collector(collector c) {
    return families_->add_collector(std::move(c));
}

std::vector<family> registry::collect() const {
    std::map<std::string, family> all;
    for (family& f : families_->snapshot()) {
        std::string name = f.name;
        all.emplace(std::move(name), std::move(f));
    }
    std::vector<figure> figures;
    add_system_figures(system_, figures);
    add_program_figures(figures);
    for (const auto& part : parts_of(system_))
        ask(system_, figures, [&](std::vector<figure>& out) { part->figures(out); });
    for (const auto& c : families_->collectors())
        ask(system_, figures, [&](std::vector<figure>& out) { (*c)(out); });
    add_figures(all, std::move(figures));
    std::vector<family> out;
    for (auto& [name, f] : all)
        out.push_back(std::move(f));
    return out;
}

registry& of(system& s) {
    return *attached<registry>(s);
}
registry& here() {
    return of(this_system());
}

void inc(std::string_view name, labels with, std::uint64_t n) {
    here().counter(name, {}, std::move(with)).inc(n);
}
void set(std::string_view name, double value, labels with) {
    here().gauge(name, {}, std::move(with)).set(value);
}
void add(std::string_view name, double n, labels with) {
    here().gauge(name, {}, std::move(with)).inc(n);
}
void observe(std::string_view name, double value, labels with) {
    here().histogram(name, {}, std::move(with)).observe(value);
}

}  // namespace metrics

metrics::counter detail::restarts_of(system& s, std::string_view supervisor) {
    return metrics::of(s).counter("rakka_supervisor_restarts_total",
                                  "Children that supervisors have restarted.",
                                  {{"supervisor", std::string(supervisor.empty() ? "unnamed" : supervisor)}});
}

}  // namespace rakka
