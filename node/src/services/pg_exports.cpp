// Functions of module `pg` that other nodes call.
#include "services/pg_processes.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/pg.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

using arguments = const std::vector<term>&;

[[noreturn]] void no_such_clause() {
    error(term(atoms::known<"function_clause">));
}

atom scope_in(const term& t) {
    const auto scope = t.as<atom>();
    if (!scope) no_such_clause();
    return *scope;
}

/// A pid or a list of nothing else.
std::vector<pid> pids_in(const term& t) {
    if (const auto one = t.as<pid>()) return {*one};
    auto many = t.as<std::vector<pid>>();
    if (!many) no_such_clause();
    return *std::move(many);
}

/// `f(scope, the other arguments)`, which has `others` of them in Erlang, with and without a scope.
template <class F>
void add(export_table& exports, atom function, std::size_t others, F f) {
    exports.add("pg"_a, function, others, [f](arguments a) { return f(pg::default_scope(), a); });
    exports.add("pg"_a, function, others + 1,
                [f](arguments a) { return f(scope_in(a[0]), std::vector<term>(a.begin() + 1, a.end())); });
}

}  // namespace

void export_pg_functions(export_table& exports) {
    add(exports, "get_members"_a, 1, [](atom s, arguments a) { return term(pg::get_members(s, a[0])); });
    add(exports, "get_local_members"_a, 1,
        [](atom s, arguments a) { return term(pg::get_local_members(s, a[0])); });
    add(exports, "which_groups"_a, 0, [](atom s, arguments) { return term(pg::which_groups(s)); });
    add(exports, "which_local_groups"_a, 0,
        [](atom s, arguments) { return term(pg::which_local_groups(s)); });
    add(exports, "join"_a, 2, [](atom s, arguments a) {
        pg::join(s, a[0], pids_in(a[1]));
        return term(atoms::known<"ok">);
    });
    add(exports, "leave"_a, 2, [](atom s, arguments a) {
        return term(pg::leave(s, a[0], pids_in(a[1])) ? atoms::known<"ok"> : "not_joined"_a);
    });
}

}  // namespace rakka::detail
