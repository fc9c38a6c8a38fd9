// Who is in which group: processes of this node, and what each peer has said of its own.
#pragma once

#include "pg/bag.hpp"
#include "pg/messages.hpp"
#include "term_hash.hpp"

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace rakka::pg_fsm {

template <class Value>
using term_map = std::unordered_map<term, Value, detail::term_hash, detail::term_equal>;
using group_map = term_map<bag<pid>>;

/// Members that run here. A membership is one time that a process has joined a group. Owner: one thread at a
/// time; const functions: several.
class local_members {
public:
    /// True for the first membership of this process.
    bool add(const term& group, const pid& p);
    enum class removal { was_none, one_less, last_of_process };
    removal remove(const term& group, const pid& p);
    /// All groups it was in, each as often as it had joined.
    std::vector<term> remove_process(const pid& p);

    /// Null when nobody is in the group.
    [[nodiscard]] const bag<pid>* find(term_view group) const;
    [[nodiscard]] const group_map& groups() const noexcept { return groups_; }
    /// Memberships.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    group_map groups_;
    std::unordered_map<pid, bag<term, detail::term_hash, detail::term_equal>> processes_;
    std::size_t size_ = 0;
};

/// Members that run elsewhere, by the scope that has told of them. The same rules.
class remote_members {
public:
    // ---- Precondition of all that take a peer: it is known.
    void add_peer(const pid& peer) { peers_.try_emplace(peer); }
    void remove_peer(const pid& peer);
    void add(const pid& peer, const term& group, const pid& p);
    bool remove(const pid& peer, const term& group, const pid& p);
    [[nodiscard]] const group_map& groups_of(const pid& peer) const { return peers_.at(peer); }

    [[nodiscard]] bool knows(const pid& peer) const { return peers_.contains(peer); }
    void append_members(term_view group, std::vector<pid>& out) const;
    [[nodiscard]] bool has(term_view group) const { return who_has_.find(group) != who_has_.end(); }
    void append_groups(std::vector<term>& out) const;

private:
    void forget(const pid& peer, const term& group);

    std::unordered_map<pid, group_map> peers_;
    term_map<std::unordered_set<pid>> who_has_;  // the peers that have members in it
};

}  // namespace rakka::pg_fsm
