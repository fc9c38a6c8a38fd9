// Patterns over terms: what stands on the left of a clause. `tuple_of("add"_a, x<int>, any)` reads like
// `{add, X, _}`.
//
// A pattern is a small value. It looks at views and touches no reference count; typed captures are read by
// term_traits, and a term that does not convert does not match. Nothing here allocates, except literals made
// from whole terms and captures of types that do (std::string, std::vector, …). Patterns may be used by any
// thread; one pattern object by many threads at once.
#pragma once

#include <rakka/etf/traits.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rakka {
namespace etf {

/// Base of everything that is a pattern. To write one of your own, derive from it and provide
///   using captures = etf::capture_list<T…>;                     what it hands to the handler, in order
///   template <std::size_t I, class Slots>
///   bool match(term_view v, const term* owner, Slots& slots) const;
/// which on success has filled `std::get<I>(slots)`, `std::get<I + 1>(slots)`, …: optionals of those types.
/// `owner`, when not null, is the term that `v` is a part of.
struct pattern_base {};

template <class P>
concept pattern = std::derived_from<std::remove_cvref_t<P>, pattern_base>;

template <class... Ts>
struct capture_list {
    static constexpr std::size_t size = sizeof...(Ts);
    using slots = std::tuple<std::optional<Ts>...>;
    template <class Function>
    static constexpr bool accepted_by = std::is_invocable_v<Function&, Ts...>;
    template <class Function>
    using result_of = std::invoke_result_t<Function&, Ts...>;
    template <class Function>
    static constexpr bool tested_by = std::is_invocable_r_v<bool, const Function&, const Ts&...>;
};

namespace detail {

template <class... Lists>
struct concat {
    using type = capture_list<>;
};
template <class... Ts>
struct concat<capture_list<Ts...>> {
    using type = capture_list<Ts...>;
};
template <class... Ts, class... Us, class... Rest>
struct concat<capture_list<Ts...>, capture_list<Us...>, Rest...>
    : concat<capture_list<Ts..., Us...>, Rest...> {};

/// Where the captures of each of several patterns begin, counted from the first pattern's.
template <class... Patterns>
constexpr auto capture_offsets() {
    std::array<std::size_t, sizeof...(Patterns) + 1> offsets{};
    [[maybe_unused]] std::size_t i = 0, sum = 0;
    ((offsets[i++] = sum, sum += Patterns::captures::size), ...);
    return offsets;
}

[[nodiscard]] bool is_reference(term_view v, const reference& r) noexcept;
[[nodiscard]] bool is_pid(term_view v, const pid& p) noexcept;

}  // namespace detail

// -- captures
// ------------------------------------------------------------------------------------------------------

/// `x<T>`. A captured term_view, std::string_view, tuple_view, … borrows from the message; a captured `term`
/// shares the memory of the message when that is a `term`, and is a copy when only a view is at hand.
template <class T>
struct capture : pattern_base {
    static_assert(readable<T>,
                  "rakka: x<T> needs etf::term_traits<T> with a read(); include convert.hpp for containers");
    using captures = capture_list<T>;
    template <std::size_t I, class Slots>
    bool match(term_view v, const term* owner, Slots& slots) const {
        auto& slot = std::get<I>(slots);
        if constexpr (std::same_as<T, term>) {
            slot.emplace(owner ? owner->share(v) : term::copy(v));
            return true;
        } else {
            auto value = term_traits<T>::read(v);
            if (!value) return false;
            slot.emplace(std::move(*value));
            return true;
        }
    }
};

struct wildcard : pattern_base {
    using captures = capture_list<>;
    template <std::size_t I, class Slots>
    bool match(term_view, const term*, Slots&) const noexcept {
        return true;
    }
};

// -- literals: exact equality (`=:=`)
// ------------------------------------------------------------------------------

template <class Test>
struct literal : pattern_base {
    using captures = capture_list<>;
    Test test;
    explicit literal(Test t) : test(std::move(t)) {}
    template <std::size_t I, class Slots>
    bool match(term_view v, const term*, Slots&) const {
        return test(v);
    }
};

/// What an argument of tuple_of(…), on(…) and so on means: patterns are themselves, values are literals.
template <class T>
auto as_pattern(T value) {
    using type = T;
    if constexpr (pattern<type>) {
        return value;
    } else if constexpr (std::same_as<type, atom>) {
        return literal([value](term_view v) noexcept { return v.is_atom(value); });
    } else if constexpr (std::same_as<type, bool>) {
        return literal([a = value ? atoms::known<"true"> : atoms::known<"false">](term_view v) noexcept {
            return v.is_atom(a);
        });
    } else if constexpr (integer<type>) {
        return literal([value](term_view v) noexcept {
            const auto read = term_traits<type>::read(v);
            return read && *read == value;
        });
    } else if constexpr (std::floating_point<type>) {
        return literal([bits = std::bit_cast<std::uint64_t>(double{value})](term_view v) noexcept {
            const auto read = term_traits<double>::read(v);
            return read && std::bit_cast<std::uint64_t>(*read) == bits;
        });
    } else if constexpr (std::same_as<type, reference>) {
        return literal([value](term_view v) noexcept { return detail::is_reference(v, value); });
    } else if constexpr (std::same_as<type, pid>) {
        return literal([value](term_view v) noexcept { return detail::is_pid(v, value); });
    } else if constexpr (std::convertible_to<const type&, std::string_view>) {
        return literal([text = std::string(std::string_view(value))](term_view v) noexcept {
            const auto read = term_traits<std::string_view>::read(v);
            return read && *read == text;
        });
    } else if constexpr (std::same_as<type, term_view>) {
        return literal([value](term_view v) noexcept { return v == value; });
    } else {
        static_assert(writable<type>,
                      "rakka: this is neither a pattern nor a value that can be made into a term");
        return literal([t = term(value)](term_view v) noexcept { return v == t.view(); });
    }
}
template <class T>
using pattern_of = decltype(as_pattern(std::declval<std::decay_t<T>>()));

// -- combinators
// ---------------------------------------------------------------------------------------------------

template <class... Patterns>
struct tuple_pattern : pattern_base {
    using captures = typename detail::concat<capture_list<>, typename Patterns::captures...>::type;
    std::tuple<Patterns...> parts;

