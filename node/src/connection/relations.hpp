// Who on this node has a link, a monitor or a pending spawn with one peer: the list of whom to tell when it
// is lost.
#pragma once

#include "wire/control_message.hpp"

#include <rakka/etf/identifiers.hpp>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace rakka::detail {

/// Follows the control messages of one connection in both directions. It may name a process that has no
/// relation any more (which then is told in vain) but never misses one. Guarded by its connection's mutex.
class relations {
public:
    /// A control message is about to be encoded (or queued) for the peer.
    void sent(const wire::control_message& m);
    /// A control message of the peer is about to be delivered. Nothing is noted that a peer could only have
    /// made up: it must neither fill the table nor make a process of ours miss the end.
    void received(const wire::control_message& m);

    /// `child` was spawned here for the remote process `parent`, with the relations the peer asked for.
    void add_link(const pid& local, const pid& remote) { links_.try_emplace({local, remote}, 0); }
    void add_monitor(const reference& ref, const pid& local) {
        if (!ref.is_local()) monitors_[ref] = local;  // its own reference, that is
    }

    [[nodiscard]] std::size_t size() const noexcept { return links_.size() + monitors_.size(); }

    /// Every local process named, once each; empties the list.
    [[nodiscard]] std::vector<pid> take_local();

private:
    struct link_key {
        pid local;
        pid remote;
        friend bool operator==(const link_key&, const link_key&) noexcept = default;
    };
    struct link_hash {
        std::size_t operator()(const link_key& k) const noexcept {
            return std::hash<pid>{}(k.local) * 31 + std::hash<pid>{}(k.remote);
        }
    };

    // The value is the id of our own unlink that the peer has not acknowledged, 0 for an active link. [dist
    // §Link Protocol]
    std::unordered_map<link_key, std::uint64_t, link_hash> links_;
    // Monitors in both directions and pending spawn requests, by reference; the value is the local process.
    std::unordered_map<reference, pid> monitors_;
};

}  // namespace rakka::detail
