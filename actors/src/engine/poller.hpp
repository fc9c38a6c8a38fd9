// The event loop and the right to run it. With its .cpp the only part of the engine that knows Asio.
#pragma once

#include "engine/clock.hpp"

#include <atomic>
#include <cstddef>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace rakka::detail {

/// Whoever holds the role runs I/O handlers; so they never run concurrently. A worker takes the role for a
/// moment to poll, or for as long as it sleeps. Any thread, unless said otherwise.
class poller {
public:
    poller();
    ~poller();
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;

    [[nodiscard]] boost::asio::io_context& context() noexcept;

    [[nodiscard]] bool try_acquire() noexcept {
        return !taken_.load(std::memory_order_relaxed) && !taken_.exchange(true, std::memory_order_acquire);
    }
    void release() noexcept { taken_.store(false, std::memory_order_release); }
    /// A moment's truth.
    [[nodiscard]] bool taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

    /// Runs handlers that are ready, a bounded number. Returns how many. Holder of the role only.
    std::size_t poll() noexcept;

    /// Blocks until something is ready, interrupt() is called or the time is over; runs one of the handlers
    /// that are ready then, as the next may come with work for this thread. False: the time was over. Holder
    /// only.
    bool wait(nanoseconds at_most) noexcept;

    /// Ends a wait, or the next one.
    void interrupt() noexcept;

    /// Up to when the holder is going to sleep; the epoch when it is awake. Sequentially consistent, so that
    /// either the starter of an earlier timer sees it or the sleeper sees the timer.
    void announce_sleep(instant until) noexcept {
        sleeps_until_.store(until.count(), std::memory_order_seq_cst);
    }
    [[nodiscard]] instant sleeps_until() const noexcept {
        return instant(sleeps_until_.load(std::memory_order_seq_cst));
    }

private:
    struct loop;
    std::unique_ptr<loop> loop_;
    std::atomic<bool> taken_{false};
    std::atomic<std::int64_t> sleeps_until_{instant::min().count()};
};

}  // namespace rakka::detail