    template <std::size_t I, class Slots>
    bool match(term_view v, const term* owner, Slots& slots) const {
        if (!v.is_tuple(sizeof...(Patterns))) return false;
        return match_parts<I>(v.tuple(), owner, slots, std::index_sequence_for<Patterns...>{});
    }

private:
    template <std::size_t I, class Slots, std::size_t... N>
    bool match_parts([[maybe_unused]] tuple_view v, [[maybe_unused]] const term* owner, Slots& slots,
                     std::index_sequence<N...>) const {
        [[maybe_unused]] static constexpr auto at = detail::capture_offsets<Patterns...>();
        return (std::get<N>(parts).template match<I + at[N]>(v[N], owner, slots) && ...);
    }
};

template <class... Patterns>
struct list_pattern : pattern_base {
    using captures = typename detail::concat<capture_list<>, typename Patterns::captures...>::type;
    std::tuple<Patterns...> parts;

    template <std::size_t I, class Slots>
    bool match(term_view v, const term* owner, Slots& slots) const {
        if (!v.is(kind::list) && !v.is(kind::nil)) return false;
        auto at = v.list().begin();
        return match_parts<I>(at, owner, slots, std::index_sequence_for<Patterns...>{}) &&
               at.rest().is(kind::nil);
    }

private:
    template <std::size_t I, class Slots, std::size_t... N>
    bool match_parts(list_view::iterator& i, [[maybe_unused]] const term* owner, Slots& slots,
                     std::index_sequence<N...>) const {
        [[maybe_unused]] static constexpr auto at = detail::capture_offsets<Patterns...>();
        return ((!i.at_end() && std::get<N>(parts).template match<I + at[N]>(*i++, owner, slots)) && ...);
    }
};

template <class Head, class Tail>
struct cons_pattern : pattern_base {
    using captures = typename detail::concat<typename Head::captures, typename Tail::captures>::type;
    Head head;
    Tail tail;
    cons_pattern(Head h, Tail t) : head(std::move(h)), tail(std::move(t)) {}

    template <std::size_t I, class Slots>
    bool match(term_view v, const term* owner, Slots& slots) const {
        return v.is(kind::list) && head.template match<I>(v.list().head(), owner, slots) &&
               tail.template match<I + Head::captures::size>(v.list().tail(), owner, slots);
    }
};

template <class... Patterns>
struct map_pattern : pattern_base {
    using captures = typename detail::concat<capture_list<>, typename Patterns::captures...>::type;
    std::array<term, sizeof...(Patterns)> keys;
    std::tuple<Patterns...> values;

