// The one call a process waits for: its reply goes straight here, past the message queue and the tables of
// monitors and aliases.
#pragma once

#include "call_timer.hpp"

#include <rakka/actors/monitors.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>
#include <memory>

namespace rakka::detail {

/// A monitor held by this process.
struct monitor_entry {
    monitor_target target;  // a pid or {name, node}: what 'DOWN' shows
    pid resolved;           // the process meant, when it is one of this system
    bool priority = false;  // its 'DOWN' is a priority message
    std::uint64_t connection = 0;
};

/// A process that calls does nothing else until the call is over, so one is enough. Its reference is a
/// monitor and an alias like any other to the server and to the wire. [protocol §7.1]
struct pending_call {
    /// received: the reply came as a message of the queue, as one of older servers does.
    enum class phase : std::uint8_t { none, waiting, replied, received, down };

    std::uint64_t number = 0;  // which of the process's references it has; meaningless in phase none
    phase state = phase::none;
    bool watched = false;  // the server has our monitor, as far as we know
    monitor_entry server;
    term value;                         // the reply, or the reason of the 'DOWN'
    std::unique_ptr<call_timer> timer;  // made for the first call with a limit

    [[nodiscard]] bool waits_for(std::uint64_t reference_number) const noexcept {
        return state == phase::waiting && number == reference_number;
    }
};

}  // namespace rakka::detail
