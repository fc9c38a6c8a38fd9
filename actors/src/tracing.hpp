// Sequential tracing inside the system: the token of a process, the signals that carry one, and what the
// system tracer is told. Nothing of it is on the way of a signal without a token.
#pragma once

#include "process_record.hpp"
#include "signal.hpp"
#include "system_core.hpp"

#include <rakka/actors/remote_router.hpp>
#include <rakka/actors/trace_token.hpp>

#include <cstdint>
#include <optional>

namespace rakka::detail {

/// Made for a process that gets a token, and kept when it has none any more: its clock goes on.
struct trace_state {
    trace_token token;
    std::int64_t clock = 0;     // the greatest serial sent or received
    std::int64_t received = 0;  // that of the message received last
    std::uint32_t epoch = 0;    // of the system; another one's is over, see seq_trace::reset_trace()
    bool by_reply = false;      // the call under way has been answered with a token
};

/// A signal with a token. Until it is taken in its kind is `traced`, and `inner` says what it is.
struct traced_signal : control_signal {
    trace_token token;
    std::uint32_t epoch;
    signal_kind inner;
};

[[nodiscard]] inline traced_signal& traced(signal& s) noexcept {
    RAKKA_DCHECK(s.storage == signal_storage::traced);
    return static_cast<traced_signal&>(s);
}

/// What an event is for the system tracer.
enum class trace_event : std::uint8_t { send, receive, print };

/// The token of a process, null when it has none. Owner.
[[nodiscard]] trace_state* token_of(process& self) noexcept;
[[nodiscard]] inline trace_state* trace_of(process& self) noexcept {
    return self.has_token ? token_of(self) : nullptr;
}
/// Likewise made if need be, without a token. Owner.
[[nodiscard]] trace_state& make_trace(process& self);
/// For a message of the process that leaves now. Owner.
const trace_token& count(process& self, trace_state& t);

/// The system tracer; none when nobody is, or it has ended.
[[nodiscard]] pid tracer_of(const system_core& core) noexcept;
/// Tells the system tracer, if the token has the flag; `who` does it, null for nobody of this system.
void tell_tracer(system_core& core, const process* who, trace_event what, const trace_token& token,
                 const term& to, term_view message);

/// `s`, which has been made by make_control(), once more and with a token. Takes it.
[[nodiscard]] control_signal& with_token(system_core& core, control_signal& s, const trace_token& token,
                                         std::uint32_t epoch);
/// A message, a call or a message to an alias, for a process of this system; lost when that is not alive.
void post_with_token(system_core& core, const pid& to, control_signal& s, const trace_token& token,
                     std::uint32_t epoch);
/// Gives the node back. With storage `traced` only.
[[gnu::cold]] void free_traced(signal& s) noexcept;

/// The process has received a message with this token. Owner.
void receive_with_token(process& self, const trace_token& token, term_view message);

// -- what a process with a token sends. Owner.

/// send_anywhere() for it.
remote_router::outcome send_anywhere_traced(process& self, trace_state& t, const destination& to,
                                            term& message, send_flags flags);
/// post_monitor() for a call.
void post_call_traced(process& self, trace_state& t, const monitor_entry& m, const reference& ref,
                      term message);
/// The reply to a call, whose token it gets. Takes it and gives what is to be delivered.
[[nodiscard]] control_signal& traced_reply(process& self, control_signal& reply, const pid& client);
/// send_exit_link() of a process that ends.
void send_exit_link_traced(process& self, trace_state& t, const pid& to, const term& reason);

/// What a spawn_request() asks for, but for the arguments.
struct spawn_shown {
    const reference& ref;
    atom node, module, function;
    const term& options;
};
/// The token for a spawn_request() to another node, none when the process has none. For the trace it is two
/// messages: the request, and the arguments.
[[nodiscard]] std::optional<trace_token> count_spawn(process& self, const spawn_shown& what,
                                                     const term& arguments);

/// `parent` spawns `child`, which nobody knows yet: the token goes to it and, in `reply`, back with the
/// answer; null: at once, as with a spawn that waits.
void pass_token(process& parent, process& child, trace_token* reply);

}  // namespace rakka::detail
