#include "behaviour/class_name.hpp"
#include "behaviour/gen_failure.hpp"
#include "statem/gen_statem_loop.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/build.hpp>

#include <algorithm>

namespace rakka {

namespace statem {

state_functions::state_functions(std::initializer_list<entry> states) : entries_(states) {
    std::sort(entries_.begin(), entries_.end(),
              [](const entry& a, const entry& b) { return a.state.id() < b.state.id(); });
}

const state_function* state_functions::find(atom state) const noexcept {
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), state,
                                        [](const entry& e, atom s) { return e.state.id() < s.id(); });
    return found != entries_.end() && found->state == state ? &found->function : nullptr;
}

void action::delete_module::operator()(gen_statem* module) const noexcept {
    delete module;
}

}  // namespace statem

namespace {

using detail::timeout_term;

struct timeout_as_term {
    term operator()(const gen_statem::wait_time& t) const { return timeout_term(t); }
    term operator()(const statem::clean_timeout& t) const {
        return tuple("clean_timeout"_a, timeout_term(t.limit));
    }
    term operator()(const statem::dirty_timeout& t) const {
        return tuple("dirty_timeout"_a, timeout_term(t.limit));
    }
};
struct limit_of {
    gen_statem::wait_time operator()(const gen_statem::wait_time& t) const { return t; }
    template <class Wrapped>
    gen_statem::wait_time operator()(const Wrapped& t) const {
        return t.limit;
    }
};

template <class Server>
term call_or_exit(const Server& machine, const term& request, const gen_statem::call_timeout& timeout) {
    auto answer = gen_server::try_call(machine, request, std::visit(limit_of{}, timeout));
    if (answer) return *std::move(answer);
    detail::fail_in(answer.error().reason, "gen_statem"_a, atoms::known<"call">,
                    list(server_ref(machine).to_term(), request, std::visit(timeout_as_term{}, timeout)));
}

}  // namespace

gen_statem::~gen_statem() = default;

gen_statem::result gen_statem::handle_event(const event& e, const term& state) {
    const term call = tuple(detail::class_name(typeid(*this)), "handle_event"_a,
                            list(e.type_term(), e.content(), state, data()), list());
    throw process_exit{tuple(atoms::known<"undef">, list(call)), process_exit::kind::error};
}

void gen_statem::replace_data(const term&) {
    error(atoms::known<"undef">);
}

term gen_statem::call(const destination& machine, const term& request, const call_timeout& timeout) {
    return call_or_exit(machine, request, timeout);
}
term gen_statem::call(const registry_name& machine, const term& request, const call_timeout& timeout) {
    return call_or_exit(machine, request, timeout);
}

void gen_statem::enter_loop(std::unique_ptr<gen_statem> machine, term state, std::vector<action> actions,
                            const start_options& options) {
    detail::gen_statem_loop loop({.state = std::move(state), .actions = std::move(actions)},
                                 std::move(machine), options.hibernate_after);
    detail::enter_loop(loop, options);
}

start_result<std::pair<pid, reference>> gen_statem::start_machine(factory_function make,
                                                                  const start_options& options, mode how) {
    using detail::start_mode;
    const start_mode as = how == mode::link      ? start_mode::link
                          : how == mode::monitor ? start_mode::monitor
                                                 : start_mode::plain;
    auto loop = std::make_unique<detail::gen_statem_loop>(
        detail::gen_statem_loop::beginning{.make = std::move(make)}, nullptr, options.hibernate_after);
    return detail::start_behaviour(std::move(loop), options, as);
}

}  // namespace rakka
