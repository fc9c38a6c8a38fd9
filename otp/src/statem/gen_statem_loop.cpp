#include "statem/gen_statem_loop.hpp"

#include "behaviour/class_name.hpp"
#include "statem/statem_terms.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/actors/timers.hpp>
#include <rakka/etf/build.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace rakka::detail {

// -- messages
// ----------------------------------------------------------------------------------------------------------

next gen_statem_loop::handle(term message) {
    if (message.is_tagged(atoms::known<"$gen_cast">, 2)) {
        const term_view content = message.view().tuple()[1];
        return on(event::cast(std::move(message).narrowed(content)));
    }
    if (message.is_tuple(3)) {
        const term_view tag = message.view().tuple()[0];
        if (tag.is_atom(atoms::known<"$gen_call">)) {
            if (auto request = gen::as_request(std::move(message)))
                return on(event::call(std::move(request->sender), std::move(request->body)));
        } else if (tag.is_atom(atoms::known<"system">)) {
            if (const auto request = gen::as_request(message)) return on_system(*request);
        } else if (tag.is_atom(atoms::known<"timeout">)) {
            if (auto e = timeout_of(message)) return on(*std::move(e));
        } else if (auto reason = is_parent_exit(message)) {
            return end(*std::move(reason));
        }
    }
    return on(event::info(std::move(message)));
}

next gen_statem_loop::on(event e) {
    debug_event([&] { return term(tuple("in"_a, e.to_term(), state_)); });
    return run([&] { return take(e); });
}

next gen_statem_loop::handle_timeout() {
    idle_ = false;
    return next::hibernate();  // hibernate_after has passed
}

// -- events
// ----------------------------------------------------------------------------------------------------------

/// Reductions: to pay one by one would take a tenth of the time of an event that a machine inserts.
constexpr std::int32_t paid_at_once = 16;

/// One event, and all that need no message after it.
template <class First>
next gen_statem_loop::run(First&& first) {
    RAKKA_TAKES_DOWN_THROWS;
    std::optional<event> following;  // outlives the report of the end
    try {
        ending over = first();
        std::int32_t unpaid = 0;
        while (!over) {
            if (queue_.idle() || !queue_.next(following)) {
                if (unpaid != 0) bump_reductions(unpaid);
                return wait();
            }
            if (++unpaid == paid_at_once) bump_reductions(std::exchange(unpaid, 0));
            over = take(*following);
        }
        return end(*std::move(over));
    } catch (...) {
        // As in Erlang: an exit that is not trapped leaves no time for last words.
        if (ended_by_signal()) throw;
        return end(machine_end::of(std::current_exception()));
    }
}

next gen_statem_loop::enter(term state, std::span<action> actions) {
    state_ = std::move(state);
    return run([&]() -> ending {
        mode_ = module_->callback_mode();
        debug_event([&] { return term(tuple("enter"_a, callback_module(), state_)); });
        event nothing = event::internal("init_state"_a);  // what a postponement in init would keep
        turn t{nothing};
        ending over = carry_out(actions, t);
        t.effects.postpone = false;
        t.enters = true;
        if (!over) over = enter_state(t);
        if (!over) finish(t);
        return over;
    });
}

gen_statem_loop::ending gen_statem_loop::take(event& current) {
    turn t{current};
    current_ = &current;
    result decided = ask(current, state_);
    ending over = follow(decided, t);
    if (!over && t.enters && mode_.state_enter) over = enter_state(t);
    if (!over) {
        finish(t);
    } else if (t.next_state.has_value()) {
        state_ = std::move(t.next_state);  // terminate() sees where it was about to go
    }
    return over;
}

/// The state enter calls, if any: one that repeats the state causes another.
gen_statem_loop::ending gen_statem_loop::enter_state(turn& t) {
    while (t.enters && mode_.state_enter) {
        t.in_state_call = false;
        bump_reductions(1);
        result decided = ask(event::enter(state_), state_of(t));
        if (ending over = follow(decided, t)) return over;
    }
    return std::nullopt;
}

statem::result gen_statem_loop::ask_module(const event& e, const term& state) {
    try {
        if (mode_.functions == nullptr) return module_->handle_event(e, state);
        if (function_ == nullptr) function_ = &function_for(e, state);
        return (module_.get()->**function_)(e);
    } catch (result& thrown) {  // in OTP a throw returns from the callback
        return std::move(thrown);
    } catch (const term& thrown) {
        return result(result::decision::none, thrown);
    }
}

