// What a system has to tell its operator, and the function that is told.
#pragma once

#include <rakka/etf/identifiers.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rakka {

enum class log_level : std::uint8_t { debug, info, warning, error };

/// "debug", "info", ... Any thread.
[[nodiscard]] std::string_view to_string(log_level level) noexcept;

/// One thing that happened. `text` is a whole sentence and names the process itself.
struct log_event {
    log_level level = log_level::info;
    pid process;  ///< the process it is about
    std::string text;
};

/// Receives the events of a system, on whichever thread they happen: must be safe to call from any thread and
/// must not block; what it throws is dropped. Outside of any process: the ambient vocabulary throws there.
using log_sink = std::function<void(const log_event&)>;

}  // namespace rakka
