// `user` and `standard_error`: the devices that print where this program does.
#pragma once

#include <rakka/actors/handler.hpp>

#include <memory>

namespace rakka::detail {

struct node_core;

/// Serves the I/O protocol (io_requests.hpp); what is printed goes to the program's standard output. It is
/// the group leader of calls that name no other, `rpc:call` of C nodes for instance.
[[nodiscard]] std::unique_ptr<message_handler> make_user(std::shared_ptr<node_core> core);

/// The same for the standard error output.
[[nodiscard]] std::unique_ptr<message_handler> make_standard_error(std::shared_ptr<node_core> core);

}  // namespace rakka::detail
