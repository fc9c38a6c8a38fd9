// The processes beside global_name_server, which may wait for peers.
#include "connection/node_core.hpp"
#include "connection/node_time.hpp"
#include "global/lock_attempt.hpp"
#include "global/locker.hpp"
#include "global/name_exchange.hpp"
#include "random_bits.hpp"
#include "services/connect_wait.hpp"
#include "services/global_calls.hpp"
#include "services/global_processes.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/erpc.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace rakka::detail {

using namespace global_fsm;

// ---- the locker

namespace {

class locker_process {
public:
    locker_process(std::shared_ptr<node_core> core, const pid& server)
        : core_(std::move(core)), server_(server), machine_(core_->self(), self()) {}

    [[noreturn]] void run() {
        while (true) {
            if (const auto m = next_message()) {
                if (const auto* const order = native_cast<global_locker_order>(*m)) {
                    perform(machine_.on_event(order->event));
                } else if (const auto direct = read_direct(*m)) {
                    perform(machine_.on_event(*direct));
                }
            } else {
                const bool taken = core_->global->is_locked("global"_a);
                perform(machine_.timeout(taken, random_bits<std::size_t>()));
            }
        }
    }

private:
    /// Nothing: time is up.
    std::optional<term> next_message() {
        auto patience = machine_.patience();
        if (!patience) return receive();
        if (machine_.asks()) {  // one patience for each attempt, whoever else writes meanwhile
            const auto now = core_->sys.now();
            if (asking_for_ != machine_.attempt()) {
                asking_for_ = machine_.attempt();
                give_up_at_ = now + *patience;
            }
            patience = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(give_up_at_ - now),
                                std::chrono::milliseconds(0));
        }
        return receive_if([](term_view) { return true; }, *patience);
    }

    /// A locker that refuses us without knowing our tag writes to this process itself.
    static std::optional<locker_event> read_direct(const term& m) {
        const term as_cast = tuple(atoms::known<"$gen_cast">, m);
        const auto read = read_message(as_cast, {});
        const auto* const lock = read ? std::get_if<lock_set>(&*read) : nullptr;
        if (lock == nullptr || lock->tag) return {};
        return his_lock{lock->locker, lock->set, {}};
    }

    void perform(locker::steps todo) {
        while (!todo.empty()) {
            std::optional<bool> outcome;
            for (const locker::step& s : todo)
                if (const auto o = std::visit([this](const auto& one) { return on(one); }, s)) outcome = o;
            if (!outcome) return;
            take_known();
            todo = machine_.locked(*outcome);
        }
    }

    /// Who has become known while the locks were being set has to be locked as well.
    void take_known() {
        while (const auto m = receive_if(
                   [](term_view v) {
                       const auto* const order = native_cast<global_locker_order>(v);
                       return order != nullptr && (std::holds_alternative<known_added>(order->event) ||
                                                   std::holds_alternative<known_removed>(order->event));
                   },
                   std::chrono::nanoseconds(0)))
            static_cast<void>(machine_.on_event(native_cast<global_locker_order>(*m)->event));
    }

    using outcome = std::optional<bool>;
    outcome on(const locker::set_lock& s) const {
        return set_lock_on(*core_, s.id, s.nodes, s.look_here_first);
    }
    outcome on(const locker::del_lock& s) const {
        del_lock_on(s.id, s.nodes);
        return {};
    }
    outcome on(const locker::tell_server& s) const {
        send(server_, global_event{global_lock_is_set{s.node, s.my_tag, s.lock_requester}});
        return {};
    }
    outcome on(const locker::tell_locker& s) const {
        core_->outbound.post(self(), s.locker, s.message);
        return {};
    }
    outcome on(const cast_to& s) const {
        core_->outbound.post(self(), registered_name{atoms::known<"global_name_server">, s.node},
                             tuple(atoms::known<"$gen_cast">, s.body), true);
        return {};
    }

    std::shared_ptr<node_core> core_;
    pid server_;
    locker machine_;
    term asking_for_;
    std::chrono::nanoseconds give_up_at_{};
};

}  // namespace

void run_global_locker(const std::shared_ptr<node_core>& core, const pid& server) {
    locker_process(core, server).run();
}

// ---- the registrar

namespace {

/// Steps of a known_lock as calls.
class known_lock_process {
public:
    explicit known_lock_process(const node_core& core) : core_(core), machine_(core.self()) {}

