#include "tracing.hpp"

#include "mailbox_limits.hpp"
#include "question.hpp"
#include "routing.hpp"
#include "trace_time.hpp"
#include "watching.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace rakka::detail {

namespace {

constexpr std::int64_t most_serial = (std::int64_t{1} << 59) - 1;

std::uint32_t epoch_of(const system_core& core) noexcept {
    return core.trace_epoch.load(std::memory_order_acquire);
}

trace_state* state_of(const process& self) noexcept {
    return self.related && self.related->seldom ? self.related->seldom->trace.get() : nullptr;
}

std::int64_t flag_of(trace_event what) noexcept {
    switch (what) {
        case trace_event::send:
            return trace_token::send;
        case trace_event::receive:
            return trace_token::receive;
        case trace_event::print:
            return trace_token::print;
    }
    return 0;
}

atom name_of(trace_event what) noexcept {
    static const atom send("send"), receive("receive"), print("print");
    return what == trace_event::send ? send : what == trace_event::receive ? receive : print;
}

}  // namespace

pid tracer_of(const system_core& core) noexcept {
    const std::uint64_t packed = core.system_tracer.load(std::memory_order_acquire);
    const pid who{
        {}, static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32), core.origin};
    return packed != 0 && find_alive(core, who) != nullptr ? who : pid();
}

trace_state* token_of(process& self) noexcept {
    trace_state* const t = state_of(self);
    if (t != nullptr && t->epoch == epoch_of(*self.system)) return t;
    self.set_token(false);
    return nullptr;
}

trace_state& make_trace(process& self) {
    auto& state = self.relate().occasionally().trace;
    if (!state) state = std::make_unique<trace_state>();
    if (const std::uint32_t now = epoch_of(*self.system); state->epoch != now) {
        *state = {};
        state->epoch = now;
        self.set_token(false);
    }
    return *state;
}

const trace_token& count(process& self, trace_state& t) {
    if (tracer_of(*self.system) == self.pid()) return t.token;
    t.clock = t.clock == most_serial ? -most_serial - 1 : t.clock + 1;
    t.token.from = self.pid();
    t.token.serial = t.clock;
    t.token.previous = t.received;
    return t.token;
}

void tell_tracer(system_core& core, const process* who, trace_event what, const trace_token& token,
                 const term& to, term_view message) {
    static const atom seq_trace("seq_trace");
    if ((token.flags & flag_of(what)) == 0) return;
    const pid tracer = tracer_of(core);
    if (!tracer || (who != nullptr && tracer == who->pid())) return;
    const term info =
        tuple(name_of(what), tuple(token.previous, token.serial), token.from, to, copy_of(message));
    const term time = trace_time(core, token.flags);
    send_notice_here(core, core.cache(), tracer,
                     time.has_value() ? term(tuple(seq_trace, token.label, info, time))
                                      : term(tuple(seq_trace, token.label, info)));
}

control_signal& with_token(system_core& core, control_signal& s, const trace_token& token,
                           std::uint32_t epoch) {
    auto* const out = new traced_signal{s, token, epoch, s.kind};
    out->kind = signal_kind::traced;
    out->storage = signal_storage::traced;
    out->marks |= traced_mark;
    s.value = etf::detail::no_word;
    s.owner = nullptr;
    free_signal(core, s);
    return *out;
}

void free_traced(signal& s) noexcept {
    delete &traced(s);
}

void post_with_token(system_core& core, const pid& to, control_signal& s, const trace_token& token,
                     std::uint32_t epoch) {
    control_signal& out = with_token(core, s, token, epoch);
    process* const target = find_alive(core, to);
    const auto is_let_in = [&] {
        if (target->bound.load(std::memory_order_relaxed) == nullptr) return true;
        switch (traced(out).inner) {
            case signal_kind::message:
                return let_in(*target, to.serial, out);
            case signal_kind::alias_message:
                return let_arrive(*target, to.serial, out);
            default:
                return true;
        }
    };
    if (target == nullptr || !is_let_in() || !post(*target, to.serial, out)) free_signal(core, out);
}

void receive_with_token(process& self, const trace_token& token, term_view message) {
    trace_state& t = make_trace(self);
    t.token = token;
    t.received = token.serial;
    t.clock = std::max(t.clock, token.serial);
    t.by_reply = true;
    self.set_token(true);
    tell_tracer(*self.system, &self, trace_event::receive, token, self.pid(), message);
}

