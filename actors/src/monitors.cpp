#include "mailbox_limits.hpp"
#include "routing.hpp"
#include "start_process.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/pattern.hpp>

namespace rakka {

namespace detail {

void make_monitor_alias(process& self, const reference& ref, monitor_alias mode) {
    switch (mode) {
        case monitor_alias::none:
            break;
        case monitor_alias::explicit_unalias:
            self.relate().aliases.put(ref, {alias_mode::explicit_unalias});
            break;
        case monitor_alias::demonitor:
            self.relate().aliases.put(ref, {alias_mode::demonitor});
            break;
        case monitor_alias::reply_demonitor:
            self.relate().aliases.put(ref, {alias_mode::reply_demonitor});
            break;
    }
}

monitor_entry resolve(system_core& core, const monitor_target& target) {
    if (const auto* const p = std::get_if<pid>(&target)) {
        const pid local = localised(core, *p);
        return {.target = local, .resolved = local};
    }
    registered_name named;
    if (const auto* const name = std::get_if<atom>(&target)) {
        named = {*name, core.facade.node_name()};
    } else {
        named = std::get<registered_name>(target);
    }
    if (!is_here(core, named.node)) return {.target = named, .resolved = {}};
    const auto holder = core.names.find(named.name);
    // A name nobody has resolves to slot 0 with serial 0, which is never alive.
    return {.target = named, .resolved = {{}, holder.slot, holder.serial, core.origin}};
}

void post_monitor(system_core& core, const pid& watcher, const monitor_entry& m, const reference& ref,
                  signal_kind kind, term message) {
    control_signal& s = make_control(core, kind, watcher);
    set_term(s, std::move(message));
    s.ref = ref;
    if (const auto* const named = std::get_if<registered_name>(&m.target)) s.name = named->name;
    process* const target = find_alive(core, m.resolved);
    if (target == nullptr) return answer_for_dead(core, m.resolved, s);
    if (kind == signal_kind::call && target->bound.load(std::memory_order_relaxed) != nullptr &&
        !let_in(*target, m.resolved.serial, s)) [[unlikely]] {
        static_cast<void>(
            take_term(s));  // the request is lost, not what the caller hears of the server's end
        s.kind = signal_kind::monitor;
    }
    if (!post(*target, m.resolved.serial, s)) answer_for_dead(core, m.resolved, s);
}

remote_router::placed monitor_elsewhere(process& self, const monitor_entry& m, const monitor_target& as_given,
                                        const reference& ref) {
    system_core& core = *self.system;
    remote_router* const router = core.router.load(std::memory_order_acquire);
    if (router != nullptr && !is_dead_incarnation(core, m.resolved))
        return router->monitor(self.pid(), m.target, ref);
    const bool is_dead = is_dead_incarnation(core, m.resolved);
    send_down(core, {}, as_given, self.pid(), ref,
              term(is_dead ? atoms::known<"noproc"> : atoms::known<"noconnection">));
    return {};
}

namespace {

bool flush_down(process& self, const reference& ref) {
    for (signal* s = self.messages.first(); s != nullptr; s = s->next) {
        if (!is_down(ref, peek(*s))) continue;
        self.messages.remove(*s);
        static_cast<void>(self.consume(*s));
        return true;
    }
    return false;
}

}  // namespace

}  // namespace detail

using namespace detail;

namespace {

void place(process& self, const reference& ref, const monitor_entry& entry, const monitor_target& as_given,
           const term& tag) {
    system_core& core = *self.system;
    self.relate().monitors.put(ref, {entry, tag});
    if (is_local_target(core, entry)) {
        post_monitor(core, self.pid(), entry, ref);
    } else {
        const auto placed = monitor_elsewhere(self, entry, as_given, ref);
        self.related->monitors.find(ref)->connection = placed.connection;
        obey(self, placed.how);
    }
}

bool remove(process& self, const reference& ref) {
    self.fetch();
    if (!self.related) return false;
    const own_monitor* const m = self.related->monitors.find(ref);
    if (m != nullptr) {
        const monitor_entry gone = *m;
        self.related->monitors.erase(ref);
        send_demonitor(*self.system, self.pid(), gone.resolved, gone.target, ref);
    }
    end_alias_of_monitor(*self.related, ref);
    return m != nullptr;
}

}  // namespace

reference monitor(const monitor_target& target, const monitor_options& options) {
    process& self = current_process();
    monitor_entry entry = resolve(*self.system, target);
    entry.priority = options.priority;
    if (options.priority) self.messages.allow_priority();
    const reference ref = self.make_own_reference();
    make_monitor_alias(self, ref, options.alias);
    if (entry.resolved != self.pid()) place(self, ref, entry, target, options.tag);
    self.pay();
    return ref;
}

bool demonitor(const reference& ref, const demonitor_options& options) {
    process& self = current_process();
    const bool found = remove(self, ref);
    if (options.flush && !found) flush_down(self, ref);
    self.pay();
    return !options.info || found;
}

bool is_down(const reference& ref, term_view message) noexcept {
    if (!message.is_tuple(5)) return false;
    const tuple_view parts = message.tuple();
    return parts[2].is_atom(atoms::known<"process">) && etf::detail::is_reference(parts[1], ref);
}

}  // namespace rakka
