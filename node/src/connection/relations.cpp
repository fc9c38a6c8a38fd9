#include "connection/relations.hpp"

#include <unordered_set>

namespace rakka::detail {

using wire::control_kind;

void relations::sent(const wire::control_message& m) {
    switch (m.kind) {
        case control_kind::link:
            links_[{m.from, m.to}] = 0;
            break;
        case control_kind::unlink_id:
            if (const auto it = links_.find({m.from, m.to}); it != links_.end()) it->second = m.id;
            break;
        case control_kind::exit:
            links_.erase({m.from, m.to});
            break;
        case control_kind::monitor:
        case control_kind::spawn_request:
            monitors_[m.ref] = m.from;
            break;
        case control_kind::demonitor:
        case control_kind::down:
            monitors_.erase(m.ref);
            break;
        default:
            break;
    }
}

void relations::received(const wire::control_message& m) {
    if (m.to && !m.to.is_local()) return;  // an earlier incarnation of this node
    const auto forget_monitor = [&](bool made_here) {
        const auto it = monitors_.find(m.ref);
        if (it == monitors_.end() || m.ref.is_local() != made_here) return;
        if (!made_here || it->second == m.to) monitors_.erase(it);
    };
    switch (m.kind) {
        case control_kind::link:
            add_link(m.to, m.from);
            break;
        case control_kind::unlink:
        case control_kind::exit:
        case control_kind::unlink_id:
            // With our own unlink under way the entry waits for the acknowledgement.
            if (const auto it = links_.find({m.to, m.from}); it != links_.end() && it->second == 0)
                links_.erase(it);
            break;
        case control_kind::unlink_id_ack:
            if (const auto it = links_.find({m.to, m.from}); it != links_.end() && it->second == m.id)
                links_.erase(it);
            break;
        case control_kind::monitor:
            if (m.to && !m.ref.is_local()) monitors_[m.ref] = m.to;
            break;
        case control_kind::demonitor:
            forget_monitor(false);
            break;
        case control_kind::down:
            forget_monitor(true);
            break;
        case control_kind::spawn_reply:
            if (const auto it = monitors_.find(m.ref); it == monitors_.end() || it->second != m.to) break;
            if (m.from && (m.id & wire::spawn_reply_flag::link) != 0) add_link(m.to, m.from);
            if (!m.from || (m.id & wire::spawn_reply_flag::monitor) == 0) forget_monitor(true);
            break;
        default:
            break;
    }
}

std::vector<pid> relations::take_local() {
    std::unordered_set<pid> found;
    for (const auto& [key, unlink] : links_)
        found.insert(key.local);
    for (const auto& [ref, local] : monitors_)
        found.insert(local);
    links_.clear();
    monitors_.clear();
    return {found.begin(), found.end()};
}

}  // namespace rakka::detail
