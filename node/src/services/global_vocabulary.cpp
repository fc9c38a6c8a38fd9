// Functions of module `global` that programs on other nodes call: names, locks and the cluster, as on any
// Erlang node. A lock that is set this way goes with the process of the call, as it does there.
#include "services/global_calls.hpp"
#include "services/global_processes.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/global.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

using arguments = const std::vector<term>&;

[[noreturn]] void no_such_clause() {
    error(term(atoms::known<"function_clause">));
}

pid process_in(const term& t) {
    const auto p = t.as<pid>();
    if (!p) no_such_clause();
    return *p;
}

/// A fun of three arguments, or `{Module, Function}` for an external one. One that is no external fun is kept
/// as it came: it can be called where its module is.
term method_in(const term& t) {
    using namespace etf::detail;
    if (t.is_tuple(2)) {
        const auto m = t.tuple()[0].as<atom>();
        const auto f = t.tuple()[1].as<atom>();
        if (m && f) return global::resolve_method(*m, *f).to_term();
    } else if (is_box(t.word(), box::export_fun)) {
        if (pointer(t.word())[export_layout::arity] == 3) return t;
    } else if (is_box(t.word(), box::fun)) {
        if (pointer(t.word())[fun_layout::arity] == 3) return t;
    }
    no_such_clause();
}

global::lock_id lock_in(const term& t) {
    if (!t.is_tuple(2)) no_such_clause();
    return {t.share(t.tuple()[0]), t.share(t.tuple()[1])};
}

std::vector<atom> nodes_in(const term& t) {
    auto nodes = t.as<std::vector<atom>>();
    if (!nodes) no_such_clause();
    return *std::move(nodes);
}

/// A number of times, or `infinity`. More times than anybody waits for are as good as that.
global::lock_retries retries_in(const term& t) {
    if (t.is_atom("infinity"_a)) return std::nullopt;
    if (const auto times = t.as<std::uint32_t>()) return *times;
    if (const auto many = t.as<std::uint64_t>()) return std::nullopt;
    no_such_clause();
}

term yes_or_no(bool yes) {
    return term(yes ? atoms::known<"yes"> : atoms::known<"no">);
}

/// What the fun gives, or its exception as if it were the caller's own.
term apply_fun(const term& fun) {
    using how = call_outcome::how;
    call_outcome out =
        evaluate(this_system().exports(),
                 {term(atoms::known<"erlang">), term(atoms::known<"apply">), {fun, term(list())}});
    switch (out.what) {
        case how::returned:
            return std::move(out.value);
        case how::threw:
            throw term(std::move(out.value));
        case how::exited:
            exit(std::move(out.value));
        case how::failed:
            break;
    }
    throw process_exit{term(tuple(std::move(out.value), std::move(out.stack))), process_exit::kind::error};
}

void add_names(export_table& exports) {
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add("global"_a, function, arity, std::move(f));
    };
    const auto register_it = [](arguments a) {
        const pid who = process_in(a[1]);
        return yes_or_no(a.size() == 2 ? global::register_name(a[0], who)
                                       : register_global_name(a[0], who, method_in(a[2])));
    };
    const auto re_register = [](arguments a) {
        const pid who = process_in(a[1]);
        if (a.size() == 2) {
            global::re_register_name(a[0], who);
        } else {
            re_register_global_name(a[0], who, method_in(a[2]));
        }
        return yes_or_no(true);
    };
    const auto register_external = [](arguments a) {
        const pid who = process_in(a[1]);
        const term method =
            a.size() == 2 ? global::resolve_method::random_exit_name().to_term() : method_in(a[2]);
        return yes_or_no(register_external_name(a[0], who, method));
    };
    for (const std::size_t arity : {2, 3}) {
        add("register_name_external"_a, arity, register_external);
        add("register_name"_a, arity, register_it);
        add("re_register_name"_a, arity, re_register);
    }
    for (const atom unregister : {"unregister_name"_a, "unregister_name_external"_a}) {
        add(unregister, 1, [](arguments a) {
            global::unregister_name(a[0]);
            return term(atoms::known<"ok">);
        });
    }
    add("whereis_name"_a, 1, [](arguments a) {
        const auto p = global::whereis_name(a[0]);
        return p ? term(*p) : term(atoms::known<"undefined">);
    });
    add("registered_names"_a, 0,
        [](arguments) { return global_fsm::list_of_terms(global::registered_names()); });
    add("send"_a, 2, [](arguments a) { return term(global::send(a[0], a[1])); });
}

void add_locks(export_table& exports) {
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add("global"_a, function, arity, std::move(f));
    };
    for (const std::size_t arity : {1, 2, 3}) {
        add("set_lock"_a, arity, [](arguments a) {
            const auto id = lock_in(a[0]);
            const auto nodes = a.size() > 1 ? global::lock_nodes(nodes_in(a[1])) : std::nullopt;
            return term(global::set_lock(id, nodes, a.size() > 2 ? retries_in(a[2]) : std::nullopt));
        });
    }
    for (const std::size_t arity : {1, 2}) {
        add("del_lock"_a, arity, [](arguments a) {
            global::del_lock(lock_in(a[0]), a.size() > 1 ? global::lock_nodes(nodes_in(a[1])) : std::nullopt);
            return term(true);
        });
    }
    // A fun of another program cannot run here: it fails as one whose module is not loaded.
    for (const std::size_t arity : {2, 3, 4}) {
        add("trans"_a, arity, [](arguments a) {
            const auto id = lock_in(a[0]);
            const auto nodes = a.size() > 2 ? global::lock_nodes(nodes_in(a[2])) : std::nullopt;
            const auto retries = a.size() > 3 ? retries_in(a[3]) : std::nullopt;
            auto value = global::trans(
                id, [&] { return apply_fun(a[1]); }, nodes, retries);
            return value ? *std::move(value) : term("aborted"_a);
        });
    }
}

void add_cluster(export_table& exports) {
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add("global"_a, function, arity, std::move(f));
    };
    add("sync"_a, 0, [](arguments) {
        global::sync();
        return term(atoms::known<"ok">);
    });
    add("sync"_a, 1, [](arguments a) {
        global::sync(nodes_in(a[0]));
        return term(atoms::known<"ok">);
    });
    add("disconnect"_a, 0, [](arguments) { return term(global::disconnect()); });
    add("info"_a, 0, [](arguments) { return call_global_server("info"_a); });
}

}  // namespace

void export_global_vocabulary(export_table& exports) {
    add_names(exports);
    add_locks(exports);
    add_cluster(exports);
}

}  // namespace rakka::detail
