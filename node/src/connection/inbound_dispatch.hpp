// Turns a control message of a peer into a signal to a local process.
#pragma once

#include "wire/message_reader.hpp"
#include "wire/wire_error.hpp"

#include <optional>

namespace rakka::detail {

class connection;
struct node_core;

/// Delivers `m`, or answers it where nobody is there to
/// receive it and the protocol owes an answer. Returns why the connection must be closed, if it must. I/O
/// thread.
[[nodiscard]] std::optional<wire::wire_error> dispatch(node_core& core, connection& from,
                                                       wire::inbound_message& m);

}  // namespace rakka::detail
