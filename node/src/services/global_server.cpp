// The process global_name_server: turns messages into events of its machine, and actions into messages.
#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "random_bits.hpp"
#include "services/global_processes.hpp"
#include "services/post_reply.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <exception>
#include <string>
#include <unordered_map>
#include <utility>

namespace rakka::detail {
namespace {

using namespace global_fsm;

class global_name_server final : public message_handler {
public:
    explicit global_name_server(std::shared_ptr<node_core> core) : core_(std::move(core)) {}

    next init() override {
        const pid me = self();
        locker_ = spawn_link([core = core_, me] { run_global_locker(core, me); });
        registrar_ = spawn_link([core = core_] { run_global_registrar(core); });
        constexpr unsigned bits = 59;  // what a small integer of a BEAM has
        core_->global->start({.self = core_->self(),
                              .locker = locker_,
                              .registrar = registrar_,
                              .connect_all = core_->options.connect_all,
                              .prevent_overlapping_partitions = core_->options.prevent_overlapping_partitions,
                              .incarnation = random_bits<std::uint64_t>() >> (64 - bits)});
        core_->monitors.add(me,
                            {.type = node_type::visible, .connection_id = true, .form = node_info_form::map});
        for (const auto& c : core_->connections.all())
            if (is_up(*c)) perform(server([&](name_server& s) { return s.node_up(c->node()); }));
        return next::wait();
    }

    next handle(term message) override {
        try {
            on_message(message);
        } catch (const std::exception& e) {
            complain_of(std::string("a message to global_name_server could not be served: ") + e.what(),
                        true);
        }
        return next::wait();
    }

private:
    template <class Work>
    actions server(Work work) {
        return core_->global->change(work);
    }
    [[nodiscard]] static bool is_up(const connection& c) {
        return c.phase() == connection_phase::up && !c.hidden();
    }

    void on_message(const term& message) {
        if (message.is_tagged(atoms::known<"DOWN">, 5)) {
            if (const auto ref = message.tuple()[1].as<reference>()) on_down(*ref);
            return;
        }
        if (const auto* const event = native_cast<global_event>(message))
            return std::visit([this](const auto& e) { on(e); }, event->what);
        if (message.is_tagged(atoms::known<"nodeup">, 3)) return on_node(message, true);
        if (message.is_tagged(atoms::known<"nodedown">, 3)) return on_node(message, false);
        if (const auto call = gen::as_request(message)) {
            if (!call->label.is_atom(atoms::known<"$gen_call">)) return;
            if (call->body.is_tagged("registrar"_a, 2) && call->sender.client.is_local())
                return send(registrar_, tuple(atoms::known<"$gen_call">, call->sender.to_term(),
                                              call->body.share(call->body.tuple()[1])));
            return perform(server([&](name_server& s) { return s.on_call(call->sender, call->body); }));
        }
        if (const auto m = read_message(message, {})) {
            const auto now = core_->sys.now();
            return perform(server([&](name_server& s) { return s.on_message(*m, now); }));
        }
        // In a session both have the lock of their whole clusters and wait for what follows.
        const auto sender = sender_of_session_message(message);
        if (sender && core_->global->look([&](const name_server& s) { return s.in_session(*sender); })) {
            complain_of(fmt::format("global at {} got a message of {} that it cannot read, and parts with it",
                                    core_->self().text(), sender->text()),
                        true);
            on(disconnect{*sender});
        }
    }

    void on_node(const term& message, bool up) {
        const auto node = message.tuple()[1].as<atom>();
        if (!node) return;
        if (up) {
            const auto c = core_->find(*node);
            const term_view info = message.tuple()[2];
            const auto id = info.is(kind::map) ? info.map().find("connection_id"_a) : std::nullopt;
            // That connection is gone again; another one has news of its own.
            if (!c || !is_up(*c) || !id || id->as<std::uint64_t>() != c->id()) return;
        }
        const auto now = core_->sys.now();
        perform(server([&](name_server& s) {
            if (core_->stopping) s.shutting_down();
            return up ? s.node_up(*node) : s.node_down(*node, now);
        }));
    }

