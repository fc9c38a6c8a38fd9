// gen:call from the client's side. A call to a process of this system takes two signals instead of five: the
// monitor travels with the message, the reply with the end of the monitor.
#include "call.hpp"

#include "routing.hpp"
#include "tracing.hpp"
#include "waiting_scope.hpp"
#include "watching.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <functional>
#include <utility>

namespace rakka {

namespace detail {

term_view alias_in(term_view tag) noexcept {
    if (!tag.is(kind::list)) return {};
    const list_view cell = tag.list();
    return cell.head().is_atom(atoms::known<"alias">) && cell.tail().is(kind::reference) ? cell.tail()
                                                                                         : term_view();
}

bool answer_call(term_view ref, term& value) {
    process* const self = current_process_or_null();
    if (self == nullptr || !self->related) return false;
    system_core& core = *self->system;
    control_signal* s = nullptr;
    pid to;
    const bool is_call = self->related->watchers.take_call(ref, [&](const reference& key, const pid& client) {
        s = &make_control(core, signal_kind::call_reply);
        s->ref = key;
        to = client;
    });
    if (!is_call) return false;
    set_term(*s, std::move(value));
    const bool unusual = self->unusual();
    if (unusual) [[unlikely]]
        s = &traced_reply(*self, *s, to);
    deliver(core, to, *s);
    self->pay_as(unusual);
    return true;
}

namespace {

using phase = pending_call::phase;

/// The call as long as this process waits for it. Whichever way it is left, the server's monitor goes with
/// it.
class waiting_call {
public:
    waiting_call(process& self, const reference& ref, const monitor_entry& server)
        : self_(self), ref_(ref), call_(self.relate().calling()) {
        call_.number = self.number_of_own(ref);
        call_.server = server;
        call_.watched = true;
        call_.state = phase::waiting;
    }
    ~waiting_call() {
        if (call_.timer) call_.timer->stop();
        if (call_.watched)
            send_demonitor(*self_.system, self_.pid(), call_.server.resolved, call_.server.target, ref_);
        call_.watched = false;
        call_.state = phase::none;
        call_.value = term();
    }
    waiting_call(const waiting_call&) = delete;
    waiting_call& operator=(const waiting_call&) = delete;

    /// Blocks until the answer is here. False when the time is over first.
    bool wait(std::optional<std::chrono::nanoseconds> limit) {
        self_.fetch();
        self_.check_exit();
        self_.messages.rewind(call_.number);
        for (bool timed = false;;) {
            if (call_.state != phase::waiting || take_plain_reply()) return true;
            const bool expired = limit && (limit->count() <= 0 || (timed && call_.timer->expired()));
            const waiting_scope waiting(self_);
            if (!self_.fetch()) {
                if (expired) return false;
                if (limit && !std::exchange(timed, true) && start_timer(*limit)) {
                    self_.check_exit();
                    continue;
                }
                self_.sleep();
                self_.fetch();
            }
            self_.check_exit();
        }
    }

    void made_on(std::uint64_t connection) noexcept { call_.server.connection = connection; }
    /// It is over, and the caller is unusual(). A reply without a token takes away that which the caller had,
    /// as any message does.
    [[gnu::cold, gnu::noinline]] void over_unusually(const trace_state* token) noexcept {
        if (call_.state != phase::replied) return;
        if (token != nullptr && !token->by_reply) self_.set_token(false);
        if (self_.watched) show_reply_received(self_, ref_, call_.value);
    }
    [[nodiscard]] bool failed() const noexcept { return call_.state == phase::down; }
    [[nodiscard]] term take_value() noexcept { return std::move(call_.value); }

private:
    /// True when signals have been taken in.
    bool start_timer(std::chrono::nanoseconds limit) {
        if (!call_.timer) call_.timer = std::make_unique<call_timer>(self_);
        return call_.timer->start(limit);
    }

