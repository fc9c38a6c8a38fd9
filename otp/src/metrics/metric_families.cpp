#include "metrics/metric_families.hpp"

#include "metrics/label_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace rakka::detail {
namespace {

constexpr std::size_t most_buckets = 200;
constexpr std::string_view value_of_the_rest = "other";

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
    throw std::invalid_argument(fmt::format("metric {}: {}", name, why));
}

bool is_word(std::string_view s, bool with_colon) noexcept {
    const auto is_letter = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && with_colon);
    };
    return !s.empty() && is_letter(s.front()) &&
           std::all_of(s.begin(), s.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void check_labels(const metric_families::wish& w) {
    for (const auto& [name, value] : w.labels) {
        if (!is_label_name(name)) refuse(w.name, fmt::format("{:?} cannot be the name of a label", name));
        if (name == "le" && w.type == metrics::kind::histogram)
            refuse(w.name, "the label le of a histogram is the one of its buckets");
    }
    const auto twice = std::adjacent_find(w.labels.begin(), w.labels.end(),
                                          [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice != w.labels.end()) refuse(w.name, fmt::format("the label {} is there twice", twice->first));
}

void check_buckets(const metric_families::wish& w) {
    if (w.buckets.size() > most_buckets) refuse(w.name, fmt::format("more than {} buckets", most_buckets));
    if (std::any_of(w.buckets.begin(), w.buckets.end(), [](double b) { return !std::isfinite(b); }))
        refuse(w.name, "the bound of a bucket is a finite number; the bucket without end is there by itself");
    if (std::adjacent_find(w.buckets.begin(), w.buckets.end(), std::greater_equal<>()) != w.buckets.end())
        refuse(w.name, "the bounds of buckets ascend");
}

metric_cells make_cells(metrics::kind type, const std::vector<double>& bounds) {
    switch (type) {
        case metrics::kind::counter:
            return std::make_shared<counter_cells>();
        case metrics::kind::gauge:
            return std::make_shared<gauge_cells>();
        case metrics::kind::histogram:
            return std::make_shared<histogram_cells>(bounds);
    }
    throw std::invalid_argument("no such kind of metric");
}

metrics::sample sample_of(const metric_cells& cells) {
    metrics::sample out;
    if (const auto* const c = std::get_if<std::shared_ptr<counter_cells>>(&cells)) {
        out.value = static_cast<double>((*c)->sum());
    } else if (const auto* const g = std::get_if<std::shared_ptr<gauge_cells>>(&cells)) {
        out.value = (*g)->value();
    } else {
        const histogram_cells& h = *std::get<std::shared_ptr<histogram_cells>>(cells);
        out.values = {{h.bounds().begin(), h.bounds().end()}, h.counts(), h.sum()};
    }
    return out;
}

}  // namespace

bool is_metric_name(std::string_view name) noexcept {
    return is_word(name, true);
}

bool is_label_name(std::string_view name) noexcept {
    return is_word(name, false) && !name.starts_with("__");
}

metric_cells metric_families::get(wish w) {
    std::sort(w.labels.begin(), w.labels.end());
    values v;
    for (const auto& label : w.labels)
        v.push_back(label_text(label.second));
    {
        const std::shared_lock lock(mutex_);
        if (const metric_cells* const there = find(w, v)) return *there;
    }
    if (!is_metric_name(w.name)) refuse(fmt::format("{:?}", w.name), "this cannot be the name of a metric");
    check_labels(w);
    check_buckets(w);
    const std::lock_guard lock(mutex_);
    one_name& family = get_name(w);
    if (const auto at = family.metrics.find(v); at != family.metrics.end()) return at->second;
    if (!v.empty() && family.metrics.size() >= max_label_sets_.load(std::memory_order_relaxed))
        std::fill(v.begin(), v.end(), std::string(value_of_the_rest));
    const auto at = family.metrics.find(v);
    if (at != family.metrics.end()) return at->second;
    return family.metrics.emplace(std::move(v), make_cells(family.type, family.bounds)).first->second;
}

/// What needs no more checks: one who asks again by the same names.
const metric_cells* metric_families::find(const wish& w, const values& v) const {
    const auto family = names_.find(w.name);
    if (family == names_.end() || family->second.type != w.type) return nullptr;
    const one_name& f = family->second;
    if ((!w.buckets.empty() && w.buckets != f.bounds) || (f.help.empty() && !w.help.empty())) return nullptr;
    if (!std::equal(w.labels.begin(), w.labels.end(), f.label_names.begin(), f.label_names.end(),
                    [](const auto& label, const std::string& name) { return label.first == name; }))
        return nullptr;
    const auto at = f.metrics.find(v);
    return at == f.metrics.end() ? nullptr : &at->second;
}

metric_families::one_name& metric_families::get_name(const wish& w) {
    std::vector<std::string> label_names;
    for (const auto& label : w.labels)
        label_names.push_back(label.first);
    const auto there = names_.find(w.name);
    if (there == names_.end()) {
        auto bounds =
            w.type == metrics::kind::histogram && w.buckets.empty() ? metrics::default_buckets() : w.buckets;
        return names_
            .emplace(std::string(w.name),
                     one_name{w.type, std::string(w.help), std::move(label_names), std::move(bounds), {}})
            .first->second;
    }
    one_name& family = there->second;
    if (family.type != w.type) refuse(w.name, "it is of another kind already");
    if (family.label_names != label_names)
        refuse(w.name, fmt::format("it has the labels [{}] already", fmt::join(family.label_names, ", ")));
    if (!w.buckets.empty() && family.bounds != w.buckets) refuse(w.name, "it has other buckets already");
    if (family.help.empty()) family.help = w.help;
    return family;
}

bool metric_families::remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto at = names_.find(name);
    if (at == names_.end()) return false;
    names_.erase(at);
    return true;
}

