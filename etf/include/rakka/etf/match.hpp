// Clauses: patterns with handlers, tried in order. `match` looks at one term; actors' `receive` uses the same
// clauses.
#pragma once

#include <rakka/etf/pattern.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace rakka {
namespace etf {

/// One clause, made by on(). Holds the pattern and the handler; what a match binds lives in a `slots` object
/// outside, so that a clause can be used again, also while its handler runs.
template <pattern Pattern, class Handler>
class clause {
public:
    using captures = typename Pattern::captures;
    using slots = typename captures::slots;
    static_assert(
        captures::template accepted_by<Handler>,
        "rakka: the handler of on(pattern, handler) must take one parameter for each x<T> in the pattern, in "
        "order, each of a type that a T converts to");

    using result_type = typename captures::template result_of<Handler>;
    /// What the handler returns may point into the term it was given a view of.
    static constexpr bool may_give_view = borrowing<captures> && borrowing<result_type>;

    clause(Pattern p, Handler h) : pattern_(std::move(p)), handler_(std::move(h)) {}

    /// Whether `v` matches; then `bound` holds the captures. `owner`: the term `v` is a part of, if there is
    /// one, so that x<term> can share its memory. Captured views are valid as long as the term.
    bool try_match(term_view v, const term* owner, slots& bound, bool /*given_away*/ = false) const {
        return pattern_.template match<0>(v, owner, bound);
    }
    /// Calls the handler with what a successful try_match bound (moved out of `bound`). Runs the user's code:
    /// may throw.
    result_type run(slots& bound) {
        return std::apply(
            [this](auto&... slot) -> result_type { return std::invoke(handler_, std::move(*slot)...); },
            bound);
    }

private:
    Pattern pattern_;
    Handler handler_;
};

/// The result of one of these may point into the term they look at.
template <class... Clauses>
inline constexpr bool may_give_view = (std::remove_cvref_t<Clauses>::may_give_view || ...);

template <class T>
inline constexpr bool is_clause = false;
template <class Pattern, class Handler>
inline constexpr bool is_clause<clause<Pattern, Handler>> = true;

namespace detail {

template <class... Results>
struct common_result {
    static constexpr bool all_void = (std::is_void_v<Results> && ...);
    static constexpr bool none_void = !(std::is_void_v<Results> || ...);
    static_assert(all_void || none_void, "rakka: either all handlers return a value, or none does");
    template <class... Rs>
    static auto of() {
        if constexpr (sizeof...(Rs) == 0 || (std::is_void_v<Rs> && ...)) {
            return std::type_identity<void>{};
        } else {
            static_assert(
                requires { typename std::common_type_t<Rs...>; },
                "rakka: the handlers' results have no common type; name one with `-> T`");
            return std::type_identity<std::common_type_t<Rs...>>{};
        }
    }
    using type = typename decltype(of<Results...>())::type;
};

}  // namespace detail

/// Several clauses and the captures of the one that matched. Two steps, so that a mailbox can take the
/// message out before the handler runs (which may itself receive):
///   clause_set set(on(…), on(…));
///   if (set.select(message)) { …unlink message…; return set.run(); }   // message must live until run()
///   returns
/// Owner: one thread or process at a time.
template <class... Clauses>
class clause_set {
public:
    static_assert((is_clause<Clauses> && ...), "rakka: expected on(pattern, handler)");
    using result_type = typename detail::common_result<typename Clauses::result_type...>::type;

    explicit clause_set(Clauses... clauses) : clauses_(std::move(clauses)...) {}

