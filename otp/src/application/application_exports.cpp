// Module `application` for callers on other nodes.
#include "application/application_table.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka::applications {
namespace {

using arguments = const std::vector<term>&;

term to_term(const outcome<void>& o) {
    return o ? term(atoms::known<"ok">) : term(tuple(atoms::known<"error">, o.error().reason));
}

term to_term(const std::vector<entry>& all) {
    std::vector<term> out;
    for (const entry& e : all)
        out.emplace_back(tuple(e.name, charlist(e.description), charlist(e.version)));
    return term(out);
}

term ok_or_undefined(std::optional<term> value) {
    return value ? term(tuple(atoms::known<"ok">, *value)) : term(atoms::known<"undefined">);
}

std::optional<atom> name_in(const term& t) {
    const auto name = t.as<atom>();
    return name ? std::optional(*name) : std::nullopt;
}

application_type type_in(const term& t) {
    if (t.is_atom("permanent"_a)) return application_type::permanent;
    return t.is_atom("transient"_a) ? application_type::transient : application_type::temporary;
}

std::vector<term> keys_of(const application_specification& s) {
    const auto atoms = [](const std::vector<atom>& all) { return term(all); };
    std::vector<term> phases;
    for (const auto& [phase, argument] : s.start_phases)
        phases.emplace_back(tuple(phase, argument));
    std::vector<term> env;
    for (const auto& [key, value] : get_all_env(s.name))
        env.emplace_back(tuple(key, value));
    return {tuple("description"_a, charlist(s.description)),
            tuple("id"_a, charlist("")),
            tuple("vsn"_a, charlist(s.version)),
            tuple("modules"_a, list()),
            tuple("maxP"_a, "infinity"_a),
            tuple("maxT"_a, "infinity"_a),
            tuple("registered"_a, atoms(s.registered)),
            tuple("included_applications"_a, list()),
            tuple("optional_applications"_a, atoms(s.optional_applications)),
            tuple("applications"_a, atoms(s.applications)),
            tuple("env"_a, env),
            tuple("mod"_a, list()),
            tuple("start_phases"_a, phases)};
}

std::optional<term> key_of(const term& name, const term& key) {
    const auto known = name_in(name) ? get_all_key(*name_in(name)) : std::nullopt;
    if (!known) return std::nullopt;
    for (const term& pair : keys_of(*known))
        if (pair.tuple()[0] == key.view()) return pair.share(pair.tuple()[1]);
    return std::nullopt;
}

std::optional<term> env_of(const term& name, const term& key) {
    const auto n = name_in(name), k = name_in(key);
    return n && k ? get_env(*n, *k) : std::nullopt;
}

/// `name` as an argument that must be an atom.
atom must_be_name(const term& t) {
    const auto name = name_in(t);
    if (!name) rakka::error(atoms::known<"badarg">);
    return *name;
}

void add_queries(export_table& table) {
    const auto add = [&](std::string_view function, std::size_t arity, auto f) {
        table.add("application"_a, atom(function), arity, std::move(f));
    };
    for (const std::size_t arity : {0, 1})
        add("which_applications", arity, [](arguments) { return to_term(which_applications()); });
    add("loaded_applications", 0, [](arguments) { return to_term(loaded_applications()); });
    add("get_key", 2, [](arguments a) { return ok_or_undefined(key_of(a[0], a[1])); });
    add("get_all_key", 1, [](arguments a) -> term {
        const auto known = name_in(a[0]) ? get_all_key(*name_in(a[0])) : std::nullopt;
        return known ? term(tuple(atoms::known<"ok">, keys_of(*known))) : term(atoms::known<"undefined">);
    });
    add("get_env", 2, [](arguments a) { return ok_or_undefined(env_of(a[0], a[1])); });
    add("get_env", 3, [](arguments a) { return env_of(a[0], a[1]).value_or(a[2]); });
    add("get_all_env", 1, [](arguments a) -> term {
        std::vector<term> out;
        if (const auto name = name_in(a[0])) {
            for (const auto& [key, value] : get_all_env(*name))
                out.emplace_back(tuple(key, value));
        }
        return term(out);
    });
    add("get_application", 1, [](arguments a) -> term {
        const auto p = a[0].as<pid>();
        const auto name = p && p->is_local() ? get_application(*p) : std::nullopt;
        return name ? term(tuple(atoms::known<"ok">, *name)) : term(atoms::known<"undefined">);
    });
}

void add_commands(export_table& table) {
    const auto add = [&](std::string_view function, std::size_t arity, auto f) {
        table.add("application"_a, atom(function), arity, std::move(f));
    };
    add("start", 1, [](arguments a) { return to_term(start(must_be_name(a[0]))); });
    add("start", 2, [](arguments a) { return to_term(start(must_be_name(a[0]), type_in(a[1]))); });
    add("ensure_started", 1, [](arguments a) { return to_term(ensure_started(must_be_name(a[0]))); });
    add("ensure_started", 2,
        [](arguments a) { return to_term(ensure_started(must_be_name(a[0]), type_in(a[1]))); });
    for (const std::size_t arity : {1, 2}) {
        add("ensure_all_started", arity, [](arguments a) -> term {
            const auto done = ensure_all_started({must_be_name(a[0])},
                                                 a.size() > 1 ? type_in(a[1]) : application_type::temporary);
            if (done) return tuple(atoms::known<"ok">, *done);
            return tuple(atoms::known<"error">, done.error().reason);
        });
    }
    add("stop", 1, [](arguments a) { return to_term(stop(must_be_name(a[0]))); });
    add("unload", 1, [](arguments a) { return to_term(unload(must_be_name(a[0]))); });
    for (const std::size_t arity : {3, 4}) {
        add("set_env", arity, [](arguments a) {
            set_env(must_be_name(a[0]), must_be_name(a[1]), a[2]);
            return term(atoms::known<"ok">);
        });
    }
    add("unset_env", 2, [](arguments a) {
        unset_env(must_be_name(a[0]), must_be_name(a[1]));
        return term(atoms::known<"ok">);
    });
}

}  // namespace

void export_to(system& s) {
    if (s.exports().find("application"_a, "get_all_key"_a, 1)) return;
    add_queries(s.exports());
    add_commands(s.exports());
}

}  // namespace rakka::applications
