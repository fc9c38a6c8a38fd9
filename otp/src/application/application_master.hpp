// The two processes behind a running application, as in OTP: the master, which is the group leader of all its
// processes, and one that runs the callbacks and is linked to the root of the tree.
#pragma once

#include "application/application_table.hpp"

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

namespace rakka::detail {

/// Messages of a master to its controller:
///     `{application_started, Master, Key, ok | {error, Reason}}`
///     `{application_ended, Master, Key, Reason}`    all its processes have ended; also after an error
/// and to it: `{Key, stop}`, and `{Key, {config_change, Change}}` with an application_table::change in it.
/// `key` is a new reference of the controller, of which nobody else knows: a message without it does nothing.
///
/// Starts the master, which starts the application. Owner process: the controller. Erlang:
/// application_master:start_link/2, whose master believes `{stop, Tag, From}` of anybody.
[[nodiscard]] pid start_application_master(const application_table::loaded& what, const reference& key);

}  // namespace rakka::detail
