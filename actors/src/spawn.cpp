#include "signal_delivery.hpp"
#include "start_process.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <stdexcept>
#include <utility>

namespace rakka {

namespace detail {

result<pid> start_process(system_core& core, process* parent, process_code code, const spawn_options& options,
                          monitor_request* monitor) {
    if (!core.admit()) return core.stopping.load() ? actors_errc::stopping : actors_errc::system_limit;
    worker_cache* const cache = core.cache();
    slot_list* const slots = cache == nullptr ? nullptr : &cache->slots;
    process* const fresh = core.table.claim(slots);
    if (fresh == nullptr) {
        core.process_ended();
        return actors_errc::system_limit;
    }
    const pid leader = options.group_leader.value_or(parent != nullptr ? parent->leader : core.nobody());
    fresh->begin({leader, options.priority});
    const pid child = fresh->pid();
    if (options.name && !core.names.claim(options.name, {fresh->slot, fresh->serial})) {
        core.table.give_back(*fresh, slots);
        core.process_ended();
        return actors_errc::name_taken;
    }
    fresh->body = std::move(code.body);
    fresh->handler = std::move(code.handler);
    if (parent != nullptr && options.link) {
        parent->relate().links.put(child, {});
        fresh->relate().links.put(parent->pid(), {});
    }
    if (parent != nullptr && monitor != nullptr) {
        monitor->made = parent->make_own_reference();
        parent->relate().monitors.put(monitor->made, {child, child});
        fresh->relate().watchers.put(monitor->made, {parent->pid(), {}});
        make_monitor_alias(*parent, monitor->made, monitor->options.alias);
    }
    fresh->inbox.open();
    fresh->identity.store(std::uint64_t{fresh->serial} << 32 | options.name.id(), std::memory_order_release);
    core.scheduling().start(*fresh);
    return child;
}

namespace {

monitored_process spawn_from_process(process_code code, const spawn_options& options,
                                     monitor_request* monitor) {
    process& self = current_process();
    const auto made = start_process(*self.system, &self, std::move(code), options, monitor);
    self.pay();
    if (made) return {*made, monitor == nullptr ? reference() : monitor->made};
    if (made.error() == actors_errc::name_taken) error(atoms::known<"badarg">);
    error(atoms::known<"system_limit">);
}

}  // namespace

pid spawn_here(std::unique_ptr<process_body> body, const spawn_options& options) {
    return spawn_from_process({std::move(body), nullptr}, options, nullptr).pid;
}
pid spawn_here(std::unique_ptr<message_handler> handler, const spawn_options& options) {
    return spawn_from_process({nullptr, std::move(handler)}, options, nullptr).pid;
}
monitored_process spawn_monitor_here(std::unique_ptr<process_body> body, const spawn_options& options,
                                     const monitor_options& monitor) {
    monitor_request request{monitor, {}};
    return spawn_from_process({std::move(body), nullptr}, options, &request);
}
monitored_process spawn_monitor_here(std::unique_ptr<message_handler> handler, const spawn_options& options,
                                     const monitor_options& monitor) {
    monitor_request request{monitor, {}};
    return spawn_from_process({nullptr, std::move(handler)}, options, &request);
}

}  // namespace detail

reference spawn_request(atom node, atom module, atom function, term arguments,
                        const spawn_request_options& options) {
    using namespace detail;
    process& self = current_process();
    system_core& core = *self.system;
    const reference ref = self.make_own_reference();
    self.relate().spawns.put(ref, {node});
    term wire = options.more.has_value() ? options.more : term(list());
    if (options.link) wire = cons(atoms::known<"link">, wire);
    if (options.monitor) wire = cons(atoms::known<"monitor">, wire);
    remote_router* const router = core.router.load(std::memory_order_acquire);
    if (router == nullptr) {
        core.facade.deliver_spawn_reply(ref, self.pid(), 0, atoms::known<"noconnection">);
    } else {
        const auto placed = router->spawn_request(ref, self.pid(), self.leader, node, module, function,
                                                  std::move(arguments), std::move(wire));
        self.related->spawns.find(ref)->connection = placed.connection;
        obey(self, placed.how);
    }
    self.pay();
    return ref;
}

}  // namespace rakka
