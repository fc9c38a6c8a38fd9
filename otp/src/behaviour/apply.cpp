#include "behaviour/apply.hpp"

#include "behaviour/callable.hpp"
#include "supervisor/child_kind.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/word.hpp>

#include <utility>

namespace rakka::detail {
namespace {

term apply_fun(const term& f, const std::vector<term>& arguments) {
    const auto callee = to_callable(f, arguments.size());
    if (!callee) error(tuple("badfun"_a, f));
    return (*callee)(arguments);
}

struct call {
    term module;
    term function;
    std::vector<term> arguments;
};

bool is_apply(term_view module, term_view function) noexcept {
    return module.is_atom(atoms::known<"erlang">) && function.is_atom(atoms::known<"apply">);
}

/// `fun erlang:apply/2` or `/3`, and that is as many as there are.
bool is_fun_apply(const term& f, std::size_t arguments) noexcept {
    using namespace etf::detail;
    if ((arguments != 2 && arguments != 3) || !is_box(f.word(), box::export_fun)) return false;
    const word* const p = pointer(f.word());
    const auto part = [&](std::size_t n) { return term_view::from_word(p[n]); };
    return p[export_layout::arity] == arguments &&
           is_apply(part(export_layout::module), part(export_layout::function));
}

std::vector<term> list_or_fail(const term& arguments) {
    auto all = elements_of(arguments);
    if (!all) error(atoms::known<"badarg">);
    return *std::move(all);
}

}  // namespace

bool is_mfa(term_view f) noexcept {
    return f.is_tuple(3) && f.tuple()[0].is(kind::atom) && f.tuple()[1].is(kind::atom);
}

term apply_exported(const term& module, const term& function, const std::vector<term>& arguments) {
    call c{module, function, arguments};
    // A peer may nest these as deep as it likes: a step for each, and no stack.
    while (is_apply(c.module, c.function)) {
        if (c.arguments.size() == 2) {
            std::vector<term> given = list_or_fail(c.arguments[1]);
            if (!is_fun_apply(c.arguments[0], given.size())) return apply_fun(c.arguments[0], given);
            c.arguments = std::move(given);
        } else if (c.arguments.size() == 3) {
            std::vector<term> given = list_or_fail(c.arguments[2]);
            c = {c.arguments[0], c.arguments[1], std::move(given)};
        } else {
            break;
        }
    }
    const auto m = c.module.as<atom>();
    const auto f = c.function.as<atom>();
    const auto found = m && f ? this_system().exports().find(*m, *f, c.arguments.size()) : nullptr;
    if (!found) {
        throw process_exit{
            tuple(atoms::known<"undef">, list(tuple(c.module, c.function, c.arguments, list()))),
            process_exit::kind::error};
    }
    return (*found)(c.arguments);
}

term apply_callable(const term& f, std::vector<term> first) {
    if (is_fun_apply(f, first.size()))
        return apply_exported(atoms::known<"erlang">, atoms::known<"apply">, first);
    if (!is_mfa(f)) return apply_fun(f, first);
    const auto t = f.tuple();
    std::vector<term> arguments = std::move(first);
    for (term& more : list_or_fail(f.share(t[2])))
        arguments.push_back(std::move(more));
    return apply_exported(f.share(t[0]), f.share(t[1]), arguments);
}

}  // namespace rakka::detail
