// Who waits until this node is synchronised with others: the callers of global:sync/0.
#pragma once

#include "global/global_types.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace rakka::global_fsm {

/// Owner: one thread at a time.
class sync_waiters {
public:
    /// `who` waits for all of `nodes`. Precondition: not empty.
    void add(from who, node_set nodes) { waiting_.push_back({std::move(who), std::move(nodes)}); }

    /// Nobody has to wait for `node` any more: it is synchronised, or lost. Returns those who are done.
    [[nodiscard]] std::vector<from> done_with(atom node) {
        std::vector<from> done;
        std::erase_if(waiting_, [&](waiter& w) {
            if (w.nodes.erase(node) == 0 || !w.nodes.empty()) return false;
            done.push_back(std::move(w.who));
            return true;
        });
        return done;
    }
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

private:
    struct waiter {
        from who;
        node_set nodes;
    };
    std::vector<waiter> waiting_;
};

}  // namespace rakka::global_fsm