    /// The locked nodes.
    const std::vector<atom>& take() {
        auto todo = machine_.begin(core_.global->known());
        while (true) {
            std::optional<bool> locked;
            bool again = false;
            for (const known_lock::step& s : todo) {
                if (std::holds_alternative<known_lock::done>(s)) return machine_.nodes();
                if (const auto* const set = std::get_if<known_lock::set_lock>(&s)) {
                    locked = set_lock_on(core_, id_, set->nodes, set->look_here_first);
                } else if (const auto* const del = std::get_if<known_lock::del_lock>(&s)) {
                    del_lock_on(id_, del->nodes);
                } else if (const auto* const wait = std::get_if<known_lock::pause>(&s)) {
                    random_pause(wait->longest);
                    again = true;
                }
            }
            todo = again ? machine_.begin(core_.global->known())
                         : machine_.locked(locked.value_or(false), core_.global->known());
        }
    }
    void release() {
        for (const known_lock::step& s : machine_.release())
            del_lock_on(id_, std::get<known_lock::del_lock>(s).nodes);
    }

private:
    const node_core& core_;
    const lock_id id_{term("global"_a), term(self())};
    known_lock machine_;
};

/// Erlang's register_name also refuses a process that has another name.
bool may_register(const node_core& core, const term& name, const term& process) {
    const auto holder = core.global->whereis(name);
    if (holder && (!holder->is_local() || core.sys.is_alive(*holder))) return false;
    const auto p = process.as<pid>();
    if (!p) return false;
    const auto names = core.global->names_of(*p);
    if (names.empty()) return true;
    core.log(node_log_level::error, {}, {}, {},
             "global: " + process.to_string() + " is not registered as " + name.to_string() +
                 ": it is registered as " + names.front().to_string() + " already");
    return false;
}

term make_change(const node_core& core, const term& request) {
    const bool fresh = request.is_tagged("register"_a, 4);
    const bool again = request.is_tagged("re_register"_a, 4);
    const bool external = request.is_tagged("register_ext"_a, 4);
    if (!fresh && !again && !external && !request.is_tagged("unregister"_a, 2)) return {};
    const auto part = [&](std::size_t i) { return request.share(request.tuple()[i]); };
    known_lock_process lock(core);
    const auto& nodes = lock.take();
    term answer = fresh || again || external ? atoms::known<"yes"> : atoms::known<"ok">;
    if (fresh && !may_register(core, part(1), part(2))) {
        answer = atoms::known<"no">;
    } else if (external && core.global->whereis(request.tuple()[1])) {
        answer = atoms::known<"no">;
    } else if (external) {
        static_cast<void>(multi_call(nodes, tuple("register_ext"_a, part(1), part(2), part(3), core.self())));
    } else if (fresh || again) {
        static_cast<void>(multi_call(nodes, tuple("register"_a, part(1), part(2), part(3))));
    } else {
        static_cast<void>(multi_call(nodes, request));
    }
    lock.release();
    return answer;
}

}  // namespace

void run_global_registrar(const std::shared_ptr<node_core>& core) {
    while (true) {
        const term message = receive();
        const auto call = gen::as_request(message);
        if (!call || !call->sender.client.is_local()) continue;
        if (term answer = make_change(*core, call->body); answer.has_value())
            reply(call->sender, std::move(answer));
    }
}

// ---- the others

void run_global_resolver(const std::shared_ptr<node_core>& core, const pid& server, atom node,
                         const term& my_tag, std::vector<registration> names) {
    name_exchange machine(core->self(), node, std::move(names));
    while (true) {
        const auto conflict =
            core->global->look([&](const name_server& s) { return machine.next(s.names()); });
        if (!conflict) break;
        const term theirs(conflict->theirs);
        const term ours(conflict->ours);
        if (conflict->ours.is_local()) {
            machine.answered(resolve_global_conflict(*core, conflict->method, conflict->name, theirs, ours));
        } else {
            const auto keeps = erpc::call(conflict->ours.node, "global"_a, "resolve_it"_a,
                                          list(conflict->method, conflict->name, theirs, ours));
            machine.answered(keeps ? std::optional(*keeps) : std::nullopt);
        }
    }
    send(server, global_event{global_exchanged{node, my_tag, machine.take_ops(), machine.take_peer_ops()}});
}

namespace {

/// Whether `up` comes to hold. Not to be reached has consequences for the whole cluster: that we do not dial,
/// or have to wait with it, does not count, since the node knows of us and may dial as well.
template <class Up>
bool reach(const std::shared_ptr<node_core>& core, atom node, Up up) {
    // Many may be waited for at once: looks become rare.
    constexpr std::chrono::milliseconds longest_between_looks{500};
    std::chrono::milliseconds between_looks{20};
    const auto end = core->sys.now() + core->options.net_setuptime;
    while (!core->stopping) {
        const bool may_dial = core->dials_by_itself() && !core->dials.is_barred(node) &&
                              !core->dials.failed_lately(node, now(*core));
        if (may_dial) {
            const auto done = connect_and_wait(core, node, dial_wish::of_a_signal);
            if (done) return true;
            // Too many attempts wait, or one has failed just now.
            const bool was_made =
                done.error() != node_errc::limit_exceeded && done.error() != node_errc::connection_lost;
            if (was_made) return up();
        }
        if (up()) return true;
        if (core->sys.now() >= end) return false;
        pause(between_looks);
        between_looks = std::min(2 * between_looks, longest_between_looks);
    }
    return false;
}

}  // namespace

void run_global_meeting(const std::shared_ptr<node_core>& core, const pid& server, atom node, bool for_sync) {
    const auto up = [&] {
        const auto c = core->find(node);
        return c && c->phase() == connection_phase::up;
    };
    if (!up() && !reach(core, node, up)) {
        send(server, global_event{global_unreachable{node, for_sync}});
    } else if (!for_sync) {
        send(server, global_event{global_met{node}});
    }
}

}  // namespace rakka::detail
