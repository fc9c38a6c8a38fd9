// The locker: gets the lock `global` in this part of the cluster and that of a peer, together with its
// locker.
#pragma once

#include "global/name_server_actions.hpp"

#include <rakka/etf/term.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::global_fsm {

/// Of two lockers that want the lock together, either may begin: it locks the boss (the greatest of the nodes
/// it knows), itself and the peer, then all others, and tells the peer. The other one sets the same lock,
/// for the same requester, in its part, and answers. When both have it they tell their name servers, which
/// say when it may go.
///
///     idle          patience over, somebody waits     -> locking (for him)
///                   his_lock true                     -> locking (at his request)
///     locking       all locked; we began              -> asking, told him
///                   all locked; he began              -> holding, told him and the name server
///                   not locked                        -> idle
///     asking        his_lock true                     -> holding, told the name server
///                   his_lock false, or cancelled      -> idle
///                   patience over                     -> idle, to try again
///     holding       cancelled                         -> idle
///
/// Owner: one thread at a time. [protocol §6.4]
class locker {
public:
    /// Set the lock on these nodes (which may be none), all or none of them, and tell locked(). With
    /// `look_here_first` it fails at once when it could not be set on this node.
    struct set_lock {
        lock_id id;
        std::vector<atom> nodes;
        bool look_here_first = false;
    };
    struct del_lock {
        lock_id id;
        std::vector<atom> nodes;
    };
    /// To the name server of this node: name_server::lock_is_set.
    struct tell_server {
        atom node;
        term my_tag;
        term lock_requester;
    };
    /// To a locker itself, which is no longer, or not yet, a candidate.
    struct tell_locker {
        pid locker;
        term message;
    };
    using step = std::variant<set_lock, del_lock, tell_server, tell_locker, cast_to>;
    using steps = std::vector<step>;

    /// A peer that has forgotten us must not keep the whole cluster locked. (OTP waits for ever.)
    static constexpr std::chrono::seconds longest_asking{30};

    locker(atom self, pid own) : self_(self), own_(own) {}

    /// The last step may be a set_lock: then comes locked(), before anything else but known nodes.
    [[nodiscard]] steps on_event(const locker_event& e);
    [[nodiscard]] steps locked(bool ok);
    /// It has waited for patience(); `global_locked`: somebody has the lock on this node. `chance` chooses
    /// among those who wait.
    [[nodiscard]] steps timeout(bool global_locked, std::size_t chance);
    /// How long to wait for an event; nothing: for ever.
    [[nodiscard]] std::optional<std::chrono::milliseconds> patience();

    [[nodiscard]] bool idle() const noexcept { return where_ == state::idle; }
    [[nodiscard]] bool asks() const noexcept { return where_ == state::asking; }
    /// Our tag of the session it is about. REQUIRES: asks().
    [[nodiscard]] const term& attempt() const noexcept { return him_.my_tag; }
    [[nodiscard]] std::size_t candidates() const noexcept { return candidates_.size(); }
    [[nodiscard]] const std::vector<atom>& known() const noexcept { return known_; }

private:
    enum class state { idle, locking_boss, locking_both, locking_known, asking, holding };

    void on(const add_candidate& e);
    void on(const cancel_candidate& e);
    void on(const his_lock& e);
    void on(const known_added& e);
    void on(const known_removed& e);
    void begin(const add_candidate& him, bool at_his_request);
    void next_lock(state s);
    void lock(std::vector<atom> nodes, bool look_here_first);
    void have_lock();
    void let_go();
    void become_idle();
    void refuse(const his_lock& e);
    [[nodiscard]] atom boss() const;
    [[nodiscard]] cast_to answer_to(const add_candidate& him, bool set) const;
    [[nodiscard]] bool current(atom node, const term& tag) const;
    void say(step s) { out_.push_back(std::move(s)); }
    [[nodiscard]] steps take() { return std::exchange(out_, {}); }

    const atom self_;
    const pid own_;
    state where_ = state::idle;
    std::vector<atom> known_;
    std::map<atom, add_candidate, node_less> candidates_;
    std::map<atom, his_lock, node_less> asked_meanwhile_;  // while not idle; the last of each node
    bool just_synced_ = false;

    // ---- while not idle
    add_candidate him_;
    bool at_his_request_ = false;
    lock_id id_;
    atom first_;                // the boss when we began
    std::vector<atom> so_far_;  // locked
    steps out_;
};

}  // namespace rakka::global_fsm
