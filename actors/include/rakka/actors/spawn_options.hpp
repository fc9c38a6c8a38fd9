// How a process is started: links, monitor, name, priority.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>

#include <cstdint>
#include <optional>

namespace rakka {

/// Erlang's process priorities. Within one level processes run in turn.
enum class process_priority : std::uint8_t { low, normal, high, max };

/// Every field has Erlang's default. Erlang: `spawn_opt/2`.
struct spawn_options {
    /// Links the new process to the caller before it runs. Only inside a process.
    bool link = false;
    process_priority priority = process_priority::normal;
    /// Registers the process under this name before it runs; spawn fails with actors_errc::name_taken
    /// otherwise.
    atom name{};
    /// Nothing: the caller's group leader; outside of a process system::nobody().
    std::optional<pid> group_leader{};
};

}  // namespace rakka
