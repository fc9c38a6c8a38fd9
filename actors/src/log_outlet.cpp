#include "log_outlet.hpp"

#include "engine/current.hpp"
#include "system_core.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/print.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>
#include <utility>

namespace rakka {

namespace {

constexpr std::array<std::string_view, 10> names = {"all",   "debug",    "info",  "notice",    "warning",
                                                    "error", "critical", "alert", "emergency", "none"};

}  // namespace

std::string_view to_string(log_level level) noexcept {
    const auto i = static_cast<std::size_t>(level);
    return i < names.size() ? names[i] : "unknown";
}

std::optional<log_level> log_level_of(std::string_view name) noexcept {
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<log_level>(found - names.begin());
}

namespace detail {

namespace {

/// How many systems of this program have each level as their limit. A system that logs to nobody but the
/// standard error output counts like code outside of any system.
class limits_of_systems {
public:
    void replace(log_level before, log_level after) noexcept {
        const std::lock_guard lock(mutex_);
        if (before != log_level::none) --systems_[index(before)];
        if (after != log_level::none) ++systems_[index(after)];
        const auto* const first = std::find_if(systems_.begin(), systems_.end(), [](int n) { return n > 0; });
        const auto quietest = first == systems_.end() ? log_level::none : level_at(first - systems_.begin());
        quietest_wanted.store(std::min(quietest, log_level::warning), std::memory_order_relaxed);
    }

private:
    static std::size_t index(log_level level) noexcept { return static_cast<std::size_t>(level); }
    static log_level level_at(std::ptrdiff_t i) noexcept { return static_cast<log_level>(i); }

    std::mutex mutex_;
    std::array<int, 10> systems_{};
};

limits_of_systems& limits() noexcept {
    static limits_of_systems all;
    return all;
}

/// Of a report in words, which may have come from another node.
constexpr std::size_t longest_text = std::size_t{64} << 10;

void write_to_stderr(const log_event& e) {
    const std::string what = e.report.has_value() ? to_string(e.report, {.max_chars = longest_text}) : e.text;
    const std::string line = fmt::format("[rakka {}] {}\n", to_string(e.level), what);
    std::fwrite(line.data(), 1, line.size(), stderr);  // one call: lines of several threads stay whole
}

}  // namespace

log_outlet::log_outlet(log_sink sink) : sink_(std::move(sink)) {
    set_limits(sink_ ? log_level::notice : log_level::warning, log_level::none);
}

log_outlet::~log_outlet() {
    set_limits(log_level::none, log_level::none);
    delete receiver_.exchange(nullptr);
}

void log_outlet::set_limits(log_level least, log_level least_of_life) noexcept {
    set_limits_of_life(least_of_life, least_of_life);
    limits().replace(least_.exchange(least, std::memory_order_relaxed), least);
}

void log_outlet::set_limits_of_life(log_level least, log_level births) noexcept {
    least_of_life_.store(least, std::memory_order_relaxed);
    note_births(logged_births, births <= log_level::debug);
}

void log_outlet::note_births(std::uint8_t whose, bool on) noexcept {
    if (on) {
        births_.fetch_or(whose, std::memory_order_relaxed);
    } else {
        births_.fetch_and(static_cast<std::uint8_t>(~whose), std::memory_order_relaxed);
    }
}

bool log_outlet::attach(std::unique_ptr<log_receiver> receiver, log_level least) {
    log_receiver* none = nullptr;
    if (!receiver_.compare_exchange_strong(none, receiver.get(), std::memory_order_acq_rel)) return false;
    static_cast<void>(receiver.release());
    set_limits(least, least);
    return true;
}

void log_outlet::limit(log_level least) noexcept {
    set_limits(least, receiver() == nullptr ? log_level::none : least);
}

void log_outlet::limit_life(log_level least, log_level births) noexcept {
    if (receiver() != nullptr) set_limits_of_life(least, births);
}

void log_outlet::hand_over(log_event& event) const noexcept {
    const outside_of_tasks there;  // what is told belongs to no process, wherever things happen
    log_receiver* const logger = receiver();
    try {
        if (sink_) sink_(event);
    } catch (...) {
        // nobody to tell, and the logger is to have it nevertheless
    }
    if (logger != nullptr) return logger->take(event);
    try {
        if (!sink_ && event.level >= log_level::warning) write_to_stderr(event);
    } catch (...) {
        return;  // nobody to tell
    }
}

void limit_log_of_life(system& s, log_level events, log_level births) noexcept {
    s.core().log.limit_life(events, births);
}

}  // namespace detail
}  // namespace rakka
