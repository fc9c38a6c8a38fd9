// Work that may have to wait for a peer, out of the way of processes that serve all peers.
#pragma once

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/spawn.hpp>

#include <utility>

namespace rakka::detail {

/// Does `work` in a process of its own. What is sent to peers is sent this way: one that does not read
/// suspends whoever sends to it. With no room for one more process it is not done: the peer gets no answer,
/// but the caller goes on. Owner process.
template <class Work>
void on_the_side(Work work) {
    try {
        spawn(std::move(work));
    } catch (const process_exit&) {
        static_cast<void>(0);  // {system_limit, []}
    }
}

}  // namespace rakka::detail
