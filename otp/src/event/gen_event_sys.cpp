// What a manager shows of itself: to sys, and in the report of a handler that has crashed.
#include "event/callback_failure.hpp"
#include "event/gen_event_loop.hpp"
#include "log/report.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>

#include <string>
#include <utility>
#include <vector>

namespace rakka::detail {

namespace {

const atom gen_event_atom = "gen_event"_a;

std::string printed(term_view t) {
    return to_string(t, {.charset = print_charset::unicode, .line_length = 80});
}

/// The lines of gen_event:print_event/3.
std::string event_line(term_view event, term_view name) {
    const std::string who = "*DBG* " + printed(name);
    if (!event.is_tagged("in"_a, 2)) return who + " : " + printed(event) + "\n";
    const term_view message = event.tuple()[1];
    if (message.is_tagged("notify"_a, 2)) return who + " got event " + printed(message.tuple()[1]) + "\n";
    if (message.is_tuple(3) && message.tuple()[2].is_tagged(atoms::known<"call">, 3)) {
        const tuple_view call = message.tuple()[2].tuple();
        return who + "(" + printed(call[1]) + ") got call " + printed(call[2]) + "\n";
    }
    return who + " got " + printed(message) + "\n";
}

}  // namespace

event_format gen_event_loop::format() const noexcept {
    return event_line;
}

atom gen_event_loop::behaviour_module() const noexcept {
    return gen_event_atom;
}

term gen_event_loop::initial_call() const {
    return tuple(gen_event_atom, "init_it"_a, 6);
}

/// What OTP's logger is told of a handler that crashes. Erlang: gen_event:report_error/5.
void gen_event_loop::report_crash(const installed_handler& failed, const term& why,
                                  event_handler::shown_status shown) const {
    if (failed.object) {
        const auto unseen_why = failure_in([&] { shown = failed.object->format_status(shown); });
        if (unseen_why) shown.state = unseen();
    }
    const bool is_exit = why.is_tagged(atoms::known<"EXIT">, 2);
    const term reason = is_exit ? term(tuple(atoms::known<"EXIT">, shown.reason)) : shown.reason;
    log_report(log_level::error, map("label"_a, tuple(gen_event_atom, "terminate"_a), "handler"_a,
                                     failed.id.to_term(), "name"_a, shown_name(), "last_message"_a,
                                     shown.message, "state"_a, shown.state, "reason"_a, reason));
}

// -- its handlers
// -----------------------------------------------------------------------------------------------------------

term gen_event_loop::state() const {
    std::vector<term> all;
    all.reserve(handlers_.size());
    for (const auto& h : handlers_)
        all.emplace_back(tuple(h.id.module, h.shown_id(), h.object->state()));
    return term(all);
}

/// Handler by handler: one for which it fails, or that takes no state, stays as it was.
term gen_event_loop::replace_state(const std::function<term(const term&)>& change) {
    std::vector<term> all;
    all.reserve(handlers_.size());
    for (const auto& h : handlers_) {
        const term module = h.id.module;
        const term id = h.shown_id();
        term shown = tuple(module, id, h.object->state());
        static_cast<void>(failure_in([&] {
            term fresh = change(shown);
            if (!fresh.is_tuple(3) || !(fresh.tuple()[0] == module.view()) ||
                !(fresh.tuple()[1] == id.view()))
                return;
            h.object->replace_state(fresh.share(fresh.tuple()[2]));
            shown = std::move(fresh);
        }));
        all.push_back(std::move(shown));
    }
    return term(all);
}

term gen_event_loop::status(term_view running_or_suspended, const term& logged) {
    event_handler::shown_status shown;
    for (const term_view event : logged.list())
        shown.log.push_back(logged.share(event));
    std::vector<term> items;
    for (const auto& h : handlers_) {
        // Handler by handler: who asks must end none of them.
        const auto unseen_why = failure_in([&] {
            shown.state = h.object->state();
            shown = h.object->format_status(shown);
        });
        if (unseen_why) shown.state = unseen();
        items.emplace_back(tuple("handler"_a, h.id.module, h.shown_id(), shown.state, h.shown_supervisor()));
    }
    const term name = shown_name();
    const std::string header =
        "Status for event handler " +
        (name.is(kind::atom) ? std::string(name.view().atom_text()) : name.to_string());
    return list(tuple("header"_a, charlist(header)),
                tuple("data"_a, list(tuple(charlist("Status"), term::copy(running_or_suspended)),
                                     tuple(charlist("Logged Events"), shown.log),
                                     tuple(charlist("Parent"), parent() ? term(parent()) : term(self())))),
                tuple("items"_a, tuple(charlist("Installed handlers"), items)));
}

std::optional<term> gen_event_loop::change_code(const term& module, const term& old_version,
                                                const term& extra) {
    return failure_in([&] {
        for (const auto& h : handlers_) {
            if (module.is_atom(h.id.module)) h.object->code_change(old_version, extra);
        }
    });
}

}  // namespace rakka::detail
