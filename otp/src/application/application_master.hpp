// The two processes behind a running application, as in OTP: the master, which is the group leader of all its
// processes, and one that runs the callbacks and is linked to the root of the tree.
#pragma once

#include "application/application_table.hpp"

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

namespace rakka::detail {

/// Messages of a master to its controller:
///     `{application_started, Master, ok | {error, Reason}}`
///     `{application_ended, Master, Reason}`    all its processes have ended; also after an error
/// and to it: the atom `stop`, and `{config_change, Change}` with an application_table::change in it.
///
/// Starts the master, which starts the application. Owner process: the controller. Erlang:
/// application_master:start_link/2.
[[nodiscard]] pid start_application_master(const application_table::loaded& what);

}  // namespace rakka::detail
