// The metrics of one registry by name and labels.
#pragma once

#include "metrics/call_gate.hpp"
#include "metrics/metric_cells.hpp"

#include <rakka/otp/metrics.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::detail {

using metric_cells = std::variant<std::shared_ptr<counter_cells>, std::shared_ptr<gauge_cells>,
                                  std::shared_ptr<histogram_cells>>;

/// Whether Prometheus takes it: letters, digits, `_` and, in names of metrics, `:`.
[[nodiscard]] bool is_metric_name(std::string_view name) noexcept;
/// The same for labels; those that begin with `__` are Prometheus's own.
[[nodiscard]] bool is_label_name(std::string_view name) noexcept;

/// A function that is asked for figures, until it is ended.
class figure_source {
public:
    figure_source(metrics::registry::collector ask, bool driven) : gate_(driven), ask_(std::move(ask)) {}

    void operator()(std::vector<figure>& out) {
        if (const call_gate::pass in(gate_); in) ask_(out);
    }
    /// Waits for calls under way but the one that it is called from.
    void end() {
        gate_.close();
        gate_.wait();
        if (gate_.is_empty()) ask_ = nullptr;  // not as late as its last share
    }

private:
    call_gate gate_;
    metrics::registry::collector ask_;
};

/// Any thread.
class metric_families {
public:
    /// `driven`: of a simulation.
    explicit metric_families(bool driven) noexcept : driven_(driven) {}

    struct wish {
        metrics::kind type;
        std::string_view name;
        std::string_view help;
        metrics::labels labels;
        std::vector<double> buckets{};  // of a histogram; none: any
    };
    /// Finds or makes it. Throws std::invalid_argument, see metrics::registry.
    [[nodiscard]] metric_cells get(wish w);
    bool remove(std::string_view name);
    bool remove(std::string_view name, metrics::labels labels);
    void set_max_label_sets(std::size_t n) noexcept { max_label_sets_.store(n, std::memory_order_relaxed); }

    [[nodiscard]] std::shared_ptr<void> add_collector(metrics::registry::collector c);
    [[nodiscard]] std::vector<std::shared_ptr<figure_source>> collectors() const;
    /// By name.
    [[nodiscard]] std::vector<metrics::family> snapshot() const;

private:
    using values = std::vector<std::string>;  // of labels, in the order of their names
    struct one_name {
        metrics::kind type;
        std::string help;
        std::vector<std::string> label_names;  // sorted
        std::vector<double> bounds;            // of a histogram
        std::map<values, metric_cells> metrics;
    };

    [[nodiscard]] const metric_cells* find(const wish& w, const values& v) const;
    [[nodiscard]] one_name& get_name(const wish& w);

    const bool driven_;
    std::atomic<std::size_t> max_label_sets_{10'000};
    mutable std::shared_mutex mutex_;
    // Guarded by mutex_:
    std::map<std::string, one_name, std::less<>> names_;
    std::vector<std::weak_ptr<figure_source>> collectors_;
};

}  // namespace rakka::detail
