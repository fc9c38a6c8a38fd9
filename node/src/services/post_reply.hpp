// Answers to calls from processes that must not wait for a peer that does not read.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/actors/gen_protocol.hpp>

namespace rakka::detail {

struct node_core;

/// As reply(), but what goes to another node is queued, and lost where no connection is up. Owner process.
void post_reply(node_core& core, const from& to, const term& value);

}  // namespace rakka::detail
