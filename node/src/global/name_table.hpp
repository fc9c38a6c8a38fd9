// The names registered in the whole cluster: this node's copy.
#pragma once

#include "global/global_types.hpp"
#include "global/watched_pids.hpp"

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace rakka::global_fsm {

/// A name has one process; a process may have several names (peers may say so). Owner: one thread at a time;
/// const functions: several.
class name_table {
public:
    /// `watched` must outlive the table.
    name_table(watched_pids& watched, std::size_t max_names) : watched_(watched), max_names_(max_names) {}

    /// Adds or replaces. False when the table is full: nothing has changed.
    bool insert(registration r, std::optional<atom> external_node = std::nullopt);
    /// False when there was none.
    bool erase(term_view name);
    /// Removes all names of a process that has ended.
    void process_ended(const pid& p);
    /// Removes all names of the processes of a node.
    void node_lost(atom node);

    /// Null when there is none. Valid until the next change.
    [[nodiscard]] const registration* find(term_view name) const;
    [[nodiscard]] bool has_name(const pid& p) const { return by_process_.contains(p); }
    [[nodiscard]] std::vector<term> names_of(const pid& p) const;
    /// In no order.
    [[nodiscard]] std::vector<registration> all() const;
    [[nodiscard]] std::vector<external_name> external() const;
    [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

private:
    struct entry {
        registration r;
        std::optional<atom> external_node;
    };
    using name_map = std::unordered_map<term, entry, term_hash, term_equal>;

    void forget_process(const registration& r);

    watched_pids& watched_;
    std::size_t max_names_;
    name_map by_name_;
    std::unordered_multimap<pid, term> by_process_;  // the names
};

}  // namespace rakka::global_fsm
