// What code inside a process may ask and do about itself and others. Works anywhere below a process body or
// handler callback; outside of a process every function here throws std::logic_error.
//
// When others run, and when exit signals take effect. A process runs for a slice of 4,000 reductions; each
// message received and each call of the ambient vocabulary that has an effect or looks at others (send, link,
// monitor, spawn, exit, alias, timers, names, is_alive …) costs one (a message to a process with hundreds of
// others waiting: more, see docs/performance.md). When the slice is used up such a call
// lets other processes run: hold no mutex over it. (A handler callback gets a second slice first: as long as
// it returns it needs no stack of its own.) Then, as whenever it waits, the process takes in its signals, and
// one that ends it is thrown as process_exit:
//   - from every call that waits (receive, yield, blocking, a call to a server, a send over a busy
//   connection);
//   - from the others that cost reductions, after another 4,000 of them without a call that waits.
// Nothing is thrown while an exception unwinds the process, while a defer_exit lives, and in terminate() and
// the destructors that run at the end. What is thrown in a destructor at the normal end of a scope, or in
// another noexcept function, cannot leave it: the process ends there, the system's log is told, and what is
// further out on its stack is not destroyed (this uses a std::terminate handler, installed with the first
// system, which hands everything else on to the one before it).
#pragma once

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/mailbox_limit.hpp>
#include <rakka/actors/process_info.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/term.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka {

/// The calling process. Erlang: `self/0`.
[[nodiscard]] pid self();

/// True when the calling code runs inside a process. Any thread.
[[nodiscard]] bool in_process() noexcept;

/// Whether exit signals become `{'EXIT', From, Reason}` messages instead of ending the process; gives the old
/// setting. `kill` sent by exit/2 cannot be trapped. Erlang: `process_flag(trap_exit, Bool)`.
bool trap_exit(bool on);
[[nodiscard]] bool trap_exit();

/// Sends an exit signal; does not wait for its effect, except to oneself, where it takes effect before this
/// returns (and may throw process_exit). Erlang: `exit/2`.
void exit(const pid& to, term reason);

/// The process that gets this one's output; inherited by spawn. Erlang: `group_leader/0,2`.
[[nodiscard]] pid group_leader();
void group_leader(const pid& leader, const pid& member);

/// True when `p`, a process of this system, is alive once it has seen every signal this process sent to it
/// before. May wait for it to look at its signals. Throws process_exit ({badarg, …}) for a pid of another
/// node. Erlang: `is_process_alive/1`.
[[nodiscard]] bool is_alive(const pid& p);

/// Erlang: `processes/0`.
[[nodiscard]] std::vector<pid> processes();

/// A reference unlike any other; the next receive for it starts behind the messages that are here already.
/// Erlang: `make_ref/0`.
[[nodiscard]] reference make_reference();

/// Lets others run, and notices exit signals: throws process_exit when one has ended this process.
/// Erlang: `yield/0`.
void yield();

/// Counts as `n` reductions: how a long computation between two calls gives way, and notices exit signals.
/// At most 16 million are counted. Throws process_exit; `{badarg, []}` for a negative number. Owner process.
/// Erlang: `erlang:bump_reductions/1`.
void bump_reductions(std::int32_t n);

/// Waits until there is a message, without receiving it, and gives back memory that a long sleep does not
/// need: the pages of the stack below the caller and what links, monitors and the like have taken once and
/// need no longer. Costs a few system calls. Returns at once when a message is there. Throws process_exit. A
/// handler returns next::hibernate() instead and keeps no stack at all. Erlang: `erlang:hibernate/0`.
void hibernate();

/// While it lives in a scope, an exit signal that would end the process is kept until a call after it that
/// waits. For destructors and other code that may not throw but has to receive, or to send much.
class defer_exit {
public:
    defer_exit();
    ~defer_exit();
    defer_exit(const defer_exit&) = delete;
    defer_exit& operator=(const defer_exit&) = delete;
};

namespace detail {
void blocking(void (*fn)(void*), void* arg);
}

/// Runs `f` on a thread of the side pool while this process waits, and gives its result; what it throws is
/// thrown here. `f` must not use the ambient vocabulary. A process waiting here takes signals in, so that
/// process_info() and the like are answered; an exit signal ends it afterwards. When neither a thread nor
/// memory can be had, `f` runs here and holds the worker.
template <std::invocable F>
std::invoke_result_t<F&> blocking(F&& f) {
    using value = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<value>) {
        // By way of a pointer, because f itself may be const.
        std::remove_reference_t<F>* callee = std::addressof(f);
        detail::blocking([](void* p) { (**static_cast<std::remove_reference_t<F>**>(p))(); }, &callee);
    } else {
        struct call {
            std::remove_reference_t<F>& f;
            std::optional<value> out;
        } c{f, {}};
        detail::blocking([](void* p) { static_cast<call*>(p)->out.emplace(static_cast<call*>(p)->f()); }, &c);
        return std::move(*c.out);
    }
}

/// The process dictionary. No value (has_value() false) when the key is not there. Erlang: `put/2`, `get/1`,
/// `erase/1`.
term put(term key, term value);
[[nodiscard]] term get(term_view key);
term erase(term_view key);

/// A name for people, shown by process_info() and tools; no value: none. Erlang: `proc_lib:set_label/1` (OTP
/// 27), which keeps it in the process dictionary as well.
void set_label(term label);
[[nodiscard]] term label();

/// The priority from the next time on that the process is queued; gives the old one. Erlang:
/// `process_flag(priority, Level)`.
process_priority set_priority(process_priority level);

/// The limit on the caller's messages from now on; no value: none. Gives the old one. Messages that are here
/// already count. May throw process_exit. Erlang: nearest to `process_flag(max_heap_size, …)`.
std::optional<mailbox_limit> max_mailbox(const std::optional<mailbox_limit>& limit);
/// How many messages to the caller were lost by its limit, and those it had in its place before; 0 without
/// one.
[[nodiscard]] std::uint64_t messages_lost();

}  // namespace rakka
