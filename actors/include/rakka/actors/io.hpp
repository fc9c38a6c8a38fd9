// For components with sockets: the event loop that idle workers sleep in, and work put off to the end of a
// slice.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace rakka {

class system;

/// The one event loop of a system. Its handlers run on a worker, one at a time, outside of any process; they
/// must not block or throw. Include Asio yourself. Any thread; lives as long as the system runs.
[[nodiscard]] boost::asio::io_context& io_context_of(system& s) noexcept;

/// Runs `work` between the handlers of that event loop, and waits until it is done. When the system has
/// stopped, or stops before a worker gets to it, no handler runs any more: then it runs here, alone all the
/// same. So whatever belongs to the handlers can be taken down at any time. In a simulation: runs here, at
/// once. Blocks, a process through blocking(). `work` must not block or throw. Any thread but a handler.
void call_between_handlers(system& s, const std::function<void()>& work);

/// Runs a function once soon after each slice in which arm() was called: how many small writes become one. It
/// runs when the worker has nothing else to run, or after a few dozen short slices or a long one of other
/// processes, which may have armed it as well; a millisecond after the arming no other slice begins before
/// it. Each worker has its own arming: one that is still in the middle of its slice holds up nobody else.
class slice_end {
public:
    /// `fn` runs outside of any process, on the worker that armed it (on a thread that is no worker of `s`:
    /// at once, there), possibly on several at a time; it must not block or throw.
    slice_end(system& s, std::function<void()> fn);
    /// Precondition: nowhere armed.
    ~slice_end();
    slice_end(const slice_end&) = delete;
    slice_end& operator=(const slice_end&) = delete;

    /// Nothing happens when the calling worker has armed it already. Any thread.
    void arm() noexcept;
    /// Whether the calling worker has armed it. Any thread.
    [[nodiscard]] bool armed_here() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace rakka
