// The time by which a node lives: its system's, which in a simulation is virtual.
#pragma once

#include "connection/node_core.hpp"

#include <rakka/actors/system.hpp>

#include <chrono>

namespace rakka::detail {

/// On the axis of the machine's monotonic clock. Any thread.
[[nodiscard]] inline std::chrono::steady_clock::time_point now(const node_core& core) noexcept {
    return std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(core.sys.now()));
}

}  // namespace rakka::detail
