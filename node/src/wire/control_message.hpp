// The control messages of the distribution protocol: what they mean, and the one table of how they are
// written. [dist §Protocol between Connected Nodes]
#pragma once

#include <rakka/etf/term.hpp>
#include <rakka/node/distribution_flags.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace rakka::wire {

/// What a control message is about, whichever of its forms travelled. Comments name the fields of
/// control_message in use; [payload] is the term after it (in older forms of exit, exit2 and down an element
/// of the tuple).
enum class control_kind : std::uint8_t {
    send,           ///< (from) to, [message]. `from` is empty from peers without SEND_SENDER
    send_to_name,   ///< from, name, [message]
    send_to_alias,  ///< from, ref, [message]
    link,           ///< from, to
    unlink,         ///< from, to: the protocol before UNLINK_ID
    unlink_id,      ///< id, from, to
    unlink_id_ack,  ///< id, from, to
    exit,           ///< from, to, [reason]: the exit signal of a link
    exit2,          ///< from, to or name or ref, [reason]: exit/2; name and ref only with ALTACT_SIG
    monitor,        ///< from, to or name, ref
    demonitor,      ///< from, to or name, ref
    down,           ///< from or name, to, ref, [reason]
    group_leader,   ///< from = the new leader, to = the process that gets it
    spawn_request,  ///< ref, from = parent, group_leader, mfa, options, [argument list]
    spawn_reply,    ///< ref, to, id = flags, from = the child, or name = the error
};

/// The operation code: first element of the control tuple.
enum class control_op : std::uint8_t {
    link = 1,
    send = 2,
    exit = 3,
    unlink = 4,
    reg_send = 6,
    group_leader = 7,
    exit2 = 8,
    send_tt = 12,
    exit_tt = 13,
    reg_send_tt = 16,
    exit2_tt = 18,
    monitor_p = 19,
    demonitor_p = 20,
    monitor_p_exit = 21,
    send_sender = 22,
    send_sender_tt = 23,
    payload_exit = 24,
    payload_exit_tt = 25,
    payload_exit2 = 26,
    payload_exit2_tt = 27,
    payload_monitor_p_exit = 28,
    spawn_request = 29,
    spawn_request_tt = 30,
    spawn_reply = 31,
    spawn_reply_tt = 32,
    alias_send = 33,
    alias_send_tt = 34,
    unlink_id = 35,
    unlink_id_ack = 36,
    altact_sig_send = 37,
};

/// What an element of a control tuple is: names the rule it is read and written by.
enum class control_field : std::uint8_t {
    none,               ///< no further element
    unused,             ///< an atom that once was the cookie; anything is accepted, '' is written
    peer_from,          ///< pid of the peer's node
    any_from,           ///< pid of any node
    peer_from_or_name,  ///< pid of the peer's node, or an atom
    leader,             ///< pid of any node, into `from`
    to,                 ///< pid of this node, of any incarnation
    current_to,         ///< pid of this incarnation of this node: a link's exit sent to an older one ends the
                        ///< connection
    any_to,  ///< pid of any node; signals to others than this one are dropped by whoever looks the process up
    to_or_name,    ///< `to`, or an atom
    name,          ///< atom
    alias,         ///< reference, into `ref`
    ref,           ///< reference
    token,         ///< sequential trace token: see rakka/actors/trace_token.hpp
    reason,        ///< any term
    unlink_id,     ///< integer 1 … 2^64-1, into `id`
    group_leader,  ///< pid of any node
    mfa,           ///< {atom, atom, 0 … 255}
    options,       ///< proper list
    reply_flags,   ///< integer 0 … 2^27-1, into `id`
    spawn_result,  ///< pid of the peer's node into `from`, or an atom into `name`
    action_flags,  ///< the flags of operation 37; they decide what the rest is
    action_to,     ///< pid, atom or reference as the flags say
};

/// Flag bits of ALTACT_SIG_SEND. Others are ignored.
struct action_flag {
    static constexpr std::uint64_t priority = 1, token = 2, alias = 4, name = 8, exit = 16;
};

