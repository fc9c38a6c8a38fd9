// Which C++ types borrow from the term they are read from, so that reading one from a term that is about to
// go does not compile.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

namespace rakka {

class term_view;
class tuple_view;
class list_view;
class map_view;

namespace etf {

/// True for a type whose values point into a term. Specialise it beside term_traits of a view type of your
/// own.
template <class T>
inline constexpr bool is_borrowed = false;
template <>
inline constexpr bool is_borrowed<term_view> = true;
template <>
inline constexpr bool is_borrowed<tuple_view> = true;
template <>
inline constexpr bool is_borrowed<list_view> = true;
template <>
inline constexpr bool is_borrowed<map_view> = true;
template <class Char, class Traits>
inline constexpr bool is_borrowed<std::basic_string_view<Char, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool is_borrowed<std::span<T, N>> = true;

namespace detail {

template <class... Ts>
struct type_list {};

/// The types that a T may hold values of: template arguments, array elements, members of described structs
/// (describe.hpp).
template <class T>
struct held_types {
    using type = type_list<>;
};
template <template <class...> class C, class... Ts>
struct held_types<C<Ts...>> {
    using type = type_list<Ts...>;
};
template <class T, std::size_t N>
struct held_types<std::array<T, N>> {
    using type = type_list<T>;
};

template <class T, class... Outer>
consteval bool borrows_within() {
    if constexpr (is_borrowed<T>) {
        return true;
    } else if constexpr ((std::same_as<T, Outer> || ...)) {
        return false;  // a type that holds itself
    } else {
        return []<class... Ts>(type_list<Ts...>) {
            return (borrows_within<std::remove_cvref_t<Ts>, T, Outer...>() || ...);
        }(typename held_types<T>::type{});
    }
}

}  // namespace detail

/// T, or something in it (`std::vector<std::string_view>`, a described struct with a member that is a view),
/// borrows.
template <class T>
concept borrowing = detail::borrows_within<std::remove_cvref_t<T>>();

}  // namespace etf
}  // namespace rakka
