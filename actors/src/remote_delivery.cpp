// Signals that a node hands in for processes of this system.
#include "routing.hpp"
#include "tracing.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka {

using namespace detail;

namespace {

// `to` as the peer wrote it: an answer must name the target in the same form.
void hand_in(system_core& core, const pid& to, control_signal& s) {
    const pid target = localised(core, to);
    if (is_here(core, target)) {
        deliver(core, target, s);
    } else {
        answer_for_dead(core, to, s);
    }
}

control_signal& with_token_if(system_core& core, control_signal& s, const trace_token* token) {
    if (token == nullptr) return s;
    return with_token(core, s, *token, core.trace_epoch.load(std::memory_order_acquire));
}

}  // namespace

void system::deliver_message(const pid& to, term message) {
    const pid target = localised(*core_, to);
    if (is_here(*core_, target)) send_here(*core_, core_->cache(), target, std::move(message));
}

void system::deliver_to_name(atom name, term message) {
    send_name_here(*core_, name, std::move(message));
}

void system::deliver_alias(const reference& to, term message, bool priority) {
    const reference target = localised(*core_, to);
    if (is_here(*core_, target)) send_alias_here(*core_, target, std::move(message), priority);
}

void system::deliver_notice(const pid& to, term message) {
    const pid target = localised(*core_, to);
    if (is_here(*core_, target)) send_notice_here(*core_, core_->cache(), target, std::move(message));
}

void system::deliver_traced(const destination& to, term message, const trace_token& token, bool priority) {
    system_core& core = *core_;
    pid target;
    reference alias;
    if (const auto* const p = std::get_if<pid>(&to)) {
        target = localised(core, *p);
    } else if (const auto* const r = std::get_if<reference>(&to)) {
        alias = localised(core, *r);
        if (!is_here(core, alias) || alias.size != reference::max_words) return;
        target = {{}, alias.words[3], alias.words[4], core.origin};
    } else {
        const auto* const named = std::get_if<registered_name>(&to);
        const auto holder = core.names.find(named != nullptr ? named->name : std::get<atom>(to));
        target = {{}, holder.slot, holder.serial, core.origin};
    }
    if (!is_here(core, target)) return;
    control_signal& s = make_control(core, alias ? signal_kind::alias_message : signal_kind::message);
    s.ref = alias;
    s.id = priority ? 1 : 0;
    set_term(s, std::move(message));
    post_with_token(core, target, s, token, core.trace_epoch.load(std::memory_order_acquire));
}

void system::deliver_link(const pid& from, const pid& to) {
    hand_in(*core_, to, make_control(*core_, signal_kind::link, from));
}

void system::deliver_unlink(const pid& from, const pid& to, std::uint64_t id) {
    control_signal& s = make_control(*core_, signal_kind::unlink, from);
    s.id = id;
    hand_in(*core_, to, s);
}

void system::deliver_unlink_ack(const pid& from, const pid& to, std::uint64_t id) {
    control_signal& s = make_control(*core_, signal_kind::unlink_ack, from);
    s.id = id;
    hand_in(*core_, to, s);
}

void system::deliver_exit(const pid& from, const pid& to, term reason, const trace_token* token) {
    control_signal& s = make_control(*core_, signal_kind::exit_link, from);
    set_term(s, std::move(reason));
    hand_in(*core_, to, with_token_if(*core_, s, token));
}

void system::deliver_exit2(const pid& from, const pid& to, term reason, const trace_token* token) {
    control_signal& s = make_control(*core_, signal_kind::exit2, from);
    set_term(s, std::move(reason));
    hand_in(*core_, to, with_token_if(*core_, s, token));
}

void system::deliver_exit2(const pid& from, const reference& to, term reason, bool priority,
                           const trace_token* token) {
    const reference target = localised(*core_, to);
    if (!is_here(*core_, target) || target.size != reference::max_words) return;
    control_signal& s = make_control(*core_, signal_kind::exit2, from);
    s.ref = target;
    s.id = priority ? 1 : 0;
    set_term(s, std::move(reason));
    deliver(*core_, {{}, target.words[3], target.words[4], core_->origin}, with_token_if(*core_, s, token));
}

void system::deliver_monitor(const pid& watcher, const monitor_target& target, const reference& ref) {
    control_signal& s = make_control(*core_, signal_kind::monitor, watcher);
    s.ref = ref;
    if (const auto* const p = std::get_if<pid>(&target)) {
        hand_in(*core_, *p, s);
        return;
    }
    const auto* const bare = std::get_if<atom>(&target);
    s.name = bare != nullptr ? *bare : std::get<registered_name>(target).name;
    const auto holder = core_->names.find(s.name);
    deliver(*core_, {{}, holder.slot, holder.serial, core_->origin}, s);
}

void system::deliver_demonitor(const pid& watcher, const monitor_target& target, const reference& ref) {
    control_signal& s = make_control(*core_, signal_kind::demonitor, watcher);
    s.ref = ref;
    if (const auto* const p = std::get_if<pid>(&target)) {
        hand_in(*core_, *p, s);
        return;
    }
    // By name: the process may have lost the name since, so that only the name's present holder can be asked
    // …
    const auto* const bare = std::get_if<atom>(&target);
    const atom name = bare != nullptr ? *bare : std::get<registered_name>(target).name;
    const auto holder = core_->names.find(name);
    deliver(*core_, {{}, holder.slot, holder.serial, core_->origin}, s);
}

void system::deliver_down(const reference& ref, const pid& watcher, term reason) {
    control_signal& s = make_control(*core_, signal_kind::down);
    s.ref = localised(*core_, ref);
    set_term(s, std::move(reason));
    hand_in(*core_, watcher, s);
}

void system::deliver_group_leader(const pid& leader, const pid& member) {
    hand_in(*core_, member, make_control(*core_, signal_kind::group_leader, leader));
}

void system::deliver_spawn_reply(const reference& ref, const pid& to, std::uint32_t flags, term answer,
                                 const trace_token* token) {
    control_signal& s = make_control(*core_, signal_kind::spawn_reply);
    s.ref = localised(*core_, ref);
    s.id = flags;
    set_term(s, std::move(answer));
    hand_in(*core_, to, with_token_if(*core_, s, token));
}

void system::signal_nodedown(const pid& to, atom node, std::uint64_t connection_id) {
    control_signal& s = make_control(*core_, signal_kind::nodedown);
    s.name = node;
    s.id = connection_id;
    hand_in(*core_, to, s);
}

void system::resume(const pid& to) {
    hand_in(*core_, to, make_control(*core_, signal_kind::resume));
}

}  // namespace rakka
