// Functions of module `global` that name servers of other nodes call: resolve_it/4, and the methods it may
// name.
#include "connection/node_core.hpp"
#include "services/global_calls.hpp"
#include "services/global_processes.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/global.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace rakka::detail {
namespace {

/// `fun Module:Function/3`, or the same as a tuple. A fun that was made inside OTP's own global can only be
/// its default.
std::optional<std::pair<atom, atom>> function_of(term_view method) {
    using namespace etf::detail;
    const word w = method.word();
    if (method.is_tuple(2)) {
        const auto m = method.tuple()[0].as<atom>();
        const auto f = method.tuple()[1].as<atom>();
        if (m && f) return std::pair(*m, *f);
        return std::nullopt;
    }
    if (!is_box(w, box::export_fun) && !is_box(w, box::fun)) return std::nullopt;
    const word* const p = pointer(w);
    if (is_box(w, box::fun)) {
        if (!term_view::from_word(p[fun_layout::module]).is_atom("global"_a)) return std::nullopt;
        return std::pair("global"_a, "random_exit_name"_a);
    }
    if (p[export_layout::arity] != 3) return std::nullopt;
    const auto m = term_view::from_word(p[export_layout::module]).as<atom>();
    const auto f = term_view::from_word(p[export_layout::function]).as<atom>();
    if (m && f) return std::pair(*m, *f);
    return std::nullopt;
}

struct rivals {
    pid keeps;
    pid loses;
};

/// The process of the node with the smaller name keeps the name.
std::optional<rivals> compare_nodes(const node_core& core, const term& first, const term& second) {
    const auto a = first.as<pid>();
    const auto b = second.as<pid>();
    if (!a || !b) return std::nullopt;
    const auto node = [&](const pid& p) { return p.is_local() ? core.self() : p.node; };
    if (global_fsm::node_less{}(node(*a), node(*b))) return rivals{*a, *b};
    return rivals{*b, *a};
}

term exit_tuple(const term& reason) {
    return tuple(atoms::known<"EXIT">, reason);
}

}  // namespace

term resolve_global_conflict(const node_core& core, const term& method, const term& name, const term& first,
                             const term& second) {
    const auto f = function_of(method);
    const auto both = compare_nodes(core, first, second);
    if (!f || !both) return exit_tuple(term(tuple(atoms::known<"undef">, list())));
    const atom conflict = "global_name_conflict"_a;
    if (f->first == "global"_a && f->second == "random_exit_name"_a) {
        core.log(node_log_level::info, {}, {}, {},
                 "global: of two processes named " + name.to_string() + " one is ended");
        rakka::exit(both->loses, atoms::known<"kill">);
        return term(both->keeps);
    }
    if (f->first == "global"_a && f->second == "random_notify_name"_a) {
        send(both->loses, tuple(conflict, name));
        return term(both->keeps);
    }
    if (f->first == "global"_a && f->second == "notify_all_name"_a) {
        send(*first.as<pid>(), tuple(conflict, name, second));
        send(*second.as<pid>(), tuple(conflict, name, first));
        return term("none"_a);
    }
    const auto own = core.sys.exports().find(f->first, f->second, 3);
    if (!own) return exit_tuple(term(tuple(atoms::known<"undef">, list())));
    try {
        return (*own)({name, first, second});
    } catch (const process_exit& e) {
        return exit_tuple(e.reason);
    } catch (...) {
        return exit_tuple(exit_reason_of(std::current_exception()));
    }
}

void export_global_functions(const std::shared_ptr<node_core>& core) {
    // The table is a part of the core: it must not keep it alive.
    const std::weak_ptr<node_core> weak = core;
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        core->built_in->add("global"_a, function, arity, std::move(f));
    };
    using arguments = const std::vector<term>&;
    add("resolve_it"_a, 4, [weak](arguments a) {
        const auto c = weak.lock();
        return c ? resolve_global_conflict(*c, a[0], a[1], a[2], a[3]) : term("none"_a);
    });
    for (const atom method : {"random_exit_name"_a, "random_notify_name"_a, "notify_all_name"_a}) {
        add(method, 3, [weak, method](arguments a) {
            const auto c = weak.lock();
            const term f = tuple("global"_a, method);
            return c ? resolve_global_conflict(*c, f, a[0], a[1], a[2]) : term("none"_a);
        });
    }
    export_global_vocabulary(*core->built_in);
}

}  // namespace rakka::detail
