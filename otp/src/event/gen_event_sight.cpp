// The callbacks of event handlers as a trace of calls sees them.
#include "event/gen_event_loop.hpp"
#include "trace/seen_call.hpp"

#include <rakka/etf/build.hpp>

#include <utility>

namespace rakka::detail {

/// As OTP's callback would return it.
term gen_event_loop::shown(const result& decided, const term& state) {
    switch (decided.fate_) {
        case result::fate::stays:
            return decided.hibernate_ ? term(tuple(atoms::known<"ok">, state, "hibernate"_a))
                                      : term(tuple(atoms::known<"ok">, state));
        case result::fate::removed:
            return "remove_handler"_a;
        case result::fate::swapped:
            return tuple("swap_handler"_a, decided.term_, state, decided.by_->id().to_term(),
                         decided.by_->args());
        case result::fate::failed:
            break;
    }
    return tuple(atoms::known<"error">, decided.term_);
}

gen_event_loop::result gen_event_loop::call_in_sight(std::size_t at, const term& what, callback f) {
    event_handler& handler = *handlers_[at].object;
    const atom module = handlers_[at].id.module;
    const char* const name = f == &event_handler::handle_info ? "handle_info" : "handle_event";
    const auto trace = calls_shown_to(module, name, 2);
    if (!trace) return (handler.*f)(what);
    const auto state = [&] { return shown_or_not([&] { return handler.state(); }); };
    return run_in_sight(
        *trace, {module, atom(name), 2}, {what, state()},
        [&]() -> result {
            try {
                return (handler.*f)(what);
            } catch (result& thrown) {
                return std::move(thrown);  // a throw returns from the callback
            }
        },
        [&](const result& decided) { return shown(decided, state()); });
}

event_handler::answer gen_event_loop::call_in_sight(std::size_t at, const term& request) {
    event_handler& handler = *handlers_[at].object;
    const atom module = handlers_[at].id.module;
    const auto trace = calls_shown_to(module, "handle_call", 2);
    if (!trace) return handler.handle_call(request);
    const auto state = [&] { return shown_or_not([&] { return handler.state(); }); };
    return run_in_sight(
        *trace, {module, "handle_call"_a, 2}, {request, state()},
        [&]() -> event_handler::answer {
            try {
                return handler.handle_call(request);
            } catch (event_handler::answer& thrown) {
                return std::move(thrown);
            }
        },
        [&](const event_handler::answer& given) {
            return tuple_of_terms({atoms::known<"ok">, given.reply_, state()});
        });
}

}  // namespace rakka::detail
