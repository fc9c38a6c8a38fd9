// What a process does with each kind of signal. Everything here runs in the process itself (owner), from
// fetch().
#include "await.hpp"
#include "mailbox_limits.hpp"
#include "process_record.hpp"
#include "question.hpp"
#include "signal_delivery.hpp"
#include "start_process.hpp"
#include "system_core.hpp"
#include "timer_records.hpp"
#include "watching.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <chrono>
#include <memory>

namespace rakka::detail {

namespace {

term exit_message(const pid& from, const term& reason) {
    return tuple(atoms::known<"EXIT">, from, reason);
}

term target_term(const monitor_target& target) {
    if (const auto* const p = std::get_if<pid>(&target)) return *p;
    const auto& named = std::get<registered_name>(target);
    return tuple(named.name, named.node);
}

}  // namespace

void process::handle_control(signal& s) noexcept {
    switch (s.kind) {
        case signal_kind::receive_timer:
            wait_timer::arrived(s);
            return;
        case signal_kind::call_timer:
            call_timer::arrived(s);
            return;
        case signal_kind::message_timer:
            message_timer::came_back(*this, s);
            return;
        case signal_kind::operation:
            operation_signal::take_in(s);
            return;
        case signal_kind::call:
            on_call(control(s));
            return;  // keeps the node
        case signal_kind::alias_message:
            on_alias_message(control(s));
            return;  // keeps the node
        case signal_kind::notice:
            messages.append(s);
            return;
        case signal_kind::traced:
            on_traced(control(s));
            return;  // keeps the node
        default:
            act_on(control(s));
            free_signal(*system, s);
    }
}

/// The kinds whose node is not needed afterwards.
void process::act_on(control_signal& c) noexcept {
    switch (c.kind) {
        case signal_kind::exit_link:
            on_exit_link(c);
            break;
        case signal_kind::exit2:
            on_exit2(c);
            break;
        case signal_kind::link:
            if (relate().links.find(c.from) == nullptr) related->links.put(c.from, {});
            break;
        case signal_kind::unlink:
            on_unlink(c);
            break;
        case signal_kind::unlink_ack:
            on_unlink_ack(c);
            break;
        case signal_kind::monitor:
            relate().watchers.put(c.ref, {c.from, c.name});
            break;
        case signal_kind::demonitor:
            if (related) related->watchers.erase(c.ref);
            break;
        case signal_kind::down:
            on_down(c);
            break;
        case signal_kind::call_reply:
            on_call_reply(c);
            break;
        case signal_kind::group_leader:
            leader = c.from;
            break;
        case signal_kind::spawn_reply:
            on_spawn_reply(c);
            break;
        case signal_kind::timer_request:
            on_timer_request(c);
            break;
        case signal_kind::info_request:
            on_info_request(c);
            break;
        case signal_kind::answer:
            on_answer(c);
            break;
        case signal_kind::nodedown:
            on_nodedown(c);
            break;
        case signal_kind::resume:
            ++resumes;
            break;
        case signal_kind::watch:
            begin_watching(*this, take_watch(c));
            break;
        case signal_kind::message:
        case signal_kind::alias_message:
        case signal_kind::call:
        case signal_kind::call_timer:
        case signal_kind::receive_timer:
        case signal_kind::message_timer:
        case signal_kind::operation:
        case signal_kind::notice:
        case signal_kind::traced:
            break;
    }
}

void process::on_exit_link(control_signal& s) noexcept {
    if (!related) return;
    const link_entry* const entry = related->links.find(s.from);
    if (entry == nullptr || !entry->active) return;
    const bool priority = entry->priority;
    related->links.erase(s.from);
    term why = take_term(s);
    if (traps_exit) {
        queue_for(s, exit_message(s.from, why), priority);
    } else if (!why.is_atom(atoms::known<"normal">)) {
        doom(std::move(why));
    }
}

void process::on_exit2(control_signal& s) noexcept {
    bool priority = false;
    if (s.ref) {
        const alias_entry* const alias = related ? related->aliases.find(s.ref) : nullptr;
        if (alias == nullptr) return;  // it has ended
        priority = alias->priority && s.id != 0;
    }
    term why = take_term(s);
    if (why.is_atom(atoms::known<"kill">)) {
        doom(atoms::known<"killed">);
    } else if (traps_exit) {
        queue_for(s, exit_message(s.from, why), priority);
    } else if (!why.is_atom(atoms::known<"normal">) || s.from == pid()) {
        doom(std::move(why));
    }
}

void process::on_call(control_signal& s) noexcept {
    relate().watchers.put_call(s.ref, s.from, s.name);
    s.kind = signal_kind::message;
    messages.append(s);
}

void process::on_call_reply(control_signal& s) noexcept {
    pending_call* const call = call_waiting_for(s.ref);
    if (call == nullptr) return;
    call->value = take_term(s);
    call->watched = false;
    call->state = pending_call::phase::replied;
}

void process::on_alias_message(control_signal& s) noexcept {
    pending_call* const call = peek(s).is_tuple(2) ? call_waiting_for(s.ref) : nullptr;
    const alias_entry* const found = related && call == nullptr ? related->aliases.find(s.ref) : nullptr;
    if (bound.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
        // Those for one message only are for replies, and what nobody waits for any more is lost anyway.
        const bool counts = found != nullptr && (found->mode == alias_mode::explicit_unalias ||
                                                 found->mode == alias_mode::demonitor);
        if (!taken_in(*this, s, !counts)) return free_signal(*system, s);
    }
    if (call != nullptr) {
        const term message = take_term(s);
        call->value = message.share(message.tuple()[1]);
        call->state = pending_call::phase::replied;
        free_signal(*system, s);
        return;
    }
    if (found == nullptr) {
        free_signal(*system, s);
        return;
    }
    const alias_entry alias = *found;
    if (alias.mode == alias_mode::reply_demonitor) {
        if (const own_monitor* const m = related->monitors.find(s.ref)) {
            send_demonitor(*system, pid(), m->resolved, m->target, s.ref);
            related->monitors.erase(s.ref);
        }
        related->aliases.erase(s.ref);
    } else if (alias.mode == alias_mode::reply) {
        related->aliases.erase(s.ref);
    }
    s.kind = signal_kind::message;
    if (alias.priority && s.id != 0) [[unlikely]] {
        messages.insert_priority(s);
    } else {
        messages.append(s);
    }
}

void process::on_unlink(control_signal& s) noexcept {
    // The acknowledgement goes out before anything else to that process. [protocol: links]
    send_unlink_ack(*system, pid(), s.from, s.id);
    if (!related) return;
    const link_entry* const entry = related->links.find(s.from);
    if (entry != nullptr && entry->active) related->links.erase(s.from);
}

void process::on_unlink_ack(control_signal& s) noexcept {
    const link_entry* const entry = related ? related->links.find(s.from) : nullptr;
    if (entry != nullptr && !entry->active && entry->unlink_id == s.id) related->links.erase(s.from);
}

void process::on_down(control_signal& s) noexcept {
    if (!related) return;
    if (pending_call* const call = call_waiting_for(s.ref)) {
        call->value = take_term(s);
        call->watched = false;
        call->state = pending_call::phase::down;
        return;
    }
    own_monitor* const m = related->monitors.find(s.ref);
    if (m == nullptr) return;
    const term what = target_term(m->target);
    const term tag = m->tag.has_value() ? std::move(m->tag) : term(atoms::known<"DOWN">);
    const bool priority = m->priority;
    related->monitors.erase(s.ref);
    end_alias_of_monitor(*related, s.ref);
    queue(tuple(tag, s.ref, atoms::known<"process">, what, take_term(s)), priority);
}

void process::on_spawn_reply(control_signal& s) noexcept {
    const pending_spawn* const found = related ? related->spawns.find(s.ref) : nullptr;
    if (found == nullptr) {
        undo_spawn(*system, pid(), s);  // nobody waits for it any more
        return;
    }
    const pending_spawn asked = *found;
    related->spawns.erase(s.ref);
    const term answer = take_term(s);
    const auto child = answer.as<rakka::pid>();
    if (!child) {
        related->aliases.erase(s.ref);
        answer_spawn(*this, s.ref, asked, atoms::known<"error">, answer, &s);
        return;
    }
    if ((s.id & 1) != 0)
        related->links.put(*child, {.priority = asked.priority_link, .connection = asked.connection});
    if ((s.id & 2) != 0) {
        related->monitors.put(s.ref, {{.target = *child,
                                       .resolved = *child,
                                       .priority = asked.priority_monitor,
                                       .connection = asked.connection},
                                      asked.monitor_tag});
    }
    answer_spawn(*this, s.ref, asked, atoms::known<"ok">, *child, &s);
}

void process::on_nodedown(const control_signal& s) noexcept {
    if (!related) return;
    const term why = atoms::known<"noconnection">;
    relations& r = *related;
    const auto lost = [&](atom node, std::uint64_t connection) {
        return node == s.name && connection <= s.id;
    };
    for (std::size_t i = r.links.size(); i-- > 0;) {
        const auto [peer, link] = r.links.at(i);
        if (!lost(node_of(peer), link.connection)) continue;
        r.links.erase_at(i);
        if (!link.active) continue;
        if (traps_exit) {
            queue(exit_message(peer, why), link.priority, signal_kind::message);
        } else {
            doom(why);
        }
    }
    const auto drop_monitors = [&](bool named) {
        for (std::size_t i = r.monitors.size(); i-- > 0;) {
            const auto& [ref, m] = r.monitors.at(i);
            const auto* const p = std::get_if<rakka::pid>(&m.target);
            if (named == (p != nullptr)) continue;
            const atom node = p != nullptr ? node_of(*p) : std::get<registered_name>(m.target).node;
            if (!lost(node, m.connection)) continue;
            control_signal& down = make_control(*system, signal_kind::down);
            down.ref = ref;
            set_term(down, why);
            on_down(down);
            free_signal(*system, down);
        }
    };
    drop_monitors(false);
    drop_monitors(true);
    pending_call* const call = r.watched_call();
    if (call != nullptr && call->state == pending_call::phase::waiting) {
        const auto* const p = std::get_if<rakka::pid>(&call->server.target);
        const atom node = p != nullptr ? node_of(*p) : std::get<registered_name>(call->server.target).node;
        if (lost(node, call->server.connection)) {
            call->value = why;
            call->watched = false;
            call->state = pending_call::phase::down;
        }
    }
    r.watchers.erase_if([&](const watcher_entry& w) { return node_of(w.watcher) == s.name; });
    for (std::size_t i = r.spawns.size(); i-- > 0;) {
        if (!lost(r.spawns.at(i).value.node, r.spawns.at(i).value.connection)) continue;
        control_signal& reply = make_control(*system, signal_kind::spawn_reply);
        reply.ref = r.spawns.at(i).key;
        set_term(reply, why);
        on_spawn_reply(reply);
        free_signal(*system, reply);
    }
}

void process::on_info_request(control_signal& s) noexcept {
    control_signal& a = make_control(*system, signal_kind::answer, pid());
    a.ref = s.ref;
    // Whoever sent the exit signal first and asks then must find the process gone, though it may still
    // unwind.
    if (!doomed) {
        if (s.id == info_question::information)
            a.id = reinterpret_cast<std::uint64_t>(new process_information(describe()));
        set_term(a, s.id == info_question::messages ? messages_of(*this) : term(atoms::known<"true">));
    }
    deliver(*system, s.from, a);
}

void process::on_timer_request(control_signal& s) noexcept {
    control_signal& a = make_control(*system, signal_kind::answer, pid());
    a.ref = s.ref;
    reference timer;
    timer.creation = system->origin;
    timer.size = reference::max_words;
    timer.words = {s.ref.words[2], s.ref.words[3], s.ref.words[4], slot, serial};
    message_timer* const found = message_timer::find(*this, timer);
    if (found != nullptr) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(found->deadline() - system->now());
        const bool counts = s.id == 0 || message_timer::cancel(*this, system->cache(), *found);
        if (counts) set_term(a, term(std::max<std::int64_t>(left.count(), 0)));
    }
    deliver(*system, s.from, a);
}

void process::on_answer(control_signal& s) noexcept {
    std::unique_ptr<process_information> information(reinterpret_cast<process_information*>(s.id));
    const std::uint64_t number = std::uint64_t{s.ref.words[0]} << 32 | s.ref.words[1];
    pending_question* const mine = related ? related->question() : nullptr;
    if (mine == nullptr || mine->number != number) return;
    mine->answered = true;
    mine->value = take_term(s);
    mine->information = std::move(information);
}

}  // namespace rakka::detail
