// C++ types in the words of Elixir's typespecs.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace rakka::detail {

/// What terms a T is read from or written as, such as `integer()` or `[String.t()]`; `term()` for what has no
/// words of its own. Types of the user's are `map()`.
template <class T>
struct type_text {
    static std::string get() {
        if constexpr (std::same_as<T, bool>) {
            return "boolean()";
        } else if constexpr (std::integral<T>) {
            return std::is_unsigned_v<T> ? "non_neg_integer()" : "integer()";
        } else if constexpr (std::floating_point<T>) {
            return "float()";
        } else if constexpr (std::same_as<T, atom>) {
            return "atom()";
        } else if constexpr (std::same_as<T, pid>) {
            return "pid()";
        } else if constexpr (std::same_as<T, reference>) {
            return "reference()";
        } else if constexpr (std::convertible_to<T, std::string_view>) {
            return "String.t()";
        } else if constexpr (std::same_as<T, term> || std::same_as<T, term_view>) {
            return "term()";
        } else if constexpr (std::is_class_v<T> && etf::readable<T>) {
            return "map()";
        } else {
            return "term()";
        }
    }
};
template <>
struct type_text<void> {
    static std::string get() { return ":ok"; }
};
template <class T, class A>
struct type_text<std::vector<T, A>> {
    static std::string get() { return "[" + type_text<T>::get() + "]"; }
};
template <class T>
struct type_text<std::optional<T>> {
    static std::string get() { return type_text<T>::get() + " | :undefined"; }
};
template <class K, class V, class... More>
struct type_text<std::map<K, V, More...>> {
    static std::string get() {
        return "%{optional(" + type_text<K>::get() + ") => " + type_text<V>::get() + "}";
    }
};
template <class K, class V, class... More>
struct type_text<std::unordered_map<K, V, More...>> {
    static std::string get() { return type_text<std::map<K, V>>::get(); }
};
template <class First, class... More>
struct type_text<std::variant<First, More...>> {
    static std::string get() { return (type_text<First>::get() + ... + (" | " + type_text<More>::get())); }
};
template <class... Parts>
struct type_text<std::tuple<Parts...>> {
    static std::string get() {
        std::string all;
        ((all += (all.empty() ? "" : ", ") + type_text<Parts>::get()), ...);
        return "{" + all + "}";
    }
};
template <class A, class B>
struct type_text<std::pair<A, B>> {
    static std::string get() { return type_text<std::tuple<A, B>>::get(); }
};

}  // namespace rakka::detail
