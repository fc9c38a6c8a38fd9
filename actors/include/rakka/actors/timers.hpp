// Messages sent later.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <chrono>
#include <optional>

namespace rakka {

/// Sends `message` to a pid or name of this system after `delay` (never early). A name is looked up when the
/// timer fires. The timer ends silently when a pid is dead then. Throws process_exit, `{system_limit, []}`,
/// when system_options::max_timers are pending or there is no memory for another. Owner process. Erlang:
/// `erlang:send_after/3`.
reference send_after(std::chrono::nanoseconds delay, const destination& to, term message);

/// The same; the message is `{timeout, Ref, Message}`. Owner process. Erlang: `erlang:start_timer/3`.
reference start_timer(std::chrono::nanoseconds delay, const destination& to, term message);

/// Stops a timer of this system; the time that was left, or nothing when it has fired or is not known. A
/// message it has sent is in the mailbox by then when the timer was for the caller. For a timer that another
/// process started, asks that process; once that has ended, the timer still fires, but is not known any more.
/// Owner process. Erlang: `erlang:cancel_timer/1`, for which it does not matter who started it.
std::optional<std::chrono::milliseconds> cancel_timer(const reference& timer);

/// The time left without stopping it. Owner process. Erlang: `erlang:read_timer/1`.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_timer(const reference& timer);

}  // namespace rakka
