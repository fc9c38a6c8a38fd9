#include "mailbox_limits.hpp"
#include "routing.hpp"
#include "tracing.hpp"
#include "watching.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka {

namespace detail {

namespace {

[[noreturn]] void no_such_name(atom name, term message) {
    static const atom send_name("send");
    exit(tuple(atoms::known<"badarg">,
               list(tuple(atoms::known<"erlang">, send_name, list(name, std::move(message)), list()))));
}

template <signal_kind Kind>
std::int32_t send_as(system_core& core, worker_cache* cache, const pid& to, term&& message) {
    process* const target = find_alive(core, to);
    if (target == nullptr) return 1;
    const std::int32_t cost = target->message_cost.load(std::memory_order_relaxed);
    core.count_message(cache);
    signal& s = make_message(core, cache, std::move(message));
    if constexpr (Kind != signal_kind::message) s.kind = Kind;
    if (target->bound.load(std::memory_order_relaxed) != nullptr && !let_in(*target, to.serial, s))
        [[unlikely]] {
        free_signal(core, s);
        return cost;
    }
    if (!post(*target, to.serial, s)) free_signal(core, s);
    return cost;
}

// What a process does that is unusual(): sends as it should, and learns of its end.
[[gnu::cold, gnu::noinline]] void send_unusually(process& self, const destination& to, term message) {
    if (self.watched) show_sent(self, to, message);
    if (trace_state* const t = trace_of(self)) {
        obey(self, send_anywhere_traced(self, *t, to, message, {}));
    } else if (const auto* const p = std::get_if<pid>(&to)) {
        send_here(*self.system, self.system->cache(), *p, std::move(message));
    } else {
        send_name_here(*self.system, std::get<atom>(to), std::move(message));
    }
    self.pay();  // whatever it costs others: an ended process may go on for a while
}

/// The same to anything but a bare name, of a process that is traced.
[[gnu::cold, gnu::noinline]] remote_router::outcome send_in_sight(process& self, const destination& to,
                                                                  term& message, send_flags flags) {
    if (self.watched) show_sent(self, to, message);
    trace_state* const t = trace_of(self);
    return t != nullptr ? send_anywhere_traced(self, *t, to, message, flags)
                        : send_anywhere(*self.system, self.pid(), to, message, flags);
}

}  // namespace

std::int32_t send_here(system_core& core, worker_cache* cache, const pid& to, term&& message) {
    return send_as<signal_kind::message>(core, cache, to, std::move(message));
}

void send_notice_here(system_core& core, worker_cache* cache, const pid& to, term message) {
    static_cast<void>(send_as<signal_kind::notice>(core, cache, to, std::move(message)));
}

bool send_notice(system_core& core, const destination& to, term message) {
    pid target;
    if (const auto* const p = std::get_if<pid>(&to)) {
        target = localised(core, *p);
    } else if (!std::holds_alternative<reference>(to)) {
        const auto* const named = std::get_if<registered_name>(&to);
        if (named == nullptr || is_here(core, named->node)) {
            const auto holder = core.names.find(named != nullptr ? named->name : std::get<atom>(to));
            if (holder.serial == 0) return named != nullptr;
            target = {{}, holder.slot, holder.serial, core.origin};
        }
    }
    if (target && is_here(core, target)) {
        send_notice_here(core, core.cache(), target, std::move(message));
        return true;
    }
    const auto outcome = send_anywhere(core, core.nobody(), to, message, {.nosuspend = true});
    return outcome != remote_router::outcome::no_connection;
}

void send_alias_here(system_core& core, const reference& to, term message, bool priority) {
    if (to.size != reference::max_words) return;
    const pid owner{{}, to.words[3], to.words[4], core.origin};
    process* const target = find_alive(core, owner);
    if (target == nullptr) return;
    control_signal& s = make_control(core, signal_kind::alias_message);
    s.ref = to;
    s.id = priority ? 1 : 0;
    set_term(s, std::move(message));
    if (target->bound.load(std::memory_order_relaxed) != nullptr && !let_arrive(*target, owner.serial, s))
        [[unlikely]] {
        free_signal(core, s);
        return;
    }
    if (!post(*target, owner.serial, s)) free_signal(core, s);
}

void exit_alias_here(system_core& core, const pid& from, const reference& to, term reason, bool priority) {
    if (to.size != reference::max_words) return;
    control_signal& s = make_control(core, signal_kind::exit2, from);
    s.ref = to;
    s.id = priority ? 1 : 0;
    set_term(s, std::move(reason));
    deliver(core, {{}, to.words[3], to.words[4], core.origin}, s);
}

bool send_name_here(system_core& core, atom name, term message) {
    const auto holder = core.names.find(name);
    if (holder.serial == 0) return false;
    send_here(core, core.cache(), {{}, holder.slot, holder.serial, core.origin}, std::move(message));
    return true;
}

remote_router::outcome send_anywhere(system_core& core, const pid& from, const destination& to, term& message,
                                     send_flags flags) {
    using outcome = remote_router::outcome;
    remote_router* const router = core.router.load(std::memory_order_acquire);
    if (const auto* const p = std::get_if<pid>(&to)) {
        const pid target = localised(core, *p);
        if (is_here(core, target)) {
            send_here(core, core.cache(), target, std::move(message));
        } else if (router != nullptr && !is_dead_incarnation(core, target)) {
            return router->send(from, target, std::move(message), flags);
        }
    } else if (const auto* const r = std::get_if<reference>(&to)) {
        const reference target = localised(core, *r);
        if (is_here(core, target)) {
            send_alias_here(core, target, std::move(message), flags.priority);
        } else if (router != nullptr) {
            return router->send_alias(from, target, std::move(message), flags);
        }
    } else if (const auto* const n = std::get_if<registered_name>(&to)) {
        if (is_here(core, n->node)) {
            send_name_here(core, n->name, std::move(message));
        } else if (router != nullptr) {
            return router->send(from, *n, std::move(message), flags);
        }
    }
    return outcome::ok;
}

}  // namespace detail

