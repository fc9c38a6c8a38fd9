// The process of one scope: turns messages into events of its machine, and actions into messages.
#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "services/caller_node.hpp"
#include "services/pg_processes.hpp"
#include "services/pg_service.hpp"
#include "services/post_reply.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

namespace rakka::detail {
namespace {

using namespace pg_fsm;

term error_answer(const term& why) {
    return tuple(atoms::known<"error">, why);
}

class pg_server final : public message_handler {
public:
    pg_server(std::shared_ptr<node_core> core, atom name, const pid& starter, const reference& ready)
        : core_(std::move(core)), name_(name), starter_(starter), ready_(ready) {}

    next init() override {
        scope_ = core_->pg->add({.name = name_, .self = self()});
        if (!scope_) return next::stop(term("shutdown"_a));
        core_->monitors.add(self(), nodes_to_hear_of);
        for (const atom node : visible_nodes(*core_))
            perform(scope_->change([&](scope& s) { return s.node_up(node); }));
        send(starter_, tuple(ready_, self()));
        return next::wait();
    }

    next handle(term message) override {
        try {
            on_message(message);
        } catch (const std::exception& e) {
            complain_of(std::string("a message to the scope ") + std::string(name_.text()) +
                        " could not be served: " + e.what());
        }
        return next::wait();
    }

    void terminate(term_view) noexcept override {
        core_->monitors.remove(self(), nodes_to_hear_of);
        core_->pg->remove(name_, self());
    }

private:
    static constexpr monitor_nodes_options nodes_to_hear_of{.type = node_type::visible};

    void on_message(const term& message) {
        if (message.is_tagged(atoms::known<"DOWN">, 5)) {
            if (const auto ref = message.tuple()[1].as<reference>()) on_down(*ref);
            return;
        }
        if (message.is_tagged(atoms::known<"nodeup">, 2)) return on_node(message, true);
        if (message.is_tagged(atoms::known<"nodedown">, 2)) return on_node(message, false);
        if (const auto call = gen::as_request(message)) {
            if (!call->label.is_atom(atoms::known<"$gen_call">)) return;
            if (const auto request = read_call(call->body))
                std::visit([&](const auto& r) { on(call->sender, r); }, *request);
            return;
        }
        if (const auto m = read_message(message))
            perform(scope_->change([&](scope& s) { return s.on_message(*m); }));
    }

    void on_node(const term& message, bool up) {
        const auto node = message.tuple()[1].as<atom>();
        if (!node) return;
        perform(scope_->change([&](scope& s) { return up ? s.node_up(*node) : s.node_down(*node); }));
    }

    void on_down(const reference& ref) {
        if (const auto watched = watched_.extract(ref)) {
            const pid who = watched.mapped();
            monitor_of_.erase(who);
            return perform(scope_->change([&](scope& s) { return s.process_ended(who); }));
        }
        scope_->change([&](scope& s) { return s.remove_monitor(ref); });
    }

    // ---- calls

    void answer(const from& to, const term& value) { post_reply(*core_, to, value); }

    /// Nothing: all are processes of this node.
    [[nodiscard]] std::optional<pid> stranger_among(const std::vector<pid>& pids) const {
        const auto it = std::find_if(pids.begin(), pids.end(), [&](const pid& p) {
            return !p.is_local() || p.creation != core_->sys.origin();
        });
        return it == pids.end() ? std::nullopt : std::optional(*it);
    }

    void on(const from& who, const join_call& c) {
        if (const auto stranger = stranger_among(c.pids))
            return answer(who, error_answer(tuple("nolocal"_a, *stranger)));
        actions todo;
        const bool done = scope_->change([&](scope& s) { return s.join(c.group, c.pids, todo); });
        perform(todo);
        answer(who, done ? term(atoms::known<"ok">) : error_answer(atoms::known<"system_limit">));
    }

    void on(const from& who, const leave_call& c) {
        actions todo;
        const bool done = scope_->change([&](scope& s) { return s.leave(c.group, c.pids, todo); });
        perform(todo);
        answer(who, term(done ? atoms::known<"ok"> : "not_joined"_a));
    }

    void on(const from& who, const monitor_call& c) {
        if (!is_near(who.client)) return;
        const reference ref = monitor(who.client);
        if (!scope_->change([&](scope& s) { return s.add_monitor(ref, who.client, c.group); })) {
            demonitor(ref);
            return answer(who, error_answer(atoms::known<"system_limit">));
        }
        answer(who, scope_->look([&](const scope& s) {
            return c.group ? term(tuple(ref, s.members(*c.group))) : scope_answer(ref, s.all());
        }));
    }

    void on(const from& who, const demonitor_call& c) {
        const bool done = scope_->change([&](scope& s) { return s.remove_monitor(c.ref); });
        if (done) demonitor(c.ref);
        answer(who, term(done ? atoms::known<"ok"> : atoms::known<"false">));
    }

    // ---- actions

    void perform(const actions& all) {
        for (const action& a : all)
            std::visit([this](const auto& one) { on(one); }, a);
    }

    void on(const send_to& a) {
        if (a.process.is_local()) return send(a.process, a.message);
        core_->outbound.post(self(), a.process, a.message);
    }
    void on(const send_to_scope& a) {
        core_->outbound.post(self(), registered_name{name_, a.node}, a.message);
    }
    void on(const watch& a) {
        if (a.on) {
            // A monitor would dial. The news of the loss of the node is on its way.
            if (!is_near(a.process)) return;
            const reference ref = monitor(a.process);
            watched_.emplace(ref, a.process);
            monitor_of_.insert_or_assign(a.process, ref);
        } else if (const auto known = monitor_of_.extract(a.process)) {
            demonitor(known.mapped());
            watched_.erase(known.mapped());
        }
    }
    void on(const complain& a) { complain_of(a.text); }

    [[nodiscard]] bool is_near(const pid& p) const {
        if (p.is_local()) return true;
        const auto c = core_->find(p.node);
        return c && c->phase() == connection_phase::up;
    }

    void complain_of(std::string text) const {
        core_->log(node_log_level::warning, {}, {}, {}, std::move(text));
    }

    const std::shared_ptr<node_core> core_;
    const atom name_;
    const pid starter_;
    const reference ready_;
    std::shared_ptr<pg_scope> scope_;
    std::unordered_map<reference, pid> watched_;  // members and peers
    std::unordered_map<pid, reference> monitor_of_;
};

}  // namespace

std::unique_ptr<message_handler> make_pg_scope(std::shared_ptr<node_core> core, atom scope,
                                               const pid& starter, const reference& ready) {
    return std::make_unique<pg_server>(std::move(core), scope, starter, ready);
}

}  // namespace rakka::detail