/// One row: how an operation is written.
struct control_operation {
    control_op op;
    control_kind kind;
    std::string_view name;  ///< as in OTP's documentation
    std::array<control_field, 6>
        fields;  ///< the elements after the operation code, `none` from the first unused one on
    bool has_payload;
    distribution_flags needs;    ///< may be sent only with all of these effective
    distribution_flags without;  ///< and is replaced by a newer form when one of these is

    /// Elements of the tuple, the operation code included.
    [[nodiscard]] constexpr std::size_t arity() const noexcept {
        std::size_t n = 1;
        while (n <= fields.size() && fields[n - 1] != control_field::none)
            ++n;
        return n;
    }
};

namespace detail {
using enum control_field;
using flag = distribution_flag;
inline constexpr distribution_flags monitors{flag::dist_monitor, flag::dist_monitor_name};
inline constexpr distribution_flags sender{flag::send_sender}, payload{flag::exit_payload},
    alias_flag{flag::alias}, spawning{flag::spawn}, unlink_ids{flag::unlink_id}, altact{flag::altact_sig};
}  // namespace detail

/// Every operation, by ascending code.
inline constexpr auto control_operations = [] {
    using namespace detail;
    using op = control_op;
    using kind = control_kind;
    return std::to_array<control_operation>({
        // clang-format off
        {op::link, kind::link, "LINK", {peer_from, to}, false, {}, {}},
        {op::send, kind::send, "SEND", {unused, any_to}, true, {}, sender},
        {op::exit, kind::exit, "EXIT", {peer_from, current_to, reason}, false, {}, payload},
        {op::unlink, kind::unlink, "UNLINK", {peer_from, to}, false, {}, unlink_ids},
        {op::reg_send, kind::send_to_name, "REG_SEND", {any_from, unused, name}, true, {}, {}},
        {op::group_leader, kind::group_leader, "GROUP_LEADER", {leader, any_to}, false, {}, {}},
        {op::exit2, kind::exit2, "EXIT2", {any_from, to, reason}, false, {}, payload},
        {op::send_tt, kind::send, "SEND_TT", {unused, any_to, token}, true, {}, sender},
        {op::exit_tt, kind::exit, "EXIT_TT", {peer_from, current_to, token, reason}, false, {}, payload},
        {op::reg_send_tt, kind::send_to_name, "REG_SEND_TT", {any_from, unused, name, token}, true, {}, {}},
        {op::exit2_tt, kind::exit2, "EXIT2_TT", {any_from, to, token, reason}, false, {}, payload},
        {op::monitor_p, kind::monitor, "MONITOR_P", {peer_from, to_or_name, ref}, false, monitors, {}},
        {op::demonitor_p, kind::demonitor, "DEMONITOR_P", {peer_from, to_or_name, ref}, false, monitors, {}},
        {op::monitor_p_exit, kind::down, "MONITOR_P_EXIT",
              {peer_from_or_name, to, ref, reason}, false, {}, payload},
        {op::send_sender, kind::send, "SEND_SENDER", {any_from, any_to}, true, sender, {}},
        {op::send_sender_tt, kind::send, "SEND_SENDER_TT", {any_from, any_to, token}, true, sender, {}},
        {op::payload_exit, kind::exit, "PAYLOAD_EXIT", {peer_from, current_to}, true, payload, {}},
        {op::payload_exit_tt, kind::exit, "PAYLOAD_EXIT_TT",
              {peer_from, current_to, token}, true, payload, {}},
        {op::payload_exit2, kind::exit2, "PAYLOAD_EXIT2", {any_from, to}, true, payload, {}},
        {op::payload_exit2_tt, kind::exit2, "PAYLOAD_EXIT2_TT", {any_from, to, token}, true, payload, {}},
        {op::payload_monitor_p_exit, kind::down, "PAYLOAD_MONITOR_P_EXIT",
              {peer_from_or_name, to, ref}, true, payload, {}},
        {op::spawn_request, kind::spawn_request, "SPAWN_REQUEST",
              {ref, peer_from, group_leader, mfa, options}, true, spawning, {}},
        {op::spawn_request_tt, kind::spawn_request, "SPAWN_REQUEST_TT",
              {ref, peer_from, group_leader, mfa, options, token}, true, spawning, {}},
        {op::spawn_reply, kind::spawn_reply, "SPAWN_REPLY",
              {ref, to, reply_flags, spawn_result}, false, spawning, {}},
        {op::spawn_reply_tt, kind::spawn_reply, "SPAWN_REPLY_TT",
              {ref, to, reply_flags, spawn_result, token}, false, spawning, {}},
        {op::alias_send, kind::send_to_alias, "ALIAS_SEND", {any_from, alias}, true, alias_flag, altact},
        {op::alias_send_tt, kind::send_to_alias, "ALIAS_SEND_TT",
              {any_from, alias, token}, true, alias_flag, altact},
        {op::unlink_id, kind::unlink_id, "UNLINK_ID",
              {control_field::unlink_id, peer_from, to}, false, unlink_ids, {}},
        {op::unlink_id_ack, kind::unlink_id_ack, "UNLINK_ID_ACK",
              {control_field::unlink_id, peer_from, to}, false, unlink_ids, {}},
        {op::altact_sig_send, kind::send, "ALTACT_SIG_SEND",
              {action_flags, any_from, action_to}, true, altact, {}},
        // clang-format on
    });
}();

