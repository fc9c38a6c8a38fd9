#include "statem/statem_terms.hpp"

#include "behaviour/class_name.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/otp/gen_statem.hpp>

namespace rakka {

namespace statem {

using form = timeout_time::form;

term event::type_term() const {
    switch (type_) {
        case event_type::call:
            return tuple(atoms::known<"call">, origin_.to_term());
        case event_type::cast:
            return "cast"_a;
        case event_type::info:
            return atoms::known<"info">;
        case event_type::internal:
            return "internal"_a;
        case event_type::timeout:
            return atoms::known<"timeout">;
        case event_type::state_timeout:
            return "state_timeout"_a;
        case event_type::generic_timeout:
            return tuple(atoms::known<"timeout">, origin_.tag);
        case event_type::enter:
            return "enter"_a;
    }
    return {};
}

term event::to_term() const {
    return tuple(type_term(), content_);
}

namespace {

term time_term(const timeout_time& t) {
    if (t.what() == form::infinity) return atoms::known<"infinity">;
    if (t.what() == form::update) return "update"_a;
    return t.value().count();
}

struct action_as_term {
    term operator()(const action::reply_to& a) const {
        return tuple(atoms::known<"reply">, a.to.to_term(), a.value);
    }
    term operator()(const action::postpone_event& a) const {
        return a.on ? term("postpone"_a) : term(tuple("postpone"_a, false));
    }
    term operator()(const action::hibernation& a) const {
        return a.on ? term(atoms::known<"hibernate">) : term(tuple(atoms::known<"hibernate">, false));
    }
    term operator()(const action::insert_event& a) const {
        return tuple("next_event"_a, a.what.type_term(), a.what.content());
    }
    term operator()(const action::set_timeout& a) const {
        const term type = detail::to_term(a.key);
        const term time = time_term(a.time);
        if (a.time.what() != form::absolute) return tuple(type, time, a.content);
        return tuple(type, time, a.content, list(tuple("abs"_a, true)));
    }
    term operator()(const action::set_module& a) const {
        using way = action::set_module::way;
        if (a.how == way::pop) return "pop_callback_module"_a;
        const atom name = a.how == way::push ? "push_callback_module"_a : "change_callback_module"_a;
        if (!a.module) return tuple(name, atoms::known<"undefined">);
        const auto& module = *a.module;
        return tuple(name, detail::class_name(typeid(module)));
    }
};

}  // namespace

term action::to_term() const {
    return std::visit(action_as_term{}, what_);
}

}  // namespace statem

namespace detail {

using statem::event_type;
using statem::result;

term to_term(const statem::timeout_key& which) {
    switch (which.type) {
        case event_type::timeout:
            return atoms::known<"timeout">;
        case event_type::state_timeout:
            return "state_timeout"_a;
        default:
            return tuple(atoms::known<"timeout">, which.name);
    }
}

std::optional<statem::timeout_key> to_timeout_key(const term& whole, term_view part) {
    if (part.is_atom(atoms::known<"timeout">)) return statem::timeout_key{event_type::timeout, {}};
    if (part.is_atom("state_timeout"_a)) return statem::timeout_key{event_type::state_timeout, {}};
    if (!part.is_tagged(atoms::known<"timeout">, 2)) return std::nullopt;
    return statem::timeout_key{event_type::generic_timeout, whole.share(part.tuple()[1])};
}

term to_term(const result& decided, const term& data) {
    std::vector<term> actions;
    for (const statem::action& a : decided.actions())
        actions.push_back(a.to_term());
    const auto with_actions = [&](const auto&... parts) -> term {
        if (actions.empty()) return tuple(parts...);
        return tuple(parts..., actions);
    };
    switch (decided.what()) {
        case result::decision::next_state:
            return with_actions("next_state"_a, decided.value(), data);
        case result::decision::keep_state:
            return with_actions("keep_state"_a, data);
        case result::decision::repeat_state:
            return with_actions("repeat_state"_a, data);
        case result::decision::stop:
            if (actions.empty()) return tuple(atoms::known<"stop">, decided.value(), data);
            return tuple("stop_and_reply"_a, decided.value(), actions, data);
        case result::decision::fail:
            if (decided.value().is_atom(atoms::known<"ignore">)) return decided.value();
            return tuple(atoms::known<"error">, decided.value());
        case result::decision::none:
            return decided.value();
    }
    return {};
}

}  // namespace detail
}  // namespace rakka
