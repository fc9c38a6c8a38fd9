// How a node becomes of one mind with another, and parts with it.
#include "global/name_server.hpp"

#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rakka::global_fsm {

// ---- nodes come and go

actions name_server::node_up(atom node) {
    up_.insert(node);
    foreseen_.erase(node);
    watch_awaited(node);
    if (settings_.connect_all) open_session(node);
    return take();
}

actions name_server::node_down(atom node, std::chrono::nanoseconds now) {
    if (up_.contains(node) || maybe_known(node)) part_with(node, parting::unforeseen);
    up_.erase(node);
    // What it said last may have come when its processes were no longer watched.
    names_.node_lost(node);
    locks_.node_lost(node);
    lost_.we_lost(node, now);
    done_with(node);
    return take();
}

actions name_server::unreachable(atom node) {
    if (up_.contains(node)) return {};
    say(complain{fmt::format("global at {} failed to connect to {}", settings_.self.text(), node.text())});
    part_with(node, parting::unforeseen);
    done_with(node);
    return take();
}

actions name_server::sync_failed(atom node) {
    if (!up_.contains(node)) done_with(node);
    return take();
}

bool name_server::maybe_known(atom node) const {
    return known_.contains(node) || pending_.contains(node);
}

void name_server::tell_known(const term& message, atom except) {
    for (const version_map* nodes : {&known_, &pending_})
        for (const auto& [node, version] : *nodes)
            if (node != except && version >= lost_connections_since) say(send_to{node, message});
}

/// Its names and locks go when the monitors of their processes fire, or with the node: now, when it has never
/// come.
void name_server::part_with(atom node, parting how) {
    const auto s = sessions_.find(node);
    if (s != sessions_.end()) end_session(node, s->second.my_tag);
    say(locker_event(known_removed{node}));
    if (how == parting::foreseen) {
        foreseen_.insert(node);
    } else if (foreseen_.erase(node) == 0 && settings_.connect_all &&
               settings_.prevent_overlapping_partitions) {
        const lost_connection loss{settings_.self, term(settings_.incarnation), ++last_loss_, node};
        tell_known(lost_connection_message(loss), node);
    }
    pending_.erase(node);
    known_.erase(node);
    synced_.erase(node);
    if (up_.contains(node)) return;
    names_.node_lost(node);
    locks_.node_lost(node);
}

actions name_server::on_message(const peer_message& m, std::chrono::nanoseconds now) {
    now_ = now;
    std::visit([this](const auto& one) { on(one); }, m);
    return take();
}

void name_server::on(const lost_connection& m) {
    if (!settings_.connect_all || !settings_.prevent_overlapping_partitions) return;
    const bool of_one_before = lost_.is_old(m, now_);
    if (!lost_.is_news(m, now_)) return;
    tell_known(lost_connection_message(m), m.loser);
    if (of_one_before) return;
    // When it is us that was lost, everybody parts with us; nobody needs to part with the loser as well.
    const atom leaves = m.lost == settings_.self ? m.loser : m.lost;
    if (!maybe_known(leaves)) return;
    const auto known = known_.find(leaves);
    const int version = known != known_.end() ? known->second : pending_.at(leaves);
    if (version < lost_connections_since) {
        say(disconnect{leaves});
    } else {
        say(send_to{leaves, remove_connection_message(settings_.self)});
    }
    say(complain{
        fmt::format("global at {} asked {} to disconnect, in order to prevent overlapping partitions: "
                    "{} has lost its connection to {}",
                    settings_.self.text(), leaves.text(), m.loser.text(), m.lost.text())});
    part_with(leaves, parting::foreseen);
}

/// OTP ignores it from nodes it does not know yet, or does not know any more: then each waits for the other
/// to disconnect, and a connection stays that neither counts.
void name_server::on(const remove_connection& m) {
    if (!settings_.connect_all || !up_.contains(m.node)) return;
    say(disconnect{m.node});
    say(
        complain{fmt::format("global at {} disconnected from {}, which asked for it, in order to prevent "
                             "overlapping partitions",
                             settings_.self.text(), m.node.text())});
    part_with(m.node, parting::foreseen);
}

// ---- sessions

