// The functions of this program that others find by module, name and number of arguments: callers on other
// nodes, supervisors whose children are given as `{Module, Function, Arguments}`, names as `{via, Module,
// Name}`.
#pragma once

#include <rakka/etf/convert.hpp>
#include <rakka/etf/term.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka {

/// A function as peers see it. Runs in a process of its own, made for this call: it may block and use the
/// whole ambient vocabulary. What it returns is the caller's result. Leaving it with an exception is one of
/// Erlang's: `throw term(…)` is throw/1, exit() is exit/1, error() and any C++ exception are error/1, with a
/// stack that names the function.
using exported_function = std::function<term(const std::vector<term>& arguments)>;

namespace detail {

/// The parameters and the result of a callable that is constant and not overloaded.
template <class F>
struct signature_of {};
template <class F>
requires requires {
    &F::operator();
}
struct signature_of<F> : signature_of<decltype(&F::operator())> {};
template <class R, class... A>
struct signature_of<R (*)(A...)> {
    using result = R;
    using parameters = std::tuple<std::remove_cvref_t<A>...>;
    static constexpr bool by_value =
        ((!std::is_lvalue_reference_v<A> || std::is_const_v<std::remove_reference_t<A>>)&&...);
};
template <class R, class... A>
struct signature_of<R (*)(A...) noexcept> : signature_of<R (*)(A...)> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) const> : signature_of<R (*)(A...)> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) const noexcept> : signature_of<R (*)(A...)> {};

/// What the caller gets as `error:function_clause`, as from an Erlang function with guards.
[[noreturn]] void no_function_clause(atom module, atom function, const std::vector<term>& arguments);

template <class T>
std::optional<T> read_argument(const term& t) {
    if constexpr (std::same_as<T, term>) {
        return t;  // shared, where as<term>() would copy
    } else {
        auto value = etf::term_traits<T>::read(t.view());
        return value ? std::optional<T>(std::move(*value)) : std::nullopt;
    }
}

template <class F, class... Values>
term call_to_term(const F& f, Values&&... values) {
    using value = std::invoke_result_t<const F&, Values...>;
    if constexpr (std::is_void_v<value>) {
        f(std::forward<Values>(values)...);
        return term(atoms::known<"ok">);
    } else {
        return term(f(std::forward<Values>(values)...));
    }
}

/// `arguments` as the parameters of `f`; they live as long as the call, so that views may point into them.
template <class F, class... P, std::size_t... N>
term call_typed(const F& f, atom module, atom function, const std::vector<term>& arguments,
                std::tuple<P...>* /*parameters*/, std::index_sequence<N...> /*places*/) {
    std::tuple<std::optional<P>...> values;
    [[maybe_unused]] const auto read = [&]<class T>(std::optional<T>& value, std::size_t n) {
        value = read_argument<T>(arguments[n]);
        return value.has_value();
    };
    if (!(read(std::get<N>(values), N) && ...)) no_function_clause(module, function, arguments);
    return call_to_term(f, std::move(*std::get<N>(values))...);
}

template <class Parameters>
inline constexpr bool all_readable = false;
template <class... P>
inline constexpr bool all_readable<std::tuple<P...>> = ((std::same_as<P, term> || etf::readable<P>)&&...);

template <class R>
concept a_result = std::is_void_v<R> || std::constructible_from<term, R>;

/// A callable whose parameters can be read from terms, by value or as references to constants, and whose
/// result is nothing or can be made into one.
template <class F>
concept exportable = requires {
    typename signature_of<std::decay_t<F>>::parameters;
}
&&all_readable<typename signature_of<std::decay_t<F>>::parameters>&&
    a_result<typename signature_of<std::decay_t<F>>::result>&& signature_of<std::decay_t<F>>::by_value;

}  // namespace detail

/// What an exported function is called by.
struct exported_name {
    atom module;
    atom function;
    std::size_t arity = 0;
};

/// What is found for `Module:Function/Arity`, by a peer (`spawn/4`, `erpc:call/4`, `rpc:call/4`) as by this
/// program; for all others it is `undef`, as in a BEAM. Each system has one (system::exports()). Any thread.
class export_table {
public:
    /// Adds or replaces.
    void add(atom module, atom function, std::size_t arity, exported_function f);
    /// The same for a function with types; the arity is the number of its parameters.
    ///
    ///     exports.add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    ///
    /// Arguments and result are converted as by term::as() and to_term() (etf/convert.hpp); a parameter of
    /// type term takes anything, a result of type void is `ok`. Arguments that cannot be converted, or
    /// numbers that do not fit, give the caller `error:function_clause` with the stack `[{M, F, Args, []}]`.
    /// Calls run at the same time, in processes of their own: `f` is shared by them, and constant.
    template <detail::exportable F>
    void add(atom module, atom function, F&& f) {
        using parameters = typename detail::signature_of<std::decay_t<F>>::parameters;
        constexpr std::size_t arity = std::tuple_size_v<parameters>;
        add(module, function, arity,
            [module, function, callee = std::decay_t<F>(std::forward<F>(f))](const std::vector<term>& given) {
                return detail::call_typed(callee, module, function, given, static_cast<parameters*>(nullptr),
                                          std::make_index_sequence<arity>{});
            });
    }
    /// False when there was none. Calls under way go on.
    bool remove(atom module, atom function, std::size_t arity);
    /// Null when there is none, here or in the table fallen back on.
    [[nodiscard]] std::shared_ptr<const exported_function> find(atom module, atom function,
                                                                std::size_t arity) const;
    /// Of all functions, those of a module together. Erlang: nearest to `Module:module_info(exports)`.
    [[nodiscard]] std::vector<exported_name> names() const;
    /// Whether any function of `module` is here. Erlang: nearest to `code:is_loaded/1`.
    [[nodiscard]] bool has_module(atom module) const;

    /// What is not here is looked for in `other`; null: nowhere. A node's own functions are there while it
    /// runs, so that those of the program come first.
    void fall_back_on(std::shared_ptr<const export_table> other);

    /// Gives what is called in place of `found`, which find() would give for `name`; `found` itself: no
    /// change. Must not use this table.
    using interceptor = std::function<std::shared_ptr<const exported_function>(
        const exported_name& name, const std::shared_ptr<const exported_function>& found)>;
    /// What find() gives goes through `f` from now on; an empty function: no more. There is one at a time.
    /// For who looks at calls, such as rakka/otp/trace.hpp. Functions that were found before are not
    /// affected.
    void intercept(interceptor f);

private:
    [[nodiscard]] std::shared_ptr<const export_table> fallback() const;

    using key = std::tuple<std::uint32_t, std::uint32_t, std::size_t>;
    mutable std::shared_mutex mutex_;
    std::map<key, std::shared_ptr<const exported_function>> functions_;  // guarded by mutex_
    std::shared_ptr<const export_table> fallback_;                       // likewise
    std::shared_ptr<const interceptor> interceptor_;                     // likewise; null: none
};

}  // namespace rakka
