// What a system has to tell its operator: an event, how loud it is, and the function that is told.
//
// The logger of otp (rakka/otp/logger.hpp) is how programs log, and decides what becomes of the events of
// processes, of the system itself and of its node. Without one, system_options::log is told, or the standard
// error output gets a line for each warning and whatever is louder.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka {

class system;

/// Erlang's eight levels, the louder the greater, and between `all` and `none` as a limit: what is at least
/// that loud is let through. An event is never `all` or `none`. Erlang: `logger:level()`.
enum class log_level : std::uint8_t {
    all,
    debug,
    info,
    notice,
    warning,
    error,
    critical,
    alert,
    emergency,
    none
};

/// "debug", "info", ... Any thread.
[[nodiscard]] std::string_view to_string(log_level level) noexcept;
/// The level with this name; nothing when there is none. Any thread.
[[nodiscard]] std::optional<log_level> log_level_of(std::string_view name) noexcept;

/// One thing that happened: a text or a report, and what is known of when and where. What is not known is
/// empty. Erlang: `logger:log_event()`.
struct log_event {
    log_level level = log_level::info;
    pid process{};  ///< the process it is about, here or on another node. Erlang: metadata `pid`
    std::string
        text{};     ///< whole sentences in UTF-8, without a line end; means nothing when there is a report
    term report{};  ///< a map, or a list of pairs. Erlang: `{report, Report}`

    std::chrono::system_clock::time_point time{};  ///< `time`
    pid group_leader{};                            ///< `gl`: the output of whose node it belongs to
    atom module{};                              ///< of `mfa`; of C++ code the file it is in, without `.cpp`
    std::string function{};                     ///< likewise
    std::uint32_t arity = 0;                    ///< likewise
    std::string file{};                         ///< `file`
    std::uint32_t line = 0;                     ///< `line`
    std::vector<atom> domain{};                 ///< `domain`: whose event it is, [otp, sasl]
    std::vector<std::pair<atom, term>> more{};  ///< any other key
};

/// Receives the events of a system, on whichever thread they happen: must be safe to call from any thread and
/// must not block; what it throws is dropped. Outside of any process: the ambient vocabulary throws there.
using log_sink = std::function<void(const log_event&)>;

/// Puts an event into the log of `s`, if that lets it through. A calling process of `s` and the time are
/// filled in where the event does not say. Never fails, never gives way, never throws; how long it may wait
/// is what the logger says. Costs reductions. Any thread.
void tell(system& s, log_event event) noexcept;

namespace detail {

/// What a system's logger is to the system.
class log_receiver {
public:
    log_receiver() = default;
    log_receiver(const log_receiver&) = delete;
    log_receiver& operator=(const log_receiver&) = delete;
    virtual ~log_receiver() = default;
    /// An event that is at least as loud as the limit. Any thread, outside of any process.
    virtual void take(log_event& event) noexcept = 0;
    /// Whether it lets an event of this level through that is of this module and about this process, as far
    /// as levels go. Any thread.
    [[nodiscard]] virtual bool wants(log_level level, atom module, const pid& process) const noexcept = 0;
};

/// Gives `s` its receiver, which lives as long as the system, and hears of what is at least as loud as
/// `least`. False when it has one already. Any thread.
bool attach_log(system& s, std::unique_ptr<log_receiver> receiver, log_level least);
/// Null: none. Any thread.
[[nodiscard]] log_receiver* log_receiver_of(system& s) noexcept;
/// From now on. Any thread.
void limit_log(system& s, log_level least) noexcept;
/// The same for events of the lives of processes, which are not made when nobody wants them (the module
/// `lifecycle`): `events` of crashes and, if the receiver wants() it, ends; `births` of births.
/// After limit_log(), which sets both to the level of the others. Any thread.
void limit_log_of_life(system& s, log_level events, log_level births) noexcept;
/// Whether an event so loud goes anywhere, as far as its level tells. Any thread.
[[nodiscard]] bool has_listener(system& s, log_level level) noexcept;
/// False in a simulation. Any thread.
[[nodiscard]] bool has_threads(system& s) noexcept;
/// The system of the calling process; null outside of one. Any thread.
[[nodiscard]] system* system_here() noexcept;

/// The key in log_event::more that marks what another node has sent: a logger neither sends it on nor lets
/// anybody wait for its sake. A node puts it there, and takes it out of what comes in. Never shown.
[[nodiscard]] inline atom from_node_key() {
    static const atom key("$from_node");
    return key;
}

/// The quietest level that any system of the program lets through, so that what nobody wants costs one look.
/// Only log_outlet.cpp writes it.
inline constinit std::atomic<log_level> quietest_wanted{log_level::warning};

}  // namespace detail
}  // namespace rakka