void name_server::open_session(atom node) {
    if (known_.contains(node) || sessions_.contains(node)) return;
    session s;
    s.my_tag = term(++last_tag_);
    say(cast_to{node, init_connect_body(s.my_tag, settings_.self, known_, settings_.locker)});
    sessions_.emplace(node, std::move(s));
}

name_server::session* name_server::session_of(atom node, const term& tag) {
    const auto it = sessions_.find(node);
    return it != sessions_.end() && it->second.my_tag == tag ? &it->second : nullptr;
}

/// The locker lets go of what it has for this attempt; a session that goes on for it ends.
void name_server::cancel(atom node, const term& tag, std::vector<cast_to> before) {
    say(locker_event(cancel_candidate{node, tag, std::move(before)}));
    const session* const s = session_of(node, tag);
    if (s == nullptr) return;
    const auto pending = pending_.find(node);
    if (pending != pending_.end() && pending->second >= verified_since)
        say(send_to{node, cancel_connect_message(settings_.self, s->his_tag)});
    say(stop_resolver{node});
}

void name_server::end_session(atom node, const term& tag, std::vector<cast_to> before) {
    cancel(node, tag, std::move(before));
    pending_.erase(node);
    sessions_.erase(node);
}

/// Both sides do not mean the same attempt: a new one.
void name_server::start_over(atom node) {
    const auto s = sessions_.find(node);
    if (s == sessions_.end()) return;
    end_session(node, term(s->second.my_tag));
    open_session(node);
}

void name_server::on(const init_connect& m) {
    if (!up_.contains(m.node) || m.locker.node != m.node) return;
    if (pending_.contains(m.node)) {
        say(send_to{m.node, cancel_connect_message(settings_.self, m.tag)});
        return start_over(m.node);
    }
    const auto it = sessions_.find(m.node);
    if (it == sessions_.end()) return;  // we know it already: its in_sync is under way, or ours
    session& s = it->second;
    s.his_tag = m.tag;
    s.version = std::min(m.version, own_version);
    say(locker_event(add_candidate{m.node, m.locker, s.version, s.his_tag, s.my_tag}));
    if (m.version >= verified_since)
        say(send_to{m.node, init_connect_ack_message(settings_.self, s.his_tag, s.my_tag)});
    pending_.insert_or_assign(m.node, m.version);
}

void name_server::on(const init_connect_ack& m) {
    const auto it = sessions_.find(m.node);
    if (!up_.contains(m.node)) return;
    // Of an attempt that is over. Were it a reason to start over, the next one of the peer would be likewise,
    // and so on for ever: OTP does that, so one side has to stop it.
    if (it != sessions_.end() && it->second.my_tag != m.receivers_tag) return;
    const bool same =
        it != sessions_.end() && it->second.his_tag.has_value() && it->second.his_tag == m.senders_tag;
    if (same) return;
    say(send_to{m.node, cancel_connect_message(settings_.self, m.senders_tag)});
    start_over(m.node);
}

void name_server::on(const cancel_connect& m) {
    if (session_of(m.node, m.tag) != nullptr) start_over(m.node);
}

void name_server::on(const lock_set& m) {
    const auto it = sessions_.find(m.locker.node);
    if (it == sessions_.end()) return;
    if (m.tag && it->second.my_tag != *m.tag) return;
    say(locker_event(his_lock{m.locker, m.set, m.tag}));
}

actions name_server::lock_is_set(atom node, const term& my_tag, const term& requester) {
    session* const s = session_of(node, my_tag);
    if (s == nullptr) {
        cancel(node, my_tag);
    } else {
        s->locked = true;
        s->lock_requester = requester;
        say(cast_to{node, exchange_body(settings_.self, names_.all(), s->his_tag)});
        compare_names(node, *s);
    }
    return take();
}

void name_server::on(const exchange& m) {
    session* const s = session_of(m.node, m.tag);
    if (s == nullptr) return cancel(m.node, m.tag);
    s->names = m.names;
    compare_names(m.node, *s);
}

void name_server::compare_names(atom node, session& s) {
    if (!s.locked || !s.names) return;
    say(start_resolver{node, s.my_tag, *std::exchange(s.names, std::nullopt)});
}

