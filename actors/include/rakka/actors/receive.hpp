// Taking messages out of the mailbox, in order or by choice.
//
// Messages that a receive does not want stay, in order, for a later one. Every function here blocks the
// calling process (never its worker), is for the owner process only, and throws process_exit when an exit
// signal ends it.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/match.hpp>
#include <rakka/etf/term.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rakka {

namespace detail {

/// Looks at messages in order until `wanted` takes one, and returns it. `fresh`, if not null, promises that
/// only messages which arrived after the caller made that reference can be wanted.
std::optional<term> receive_matching(bool (*wanted)(void*, const term&), void* arg,
                                     std::optional<std::chrono::nanoseconds> timeout, const reference* fresh);

/// What a predicate is called through: itself, or, since a function is no object, a pointer to it.
template <class P>
using callee = std::conditional_t<std::is_function_v<std::remove_reference_t<P>>, std::decay_t<P>,
                                  std::remove_reference_t<P>&>;

template <class P>
bool call_predicate(void* p, const term& message) {
    return (*static_cast<std::remove_reference_t<P>*>(p))(message.view());
}
/// As what call_predicate gets: a predicate may be const.
template <class P>
void* predicate_argument(P& wanted) noexcept {
    return const_cast<void*>(static_cast<const volatile void*>(std::addressof(wanted)));
}

}  // namespace detail

/// The next message, whatever it is. Erlang: `receive M -> M end`.
term receive();

/// The first message that `wanted` accepts. The predicate must not itself receive.
/// Erlang: `receive M when … -> M end`.
template <std::predicate<term_view> P>
term receive_if(P&& wanted) {
    detail::callee<P> f(wanted);
    return *detail::receive_matching(&detail::call_predicate<decltype(f)>, detail::predicate_argument(f),
                                     std::nullopt, nullptr);
}

/// The same, giving up after `timeout`; zero looks at what is there already. Erlang: `receive … after T -> …
/// end`.
template <std::predicate<term_view> P>
[[nodiscard]] std::optional<term> receive_if(P&& wanted, std::chrono::nanoseconds timeout) {
    detail::callee<P> f(wanted);
    return detail::receive_matching(&detail::call_predicate<decltype(f)>, detail::predicate_argument(f),
                                    timeout, nullptr);
}

/// The same for messages that contain `fresh`, a reference the caller has just made (make_reference, monitor,
/// alias): messages that were here before it are skipped without a look, however many they are. No timeout:
/// waits for ever.
template <std::predicate<term_view> P>
[[nodiscard]] std::optional<term> receive_if(const reference& fresh, P&& wanted,
                                             std::optional<std::chrono::nanoseconds> timeout = std::nullopt) {
    detail::callee<P> f(wanted);
    return detail::receive_matching(&detail::call_predicate<decltype(f)>, detail::predicate_argument(f),
                                    timeout, &fresh);
}

/// The last argument of receive(): what happens when no message has matched for `limit`.
template <std::invocable Handler>
struct after_clause {
    std::chrono::nanoseconds limit;
    Handler handler;
};
/// Erlang: `after Limit -> Handler`.
template <std::invocable Handler>
[[nodiscard]] after_clause<std::decay_t<Handler>> after(std::chrono::nanoseconds limit, Handler&& handler) {
    return {limit, std::forward<Handler>(handler)};
}

/// The first argument of receive(), if every clause asks for a message with a reference the caller has just
/// made (make_reference, monitor, alias): messages that were here before it are skipped without a look.
struct fresh {
    const reference& ref;
};

namespace detail {

template <class T>
inline constexpr bool is_after = false;
template <class H>
inline constexpr bool is_after<after_clause<H>> = true;

template <class T>
inline constexpr bool gives_view = false;
template <class P, class H>
inline constexpr bool gives_view<etf::clause<P, H>> = etf::clause<P, H>::may_give_view;

template <class T>
concept receive_argument = etf::is_clause<std::decay_t<T>> || is_after<std::decay_t<T>>;
/// The message is gone when receive() returns: a handler must not return a view that it was given.
template <class T>
concept result_outlives_message = !gives_view<std::decay_t<T>>;

template <class Set>
bool select_clause(void* set, const term& message) {
    return static_cast<Set*>(set)->select_given_away(message);
}

// Waits, takes the message out, and only then runs the handler: it may receive itself, or throw.
template <class... Clauses>
auto receive_clauses(const reference* fresh, etf::clause_set<Clauses...> set) {
    const auto message = receive_matching(&select_clause<decltype(set)>, &set, std::nullopt, fresh);
    return set.run();
}

template <class Handler, class... Clauses>
auto receive_clauses_after(const reference* fresh, const after_clause<Handler>& last, Clauses... clauses) {
    using late = std::invoke_result_t<const Handler&>;
    if constexpr (sizeof...(Clauses) == 0) {
        static_cast<void>(
            receive_matching([](void*, const term&) { return false; }, nullptr, last.limit, fresh));
        return last.handler();
    } else {
        etf::clause_set<Clauses...> set(std::move(clauses)...);
        const auto message = receive_matching(&select_clause<decltype(set)>, &set, last.limit, fresh);
        if constexpr (std::is_void_v<late>) {
            message ? static_cast<void>(set.run()) : last.handler();
        } else {
            using common = std::common_type_t<late, typename decltype(set)::result_type>;
            return message ? static_cast<common>(set.run()) : static_cast<common>(last.handler());
        }
    }
}

template <class Arguments, std::size_t... N>
auto receive_arguments(const reference* fresh, Arguments arguments, std::index_sequence<N...>) {
    constexpr std::size_t last = sizeof...(N);
    if constexpr (is_after<std::decay_t<std::tuple_element_t<last, Arguments>>>) {
        return receive_clauses_after(fresh, std::get<last>(arguments), std::move(std::get<N>(arguments))...);
    } else {
        return receive_clauses(
            fresh,
            etf::clause_set<std::tuple_element_t<N, Arguments>..., std::tuple_element_t<last, Arguments>>(
                std::move(std::get<N>(arguments))..., std::move(std::get<last>(arguments))));
    }
}

}  // namespace detail

/// Waits for the first message that one of the clauses matches, in the order of arrival, takes it out of the
/// mailbox and runs that clause's handler; gives the handler's result. See etf/match.hpp for on(pattern,
/// handler).
///
///     receive(on(tuple_of("add"_a, x<int>, x<int>), [](int a, int b) { … }),
///             on("stop"_a, [] { … }),
///             after(5s, [] { … }));
///
/// Captured views point into the message, which ends with the call: handlers may use them, not return them.
/// Erlang: `receive … after … end`.
template <detail::receive_argument... Arguments>
requires(sizeof...(Arguments) > 0 &&
         (detail::result_outlives_message<Arguments> && ...)) auto receive(Arguments&&... arguments) {
    return detail::receive_arguments(
        nullptr, std::tuple<std::decay_t<Arguments>...>(std::forward<Arguments>(arguments)...),
        std::make_index_sequence<sizeof...(Arguments) - 1>{});
}

/// The same for messages that contain a fresh reference: `receive(fresh{ref}, on(…), …)`.
template <detail::receive_argument... Arguments>
requires(sizeof...(Arguments) > 0 && (detail::result_outlives_message<Arguments> &&
                                      ...)) auto receive(fresh newest, Arguments&&... arguments) {
    return detail::receive_arguments(
        &newest.ref, std::tuple<std::decay_t<Arguments>...>(std::forward<Arguments>(arguments)...),
        std::make_index_sequence<sizeof...(Arguments) - 1>{});
}

}  // namespace rakka
