// Names, locks and what others ask for; the sessions with other nodes are in name_server_sessions.cpp.
#include "global/name_server.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

namespace rakka::global_fsm {

actions name_server::take() {
    for (const watched_pids::change& c : watched_.take_changes()) {
        if (c.watch && is_awaited(c.process)) {
            unwatched_[c.process.node].insert(c.process);
        } else if (c.watch || !forget_awaited(c.process)) {
            say(watch{c.process, c.watch});
        }
    }
    return std::exchange(out_, {});
}

/// We have heard of its node and are about to be connected to it. A monitor now could fail, and take a name
/// away, although the node comes a moment later; and with a node that is known no names are compared then.
bool name_server::is_awaited(const pid& p) const {
    return !p.is_local() && known_.contains(p.node) && !up_.contains(p.node);
}

/// False: it is watched.
bool name_server::forget_awaited(const pid& p) {
    const auto held = unwatched_.find(p.node);
    if (held == unwatched_.end() || held->second.erase(p) == 0) return false;
    if (held->second.empty()) unwatched_.erase(held);
    return true;
}

void name_server::watch_awaited(atom node) {
    const auto held = unwatched_.extract(node);
    if (!held) return;
    for (const pid& p : held.mapped())
        say(watch{p, true});
}

// ---- names

/// Who registers knows us, and has the lock on all nodes it tells. Else the call was meant for the node of
/// this name before this one, and nobody will tell us when the name goes: it would come back in the whole
/// cluster with our first exchange, as it does with OTP.
bool name_server::is_member(const pid& registrar) const {
    return registrar.is_local() || registrar.node == settings_.self || known_.contains(registrar.node);
}
bool name_server::lock_still_set(const pid& holder) const {
    return locks_.holds("global"_a, holder);
}

/// A locker does not have the lock on nodes that it has not heard of yet.
bool name_server::lock_still_set(const term& requester) const {
    const term_view lock = "global"_a;
    return locks_.is_set(lock) ? locks_.requester(lock) == requester : !locks_.global_lock_lost();
}

/// A registration that comes late, when whoever had the lock for it is gone, must not be kept: the others do
/// not have it.
void name_server::insert(registration r, std::optional<atom> external, bool still_set) {
    if (!still_set) {
        names_.erase(r.name);
    } else if (names_.insert(std::move(r), external)) {
        said_full_ = false;
    } else if (!std::exchange(said_full_, true)) {
        say(complain{
            fmt::format("global keeps {} names, the limit: further ones are not known here", names_.size()),
            true});
    }
}

void name_server::do_ops(const std::vector<name_op>& ops, const std::vector<external_name>& external,
                         const term& lock_requester) {
    const bool still_set = lock_still_set(lock_requester);
    std::unordered_map<term, const external_name*> elsewhere;
    for (const external_name& e : external)
        elsewhere.emplace(e.name, &e);
    for (const name_op& op : ops) {
        if (!op.inserts()) continue;
        const auto e = elsewhere.empty() ? elsewhere.end() : elsewhere.find(op.entry.name);
        const bool is_external = e != elsewhere.end() && e->second->process == op.entry.process;
        insert(op.entry, is_external ? std::optional(e->second->node) : std::nullopt, still_set);
    }
    for (const name_op& op : ops)
        if (!op.inserts()) names_.erase(op.entry.name);
}

actions name_server::process_ended(const pid& p) {
    watched_.ended(p);
    names_.process_ended(p);
    locks_.process_ended(p);
    return take();
}

// ---- calls

std::optional<term> name_server::registration_call(const from& who, const term& request) {
    const bool with_node = request.is_tagged("register_ext"_a, 5);
    if (with_node || request.is_tagged("register"_a, 4)) {
        const auto parts = request.tuple();
        const auto process = parts[2].as<pid>();
        const auto node = with_node ? parts[4].as<atom>() : result<atom>(atom());
        if (!process || !node) return {};
        insert({term::copy(parts[1]), *process, term::copy(parts[3])},
               with_node ? std::optional(*node) : std::nullopt,
               is_member(who.client) && lock_still_set(who.client));
        return term(atoms::known<"yes">);
    }
    if (request.is_tagged("unregister"_a, 2)) {
        names_.erase(request.tuple()[1]);
        return term(atoms::known<"ok">);
    }
    return {};
}

std::optional<term> name_server::lock_call(const from& who, const term& request) {
    const bool set = request.is_tagged("set_lock"_a, 2);
    if (!set && !request.is_tagged("del_lock"_a, 2)) return {};
    const auto id = read_lock_id(request.tuple()[1]);
    if (!id) return {};
    if (set) return term(locks_.set(*id, who.client));
    locks_.remove(*id, who.client);
    return term(true);
}

std::optional<term> name_server::query(const term& request) const {
    const auto nodes = [](const auto& some) {
        return list_of_terms(std::vector<term>(some.begin(), some.end()));
    };
    if (request.is_atom("get_known"_a)) return nodes(known());
    if (request.is_atom("get_synced"_a)) return nodes(synced_);
    if (request.is_atom("get_protocol_version"_a)) return term(own_version);
    if (request.is_atom("get_names_ext"_a)) return external_list(names_.external());
    if (request.is_atom("info"_a)) return info();
    return {};
}

/// The record that OTP's name server keeps, as people look at it who wonder what it is about.
term name_server::info() const {
    std::unordered_map<term, int> known;
    for (const auto& [node, version] : known_)
        known.emplace(node, version);
    for (const auto& [node, version] : pending_)
        known.emplace(tuple("pending"_a, node), version);
    std::vector<term> resolvers;
    for (const auto& [node, s] : sessions_)
        resolvers.push_back(tuple(node, s.my_tag, atoms::known<"undefined">));
    return tuple("state"_a, tuple("conf"_a, settings_.connect_all, settings_.prevent_overlapping_partitions),
                 term(known), list_of_terms(std::vector<term>(synced_.begin(), synced_.end())),
                 list_of_terms(resolvers), list(), settings_.self, settings_.locker, settings_.registrar,
                 "no_trace"_a, locks_.global_lock_lost());
}

actions name_server::on_call(const from& who, const term& request) {
    auto value = registration_call(who, request);
    if (!value) value = lock_call(who, request);
    if (!value) value = query(request);
    if (value) {
        say(answer{who, *std::move(value)});
    } else if (who.client.is_local()) {
        if (request.is_tagged("sync"_a, 2)) start_sync(who, request.share(request.tuple()[1]));
        if (request.is_atom("disconnect"_a)) leave(who);
    }
    return take();
}

void name_server::start_sync(const from& who, const term& nodes) {
    if (!nodes.is(kind::nil) && !nodes.is(kind::list)) return;
    node_set missing;
    for (const term_view t : nodes.list()) {
        const auto node = t.as<atom>();
        if (node && *node != settings_.self && !synced_.contains(*node)) missing.insert(*node);
    }
    if (missing.empty()) return say(answer{who, atoms::known<"ok">});
    for (const atom node : missing)
        if (!up_.contains(node)) say(reach{node});
    waiters_.add(who, std::move(missing));
}

void name_server::done_with(atom node) {
    for (from& who : waiters_.done_with(node))
        say(answer{std::move(who), atoms::known<"ok">});
}

void name_server::leave(const from& who) {
    std::vector<term> left;
    for (const atom node : up_) {
        part_with(node, parting::foreseen);
        say(disconnect{node});
        left.emplace_back(node);
    }
    say(answer{who, list_of_terms(left)});
}

std::vector<atom> name_server::known() const {
    std::vector<atom> nodes;
    for (const auto& [node, version] : known_)
        nodes.push_back(node);
    return nodes;
}

}  // namespace rakka::global_fsm
