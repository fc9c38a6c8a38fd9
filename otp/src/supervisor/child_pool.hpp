// Many children, known by their pids: those of simple_one_for_one and dynamic supervisors.
#pragma once

#include "supervisor/child_kind.hpp"

#include <cstddef>
#include <unordered_map>
#include <unordered_set>

namespace rakka::detail {

/// A child costs one node of 56 bytes and its place among the buckets, whatever its kind; its arguments come
/// on top when there are any. Every function takes constant time. Pure.
class child_pool {
public:
    struct entry {
        shared_kind kind;
        term arguments;  ///< a list, for the next start; no value: none, or never needed again
    };
    using map = std::unordered_map<pid, entry>;

    /// A running child. Replaces one of the same pid.
    void insert(const pid& child, entry e);
    void erase(const pid& child);
    /// Null when there is none, running or restarting. Valid until the next insert.
    [[nodiscard]] const entry* find(const pid& child) const;
    /// It has ended, and is known by the pid it had until it is started again.
    void set_restarting(const pid& child) { restarting_.insert(child); }
    [[nodiscard]] bool is_restarting(const pid& child) const { return restarting_.contains(child); }

    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
    [[nodiscard]] std::size_t restarting() const noexcept { return restarting_.size(); }
    [[nodiscard]] std::size_t supervisors() const noexcept { return supervisors_; }
    [[nodiscard]] const map& all() const noexcept { return all_; }

private:
    map all_;
    std::unordered_set<pid> restarting_;
    std::size_t supervisors_ = 0;
};

}  // namespace rakka::detail