    void on(const global_lock_is_set& e) {
        perform(server([&](name_server& s) { return s.lock_is_set(e.node, e.my_tag, e.requester); }));
    }
    void on(const global_exchanged& e) {
        perform(server([&](name_server& s) { return s.exchanged(e.node, e.my_tag, e.ops, e.peer_ops); }));
    }
    void on(const global_unreachable& e) {
        perform(server([&](name_server& s) {
            if (core_->stopping) s.shutting_down();
            return e.for_sync ? s.sync_failed(e.node) : s.unreachable(e.node);
        }));
    }

    void on(const global_met& e) {
        perform(server([&](name_server& s) { return s.met(e.node); }));
    }

    void on_down(const reference& ref) {
        if (const auto watched = by_monitor_.find(ref); watched != by_monitor_.end()) {
            const pid who = watched->second;
            by_monitor_.erase(watched);
            monitor_of_.erase(who);
            return perform(server([&](name_server& s) { return s.process_ended(who); }));
        }
        const auto resolver = resolvers_.find(ref);
        if (resolver == resolvers_.end()) return;
        const auto [node, tag] = resolver->second;
        resolvers_.erase(resolver);
        // Was it killed? Then the peer must not wait for ever with the lock set.
        const auto waits = [&, n = node, t = tag](const name_server& s) { return s.is_resolving(n, t); };
        if (core_->global->look(waits)) on(disconnect{node});
    }

    // ---- actions

    void perform(const actions& all) {
        for (const action& a : all)
            std::visit([this](const auto& one) { on(one); }, a);
    }

    void on(const cast_to& a) {
        core_->outbound.post(self(), registered_name{atoms::known<"global_name_server">, a.node},
                             tuple(atoms::known<"$gen_cast">, a.body), true);
    }
    void on(const send_to& a) {
        core_->outbound.post(self(), registered_name{atoms::known<"global_name_server">, a.node}, a.message);
    }
    /// A peer that does not read must not hold up all others.
    void on(const answer& a) { post_reply(*core_, a.to, a.value); }
    void on(const locker_event& e) { send(locker_, global_locker_order{e}); }
    void on(const start_resolver& a) {
        try {
            const auto made = spawn_monitor(
                [core = core_, me = self(), a] { run_global_resolver(core, me, a.node, a.tag, a.names); });
            resolvers_.emplace(made.ref, std::pair(a.node, a.tag));
            resolver_of_.insert_or_assign(a.node, made.pid);
        } catch (const process_exit&) {  // no room for a process
            on(disconnect{a.node});
        }
    }
    void on(const stop_resolver& a) {
        const auto running = resolver_of_.extract(a.node);
        if (running) rakka::exit(running.mapped(), atoms::known<"kill">);
    }
    void on(const meet& a) { start_meeting(a.node, false); }
    void on(const reach& a) { start_meeting(a.node, true); }
    void start_meeting(atom node, bool for_sync) {
        try {
            spawn([core = core_, me = self(), node, for_sync] {
                run_global_meeting(core, me, node, for_sync);
            });
        } catch (const process_exit&) {
            on(global_unreachable{node, for_sync});
        }
    }
    void on(const disconnect& a) {
        const auto c = core_->find(a.node);
        if (!c) return;
        core_->post([c] { c->lose(node_errc::connection_lost, "disconnected by global", "disconnect"_a); });
    }
    void on(const watch& a) {
        if (a.on) {
            const reference ref = monitor(a.process);
            by_monitor_.emplace(ref, a.process);
            monitor_of_.insert_or_assign(a.process, ref);
        } else if (const auto known = monitor_of_.extract(a.process)) {
            demonitor(known.mapped(), {.flush = true});
            by_monitor_.erase(known.mapped());
        }
    }
    void on(const complain& a) { complain_of(a.text, a.error); }

    void complain_of(std::string text, bool error) const {
        core_->log(error ? node_log_level::error : node_log_level::warning, {}, {}, {}, std::move(text));
    }

    std::shared_ptr<node_core> core_;
    pid locker_;
    pid registrar_;
    std::unordered_map<reference, pid> by_monitor_;
    std::unordered_map<pid, reference> monitor_of_;
    std::unordered_map<reference, std::pair<atom, term>> resolvers_;  // by monitor: of which attempt
    std::unordered_map<atom, pid> resolver_of_;
};

}  // namespace

std::unique_ptr<message_handler> make_global_name_server(std::shared_ptr<node_core> core) {
    return std::make_unique<global_name_server>(std::move(core));
}

}  // namespace rakka::detail
