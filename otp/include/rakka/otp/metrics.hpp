// Counters, gauges and histograms with labels, for Prometheus and the like. Recording takes a few nanoseconds
// and no lock: each thread has a cell of its own, and who reads adds them up.
//
//     auto& all = metrics::of(system);
//     const auto served = all.counter("shop_orders_total", "Orders taken.", {{"country", "se"}});  // once
//     served.inc();                                                                           // each time
//     metrics::inc("shop_orders_total", {{"country", "se"}});  // in a process, where speed does not matter
//
// Names, kinds and labels are those of Prometheus. What Rakka itself counts is in docs/metrics.md; how it is
// scraped, in rakka/metrics_http/server.hpp. There is nothing like it in Erlang/OTP; nearest are `counters`
// and `telemetry`.
#pragma once

#include <rakka/actors/layers.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka {

class system;

namespace detail {
class counter_cells;
class gauge_cells;
class histogram_cells;
class metric_families;
}  // namespace detail

namespace metrics {

/// Names and values, in any order. A name once only. Any text may be a value; what is not UTF-8 in it becomes
/// U+FFFD, a line break a blank.
using labels = std::vector<std::pair<std::string, std::string>>;

/// Only grows. A handle: copies count the same, also after the system is gone. All functions: any thread, at
/// the same time, no lock, no allocation but a thread's first.
class counter {
public:
    void inc(std::uint64_t n = 1) const noexcept;
    /// All that was added by threads that have told this one, by whatever, and perhaps more.
    [[nodiscard]] std::uint64_t value() const noexcept;

private:
    friend class registry;
    explicit counter(std::shared_ptr<detail::counter_cells> cells) noexcept : cells_(std::move(cells)) {}
    std::shared_ptr<detail::counter_cells> cells_;
};

/// Goes up and down. As counter otherwise. Whole numbers up to 2^53 are exact; others round as `double` does.
class gauge {
public:
    /// What others add at the same time counts as before it or as after it.
    void set(double value) const noexcept;
    void inc(double n = 1) const noexcept;
    void dec(double n = 1) const noexcept { inc(-n); }
    [[nodiscard]] double value() const noexcept;

private:
    friend class registry;
    explicit gauge(std::shared_ptr<detail::gauge_cells> cells) noexcept : cells_(std::move(cells)) {}
    std::shared_ptr<detail::gauge_cells> cells_;
};

/// What a histogram has seen.
struct distribution {
    std::vector<double> bounds;  ///< upper ones, inclusive, ascending
    std::vector<std::uint64_t>
        counts;      ///< of each bucket alone; one more than bounds: the last is without end
    double sum = 0;  ///< of all values; of those seen this moment perhaps not yet
    [[nodiscard]] std::uint64_t count() const noexcept;
};

/// Counts values by size. As counter otherwise.
class histogram {
public:
    /// What is not a number is not recorded.
    void observe(double value) const noexcept;
    /// In seconds, as Prometheus wants times.
    template <class Rep, class Period>
    void observe(std::chrono::duration<Rep, Period> time) const noexcept {
        observe(std::chrono::duration<double>(time).count());
    }
    [[nodiscard]] distribution value() const;

private:
    friend class registry;
    explicit histogram(std::shared_ptr<detail::histogram_cells> cells) noexcept : cells_(std::move(cells)) {}
    std::shared_ptr<detail::histogram_cells> cells_;
};

/// Upper bounds for what takes from 5 ms to 10 s.
[[nodiscard]] std::vector<double> default_buckets();
/// `count` bounds: first, first + step, …
[[nodiscard]] std::vector<double> linear_buckets(double first, double step, std::size_t count);
/// `count` bounds: first, first * factor, …
[[nodiscard]] std::vector<double> exponential_buckets(double first, double factor, std::size_t count);

enum class kind : std::uint8_t { counter, gauge, histogram };

struct sample {
    metrics::labels labels;  ///< sorted by name
    double value = 0;
    distribution values{};  ///< of a histogram
};

/// All metrics of one name.
struct family {
    std::string name;
    std::string help;
    metrics::kind type = kind::gauge;
    std::vector<sample> samples;
};

/// The metrics of one system: of() gives it. All functions: any thread.
///
/// Those that give a handle make the metric when it is new, and throw std::invalid_argument, which names the
/// metric, when name, labels or buckets are not such as Prometheus takes, or the name has another kind, other
/// label names or other buckets already. They take a lock: keep the handle.
class registry {
public:
    explicit registry(system& s);
    ~registry();
    registry(const registry&) = delete;
    registry& operator=(const registry&) = delete;

    /// `name` ends in `_total` by convention. `help`: a sentence; the first that is not empty stays.
    metrics::counter counter(std::string_view name, std::string_view help = {}, labels with = {});
    metrics::gauge gauge(std::string_view name, std::string_view help = {}, labels with = {});
    /// `buckets`: upper bounds, ascending, 200 at most; none: as the name has them already, or the default
    /// ones.
    metrics::histogram histogram(std::string_view name, std::string_view help = {}, labels with = {},
                                 std::vector<double> buckets = {});

    /// Takes one metric out, or, without labels, all of this name. Handles go on, for nobody to see. False
    /// when there is none.
    bool remove(std::string_view name);
    bool remove(std::string_view name, labels with);

    /// So many sets of labels a name may have; further ones are counted together, each label with the value
    /// `other`, so that labels that strangers choose fill no memory. At first 10,000.
    void set_max_label_sets(std::size_t n) noexcept;

    using collector = std::function<void(std::vector<figure>&)>;
    /// `c` is asked whenever somebody looks, on that thread, for as long as the result lives; it must be
    /// quick. What it throws costs its own figures. Whoever drops the last share of the result waits for
    /// calls that are under way (but not for the one it is made from, nor, outside of the processes of a
    /// simulation, for those in processes): hold no lock then that `c` takes.
    [[nodiscard]] std::shared_ptr<void> add_collector(collector c);

    /// Everything there is now: metrics, what collectors and the parts of the system (its node) tell, and
    /// what the system counts. By name. What Prometheus would not take of the figures of others is left out.
    [[nodiscard]] std::vector<family> collect() const;

private:
    system& system_;
    std::unique_ptr<detail::metric_families> families_;
};

/// The registry of this system; it lives as long as the system does. Any thread.
[[nodiscard]] registry& of(system& s);
/// Of the calling process's system. Owner process.
[[nodiscard]] registry& here();

// By name, made when new, in the calling process's system: some hundred nanoseconds. Owner process; throw as
// registry does.
void inc(std::string_view name, labels with = {}, std::uint64_t n = 1);
void set(std::string_view name, double value, labels with = {});
void add(std::string_view name, double n, labels with = {});  ///< to a gauge
void observe(std::string_view name, double value, labels with = {});

}  // namespace metrics

namespace detail {

/// For supervisors: how often one has restarted a child, by its registered name (`unnamed` without one).
[[nodiscard]] metrics::counter restarts_of(system& s, std::string_view supervisor);

}  // namespace detail
}  // namespace rakka
