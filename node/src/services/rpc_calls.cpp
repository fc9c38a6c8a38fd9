#include "services/rpc_calls.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/builder.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace rakka::detail {
namespace {

bool is_list(term_view t) noexcept {
    return t.is(kind::nil) || (t.is(kind::list) && t.list().proper());
}

/// Runs the call and exits with what came of it.
[[noreturn]] void execute_call(const export_table& exports, const term& result_ref, const call& c) {
    const auto f = exports.find(c.module, c.function, c.arguments.size());
    if (!f) exit(term(tuple(result_ref, atoms::known<"error">, atoms::known<"undef">, undef_stack(c))));
    term outcome;
    // {Reason, Stack}, of which erpc wants the two apart
    const auto error_outcome = [&](const term& reason) {
        const auto parts = reason.tuple();
        return term(tuple(result_ref, atoms::known<"error">, reason.share(parts[0]), reason.share(parts[1])));
    };
    try {
        outcome = term(tuple(result_ref, atoms::known<"return">, (*f)(c.arguments)));
    } catch (const process_exit& e) {
        outcome = e.raised == process_exit::kind::error && e.reason.is_tuple(2)
                      ? error_outcome(e.reason)
                      : term(tuple(result_ref, atoms::known<"exit">, e.reason));
    } catch (...) {
        outcome = error_outcome(exit_reason_of(std::current_exception()));
    }
    exit(std::move(outcome));
}

}  // namespace

std::optional<call> read_call(const term& module, const term& function, const term& arguments) {
    const auto m = module.as<atom>();
    const auto f = function.as<atom>();
    if (!m || !f || !is_list(arguments)) return std::nullopt;
    return call{*m, *f, elements(arguments)};
}

std::vector<term> elements(const term& list) {
    std::vector<term> all;
    for (const term_view v : list.list())
        all.push_back(list.share(v));
    return all;
}

term to_list(const std::vector<term>& elements) {
    etf::builder b;
    etf::builder::word* cells = nullptr;
    const auto list = b.put_list(elements.size(), cells);
    for (const term& t : elements)
        *cells++ = b.put_term(t);
    return b.finish(list);
}

term undef_stack(const call& c) {
    return term(list(tuple(c.module, c.function, to_list(c.arguments), list())));
}

void run_spawned(const export_table& exports, const call& spawned) {
    call c = spawned;
    if (c.module == atoms::known<"erpc">) {
        const auto& a = c.arguments;
        if (c.function == atoms::known<"execute_call"> && a.size() == 4) {
            if (const auto inner = read_call(a[1], a[2], a[3])) execute_call(exports, a[0], *inner);
        } else if (c.function == atoms::known<"execute_cast"> && a.size() == 3) {
            if (auto inner = read_call(a[0], a[1], a[2])) c = std::move(*inner);
        }
    }
    const auto f = exports.find(c.module, c.function, c.arguments.size());
    if (!f) exit(term(tuple(atoms::known<"undef">, undef_stack(c))));
    static_cast<void>((*f)(c.arguments));
}

term rpc_result(const export_table& exports, const term& request) {
    const auto parts = request.tuple();
    const auto part = [&](std::size_t i) { return request.share(parts[i]); };
    const auto failed = [](const term& reason) {
        return term(tuple(atoms::known<"badrpc">, tuple(atoms::known<"EXIT">, reason)));
    };
    const auto c = read_call(part(1), part(2), part(3));
    if (!c) return failed(term(tuple(atoms::known<"badarg">, list())));
    const auto f = exports.find(c->module, c->function, c->arguments.size());
    if (!f) return failed(term(tuple(atoms::known<"undef">, undef_stack(*c))));
    try {
        return (*f)(c->arguments);
    } catch (const process_exit& e) {
        return failed(e.reason);
    } catch (...) {
        return failed(exit_reason_of(std::current_exception()));
    }
}

}  // namespace rakka::detail
