// `logger_proxy`: where other nodes send the log events of processes whose group leader is here.
#pragma once

#include <rakka/actors/handler.hpp>

#include <memory>

namespace rakka::detail {

struct node_core;

/// Puts `{log, Level, Format, Arguments, Meta}` and `{log, Level, StringOrReport, Meta}` into the node's log,
/// an event each. Levels above `error` are errors, `notice` is information. [protocol §8.3]
[[nodiscard]] std::unique_ptr<message_handler> make_logger_proxy(std::shared_ptr<node_core> core);

}  // namespace rakka::detail
