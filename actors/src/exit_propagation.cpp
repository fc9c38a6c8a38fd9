#include "exit_propagation.hpp"

#include "engine/current.hpp"
#include "engine/worker.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"
#include "system_log.hpp"
#include "timer_records.hpp"
#include "tracing.hpp"

#include <cstdlib>

namespace rakka::detail {

namespace {

// The name is free before the process counts as gone: whoever learns of that by whatever way can register it.
void give_up_name(process& self) noexcept {
    std::uint64_t was = self.identity.load(std::memory_order_acquire);
    do {
        const atom name = atom::from_id(static_cast<std::uint32_t>(was));
        if (name) self.system->names.release(name, {self.slot, self.serial});
    } while (!self.identity.compare_exchange_weak(was, 0, std::memory_order_acq_rel));
}

void tell_relations(process& self, const pid& me, const term& reason) noexcept {
    system_core& core = *self.system;
    relations& r = *self.related;
    trace_state* const trace = trace_of(self);
    for (const auto& [peer, link] : r.links.entries()) {
        if (!link.active) continue;
        if (trace != nullptr) [[unlikely]] {
            send_exit_link_traced(self, *trace, peer, reason);
        } else {
            send_exit_link(core, me, peer, reason);
        }
    }
    for (const auto& [ref, m] : r.monitors.entries())
        send_demonitor(core, me, m.resolved, m.target, ref);
    if (const pending_call* const call = r.watched_call())
        send_demonitor(core, me, call->server.resolved, call->server.target,
                       self.own_reference(call->number));
    for (const auto& [ref, s] : r.spawns.entries())
        core.gone_parents.remember(ref, reason);
    r.watchers.for_each([&](const reference& ref, const watcher_entry& w) {
        send_down(core, me, w.name ? monitor_target(w.name) : monitor_target(me), w.watcher, ref, reason);
    });
}

// Signals that were on their way; their senders learn that nobody is here any more.
void drain_and_close(process& self) noexcept {
    system_core& core = *self.system;
    do {
        for (signal* s = self.inbox.take(); s != nullptr;) {
            signal* const following = s->next;
            answer_for_dead(core, pid{{}, self.slot, s->serial, core.origin}, *s);
            s = following;
        }
    } while (!self.inbox.try_close());
}

}  // namespace

void finish(process& self, const term& reason, slot_fate fate) noexcept {
    system_core& core = *self.system;
    const pid me = self.pid();
    self.state = process::phase::ending;
    if (core.log.wants_life(log_level::debug)) [[unlikely]]
        tell_ended(self, reason);
    if (mailbox_bound* const bound = self.bound.load(std::memory_order_relaxed)) bound->end();
    give_up_name(self);
    if (self.related) {
        self.related->handler_timeout.reset();
        if (self.related->call) self.related->call->timer.reset();
        message_timer::abandon_all(self);
        tell_relations(self, me, reason);
    }
    if (remote_router* const r = core.router.load(std::memory_order_acquire)) r->process_gone(me);
    drain_and_close(self);
    while (signal* const s = self.messages.pop())
        free_signal(core, *s);
    self.messages.forget_priority();
    self.related.reset();
    self.reason = term();
    if (fate == slot_fate::recycle) {
        leave_task();
        self.state = process::phase::free;
        core.table.give_back(self, core.cache() == nullptr ? nullptr : &core.cache()->slots);
    }
    core.process_ended();
}

void end_here(process& self, const term& reason) noexcept {
    self.final = true;
    const term why = self.doomed ? term(self.reason) : reason;
    finish(self, why, slot_fate::keep);
    if (self.body) self.body->left_standing(why);
    current_worker()->abandon_task();
    suspend_current([]() noexcept { return true; });
    std::abort();
}

}  // namespace rakka::detail
