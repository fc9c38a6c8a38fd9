// Compares the names of a peer with ours when two nodes synchronise.
#pragma once

#include "global/name_table.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::global_fsm {

/// Names that we do not have are taken over. Of a name that both have for different processes one side, the
/// node with the smaller name, asks its resolve method. Owner: one thread at a time.
class name_exchange {
public:
    /// Call `resolve_it(method, name, theirs, ours)` on the node of `ours`.
    struct conflict {
        term method;
        term name;
        pid theirs;
        pid ours;
    };

    name_exchange(atom self, atom peer, std::vector<registration> theirs)
        : resolves_(node_less{}(self, peer)), theirs_(std::move(theirs)) {}

    /// Goes on to the next conflict; nothing: all names are compared. `own` is only looked at.
    [[nodiscard]] std::optional<conflict> next(const name_table& own);
    /// What the method said: one of the two processes, or anything else for neither. Nothing: the call
    /// failed, and theirs stays.
    void answered(const std::optional<term>& choice);

    /// What is to change here, and at the peer.
    [[nodiscard]] std::vector<name_op> take_ops() { return std::move(ops_); }
    [[nodiscard]] std::vector<name_op> take_peer_ops() { return std::move(peer_ops_); }

private:
    bool resolves_;
    std::vector<registration> theirs_;
    std::size_t at_ = 0;
    registration ours_;  // of the conflict
    std::vector<name_op> ops_;
    std::vector<name_op> peer_ops_;
};

}  // namespace rakka::global_fsm
