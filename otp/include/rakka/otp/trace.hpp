// Tracing in production: the messages and the calls of chosen processes, up to a limit, after which the trace
// ends by itself.
//
//     trace::messages("cart"_a, {100});                                  // the next 100, to the log
//     trace::messages(trace::of_module("shop::cart"_a), {20, 1s});       // until there are more than 20 a
//     second trace::calls({"calc"_a, "add"_a, 2}, {10}, {.return_values = true, .to =
//     trace::to_function(print)}); trace::clear();
//
// One trace is under way in a system at a time: a new one ends the one before. A traced process never waits
// for the tracer: what it does is put into words in the process itself, up to `chars_limit`, and waits for
// the tracer up to `max_waiting` bytes; what does not fit is dropped and counted. The tracer is a process;
// when it ends, for whatever reason, the trace is over. Who is not traced pays nothing for messages, a test
// of a pointer for each callback of a behaviour, and one for each look for an exported function.
//
// Erlang: the module `recon_trace` of recon, on `erlang:trace/3`. From a BEAM, after export_to():
// `erpc:call(Node, rakka_trace, messages, [cart, 100])`. docs/tracing.md has the whole.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/server_name.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rakka {

class system;

namespace trace {

// -- whom

/// `existing`, `born` (started from now on) and `all` of them. Erlang: `existing`, `new`, `all` of recon.
enum class group : std::uint8_t { existing, born, all };

/// Processes of a module, those that are there and those that are started: whose callback class (of a server,
/// a machine), handler or callable has that name, as process_info() shows it.
struct module_target {
    atom module;
};
[[nodiscard]] inline module_target of_module(atom module) {
    return {module};
}

/// One or several of: a pid, a registered name, a name that a module keeps, a group, of_module(). Processes
/// of other nodes are left out. Implicit from each, and from a list of them.
class targets {
public:
    using one = std::variant<pid, atom, registry_name, group, module_target>;
    targets(const pid& p) : all_{one(p)} {}
    targets(atom name) : all_{one(name)} {}
    targets(registry_name kept) : all_{one(std::move(kept))} {}
    targets(group g) : all_{one(g)} {}
    targets(module_target m) : all_{one(m)} {}
    targets(std::initializer_list<one> several) : all_(several) {}
    explicit targets(std::vector<one> several) : all_(std::move(several)) {}

