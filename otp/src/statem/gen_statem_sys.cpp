// How a state machine starts, and what it shows of itself: to sys, and in the report of its end.
#include "behaviour/class_name.hpp"
#include "log/report.hpp"
#include "statem/gen_statem_loop.hpp"
#include "statem/statem_terms.hpp"
#include "trace/seen_call.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>

#include <exception>
#include <string>
#include <utility>

namespace rakka::detail {

// -- starting
// ----------------------------------------------------------------------------------------------------------

next gen_statem_loop::begin() {
    RAKKA_TAKES_DOWN_THROWS;
    const auto how = std::exchange(beginning_, nullptr);
    if (!how->make) {  // by enter_loop()
        started();
        return enter(std::move(how->state), how->actions);
    }
    std::optional<result> decided;
    try {
        module_ = how->make();
        decided = asked_to_init();
    } catch (...) {
        if (ended_by_signal()) throw;
        // The starter is told the reason alone; that of the exit has the stack.
        const machine_end why = machine_end::of(std::current_exception());
        static_cast<void>(refused(why.reason, true));
        if (!is_calm(why.reason))
            log_crash(why.exit_reason, tuple(callback_module(), "init"_a, 1), ancestors());
        return next::stop(why.exit_reason);
    }
    switch (decided->what_) {
        case result::decision::next_state:
            break;
        case result::decision::fail:
            return refused(std::move(decided->value_), true);
        case result::decision::stop:
            if (decided->actions_.empty()) return refused(std::move(decided->value_), false);
            [[fallthrough]];
        default:
            return refused(tuple("bad_return_from_init"_a, to_term(*decided, module_->data())), false);
    }
    started();
    // It has started: what goes wrong from here on is no failure to start any more.
    return enter(std::move(decided->value_), decided->actions_);
}

statem::result gen_statem_loop::asked_to_init() {
    try {
        return in_sight() ? init_in_sight() : module_->init();
    } catch (result& thrown) {
        return std::move(thrown);
    } catch (const term& thrown) {
        return result(result::decision::none, thrown);
    }
}

// -- who it is
// ----------------------------------------------------------------------------------------------------------

atom gen_statem_loop::behaviour_module() const noexcept {
    return "gen_statem"_a;
}

atom gen_statem_loop::callback_module() const {
    if (!module_) return behaviour_module();
    const auto& module = *module_;
    return class_name(typeid(module));
}

std::vector<term> gen_statem_loop::modules() const {
    std::vector<term> out;
    for (const gen_statem* m = module_.get(); m != nullptr; m = m->below_.get())
        out.emplace_back(class_name(typeid(*m)));
    return out;
}

// -- for who traces calls
// ----------------------------------------------------------------------------------------------------------

statem::result gen_statem_loop::ask_in_sight(const event& e, const term& state) {
    const bool by_state = mode_.functions != nullptr;
    const atom module = callback_module();
    const auto name = by_state ? state.as<atom>() : boost::system::result<atom, error_code>("handle_event"_a);
    if (!name) return ask_module(e, state);
    const std::size_t arity = by_state ? 3 : 4;
    const auto trace = calls_shown_to(module, std::string(name->text()).c_str(), arity);
    if (!trace) return ask_module(e, state);
    const auto data = [this] { return shown_or_not([this] { return module_->data(); }); };
    std::vector<term> arguments{e.type_term(), e.content()};
    if (!by_state) arguments.push_back(state);
    arguments.push_back(data());
    return run_in_sight(
        *trace, {module, *name, arity}, std::move(arguments), [&] { return ask_module(e, state); },
        [&](const result& decided) { return to_term(decided, data()); });
}

statem::result gen_statem_loop::init_in_sight() {
    const atom module = callback_module();
    const auto trace = calls_shown_to(module, "init", 1);
    if (!trace) return module_->init();
    return run_in_sight(
        *trace, {module, "init"_a, 1}, {term(list())}, [this] { return module_->init(); },
        [this](const result& decided) {
            const term data = shown_or_not([this] { return module_->data(); });
            if (decided.what_ != result::decision::next_state) return to_term(decided, data);
            return term(tuple(atoms::known<"ok">, decided.value_, data));
        });
}

void gen_statem_loop::terminate_in_sight(const term& reason) {
    const atom module = callback_module();
    const auto trace = calls_shown_to(module, "terminate", 3);
    if (!trace) return module_->terminate(reason, state_);
    const term data = shown_or_not([this] { return module_->data(); });
    static_cast<void>(run_in_sight(
        *trace, {module, "terminate"_a, 3}, {reason, state_, data},
        [&] {
            module_->terminate(reason, state_);
            return true;
        },
        [](bool) { return term(atoms::known<"ok">); }));
}

// -- its state
// ----------------------------------------------------------------------------------------------------------

term gen_statem_loop::state() const {
    return tuple(state_, module_->data());
}

term gen_statem_loop::replace_state(const std::function<term(const term&)>& change) {
    const term old_data = module_->data();
    term fresh = change(tuple(state_, old_data));
    if (!fresh.is_tuple(2)) error(tuple(atoms::known<"badmatch">, fresh));
    const term data = fresh.share(fresh.tuple()[1]);
    if (data != old_data) module_->replace_data(data);  // may refuse
    state_ = fresh.share(fresh.tuple()[0]);
    function_ = nullptr;
    return fresh;
}

std::optional<term> gen_statem_loop::change_code(const term&, const term& old_version, const term& extra) {
    try {
        term fresh = module_->code_change(old_version, state_, extra);
        mode_ = module_->callback_mode();
        state_ = std::move(fresh);
        function_ = nullptr;
        return std::nullopt;
    } catch (...) {
        if (ended_by_signal()) throw;
        return failure_of(std::current_exception());
    }
}

gen_statem::shown_status gen_statem_loop::shown() const {
    gen_statem::shown_status out;
    out.state = state_;
    out.data = shown_or_not([this] { return module_->data(); });
    const std::vector<event> postponed = queue_.postponed();
    for (auto e = postponed.rbegin(); e != postponed.rend(); ++e)  // as OTP keeps them
        out.postponed.push_back(e->to_term());
    if (queue_.timeouts() != nullptr) {
        queue_.timeouts()->for_each([&](const statem::timeout_key& which, const term& content) {
            out.timeouts.emplace_back(tuple(to_term(which), content));
        });
    }
    return out;
}

term gen_statem_loop::status(term_view running_or_suspended, const term& logged) {
    gen_statem::shown_status s = shown();
    const std::size_t timeouts = s.timeouts.size();
    for (const term_view event : logged.list())
        s.log.push_back(logged.share(event));
    try {
        s = module_->format_status(s);
    } catch (...) {
        if (ended_by_signal()) throw;
        s.data = unseen();  // who asks must not end the machine
    }
    const term who = shown_name();
    const std::string header = "Status for state machine " +
                               (who.is(kind::atom) ? std::string(who.view().atom_text()) : who.to_string());
    return list(tuple("header"_a, charlist(header)),
                tuple("data"_a, list(tuple(charlist("Status"), term::copy(running_or_suspended)),
                                     tuple(charlist("Parent"), parent() ? term(parent()) : term(self())),
                                     tuple(charlist("Modules"), modules()),
                                     tuple(charlist("Time-outs"), tuple(timeouts, s.timeouts)),
                                     tuple(charlist("Logged Events"), s.log),
                                     tuple(charlist("Postponed"), s.postponed))),
                tuple("data"_a, list(tuple(charlist("State"), tuple(s.state, s.data)))));
}

/// What OTP's logger is told of a machine that crashes. Erlang: gen_statem:error_info/7.
term gen_statem_loop::end_report(const machine_end& why) const {
    gen_statem::shown_status s;
    try {
        s = shown();
        s.reason = why.reason;
        if (current_ != nullptr) s.queue.push_back(current_->to_term());
        for (const event& e : queue_.ready())
            s.queue.push_back(e.to_term());
        s.log = logged();
        s = module_->format_status(s);
    } catch (...) {
        if (ended_by_signal()) throw;
        s.data = unseen();
    }
    const atom mode = mode_.functions != nullptr ? "state_functions"_a : "handle_event_function"_a;
    const atom raised = why.error ? atoms::known<"error"> : atoms::known<"exit">;
    return map("label"_a, tuple("gen_statem"_a, "terminate"_a), "name"_a, shown_name(), "queue"_a, s.queue,
               "postponed"_a, s.postponed, "modules"_a, modules(), "callback_mode"_a, mode, "state_enter"_a,
               mode_.state_enter, "state"_a, tuple(s.state, s.data), "timeouts"_a,
               tuple(s.timeouts.size(), s.timeouts), "log"_a, s.log, "reason"_a,
               tuple(raised, s.reason, list()), "client_info"_a, atoms::known<"undefined">);
}

// -- its events in words
// ----------------------------------------------------------------------------------------------------------

namespace {

std::string printed(term_view t) {
    return to_string(t, {.charset = print_charset::unicode, .line_length = 80});
}

/// `call Request from Pid`, `cast Content` … of `{Type, Content}`.
std::string event_words(term_view event) {
    const term_view type = event.tuple()[0];
    const std::string content = printed(event.tuple()[1]);
    if (!type.is_tagged(atoms::known<"call">, 2)) return type.to_string() + " " + content;
    return "call " + content + " from " + type.tuple()[1].tuple()[0].to_string();
}

/// The lines of gen_statem:print_event/3.
std::string event_line(term_view event, term_view name) {
    const std::string who = "*DBG* " + printed(name) + " ";
    const auto part = [&](std::size_t i) { return event.tuple()[i]; };
    if (event.is_tagged("in"_a, 3))
        return who + "receive " + event_words(part(1)) + " in state " + printed(part(2)) + "\n";
    if (event.is_tagged("out"_a, 3))
        return who + "send " + printed(part(1)) + " to " + part(2).tuple()[0].to_string() + "\n";
    if (event.is(kind::tuple) && event.tuple().size() == 3)  // enter, module, start_timer, terminate
        return who + printed(part(0)) + " " + printed(part(1)) + " in state " + printed(part(2)) + "\n";
    if (event.is(kind::tuple) && event.tuple().size() == 4) {  // postpone, consume
        std::string line =
            who + printed(part(0)) + " " + event_words(part(1)) + " in state " + printed(part(2));
        if (!(part(2) == part(3))) line += " => " + printed(part(3));
        return line + "\n";
    }
    return who + "dbg " + printed(event) + "\n";
}

}  // namespace

event_format gen_statem_loop::format() const noexcept {
    return event_line;
}

}  // namespace rakka::detail
