// The locks that are set on this node.
#pragma once

#include "global/global_types.hpp"
#include "global/watched_pids.hpp"

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace rakka::global_fsm {

/// A resource is locked for one requester, by any number of processes that act for it; it is free again when
/// all of them have unlocked it or ended. Owner: one thread at a time; const functions: several.
class lock_table {
public:
    /// `watched` must outlive the table.
    lock_table(watched_pids& watched, std::size_t max_locks) : watched_(watched), max_locks_(max_locks) {}

    /// Whether the resource is free, or locked for this requester already.
    [[nodiscard]] bool can_set(const lock_id& id) const;
    /// False when it is locked for another one, or there are too many locks.
    bool set(const lock_id& id, const pid& holder);
    /// `holder` gives it up. Nothing happens when it did not have it.
    void remove(const lock_id& id, const pid& holder);
    /// Removes a process that has ended from all locks.
    void process_ended(const pid& p);
    /// Likewise all processes of a node.
    void node_lost(atom node);

    [[nodiscard]] bool is_set(term_view resource) const { return locks_.contains(resource); }
    [[nodiscard]] bool holds(term_view resource, const pid& p) const;
    /// No value when it is free.
    [[nodiscard]] term requester(term_view resource) const;
    /// Whether the lock `global` went, the last time it went, because its last process ended.
    [[nodiscard]] bool global_lock_lost() const noexcept { return global_lock_lost_; }
    [[nodiscard]] std::size_t size() const noexcept { return holds_; }

private:
    struct entry {
        term requester;
        std::vector<pid> holders;
    };

    void freed(const term& resource, bool by_an_end);

    watched_pids& watched_;
    std::size_t max_locks_;
    std::size_t holds_ = 0;  // processes over all locks
    std::unordered_map<term, entry, term_hash, term_equal> locks_;
    std::unordered_multimap<pid, term> by_process_;  // the resources
    bool global_lock_lost_ = false;
};

}  // namespace rakka::global_fsm
