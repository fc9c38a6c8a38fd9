// How a process is started: links, name, priority, its mailbox, its stack, its thread.
#pragma once

#include <rakka/actors/mailbox_limit.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rakka {

/// Erlang's process priorities. Within one level processes run in turn.
enum class process_priority : std::uint8_t { low, normal, high, max };

/// Every field has Erlang's default. Erlang: `spawn_opt/2`.
struct spawn_options {
    /// Links the new process to the caller before it runs. Only inside a process.
    bool link = false;
    /// With `link`: the caller's 'EXIT' message of that link is a priority message, as with
    /// link_options::priority. Erlang: `{link, [priority]}` (OTP 28).
    bool priority_link = false;
    process_priority priority = process_priority::normal;
    /// Registers the process under this name before it runs; spawn fails with actors_errc::name_taken
    /// otherwise.
    atom name{};
    /// Nothing: the caller's group leader; outside of a process system::nobody().
    std::optional<pid> group_leader{};
    /// How many messages may wait for it, and what happens to more. Nothing: as many as memory holds.
    std::optional<mailbox_limit> max_mailbox{};
    /// Usable bytes of its stack, if it needs more than system_options::stack_size; rounded up to that times
    /// a power of two. Only what is touched costs memory. A handler with this keeps its stack between two
    /// callbacks.
    std::size_t stack_size = 0;
    /// Runs on an OS thread of its own, which starts and ends with it: for code that holds its thread for
    /// long, in calls or in computing, or that needs one thread all the time. All else is as for others, but
    /// that a message to or from it wakes a thread, some ten microseconds. Not in a simulation, which has no
    /// threads. Erlang: nearest to a port driver's or NIF's own thread.
    bool threaded = false;
};

}  // namespace rakka
