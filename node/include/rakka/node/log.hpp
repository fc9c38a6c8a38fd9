// What a node tells about its connections: one event per line of log, and the function that receives them.
#pragma once

#include <rakka/base/result.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace rakka {

class system;

enum class node_log_level { debug, info, warning, error };

/// "debug", "info", ... Any thread.
[[nodiscard]] std::string_view to_string(node_log_level level) noexcept;

/// One thing that happened. `text` is a whole sentence and names peer and address itself; the other fields
/// are for programs. Never contains a cookie or a digest; bytes of a peer are made printable and cut short.
struct node_log_event {
    node_log_level level = node_log_level::info;
    std::string node;     ///< our own name
    std::string peer;     ///< the peer's node name as far as known
    std::string address;  ///< the peer's address as far as known
    error_code code;      ///< node_errc for failures
    std::string text;
};

/// Receives the events of a node, on whichever thread they happen: must be safe to call from any thread, must
/// not block and must not call back into the node.
using node_log = std::function<void(const node_log_event&)>;

/// Writes events of `least` and above to the standard error output, one line each. Any thread.
[[nodiscard]] node_log log_to_stderr(node_log_level least = node_log_level::warning);

/// The event in the log of `s`: what node_options::log does by default. Its fields are keys of the metadata.
/// Any thread.
void tell_system(system& s, const node_log_event& event);

}  // namespace rakka
