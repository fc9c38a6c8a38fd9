#include "behaviour/gen_server_loop.hpp"

#include "behaviour/class_name.hpp"
#include "supervisor/server_guise.hpp"
#include "trace/seen_call.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/print.hpp>

#include <exception>
#include <utility>

namespace rakka::detail {

namespace {

std::string printed(term_view t) {
    return to_string(t, {.charset = print_charset::unicode, .line_length = 80});
}

/// The lines of gen_server:print_event/3.
std::string event_line(term_view event, term_view name) {
    const std::string who = "*DBG* " + printed(name);
    if (event.is_tagged("in"_a, 2)) {
        const term_view message = event.tuple()[1];
        if (message.is_tagged(atoms::known<"$gen_call">, 3) && message.tuple()[1].is_tuple(2))
            return who + " got call " + printed(message.tuple()[2]) + " from " +
                   message.tuple()[1].tuple()[0].to_string() + "\n";
        if (message.is_tagged(atoms::known<"$gen_cast">, 2))
            return who + " got cast " + printed(message.tuple()[1]) + "\n";
        return who + " got " + printed(message) + "\n";
    }
    if (event.is_tagged("out"_a, 4))
        return who + " sent " + printed(event.tuple()[1]) + " to " + event.tuple()[2].tuple()[0].to_string() +
               ", new state " + printed(event.tuple()[3]) + "\n";
    if (event.is_tagged(atoms::known<"noreply">, 2))
        return who + " new state " + printed(event.tuple()[1]) + "\n";
    return who + " dbg  " + printed(event) + "\n";
}

}  // namespace

event_format gen_server_loop::format() const noexcept {
    return event_line;
}

atom gen_server_loop::callback_module() const {
    if (!server_) return atoms::known<"gen_server">;
    const gen_server& server = *server_;
    const auto* const guise = dynamic_cast<const server_guise*>(&server);
    return guise != nullptr ? guise->callback_module() : class_name(typeid(server));
}

term gen_server_loop::initial_call() const {
    const auto* const guise = dynamic_cast<const server_guise*>(server_.get());
    return guise != nullptr ? guise->initial_call() : behaviour::initial_call();
}

// -- starting
// ----------------------------------------------------------------------------------------------------------

next gen_server_loop::begin() {
    if (!make_) {  // it was there already
        started();
        return wait();
    }
    server_ = (*std::exchange(make_, nullptr))();
    result decided = asked_to_init();
    if (decided.reason_.has_value()) return refused(std::move(decided.reason_), decided.quiet_);
    started();
    if (!decided.continue_.has_value()) return wait_as(decided);
    return run(term(), [&] { return on_continue(decided.continue_); });
}

gen_server_loop::result gen_server_loop::asked_to_init() {
    try {
        return call("init", term(), nullptr, [this] { return server_->init(); });
    } catch (result& thrown) {
        return std::move(thrown);  // a throw returns from the callback
    }
}

// -- messages
// ----------------------------------------------------------------------------------------------------------

// Casts first and apart from the rest: of all messages they come fastest.
next gen_server_loop::handle(term message) {
    if (message.is_tagged(atoms::known<"$gen_cast">, 2)) return on_cast(message);
    return on_other(message);
}

next gen_server_loop::on_other(term& message) {
    if (message.is_tagged(atoms::known<"$gen_call">, 3)) {
        debug_event([&] { return term(tuple("in"_a, message)); });
        if (auto request = gen::as_request(std::move(message))) return on_call(*request);
    } else if (message.is_tagged(atoms::known<"system">, 3)) {
        if (const auto request = gen::as_request(message)) return on_system(*request);
    }
    if (auto reason = is_parent_exit(message)) return end(*std::move(reason));
    debug_event([&] { return term(tuple("in"_a, message)); });
    return run(message, [&] {
        return call("handle_info", message, nullptr, [&] { return server_->handle_info(message); });
    });
}

next gen_server_loop::handle_timeout() {
    if (std::exchange(idle_, false)) return next::hibernate();
    const term message = atoms::known<"timeout">;
    debug_event([&] { return term(tuple("in"_a, message)); });
    return run(message, [&] {
        return call("handle_info", message, nullptr, [this] { return server_->handle_timeout(); });
    });
}

next gen_server_loop::on_cast(const term& message) {
    debug_event([&] { return term(tuple("in"_a, message)); });
    const term body = message.share(message.tuple()[1]);
    return run(message, [&] {
        return call("handle_cast", body, nullptr, [&] { return server_->handle_cast(body); });
    });
}

next gen_server_loop::on_call(const gen::request& request) {
    return run(
        request.body,
        [&] {
            return call("handle_call", request.body, &request.sender,
                        [&] { return server_->handle_call(request.body, request.sender); });
        },
        &request.sender);
}

// -- decisions
// ---------------------------------------------------------------------------------------------------------

template <class Callback>
next gen_server_loop::run(const term& message, Callback&& callback, const from* caller) {
    RAKKA_TAKES_DOWN_THROWS;
    const message_scope handled(message_, message);
    try {
        try {
            result decided = callback();
            if (!in_sight() && !decided.asks()) [[likely]]
                return wait_as(decided);
            return carry_out(std::move(decided), caller);
        } catch (result& thrown) {
            return carry_out(std::move(thrown), caller);  // a throw returns from the callback
        }
    } catch (...) {
        if (ended_by_signal())
            throw;  // as in Erlang: an exit that is not trapped leaves no time for last words
        return end(failure_of(std::current_exception()));
    }
}

// -- for who traces calls
// ---------------------------------------------------------------------------------------------------------

/// As OTP's callback would return it.
term gen_server_loop::shown(const result& decided, bool of_init) {
    const term state = shown_or_not([this] { return server_->state(); });
    std::vector<term> parts;
    if (decided.reason_.has_value()) {
        if (of_init && decided.quiet_)
            return decided.reason_.is_atom("ignore"_a) ? decided.reason_
                                                       : tuple(atoms::known<"error">, decided.reason_);
        parts = {atoms::known<"stop">, decided.reason_};
    } else if (decided.reply_.has_value()) {
        parts = {atoms::known<"reply">};
    } else {
        parts = {of_init ? atoms::known<"ok"> : atoms::known<"noreply">};
    }
    if (decided.reply_.has_value()) parts.push_back(decided.reply_);
    if (!of_init || !decided.reason_.has_value()) parts.push_back(state);
    if (decided.continue_.has_value()) {
        parts.emplace_back(tuple(atoms::known<"continue">, decided.continue_));
    } else if (decided.hibernate_) {
        parts.emplace_back("hibernate"_a);
    } else if (decided.timeout_) {
        parts.emplace_back(decided.timeout_->count());
    }
    return tuple_of_terms(parts);
}

[[gnu::cold]] gen_server_loop::result gen_server_loop::call_in_sight(
    const char* function, const term& argument, const from* caller, const std::function<result()>& callback) {
    const bool of_init = !argument.has_value();
    const atom module = callback_module();
    const std::size_t arity = of_init ? 1 : caller != nullptr ? 3 : 2;
    const auto trace = calls_shown_to(module, function, arity);
    if (!trace) return callback();
    std::vector<term> arguments{of_init ? term(list()) : argument};
    if (caller != nullptr) arguments.push_back(caller->to_term());
    if (!of_init) arguments.push_back(shown_or_not([this] { return server_->state(); }));
    const bool last = std::string_view(function) == "terminate";
    return run_in_sight(
        *trace, {module, atom(function), arity}, std::move(arguments),
        [&]() -> result {
            try {
                return callback();
            } catch (result& thrown) {
                return std::move(thrown);  // a throw returns from the callback
            }
        },
        [&](const result& decided) { return last ? term(atoms::known<"ok">) : shown(decided, of_init); });
}

/// `{out, Reply, From, State}` or `{noreply, State}`.
void gen_server_loop::tell_of(const result& decided, const from* caller) {
    debug_event([&]() -> term {
        const term state = shown_or_not([this] { return server_->state(); });
        if (caller != nullptr && decided.reply_.has_value())
            return tuple("out"_a, decided.reply_, caller->to_term(), state);
        return tuple(atoms::known<"noreply">, state);
    });
}

next gen_server_loop::carry_out(result&& decided, const from* caller) {
    for (;;) {
        const bool answers = decided.reply_.has_value();
        if (answers && caller == nullptr) return end(reply_to_nobody(decided));
        if (decided.reason_.has_value()) {
            next last = end(std::move(decided.reason_));  // OTP answers after terminate/2 has run
            if (answers) reply(*caller, std::move(decided.reply_));
            return last;
        }
        tell_of(decided, caller);
        if (answers) reply(*caller, std::move(decided.reply_));
        if (!decided.continue_.has_value()) break;
        caller = nullptr;
        bump_reductions(1);
        decided = on_continue(decided.continue_);
    }
    return wait_as(decided);
}

gen_server_loop::result gen_server_loop::on_continue(const term& what) {
    debug_event([&] { return term(tuple(atoms::known<"continue">, what)); });
    try {
        return call("handle_continue", what, nullptr, [&] { return server_->handle_continue(what); });
    } catch (result& thrown) {  // here: who asked the callback before has nothing to do with it
        return std::move(thrown);
    }
}

next gen_server_loop::wait_as(const result& decided) {
    has_timeout_ = decided.timeout_.has_value();
    timeout_ = decided.timeout_.value_or(forever);
    hibernate_ = decided.hibernate_;
    return wait();
}

/// A reply to what was no call.
term gen_server_loop::reply_to_nobody(const result& decided) const {
    const bool stops = decided.reason_.has_value();
    const term what =
        stops ? term(tuple(atoms::known<"stop">, decided.reason_, decided.reply_, server_->state()))
              : term(tuple(atoms::known<"reply">, decided.reply_, server_->state()));
    return tuple("bad_return_value"_a, what);
}

next gen_server_loop::wait() {
    idle_ = false;
    if (hibernate_) return next::hibernate();
    if (has_timeout_) return next::timeout(saturated(timeout_));
    idle_ = hibernate_after_ != forever;
    return idle_ ? next::timeout(saturated(hibernate_after_)) : next::wait();
}

next gen_server_loop::end(term reason) {
    RAKKA_TAKES_DOWN_THROWS;
    try {
        static_cast<void>(call("terminate", reason, nullptr, [&] {
            server_->terminate(reason);
            return result();
        }));
    } catch (const term&) {
        if (ended_by_signal()) throw;  // a throw returns from terminate/2, too
    } catch (...) {
        if (ended_by_signal()) throw;
        reason =
            exit_reason_of(std::current_exception());  // a crash in terminate/2 is the reason then, as in OTP
    }
    if (!is_calm(reason)) report_end(reason, end_report(reason));
    return next::stop(std::move(reason));
}

/// What OTP's logger is told of a server that crashes. Erlang: gen_server:error_info/7.
term gen_server_loop::end_report(const term& reason) const {
    gen_server::shown_status shown;
    shown.message = message_ != nullptr && message_->has_value() ? *message_ : term(list());
    shown.reason = reason;
    shown.log = logged();
    try {
        shown.state = server_->state();
        shown = server_->format_status(shown);
    } catch (...) {
        if (ended_by_signal()) throw;
        shown.state = unseen();
    }
    return map("label"_a, tuple(atoms::known<"gen_server">, "terminate"_a), "name"_a, shown_name(),
               "last_message"_a, shown.message, "state"_a, shown.state, "log"_a, shown.log, "reason"_a,
               shown.reason, "client_info"_a, atoms::known<"undefined">);
}

// -- for sys
// -----------------------------------------------------------------------------------------------------------

term gen_server_loop::replace_state(const std::function<term(const term&)>& change) {
    term fresh = change(server_->state());
    server_->replace_state(fresh);
    return fresh;
}

term gen_server_loop::status(term_view running_or_suspended, const term& logged) {
    gen_server::shown_status shown;
    for (const term_view event : logged.list())
        shown.log.push_back(logged.share(event));
    try {
        shown.state = server_->state();
        shown = server_->format_status(shown);
    } catch (...) {
        if (ended_by_signal()) throw;
        shown.state = unseen();  // who asks must not end the server
    }
    const term who = shown_name();
    const std::string header = "Status for generic server " +
                               (who.is(kind::atom) ? std::string(who.view().atom_text()) : who.to_string());
    std::vector<term> misc{
        tuple("header"_a, charlist(header)),
        tuple("data"_a, list(tuple(charlist("Status"), term::copy(running_or_suspended)),
                             tuple(charlist("Parent"), parent() ? term(parent()) : term(self())),
                             tuple(charlist("Logged events"), shown.log))),
        tuple("data"_a, list(tuple(charlist("State"), shown.state)))};
    if (const auto* const guise = dynamic_cast<const server_guise*>(server_.get()))
        misc.push_back(guise->status_part());
    return misc;
}

std::optional<term> gen_server_loop::change_code(const term&, const term& old_version, const term& extra) {
    try {
        server_->code_change(old_version, extra);
        return std::nullopt;
    } catch (...) {
        if (ended_by_signal()) throw;
        return failure_of(std::current_exception());
    }
}

}  // namespace rakka::detail
