// Module `rakka_trace` for callers on other nodes.
#include "supervisor/child_kind.hpp"
#include "trace/term_pattern.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/otp/trace.hpp>

#include <utility>

namespace rakka::trace {
namespace {

using arguments = const std::vector<term>&;

[[noreturn]] void bad_argument() {
    rakka::error(atoms::known<"badarg">);
}

template <class T>
T must_be(term_view t) {
    auto value = t.as<T>();
    if (!value) bad_argument();
    return *std::move(value);
}

targets::one one_target(const term& t) {
    if (const auto p = t.as<pid>()) return *p;
    if (const auto name = t.as<atom>()) {
        if (*name == "existing"_a) return group::existing;
        if (*name == "new"_a) return group::born;
        if (*name == "all"_a) return group::all;
        return *name;
    }
    if (t.is_tagged("module"_a, 2)) return module_target{must_be<atom>(t.tuple()[1])};
    if (t.is_tagged("global"_a, 2)) return global_name(t.share(t.tuple()[1]));
    if (t.is_tagged("via"_a, 3)) return via(must_be<atom>(t.tuple()[1]), t.share(t.tuple()[2]));
    bad_argument();
}

targets read_targets(const term& t) {
    if (!t.is(kind::list) && !t.is(kind::nil)) return targets({one_target(t)});
    std::vector<targets::one> out;
    if (!t.list().proper()) bad_argument();
    for (const term_view one : t.list())
        out.push_back(one_target(t.share(one)));
    return targets(std::move(out));
}

limit read_limit(const term& t) {
    if (!t.is_tuple(2)) return {must_be<std::size_t>(t)};
    return {must_be<std::size_t>(t.tuple()[0]),
            std::chrono::milliseconds(must_be<std::uint32_t>(t.tuple()[1]))};
}

function_pattern one_function(term_view t) {
    if (!t.is_tuple(3)) bad_argument();
    function_pattern out{must_be<atom>(t.tuple()[0])};
    if (!t.tuple()[1].is_atom("_"_a)) out.function = must_be<atom>(t.tuple()[1]);
    if (!t.tuple()[2].is_atom("_"_a)) out.arity = must_be<std::size_t>(t.tuple()[2]);
    return out;
}

functions read_functions(const term& t) {
    if (t.is(kind::tuple)) return {one_function(t)};
    functions out;
    if (!t.is(kind::list) || !t.list().proper()) bad_argument();
    for (const term_view one : t.list())
        out.push_back(one_function(one));
    return out;
}

void read_option(options& into, const term& o) {
    if (o.is_atom("return_values"_a)) {
        into.return_values = true;
        return;
    }
    if (!o.is_tuple(2)) bad_argument();
    const term_view key = o.tuple()[0];
    const term value = o.share(o.tuple()[1]);
    if (key.is_atom("sent"_a)) {
        into.sent = must_be<bool>(value);
    } else if (key.is_atom("received"_a)) {
        into.received = must_be<bool>(value);
    } else if (key.is_atom("return_values"_a)) {
        into.return_values = must_be<bool>(value);
    } else if (key.is_atom("args"_a)) {
        into.arguments = !value.is_atom("arity"_a);
        if (into.arguments && !value.is_atom("args"_a)) bad_argument();
    } else if (key.is_atom("pid"_a)) {
        into.processes = read_targets(value);
    } else if (key.is_atom("io_server"_a)) {
        into.to = to_device{must_be<pid>(value)};
    } else if (key.is_atom("process"_a)) {
        into.to = to_process{must_be<pid>(value)};
    } else if (key.is_atom("log"_a)) {
        if (must_be<bool>(value)) into.to = to_log{};
    } else if (key.is_atom("match"_a)) {
        into.match = [pattern = value](const event& e) { return detail::matches(pattern, e.message); };
    } else if (key.is_atom("chars_limit"_a)) {
        into.chars_limit = must_be<std::size_t>(value);
    } else {
        bad_argument();
    }
}

options read_options(arguments a) {
    options out;
    if (group_leader() != this_system().nobody()) out.to = to_device{group_leader()};
    if (a.size() < 3) return out;
    const auto all = rakka::detail::elements_of(a[2]);
    if (!all) bad_argument();
    for (const term& o : *all)
        read_option(out, o);
    return out;
}

}  // namespace

void export_to(system& s) {
    export_table& table = s.exports();
    const atom module = "rakka_trace"_a;
    for (const std::size_t arity : {2, 3}) {
        table.add(module, "messages"_a, arity, [](arguments a) {
            return term(messages(read_targets(a[0]), read_limit(a[1]), read_options(a)));
        });
        table.add(module, "calls"_a, arity, [](arguments a) {
            options how = read_options(a);
            if (how.match) bad_argument();  // a pattern is one of messages
            return term(calls(read_functions(a[0]), read_limit(a[1]), std::move(how)));
        });
    }
    table.add(module, "clear"_a, 0, [](arguments) {
        clear();
        return term(atoms::known<"ok">);
    });
    table.add(module, "tracer"_a, 0, [](arguments) {
        const auto p = tracer();
        return p ? term(*p) : term(atoms::known<"undefined">);
    });
}

}  // namespace rakka::trace
