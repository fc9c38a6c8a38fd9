// The registered processes that other nodes expect to find on every node: net_kernel, rex and
// global_name_server, without which it is none, and user, standard_error and logger_proxy.
#pragma once

#include <rakka/etf/identifiers.hpp>

#include <vector>

namespace rakka::detail {

struct node_core;

/// Starts them under their names, those whose names are free. Returns the processes, to be ended with the
/// node. Any thread.
[[nodiscard]] std::vector<pid> start_kernel_processes(node_core& core);

}  // namespace rakka::detail
