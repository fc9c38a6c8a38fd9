// C++ containers, optionals, variants and described types as terms and back: to_term(x), term.as<T>().
//
//   std::vector, list, deque, set, unordered_set, array   a list           [1, 2, 3]
//   std::map, unordered_map                               a map            #{k => v}
//   std::tuple, pair                                      a tuple          {1, 2}
//   std::vector<std::pair<atom, T>>                       a property list  [{k, v}], Elixir's keyword list
//   std::vector<std::byte>                                a binary
//   std::optional          the value; without one `undefined` is written (`nil` for a member of an Elixir
//   struct); both
//                          `undefined` and `nil` are read as none
//   std::variant           the alternative's own form; read as the first alternative that fits
//   std::monostate         `undefined`; reads `nil` too
//   described enums        the atom of the enumerator's name               (describe.hpp)
//   described structs      a map, a record or an Elixir struct             (describe.hpp)
#pragma once

#include <rakka/etf/conversion_path.hpp>
#include <rakka/etf/describe.hpp>
#include <rakka/etf/traits.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace rakka {
namespace etf {
namespace detail {

inline bool is_none(term_view v) noexcept {
    return v.is_atom(atoms::known<"undefined">) || v.is_atom(atoms::known<"nil">);
}

/// Containers of one element type, written as lists.
template <class Container, class Element>
struct list_traits {
    static std::size_t size(const Container& c) {
        std::size_t words = 1;
        for (const Element& e : c)
            words += 1 + term_traits<Element>::size(e);
        return words;
    }
    static word write(builder& b, const Container& c) {
        word* cells = nullptr;
        const word w = b.put_list(c.size(), cells);
        for (const Element& e : c)
            *cells++ = term_traits<Element>::write(b, e);
        return w;
    }
    static result<Container> read(term_view v) {
        if (!v.is(kind::list) && !v.is(kind::nil)) return make_error_code(errc::wrong_type);
        Container out;
        auto i = v.list().begin();
        for (; !i.at_end(); ++i) {
            auto element = term_traits<Element>::read(*i);
            if (!element) return element.error();
            out.insert(out.end(), std::move(*element));
        }
        if (!i.rest().is(kind::nil)) return make_error_code(errc::wrong_type);
        return out;
    }
    static void locate(term_view v, std::string& path) {
        if (!v.is(kind::list)) return;
        std::size_t n = 0;
        for (const term_view element : v.list()) {
            if (locate_part<Element>(element, path, [&] { return "[" + std::to_string(n) + "]"; })) return;
            ++n;
        }
    }
};

template <class Container, class Key, class Value>
struct map_traits {
    static std::size_t size(const Container& c) {
        std::size_t words = 1;
        for (const auto& [key, value] : c)
            words += 2 + term_traits<Key>::size(key) + term_traits<Value>::size(value);
        return words;
    }
    static word write(builder& b, const Container& c) {
        word* cells = nullptr;
        const std::size_t n = c.size();
        const word w = b.put_map(n, cells);
        for (const auto& [key, value] : c) {
            *cells = term_traits<Key>::write(b, key);
            cells[n] = term_traits<Value>::write(b, value);
            ++cells;
        }
        return *b.finish_map(w, builder::duplicates::last_wins);
    }
    static result<Container> read(term_view v) {
        if (!v.is(kind::map)) return make_error_code(errc::wrong_type);
        Container out;
        const map_view m = v.map();
        for (std::size_t i = 0; i < m.size(); ++i) {
            auto key = term_traits<Key>::read(m.key(i));
            if (!key) return key.error();
            auto value = term_traits<Value>::read(m.value(i));
            if (!value) return value.error();
            if (!out.emplace(std::move(*key), std::move(*value)).second)
                return make_error_code(errc::duplicate_key);
        }
        return out;
    }
    static void locate(term_view v, std::string& path) {
        if (!v.is(kind::map)) return;
        for (const auto [key, value] : v.map()) {
            const auto step = [k = key] { return "[" + k.to_string() + "]"; };
            if (locate_part<Key>(key, path, step) || locate_part<Value>(value, path, step)) return;
        }
    }
};

/// std::tuple and std::pair.
template <class Tuple, class... Ts>
struct tuple_traits {
    static std::size_t size(const Tuple& t) {
        return std::apply(
            [](const Ts&... e) { return ((1 + sizeof...(Ts)) + ... + term_traits<Ts>::size(e)); }, t);
    }
    static word write(builder& b, const Tuple& t) {
        word* cells = nullptr;
        const word w = b.put_tuple(sizeof...(Ts), cells);
        std::apply([&](const Ts&... e) { ((*cells++ = term_traits<Ts>::write(b, e)), ...); }, t);
        return w;
    }
    static result<Tuple> read(term_view v) {
        if (!v.is_tuple(sizeof...(Ts))) return make_error_code(errc::wrong_type);
        return read_elements(v.tuple(), std::index_sequence_for<Ts...>{});
    }
    static void locate(term_view v, std::string& path) {
        if (!v.is_tuple(sizeof...(Ts))) return;
        const tuple_view t = v.tuple();
        std::size_t n = 0;
        const auto step = [&] { return "{" + std::to_string(n) + "}"; };  // counted as element/2 does
        static_cast<void>((locate_part<Ts>(t[n++], path, step) || ...));
    }

private:
    template <std::size_t... N>
    static result<Tuple> read_elements([[maybe_unused]] tuple_view t, std::index_sequence<N...>) {
        std::tuple<std::optional<Ts>...> slots;
        error_code error;
        [[maybe_unused]] const auto read_one = [&]<class T>(std::optional<T>& slot, term_view v) {
            auto value = term_traits<T>::read(v);
            if (value) {
                slot.emplace(std::move(*value));
            } else {
                error = value.error();
            }
            return value.has_value();
        };
        if (!(read_one(std::get<N>(slots), t[N]) && ...)) return error;
        return Tuple(std::move(*std::get<N>(slots))...);
    }
};

}  // namespace detail

template <class T, class A>
struct term_traits<std::vector<T, A>> : detail::list_traits<std::vector<T, A>, T> {};
template <class T, class A>
struct term_traits<std::list<T, A>> : detail::list_traits<std::list<T, A>, T> {};
template <class T, class A>
struct term_traits<std::deque<T, A>> : detail::list_traits<std::deque<T, A>, T> {};
template <class T, class C, class A>
struct term_traits<std::set<T, C, A>> : detail::list_traits<std::set<T, C, A>, T> {};
template <class T, class H, class E, class A>
struct term_traits<std::unordered_set<T, H, E, A>> : detail::list_traits<std::unordered_set<T, H, E, A>, T> {
};
template <class K, class V, class C, class A>
struct term_traits<std::map<K, V, C, A>> : detail::map_traits<std::map<K, V, C, A>, K, V> {};
template <class K, class V, class H, class E, class A>
struct term_traits<std::unordered_map<K, V, H, E, A>>
    : detail::map_traits<std::unordered_map<K, V, H, E, A>, K, V> {};
template <class... Ts>
struct term_traits<std::tuple<Ts...>> : detail::tuple_traits<std::tuple<Ts...>, Ts...> {};
template <class A, class B>
struct term_traits<std::pair<A, B>> : detail::tuple_traits<std::pair<A, B>, A, B> {};

template <>
struct term_traits<std::vector<std::byte>> {
    using bytes = std::span<const std::byte>;
    static std::size_t size(const std::vector<std::byte>& v) noexcept { return term_traits<bytes>::size(v); }
    static detail::word write(builder& b, const std::vector<std::byte>& v) { return b.put_binary(bytes(v)); }
    static result<std::vector<std::byte>> read(term_view v) {
        const auto read = term_traits<bytes>::read(v);
        if (!read) return read.error();
        return std::vector<std::byte>(read->begin(), read->end());
    }
};

/// A list of just N elements.
template <class T, std::size_t N>
struct term_traits<std::array<T, N>> {
    static std::size_t size(const std::array<T, N>& a) {
        std::size_t words = 1;
        for (const T& e : a)
            words += 1 + term_traits<T>::size(e);
        return words;
    }
    static detail::word write(builder& b, const std::array<T, N>& a) {
        detail::word* cells = nullptr;
        const detail::word w = b.put_list(N, cells);
        for (const T& e : a)
            *cells++ = term_traits<T>::write(b, e);
        return w;
    }
    static result<std::array<T, N>> read(term_view v) {
        auto elements = term_traits<std::vector<T>>::read(v);
        if (!elements) return elements.error();
        if (elements->size() != N) return make_error_code(errc::wrong_type);
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<T, N>{{std::move((*elements)[I])...}};
        }
        (std::make_index_sequence<N>{});
    }
    static void locate(term_view v, std::string& path) {
        detail::list_traits<std::vector<T>, T>::locate(v, path);
    }
};