    [[nodiscard]] const std::vector<one>& list() const noexcept { return all_; }

private:
    std::vector<one> all_;
};

// -- how much

/// `most` events in all; with a window, `most` within it: the trace ends when there are more. `most` is not
/// 0, a window longer than none. Erlang: `Max` and `{Max, Time}` of recon_trace:calls/2.
struct limit {
    std::size_t most = 0;
    std::optional<std::chrono::milliseconds> window{};
};

// -- what is seen

/// What a process has done. Everything but `process`, `module` and the numbers is valid during the call that
/// gets the event only.
struct event {
    enum class kind : std::uint8_t {
        sent,            ///< `message` to `to`
        sent_to_nobody,  ///< the same, to the pid of a process here that has ended
        received,        ///< `message`: taken out of the mailbox, or the reply to a call
        called,          ///< `function` with `arguments`
        returned,        ///< `function` has given `message`
        failed,          ///< `function` was left with an exception; `message`: its reason
    };
    kind what = kind::sent;
    pid process{};
    std::chrono::system_clock::time_point time{};
    term_view message{};
    term_view to{};  ///< as it was written: a pid, a name, `{Name, Node}`, an alias
    atom module{}, function{};
    std::size_t arity = 0;
    const std::vector<term>* arguments = nullptr;  ///< of `called`
};

/// The event in recon's words, on one line without its end: `18:3:7.123456 <0.5.1> < {hello,1}`. What would
/// be longer than `most_chars` ends with `...`. Any thread.
[[nodiscard]] std::string format(const event& e, std::size_t most_chars = 10'000);
/// The event as Erlang's tracer gets it: `{trace_ts, Pid, send, Message, To, {Mega, Sec, Micro}}`,
/// `send_to_non_existing_process`, `'receive'`, `call` with `{M, F, Arguments}`, `return_from` and
/// `exception_from` with `{M, F, Arity}`. A message with a C++ object in it is shown as `cpp_object`. Any
/// thread.
[[nodiscard]] term to_term(const event& e);

// -- where to

/// The log of the system: events of level `notice` and domain [rakka, trace], about the traced process.
struct to_log {};
/// A function that gets each line, with its end, in the tracer's process; it may block. What it throws ends
/// the trace.
using to_function = std::function<void(std::string_view line)>;
/// A process of this or another node, which gets each event as to_term() has it and at last `{rakka_trace,
/// stopped, Why, Dropped}`, Why being `limit`, `rate`, `cleared` or `sink_behind`. The trace ends when it
/// does, and when 10,000 messages wait in it (of this node; looked at now and then).
struct to_process {
    pid process;
};
/// An I/O device, of this or another node, that prints each line: a group leader. The trace ends when it
/// does.
struct to_device {
    pid device;
};
using sink = std::variant<to_log, to_function, to_process, to_device>;

struct options {
    /// What of messages is shown.
    bool sent = true;
    bool received = true;
    /// What of calls is shown.
    bool arguments = true;  ///< false: how many they are. Erlang: `{args, arity}`
    bool return_values =
        false;  ///< what functions give, and the reasons of exceptions; these count as events
    /// Whose calls: calls() of others are not shown.
    targets processes = group::all;
    /// Whether an event is shown, and counts. Runs in the traced process, so it must be quick and must not
    /// block; what it throws is a no. Several run at a time.
    std::function<bool(const event&)> match{};
    /// Makes the line of an event, without its end, likewise; empty: format() with chars_limit. What it
    /// throws is shown in its place. to_process has no lines.
    std::function<std::string(const event&)> formatter{};
    sink to = to_log{};
    std::size_t chars_limit = 10'000;                ///< of a line
    std::size_t max_waiting = std::size_t{8} << 20;  ///< bytes, of what the tracer has not yet shown
};

/// A function or the functions of the same name with any arity, or all of a module: those that are exported
/// (system::exports()), and the callbacks of behaviours, whose module is their class: `{"shop::cart",
/// "handle_call", 3}`. Callbacks are called as in OTP: their last arguments are the state that
/// sys::get_state() shows. Calls of C++ from C++ are not seen.
struct function_pattern {
    atom module;
    std::optional<atom> function{};
    std::optional<std::size_t> arity{};
};
using functions = std::vector<function_pattern>;

// -- tracing. Owner process; do not wait for the traced ones. Throw process_exit ({badarg, …}) when the limit
// makes no sense or a name cannot be one.

/// Traces messages. Gives how many processes were chosen so far. Those of a module do not count: each finds
/// out by itself whether it is one.
std::size_t messages(const targets& whose, const limit& until, options how = {});
/// Traces calls. Gives how many exported functions match so far.
std::size_t calls(const functions& which, const limit& until, options how = {});
inline std::size_t calls(const function_pattern& which, const limit& until, options how = {}) {
    return calls(functions{which}, until, std::move(how));
}

/// Ends the trace, if there is one; what waits for the tracer is not shown any more. Erlang:
/// recon_trace:clear/0.
void clear();
/// The process of the trace under way; nothing when there is none. Its end is that of the trace.
[[nodiscard]] std::optional<pid> tracer();

/// Lets other nodes trace: exports `rakka_trace:messages/2,3`, `calls/2,3`, `clear/0`, `tracer/0`, which
/// print on the caller's group leader. Whoever may call them sees every message, so that a program has to
/// want it. Any thread.
void export_to(system& s);

}  // namespace trace
}  // namespace rakka
