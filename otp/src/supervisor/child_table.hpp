// The children of a supervisor, in start order, found by id and by pid.
#pragma once

#include "supervisor/child_kind.hpp"

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::detail {

/// One child of a supervisor that is not simple_one_for_one.
struct supervised_child {
    enum class state : std::uint8_t {
        stopped,     ///< the specification is here, the process is not. Erlang: `undefined`
        running,     ///<
        restarting,  ///< the last attempt has failed, another one follows
    };
    shared_kind kind;
    pid process{};  ///< of a restarting one: the last it had, none when it was stopped by the supervisor
    state what = state::stopped;
};

/// Every function takes constant time but walks and clear(). Pure; positions stay valid until their child is
/// erased.
class child_table {
public:
    using list = std::list<supervised_child>;
    using position = list::iterator;

    /// Behind all others. Precondition: no child has the id.
    position append(supervised_child child);
    void erase(position at);

    [[nodiscard]] position end() noexcept { return children_.end(); }
    [[nodiscard]] position find(const term& id);
    /// Running ones only.
    [[nodiscard]] position find(const pid& process);

    /// Other specifications, in start order. A child whose id is among them keeps its process; new ones are
    /// appended without one; those whose ids are not among them stay as they are, behind all others.
    /// Precondition: no id twice. Linear.
    void replace_kinds(const std::vector<shared_kind>& kinds);

    void set_running(position at, const pid& process);
    void set_stopped(position at);
    /// Keeps the pid it had.
    void set_restarting(position at);

    [[nodiscard]] list& in_start_order() noexcept { return children_; }
    [[nodiscard]] const list& in_start_order() const noexcept { return children_; }
    [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }
    /// Significant children that are not stopped.
    [[nodiscard]] std::size_t active_significant() const noexcept { return active_significant_; }

private:
    struct same_term {
        bool operator()(term_view a, term_view b) const { return a == b; }
    };
    struct hash_term {
        std::size_t operator()(term_view t) const noexcept;
    };
    void change_state(position at, supervised_child::state to);
    void change_kind(position at, shared_kind kind);

    list children_;
    std::unordered_map<term_view, position, hash_term, same_term> by_id_;  // the keys are the kinds' own
    std::unordered_map<pid, position> by_process_;                         // running ones
    std::size_t active_significant_ = 0;
};

}  // namespace rakka::detail
