// One control message of each kind, with and without what is optional: what the table-driven tests run over.
#pragma once

#include "wire/control_message.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/node/distribution_flags.hpp>

#include <vector>

namespace rakka::wire::test {

inline const atom own_name{"cpp@localhost"};
inline const atom peer_name{"a@localhost"};
inline constexpr std::uint32_t own_creation = 0x12345678, peer_creation = 0x6b029489;

/// As they look to the receiver when `own` is not known to the decoder: no local forms.
inline const pid own_pid{own_name, 1, 2, own_creation};
inline const pid peer_pid{peer_name, 100, 0, peer_creation};
inline const pid third_pid{atom{"third@localhost"}, 7, 8, 9};
inline const reference own_ref{own_name, own_creation, 5, {1, 2, 3, 4, 5}};
inline const reference peer_ref{peer_name, peer_creation, 3, {11, 12, 13}};

inline term trace_token() {
    return tuple(0, 17, 1, peer_pid, 0);
}
inline term sample_reason() {
    return tuple(atom{"bad_thing"}, list(1, 2, 3));
}

/// The message in form `op`, its fields filled as the table says. `token` for the forms that carry one.
inline control_message sample(const control_operation& o) {
    control_message m;
    m.kind = o.kind;
    m.op = o.op;
    for (const control_field f : o.fields) {
        switch (f) {
            case control_field::none:
            case control_field::unused:
                break;
            case control_field::peer_from:
            case control_field::peer_from_or_name:
            case control_field::any_from:
            case control_field::leader:
            case control_field::spawn_result:
                m.from = peer_pid;
                break;
            case control_field::to:
            case control_field::current_to:
            case control_field::any_to:
            case control_field::to_or_name:
            case control_field::action_to:
                m.to = own_pid;
                break;
            case control_field::name:
                m.name = atom{"calc"};
                break;
            case control_field::alias:
                m.ref = own_ref;
                break;
            case control_field::ref:
                m.ref = peer_ref;
                break;
            case control_field::token:
                m.token = trace_token();
                break;
            case control_field::reason:
                m.reason = sample_reason();
                break;
            case control_field::unlink_id:
                m.id = 0xfedcba9876543210;
                break;
            case control_field::reply_flags:
                m.id = spawn_reply_flag::link | spawn_reply_flag::monitor;
                break;
            case control_field::group_leader:
                m.group_leader = third_pid;
                break;
            case control_field::mfa:
                m.mfa = tuple(atom{"erpc"}, atom{"execute_call"}, 4);
                break;
            case control_field::options:
                m.options = list(atom{"monitor"}, tuple(atom{"priority"}, atom{"high"}));
                break;
            case control_field::action_flags:
                break;
        }
    }
    return m;
}

inline bool has_value(const term& t) {
    return t.has_value();
}

/// Equality for tests.
inline bool same(const control_message& a, const control_message& b) {
    return a.kind == b.kind && a.op == b.op && a.priority == b.priority && a.from == b.from && a.to == b.to &&
           a.ref == b.ref && a.id == b.id && a.name == b.name && a.token == b.token && a.reason == b.reason &&
           a.group_leader == b.group_leader && a.mfa == b.mfa && a.options == b.options;
}

/// Flags under which choose_operation picks `o`.
inline distribution_flags flags_for(const control_operation& o) {
    return flag_sets::wanted.without(o.without);
}

}  // namespace rakka::wire::test
