// What the processes of `global` on one node share, and how the rest of the program asks.
#pragma once

#include "global/lock_attempt.hpp"
#include "global/name_server.hpp"

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <atomic>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::detail {

struct node_core;

/// The state of `global` of one node. The process global_name_server alone changes it; lookups are done by
/// whoever wants to know, without asking that process. Any thread.
class global_service {
public:
    // ---- Until that process has begun there are no names and no locks.
    [[nodiscard]] std::optional<pid> whereis(term_view name) const;
    [[nodiscard]] std::vector<term> names() const;
    [[nodiscard]] std::vector<term> names_of(const pid& p) const;
    [[nodiscard]] bool can_set(const global_fsm::lock_id& id) const;
    [[nodiscard]] bool is_locked(term_view resource) const;
    [[nodiscard]] std::vector<atom> known() const;
    /// Whether it is the process that takes locks of peers, to which their lockers write.
    [[nodiscard]] bool is_locker(const pid& p) const;

    /// Runs `work(name_server&)` alone; nothing in it may block or use the vocabulary of processes. For the
    /// process global_name_server.
    template <class Work>
    auto change(Work work) {
        const std::unique_lock lock(mutex_);  // rakka-lint: allow(lock) held for steps that never wait
        return work(*server_);
    }
    /// Runs `work(const name_server&)` beside others, under the same rules. Precondition: it has started.
    template <class Work>
    auto look(Work work) const {
        const std::shared_lock lock(mutex_);  // rakka-lint: allow(lock) likewise
        return work(std::as_const(*server_));
    }
    void start(global_fsm::name_server::settings s);

private:
    mutable std::shared_mutex mutex_;
    std::optional<global_fsm::name_server> server_;  // guarded by mutex_
    pid locker_;                                     // guarded by mutex_
};

// What satellites tell the process global_name_server, as C++ objects: nobody else can say it.

struct global_lock_is_set {
    atom node;
    term my_tag;
    term requester;
};
struct global_exchanged {
    atom node;
    term my_tag;
    std::vector<global_fsm::name_op> ops;
    std::vector<global_fsm::name_op> peer_ops;
};
struct global_unreachable {
    atom node;
    bool for_sync = false;
};
struct global_met {
    atom node;
};
struct global_event {
    std::variant<global_lock_is_set, global_exchanged, global_unreachable, global_met> what;
};

/// What it tells its locker.
struct global_locker_order {
    global_fsm::locker_event event;
};

}  // namespace rakka::detail
