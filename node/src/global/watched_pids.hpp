// Which processes names and locks hang on: one monitor for each, however many there are.
#pragma once

#include <rakka/etf/identifiers.hpp>

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::global_fsm {

/// Owner: one thread at a time.
class watched_pids {
public:
    struct change {
        pid process;
        bool watch = false;  ///< false: the monitor is not wanted any more
        friend bool operator==(const change&, const change&) noexcept = default;
    };

    void add(const pid& p) {
        if (++uses_[p] == 1) changes_.push_back({p, true});
    }
    void remove(const pid& p) {
        const auto it = uses_.find(p);
        if (it == uses_.end() || --it->second != 0) return;
        uses_.erase(it);
        changes_.push_back({p, false});
    }
    /// The process has ended: its monitor is gone by itself. Further remove() calls for it do nothing.
    void ended(const pid& p) { uses_.erase(p); }

    /// What monitors are to be made and ended, in this order.
    [[nodiscard]] std::vector<change> take_changes() { return std::exchange(changes_, {}); }
    [[nodiscard]] std::size_t size() const noexcept { return uses_.size(); }

private:
    std::unordered_map<pid, std::size_t> uses_;
    std::vector<change> changes_;
};

}  // namespace rakka::global_fsm
