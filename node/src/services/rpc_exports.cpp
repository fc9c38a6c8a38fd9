// Functions of modules `rpc` and `erpc` that other nodes call: what a program of the cluster does with this
// node as a go-between. Requests whose answer is asked for later are not among them: the process that makes
// the call would be gone by then.
#include "services/rpc_exports.hpp"

#include "services/rpc_calls.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/erpc.hpp>
#include <rakka/node/rpc.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

using arguments = const std::vector<term>&;
using erpc::time_limit;

[[noreturn]] void rpc_badarg() {
    error(atoms::known<"badarg">);
}
[[noreturn]] void no_such_clause() {
    error(term(atoms::known<"function_clause">));
}
[[noreturn]] void erpc_badarg() {
    error(term(tuple(atoms::known<"erpc">, atoms::known<"badarg">)));
}

/// The arguments of a call as what they are; what is none is told by `Refuse`.
template <auto Refuse>
struct arguments_or {
    static atom name(const term& t) {
        const auto a = t.as<atom>();
        if (!a) Refuse();
        return *a;
    }
    static std::vector<atom> names(const term& t) {
        auto all = t.as<std::vector<atom>>();
        if (!all) Refuse();
        return *std::move(all);
    }
    /// `infinity`, or milliseconds up to 32 bits, as Erlang has it.
    static time_limit time(const term& t) {
        if (t.is_atom("infinity"_a)) return std::nullopt;
        const auto ms = t.as<std::uint32_t>();
        if (!ms) Refuse();
        return std::chrono::milliseconds(*ms);
    }
};
using rpc_arguments = arguments_or<rpc_badarg>;

struct erpc_arguments : arguments_or<erpc_badarg> {
    /// Also `{abs, Time}`, in milliseconds of `erlang:monotonic_time/1` here.
    static time_limit time(const term& t) {
        using namespace std::chrono;
        if (!t.is_tagged("abs"_a, 2)) return arguments_or::time(t);
        const auto until = t.tuple()[1].as<std::int64_t>();
        if (!until) erpc_badarg();
        const auto now = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
        if (*until < now) return milliseconds(0);
        if (*until - now > std::numeric_limits<std::uint32_t>::max()) erpc_badarg();
        return milliseconds(*until - now);
    }
    /// A time, or a map with `timeout` and `always_spawn`, as of OTP 28; calls always get a process of their
    /// own here.
    static time_limit time_or_options(const term& t) {
        if (!t.is(kind::map)) return time(t);
        const term spawning("always_spawn"_a);
        const auto always_spawn = t.map().find(spawning);
        if (always_spawn && !always_spawn->as<bool>()) erpc_badarg();
        const term until("timeout"_a);
        const auto timeout = t.map().find(until);
        return timeout ? time(t.share(*timeout)) : std::nullopt;
    }
};

term value_of(const rpc::response& r) {
    return r ? *r : r.error().to_term();
}

/// As an element of what `erpc:multicall/5` gives.
term outcome_of(const erpc::response& r) {
    return r ? term(tuple(atoms::known<"ok">, *r)) : r.error().to_term();
}

template <class F>
term mapped(const auto& elements, F f) {
    std::vector<term> terms;
    for (const auto& e : elements)
        terms.push_back(f(e));
    return to_list(terms);
}

term both(const rpc::answers& all) {
    return tuple(mapped(all.results, value_of), term(all.bad_nodes));
}
term both(const rpc::good_and_bad& nodes) {
    return tuple(term(nodes.good), term(nodes.bad));
}
term both(const rpc::replies& all) {
    return tuple(to_list(all.values), term(all.bad_nodes));
}

/// `{badrpc, {'EXIT', {badarg, Stack}}}`, as from apply/3 there.
term no_function(arguments a) {
    const term stack = list(tuple(atoms::known<"erlang">, "apply"_a, list(a[1], a[2], a[3]), list()));
    return tuple("badrpc"_a, tuple(atoms::known<"EXIT">, tuple(atoms::known<"badarg">, stack)));
}

