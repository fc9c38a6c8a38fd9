#include "behaviour/behaviour.hpp"

#include "behaviour/callable.hpp"
#include "behaviour/gen_failure.hpp"
#include "log/report.hpp"
#include "trace/trace_session.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/sys.hpp>

#include <exception>

namespace rakka::detail {

namespace {

const atom callback_failed = "callback_failed"_a;

/// sys:get_state wants the bare state on OTP 25 and `{ok, State}` later; only the width of the caller's
/// reference tells.
bool caller_is_otp_26_or_later(const from& sender) {
    if (!sender.tag.is(kind::list)) return true;
    const auto ref = sender.tag.list().tail().as<reference>();
    return !ref || ref->size == reference::max_words;
}

term in_its_release(const from& sender, term state) {
    return caller_is_otp_26_or_later(sender) ? term(tuple(atoms::known<"ok">, state)) : std::move(state);
}

term failed_callback(const term& what, const std::exception_ptr& why) {
    return tuple(atoms::known<"error">,
                 tuple(callback_failed, what, tuple(atoms::known<"error">, exit_reason_of(why))));
}

/// Before the starter hears of the failure, so that it can try once more at once.
void tell_starter(const behaviour_start& start, const term& reason) {
    give_up_name(start.name);
    send(start.starter, tuple(start.tag, tuple(atoms::known<"error">, reason)));
}

}  // namespace

// -- starting
// ----------------------------------------------------------------------------------------------------------

void behaviour::prepare(behaviour_start start, shared_ancestry line) {
    if (start.name.has_value()) standing_.reset(new standing{start.name.to_term(), {}});
    line_ = std::move(line);
    start_ = std::make_unique<behaviour_start>(std::move(start));
}

next behaviour::init() {
    if (const auto reason = start_->takes_name ? take_name(start_->name) : std::nullopt) {
        standing_.reset();
        start_->name = {};  // another's
        tell_starter(*start_, *reason);
        return next::stop(atoms::known<"normal">);
    }
    RAKKA_TAKES_DOWN_THROWS;
    try {
        has_parent_ = start_->has_parent;
        return begin();
    } catch (...) {
        if (ended_by_signal()) throw;
        const term reason = failure_of(std::current_exception());
        if (!starting()) return end(reason);
        tell_starter(*start_, reason);
        if (!is_calm(reason)) log_crash(reason, initial_call(), ancestors());
        return next::stop(reason);
    }
}

void behaviour::started() {
    const auto start = std::exchange(start_, nullptr);
    if (start->starter) send(start->starter, tuple(start->tag, atoms::known<"ok">));
    if (start->debug.empty()) return;
    if (!debug_) debug_ = std::make_unique<sys_debug>(format());
    for (const auto& option : start->debug)
        debug_->add(option);
}

next behaviour::refused(term reason, bool quiet) {
    tell_starter(*start_, reason);
    if (quiet) return next::stop(atoms::known<"normal">);
    if (!is_calm(reason)) log_crash(reason, initial_call(), ancestors());
    return next::stop(std::move(reason));
}

term behaviour::failure_of(const std::exception_ptr& exception) const {
    try {
        std::rethrow_exception(exception);
    } catch (const term& thrown) {
        // In OTP a throw returns from the callback, with something that is no result.
        return tuple("bad_return_value"_a, thrown);
    } catch (...) {
        return exit_reason_of(exception);
    }
}

// -- who it is
// ---------------------------------------------------------------------------------------------------------

term behaviour::initial_call() const {
    return tuple(callback_module(), "init"_a, 1);
}

std::vector<std::pair<term, term>> behaviour::dictionary() const {
    return {{"$initial_call"_a, initial_call()}, {"$ancestors"_a, ancestors()}};
}

std::optional<atom> behaviour::module_if_known() const {
    return knows_module() ? std::optional(callback_module()) : std::nullopt;
}

// -- calls that somebody traces
// ---------------------------------------------------------------------------------------------------------

void behaviour::watched(const std::shared_ptr<process_watch>& by) {
    auto trace = std::dynamic_pointer_cast<trace_session>(by);
    if (!trace || !trace->traces_calls()) return;
    // Of an event manager the modules are those of its handlers, which come and go.
    const auto module = module_if_known();
    if (module && !trace->wants(*module) && !has_many_modules()) return;
    if (!debug_) debug_ = std::make_unique<sys_debug>(format());
    debug_->show_calls_to(std::move(trace));
}

std::shared_ptr<trace_session> behaviour::calls_shown_to(atom module, const char* function,
                                                         std::size_t arity) {
    std::shared_ptr<trace_session> trace = debug_->calls();
    if (!trace) return nullptr;
    if (trace->over()) {
        debug_->show_calls_to(nullptr);
        if (debug_->empty()) debug_.reset();
        return nullptr;
    }
    return trace->wants(module, atom(function), arity) && trace->covers_caller() ? trace : nullptr;
}

term behaviour::shown_name() const {
    const term whole = name();
    if (!whole.has_value()) return self();
    if (!whole.is(kind::tuple)) return whole;
    const tuple_view kept = whole.tuple();  // {global, Name}, {via, Module, Name}: the name
    return whole.share(kept[kept.size() - 1]);
}

term ancestry::to_list() const {
    return cons(name ? term(name) : term(process), above.has_value() ? above : term(list()));
}

term behaviour::ancestors() const {
    return line_ ? line_->to_list() : term(list());
}

const shared_ancestry& behaviour::ancestry_of_children() {
    if (!standing_) standing_ = std::make_unique<standing>();
    if (!standing_->children)
        standing_->children = new ancestry(
            standing_->name.is(kind::atom) ? *standing_->name.as<atom>() : atom(), self(), ancestors());
    return standing_->children;
}

shared_ancestry ancestry_of_child() {
    if (auto* const loop = dynamic_cast<behaviour*>(own_handler())) return loop->ancestry_of_children();
    // Any other process has no place for it: the thread remembers whose it has made last.
    thread_local shared_ancestry last;
    term above = get("$ancestors"_a);
    const bool same = last && last->process == self() && last->above.has_value() == above.has_value() &&
                      (!above.has_value() || last->above == above);
    if (!same) last = new ancestry({}, self(), std::move(above));
    return last;
}

std::optional<term> behaviour::is_parent_exit(const term& message) const {
    if (!has_parent_ || !message.is_tagged(atoms::known<"EXIT">, 3)) return std::nullopt;
    const auto from = message.tuple()[1].as<pid>();
    if (!from || *from != parent()) return std::nullopt;
    return message.share(message.tuple()[2]);
}

// -- the end
// -----------------------------------------------------------------------------------------------------------

bool behaviour::is_calm(term_view reason) noexcept {
    return reason.is_atom(atoms::known<"normal">) || reason.is_atom(atoms::known<"shutdown">) ||
           reason.is_tagged(atoms::known<"shutdown">, 2);
}

void behaviour::report_end(const term& reason, term report) const {
    log_report(log_level::error, std::move(report));
    log_crash(reason, initial_call(), ancestors());
}

// -- system messages [protocol §7.3]
// -------------------------------------------------------------------------------------

term behaviour::replace_state(const std::function<term(const term&)>&) {
    error(atoms::known<"undef">);
}

std::optional<term> behaviour::change_code(const term&, const term&, const term&) {
    return std::nullopt;
}

/// The answer to get_state, which a failing state() must not end the server for.
term behaviour::state_for(const from& sender) const {
    try {
        return in_its_release(sender, state());
    } catch (...) {
        if (ended_by_signal()) throw;
        return failed_callback(tuple(behaviour_module(), "system_get_state"_a), std::current_exception());
    }
}

term behaviour::replaced_state(const from& sender, const term& function) {
    using change = std::function<term(const term&)>;
    try {
        if (const auto* const ours = native_cast<change>(function))
            return in_its_release(sender, replace_state(*ours));
        const auto theirs = to_callable(function, 1);
        if (!theirs) error(atoms::known<"undef">);
        return in_its_release(sender, replace_state([&](const term& state) { return (*theirs)({state}); }));
    } catch (...) {
        if (ended_by_signal()) throw;
        return failed_callback(function.is(kind::resource) ? term("function"_a) : function,
                               std::current_exception());
    }
}

term behaviour::status_term() {
    const auto me = process_info(self());
    std::vector<term> dictionary;
    if (me) {
        for (const auto& [key, value] : me->dictionary)
            dictionary.emplace_back(tuple(key, value));
    }
    const atom now = suspended_ ? "suspended"_a : "running"_a;
    const term parent = has_parent_ ? term(this->parent()) : term(self());
    return tuple("status"_a, self(), tuple("module"_a, behaviour_module()),
                 list(dictionary, now, parent, debug_ ? debug_->to_term() : term(list()),
                      status(term_view(now), term(logged()))));
}

term behaviour::debug_answer(const term& what) {
    if (!debug_) debug_ = std::make_unique<sys_debug>(format());
    term answer = debug_->carry_out(what, shown_name());
    if (debug_->empty()) debug_.reset();
    return answer;
}

term behaviour::answer_to_system(const gen::request& request) {
    const term& what = request.body;
    if (what.is_atom("get_state"_a)) return state_for(request.sender);
    if (what.is_atom("get_status"_a)) return status_term();
    if (what.is_tagged("replace_state"_a, 2))
        return replaced_state(request.sender, what.share(what.tuple()[1]));
    if (what.is_tagged("debug"_a, 2)) return debug_answer(what.share(what.tuple()[1]));
    if (suspended_ && what.is_tagged("change_code"_a, 4)) {
        const auto t = what.tuple();
        const auto refused = change_code(what.share(t[1]), what.share(t[2]), what.share(t[3]));
        if (!refused) return atoms::known<"ok">;
        if (refused->is_tagged(atoms::known<"EXIT">, 2)) return tuple(atoms::known<"error">, *refused);
        return tuple(atoms::known<"error">,
                     tuple(atoms::known<"error">, *refused));  // what code_change returned
    }
    return tuple(atoms::known<"error">, tuple("unknown_system_msg"_a, what));
}

next behaviour::on_system(const gen::request& request) {
    const term& what = request.body;
    const term ok = atoms::known<"ok">;
    if (what.is_tagged("terminate"_a, 2)) {
        reply(request.sender, ok);
        return end(what.share(what.tuple()[1]));
    }
    if (what.is_atom("suspend"_a)) {
        reply(request.sender, ok);
        return suspended_ ? next::wait() : suspended();
    }
    if (what.is_atom("resume"_a)) {
        suspended_ = false;
        reply(request.sender, ok);
    } else {
        reply(request.sender, answer_to_system(request));
    }
    return suspended_ ? next::wait() : wait();
}

next behaviour::suspended() {
    // Everything but system messages and the parent's exit stays in the mailbox until resumed. Erlang:
    // sys:suspend_loop.
    suspended_ = true;
    on_suspend();
    while (suspended_) {
        const term message = receive_if([&](term_view m) {
            if (m.is_tagged(atoms::known<"system">, 3)) return true;
            if (!has_parent_ || !m.is_tagged(atoms::known<"EXIT">, 3)) return false;
            const auto from = m.tuple()[1].as<pid>();
            return from && *from == parent();
        });
        if (const auto reason = is_parent_exit(message)) return end(*reason);
        const auto request = gen::as_request(message);
        if (!request) continue;
        next decided = on_system(*request);
        if (decided.what() == next::action::stop) return decided;
    }
    return wait();
}

}  // namespace rakka::detail