const statem::state_function& gen_statem_loop::function_for(const event& e, const term& state) const {
    const auto name = state.as<atom>();
    if (!name) error(atoms::known<"badarg">);
    const statem::state_function* const found = mode_.functions->find(*name);
    if (found == nullptr) {
        const term call =
            tuple(callback_module(), *name, list(e.type_term(), e.content(), module_->data()), list());
        throw process_exit{tuple(atoms::known<"undef">, list(call)), process_exit::kind::error};
    }
    return *found;
}

gen_statem_loop::ending gen_statem_loop::follow(result& decided, turn& t) {
    t.enters = false;
    if (decided.what_ != result::decision::keep_state) {  // mostly there is nothing to decide
        if (ending over = decide(decided, t)) return over;
    }
    return decided.actions_.empty() ? std::nullopt : carry_out(decided.actions_, t);
}

gen_statem_loop::ending gen_statem_loop::decide(result& decided, turn& t) {
    switch (decided.what_) {
        case result::decision::keep_state:
            return std::nullopt;
        case result::decision::repeat_state:
            t.enters = true;
            return std::nullopt;
        case result::decision::next_state:
            if (decided.value_ == state_of(t)) return std::nullopt;
            if (!t.in_state_call) {
                return machine_end::error_of(
                    tuple("bad_state_enter_return_from_state_function"_a, to_term(decided, module_->data())));
            }
            t.next_state = std::move(decided.value_);
            function_ = nullptr;
            t.enters = true;
            return std::nullopt;
        case result::decision::stop:
            return stop(decided);
        case result::decision::fail:
        case result::decision::none:
            break;
    }
    return machine_end::error_of(
        tuple("bad_return_from_state_function"_a, to_term(decided, module_->data())));
}

machine_end gen_statem_loop::stop(result& decided) {
    for (action& a : decided.actions_) {
        auto* const answer = std::get_if<action::reply_to>(&a.what());
        if (answer == nullptr || !answer->to.client)
            return machine_end::error_of(tuple("bad_reply_action_from_state_function"_a, a.to_term()));
        debug_event([&] { return term(tuple("out"_a, answer->value, answer->to.to_term())); });
        reply(answer->to, std::move(answer->value));
    }
    return machine_end::exit(std::move(decided.value_));
}

void gen_statem_loop::finish(turn& t) {
    const bool changes = t.next_state.has_value();
    debug_event([&] {
        const atom what = t.effects.postpone ? "postpone"_a : "consume"_a;
        return term(tuple(what, t.current.to_term(), state_, state_of(t)));
    });
    current_ = nullptr;
    queue_.finish(std::move(t.current), changes, std::move(t.effects), *this);
    if (changes) state_ = std::move(t.next_state);
    hibernate_ = t.hibernate;
}

// -- actions
// ----------------------------------------------------------------------------------------------------------

namespace {

machine_end bad_action(const statem::action& a, bool in_state_call = true) {
    const atom name =
        in_state_call ? "bad_action_from_state_function"_a : "bad_state_enter_action_from_state_function"_a;
    return machine_end::error_of(tuple(name, a.to_term()));
}

}  // namespace

gen_statem_loop::ending gen_statem_loop::carry_out(std::span<action> actions, turn& t) {
    for (action& a : actions) {
        if (auto* const insert = std::get_if<action::insert_event>(&a.what())) {  // it costs the least itself
            if (auto over = act(*insert, a, t)) return over;
            continue;
        }
        if (auto over = std::visit([&](auto& what) { return act(what, a, t); }, a.what())) return over;
    }
    return std::nullopt;
}

gen_statem_loop::ending gen_statem_loop::act(action::reply_to& what, const action& a, turn&) {
    if (!what.to.client) return bad_action(a);
    debug_event([&] { return term(tuple("out"_a, what.value, what.to.to_term())); });
    reply(what.to, std::move(what.value));
    return std::nullopt;
}

gen_statem_loop::ending gen_statem_loop::act(action::postpone_event& what, const action& a, turn& t) {
    if (what.on && !t.in_state_call) return bad_action(a, false);
    t.effects.postpone = what.on;
    return std::nullopt;
}

gen_statem_loop::ending gen_statem_loop::act(action::hibernation& what, const action&, turn& t) {
    t.hibernate = what.on;
    return std::nullopt;
}

gen_statem_loop::ending gen_statem_loop::act(action::insert_event& what, const action& a, turn& t) {
    if (!t.in_state_call || what.what.is_enter()) return bad_action(a, t.in_state_call);
    debug_event([&] { return term(tuple("in"_a, what.what.to_term(), state_of(t))); });
    t.effects.inserted.push_back(std::move(what.what));
    return std::nullopt;
}

