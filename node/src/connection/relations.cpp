#include "connection/relations.hpp"

#include <string>
#include <unordered_set>

namespace rakka::detail {

using wire::control_kind;

void relations::erase(link_map::iterator link) {
    if (link == links_.end()) return;
    if (link->second.asked_for) --asked_for_;
    links_.erase(link);
}

void relations::erase(monitor_map::iterator monitor) {
    if (monitor == monitors_.end()) return;
    if (!monitor->first.is_local()) --asked_for_;
    monitors_.erase(monitor);
}

void relations::add_link(const pid& local, const pid& remote) {
    if (links_.try_emplace({local, remote}, link_state{0, true}).second) ++asked_for_;
}

void relations::add_monitor(const reference& ref, const pid& local) {
    if (monitors_.try_emplace(ref, local).second) ++asked_for_;
}

void relations::sent(const wire::control_message& m) {
    switch (m.kind) {
        case control_kind::link:
            links_[{m.from, m.to}].unlink_id = 0;
            break;
        case control_kind::unlink_id:
            if (const auto it = links_.find({m.from, m.to}); it != links_.end()) it->second.unlink_id = m.id;
            break;
        case control_kind::exit:
            erase(links_.find({m.from, m.to}));
            break;
        case control_kind::monitor:
        case control_kind::spawn_request:
            monitors_[m.ref] = m.from;
            break;
        case control_kind::demonitor:
        case control_kind::down:
            erase(monitors_.find(m.ref));
            break;
        default:
            break;
    }
}

/// Whether a message that asks for a relation may have it.
std::optional<wire::wire_error> relations::admit(const wire::control_message& m) const {
    if (m.kind != control_kind::link) {
        // Nobody makes references of somebody else's, nor uses one twice: counting relies on it.
        if (m.ref.is_local()) return wire::bad_control("a monitor or spawn by a reference of this node");
        if (monitors_.contains(m.ref)) return wire::bad_control("a monitor or spawn by a reference in use");
    } else if (links_.contains({m.to, m.from})) {
        return {};
    }
    const std::size_t more = m.kind == control_kind::spawn_request ? 2 : 1;
    if (asked_for_ + more <= max_asked_for_) return {};
    return wire::over_limit(
        "it holds " + std::to_string(asked_for_) +
        " links and monitors of processes here already (limit peer_limits::max_relations)");
}

std::optional<wire::wire_error> relations::received(wire::control_message& m) {
    if (m.to && !m.to.is_local()) return {};  // an earlier incarnation of this node
    switch (m.kind) {
        case control_kind::link:
            if (auto refused = admit(m)) return refused;
            add_link(m.to, m.from);
            break;
        case control_kind::monitor:
            if (auto refused = admit(m)) return refused;
            if (m.to) add_monitor(m.ref, m.to);
            break;
        case control_kind::spawn_request:
            return admit(m);
        case control_kind::unlink:
        case control_kind::exit:
        case control_kind::unlink_id:
            // With our own unlink under way the entry waits for the acknowledgement.
            if (const auto it = links_.find({m.to, m.from}); it != links_.end() && it->second.unlink_id == 0)
                erase(it);
            break;
        case control_kind::unlink_id_ack:
            if (const auto it = links_.find({m.to, m.from});
                it != links_.end() && it->second.unlink_id == m.id)
                erase(it);
            break;
        case control_kind::demonitor: {
            const auto it = m.ref.is_local() ? monitors_.end() : monitors_.find(m.ref);
            m.to = it == monitors_.end() ? pid{} : it->second;
            erase(it);
            break;
        }
        case control_kind::down:
            if (const auto it = monitors_.find(m.ref); it != monitors_.end() && it->second == m.to)
                if (m.ref.is_local()) erase(it);
            break;
        case control_kind::spawn_reply:
            if (const auto it = monitors_.find(m.ref); it != monitors_.end() && it->second == m.to) {
                if (m.from && (m.id & wire::spawn_reply_flag::link) != 0) links_.try_emplace({m.to, m.from});
                if (m.ref.is_local() && (!m.from || (m.id & wire::spawn_reply_flag::monitor) == 0)) erase(it);
            }
            break;
        default:
            break;
    }
    return {};
}

std::vector<pid> relations::take_local() {
    std::unordered_set<pid> found;
    for (const auto& [key, link] : links_)
        found.insert(key.local);
    for (const auto& [ref, local] : monitors_)
        found.insert(local);
    links_.clear();
    monitors_.clear();
    asked_for_ = 0;
    return {found.begin(), found.end()};
}

}  // namespace rakka::detail