void add_calls(export_table& exports) {
    using a_ = rpc_arguments;
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add("rpc"_a, function, arity, std::move(f));
    };
    const auto call = [](arguments a) {
        const time_limit time = a.size() == 5 ? a_::time(a[4]) : std::nullopt;
        return value_of(rpc::call(a_::name(a[0]), a_::name(a[1]), a_::name(a[2]), a[3], time));
    };
    const auto block_call = [](arguments a) {
        using guarded = arguments_or<no_such_clause>;
        const time_limit time = a.size() == 5 ? guarded::time(a[4]) : std::nullopt;
        if (!is_proper_list(a[3])) no_such_clause();
        const atom node = guarded::name(a[0]), module = guarded::name(a[1]);
        // Erlang leaves it to the other node to find that this is no function.
        if (!a[2].is(kind::atom)) return no_function(a);
        return value_of(rpc::block_call(node, module, *a[2].as<atom>(), a[3], time));
    };
    for (const std::size_t arity : {4, 5}) {
        add("call"_a, arity, call);
        add("block_call"_a, arity, block_call);
    }
    add("cast"_a, 4, [](arguments a) {
        rpc::cast(a_::name(a[0]), a_::name(a[1]), a_::name(a[2]), a[3]);
        return term(true);
    });
    const auto on_nodes = [](arguments a) {
        const time_limit time = a.size() == 5 ? a_::time(a[4]) : std::nullopt;
        return both(rpc::multicall(a_::names(a[0]), a_::name(a[1]), a_::name(a[2]), a[3], time));
    };
    const auto everywhere = [](arguments a) {
        const time_limit time = a.size() == 4 ? a_::time(a[3]) : std::nullopt;
        return both(rpc::multicall(a_::name(a[0]), a_::name(a[1]), a[2], time));
    };
    add("multicall"_a, 3, everywhere);
    add("multicall"_a, 4, [on_nodes, everywhere](arguments a) {
        return a[0].is(kind::list) || a[0].is(kind::nil) ? on_nodes(a) : everywhere(a);
    });
    add("multicall"_a, 5, on_nodes);
    add("eval_everywhere"_a, 3, [](arguments a) {
        rpc::eval_everywhere(a_::name(a[0]), a_::name(a[1]), a[2]);
        return term("abcast"_a);
    });
    add("eval_everywhere"_a, 4, [](arguments a) {
        rpc::eval_everywhere(a_::names(a[0]), a_::name(a[1]), a_::name(a[2]), a[3]);
        return term("abcast"_a);
    });
}

void add_messages(export_table& exports) {
    using a_ = rpc_arguments;
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add("rpc"_a, function, arity, std::move(f));
    };
    add("abcast"_a, 2, [](arguments a) {
        rpc::abcast(a_::name(a[0]), a[1]);
        return term("abcast"_a);
    });
    add("abcast"_a, 3, [](arguments a) {
        rpc::abcast(a_::names(a[0]), a_::name(a[1]), a[2]);
        return term("abcast"_a);
    });
    add("sbcast"_a, 2, [](arguments a) { return both(rpc::sbcast(a_::name(a[0]), a[1])); });
    add("sbcast"_a, 3, [](arguments a) { return both(rpc::sbcast(a_::names(a[0]), a_::name(a[1]), a[2])); });
    add("multi_server_call"_a, 2,
        [](arguments a) { return both(rpc::multi_server_call(a_::name(a[0]), a[1])); });
    add("multi_server_call"_a, 3,
        [](arguments a) { return both(rpc::multi_server_call(a_::names(a[0]), a_::name(a[1]), a[2])); });
    add("server_call"_a, 4, [](arguments a) {
        const auto reply = rpc::server_call(a_::name(a[0]), a_::name(a[1]), a[2], a[3]);
        return reply ? *reply : term(tuple(atoms::known<"error">, atoms::known<"nodedown">));
    });
}

