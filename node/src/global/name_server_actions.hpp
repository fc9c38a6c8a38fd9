// What the name server's machine asks of whoever runs it.
#pragma once

#include "global/global_types.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <string>
#include <variant>
#include <vector>

namespace rakka::global_fsm {

// All that goes to other nodes goes without waiting, in this order.

/// `{'$gen_cast', body}` to the name server of `node`, which is connected to if need be: one that is known
/// and about to be met must hear of new names too.
struct cast_to {
    atom node;
    term body;
    friend bool operator==(const cast_to&, const cast_to&) noexcept = default;
};
/// A message as it is, only where a connection is up.
struct send_to {
    atom node;
    term message;
};
struct answer {
    from to;
    term value;
};

// ---- to the own locker, see locker.hpp

/// A peer wants to synchronise; try to get the lock together with its locker.
struct add_candidate {
    atom node;
    pid locker;
    int version = 0;
    term his_tag;
    term my_tag;
};
/// That attempt is over, one way or another: `before` is sent, then the lock goes. No tag: nothing to do.
struct cancel_candidate {
    atom node;
    term my_tag;
    std::vector<cast_to> before;
};
/// The other locker says whether it has the lock.
struct his_lock {
    pid locker;
    bool set = false;
    std::optional<term> tag;
};
struct known_added {
    std::vector<atom> nodes;
};
struct known_removed {
    atom node;
};
using locker_event = std::variant<add_candidate, cancel_candidate, his_lock, known_added, known_removed>;

// ---- other processes

/// Compare these names of `node` with ours, calling resolve methods in conflicts, and tell
/// name_server::exchanged.
struct start_resolver {
    atom node;
    term tag;
    std::vector<registration> names;
};
struct stop_resolver {
    atom node;
};
/// Connect to a node learnt from others; then name_server::met, or unreachable when that fails.
struct meet {
    atom node;
};
/// Connect to a node that somebody wants to be in sync with; name_server::sync_failed when that fails.
struct reach {
    atom node;
};
struct disconnect {
    atom node;
};
/// Start or end the monitor of a process; name_server::process_ended when it fires.
struct watch {
    pid process;
    bool on = false;
};
struct complain {
    std::string text;
    bool error = false;  ///< or a warning
};

using action = std::variant<cast_to, send_to, answer, locker_event, start_resolver, stop_resolver, meet,
                            reach, disconnect, watch, complain>;
using actions = std::vector<action>;

}  // namespace rakka::global_fsm