    // Servers older than aliases, and C nodes, answer with a message to the process.
    bool take_plain_reply() {
        message_queue& q = self_.messages;
        for (signal* s = q.current(); s != nullptr; s = q.current()) {
            const term_view m = peek(*s);
            if (m.is_tuple(2) && etf::detail::is_reference(alias_in(m.tuple()[0]), ref_)) {
                const term message = self_.consume(*q.take_current());
                call_.value = message.share(message.tuple()[1]);
                call_.state = phase::received;
                return true;
            }
            q.advance();
        }
        return false;
    }

    process& self_;
    const reference& ref_;
    pending_call& call_;
};

monitor_target watched(const destination& server) {
    if (const auto* p = std::get_if<pid>(&server)) return *p;
    if (const auto* name = std::get_if<atom>(&server)) return *name;
    return std::get<registered_name>(server);
}

/// The reason gen:call exits with for that of a 'DOWN': a lost node is named.
term call_failure(const system_core& core, term reason, const destination& server) {
    if (!reason.is_atom(atoms::known<"noconnection">)) return reason;
    const auto* const p = std::get_if<pid>(&server);
    const auto* const named = std::get_if<registered_name>(&server);
    const atom node = p ? p->node : named ? named->node : core.facade.node_name();
    return tuple(atoms::known<"nodedown">, node);
}

/// What a call of a process that is unusual() begins with: its token, if it has one.
[[gnu::cold, gnu::noinline]] trace_state* begin_unusually(process& self, const destination& server,
                                                          term_view message) {
    if (self.watched) show_sent(self, server, message);
    trace_state* const token = trace_of(self);
    if (token != nullptr) token->by_reply = false;
    return token;
}

/// gen::call for any type of label.
template <class Label>
boost::system::result<term, gen::no_reply> call_with(const destination& server, const Label& label,
                                                     const term& request_body,
                                                     std::optional<std::chrono::milliseconds> timeout) {
    using gen::no_reply;
    process& self = current_process();
    system_core& core = *self.system;
    const pid me = self.pid();
    const reference ref = self.make_own_reference();
    const monitor_target target = watched(server);
    const monitor_entry entry = resolve(core, target);
    if (entry.resolved == me) return no_reply::because(atoms::known<"calling_self">);
    term message = tuple(std::cref(label), tuple(std::cref(me), cons(atoms::known<"alias">, std::cref(ref))),
                         std::cref(request_body));
    waiting_call call(self, ref, entry);
    const bool unusual = self.unusual();
    trace_state* const trace = unusual ? begin_unusually(self, server, message) : nullptr;
    if (is_local_target(core, entry)) {
        if (trace != nullptr) [[unlikely]] {
            post_call_traced(self, *trace, entry, ref, std::move(message));
        } else {
            post_monitor(core, me, entry, ref, signal_kind::call, std::move(message));
        }
    } else {
        const auto placed = monitor_elsewhere(self, entry, target, ref);
        call.made_on(placed.connection);
        obey(self, placed.how);
        obey(self, trace != nullptr ? send_anywhere_traced(self, *trace, server, message, {})
                                    : send_anywhere(core, me, server, message, {}));
    }
    self.pay_as(
        unusual);  // a call that fails at once does not wait: whoever repeats it gives way all the same
    if (!call.wait(saturated(timeout))) return no_reply::because(atoms::known<"timeout">);
    if (self.unusual()) [[unlikely]]
        call.over_unusually(trace);
    if (call.failed()) return no_reply::because(call_failure(core, call.take_value(), server));
    return call.take_value();
}

}  // namespace

}  // namespace detail

namespace gen {

boost::system::result<term, no_reply> call(const destination& server, atom label, const term& request_body,
                                           std::optional<std::chrono::milliseconds> timeout) {
    return detail::call_with(server, label, request_body, timeout);
}

boost::system::result<term, no_reply> call(const destination& server, const pid& label,
                                           const term& request_body,
                                           std::optional<std::chrono::milliseconds> timeout) {
    return detail::call_with(server, label, request_body, timeout);
}

}  // namespace gen
}  // namespace rakka
