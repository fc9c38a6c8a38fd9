// A message that is to be sent later, and the timer behind it.
#pragma once

#include "engine/timer_wheel.hpp"
#include "signal.hpp"

#include <rakka/actors/destination.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>

namespace rakka::detail {

class system_core;
struct process;

/// Belongs to the process that started it until it fires. Then it posts itself, as a signal, back to that
/// process, which forgets it (and, if the message is its own, queues the message): so the owner's table needs
/// no lock. When its owner has ended it belongs to itself and is freed as it fires; all that are not for
/// their own owner are also known to the system, which frees what is left at the end.
struct message_timer final : timer_node {
    message_timer(system_core& c, const pid& who, const reference& r, const destination& d, term m);
    ~message_timer() = default;

    /// Registers with the owner and starts. Owner process.
    static void begin(process& self, message_timer& t, nanoseconds delay);
    /// The owner has taken the signal of a timer that fired.
    static void came_back(process& self, signal& s) noexcept;
    /// The signal of a timer whose owner has ended.
    static void discard(system_core& core, signal& s) noexcept;
    /// Stops it: true when it will not fire. It is forgotten and freed then; otherwise its signal is under
    /// way.
    static bool cancel(process& self, message_timer& t) noexcept;
    /// The owner ends.
    static void abandon_all(process& self) noexcept;
    /// The system ends: nothing runs any more.
    static void free_orphans(system_core& core) noexcept;

    struct posted : signal {
        message_timer* self;
    };
    posted node{};
    system_core& core;
    const pid owner;
    const reference ref;
    const destination to;
    term message;
    const bool for_owner;

private:
    static void fire(timer_node& n) noexcept;
    void enlist() noexcept;
    void destroy() noexcept;

    message_timer* previous_ = nullptr;  // guarded by system_core::orphans_mutex
    message_timer* following_ = nullptr;
};

}  // namespace rakka::detail