actions name_server::exchanged(atom node, const term& my_tag, std::vector<name_op> ops,
                               std::vector<name_op> resolved_ops) {
    session* const s = session_of(node, my_tag);
    if (s == nullptr) {
        cancel(node, my_tag);
    } else if (!s->ops) {
        say(cast_to{node,
                    resolved_body(settings_.self, resolved_ops, known_, names_.external(), s->his_tag)});
        s->ops = std::move(ops);
        finish(node, *s);
    }
    return take();
}

void name_server::on(const resolved& m) {
    session* const s = session_of(m.node, m.tag);
    if (s == nullptr) return cancel(m.node, m.tag);
    s->his = m;
    finish(m.node, *s);
}

void name_server::finish(atom node, const session& s) {
    if (!s.ops || !s.his) return;
    // It ends here, so that nothing below takes it for an attempt that has to be cancelled.
    const session done = std::move(sessions_.extract(node).mapped());
    const auto pending = pending_.extract(node);
    std::vector<name_op> ops = *done.ops;
    ops.insert(ops.end(), done.his->ops.begin(), done.his->ops.end());
    std::vector<node_version> nodes{{node, pending ? pending.mapped() : done.version}};
    node_set his_known;
    for (const node_version& n : done.his->known)
        if (n.node != settings_.self && n.node != node && his_known.insert(n.node).second) nodes.push_back(n);
    for (const atom other : his_known)
        say(meet{other});
    do_ops(ops, done.his->external, done.lock_requester);
    done_with(node);
    // With those that it knows it is synchronised, and so are we, now.
    for (const atom other : his_known)
        forget_session(other);
    // The locker sends this before it gives up the lock, so that nobody sees the lock go first.
    std::vector<cast_to> news;
    const term body =
        new_nodes_body(settings_.self, ops, done.his->external, nodes, done.version, done.lock_requester);
    for (const auto& [known, version] : known_)
        news.push_back({known, body});
    say(locker_event(cancel_candidate{node, done.my_tag, std::move(news)}));
    say(locker_event(known_added{add_known(nodes)}));
    synced_.insert(node);
}

std::vector<atom> name_server::add_known(const std::vector<node_version>& nodes) {
    std::vector<atom> added;
    for (const node_version& n : nodes) {
        if (n.node == settings_.self) continue;
        const auto it = known_.find(n.node);
        if (it != known_.end()) {
            if (it->second == 0) it->second = n.version;
        } else if (known_.size() < settings_.max.nodes) {
            known_.emplace(n.node, n.version);
            // The connection that we have parted over may still be about to go, and we with it part with what
            // the others have just told us of: now they have to know.
            foreseen_.erase(n.node);
            added.push_back(n.node);
            if (synced_.contains(n.node)) forget_session(n.node);
        } else {
            say(complain{
                fmt::format("global knows {} nodes, the limit: further ones are left out", known_.size()),
                true});
            break;
        }
    }
    return added;
}

void name_server::on(const new_nodes& m) {
    if (!up_.contains(m.node)) return;
    std::vector<atom> added = add_known(m.nodes);
    for (const atom node : added)
        say(meet{node});
    do_ops(m.ops, m.external, m.lock_requester);
    say(locker_event(known_added{std::move(added)}));
}

/// It knows us, and has no session with us any more. When it has wanted one and nobody has told us of it yet,
/// that news is on its way (see add_known); or things have changed since, and the session goes on: to end it
/// would leave the other locker waiting with the lock set, which can happen to OTP.
void name_server::on(const in_sync& m) {
    if (!up_.contains(m.node)) return;
    done_with(m.node);
    synced_.insert(m.node);
    if (known_.contains(m.node) || !pending_.contains(m.node)) forget_session(m.node);
}

/// The peer needs not be told.
void name_server::forget_session(atom node) {
    pending_.erase(node);
    if (const auto it = sessions_.find(node); it != sessions_.end())
        end_session(node, term(it->second.my_tag));
}

actions name_server::met(atom node) {
    if (known_.contains(node)) say(cast_to{node, in_sync_body(settings_.self)});
    return take();
}

}  // namespace rakka::global_fsm