/// `{Module, Function}` or `{Module, Function, Arguments}`
rpc::mfa mfa_in(const term& t, std::size_t size) {
    if (!t.is_tuple(size)) no_such_clause();
    const auto part = [&](std::size_t i) { return t.share(t.tuple()[i]); };
    return {rpc_arguments::name(part(0)), rpc_arguments::name(part(1)), size == 3 ? part(2) : term(list())};
}

std::vector<term> elements_of(const term& t) {
    if (!is_proper_list(t)) no_such_clause();
    return elements(t);
}

pid process_in(const term& t) {
    const auto p = t.as<pid>();
    if (!p) rpc_badarg();
    return *p;
}

void add_parallel(export_table& exports) {
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add("rpc"_a, function, arity, std::move(f));
    };
    add("parallel_eval"_a, 1, [](arguments a) {
        std::vector<rpc::mfa> calls;
        for (const term& one : elements_of(a[0]))
            calls.push_back(mfa_in(one, 3));
        return mapped(rpc::parallel_eval(calls), value_of);
    });
    add("pmap"_a, 3, [](arguments a) {
        const rpc::mfa f = mfa_in(a[0], 2);
        return to_list(rpc::pmap(f.module, f.function, a[1], elements_of(a[2])));
    });
    add("pinfo"_a, 1, [](arguments a) { return value_of(rpc::pinfo(process_in(a[0]))); });
    add("pinfo"_a, 2, [](arguments a) { return value_of(rpc::pinfo(process_in(a[0]), a[1])); });
}

void add_erpc(export_table& exports) {
    using a_ = erpc_arguments;
    const auto add = [&](atom function, std::size_t arity, exported_function f) {
        exports.add(atoms::known<"erpc">, function, arity, std::move(f));
    };
    const auto of_fun = [](arguments a) {
        return erpc::call(a_::name(a[0]), a[1], a.size() == 3 ? a_::time_or_options(a[2]) : std::nullopt)
            .value();
    };
    const auto of_function = [](arguments a) {
        const time_limit time = a.size() == 5 ? a_::time_or_options(a[4]) : std::nullopt;
        return erpc::call(a_::name(a[0]), a_::name(a[1]), a_::name(a[2]), a[3], time).value();
    };
    const auto many_of_fun = [](arguments a) {
        const term applied = erpc::detail::applied(a[1]);
        if (!is_proper_list(applied)) erpc_badarg();
        const time_limit time = a.size() == 3 ? a_::time_or_options(a[2]) : std::nullopt;
        return mapped(erpc::multicall(a_::names(a[0]), a[1], time), outcome_of);
    };
    const auto many = [](arguments a) {
        if (!is_proper_list(a[3])) erpc_badarg();
        const time_limit time = a.size() == 5 ? a_::time_or_options(a[4]) : std::nullopt;
        return mapped(erpc::multicall(a_::names(a[0]), a_::name(a[1]), a_::name(a[2]), a[3], time),
                      outcome_of);
    };
    for (const std::size_t arity : {2, 3}) {
        add("call"_a, arity, of_fun);
        add("multicall"_a, arity, many_of_fun);
    }
    for (const std::size_t arity : {4, 5}) {
        add("call"_a, arity, of_function);
        add("multicall"_a, arity, many);
    }
    const auto done = [] { return term(atoms::known<"ok">); };
    add("cast"_a, 2, [done](arguments a) { return erpc::cast(a_::name(a[0]), a[1]), done(); });
    add("cast"_a, 4, [done](arguments a) {
        return erpc::cast(a_::name(a[0]), a_::name(a[1]), a_::name(a[2]), a[3]), done();
    });
    add("multicast"_a, 2, [done](arguments a) { return erpc::multicast(a_::names(a[0]), a[1]), done(); });
    add("multicast"_a, 4, [done](arguments a) {
        return erpc::multicast(a_::names(a[0]), a_::name(a[1]), a_::name(a[2]), a[3]), done();
    });
}

}  // namespace

void export_rpc_functions(export_table& exports) {
    add_calls(exports);
    add_messages(exports);
    add_parallel(exports);
    add_erpc(exports);
}

}  // namespace rakka::detail
