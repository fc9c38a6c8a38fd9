// Events, timeouts and decisions of a state machine as the terms Erlang has for them.
#pragma once

#include "statem/statem_queue.hpp"

#include <optional>

namespace rakka::detail {

/// `timeout`, `state_timeout` or `{timeout, Name}`.
[[nodiscard]] term to_term(const statem::timeout_key& which);
/// Reads one back: of no timeout, nothing.
[[nodiscard]] std::optional<statem::timeout_key> to_timeout_key(const term& whole, term_view part);
/// `{next_state, State, Data, Actions}` and its kin.
[[nodiscard]] term to_term(const statem::result& decided, const term& data);

}  // namespace rakka::detail
