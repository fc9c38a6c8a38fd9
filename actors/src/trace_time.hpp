// The time in what the system tracer is told.
#pragma once

#include <rakka/etf/term.hpp>

#include <cstdint>

namespace rakka::detail {

class system_core;

/// As the flags of a token ask for it: Erlang's `timestamp/0`, `monotonic_time/0`, or the latter with a
/// number that is greater each time; the first of `timestamp`, `strict_monotonic_timestamp`,
/// `monotonic_timestamp` counts. No value without such a flag.
[[nodiscard]] term trace_time(system_core& core, std::int64_t flags);

}  // namespace rakka::detail