template <class T>
struct term_traits<std::optional<T>> {
    static std::size_t size(const std::optional<T>& o) { return o ? term_traits<T>::size(*o) : 0; }
    static detail::word write(builder& b, const std::optional<T>& o) {
        return o ? term_traits<T>::write(b, *o) : detail::make_atom(atoms::known<"undefined">.id());
    }
    static result<std::optional<T>> read(term_view v) {
        if (detail::is_none(v)) return std::optional<T>();
        auto value = term_traits<T>::read(v);
        if (!value) return value.error();
        return std::optional<T>(std::move(*value));
    }
    static void locate(term_view v, std::string& path) { detail::locate<T>(v, path); }
};

template <>
struct term_traits<std::monostate> {
    static constexpr std::size_t size(std::monostate) noexcept { return 0; }
    static detail::word write(builder&, std::monostate) noexcept {
        return detail::make_atom(atoms::known<"undefined">.id());
    }
    static result<std::monostate> read(term_view v) noexcept {
        if (!detail::is_none(v)) return make_error_code(errc::wrong_type);
        return std::monostate{};
    }
};

template <class... Ts>
struct term_traits<std::variant<Ts...>> {
    using type = std::variant<Ts...>;
    static std::size_t size(const type& v) {
        return std::visit([]<class T>(const T& e) { return term_traits<T>::size(e); }, v);
    }
    static detail::word write(builder& b, const type& v) {
        return std::visit([&]<class T>(const T& e) { return term_traits<T>::write(b, e); }, v);
    }
    /// The error, when no alternative fits, is wrong_type.
    static result<type> read(term_view v) { return read_first(v, std::index_sequence_for<Ts...>{}); }

private:
    template <std::size_t... N>
    static result<type> read_first(term_view v, std::index_sequence<N...>) {
        std::optional<type> out;
        const auto attempt = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            auto value = term_traits<std::variant_alternative_t<I, type>>::read(v);
            if (value) out.emplace(std::in_place_index<I>, std::move(*value));
            return value.has_value();
        };
        if (!(attempt(std::integral_constant<std::size_t, N>{}) || ...))
            return make_error_code(errc::wrong_type);
        return std::move(*out);
    }
};

/// Views borrow from the term they are read from: for captures in patterns and for members of short life.
template <>
struct term_traits<tuple_view> {
    static result<tuple_view> read(term_view v) noexcept {
        if (!v.is(kind::tuple)) return errc::wrong_type;
        return v.tuple();
    }
};
template <>
struct term_traits<list_view> {
    static result<list_view> read(term_view v) noexcept {
        if (!v.is(kind::list) && !v.is(kind::nil)) return errc::wrong_type;
        return v.list();
    }
};
template <>
struct term_traits<map_view> {
    static result<map_view> read(term_view v) noexcept {
        if (!v.is(kind::map)) return errc::wrong_type;
        return v.map();
    }
};

}  // namespace etf

/// The text in a binary or in a list of characters, as UTF-8: what Erlang code that is careless about the two
/// sends. The bytes of a binary come as they are. Errors: wrong_type. Erlang: unicode:characters_to_binary/1,
/// flat lists only.
[[nodiscard]] result<std::string> as_text(term_view v);

}  // namespace rakka
