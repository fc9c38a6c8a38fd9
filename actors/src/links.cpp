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

}  // namespace

void link(const pid& p) {
    process& self = current_process();
    system_core& core = *self.system;
    const pid to = localised(core, p);
    if (to == self.pid()) return;
    // A nodedown that has arrived is about older links than this one.
    self.fetch();
    link_entry& entry = self.relate().links.put(to, [&] {
        const link_entry* const old = self.related->links.find(to);
        return old == nullptr ? link_entry{false, 0} : *old;
    }());
    if (entry.active) return;
    entry = {};
    if (is_here(core, to)) {
        process* const target = find_alive(core, to);
        if (target == nullptr) {
            answer_noproc(self, to);
            return;
        }
        deliver(core, to, make_control(core, signal_kind::link, self.pid()));
        return;
    }
    remote_router* const router = core.router.load(std::memory_order_acquire);
    if (is_dead_incarnation(core, to)) {
        answer_noproc(self, to);
    } else if (router == nullptr) {
        send_exit_link(core, to, self.pid(), term(atoms::known<"noconnection">));
    } else {
        obey(self, router->link(self.pid(), to));
    }
}

void unlink(const pid& p) {
    process& self = current_process();
    system_core& core = *self.system;
    const pid to = localised(core, p);
    self.fetch();
    link_entry* const entry = self.related ? self.related->links.find(to) : nullptr;
    if (entry == nullptr || !entry->active) return;
    const std::uint64_t id = ++self.related->last_unlink_id;
    *entry = {false, id};
    if (is_here(core, to)) {
        control_signal& s = make_control(core, signal_kind::unlink, self.pid());
        s.id = id;
        deliver(core, to, s);
    } else if (remote_router* const router = core.router.load(std::memory_order_acquire)) {
        obey(self, router->unlink(self.pid(), to, id));
    }
}

}  // namespace rakka
