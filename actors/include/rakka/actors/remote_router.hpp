// What a node implements so that signals leave this system: one call per kind of signal that has a remote
// target.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/actors/trace_token.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>

namespace rakka {

/// Erlang's options of `erlang:send/3`, and priority (OTP 28).
struct send_flags {
    bool nosuspend = false;  ///< do not wait for a busy connection: give up instead
    bool noconnect = false;  ///< do not set up a connection: give up instead
    bool priority = false;   ///< before ordinary messages, when sent to a priority alias: see aliases.hpp
};

/// Carries signals to processes of other nodes (pid.node not empty, or another system of this program).
///
/// Called on the thread of the sending process, several at a time; must not block or throw. Order: calls made
/// by one process for one target must arrive in that order. Nothing is reported when a signal is lost with a
/// connection; instead a lost connection is announced with system::signal_nodedown to every process that has
/// a relation with that node. link(), monitor() and spawn_request() to a node that cannot be reached are
/// answered later with system::deliver_exit, deliver_down and deliver_spawn_reply, reason `noconnection`.
///
/// Connections have numbers, and a later one to the same node has a greater one. A relation is lost with the
/// connection it was made on: not with an older one, whose loss is still being told.
class remote_router {
public:
    virtual ~remote_router() = default;

    enum class outcome : std::uint8_t {
        ok,             ///< accepted (or silently lost, which a sender cannot tell)
        suspend,        ///< accepted, but the connection is busy: the sender waits for system::resume(sender)
        no_connection,  ///< not accepted: noconnect or nosuspend was asked for and could not be kept
    };

    /// What became of a signal that makes a relation.
    struct placed {
        outcome how = outcome::ok;
        std::uint64_t connection = 0;  ///< the one it was given to; 0 when there was none
    };

    virtual outcome send(const pid& from, const pid& to, term message, send_flags flags) = 0;
    virtual outcome send(const pid& from, const registered_name& to, term message, send_flags flags) = 0;
    virtual outcome send_alias(const pid& from, const reference& to, term message, send_flags flags) = 0;

    /// The same with a trace token. `to` is no bare name.
    virtual outcome send_traced(const pid& from, const destination& to, term message, send_flags flags,
                                const trace_token& token) = 0;

    /// A link broken by the end of `from`. [protocol: links]
    virtual outcome exit_link(const pid& from, const pid& to, term reason) = 0;
    virtual outcome exit_link_traced(const pid& from, const pid& to, term reason,
                                     const trace_token& token) = 0;
    /// An exit signal sent by `erlang:exit/2`.
    virtual outcome exit2(const pid& from, const pid& to, term reason) = 0;
    virtual placed link(const pid& from, const pid& to) = 0;
    virtual outcome unlink(const pid& from, const pid& to, std::uint64_t id) = 0;
    /// Must leave before any later signal from `from` to `to`.
    virtual outcome unlink_ack(const pid& from, const pid& to, std::uint64_t id) = 0;

    /// `target` is a pid or a {name, node}.
    virtual placed monitor(const pid& watcher, const monitor_target& target, const reference& ref) = 0;
    virtual outcome demonitor(const pid& watcher, const monitor_target& target, const reference& ref) = 0;
    /// `target` as the watcher gave it: a pid, or a bare name (an atom). `from` is the process that has
    /// ended, empty when nobody had the name: what it sent before arrives before.
    virtual outcome down(const pid& from, const monitor_target& target, const pid& watcher,
                         const reference& ref, term reason) = 0;

    /// `from` asks for it.
    virtual outcome group_leader(const pid& from, const pid& leader, const pid& member) = 0;

    /// `options` is the option list for the wire; `arguments` a proper list; `token` null: the request is not
    /// traced. Answered with deliver_spawn_reply.
    virtual placed spawn_request(const reference& ref, const pid& from, const pid& group_leader, atom node,
                                 atom module, atom function, term arguments, term options,
                                 const trace_token* token) = 0;
    /// flags: 1 = link set up, 2 = monitor set up; `answer` a pid or an error atom.
    virtual outcome spawn_reply(const reference& ref, const pid& to, std::uint32_t flags, term answer) = 0;

    /// An exit signal to the owner of an alias, as long as that is active.
    virtual outcome exit_alias(const pid& from, const reference& to, term reason, bool priority) {
        static_cast<void>(from), static_cast<void>(to), static_cast<void>(reason),
            static_cast<void>(priority);
        return outcome::ok;
    }

    /// A process of this system has ended and will send nothing more. Called once for each.
    virtual void process_gone(const pid& who) { static_cast<void>(who); }
};

}  // namespace rakka
