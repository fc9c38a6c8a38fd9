// Times of events as text.
#pragma once

#include <chrono>
#include <string>

namespace rakka::log {

using event_time = std::chrono::system_clock::time_point;

/// `2026-11-28T15:30:00.123456+00:00`. `offset` "": local time; "Z" or "+02:00". Any thread. Erlang:
/// calendar:system_time_to_rfc3339/2.
[[nodiscard]] std::string rfc3339(event_time when, char designator, const std::string& offset);

/// `28-Nov-2026::15:30:00.123456 `, with `UTC ` behind it where that was asked for.
[[nodiscard]] std::string legacy_time(event_time when, const std::string& offset);

}  // namespace rakka::log
