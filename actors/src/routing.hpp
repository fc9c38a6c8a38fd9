// Finding the way to a destination: a process of this system, or the router.
#pragma once

#include "engine/reductions.hpp"
#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <rakka/actors/destination.hpp>
#include <rakka/actors/remote_router.hpp>

namespace rakka::detail {

// Any thread. `cache` is the calling worker's, or null.

void send_here(system_core& core, worker_cache* cache, const pid& to, term message);
void send_alias_here(system_core& core, const reference& to, term message);
void exit_alias_here(system_core& core, const pid& from, const reference& to, term reason);
/// False when nobody has the name.
bool send_name_here(system_core& core, atom name, term message);

/// To anything but a bare name. Takes the message.
remote_router::outcome send_anywhere(system_core& core, const pid& from, const destination& to, term& message,
                                     send_flags flags);

}  // namespace rakka::detail
