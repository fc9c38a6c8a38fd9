// What a handler does with an event when others are waiting: a decision of numbers and time, without threads.
#pragma once

#include <rakka/otp/log_handlers.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rakka::log {

/// Whether the values are in the order they must have. Erlang: logger_olp:check_opts/1.
[[nodiscard]] bool makes_sense(const overload& limits) noexcept;

/// One per handler, guarded by its lock. Time is monotonic.
class overload_guard {
public:
    using time = std::chrono::nanoseconds;
    enum class mode : unsigned char { async, sync, drop };
    enum class decision : unsigned char {
        queue,           ///< it is accepted
        queue_and_wait,  ///< it is accepted; its process waits until it is written
        drop,            ///< it is not
        flush,           ///< nor is what waits
        kill             ///< the same, and the handler takes nothing for a while
    };

    explicit overload_guard(const overload& limits) noexcept : limits_(limits) {}

    /// Whether an event would be dropped right now: then it need not be put into words.
    [[nodiscard]] bool refuses(std::size_t queued, std::size_t bytes, time now,
                               bool may_wait = true) noexcept;
    /// An event has come while `queued` are accepted and not yet written; `bytes` has those of the event, if
    /// they are known. Counts it, if it is dropped. Those that may not wait, of other nodes, are dropped
    /// where others would wait.
    [[nodiscard]] decision admit(std::size_t queued, std::size_t bytes, time now,
                                 bool may_wait = true) noexcept;
    /// What waited was thrown away.
    void flushed(std::size_t events) noexcept;
    /// It has been killed, and is not to be used again.
    [[nodiscard]] bool is_over() const noexcept {
        return killed_ && !limits_.overload_kill_restart_after.has_value();
    }
    [[nodiscard]] std::uint64_t kills() const noexcept { return kills_; }
    /// What the log should say now, `queued` being left: about events that were dropped, once it is over, and
    /// about the change to drop mode, when it happens. Forgets it.
    [[nodiscard]] std::vector<std::string> news(const std::string& handler, std::size_t queued, time now);
    /// When news() has something to say by itself: a window ends in which events were dropped. Zero: no such
    /// time.
    [[nodiscard]] time next_news() const noexcept;

    [[nodiscard]] const overload& limits() const noexcept { return limits_; }
    void limit(const overload& limits) noexcept { limits_ = limits; }
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_ + of_others_ + lost_; }
    [[nodiscard]] std::uint64_t burst() const noexcept { return burst_; }
    [[nodiscard]] std::uint64_t flushed() const noexcept { return flushed_; }

private:
    [[nodiscard]] bool is_full(std::size_t queued, std::size_t bytes) const noexcept {
        return queued >= limits_.drop_mode_qlen || bytes >= limits_.max_bytes;
    }
    /// For an event that may not wait. A handler all of whose events wait takes one of these at a time.
    [[nodiscard]] bool would_wait(std::size_t queued) const noexcept {
        return queued >= std::max<std::size_t>(limits_.sync_mode_qlen, 1);
    }
    [[nodiscard]] bool is_choked(std::size_t queued, std::size_t bytes) const noexcept {
        return limits_.overload_kill_enable &&
               (queued > limits_.overload_kill_qlen || bytes > limits_.overload_kill_mem_size);
    }
    /// Whether it has been killed and the time has not come.
    [[nodiscard]] bool is_down(time now) const noexcept {
        return killed_ && (is_over() || now < killed_at_ + *limits_.overload_kill_restart_after);
    }
    void restart() noexcept;
    void start_window(time now) noexcept;

    overload limits_;
    mode mode_ = mode::async;
    bool drop_mode_is_news_ = false;
    time window_begin_{-1};
    std::size_t in_window_ = 0;
    std::uint64_t dropped_ = 0, burst_ = 0, flushed_ = 0;                 // since ever
    std::uint64_t told_dropped_ = 0, told_burst_ = 0, told_flushed_ = 0;  // of these
    std::uint64_t of_others_ = 0, told_of_others_ = 0;                    // dropped since they may not wait
    time of_others_since_{0};                                             // the first that is not told
    bool killed_ = false, kill_is_news_ = false;
    time killed_at_{0};
    std::uint64_t kills_ = 0;
    std::uint64_t lost_ = 0, told_lost_ = 0;  // came while it was killed
};

}  // namespace rakka::log