bool metric_families::remove(std::string_view name, metrics::labels labels) {
    std::sort(labels.begin(), labels.end());
    values v;
    for (auto& label : labels)
        v.push_back(label_text(std::move(label.second)));
    const std::lock_guard lock(mutex_);
    const auto at = names_.find(name);
    if (at == names_.end()) return false;
    const bool same_names =
        std::equal(labels.begin(), labels.end(), at->second.label_names.begin(), at->second.label_names.end(),
                   [](const auto& label, const std::string& known) { return label.first == known; });
    return same_names && at->second.metrics.erase(v) != 0;
}

std::shared_ptr<void> metric_families::add_collector(metrics::registry::collector c) {
    auto source = std::make_shared<figure_source>(std::move(c), driven_);
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(collectors_, [](const auto& weak) { return weak.expired(); });
        collectors_.push_back(source);
    }
    figure_source* const handle = source.get();
    return {handle, [held = std::move(source)](void*) mutable {
                held->end();
                held.reset();  // weak pointers to the handle may be there still
            }};
}

std::vector<std::shared_ptr<figure_source>> metric_families::collectors() const {
    std::vector<std::shared_ptr<figure_source>> out;
    const std::shared_lock lock(mutex_);
    for (const auto& weak : collectors_)
        if (auto c = weak.lock()) out.push_back(std::move(c));
    return out;
}

std::vector<metrics::family> metric_families::snapshot() const {
    std::vector<metrics::family> out;
    const std::shared_lock lock(mutex_);
    for (const auto& [name, family] : names_) {
        metrics::family& f = out.emplace_back(metrics::family{name, family.help, family.type, {}});
        for (const auto& [v, cells] : family.metrics) {
            metrics::sample& s = f.samples.emplace_back(sample_of(cells));
            for (std::size_t i = 0; i < v.size(); ++i)
                s.labels.emplace_back(family.label_names[i], v[i]);
        }
    }
    return out;
}

}  // namespace rakka::detail
