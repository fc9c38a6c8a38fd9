#include "global/locker.hpp"

#include "global/messages.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/order.hpp>

#include <algorithm>
#include <utility>

namespace rakka::global_fsm {
namespace {

/// Both lockers make the same one, so that nodes known to both are locked by both.
term requester_of(const pid& a, const pid& b) {
    const term x(a);
    const term y(b);
    return compare(x, y) < 0 ? term(list(x, y)) : term(list(y, x));
}

void append(std::vector<atom>& to, const std::vector<atom>& nodes) {
    for (const atom n : nodes)
        if (std::find(to.begin(), to.end(), n) == to.end()) to.push_back(n);
}

}  // namespace

locker::steps locker::on_event(const locker_event& e) {
    std::visit([this](const auto& one) { on(one); }, e);
    return take();
}

std::optional<std::chrono::milliseconds> locker::patience() {
    using std::chrono::milliseconds;
    const bool no_reason_to_wait = std::exchange(just_synced_, false);
    if (where_ == state::asking) return longest_asking;
    if (where_ != state::idle || candidates_.empty()) return std::nullopt;
    if (no_reason_to_wait) return milliseconds(0);
    // Whoever is alone begins; with others to be asked first, it is better to let them.
    if (known_.empty()) return milliseconds(200);
    return milliseconds(std::min<std::size_t>(1000 + 100 * known_.size(), 3000));
}

locker::steps locker::timeout(bool global_locked, std::size_t chance) {
    if (where_ == state::asking) {
        let_go();
        return take();
    }
    if (where_ != state::idle || global_locked) return {};
    std::erase_if(candidates_, [&](const auto& c) {
        return std::find(known_.begin(), known_.end(), c.first) != known_.end();
    });
    if (candidates_.empty()) return {};
    const auto chosen =
        std::next(candidates_.begin(), static_cast<std::ptrdiff_t>(chance % candidates_.size()));
    begin(add_candidate(chosen->second), false);
    return take();
}

// ---- events

void locker::on(const known_added& e) {
    append(known_, e.nodes);
}

void locker::on(const known_removed& e) {
    std::erase(known_, e.node);
}

void locker::on(const add_candidate& e) {
    candidates_.insert_or_assign(e.node, e);
}

bool locker::current(atom node, const term& tag) const {
    return him_.node == node && him_.my_tag == tag;
}

void locker::on(const cancel_candidate& e) {
    if (!e.my_tag.has_value()) return;
    const bool ours = (where_ == state::asking || where_ == state::holding) && current(e.node, e.my_tag);
    if (const auto it = candidates_.find(e.node); it != candidates_.end() && it->second.my_tag == e.my_tag)
        candidates_.erase(it);
    for (const cast_to& c : e.before)
        say(c);
    if (!ours) return;
    just_synced_ = where_ == state::holding;
    let_go();
}

void locker::on(const his_lock& e) {
    const atom node = e.locker.node;
    if (where_ == state::asking && node == him_.node) {
        if (e.tag && *e.tag != him_.my_tag) return;
        if (e.set) {
            have_lock();
        } else {
            let_go();
        }
        return;
    }
    if (!e.set) return;  // of an attempt that is over
    if (where_ != state::idle) {
        asked_meanwhile_.insert_or_assign(node, e);
        return;
    }
    const auto it = candidates_.find(node);
    if (it == candidates_.end() || (e.tag && *e.tag != it->second.my_tag)) return refuse(e);
    begin(add_candidate(it->second), true);
}

/// It must not wait for us. Its tag is not known, hence the older form, which has none.
void locker::refuse(const his_lock& e) {
    say(tell_locker{e.locker, lock_set_body(own_, false, known_, std::nullopt)});
}

// ---- the lock

atom locker::boss() const {
    atom greatest = self_;
    for (const atom n : known_)
        if (node_less{}(greatest, n)) greatest = n;
    return greatest;
}

void locker::begin(const add_candidate& him, bool at_his_request) {
    him_ = him;
    at_his_request_ = at_his_request;
    id_ = {term("global"_a), requester_of(own_, him.locker)};
    so_far_.clear();
    first_ = boss();
    where_ = state::locking_boss;
    lock({first_}, first_ != self_);
}

void locker::lock(std::vector<atom> nodes, bool look_here_first) {
    say(set_lock{id_, std::move(nodes), look_here_first});
}

locker::steps locker::locked(bool ok) {
    if (where_ != state::locking_boss && where_ != state::locking_both && where_ != state::locking_known)
        return {};
    if (!ok) {
        if (!so_far_.empty()) say(del_lock{id_, so_far_});
        if (at_his_request_) say(answer_to(him_, false));
        become_idle();
    } else if (where_ == state::locking_boss) {
        so_far_ = {first_};
        next_lock(state::locking_both);
    } else if (where_ == state::locking_both) {
        append(so_far_, {self_});
        if (!at_his_request_) append(so_far_, {him_.node});
        next_lock(state::locking_known);
    } else {
        append(so_far_, known_);
        if (at_his_request_) {
            say(answer_to(him_, true));
            have_lock();
        } else {
            say(answer_to(him_, true));
            where_ = state::asking;
        }
    }
    return take();
}

void locker::next_lock(state s) {
    where_ = s;
    std::vector<atom> nodes;
    if (s == state::locking_both) {
        nodes = {self_};
        // With him locked as well nobody of the other part can lock it without us: no deadlock.
        if (!at_his_request_) nodes.push_back(him_.node);
    } else {
        nodes = known_;
    }
    std::erase(nodes, first_);
    const bool look_here_first = s == state::locking_both && nodes.size() > 1;
    lock(std::move(nodes), look_here_first);
}

void locker::have_lock() {
    where_ = state::holding;
    say(tell_server{him_.node, him_.my_tag, id_.requester});
}

/// The boss last, so that nobody locks the boss and fails with the others.
void locker::let_go() {
    const auto last = std::max_element(so_far_.begin(), so_far_.end(), node_less{});
    if (last != so_far_.end()) {
        const atom greatest = *last;
        so_far_.erase(last);
        if (!so_far_.empty()) say(del_lock{id_, so_far_});
        say(del_lock{id_, {greatest}});
    }
    become_idle();
}

void locker::become_idle() {
    if (where_ == state::holding) {
        const auto it = candidates_.find(him_.node);
        if (it != candidates_.end() && it->second.my_tag == him_.my_tag) candidates_.erase(it);
    }
    where_ = state::idle;
    so_far_.clear();
    him_ = {};
    while (where_ == state::idle && !asked_meanwhile_.empty()) {
        const his_lock next = asked_meanwhile_.begin()->second;
        asked_meanwhile_.erase(asked_meanwhile_.begin());
        on(next);
    }
}

cast_to locker::answer_to(const add_candidate& him, bool set) const {
    const std::optional<term> tag = him.version >= verified_since ? std::optional(him.his_tag) : std::nullopt;
    return {him.node, lock_set_body(own_, set, known_, tag)};
}

}  // namespace rakka::global_fsm
