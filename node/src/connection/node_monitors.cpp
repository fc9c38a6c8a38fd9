#include "connection/node_monitors.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::detail {

namespace {

/// Nothing for who wants to know the name only.
std::optional<term> info_for(const monitor_nodes_options& o, const node_monitors::news& n) {
    const bool more = o.nodedown_reason || o.connection_id;
    if (!more && o.form == node_info_form::none) return std::nullopt;
    std::vector<std::pair<atom, term>> facts;
    if (o.connection_id) facts.emplace_back("connection_id"_a, n.connection);
    if (o.nodedown_reason && n.reason.has_value())
        facts.emplace_back("nodedown_reason"_a, term::copy(n.reason));
    facts.emplace_back("node_type"_a, n.hidden ? "hidden"_a : "visible"_a);
    if (o.form == node_info_form::map)
        return term(std::unordered_map<atom, term>(facts.begin(), facts.end()));
    return term(facts);
}

}  // namespace

void node_monitors::add(const pid& who, monitor_nodes_options options) {
    const std::lock_guard lock(mutex_);
    subscriptions_.push_back({who, options});
}

bool node_monitors::remove(const pid& who, monitor_nodes_options options) {
    const std::lock_guard lock(mutex_);
    const auto it = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                 [&](const subscription& s) { return s.who == who && s.options == options; });
    if (it == subscriptions_.end()) return false;
    subscriptions_.erase(it);
    return true;
}

void node_monitors::announce(system& sys, const news& n) {
    const std::lock_guard lock(mutex_);
    std::erase_if(subscriptions_, [&](const subscription& s) { return !sys.is_alive(s.who); });
    for (const subscription& s : subscriptions_) {
        if (s.options.type != node_type::all && (s.options.type == node_type::hidden) != n.hidden) continue;
        const auto info = info_for(s.options, n);
        sys.deliver_notice(s.who, info ? term(tuple(n.what, n.node, *info)) : term(tuple(n.what, n.node)));
    }
}

void node_monitors::watch(const pid& who, atom node) {
    const std::lock_guard lock(mutex_);
    watchers_.push_back({who, node});
}

bool node_monitors::unwatch(const pid& who, atom node) {
    const std::lock_guard lock(mutex_);
    const auto it = std::find_if(watchers_.begin(), watchers_.end(),
                                 [&](const watcher& w) { return w.who == who && w.node == node; });
    if (it == watchers_.end()) return false;
    watchers_.erase(it);
    return true;
}

void node_monitors::announce_lost(system& sys, atom node) {
    const std::lock_guard lock(mutex_);
    std::erase_if(watchers_, [&](const watcher& w) {
        if (w.node == node) sys.deliver_notice(w.who, term(tuple(atoms::known<"nodedown">, node)));
        return w.node == node || !sys.is_alive(w.who);
    });
}

}  // namespace rakka::detail
