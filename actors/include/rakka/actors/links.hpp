// Links: two processes that end together unless one traps exits.
#pragma once

#include <rakka/etf/identifiers.hpp>

namespace rakka {

struct link_options {
    /// The caller's 'EXIT' message of a link that breaks is a priority message: see alias_options::priority.
    bool priority = false;
};

/// Links the caller to `p`; nothing but the options changes when they are linked already or are the same.
/// When `p`, a process of this system, is known to be dead: throws process_exit (`{noproc, …}`), or, if the
/// caller traps exits, an
/// `{'EXIT', P, noproc}` message follows. Owner process. Erlang: `link/1,2`.
void link(const pid& p, const link_options& options = {});

/// Ends the link, if any. Afterwards no exit signal over it reaches the caller; an 'EXIT' message that is in
/// the mailbox already stays. Owner process. Erlang: `unlink/1`.
void unlink(const pid& p);

}  // namespace rakka
