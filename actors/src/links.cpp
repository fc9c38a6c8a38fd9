#include "routing.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

namespace rakka {

using namespace detail;

namespace {

void answer_noproc(process& self, const pid& to) {
    if (!self.traps_exit) {
        self.related->links.erase(to);
        error(atoms::known<"noproc">);
    }
    send_exit_link(*self.system, to, self.pid(), term(atoms::known<"noproc">));
}

void link_to(process& self, const pid& p, const link_options& options) {
    system_core& core = *self.system;
    const pid to = localised(core, p);
    if (to == self.pid()) return;
    self.fetch();
    auto& links = self.relate().links;
    if (options.priority) self.messages.allow_priority();
    if (link_entry* const old = links.find(to); old != nullptr && old->active) {
        old->priority = options.priority;
        return;
    }
    links.put(to, {.priority = options.priority});
    if (is_here(core, to)) {
        if (find_alive(core, to) == nullptr) return answer_noproc(self, to);
        return deliver(core, to, make_control(core, signal_kind::link, self.pid()));
    }
    if (is_dead_incarnation(core, to)) return answer_noproc(self, to);
    remote_router* const router = core.router.load(std::memory_order_acquire);
    if (router == nullptr) return send_exit_link(core, to, self.pid(), term(atoms::known<"noconnection">));
    const auto placed = router->link(self.pid(), to);
    links.find(to)->connection = placed.connection;
    obey(self, placed.how);
}

void unlink_from(process& self, const pid& p) {
    system_core& core = *self.system;
    const pid to = localised(core, p);
    self.fetch();
    link_entry* const entry = self.related ? self.related->links.find(to) : nullptr;
    if (entry == nullptr || !entry->active) return;
    entry->active = false;
    entry->unlink_id = self.new_number();
    if (is_here(core, to)) {
        control_signal& s = make_control(core, signal_kind::unlink, self.pid());
        s.id = entry->unlink_id;
        deliver(core, to, s);
    } else if (remote_router* const router = core.router.load(std::memory_order_acquire)) {
        obey(self, router->unlink(self.pid(), to, entry->unlink_id));
    } else {
        self.related->links.erase(to);  // nobody will acknowledge it
    }
}

}  // namespace

void link(const pid& p, const link_options& options) {
    process& self = current_process();
    link_to(self, p, options);
    self.pay();
}

void unlink(const pid& p) {
    process& self = current_process();
    unlink_from(self, p);
    self.pay();
}

}  // namespace rakka
