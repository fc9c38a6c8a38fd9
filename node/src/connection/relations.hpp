// Who on this node has a link, a monitor or a pending spawn with one peer: the list of whom to tell when it
// is lost.
#pragma once

#include "wire/control_message.hpp"
#include "wire/wire_error.hpp"

#include <rakka/etf/identifiers.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace rakka::detail {

/// Follows the control messages of one connection in both directions. It may name a process that has no
/// relation any more (which then is told in vain) but never misses one. Guarded by its connection's mutex.
class relations {
public:
    /// `max_asked_for`: links and monitors that the peer may have asked for at a time.
    explicit relations(std::size_t max_asked_for) noexcept : max_asked_for_(max_asked_for) {}

    /// Whether received() may have anything to do with such a message: it has not with those that only bring
    /// a term.
    [[nodiscard]] static constexpr bool concern(wire::control_kind k) noexcept {
        using wire::control_kind;
        return k != control_kind::send && k != control_kind::send_to_name && k != control_kind::send_to_alias;
    }

    /// A control message is about to be encoded (or queued) for the peer.
    void sent(const wire::control_message& m);
    /// A control message of the peer is about to be delivered. Nothing is noted that a peer could only have
    /// made up: it must neither fill the table nor make a process of ours miss the end. The end of a monitor
    /// gets the process that is monitored as its `to`, whatever the peer wrote (a name may have gone to
    /// somebody else since), or no `to` when there is no such monitor. Returns why the connection must be
    /// closed, if it must.
    [[nodiscard]] std::optional<wire::wire_error> received(wire::control_message& m);

    /// What the peer asked for by a message that has been received(): a link of `local`, spawned for
    /// `remote`.
    void add_link(const pid& local, const pid& remote);
    /// The same for a monitor of `local`, which was spawned or found by its name.
    void add_monitor(const reference& ref, const pid& local);

    [[nodiscard]] std::size_t size() const noexcept { return links_.size() + monitors_.size(); }
    /// Of these, what the peer asked for.
    [[nodiscard]] std::size_t asked_for() const noexcept { return asked_for_; }

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

    struct link_state {
        std::uint64_t unlink_id = 0;  // of our own unlink that the peer has not acknowledged; 0: active
        bool asked_for = false;       // by the peer
    };
    using link_map = std::unordered_map<link_key, link_state, link_hash>;
    using monitor_map = std::unordered_map<reference, pid>;

    void erase(link_map::iterator link);
    void erase(monitor_map::iterator monitor);
    [[nodiscard]] std::optional<wire::wire_error> admit(const wire::control_message& m) const;

    // [dist §Link Protocol]
    link_map links_;
    // Monitors in both directions and pending spawn requests, by reference; the value is the local process.
    // References of the peer's are those of its monitors.
    monitor_map monitors_;
    const std::size_t max_asked_for_;
    std::size_t asked_for_ = 0;
};

}  // namespace rakka::detail
