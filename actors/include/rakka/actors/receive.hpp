// Taking messages out of the mailbox, in order or by choice.
//
// Messages that a receive does not want stay, in order, for a later one. Every function here blocks the
// calling process (never its worker), is for the owner process only, and throws process_exit when an exit
// signal ends it.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <type_traits>

namespace rakka {

namespace detail {

/// Looks at messages in order until `wanted` takes one, and returns it. `fresh`, if not null, promises that
/// only messages which arrived after the caller made that reference can be wanted.
std::optional<term> receive_matching(bool (*wanted)(void*, term_view), void* arg,
                                     std::optional<std::chrono::nanoseconds> timeout, const reference* fresh);

template <class P>
bool call_predicate(void* p, term_view message) {
    return (*static_cast<std::remove_reference_t<P>*>(p))(message);
}

}  // namespace detail

/// The next message, whatever it is. Erlang: `receive M -> M end`.
[[nodiscard]] term receive();

/// The first message that `wanted` accepts. The predicate must not itself receive.
/// Erlang: `receive M when … -> M end`.
template <std::predicate<term_view> P>
[[nodiscard]] term receive_if(P&& wanted) {
    return *detail::receive_matching(&detail::call_predicate<P>, &wanted, std::nullopt, nullptr);
}

/// The same, giving up after `timeout`; zero looks at what is there already. Erlang: `receive … after T -> …
/// end`.
template <std::predicate<term_view> P>
[[nodiscard]] std::optional<term> receive_if(P&& wanted, std::chrono::nanoseconds timeout) {
    return detail::receive_matching(&detail::call_predicate<P>, &wanted, timeout, nullptr);
}

/// The same for messages that contain `fresh`, a reference the caller has just made (make_reference, monitor,
/// alias): messages that were here before it are skipped without a look, however many they are. No timeout:
/// waits for ever.
template <std::predicate<term_view> P>
[[nodiscard]] std::optional<term> receive_if(const reference& fresh, P&& wanted,
                                             std::optional<std::chrono::nanoseconds> timeout = std::nullopt) {
    return detail::receive_matching(&detail::call_predicate<P>, &wanted, timeout, &fresh);
}

}  // namespace rakka