void process::special_message_received(signal& s) noexcept {
    if ((s.marks & counted_mark) != 0) counted_message_received(*this);
    if ((s.marks & priority_mark) != 0) messages.priority_taken(s);
    if ((s.marks & traced_mark) != 0 && detail::traced(s).epoch == epoch_of(*system)) {
        receive_with_token(*this, detail::traced(s).token, peek(s));
    } else if (s.kind != signal_kind::notice) {
        set_token(false);
    }
    if (watched) show_received(*this, peek(s));
}

void process::queue_for(signal& cause, term message, bool priority) noexcept {
    if ((cause.marks & traced_mark) == 0) return queue(std::move(message), priority, signal_kind::message);
    control_signal& plain = make_control(*system, signal_kind::message);
    set_term(plain, std::move(message));
    const traced_signal& from = detail::traced(cause);
    control_signal& s = with_token(*system, plain, from.token, from.epoch);
    s.kind = signal_kind::message;
    if (priority) {
        messages.insert_priority(s);
    } else {
        messages.append(s);
    }
}

void process::on_traced(control_signal& s) noexcept {
    const traced_signal& t = detail::traced(s);
    s.kind = t.inner;
    if (s.kind == signal_kind::message) {
        messages.append(s);
        return;
    }
    if (s.kind == signal_kind::alias_message || s.kind == signal_kind::call_reply) {
        // What answers the call under way is never a message of the queue.
        const bool whole = s.kind == signal_kind::alias_message;
        const bool answers = call_waiting_for(s.ref) != nullptr && (!whole || peek(s).is_tuple(2));
        if (answers && t.epoch == epoch_of(*system)) {
            const term tag = cons(atoms::known<"alias">, std::cref(s.ref));
            const term reply = whole ? term() : term(tuple(tag, copy_of(peek(s))));
            receive_with_token(*this, t.token, whole ? peek(s) : reply.view());
        }
    }
    handle_control(s);
}

remote_router::outcome send_anywhere_traced(process& self, trace_state& t, const destination& to,
                                            term& message, send_flags flags) {
    using outcome = remote_router::outcome;
    system_core& core = *self.system;
    const auto post_here = [&](const pid& target, signal_kind kind, const reference& alias) {
        if (find_alive(core, target) == nullptr) return outcome::ok;
        const trace_token& token = count(self, t);
        tell_tracer(core, &self, trace_event::send, token, alias ? term(alias) : term(target), message);
        control_signal& s = make_control(core, kind);
        s.ref = alias;
        s.id = flags.priority ? 1 : 0;
        set_term(s, std::move(message));
        post_with_token(core, target, s, token, t.epoch);
        return outcome::ok;
    };
    const auto send_away = [&](const destination& target, const term& shown) {
        remote_router* const router = core.router.load(std::memory_order_acquire);
        if (router == nullptr) return outcome::ok;
        const trace_state before = t;
        const trace_token& token = count(self, t);
        const term kept = message;
        const outcome how = router->send_traced(self.pid(), target, std::move(message), flags, token);
        if (how == outcome::no_connection) {
            t = before;  // as if nothing had been sent
        } else {
            tell_tracer(core, &self, trace_event::send, token, shown, kept);
        }
        return how;
    };
    if (const auto* const p = std::get_if<pid>(&to)) {
        const pid target = localised(core, *p);
        if (is_here(core, target)) return post_here(target, signal_kind::message, {});
        return is_dead_incarnation(core, target) ? outcome::ok : send_away(target, target);
    }
    if (const auto* const r = std::get_if<reference>(&to)) {
        const reference alias = localised(core, *r);
        if (!is_here(core, alias)) return send_away(alias, alias);
        if (alias.size != reference::max_words) return outcome::ok;
        return post_here({{}, alias.words[3], alias.words[4], core.origin}, signal_kind::alias_message,
                         alias);
    }
    const auto* const bare = std::get_if<atom>(&to);
    const registered_name name =
        bare != nullptr ? registered_name{*bare, core.facade.node_name()} : std::get<registered_name>(to);
    if (bare == nullptr && !is_here(core, name.node)) return send_away(name, tuple(name.name, name.node));
    const auto holder = core.names.find(name.name);
    return post_here({{}, holder.slot, holder.serial, core.origin}, signal_kind::message, {});
}

