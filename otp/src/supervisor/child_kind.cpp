#include "supervisor/child_kind.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <exception>
#include <utility>

namespace rakka::detail {
namespace {

/// The value of a key, or nothing.
std::optional<term> field(const term& map, atom key) {
    const auto found = map.map().find(term_view(key));
    if (!found) return std::nullopt;
    return map.share(*found);
}

bad_spec wrong(atom what, const term& value) {
    return {tuple(what, value)};
}

checked<restart_type> read_restart(const term& t) {
    if (t.is_atom("permanent"_a)) return restart_type::permanent;
    if (t.is_atom("transient"_a)) return restart_type::transient;
    if (t.is_atom("temporary"_a)) return restart_type::temporary;
    return wrong("invalid_restart_type"_a, t);
}

checked<child_type> read_type(const term& t) {
    if (t.is_atom("worker"_a)) return child_type::worker;
    if (t.is_atom("supervisor"_a)) return child_type::supervisor;
    return wrong("invalid_child_type"_a, t);
}

checked<child_shutdown> read_shutdown(const term& t) {
    if (t.is_atom("brutal_kill"_a)) return child_shutdown::brutal_kill();
    if (t.is_atom(atoms::known<"infinity">)) return child_shutdown(infinity);
    // More than a timer can wait for is refused by Erlang's `receive … after` when the time comes; here at
    // once.
    if (const auto ms = t.as<std::uint32_t>()) return child_shutdown(std::chrono::milliseconds(*ms));
    return wrong("invalid_shutdown"_a, t);
}

std::optional<bad_spec> check_significant(bool significant, restart_type restart, mode_to_check mode) {
    const auto pair = [](atom key, atom value) { return tuple(key, value); };
    if (!significant) return std::nullopt;
    if (mode == auto_shutdown_mode::never)
        return wrong("bad_combination"_a,
                     list(pair("auto_shutdown"_a, "never"_a), pair("significant"_a, atoms::known<"true">)));
    if (restart == restart_type::permanent)
        return wrong("bad_combination"_a,
                     list(pair("restart"_a, "permanent"_a), pair("significant"_a, atoms::known<"true">)));
    return std::nullopt;
}

std::optional<bad_spec> check_modules(const term& modules) {
    if (modules.is_atom("dynamic"_a)) return std::nullopt;
    const auto names = elements_of(modules);
    if (!names) return wrong("invalid_modules"_a, modules);
    for (const term& name : *names)
        if (!name.is(kind::atom)) return wrong("invalid_module"_a, name);
    return std::nullopt;
}

child_shutdown usual_shutdown(child_type type) {
    return type == child_type::worker ? child_shutdown(std::chrono::milliseconds(5000))
                                      : child_shutdown(infinity);
}

std::optional<bad_spec> read_start(const term& start, child_kind& into) {
    if (!start.is_tuple(3) || !start.tuple()[0].is(kind::atom) || !start.tuple()[1].is(kind::atom) ||
        !elements_of(start.share(start.tuple()[2])))
        return wrong("invalid_mfa"_a, start);
    into.module = start.share(start.tuple()[0]);
    into.function = start.share(start.tuple()[1]);
    into.arguments = start.share(start.tuple()[2]);
    return std::nullopt;
}

/// A specification in the form of a map, in the order in which OTP looks at its parts.
checked<child_kind> check_map(const term& spec, mode_to_check mode) {
    child_kind k;
    const auto id = field(spec, "id"_a);
    if (!id) return bad_spec{"missing_id"_a};
    k.id = *id;
    const auto start = field(spec, "start"_a);
    if (!start) return bad_spec{"missing_start"_a};
    if (auto bad = read_start(*start, k)) return *bad;
    const auto restart = read_restart(field(spec, "restart"_a).value_or("permanent"_a));
    if (!restart) return restart.error();
    k.restart = *restart;
    const term significant = field(spec, "significant"_a).value_or(atoms::known<"false">);
    const auto is_significant = significant.as<bool>();
    if (!is_significant) return wrong("invalid_significant"_a, significant);
    k.significant = *is_significant;
    if (auto bad = check_significant(k.significant, k.restart, mode)) return *bad;
    const auto type = read_type(field(spec, "type"_a).value_or("worker"_a));
    if (!type) return type.error();
    k.type = *type;
    k.shutdown = usual_shutdown(k.type);
    if (const auto given = field(spec, "shutdown"_a)) {
        const auto shutdown = read_shutdown(*given);
        if (!shutdown) return shutdown.error();
        k.shutdown = *shutdown;
    }
    k.modules = field(spec, "modules"_a).value_or(list(k.module));
    if (auto bad = check_modules(k.modules)) return *bad;
    return k;
}

start_answer call_exported(const term& module, const term& function, const std::vector<term>& arguments) {
    const auto m = module.as<atom>();
    const auto f = function.as<atom>();
    const auto found = m && f ? this_system().exports().find(*m, *f, arguments.size()) : nullptr;
    if (!found) no_such_start_function(module, function, arguments);
    return start_answer::read((*found)(arguments));
}

}  // namespace

void throw_exception_from_error(const bad_spec& e, const boost::source_location&) {
    throw process_exit{e.reason};
}

void no_such_start_function(const term& module, const term& function, const std::vector<term>& arguments) {
    throw process_exit{tuple(atoms::known<"undef">, list(tuple(module, function, arguments, list()))),
                       process_exit::kind::error};
}

std::optional<std::vector<term>> elements_of(const term& list) {
    if (!list.is(kind::nil) && !list.is(kind::list)) return std::nullopt;
    std::vector<term> all;
    auto i = list.list().begin();
    for (; !i.at_end(); ++i)
        all.push_back(list.share(*i));
    if (!i.rest().is(kind::nil)) return std::nullopt;
    return all;
}

term to_keep(const term& t) {
    try {
        return term::copy(t);
    } catch (const boost::system::system_error&) {
        return t;
    }
}

term child_kind::start() const {
    return tuple(module, function, arguments);
}

checked<child_kind> check_spec(const child_spec& spec, mode_to_check mode) {
    child_kind k;
    if (!spec.id.has_value()) return bad_spec{"missing_id"_a};
    k.id = spec.id;
    if (auto bad = read_start(tuple(spec.start.module(), spec.start.function(), spec.start.arguments()), k))
        return *bad;
    k.call = spec.start.call();
    k.restart = spec.restart;
    k.significant = spec.significant;
    if (auto bad = check_significant(k.significant, k.restart, mode)) return *bad;
    k.type = spec.type;
    k.shutdown = spec.shutdown;
    using limit = child_shutdown::kind;
    if (k.shutdown.what() == limit::by_default) k.shutdown = usual_shutdown(k.type);
    if (k.shutdown.what() == limit::timed && k.shutdown.time().count() < 0)
        return wrong("invalid_shutdown"_a, k.shutdown.time().count());
    k.modules = spec.modules.has_value() ? spec.modules : term(list(k.module));
    if (auto bad = check_modules(k.modules)) return *bad;
    return k;
}

checked<child_kind> check_spec(const term& spec, mode_to_check mode) {
    if (const auto* const given = native_cast<child_spec>(spec.view())) return check_spec(*given, mode);
    if (spec.is(kind::map)) return check_map(spec, mode);
    if (!spec.is_tuple(6)) return wrong("invalid_child_spec"_a, spec);
    const auto part = [&](std::size_t i) { return spec.share(spec.tuple()[i]); };
    return check_map(map("id"_a, part(0), "start"_a, part(1), "restart"_a, part(2), "shutdown"_a, part(3),
                         "type"_a, part(4), "modules"_a, part(5)),
                     mode);
}

checked<child_kind> check_dynamic_spec(const term& spec) {
    if (!spec.is_tuple(5)) return check_spec(spec, auto_shutdown_mode::never);
    const auto part = [&](std::size_t i) { return spec.share(spec.tuple()[i]); };
    return check_map(map("id"_a, atoms::known<"undefined">, "start"_a, part(0), "restart"_a, part(1),
                         "shutdown"_a, part(2), "type"_a, part(3), "modules"_a, part(4)),
                     std::nullopt);
}

// -- as terms
// -------------------------------------------------------------------------------------------------------------

term to_term(const child_shutdown& s) {
    switch (s.what()) {
        case child_shutdown::kind::brutal_kill:
            return "brutal_kill"_a;
        case child_shutdown::kind::timed:
            return s.time().count();
        case child_shutdown::kind::by_default:
        case child_shutdown::kind::infinity:
            break;
    }
    return atoms::known<"infinity">;
}

term to_spec(const child_kind& kind) {
    return map("id"_a, kind.id, "start"_a, kind.start(), "restart"_a, to_atom(kind.restart), "significant"_a,
               kind.significant, "shutdown"_a, to_term(kind.shutdown), "type"_a, to_atom(kind.type),
               "modules"_a, kind.modules);
}

term to_record(const child_kind& kind, const term& child) {
    return tuple("child"_a, child, kind.id, kind.start(), to_atom(kind.restart), kind.significant,
                 to_term(kind.shutdown), to_atom(kind.type), kind.modules);
}

// -- starting
// -------------------------------------------------------------------------------------------------------------

start_answer apply_start(const child_start& start) {
    const auto arguments = elements_of(start.arguments()).value_or(std::vector<term>());
    return start.call() ? start.call()(arguments)
                        : call_exported(start.module(), start.function(), arguments);
}

start_answer start_child(const child_kind& kind, const std::vector<term>& more, thrown how) {
    try {
        std::vector<term> arguments = elements_of(kind.arguments).value_or(std::vector<term>());
        arguments.insert(arguments.end(), more.begin(), more.end());
        return kind.call ? kind.call(arguments) : call_exported(kind.module, kind.function, arguments);
    } catch (const term& answer) {
        if (how == thrown::as_catch_has_it) return start_answer::read(answer);
        return start_answer::failed(exit_reason_of(std::current_exception()));
    } catch (...) {
        if (ended_by_signal()) throw;
        const term reason = exit_reason_of(std::current_exception());
        if (how == thrown::plain_reasons) return start_answer::failed(reason);
        return start_answer::failed(tuple(atoms::known<"EXIT">, reason));
    }
}

}  // namespace rakka::detail
