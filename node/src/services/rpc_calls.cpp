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

using how = call_outcome::how;

/// `[{M, F, ArityOrArguments, []}]`
term stack_of(const call& c, const term& arity_or_arguments) {
    return term(list(tuple(c.module, c.function, arity_or_arguments, list())));
}

term undef_stack(const call& c) {
    return stack_of(c, to_list(c.arguments));
}

/// A name that is not in the table is not exported either, and is not worth a place there.
std::optional<atom> known_atom(const term& t) {
    return t.view().is_foreign_atom() ? atom::existing(t.view().atom_text()) : *t.as<atom>();
}

std::shared_ptr<const exported_function> find(const export_table& exports, const call& c) {
    const auto m = known_atom(c.module);
    const auto f = known_atom(c.function);
    return m && f ? exports.find(*m, *f, c.arguments.size()) : nullptr;
}

call_outcome failed(term reason, term stack) {
    return {how::failed, std::move(reason), std::move(stack)};
}

/// `{Reason, Stack}` taken apart. A stack that says nothing says at least which function it was.
call_outcome failed_with(const term& reason_and_stack, const call& c) {
    const auto parts = reason_and_stack.tuple();
    const auto part = [&](std::size_t i) { return reason_and_stack.share(parts[i]); };
    return failed(part(0), parts[1].is(kind::nil) ? stack_of(c, term(c.arguments.size())) : part(1));
}

/// `erlang:apply(Fun, Arguments)` made into the call that it stands for, or why it stands for none.
std::optional<call_outcome> apply_fun(call& c) {
    using namespace etf::detail;
    const term fun = c.arguments[0];
    const term arguments = c.arguments[1];
    if (!is_proper_list(arguments)) return failed(term(atoms::known<"badarg">), undef_stack(c));
    const bool external = is_box(fun.word(), box::export_fun);
    if (!external && !is_box(fun.word(), box::fun)) {
        static const atom badfun("badfun");
        return failed(term(tuple(badfun, fun)), undef_stack(c));
    }
    // The code of a fun is where it was made: it is met like one whose module is not loaded.
    if (!external) return failed(term(atoms::known<"undef">), term(list(tuple(fun, arguments, list()))));
    const word* const p = pointer(fun.word());
    std::vector<term> given = elements(arguments);
    if (p[export_layout::arity] != given.size()) {
        static const atom badarity("badarity");
        return failed(term(tuple(badarity, tuple(fun, arguments))), undef_stack(c));
    }
    c = {fun.share(term_view::from_word(p[export_layout::module])),
         fun.share(term_view::from_word(p[export_layout::function])), std::move(given)};
    return std::nullopt;
}

/// Follows `erlang:apply/2,3`, however often they apply themselves.
std::optional<call_outcome> resolve(call& c) {
    while (c.module.is_atom(atoms::known<"erlang">) && c.function.is_atom(atoms::known<"apply">)) {
        if (c.arguments.size() == 2) {
            if (auto refused = apply_fun(c)) return refused;
        } else if (c.arguments.size() == 3) {
            auto inner = read_call(c.arguments[0], c.arguments[1], c.arguments[2]);
            if (!inner) return failed(term(atoms::known<"badarg">), undef_stack(c));
            c = std::move(*inner);
        } else {
            break;
        }
    }
    return std::nullopt;
}

/// Runs the call and exits with what came of it.
[[noreturn]] void execute_call(const export_table& exports, const term& result_ref, call c) {
    call_outcome out = evaluate(exports, std::move(c));
    switch (out.what) {
        case how::returned:
            exit(term(tuple(result_ref, atoms::known<"return">, std::move(out.value))));
        case how::threw:
            exit(term(tuple(result_ref, atoms::known<"throw">, std::move(out.value))));
        case how::exited:
            exit(term(tuple(result_ref, atoms::known<"exit">, std::move(out.value))));
        case how::failed:
            break;
    }
    exit(term(tuple(result_ref, atoms::known<"error">, std::move(out.value), std::move(out.stack))));
}

}  // namespace

bool is_proper_list(term_view t) noexcept {
    return t.is(kind::nil) || (t.is(kind::list) && t.list().proper());
}

std::optional<call> read_call(const term& module, const term& function, const term& arguments) {
    if (!module.is(kind::atom) || !function.is(kind::atom) || !is_proper_list(arguments)) return std::nullopt;
    return call{module, function, elements(arguments)};
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

call_outcome evaluate(const export_table& exports, call c) {
    if (auto refused = resolve(c)) return *std::move(refused);
    const auto f = find(exports, c);
    if (!f) return failed(term(atoms::known<"undef">), undef_stack(c));
    try {
        term value = (*f)(c.arguments);
        return {how::returned, value.has_value() ? std::move(value) : term(atoms::known<"ok">), {}};
    } catch (const process_exit& e) {
        if (ended_by_signal()) throw;  // the caller is to see whose end it was
        if (e.raised == process_exit::kind::error && e.reason.is_tuple(2)) return failed_with(e.reason, c);
        return {how::exited, e.reason, {}};
    } catch (const term& thrown) {
        return {how::threw, thrown, stack_of(c, term(c.arguments.size()))};
    } catch (...) {
        return failed_with(exit_reason_of(std::current_exception()), c);
    }
}

void run_spawned(const export_table& exports, call c) {
    if (c.module.is_atom(atoms::known<"erpc">)) {
        const auto& a = c.arguments;
        if (c.function.is_atom(atoms::known<"execute_call">) && a.size() == 4) {
            if (auto inner = read_call(a[1], a[2], a[3])) execute_call(exports, a[0], *std::move(inner));
        } else if (c.function.is_atom(atoms::known<"execute_cast">) && a.size() == 3) {
            if (auto inner = read_call(a[0], a[1], a[2])) c = std::move(*inner);
        }
    }
    call_outcome out = evaluate(exports, std::move(c));
    static const atom nocatch("nocatch");
    switch (out.what) {
        case how::returned:
            return;
        case how::threw:
            throw process_exit{tuple(tuple(nocatch, std::move(out.value)), std::move(out.stack)),
                               process_exit::kind::error};
        case how::exited:
            exit(std::move(out.value));
        case how::failed:
            throw process_exit{tuple(std::move(out.value), std::move(out.stack)), process_exit::kind::error};
    }
}

term rpc_result(const export_table& exports, const term& request) {
    const auto parts = request.tuple();
    const auto part = [&](std::size_t i) { return request.share(parts[i]); };
    const auto bad_rpc = [](const term& reason) {
        return term(tuple(atoms::known<"badrpc">, tuple(atoms::known<"EXIT">, reason)));
    };
    auto c = read_call(part(1), part(2), part(3));
    if (!c) return bad_rpc(term(tuple(atoms::known<"badarg">, list())));
    call_outcome out = evaluate(exports, *std::move(c));
    if (out.what == how::exited) return bad_rpc(out.value);
    if (out.what == how::failed) return bad_rpc(term(tuple(std::move(out.value), std::move(out.stack))));
    // Erlang's `catch` gives the same for an exit and for a value that looks like one.
    if (out.value.is_tagged(atoms::known<"EXIT">, 2)) return term(tuple(atoms::known<"badrpc">, out.value));
    return std::move(out.value);
}

}  // namespace rakka::detail
