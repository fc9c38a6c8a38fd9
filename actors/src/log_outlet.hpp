// Where a system's events leave it: to its logger, its sink, or the standard error output.
#pragma once

#include <rakka/actors/log.hpp>

#include <atomic>
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
    /// The same for the events that tell of each process's birth and end: only a logger hears of them. Asked
    /// before they are put into words, so this has the level of their module, as far as there is a logger.
    [[nodiscard]] bool wants_life(log_level level) const noexcept {
        return level >= least_of_life_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] log_receiver* receiver() const noexcept {
        return receiver_.load(std::memory_order_acquire);
    }
    bool attach(std::unique_ptr<log_receiver> receiver, log_level least);
    void limit(log_level least) noexcept;
    /// Of wants_life() alone, which limit() sets as well.
    void limit_life(log_level least) noexcept;
    /// Whatever its level. What the sink throws is dropped.
    void hand_over(log_event& event) const noexcept;

private:
    void set_limits(log_level least, log_level least_of_life) noexcept;

    const log_sink sink_;
    std::atomic<log_level> least_{log_level::none};
    std::atomic<log_level> least_of_life_{log_level::none};
    std::atomic<log_receiver*> receiver_{nullptr};
};

/// The level from which on the logger of `s` wants events of the lives of processes, after limit_log(), which
/// sets it to that of the others. Any thread.
void limit_log_of_life(system& s, log_level least) noexcept;

}  // namespace rakka::detail
