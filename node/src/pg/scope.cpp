#include "pg/scope.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace rakka::pg_fsm {

actions scope::take() {
    return std::exchange(out_, {});
}

// ---- nodes and peers

actions scope::node_up(atom node) {
    nodes_.try_emplace(node);
    say(send_to_scope{node, discover_message(settings_.self)});
    return take();
}

actions scope::node_down(atom node) {
    const auto it = nodes_.find(node);
    if (it == nodes_.end()) return {};
    const std::unordered_set<pid> peers = it->second.peers;
    for (const pid& peer : peers) {
        drop(peer);
        say(watch{peer, false});
    }
    nodes_.erase(node);
    return take();
}

actions scope::on_message(const peer_message& m) {
    std::visit([this](const auto& one) { on(one); }, m);
    return take();
}

actions scope::process_ended(const pid& p) {
    peers_.contains(p) ? drop(p) : member_ended(p);
    return take();
}

scope::peer_state* scope::meet(const pid& peer) {
    if (const auto known = peers_.find(peer); known != peers_.end()) return &known->second;
    const auto node = nodes_.find(peer.node);
    if (node == nodes_.end()) return nullptr;  // hidden, or lost
    if (node->second.peers.size() >= settings_.max.peers_of_node) {
        if (!std::exchange(node->second.said_peers, true)) {
            say(complain{"pg: more than " + std::to_string(settings_.max.peers_of_node) +
                         " living processes of " + std::string(peer.node.text()) +
                         " say that they are the scope " + std::string(settings_.name.text()) +
                         " there: further ones are ignored"});
        }
        return nullptr;
    }
    node->second.peers.insert(peer);
    elsewhere_.add_peer(peer);
    say(watch{peer, true});
    return &peers_[peer];
}

void scope::drop(const pid& peer) {
    if (peers_.erase(peer) == 0) return;
    node_state& node = nodes_.at(peer.node);
    node.peers.erase(peer);
    std::vector<group_members> gone;
    for (const auto& [group, pids] : elsewhere_.groups_of(peer)) {
        node.memberships -= pids.size();
        gone.emplace_back(group, pids.elements());
    }
    elsewhere_.remove_peer(peer);
    for (const auto& [group, pids] : gone)
        tell_watchers("leave"_a, group, pids);
}

void scope::on(const discover& m) {
    const bool is_new = !knows(m.peer);
    peer_state* const peer = meet(m.peer);
    if (peer == nullptr) return;
    peer->has_our_sync = true;
    say(send_to{m.peer, sync_message(settings_.self, all_here())});
    if (is_new) say(send_to{m.peer, discover_message(settings_.self)});
}

void scope::on(const sync& m) {
    if (meet(m.peer) == nullptr) return;
    group_map now;
    std::size_t room = settings_.max.memberships_of_node;
    for (const auto& [group, pids] : m.groups) {
        for (const pid& p : pids) {
            if (room == 0) {
                complain_of_full(m.peer.node);
                break;
            }
            --room;
            now[group].add(p);
        }
    }
    // First what goes, which makes room.
    std::vector<group_members> gone;
    for (const auto& [group, had] : elsewhere_.groups_of(m.peer)) {
        const auto has = now.find(group);
        bag<pid> stays = has == now.end() ? bag<pid>() : has->second;
        std::vector<pid> pids;
        for (const pid& p : had.elements())
            if (!stays.remove(p)) pids.push_back(p);
        if (!pids.empty()) gone.emplace_back(group, std::move(pids));
    }
    for (const auto& [group, pids] : gone)
        remove_remote(m.peer, group, pids);
    for (const auto& [group, members] : now) {
        const group_map& known = elsewhere_.groups_of(m.peer);
        const auto has = known.find(group);
        bag<pid> was = has == known.end() ? bag<pid>() : has->second;
        std::vector<pid> pids;
        for (const pid& p : members.elements())
            if (!was.remove(p)) pids.push_back(p);
        add_remote(m.peer, group, pids);
    }
}

void scope::on(const joined& m) {
    if (knows(m.peer)) add_remote(m.peer, m.group, m.pids);
}

void scope::on(const left& m) {
    if (!knows(m.peer)) return;
    // Several processes and several groups at once are never said by OTP, and many of both cost too much.
    const std::size_t pids = m.pids.size();
    if (pids > 1 && m.groups.size() > 1 && m.groups.size() > settings_.max.memberships_of_node / pids) return;
    for (const term& group : m.groups)
        remove_remote(m.peer, group, m.pids);
}

void scope::add_remote(const pid& peer, const term& group, const std::vector<pid>& pids) {
    node_state& node = nodes_.at(peer.node);
    const std::size_t room = settings_.max.memberships_of_node - node.memberships;
    std::vector<pid> fit(pids.begin(),
                         pids.begin() + static_cast<std::ptrdiff_t>(std::min(room, pids.size())));
    if (fit.size() < pids.size()) complain_of_full(peer.node);
    if (fit.empty()) return;
    for (const pid& p : fit)
        elsewhere_.add(peer, group, p);
    node.memberships += fit.size();
    tell_watchers("join"_a, group, fit);
}

