#include "behaviour/class_name.hpp"
#include "log/report.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/event_handler.hpp>

namespace rakka {

// -- ids

handler_id::handler_id(atom module_name, term which) : module(module_name), id(std::move(which)) {
    if (id.is_atom(atoms::known<"false">)) id = {};
}

std::optional<handler_id> handler_id::read(const term& t) {
    if (const auto module = t.as<atom>()) return handler_id(*module);
    if (!t.is_tuple(2)) return std::nullopt;
    const auto module = t.tuple()[0].as<atom>();
    if (!module) return std::nullopt;
    return handler_id(*module, t.share(t.tuple()[1]));
}

term handler_id::to_term() const {
    return id.has_value() ? term(tuple(module, id)) : term(module);
}

term detail::factory_term(handler_factory factory) {
    return make_native(std::move(factory));
}

// -- the default callbacks

event_handler::answer event_handler::handle_call(const term& request) {
    exit(tuple("bad_call"_a, request));
}

event_handler::result event_handler::handle_info(const term& message) {
    detail::log_report(log_level::warning,
                       map("label"_a, tuple("gen_event"_a, "no_handle_info"_a), "module"_a,
                           detail::class_name(typeid(*this)), "message"_a, message));
    return ok();
}

term event_handler::terminate(const term&) {
    return atoms::known<"ok">;
}

void event_handler::replace_state(const term&) {
    error(atoms::known<"undef">);
}

void event_handler::code_change(const term&, const term&) {}

}  // namespace rakka
