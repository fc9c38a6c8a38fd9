// Waiting for a connection to be made.
#pragma once

#include "connection/dial_limits.hpp"

#include <rakka/base/result.hpp>
#include <rakka/etf/atom.hpp>

#include <memory>

namespace rakka::detail {

struct node_core;

/// Waits until `peer` is connected, dialling if need be. Errors: why not. Blocks: a foreign thread as such, a
/// process as receive() does.
[[nodiscard]] result<void> connect_and_wait(const std::shared_ptr<node_core>& core, atom peer,
                                            dial_wish whose);

}  // namespace rakka::detail
