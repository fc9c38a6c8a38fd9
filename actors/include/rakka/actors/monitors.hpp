// Monitors: one message when a process ends. Any number of them, one way, each with its own reference.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>

namespace rakka {

/// Whether the monitor's reference is also an alias, and when it stops being one. Erlang: `monitor/3`.
enum class monitor_alias : std::uint8_t {
    none,
    explicit_unalias,  ///< until unalias()
    demonitor,         ///< until the monitor is gone: demonitor() or a 'DOWN' message
    reply_demonitor,   ///< the same, and a first message sent through the alias removes both
};

struct monitor_options {
    monitor_alias alias = monitor_alias::none;
    /// What the message starts with instead of `'DOWN'`. Erlang: `{tag, Tag}`.
    term tag{};
    /// The message is a priority message: see alias_options::priority. Erlang: `priority` (OTP 28).
    bool priority = false;
};

/// Watches a process: when it ends, or is not there, or its node is lost, the caller gets
/// `{'DOWN', Ref, process, Object, Reason}` (with options.tag, if there is one, in the first place). Object
/// is the pid, or `{Name, Node}` when monitored by name. A name is looked up once. Owner process. Erlang:
/// `monitor/2,3`.
reference monitor(const monitor_target& target, const monitor_options& options = {});
inline reference monitor(const pid& target, const monitor_options& options = {}) {
    return monitor(monitor_target(target), options);
}
inline reference monitor(atom name, const monitor_options& options = {}) {
    return monitor(monitor_target(name), options);
}
inline reference monitor(const registered_name& target, const monitor_options& options = {}) {
    return monitor(monitor_target(target), options);
}

struct demonitor_options {
    bool flush = false;  ///< also removes the monitor's 'DOWN' message from the mailbox
    bool info = false;   ///< the result tells whether the monitor was there
};

/// Ends a monitor of the caller. Afterwards no 'DOWN' for it arrives. Without `info` always true; with `info`
/// true when the monitor was found and removed (with `flush` as well: false when a 'DOWN' had to be flushed).
/// Owner process. Erlang: `demonitor/1,2`.
bool demonitor(const reference& ref, const demonitor_options& options = {});

/// True when `message` is what the monitor with this reference sends, whatever its tag. For the predicate of
/// a receive_if(). Any thread.
[[nodiscard]] bool is_down(const reference& ref, term_view message) noexcept;

}  // namespace rakka
