// The event loop as the rest of the node sees it: posting and timers, without Asio in sight.
#pragma once

#include <rakka/base/result.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace rakka::transport {

using io_loop = boost::asio::io_context;

/// Runs `work` on the I/O thread (I/O handlers of one loop never run at the same time). Any thread.
void post(io_loop& io, std::function<void()> work);

/// A timer that can be set again and again. I/O thread; its callback is never called after cancel or
/// destruction.
class timer {
public:
    explicit timer(io_loop& io);
    ~timer();
    timer(timer&&) noexcept;
    timer& operator=(timer&&) = delete;

    /// Calls `expired` once, `delay` from now; replaces what was set before.
    void start(std::chrono::nanoseconds delay, std::function<void()> expired);
    void cancel() noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace rakka::transport
