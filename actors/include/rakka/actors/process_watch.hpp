// Watching the messages of processes from outside of their own business: what a tracer stands on, such as
// that of rakka/otp/trace.hpp.
//
// A process that nobody watches pays nothing: whether one does is told by the bit that tells whether it has
// been ended, which is looked at before each message anyway.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <typeinfo>

namespace rakka {

class message_handler;
class system;

/// Looks at the messages of those processes that it chooses. A process has one watch at a time, the last that
/// it was given. Its functions are called by the watched processes themselves, on whichever thread each runs,
/// at the same time: they must not wait, receive or throw. What they send with system::send() is no message
/// of the process; what they send with send() is not shown to the watch.
class process_watch {
public:
    process_watch() = default;
    process_watch(const process_watch&) = delete;
    process_watch& operator=(const process_watch&) = delete;
    virtual ~process_watch() = default;

    /// It is over: each process lets go of the watch when it would have told it something, and is as fast as
    /// before from then on. Any thread.
    void end() noexcept { over_.store(true, std::memory_order_release); }
    [[nodiscard]] bool over() const noexcept { return over_.load(std::memory_order_acquire); }

    enum class choice : std::uint8_t {
        yes,
        no,            ///< the process lets go of the watch
        later,         ///< not to be told yet: asked again at its next message, which is not shown
        handler_only,  ///< its handler is told of the watch, and nothing is told of its messages
    };
    struct candidate {
        pid process;
        const message_handler* handler;  ///< or what takes its part; null: it runs a callable
        const std::type_info& code;      ///< the type of the handler or the callable
        bool born = false;               ///< it is about to be started; nothing runs in it yet
    };
    [[nodiscard]] virtual choice chooses(const candidate& who) noexcept = 0;

    /// The calling process sends `message`; `to` is as it was written: a pid, a name, `{Name, Node}`, an
    /// alias. False for `exists`: it is the pid of a process of this system that has ended.
    virtual void sent(const term& to, term_view message, bool exists) noexcept = 0;
    /// The calling process has taken `message` out of its mailbox, or has the reply to its call.
    virtual void received(term_view message) noexcept = 0;

private:
    std::atomic<bool> over_{false};
};

/// Gives `p` the watch, as soon as it looks at its signals, if that chooses it; message_handler::watched() is
/// told. Behind what the calling process has sent to it, before what it sends to it from now on. Nothing
/// happens when `p` is no living process of `s`. Never blocks. Any thread.
void watch_process(system& s, const pid& p, std::shared_ptr<process_watch> by);
/// Gives it to each process of `s` that is started from now on; null: to none any more. Any thread.
void watch_births(system& s, std::shared_ptr<process_watch> by);

namespace detail {
/// The watch of the calling process, if that is not over; null outside of processes.
[[nodiscard]] process_watch* watch_here() noexcept;

/// While it lives, `loop` takes the part of a handler in the calling process, which runs a callable, wherever
/// watches are concerned: it is what they choose by and is told of them. Of one that is there already it is
/// told at once. Owner process. Not two at a time.
class watched_loop {
public:
    explicit watched_loop(message_handler& loop);
    ~watched_loop();
    watched_loop(const watched_loop&) = delete;
    watched_loop& operator=(const watched_loop&) = delete;
};
}  // namespace detail

}  // namespace rakka
