// Many children, known by their pids: those of simple_one_for_one and dynamic supervisors.
#pragma once

#include "supervisor/child_kind.hpp"

#include <rakka/base/flat_table.hpp>

#include <cstddef>
#include <span>
#include <unordered_set>

namespace rakka::detail {

/// A child costs an entry of 48 bytes and its place in the index, whatever its kind; its arguments come on
/// top when there are any. Every function takes constant time in the mean. Pure.
class child_pool {
public:
    struct entry {
        shared_kind kind;
        term arguments;  ///< a list, for the next start; no value: none, or never needed again
    };
    using table = flat_table<pid, entry>;

    /// A running child. Replaces one of the same pid.
    void insert(const pid& child, entry e);
    void erase(const pid& child);
    /// Null when there is none, running or restarting. Valid until the next change.
    [[nodiscard]] const entry* find(const pid& child) const;
    /// Every child gets the kind that `other(its kind)` gives. Linear.
    template <class F>
    void replace_kinds(F&& other) {
        supervisors_ = 0;
        for (std::size_t i = 0; i < all_.size(); ++i) {
            entry& e = all_.at(i).value;
            e.kind = other(e.kind);
            if (e.kind->type == child_type::supervisor) ++supervisors_;
        }
    }
    /// Bytes held: in proportion to the children that are there, whatever number there has been.
    [[nodiscard]] std::size_t memory() const noexcept { return all_.memory(); }
    /// It has ended, and is known by the pid it had until it is started again.
    void set_restarting(const pid& child) { restarting_.insert(child); }
    [[nodiscard]] bool is_restarting(const pid& child) const { return restarting_.contains(child); }

    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
    [[nodiscard]] std::size_t restarting() const noexcept { return restarting_.size(); }
    [[nodiscard]] std::size_t supervisors() const noexcept { return supervisors_; }
    [[nodiscard]] std::span<const table::entry> all() const noexcept { return all_.entries(); }

private:
    static constexpr std::size_t small = 64;  // so many places are kept for good

    table all_;
    std::size_t most_ = 0;  // children since the table has been made smaller
    std::unordered_set<pid> restarting_;
    std::size_t supervisors_ = 0;
};

}  // namespace rakka::detail
