// Finding the way to a destination: a process of this system, or the router.
#pragma once

#include "engine/reductions.hpp"
#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <rakka/actors/destination.hpp>
#include <rakka/actors/remote_router.hpp>

namespace rakka::detail {

// Any thread. `cache` is the calling worker's, or null.

/// What it costs the sender in reductions.
std::int32_t send_here(system_core& core, worker_cache* cache, const pid& to, term&& message);
/// A message that is from no process: a timer's, or from outside.
void send_notice_here(system_core& core, worker_cache* cache, const pid& to, term message);
/// The same to anything. False when nobody has the name, or the connection is too busy.
bool send_notice(system_core& core, const destination& to, term message);
void send_alias_here(system_core& core, const reference& to, term message, bool priority);
void exit_alias_here(system_core& core, const pid& from, const reference& to, term reason, bool priority);
/// False when nobody has the name.
bool send_name_here(system_core& core, atom name, term message);

/// To anything but a bare name. Takes the message.
remote_router::outcome send_anywhere(system_core& core, const pid& from, const destination& to, term& message,
                                     send_flags flags);

/// The same process in the form its system uses, and the target as 'DOWN' shows it.
[[nodiscard]] monitor_entry resolve(system_core& core, const monitor_target& target);

[[nodiscard]] inline bool is_local_target(const system_core& core, const monitor_entry& m) noexcept {
    return m.resolved.creation == core.origin && !m.resolved.node;
}

/// Sends the monitor request for a target of this system. With kind `call` the message for it rides along.
void post_monitor(system_core& core, const pid& watcher, const monitor_entry& m, const reference& ref,
                  signal_kind kind = signal_kind::monitor, term message = {});

/// The same for a target of another node, or of an earlier life of this one: from the watcher itself, which
/// then obeys.
[[nodiscard]] remote_router::placed monitor_elsewhere(process& self, const monitor_entry& m,
                                                      const monitor_target& as_given, const reference& ref);

}  // namespace rakka::detail
