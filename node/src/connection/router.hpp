// The way out: turns what processes do to remote ones into control messages of the right connection.
#pragma once

#include "connection/connection.hpp"

#include <rakka/actors/remote_router.hpp>

namespace rakka::detail {

struct node_core;

/// Any thread. Lives as long as the system may call it, which is longer than its node.
class router final : public remote_router {
public:
    explicit router(node_core& core) noexcept : core_(core) {}

    [[nodiscard]] node_core& core() const noexcept { return core_; }
    /// A message of a process that must not wait for a peer that does not read, to a process of another node
    /// or a name there. What cannot be sent at once is queued, up to node_options::max_outbound_bytes. Lost
    /// where no connection is up; with `connect` one is made on first use, as by any message. A bare name is
    /// no destination.
    void post(const pid& from, const destination& to, term message, bool connect = false);

    outcome send(const pid& from, const pid& to, term message, send_flags flags) override;
    outcome send(const pid& from, const registered_name& to, term message, send_flags flags) override;
    outcome send_alias(const pid& from, const reference& to, term message, send_flags flags) override;
    outcome send_traced(const pid& from, const destination& to, term message, send_flags flags,
                        const trace_token& token) override;
    outcome exit_link(const pid& from, const pid& to, term reason) override;
    outcome exit_link_traced(const pid& from, const pid& to, term reason, const trace_token& token) override;
    outcome exit2(const pid& from, const pid& to, term reason) override;
    outcome exit_alias(const pid& from, const reference& to, term reason, bool priority) override;
    placed link(const pid& from, const pid& to) override;
    outcome unlink(const pid& from, const pid& to, std::uint64_t id) override;
    outcome unlink_ack(const pid& from, const pid& to, std::uint64_t id) override;
    placed monitor(const pid& watcher, const monitor_target& target, const reference& ref) override;
    outcome demonitor(const pid& watcher, const monitor_target& target, const reference& ref) override;
    outcome down(const pid& from, const monitor_target& target, const pid& watcher, const reference& ref,
                 term reason) override;
    outcome group_leader(const pid& from, const pid& leader, const pid& member) override;
    placed spawn_request(const reference& ref, const pid& from, const pid& group_leader, atom node,
                         atom module, atom function, term arguments, term options,
                         const trace_token* token) override;
    outcome spawn_reply(const reference& ref, const pid& to, std::uint32_t flags, term answer) override;

private:
    /// What a signal may set going.
    enum class contact {
        connect,        ///< a new connection
        only_if_known,  ///< nothing: what came before it waits, or is sent, or is lost
        only_if_up,     ///< nothing, and it does not even wait
    };

    outcome send_signal(atom node, outbound_signal s, send_flags flags, const pid& from);
    outcome other_signal(atom node, outbound_signal s, contact how);
    outcome other_signal(atom node, outbound_signal s, contact how, const pid& from);
    placed relation(atom node, outbound_signal s);
    submitted submit(atom node, outbound_signal& s, const pid& sender, when_busy busy, contact how,
                     std::uint64_t* taken_by = nullptr);
    void answer_unreachable(const outbound_signal& s);

    node_core& core_;
};

}  // namespace rakka::detail
