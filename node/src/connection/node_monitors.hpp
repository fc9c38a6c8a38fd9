// Who wants to hear of nodes that come and go.
#pragma once

#include <rakka/etf/term.hpp>
#include <rakka/node/node_monitor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace rakka {
class system;
}

namespace rakka::detail {

/// Any thread, except that announcements come from the I/O thread alone, which is what keeps them in order.
class node_monitors {
public:
    /// One subscription more for `who`. Erlang counts them too: as many remove() calls end them.
    void add(const pid& who, monitor_nodes_options options);
    /// Ends one subscription with these options; false when there is none.
    bool remove(const pid& who, monitor_nodes_options options);

    struct news {
        atom what;  ///< nodeup or nodedown
        atom node;
        bool hidden = false;
        std::uint64_t connection = 0;
        term_view reason{};  ///< of nodedown
    };
    /// Sends them to each subscriber, one message per subscription, in the form it asked for. Subscribers
    /// that are gone are dropped.
    void announce(system& sys, const news& n);

    /// The next loss of, or failure to reach, `node` is told to `who` as `{nodedown, Node}`. Erlang:
    /// monitor_node/2.
    void watch(const pid& who, atom node);
    bool unwatch(const pid& who, atom node);
    void announce_lost(system& sys, atom node);

private:
    struct subscription {
        pid who;
        monitor_nodes_options options;
    };
    struct watcher {
        pid who;
        atom node;
    };
    std::mutex mutex_;
    std::vector<subscription> subscriptions_;  // guarded by mutex_
    std::vector<watcher> watchers_;            // guarded by mutex_
};

}  // namespace rakka::detail
