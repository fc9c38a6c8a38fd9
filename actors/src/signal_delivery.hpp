// The one door by which signals enter a process, and the answers that a dead target owes.
#pragma once

#include "process_record.hpp"
#include "signal.hpp"
#include "system_core.hpp"

#include <rakka/actors/remote_router.hpp>

#include <cstdint>
#include <utility>

namespace rakka::detail {

// -- nodes
// -------------------------------------------------------------------------------------------------------

/// A node for `message`: part of the message itself when nobody else holds it. Throws std::bad_alloc.
[[nodiscard]] signal& make_message(system_core& core, worker_cache* cache, term&& message);
/// A large node with everything empty.
[[nodiscard]] control_signal& make_control(system_core& core, signal_kind kind);
[[nodiscard]] control_signal& make_control(system_core& core, signal_kind kind, const pid& from);

/// Puts a term into a node made by make_control / takes the term out of any node.
void set_term(control_signal& s, term value) noexcept;
[[nodiscard]] term take_term(signal& s) noexcept;
/// consume_message() of a node that is not part of the message itself.
[[nodiscard]] term consume_node(system_core& core, signal& s) noexcept;
/// Gives a node back, with its term if it still has one. Not for `foreign` ones.
void free_signal(system_core& core, signal& s) noexcept;

// -- into a process of this system
// ------------------------------------------------------------------------------------

/// The signal is in the inbox now. Any thread. False when the slot has no owner: the caller keeps the signal.
[[nodiscard]] bool arrive(process& slot, std::uint32_t serial, signal& s) noexcept;
/// In a system with a signal_transit: it arrives later.
[[nodiscard, gnu::cold]] bool set_out(process& slot, std::uint32_t serial, signal& s) noexcept;

/// Sends a signal to whoever has the slot. Any thread. False when it has no owner: the caller keeps the
/// signal.
[[nodiscard]] inline bool post(process& slot, std::uint32_t serial, signal& s) noexcept {
    if (slot.signals_travel) [[unlikely]]
        return set_out(slot, serial, s);
    return arrive(slot, serial, s);
}

/// To a pid in local form; what cannot be delivered is answered. Any thread.
void deliver(system_core& core, const pid& to, signal& s) noexcept;

/// Consumes a signal whose target is gone and answers where an answer is owed. [protocol: links, monitors]
void answer_for_dead(system_core& core, const pid& target, signal& s) noexcept;

/// The answer to a spawn_request() that nobody waits for any more: undoes what the new process has set up
/// towards its parent. [protocol: spawn]
void undo_spawn(system_core& core, const pid& parent, control_signal& s) noexcept;

// -- to anywhere: local target or router
// --------------------------------------------------------------------------------- `from` is local, `to`
// anything. Any thread. A router's `suspend` is ignored.

void send_exit_link(system_core& core, const pid& from, const pid& to, const term& reason);
/// `from`: the process monitored, if there was one.
void send_down(system_core& core, const pid& from, const monitor_target& target, const pid& watcher,
               const reference& ref, const term& reason);
void send_demonitor(system_core& core, const pid& watcher, const pid& resolved, const monitor_target& target,
                    const reference& ref);
void send_unlink_ack(system_core& core, const pid& from, const pid& to, std::uint64_t id);

/// Waits until a busy connection has room when the router says so. Owner process; throws process_exit.
void obey(process& self, remote_router::outcome o);

}  // namespace rakka::detail
