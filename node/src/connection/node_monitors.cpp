#include "connection/node_monitors.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>

namespace rakka::detail {

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

void node_monitors::announce(system& sys, atom what, atom node, bool hidden, term_view reason) {
    const atom type = hidden ? "hidden"_a : "visible"_a;
    const std::lock_guard lock(mutex_);
    std::erase_if(subscriptions_, [&](const subscription& s) { return !sys.is_alive(s.who); });
    for (const subscription& s : subscriptions_) {
        if (s.options.type != node_type::all && (s.options.type == node_type::hidden) != hidden) continue;
        if (!s.options.nodedown_reason) {
            sys.deliver_message(s.who, term(tuple(what, node)));
        } else if (reason.has_value()) {
            sys.deliver_message(s.who, term(tuple(what, node,
                                                  list(tuple("nodedown_reason"_a, term::copy(reason)),
                                                       tuple("node_type"_a, type)))));
        } else {
            sys.deliver_message(s.who, term(tuple(what, node, list(tuple("node_type"_a, type)))));
        }
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
        if (w.node == node) sys.deliver_message(w.who, term(tuple(atoms::known<"nodedown">, node)));
        return w.node == node || !sys.is_alive(w.who);
    });
}

}  // namespace rakka::detail
