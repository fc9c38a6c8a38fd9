// Writing terms in C++: tuple("add"_a, 1, 2), list(…), map(…), cons(…), charlist(…).
//
// Each call makes a small expression that owns its arguments (string literals and views are borrowed until
// the term is made). The expression turns into a term where one is wanted, nested expressions and all, in one
// allocation.
#pragma once

#include <rakka/etf/traits.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rakka {
namespace etf {

template <class T>
using stored = std::decay_t<T>;  // char arrays become const char*

template <class... Parts>
struct tuple_expression {
    std::tuple<Parts...> parts;
};
template <class... Parts>
struct list_expression {
    std::tuple<Parts...> parts;
};
template <class Tail, class... Parts>
struct improper_list_expression {
    std::tuple<Parts...> parts;
    Tail tail;
};
template <class... Parts>
struct map_expression {
    std::tuple<Parts...> parts;  // key, value, key, value, …
};
struct charlist_expression {
    std::string_view utf8;
};

namespace detail {

template <class... Parts>
std::size_t parts_size(const std::tuple<Parts...>& parts) {
    return std::apply([](const auto&... p) { return (std::size_t{0} + ... + term_traits<Parts>::size(p)); },
                      parts);
}

}  // namespace detail

template <class... Parts>
struct term_traits<tuple_expression<Parts...>> {
    using type = tuple_expression<Parts...>;
    static std::size_t size(const type& e) { return 1 + sizeof...(Parts) + detail::parts_size(e.parts); }
    static detail::word write(builder& b, const type& e) {
        detail::word* cells = nullptr;
        const detail::word w = b.put_tuple(sizeof...(Parts), cells);
        std::apply([&](const auto&... p) { ((*cells++ = term_traits<Parts>::write(b, p)), ...); }, e.parts);
        return w;
    }
};

template <class... Parts>
struct term_traits<list_expression<Parts...>> {
    using type = list_expression<Parts...>;
    static std::size_t size(const type& e) { return 1 + sizeof...(Parts) + detail::parts_size(e.parts); }
    static detail::word write(builder& b, const type& e) {
        detail::word* cells = nullptr;
        const detail::word w = b.put_list(sizeof...(Parts), cells);
        std::apply([&](const auto&... p) { ((*cells++ = term_traits<Parts>::write(b, p)), ...); }, e.parts);
        return w;
    }
};

template <class Tail, class... Parts>
struct term_traits<improper_list_expression<Tail, Parts...>> {
    using type = improper_list_expression<Tail, Parts...>;
    static std::size_t size(const type& e) {
        return 2 + sizeof...(Parts) + detail::parts_size(e.parts) + term_traits<Tail>::size(e.tail);
    }
    static detail::word write(builder& b, const type& e) {
        detail::word* cells = nullptr;
        const detail::word tail = term_traits<Tail>::write(b, e.tail);
        const detail::word w = b.put_list(sizeof...(Parts), cells, tail);
        std::apply([&](const auto&... p) { ((*cells++ = term_traits<Parts>::write(b, p)), ...); }, e.parts);
        return w;
    }
};

template <class... Parts>
struct term_traits<map_expression<Parts...>> {
    using type = map_expression<Parts...>;
    static std::size_t size(const type& e) { return 1 + sizeof...(Parts) + detail::parts_size(e.parts); }
    static detail::word write(builder& b, const type& e) {
        detail::word* cells = nullptr;
        constexpr std::size_t n = sizeof...(Parts) / 2;
        const detail::word w = b.put_map(n, cells);
        std::apply(
            [&](const auto&... p) {
                std::size_t i = 0;  // even places are keys, odd ones values
                ((cells[i % 2 * n + i / 2] = term_traits<Parts>::write(b, p), ++i), ...);
            },
            e.parts);
        return *b.finish_map(w, builder::duplicates::last_wins);
    }
};

template <>
struct term_traits<charlist_expression> {
    static std::size_t size(const charlist_expression& e) noexcept { return e.utf8.size() + 1; }
    static detail::word write(builder& b, const charlist_expression& e);
};

}  // namespace etf

/// `{…}`. `tuple("add"_a, 1, 2)`
template <class... Parts>
[[nodiscard]] auto tuple(Parts&&... parts) {
    return etf::tuple_expression<etf::stored<Parts>...>{{std::forward<Parts>(parts)...}};
}
/// `[…]`; list() is nil.
template <class... Parts>
[[nodiscard]] auto list(Parts&&... parts) {
    return etf::list_expression<etf::stored<Parts>...>{{std::forward<Parts>(parts)...}};
}
/// `[Head | Tail]`, proper when the tail is a list. `cons("alias"_a, ref)`
template <class Head, class Tail>
[[nodiscard]] auto cons(Head&& head, Tail&& tail) {
    return etf::improper_list_expression<etf::stored<Tail>, etf::stored<Head>>{{std::forward<Head>(head)},
                                                                               std::forward<Tail>(tail)};
}
/// `#{K => V, …}` from alternating keys and values; of equal keys the last wins. `map("id"_a, 7, "name"_a,
/// "Ann")`
template <class... Parts>
requires(sizeof...(Parts) % 2 == 0) [[nodiscard]] auto map(Parts&&... parts) {
    return etf::map_expression<etf::stored<Parts>...>{{std::forward<Parts>(parts)...}};
}
/// A list of code points, which is what "…" means in Erlang and '…' in Elixir. Bytes that are not UTF-8 are
/// taken as Latin-1. `utf8` must stay valid until the term is made.
[[nodiscard]] inline etf::charlist_expression charlist(std::string_view utf8) noexcept {
    return {utf8};
}

}  // namespace rakka