gen_statem_loop::ending gen_statem_loop::act(action::set_timeout& what, const action& a, turn& t) {
    const bool relative = what.time.what() == statem::timeout_time::form::relative;
    if (relative && what.time.value().count() < 0) return bad_action(a);
    debug_event([&] { return term(tuple("start_timer"_a, a.to_term(), state_of(t))); });
    t.effects.timeouts.push_back(std::move(what));
    return std::nullopt;
}

gen_statem_loop::ending gen_statem_loop::act(action::set_module& what, const action& a, turn& t) {
    using way = action::set_module::way;
    const bool pop = what.how == way::pop;
    if (pop ? !module_->below_ : !what.module) return bad_action(a);
    if (!t.in_state_call) return bad_action(a, false);
    std::unique_ptr<gen_statem> fresh(what.module.release());
    gen_statem& next_module = pop ? *module_->below_ : *fresh;
    mode_ = next_module.callback_mode();  // when this fails nothing has changed yet
    if (what.how == way::push) {
        fresh->below_ = std::exchange(module_, nullptr);
    } else if (what.how == way::change) {
        fresh->below_ = std::move(module_->below_);
    }
    const auto replaced = std::exchange(module_, pop ? std::move(module_->below_) : std::move(fresh));
    function_ = nullptr;
    debug_event([&] { return term(tuple("module"_a, callback_module(), state_of(t))); });
    if (pop) module_->popped(*replaced);
    return std::nullopt;
}

// -- waiting and ending
// ----------------------------------------------------------------------------------------------------------

next gen_statem_loop::wait() {
    idle_ = false;
    if (hibernate_) {
        queue_.shrink();
        return next::hibernate();
    }
    idle_ = hibernate_after_ != forever;
    return idle_ ? next::timeout(saturated(hibernate_after_)) : next::wait();
}

next gen_statem_loop::end(machine_end why) {
    RAKKA_TAKES_DOWN_THROWS;
    try {
        if (in_sight()) [[unlikely]] {
            terminate_in_sight(why.reason);
        } else {
            module_->terminate(why.reason, state_);
        }
    } catch (const term&) {
        if (ended_by_signal()) throw;  // a throw returns from terminate/3, too
    } catch (...) {
        if (ended_by_signal()) throw;
        why = machine_end::of(std::current_exception());  // a crash in terminate/3 is the reason then
    }
    if (is_calm(why.reason)) {
        debug_event([&] { return term(tuple("terminate"_a, why.reason, state_)); });
    } else {
        report_end(why.exit_reason, end_report(why));
    }
    return next::stop(std::move(why.exit_reason));
}

machine_end machine_end::error_of(term reason) {
    return {reason, tuple(reason, list()), true};
}

machine_end machine_end::of(const std::exception_ptr& exception) {
    term whole = exit_reason_of(exception);
    try {
        std::rethrow_exception(exception);
    } catch (const process_exit& e) {
        if (e.raised == process_exit::kind::exit) return exit(std::move(whole));
    } catch (...) {  // an error, as the two below
    }
    if (!whole.is_tuple(2)) return exit(std::move(whole));
    return {whole.share(whole.tuple()[0]), whole, true};
}

// -- timers
// ----------------------------------------------------------------------------------------------------------

reference gen_statem_loop::start(const statem::timeout_key& key, const statem::timeout_time& time) {
    std::chrono::nanoseconds delay = saturated(time.value());
    if (time.what() == statem::timeout_time::form::absolute) {
        const auto now = this_system().now();
        delay = delay > now ? delay - now : std::chrono::nanoseconds{};
    }
    return start_timer(delay, self(), to_term(key));
}

void gen_statem_loop::cancel(const reference& timer) {
    if (cancel_timer(timer)) return;
    // It has fired: its message is in the mailbox, where nobody must find it.
    static_cast<void>(receive_if(
        [&](term_view m) {
            if (!m.is_tagged(atoms::known<"timeout">, 3)) return false;
            const auto fired = m.tuple()[1].as<reference>();
            return fired && *fired == timer;
        },
        std::chrono::nanoseconds{0}));
}

std::optional<statem::event> gen_statem_loop::timeout_of(const term& message) {
    if (!queue_.has_timeouts()) return std::nullopt;
    const auto timer = message.tuple()[1].as<reference>();
    if (!timer) return std::nullopt;
    const auto key = to_timeout_key(message, message.tuple()[2]);
    return key ? queue_.expired(*key, *timer) : std::nullopt;
}

}  // namespace rakka::detail
