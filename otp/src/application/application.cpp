#include "application/application_controller.hpp"
#include "application/application_table.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/application.hpp>

#include <algorithm>

namespace rakka::applications {

using detail::application_table;

namespace {

std::shared_ptr<application_table> table() {
    return detail::attached<application_table>(this_system());
}

outcome<void> to_outcome(const std::optional<term>& failure) {
    if (failure) return start_error::because(*failure);
    return {};
}

outcome<void> ask(const term& request) {
    const auto answer = gen_server::try_call(detail::controller(), request, infinity);
    if (!answer) return start_error::because(answer.error().reason);
    if (answer->is_atom(atoms::known<"ok">)) return {};
    return start_error::because(answer->share(answer->tuple()[1]));
}

/// Starts `name` and what it needs, in order; `started` grows.
outcome<void> start_with_needs(atom name, application_type type, std::vector<atom>& started,
                               std::vector<atom>& under_way) {
    const auto fail = [&](const term& why) { return start_error::because(tuple(name, why)); };
    if (std::find(under_way.begin(), under_way.end(), name) != under_way.end())
        return fail("circular_dependency"_a);
    if (table()->is_running(name)) return {};
    const auto known = get_all_key(name);
    if (!known) return fail(tuple("not_loaded"_a, name));
    under_way.push_back(name);
    for (const atom needed : known->applications)
        if (auto done = start_with_needs(needed, type, started, under_way); !done) return done;
    for (const atom wanted : known->optional_applications) {
        if (!get_all_key(wanted)) continue;
        if (auto done = start_with_needs(wanted, type, started, under_way); !done) return done;
    }
    under_way.pop_back();
    const auto done = start(name, type);
    if (done) {
        started.push_back(name);
        return {};
    }
    if (done.error().reason.is_tagged(atoms::known<"already_started">, 2)) return {};
    return fail(done.error().reason);
}

}  // namespace

// -- loading

outcome<void> load(application_specification specification, factory make) {
    static_cast<void>(detail::controller());
    export_to(this_system());
    return to_outcome(table()->load(std::move(specification), std::move(make)));
}

outcome<void> unload(atom name) {
    return to_outcome(table()->unload(name));
}

// -- starting and stopping

outcome<void> start(atom name, application_type type) {
    return ask(tuple("start"_a, name, static_cast<std::uint8_t>(type)));
}

outcome<void> ensure_started(atom name, application_type type) {
    auto done = start(name, type);
    if (!done && done.error().reason.is_tagged(atoms::known<"already_started">, 2)) return {};
    return done;
}

outcome<std::vector<atom>> ensure_all_started(const std::vector<atom>& names, application_type type) {
    std::vector<atom> started, under_way;
    for (const atom name : names) {
        const auto done = start_with_needs(name, type, started, under_way);
        if (done) continue;
        for (auto one = started.rbegin(); one != started.rend(); ++one)
            static_cast<void>(stop(*one));
        return start_error::because(done.error().reason);
    }
    return started;
}

outcome<void> stop(atom name) {
    return ask(tuple(atoms::known<"stop">, name));
}

void stop_all() {
    for (const entry& e : which_applications())
        static_cast<void>(stop(e.name));
}

// -- looking

std::vector<entry> which_applications() {
    return table()->running();
}

std::vector<entry> loaded_applications() {
    return table()->all_loaded();
}

std::optional<application_specification> get_all_key(atom name) {
    auto found = table()->find(name);
    if (!found) return std::nullopt;
    return std::move(found->specification);
}

std::optional<atom> get_application(const pid& p) {
    const auto info = process_info(p);
    return info ? table()->application_of_master(info->group_leader) : std::nullopt;
}

std::optional<atom> get_application() {
    return table()->application_of_master(group_leader());
}

// -- environment

std::optional<term> get_env(atom name, atom key) {
    return table()->get_env(name, key);
}

std::optional<term> get_env(atom key) {
    const auto own = get_application();
    return own ? get_env(*own, key) : std::nullopt;
}

environment get_all_env(atom name) {
    return table()->all_env(name);
}

void set_env(atom name, atom key, term value, bool persistent) {
    table()->set_env(name, key, std::move(value), persistent);
}

void unset_env(atom name, atom key) {
    table()->unset_env(name, key);
}

}  // namespace rakka::applications
