// Functions of module `application` and those behind it. See applications.hpp for who knows the answers.
#include "inspection/applications.hpp"
#include "inspection/exporting.hpp"
#include "inspection/inspection.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <string_view>

namespace rakka::detail {
namespace {

/// The entry of `name` in `[{Name, Description, Version}]`.
std::optional<term> application_named(const term& name) {
    for (term& one : which_applications())
        if (one.tuple()[0] == name.view()) return std::move(one);
    return std::nullopt;
}

/// Of an application's keys only these two are known.
term get_key(const term& name, const term& key) {
    const auto found = application_named(name);
    if (!found) return atoms::known<"undefined">;
    if (key.is_atom("description"_a)) return tuple(atoms::known<"ok">, found->share(found->tuple()[1]));
    if (key.is_atom("vsn"_a)) return tuple(atoms::known<"ok">, found->share(found->tuple()[2]));
    return atoms::known<"undefined">;
}

term application_info() {
    std::vector<term> running;
    for (const term& one : which_applications())
        running.emplace_back(tuple(one.share(one.tuple()[0]), atoms::known<"undefined">));
    const term all = to_list(running);
    const term loaded = to_list(which_applications());
    return list(tuple("loaded"_a, loaded), tuple("loading"_a, list()), tuple("started"_a, list()),
                tuple("start_p_false"_a, list()), tuple("running"_a, all), tuple("starting"_a, list()));
}

term master(const term& name) {
    const auto found = application_master_of(name);
    return found ? term(*found) : term(atoms::known<"undefined">);
}

}  // namespace

void export_application_functions(export_table& exports) {
    const auto add = [&](std::string_view module, std::string_view function, std::size_t arity, auto f) {
        exports.add(atom(module), atom(function), arity, std::move(f));
    };
    const auto which = [](arguments) { return to_list(which_applications()); };
    const auto undefined = [](arguments) { return term(atoms::known<"undefined">); };
    add("application", "which_applications", 0, which);
    add("application", "which_applications", 1, which);
    add("application", "loaded_applications", 0, which);
    add("application", "info", 0, [](arguments) { return application_info(); });
    add("application", "get_key", 2, [](arguments a) { return get_key(a[0], a[1]); });
    add("application", "get_env", 2, undefined);
    add("application", "get_env", 3, [](arguments a) { return a[2]; });
    add("application", "get_all_env", 1, [](arguments) { return term(list()); });
    add("application", "get_application", 1, undefined);
    add("application_controller", "which_applications", 0, which);
    add("application_controller", "loaded_applications", 0, which);
    add("application_controller", "get_master", 1, [](arguments a) { return master(a[0]); });
}

}  // namespace rakka::detail