void scope::complain_of_full(atom node) {
    if (std::exchange(nodes_.at(node).said_full, true)) return;
    say(complain{"pg: " + std::string(node.text()) + " has more than " +
                 std::to_string(settings_.max.memberships_of_node) + " memberships in groups of the scope " +
                 std::string(settings_.name.text()) + ": further ones are not known here"});
}

void scope::remove_remote(const pid& peer, const term& group, const std::vector<pid>& pids) {
    std::vector<pid> gone;
    for (const pid& p : pids)
        if (elsewhere_.remove(peer, group, p)) gone.push_back(p);
    if (gone.empty()) return;
    nodes_.at(peer.node).memberships -= gone.size();
    tell_watchers("leave"_a, group, gone);
}

// ---- members of this node

bool scope::join(const term& group, const std::vector<pid>& pids, actions& out) {
    if (pids.size() > settings_.max.memberships_here - here_.size()) return false;
    if (pids.empty()) return true;
    for (const pid& p : pids)
        if (here_.add(group, p)) say(watch{p, true});
    tell_watchers("join"_a, group, pids);
    tell_peers(join_message(settings_.self, group, pids));
    out = take();
    return true;
}

bool scope::leave(const term& group, const std::vector<pid>& pids, actions& out) {
    std::vector<pid> gone;
    for (const pid& p : pids) {
        const auto what = here_.remove(group, p);
        if (what == local_members::removal::was_none) continue;
        gone.push_back(p);
        if (what == local_members::removal::last_of_process) say(watch{p, false});
    }
    if (gone.empty()) return false;
    tell_watchers("leave"_a, group, gone);
    tell_peers(leave_message(settings_.self, gone, {group}));
    out = take();
    return true;
}

void scope::member_ended(const pid& p) {
    const std::vector<term> groups = here_.remove_process(p);
    if (groups.empty()) return;
    for (const term& group : groups)
        tell_watchers("leave"_a, group, {p});
    tell_peers(leave_message(settings_.self, {p}, groups));
}

void scope::tell_peers(const term& message) {
    for (const auto& [peer, state] : peers_)
        if (state.has_our_sync) say(send_to{peer, message});
}

// ---- monitors

bool scope::add_monitor(const reference& ref, const pid& process, std::optional<term> group) {
    if (watchers_.size() >= settings_.max.monitors) return false;
    if (group) {
        watchers_of_group_[*group].insert(ref);
    } else {
        watchers_of_all_.insert(ref);
    }
    watchers_.emplace(ref, watcher{process, std::move(group)});
    return true;
}

bool scope::remove_monitor(const reference& ref) {
    const auto it = watchers_.find(ref);
    if (it == watchers_.end()) return false;
    if (it->second.group) {
        const auto of_group = watchers_of_group_.find(*it->second.group);
        of_group->second.erase(ref);
        if (of_group->second.empty()) watchers_of_group_.erase(of_group);
    } else {
        watchers_of_all_.erase(ref);
    }
    watchers_.erase(it);
    return true;
}

void scope::tell_watchers(atom what, const term& group, const std::vector<pid>& pids) {
    const auto tell = [&](const std::unordered_set<reference>& refs) {
        for (const reference& ref : refs)
            say(send_to{watchers_.at(ref).process, change_message(ref, what, group, pids)});
    };
    tell(watchers_of_all_);
    const auto of_group = watchers_of_group_.find(group);
    if (of_group != watchers_of_group_.end()) tell(of_group->second);
}

// ---- questions

std::vector<pid> scope::members(term_view group) const {
    std::vector<pid> all = members_here(group);
    elsewhere_.append_members(group, all);
    return all;
}

std::vector<pid> scope::members_here(term_view group) const {
    const bag<pid>* const found = here_.find(group);
    return found == nullptr ? std::vector<pid>() : found->elements();
}

std::vector<term> scope::groups() const {
    std::vector<term> all;
    elsewhere_.append_groups(all);
    for (const auto& [group, pids] : here_.groups())
        if (!elsewhere_.has(group)) all.push_back(group);
    return all;
}

std::vector<term> scope::groups_here() const {
    std::vector<term> all;
    for (const auto& [group, pids] : here_.groups())
        all.push_back(group);
    return all;
}

std::vector<group_members> scope::all_here() const {
    std::vector<group_members> all;
    for (const auto& [group, pids] : here_.groups())
        all.emplace_back(group, pids.elements());
    return all;
}

std::vector<group_members> scope::all() const {
    std::vector<group_members> all;
    for (term& group : groups()) {
        auto pids = members(group);
        all.emplace_back(std::move(group), std::move(pids));
    }
    return all;
}

std::size_t scope::remote_memberships() const {
    std::size_t sum = 0;
    for (const auto& [name, node] : nodes_)
        sum += node.memberships;
    return sum;
}

}  // namespace rakka::pg_fsm