inline constexpr std::uint8_t max_control_op = 37;

/// The row of an operation code, or null for a code that no node sends (5, 9, 38, …). Any thread.
constexpr const control_operation* find_operation(std::uint64_t code) noexcept {
    constexpr auto index = [] {
        std::array<std::uint8_t, max_control_op + 1> rows{};  // row number + 1
        for (std::size_t i = 0; i < control_operations.size(); ++i)
            rows[static_cast<std::size_t>(control_operations[i].op)] = static_cast<std::uint8_t>(i + 1);
        return rows;
    }();
    if (code > max_control_op || index[code] == 0) return nullptr;
    return &control_operations[index[code] - 1];
}

static_assert([] {
    for (std::size_t i = 1; i < control_operations.size(); ++i)
        if (control_operations[i - 1].op >= control_operations[i].op) return false;
    for (const control_operation& o : control_operations)
        if (find_operation(static_cast<std::uint64_t>(o.op)) != &o) return false;
    return control_operations.size() == 30;
}());

/// One control message, as a plain value: which fields mean something is said at its control_kind. Pids and
/// references of this node's present incarnation are in their local form (pid::is_local()), all others carry
/// node and creation.
struct control_message {
    control_kind kind = control_kind::send;
    control_op op =
        control_op::send;   ///< the form it came in; ignored when written, where flags and fields decide
    bool priority = false;  ///< priority message or signal (ALTACT_SIG)
    pid from;
    pid to;
    reference ref;
    std::uint64_t id = 0;
    term name;    ///< an atom, possibly one that is not in the atom table
    term token;   ///< sequential trace token as trace_token::to_term() has it; empty without
    term reason;  ///< what a form without payload carried in the tuple; see inbound_message::payload()
    pid group_leader;
    term mfa;
    term options;

    /// The atom in `name`; no atom when there is none or it is not in the table (nobody here can be
    /// registered as it).
    [[nodiscard]] atom known_name() const noexcept;
    /// Back to the default, keeping nothing alive.
    void reset() { *this = {}; }
};

/// Flags of SPAWN_REPLY in control_message::id.
struct spawn_reply_flag {
    static constexpr std::uint64_t link = 1, monitor = 2;
};

/// "SEND_SENDER"; "operation 99" for an unknown code. Any thread.
std::string operation_name(std::uint64_t code);
/// "link", "send to a name", … for logs. Any thread.
std::string_view to_string(control_kind k) noexcept;
/// The whole message on one line, without payload: for traces. Any thread.
std::string to_string(const control_message& m);

/// Whether a peer with these flags understands the token: without BIG_SEQTRACE_LABELS only one whose label is
/// an integer of 28 bits. Any thread.
[[nodiscard]] bool takes_token(distribution_flags effective, term_view token) noexcept;

/// The operation that carries `m` on a connection with these effective flags; nothing when the peer cannot be
/// told (an exit signal to an alias without ALTACT_SIG, a spawn without SPAWN, …). Any thread.
[[nodiscard]] std::optional<control_op> choose_operation(const control_message& m,
                                                         distribution_flags effective) noexcept;

}  // namespace rakka::wire
