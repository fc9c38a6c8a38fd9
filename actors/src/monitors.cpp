#include "routing.hpp"
#include "start_process.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

namespace rakka {

namespace detail {

void make_monitor_alias(process& self, const reference& ref, monitor_alias mode) {
    switch (mode) {
        case monitor_alias::none:
            break;
        case monitor_alias::explicit_unalias:
            self.relate().aliases.put(ref, alias_mode::explicit_unalias);
            break;
        case monitor_alias::demonitor:
            self.relate().aliases.put(ref, alias_mode::demonitor);
            break;
        case monitor_alias::reply_demonitor:
            self.relate().aliases.put(ref, alias_mode::reply_demonitor);
            break;
    }
}

namespace {

// The same process in the form its system uses, and the target as 'DOWN' shows it.
monitor_entry resolve(system_core& core, const monitor_target& target) {
    if (const auto* const p = std::get_if<pid>(&target)) {
        const pid local = localised(core, *p);
        return {local, local};
    }
    registered_name named;
    if (const auto* const name = std::get_if<atom>(&target)) {
        named = {*name, core.facade.node_name()};
    } else {
        named = std::get<registered_name>(target);
    }
    if (!is_here(core, named.node)) return {named, {}};
    const auto holder = core.names.find(named.name);
    // A name nobody has resolves to slot 0 with serial 0, which is never alive.
    return {named, {{}, holder.slot, holder.serial, core.origin}};
}

bool is_local_target(const system_core& core, const monitor_entry& m) noexcept {
    return m.resolved.creation == core.origin && !m.resolved.node;
}

void post_monitor(system_core& core, const pid& watcher, const monitor_entry& m, const reference& ref) {
    control_signal& s = make_control(core, signal_kind::monitor, watcher);
    s.ref = ref;
    if (const auto* const named = std::get_if<registered_name>(&m.target)) s.name = named->name;
    deliver(core, m.resolved, s);
}

bool is_down_of(const signal& s, const reference& ref) {
    const term_view t = peek(s);
    if (!t.is_tagged(atoms::known<"DOWN">, 5)) return false;
    const auto found = t.tuple()[1].as<reference>();
    return found && *found == ref;
}

bool flush_down(process& self, const reference& ref) {
    for (signal* s = self.messages.first(); s != nullptr; s = s->next) {
        if (!is_down_of(*s, ref)) continue;
        self.messages.remove(*s);
        free_signal(*self.system, *s);
        return true;
    }
    return false;
}

}  // namespace

}  // namespace detail

using namespace detail;

reference monitor(const monitor_target& target, const monitor_options& options) {
    process& self = current_process();
    system_core& core = *self.system;
    const monitor_entry entry = resolve(core, target);
    // A nodedown that has arrived is about older monitors than this one.
    if (!is_local_target(core, entry)) self.fetch();
    const reference ref = self.make_own_reference();
    make_monitor_alias(self, ref, options.alias);
    if (entry.resolved == self.pid()) return ref;
    self.relate().monitors.put(ref, entry);
    remote_router* const router = core.router.load(std::memory_order_acquire);
    if (is_local_target(core, entry)) {
        post_monitor(core, self.pid(), entry, ref);
    } else if (is_dead_incarnation(core, entry.resolved)) {
        send_down(core, target, self.pid(), ref, term(atoms::known<"noproc">));
    } else if (router == nullptr) {
        send_down(core, target, self.pid(), ref, term(atoms::known<"noconnection">));
    } else {
        obey(self, router->monitor(self.pid(), entry.target, ref));
    }
    return ref;
}

bool demonitor(const reference& ref, const demonitor_options& options) {
    process& self = current_process();
    self.fetch();
    monitor_entry* const m = self.related ? self.related->monitors.find(ref) : nullptr;
    const bool found = m != nullptr;
    if (found) {
        const monitor_entry gone = *m;
        self.related->monitors.erase(ref);
        send_demonitor(*self.system, self.pid(), gone.resolved, gone.target, ref);
    }
    if (self.related) {
        const alias_mode* const mode = self.related->aliases.find(ref);
        if (mode != nullptr && (*mode == alias_mode::demonitor || *mode == alias_mode::reply_demonitor))
            self.related->aliases.erase(ref);
    }
    if (options.flush && !found) flush_down(self, ref);
    return !options.info || found;
}

}  // namespace rakka
