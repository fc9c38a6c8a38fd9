#include "event/gen_event_loop.hpp"

#include "event/callback_failure.hpp"
#include "log/report.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/native.hpp>

#include <utility>

namespace rakka::detail {

namespace {

const atom init_atom = "init"_a;

/// failure_in() a callback, whose result goes to `decided`. A thrown result counts as returned, as in Erlang.
template <class Result, class F>
std::optional<term> failure_of_callback(Result& decided, F&& f) {
    return failure_in([&] {
        try {
            decided = f();
        } catch (Result& thrown) {
            decided = std::move(thrown);
        }
    });
}

[[noreturn]] void fail_as_error(atom reason, const term& call) {
    throw process_exit{tuple(reason, list(call)), process_exit::kind::error};
}

/// A report's reason has no `'EXIT'` around it while format_status looks at it.
term bare_reason(const term& why) {
    if (!why.is_tagged(atoms::known<"EXIT">, 2)) return why;
    return with_last_stack(why.share(why.tuple()[1]));
}

/// `{'EXIT', {badarg, …}}`: the module of the handler is none.
term no_module(const term& handler, const term& args) {
    const term module = handler.is_tuple(2) ? handler.share(handler.tuple()[0]) : handler;
    const term call = tuple("erlang"_a, "apply"_a, list(module, init_atom, list(args)), list());
    return tuple(atoms::known<"EXIT">, tuple(atoms::known<"badarg">, list(call)));
}

/// A C++ class that travelled here, or one that this system exports under the module's name.
std::unique_ptr<event_handler> make_handler(const new_handler& what, const term* last_words) {
    if (const auto* const ours = native_cast<handler_factory>(what.args())) return ours->make();
    const atom module = what.id().module;
    const auto init = this_system().exports().find(module, init_atom, 1);
    if (!init) {
        const term args = last_words != nullptr ? term(tuple(what.args(), *last_words)) : what.args();
        fail_as_error(atoms::known<"undef">, tuple(module, init_atom, list(args), list()));
    }
    const term made = (*init)({what.args()});
    const auto* const factory = native_cast<handler_factory>(made);
    if (factory == nullptr) throw process_exit{tuple("bad_return_value"_a, made)};
    return factory->make();
}

}  // namespace

// -- a life
// -----------------------------------------------------------------------------------------------------------

next gen_event_loop::begin() {
    trap_exit(true);
    started();
    return wait();
}

next gen_event_loop::wait() {
    idle_ = false;
    if (hibernate_) return next::hibernate();
    idle_ = hibernate_after_ != forever;
    return idle_ ? next::timeout(saturated(hibernate_after_)) : next::wait();
}

next gen_event_loop::handle_timeout() {
    return next::hibernate();
}

next gen_event_loop::end(term reason) {
    std::vector<pid> supervisors;
    while (!handlers_.empty()) {
        const installed_handler last = handlers_.take(0);
        static_cast<void>(last_words_of(last, "stop"_a));
        tell_supervisor(last, atoms::known<"shutdown">);
        if (last.supervisor && last.supervisor != parent()) supervisors.push_back(last.supervisor);
    }
    for (const pid& supervisor : supervisors)
        unlink(supervisor);  // they are to live on
    if (!is_calm(reason)) log_crash(reason, initial_call(), ancestors());
    return next::stop(std::move(reason));
}

// -- messages
// ---------------------------------------------------------------------------------------------------------

next gen_event_loop::handle(term message) {
    if (message.is_tagged(atoms::known<"system">, 3)) {
        if (const auto request = gen::as_request(message)) return on_system(*request);
    }
    if (auto reason = is_parent_exit(message)) return end(*std::move(reason));
    debug_event([&] { return term(tuple("in"_a, message)); });
    hibernate_ = false;
    if (message.is_tagged("notify"_a, 2)) {
        notify(message.share(message.tuple()[1]), &event_handler::handle_event);
    } else if (const auto request = gen::as_request(message)) {
        if (request->body.is_atom("stop"_a)) {
            next last = end(atoms::known<"normal">);
            reply(request->sender, atoms::known<"ok">);
            return last;
        }
        if (auto answer = answer_to(request->body)) {
            reply(request->sender, *std::move(answer));
        } else {
            on_message(message);
        }
    } else if (message.is_tagged(atoms::known<"EXIT">, 3)) {
        on_exit(message);
    } else {
        on_message(message);
    }
    return wait();
}

void gen_event_loop::on_message(const term& message) {
    notify(message, &event_handler::handle_info);
}

/// First the handlers that it supervises go, then the others hear of it.
void gen_event_loop::on_exit(const term& message) {
    if (const auto from = message.tuple()[1].as<pid>()) {
        const term args = tuple("stop"_a, message.share(message.tuple()[2]));
        for (const installed_handler& gone : handlers_.take_supervised_by(*from)) {
            static_cast<void>(last_words_of(gone, args));
            tell_supervisor(gone, atoms::known<"shutdown">);
        }
    }
    on_message(message);
    hibernate_ = false;  // as in OTP
}

std::optional<term> gen_event_loop::answer_to(const term& body) {
    if (body.is_tagged("sync_notify"_a, 2)) {
        notify(body.share(body.tuple()[1]), &event_handler::handle_event);
        return atoms::known<"ok">;
    }
    if (body.is_tagged(atoms::known<"call">, 3))
        return on_call(body.share(body.tuple()[1]), body.share(body.tuple()[2]));
    return answer_about_handlers(body);
}

std::optional<term> gen_event_loop::answer_about_handlers(const term& body) {
    if (body.is_atom("which_handlers"_a)) return term(handlers_.names());
    if (body.is_atom("get_modules"_a)) return term(handlers_.modules());
    if (!body.is(kind::tuple) || body.tuple().size() < 3) return std::nullopt;
    const tuple_view t = body.tuple();
    if (body.is_tagged("add_handler"_a, 3)) return on_add(body.share(t[1]), body.share(t[2]), {});
    if (body.is_tagged("delete_handler"_a, 3)) return on_delete(body.share(t[1]), body.share(t[2]));
    if (body.is_tagged("swap_handler"_a, 5)) return on_swap(t, body, {});
    const auto supervisor = t[t.size() - 1].as<pid>();
    if (!supervisor) return std::nullopt;
    if (body.is_tagged("add_sup_handler"_a, 4))
        return on_add(body.share(t[1]), body.share(t[2]), *supervisor);
    if (body.is_tagged("swap_sup_handler"_a, 6)) return on_swap(t, body, *supervisor);
    return std::nullopt;
}

term gen_event_loop::on_call(const term& handler, const term& request) {
    const auto id = handler_id::read(handler);
    const auto at = id ? handlers_.find(*id) : std::nullopt;
    if (!at) return tuple(atoms::known<"error">, "bad_module"_a);
    event_handler::answer given;
    if (const auto why = failure_of_callback(given, [&] { return call(*at, request); })) {
        crash(*at, *why, request);
        return tuple(atoms::known<"error">, *why);
    }
    static_cast<void>(carry_out(*at, std::move(given.then_), request));
    return std::move(given.reply_);
}

term gen_event_loop::on_add(const term& handler, const term& args, const pid& supervisor) {
    // As in OTP the link comes first, and stays even if the handler fails: it may be another handler's.
    if (supervisor) link(supervisor);
    const auto id = handler_id::read(handler);
    if (!id) return no_module(handler, args);
    const auto why = install(0, new_handler(*id, args), supervisor, nullptr);
    return why ? *why : term(atoms::known<"ok">);
}

term gen_event_loop::on_delete(const term& handler, const term& args) {
    const auto id = handler_id::read(handler);
    const auto at = id ? handlers_.find(*id) : std::nullopt;
    if (!at) return tuple(atoms::known<"error">, "module_not_found"_a);
    const installed_handler gone = handlers_.take(*at);
    term words = last_words_of(gone, args);
    tell_supervisor(gone, atoms::known<"normal">);
    return words;
}

term gen_event_loop::on_swap(tuple_view request, const term& body, const pid& supervisor) {
    const term handler = body.share(request[1]);
    const term by = body.share(request[3]);
    const term by_args = body.share(request[4]);
    term words = atoms::known<"error">;
    pid heir = supervisor;
    const auto id = handler_id::read(handler);
    if (const auto at = id ? handlers_.find(*id) : std::nullopt) {
        const installed_handler gone = handlers_.take(*at);
        if (!heir) heir = gone.supervisor;
        words = last_words_of(gone, body.share(request[2]));
        const term now_of = heir ? term(heir) : term(atoms::known<"false">);
        tell_supervisor(gone, tuple("swapped"_a, by, now_of));
    }
    if (heir) link(heir);
    const auto by_id = handler_id::read(by);
    if (!by_id) return tuple(atoms::known<"error">, no_module(by, tuple(by_args, words)));
    const auto why = install(0, new_handler(*by_id, by_args), heir, &words);
    return why ? term(tuple(atoms::known<"error">, *why)) : term(atoms::known<"ok">);
}

// -- handlers
// ---------------------------------------------------------------------------------------------------------

void gen_event_loop::notify(const term& what, callback f) {
    for (std::size_t at = 0; at < handlers_.size();) {
        result decided;
        if (const auto why = failure_of_callback(decided, [&] { return call(at, what, f); })) {
            crash(at, *why, what);
        } else if (carry_out(at, std::move(decided), what)) {
            ++at;
        }
    }
}

bool gen_event_loop::carry_out(std::size_t at, result decided, const term& last_message) {
    switch (decided.fate_) {
        case result::fate::stays:
            if (decided.hibernate_) hibernate_ = true;
            return true;
        case result::fate::swapped:
            return swap_in_place(at, std::move(decided));
        case result::fate::failed:
            crash(at, tuple(atoms::known<"error">, decided.term_), last_message);
            return false;
        case result::fate::removed:
            break;
    }
    const installed_handler gone = handlers_.take(at);
    static_cast<void>(last_words_of(gone, "remove_handler"_a));
    tell_supervisor(gone, atoms::known<"normal">);
    return false;
}

bool gen_event_loop::swap_in_place(std::size_t at, result decided) {
    const installed_handler gone = handlers_.take(at);
    const term words = last_words_of(gone, decided.term_);
    tell_supervisor(gone, tuple("swapped"_a, decided.by_->id().to_term(), gone.shown_supervisor()));
    const auto why = install(at, *decided.by_, gone.supervisor, &words);
    if (!why) return true;
    const installed_handler failed{decided.by_->id(), gone.supervisor, nullptr};
    report_crash(failed, *why,
                 {.state = term(atoms::known<"undefined">), .message = words, .reason = bare_reason(*why)});
    tell_supervisor(failed, "crash"_a);  // the word that OTP has for it
    return false;
}

std::optional<term> gen_event_loop::install(std::size_t at, const new_handler& what, const pid& supervisor,
                                            const term* last_words) {
    installed_handler fresh{what.id(), supervisor, nullptr};
    result decided;
    const auto why = failure_of_callback(decided, [&] {
        fresh.object = make_handler(what, last_words);
        return last_words != nullptr ? fresh.object->take_over(*last_words) : fresh.object->init();
    });
    if (why) return why;
    switch (decided.fate_) {
        case result::fate::failed:
            return term(tuple(atoms::known<"error">, decided.term_));
        case result::fate::removed:
            return term("remove_handler"_a);
        case result::fate::swapped:
            return term("swap_handler"_a);
        case result::fate::stays:
            break;
    }
    if (decided.hibernate_) hibernate_ = true;
    handlers_.insert(at, std::move(fresh));
    return std::nullopt;
}

term gen_event_loop::last_words_of(const installed_handler& gone, const term& args) {
    term words;
    if (const auto why = failure_in([&] { words = gone.object->terminate(args); })) return *why;
    return words.has_value() ? words : term(atoms::known<"ok">);
}

void gen_event_loop::tell_supervisor(const installed_handler& gone, const term& why) {
    if (gone.supervisor) send(gone.supervisor, tuple("gen_event_EXIT"_a, gone.id.to_term(), why));
}

void gen_event_loop::crash(std::size_t at, const term& why, const term& last_message) {
    const installed_handler gone = handlers_.take(at);
    event_handler::shown_status shown{.state = {}, .message = last_message, .reason = bare_reason(why)};
    // As it was when it failed; a state that cannot be told must not keep it from its last words.
    if (failure_in([&] { shown.state = gone.object->state(); })) shown.state = atoms::known<"undefined">;
    static_cast<void>(last_words_of(gone, tuple(atoms::known<"error">, why)));
    report_crash(gone, why, std::move(shown));
    tell_supervisor(gone, why);
}

}  // namespace rakka::detail
