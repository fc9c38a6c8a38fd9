// Events of processes whose output is another node's: they go to its `logger_proxy`. [protocol §8.3]
#pragma once

#include <rakka/actors/log.hpp>
#include <rakka/etf/term.hpp>

namespace rakka::log {

/// Whether the group leader of the event is on another node than `s`. Any thread.
[[nodiscard]] bool has_remote_leader(system& s, const log_event& event) noexcept;
/// Whether it is also of a process of `s` (or of none), and has not been sent by another node: what happens
/// there that node has sent where it belongs.
[[nodiscard]] bool is_of_another_node(system& s, const log_event& event);
/// The message that a logger_proxy takes: `{log, Level, StringOrReport, Metadata}`.
[[nodiscard]] term as_message(const log_event& event);
/// Sends it without ever waiting: over a connection that is busy nothing is sent. Any thread.
void send_to_leaders_node(system& s, const log_event& event);

}  // namespace rakka::log
