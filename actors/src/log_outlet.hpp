// Where a system's events leave it: to its logger, its sink, or the standard error output.
#pragma once

#include <rakka/actors/log.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace rakka::detail {

/// One per system; every function: any thread.
class log_outlet {
public:
    explicit log_outlet(log_sink sink);
    ~log_outlet();
    log_outlet(const log_outlet&) = delete;
    log_outlet& operator=(const log_outlet&) = delete;

    [[nodiscard]] bool wants(log_level level) const noexcept {
        return level >= least_.load(std::memory_order_relaxed);
    }
    /// The same for the events that tell of each process's end and crash: only a logger hears of them. Asked
    /// before they are put into words, so this has the level of their module, as far as there is a logger,
    /// and those of single processes.
    [[nodiscard]] bool wants_life(log_level level) const noexcept {
        return level >= least_of_life_.load(std::memory_order_relaxed);
    }
    /// Whether anybody hears of births at all: of those in the log, or by watch_births().
    [[nodiscard]] bool births_matter() const noexcept { return births_.load(std::memory_order_relaxed) != 0; }
    [[nodiscard]] bool logs_births() const noexcept {
        return (births_.load(std::memory_order_relaxed) & logged_births) != 0;
    }
    void watch_births(bool on) noexcept { note_births(watched_births, on); }
    [[nodiscard]] log_receiver* receiver() const noexcept {
        return receiver_.load(std::memory_order_acquire);
    }
    bool attach(std::unique_ptr<log_receiver> receiver, log_level least);
    void limit(log_level least) noexcept;
    /// Of wants_life() and logs_births(), which limit() sets as well.
    void limit_life(log_level least, log_level births) noexcept;
    /// Whatever its level. What the sink throws is dropped.
    void hand_over(log_event& event) const noexcept;

private:
    static constexpr std::uint8_t logged_births = 1, watched_births = 2;
    void set_limits(log_level least, log_level least_of_life) noexcept;
    void set_limits_of_life(log_level least, log_level births) noexcept;
    void note_births(std::uint8_t whose, bool on) noexcept;

    const log_sink sink_;
    std::atomic<log_level> least_{log_level::none};
    std::atomic<log_level> least_of_life_{log_level::none};
    std::atomic<std::uint8_t> births_{0};
    std::atomic<log_receiver*> receiver_{nullptr};
};
}  // namespace rakka::detail