    /// Tries the clauses in order; keeps the captures of the first that matches. False when none does. May
    /// throw only what a capture's read() or a when() predicate throws.
    bool select(const term& message) { return try_each(message.view(), &message, false); }
    /// The same for a message that the handler of on<T>() may take apart: the caller gives it up.
    bool select_given_away(const term& message) { return try_each(message.view(), &message, true); }
    /// A temporary would be gone when run() hands its parts to the handler.
    bool select(const term&& message) requires(borrowing<typename Clauses::captures> || ...) = delete;
    bool select(std::same_as<term_view> auto v) { return try_each(v, nullptr, false); }
    /// Which clause was selected, counted from 0; nothing before a successful select() and after run().
    [[nodiscard]] std::optional<std::size_t> selected() const noexcept {
        return bound_.index() == 0 ? std::nullopt : std::optional(bound_.index() - 1);
    }
    /// Runs the selected clause's handler. Precondition: the last select() gave true.
    result_type run() {
        RAKKA_DCHECK(bound_.index() != 0);
        return run_each(std::index_sequence_for<Clauses...>{});
    }

private:
    bool try_each(term_view v, const term* owner, bool given_away) {
        const bool found = try_each(v, owner, given_away, std::index_sequence_for<Clauses...>{});
        if (!found) bound_.template emplace<0>();
        return found;
    }
    template <std::size_t... N>
    bool try_each(term_view v, const term* owner, bool given_away, std::index_sequence<N...>) {
        return (std::get<N>(clauses_).try_match(v, owner, bound_.template emplace<N + 1>(), given_away) ||
                ...);
    }

    template <std::size_t... N>
    result_type run_each(std::index_sequence<N...>) {
        // The captures move out first: the handler may come back to this very set.
        auto bound = std::exchange(bound_, std::monostate{});
        const std::size_t which = bound.index();
        if constexpr (std::is_void_v<result_type>) {
            ((which == N + 1 ? (void)std::get<N>(clauses_).run(std::get<N + 1>(bound)) : void()), ...);
        } else {
            std::optional<result_type> out;
            ((which == N + 1 ? (void)out.emplace(std::get<N>(clauses_).run(std::get<N + 1>(bound))) : void()),
             ...);
            return std::move(*out);
        }
    }

    std::tuple<Clauses...> clauses_;
    std::variant<std::monostate, typename Clauses::slots...> bound_;
};

namespace detail {

template <class Subject, class... Clauses>
auto match(const Subject& subject, bool given_away, Clauses&&... clauses) {
    clause_set<std::decay_t<Clauses>...> set(std::forward<Clauses>(clauses)...);
    using result_type = typename clause_set<std::decay_t<Clauses>...>::result_type;
    bool found = false;
    if constexpr (std::same_as<Subject, term>) {
        found = given_away ? set.select_given_away(subject) : set.select(subject);
    } else {
        found = set.select(subject);
    }
    if constexpr (std::is_void_v<result_type>) {
        if (found) set.run();
        return found;
    } else {
        return found ? std::optional<result_type>(set.run()) : std::nullopt;
    }
}

}  // namespace detail
}  // namespace etf

/// A clause: `on(tuple_of("add"_a, x<int>, x<int>), [](int a, int b) { return a + b; })`. The handler takes
/// one argument for each x<T>, in the order they stand in the pattern.
template <class Pattern, class Handler>
[[nodiscard]] auto on(Pattern&& p, Handler&& handler) {
    return etf::clause<etf::pattern_of<Pattern>, std::decay_t<Handler>>(
        etf::as_pattern(std::forward<Pattern>(p)), std::forward<Handler>(handler));
}

/// Runs the handler of the first clause whose pattern matches `t`; Erlang's `case`, without the error at the
/// end. Returns: when the handlers return nothing, whether one ran; otherwise an optional of their common
/// type. Errors: what a handler throws. Captured views point into `t`; so, when `t` is a temporary, handlers
/// may use them but not return them.
template <class... Clauses>
auto match(const term& t, Clauses&&... clauses) {
    return etf::detail::match(t, false, std::forward<Clauses>(clauses)...);
}
template <class... Clauses>
requires(!etf::may_give_view<Clauses...>) auto match(term&& t, Clauses&&... clauses) {
    return etf::detail::match(t, true, std::forward<Clauses>(clauses)...);
}
template <class... Clauses>
requires(etf::may_give_view<Clauses...>) auto match(const term&&, Clauses&&...) = delete;
template <class... Clauses>
auto match(std::same_as<term_view> auto v, Clauses&&... clauses) {
    return etf::detail::match(v, false, std::forward<Clauses>(clauses)...);
}

}  // namespace rakka
