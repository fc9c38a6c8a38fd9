// The scopes of process groups of one node, and how the rest of the program looks into them.
#pragma once

#include "pg/scope.hpp"

#include <rakka/etf/atom.hpp>
#include <rakka/etf/identifiers.hpp>

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::detail {

/// The state of one scope. The process of that name alone changes it; whoever wants to know looks, without
/// asking that process. Any thread.
class pg_scope {
public:
    explicit pg_scope(pg_fsm::scope::settings s) : process(s.self), machine_(std::move(s)) {}

    /// Runs `work(scope&)` alone; nothing in it may block or use the vocabulary of processes. For the process
    /// of the scope.
    template <class Work>
    auto change(Work work) {
        const std::unique_lock lock(mutex_);  // rakka-lint: allow(lock) held for steps that never wait
        return work(machine_);
    }
    /// Runs `work(const scope&)` beside others, under the same rules.
    template <class Work>
    auto look(Work work) const {
        const std::shared_lock lock(mutex_);  // rakka-lint: allow(lock) likewise
        return work(std::as_const(machine_));
    }

    const pid process;

private:
    mutable std::shared_mutex mutex_;
    pg_fsm::scope machine_;  // guarded by mutex_
};

/// All scopes of the node. Any thread.
class pg_service {
public:
    /// Null when there is no such scope.
    [[nodiscard]] std::shared_ptr<pg_scope> find(atom name) const;
    /// A scope begins. Null: the node is stopping.
    [[nodiscard]] std::shared_ptr<pg_scope> add(const pg_fsm::scope::settings& s);
    void remove(atom name, const pid& process);
    /// Whether it is the process of one.
    [[nodiscard]] bool is_scope(const pid& p) const;
    /// No scope begins from now on. The processes of those that have begun.
    [[nodiscard]] std::vector<pid> close();

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<atom, std::shared_ptr<pg_scope>> scopes_;  // guarded by mutex_
    bool closed_ = false;                                         // guarded by mutex_
};

}  // namespace rakka::detail