    template <std::size_t I, class Slots>
    bool match(term_view v, const term* owner, Slots& slots) const {
        return v.is(kind::map) &&
               match_values<I>(v.map(), owner, slots, std::index_sequence_for<Patterns...>{});
    }

private:
    template <std::size_t I, class Slots, std::size_t... N>
    bool match_values([[maybe_unused]] map_view m, [[maybe_unused]] const term* owner, Slots& slots,
                      std::index_sequence<N...>) const {
        [[maybe_unused]] static constexpr auto at = detail::capture_offsets<Patterns...>();
        return ([&] {
            const auto value = m.find(keys[N].view());
            return value && std::get<N>(values).template match<I + at[N]>(*value, owner, slots);
        }() && ...);
    }
};

template <class Inner, class Predicate>
struct guarded_pattern : pattern_base {
    using captures = typename Inner::captures;
    static_assert(
        captures::template tested_by<Predicate>,
        "rakka: the predicate of when(pattern, predicate) must take one parameter for each x<T> in the "
        "pattern, in order, and return bool");
    Inner inner;
    Predicate predicate;
    guarded_pattern(Inner i, Predicate p) : inner(std::move(i)), predicate(std::move(p)) {}

    template <std::size_t I, class Slots>
    bool match(term_view v, const term* owner, Slots& slots) const {
        return inner.template match<I>(v, owner, slots) &&
               test<I>(slots, std::make_index_sequence<captures::size>{});
    }

private:
    template <std::size_t I, class Slots, std::size_t... N>
    bool test([[maybe_unused]] const Slots& slots, std::index_sequence<N...>) const {
        return std::invoke(predicate, *std::get<I + N>(slots)...);
    }
};

namespace detail {

template <class Tuple, std::size_t... N>
auto make_map_pattern([[maybe_unused]] Tuple parts, std::index_sequence<N...>) {
    return map_pattern<pattern_of<std::tuple_element_t<2 * N + 1, Tuple>>...>{
        {}, {term(std::get<2 * N>(parts))...}, {as_pattern(std::get<2 * N + 1>(parts))...}};
}

}  // namespace detail
}  // namespace etf

/// Binds a part of the term and hands it to the handler: `x<std::int64_t>`, `x<std::string_view>`, `x<term>`.
template <class T>
inline constexpr etf::capture<T> x{};

/// Matches everything and binds nothing: `_`.
inline constexpr etf::wildcard any{};

/// `{P1, P2, …}`, of just this arity. Arguments: patterns, or values that stand for themselves.
template <class... Parts>
[[nodiscard]] auto tuple_of(Parts&&... parts) {
    return etf::tuple_pattern<etf::pattern_of<Parts>...>{{},
                                                         {etf::as_pattern(std::forward<Parts>(parts))...}};
}

/// `[P1, P2, …]`: a proper list of just this length; list_of() is `[]`.
template <class... Parts>
[[nodiscard]] auto list_of(Parts&&... parts) {
    return etf::list_pattern<etf::pattern_of<Parts>...>{{}, {etf::as_pattern(std::forward<Parts>(parts))...}};
}

/// `[Head | Tail]`, proper or not: `cons_of("alias"_a, x<reference>)`.
template <class Head, class Tail>
[[nodiscard]] auto cons_of(Head&& head, Tail&& tail) {
    return etf::cons_pattern<etf::pattern_of<Head>, etf::pattern_of<Tail>>(
        etf::as_pattern(std::forward<Head>(head)), etf::as_pattern(std::forward<Tail>(tail)));
}

/// `#{K1 := P1, K2 := P2, …}`: keys are values, further keys in the map are allowed. `map_of("id"_a, x<int>)`
template <class... Parts>
[[nodiscard]] auto map_of(Parts&&... parts) {
    static_assert(sizeof...(Parts) % 2 == 0, "rakka: map_of(key, pattern, key, pattern, …) takes pairs");
    return etf::detail::make_map_pattern(std::tuple<std::decay_t<Parts>...>(std::forward<Parts>(parts)...),
                                         std::make_index_sequence<sizeof...(Parts) / 2>{});
}

/// `Pattern when Guard`: `when(tuple_of("age"_a, x<int>), [](int age) { return age >= 18; })`.
template <class Pattern, class Predicate>
[[nodiscard]] auto when(Pattern&& p, Predicate&& predicate) {
    return etf::guarded_pattern<etf::pattern_of<Pattern>, std::decay_t<Predicate>>(
        etf::as_pattern(std::forward<Pattern>(p)), std::forward<Predicate>(predicate));
}

}  // namespace rakka