void send(const pid& to, term message) {
    using namespace detail;
    const auto [here, self] = where_am_i();
    system_core& core = *self.system;
    if (is_here(core, to)) [[likely]] {
        if (self.unusual()) [[unlikely]]
            return send_unusually(self, to, std::move(message));
        const std::int32_t cost = send_here(core, core.cache_of(here), to, std::move(message));
        self.pay_usually(here, cost);
    } else {
        static_cast<void>(send(destination(to), std::move(message), send_flags{}));
    }
}

void send(atom name, term message) {
    using namespace detail;
    const auto [here, self] = where_am_i();
    system_core& core = *self.system;
    const auto holder = core.names.find(name);
    if (holder.serial == 0) no_such_name(name, std::move(message));
    if (self.unusual()) [[unlikely]]
        return send_unusually(self, name, std::move(message));
    const std::int32_t cost = send_here(core, core.cache_of(here),
                                        {{}, holder.slot, holder.serial, core.origin}, std::move(message));
    self.pay_usually(here, cost);
}

void send(const registered_name& to, term message) {
    send(destination(to), std::move(message));
}

void send(const reference& alias, term message) {
    send(destination(alias), std::move(message));
}

void send(const destination& to, term message) {
    if (const auto* const p = std::get_if<pid>(&to)) return send(*p, std::move(message));
    static_cast<void>(send(to, std::move(message), send_flags{}));
}

send_result send(const destination& to, term message, send_flags flags) {
    using namespace detail;
    process& self = current_process();
    if (const auto* const name = std::get_if<atom>(&to)) {
        send(*name, std::move(message));
        return send_result::ok;
    }
    const auto how = self.traced ? send_in_sight(self, to, message, flags)
                                 : send_anywhere(*self.system, self.pid(), to, message, flags);
    if (how == remote_router::outcome::no_connection)
        return flags.noconnect ? send_result::noconnect : send_result::nosuspend;
    obey(self, how);
    self.pay();
    return send_result::ok;
}

}  // namespace rakka
