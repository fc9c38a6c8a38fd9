// Processes without a stack: an object whose handle() gets one message at a time.
#pragma once

#include <rakka/etf/term.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rakka {

class process_watch;

/// What a handler-loop process does after a callback.
class next {
public:
    enum class action : std::uint8_t { wait, stop, hibernate };
    using duration = std::chrono::nanoseconds;

    /// Waits for the next message. If `timeout` passes first, handle_timeout() is called once.
    [[nodiscard]] static next wait() noexcept { return next(action::wait); }
    [[nodiscard]] static next timeout(duration timeout) noexcept {
        next n(action::wait);
        n.timeout_ = timeout;
        return n;
    }
    /// Ends the process with this exit reason; terminate() is called first.
    [[nodiscard]] static next stop(term reason) noexcept {
        next n(action::stop);
        n.reason_ = std::move(reason);
        return n;
    }
    /// As wait(), and gives back memory that a long sleep does not need: what links, monitors and the like
    /// have taken once and need no longer, and the stack that the callback has used deeply. Costs a system
    /// call; not done when a message is waiting already. Erlang: `erlang:hibernate/3`.
    [[nodiscard]] static next hibernate() noexcept { return next(action::hibernate); }

    [[nodiscard]] action what() const noexcept { return action_; }
    [[nodiscard]] const std::optional<duration>& timeout() const noexcept { return timeout_; }
    [[nodiscard]] term& reason() noexcept { return reason_; }

private:
    explicit next(action a) noexcept : action_(a) {}
    action action_;
    std::optional<duration> timeout_;
    term reason_;
};

/// A process written as callbacks. Between two of them it owns no stack, so that an idle one costs some
/// hundred bytes. All callbacks run inside the process, one at a time: the whole ambient vocabulary (self(),
/// send(), receive(), …) works in them, and one that blocks takes a stack for as long as it does.
///
/// What leaves a callback as an exception ends the process with the reason exit_reason_of() gives.
class message_handler {
public:
    virtual ~message_handler() = default;

    /// First thing in the process's life. Returns what to do then.
    virtual next init() { return next::wait(); }
    /// The next message, in the order of arrival.
    virtual next handle(term message) = 0;
    /// The time given to next::timeout() has passed without a message.
    virtual next handle_timeout() { return next::wait(); }
    /// Once, before the process ends for whatever reason (`kill` included, unlike Erlang: C++ state may need
    /// it), even when that comes before init() has run. Links and monitors are told afterwards. May block,
    /// but not for ever: an exit signal does not end it.
    virtual void terminate(term_view reason) noexcept { static_cast<void>(reason); }
    /// What process_info() shows in the process dictionary besides what put() has placed there: for what
    /// every process of a kind has, so that it need not be stored in each.
    [[nodiscard]] virtual std::vector<std::pair<term, term>> dictionary() const { return {}; }
    /// The process has been given a watch (process_watch.hpp), which may be over any time: in the process, in
    /// the middle of a callback perhaps, or before it is started. For handlers that have more to show than
    /// messages. Must not block.
    virtual void watched(const std::shared_ptr<process_watch>& by) { static_cast<void>(by); }
};

namespace detail {
/// The handler of the calling process; null for a process that runs a callable. Owner process.
[[nodiscard]] message_handler* own_handler();
}  // namespace detail

}  // namespace rakka