void post_call_traced(process& self, trace_state& t, const monitor_entry& m, const reference& ref,
                      term message) {
    system_core& core = *self.system;
    process* const target = find_alive(core, m.resolved);
    if (target == nullptr)
        return post_monitor(core, self.pid(), m, ref, signal_kind::call, std::move(message));
    const trace_token& token = count(self, t);
    tell_tracer(core, &self, trace_event::send, token, m.resolved, message);
    control_signal& plain = make_control(core, signal_kind::call, self.pid());
    plain.ref = ref;
    if (const auto* const named = std::get_if<registered_name>(&m.target)) plain.name = named->name;
    set_term(plain, std::move(message));
    control_signal& s = with_token(core, plain, token, t.epoch);
    if (target->bound.load(std::memory_order_relaxed) != nullptr && !let_in(*target, m.resolved.serial, s)) {
        free_signal(core, s);
        return post_monitor(core, self.pid(), m, ref);
    }
    if (!post(*target, m.resolved.serial, s)) answer_for_dead(core, m.resolved, s);
}

control_signal& traced_reply(process& self, control_signal& reply, const pid& client) {
    if (self.watched) show_reply_sent(self, reply.ref, peek(reply));
    trace_state* const t = trace_of(self);
    if (t == nullptr || find_alive(*self.system, client) == nullptr) return reply;
    const trace_token& token = count(self, *t);
    const term tag = cons(atoms::known<"alias">, std::cref(reply.ref));
    const term message = tuple(tag, copy_of(peek(reply)));
    tell_tracer(*self.system, &self, trace_event::send, token, reply.ref, message);
    return with_token(*self.system, reply, token, t->epoch);
}

void send_exit_link_traced(process& self, trace_state& t, const pid& to, const term& reason) {
    system_core& core = *self.system;
    const trace_token& token = count(self, t);
    const pid me = self.pid();
    const term message = tuple(atoms::known<"EXIT">, me, reason);
    if (is_here(core, to)) {
        if (find_alive(core, to) != nullptr) tell_tracer(core, &self, trace_event::send, token, to, message);
        control_signal& s = make_control(core, signal_kind::exit_link, me);
        set_term(s, reason);
        deliver(core, to, with_token(core, s, token, t.epoch));
    } else if (remote_router* const r = core.router.load(std::memory_order_acquire)) {
        tell_tracer(core, &self, trace_event::send, token, to, message);
        r->exit_link_traced(me, to, reason, token);
    }
}

std::optional<trace_token> count_spawn(process& self, const spawn_shown& what, const term& arguments) {
    static const atom spawn_request("spawn_request");
    trace_state* const t = trace_of(self);
    if (t == nullptr) return std::nullopt;
    system_core& core = *self.system;
    const std::size_t arity = arguments.is(kind::list) ? arguments.list().size() : 0;
    const term request = tuple(spawn_request, what.ref, self.pid(), self.leader,
                               tuple(what.module, what.function, arity), what.options);
    tell_tracer(core, &self, trace_event::send, count(self, *t), what.node, request);
    tell_tracer(core, &self, trace_event::send, count(self, *t), what.node, arguments);
    return t->token;
}

void pass_token(process& parent, process& child, trace_token* reply) {
    static const atom spawn_request("spawn_request"), spawn_reply("spawn_reply"), apply("apply");
    trace_state* const theirs = trace_of(parent);
    if (theirs == nullptr) return;
    system_core& core = *parent.system;
    const pid born = child.pid();
    const reference ref = parent.own_reference(parent.references);
    trace_state& own = make_trace(child);
    own.token = count(parent, *theirs);
    const term request = tuple(spawn_request, ref, parent.pid(), child.leader,
                               tuple(atoms::known<"erlang">, apply, 2), list(), spawn_reply, list());
    tell_tracer(core, &parent, trace_event::send, own.token, born, request);
    tell_tracer(core, &parent, trace_event::receive, own.token, born, request);
    own.clock = own.received = own.token.serial;
    child.set_token(true);
    const trace_token& answer = count(child, own);
    const term answered = tuple(spawn_reply, ref, atoms::known<"ok">, born);
    tell_tracer(core, &parent, trace_event::send, answer, parent.pid(), answered);
    if (reply != nullptr) {
        *reply = answer;
        return;
    }
    theirs->clock = theirs->received = answer.serial;
    tell_tracer(core, &parent, trace_event::receive, answer, parent.pid(), answered);
}

}  // namespace rakka::detail
