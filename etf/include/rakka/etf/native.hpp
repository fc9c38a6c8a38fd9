// C++ objects inside terms: how a value travels between processes of one program without being taken apart.
//
// Such a term is of kind::resource. It equals itself and its copies only, prints as `#Resource<>`, and cannot
// be encoded: another node never sees one. The object is destroyed with the last term that holds it, on
// whatever thread that is; its destructor must neither throw nor use the vocabulary of processes.
#pragma once

// All that is needed to tell which types have a form as a term: the answer must be the same everywhere.
#include <rakka/etf/convert.hpp>
#include <rakka/etf/describe.hpp>
#include <rakka/etf/match.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/etf/traits.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace rakka {
namespace etf {

/// What can travel as it is: movable classes, unions and enumerations that have no form as a term. What has
/// one (numbers, text, containers of such, described structs: all that etf::term_traits can write) is sent as
/// that, and pointers, views and spans not at all: what they point at may be gone by then.
template <class T>
concept native = (std::is_class_v<T> || std::is_union_v<T> || std::is_enum_v<T>)&&!std::is_const_v<T> &&
                 std::move_constructible<T> && !writable<T> && !std::convertible_to<T, term> &&
                 !std::same_as<T, term> && !readable<T> && !std::ranges::enable_view<T>;

namespace detail {

/// The object of this type in `v`; null when `v` holds none.
[[nodiscard]] void* native_object(term_view v, const std::type_info& type) noexcept;

inline constexpr std::size_t native_words = resource_layout::words + 1;  // and the arena with the object

/// A term around `object`, which lives in b or is owned by it already. `cells`: native_words from b.
[[nodiscard]] term finish_native(builder& b, word* cells, void* object, const std::type_info& type) noexcept;

/// True when `t` alone keeps its object, which `v` is, alive. As part of another term, or of one that was
/// built from one, an object may have further owners.
[[nodiscard]] bool is_only_owner(const term& t, term_view v) noexcept;

/// Calls destroy(object), which is code of users and may run wherever a term ends. Processes put a guard
/// around it, once, which keeps such code from giving way to others in the middle of theirs.
using native_guard = void (*)(void (*destroy)(void*), void* object);
void set_native_guard(native_guard guard) noexcept;
void destroy_native(void (*destroy)(void*), void* object) noexcept;

}  // namespace detail
}  // namespace etf

/// A term that holds `value`, moved into it. One allocation, two for types of more than usual alignment.
/// Throws std::bad_alloc, and what moving throws. Any thread. Erlang: `enif_make_resource`.
template <class T>
requires etf::native<std::decay_t<T>>
[[nodiscard]] term make_native(T&& value) {
    using object = std::decay_t<T>;
    using etf::detail::word;
    constexpr bool inside = alignof(object) <= alignof(word);
    constexpr std::size_t room = inside ? etf::detail::words_for_bytes(sizeof(object)) : 0;
    etf::builder b(etf::detail::native_words + etf::detail::attachment::words + room);
    word* const cells = b.allocate(etf::detail::native_words);
    if constexpr (inside) {
        void* const place = b.allocate(room);
        object* const made = ::new (place) object(std::forward<T>(value));
        // Cannot fail: the room for it is there.
        b.keep_resource(made, [](void* p) noexcept {
            etf::detail::destroy_native([](void* o) { std::destroy_at(static_cast<object*>(o)); }, p);
        });
        return etf::detail::finish_native(b, cells, made, typeid(object));
    } else {
        auto made = std::make_unique<object>(std::forward<T>(value));
        b.keep_resource(made.get(), [](void* p) noexcept {
            etf::detail::destroy_native([](void* o) { delete static_cast<object*>(o); }, p);
        });
        return etf::detail::finish_native(b, cells, made.release(), typeid(object));
    }
}

/// The T that `v` holds; null when it holds something else. Valid as long as the term. Any thread, as far as
/// T allows its const functions to be called by several at a time.
template <etf::native T>
[[nodiscard]] const T* native_cast(term_view v) noexcept {
    return static_cast<const T*>(etf::detail::native_object(v, typeid(T)));
}

/// Moves the T out of `t`, which is empty afterwards. Nothing, and `t` as it was, when it holds something
/// else or when others hold the object as well, or might: when `t` was part of another term. Throws what
/// moving throws.
template <etf::native T>
[[nodiscard]] std::optional<T> take_native(term&& t) {
    auto* const object = static_cast<T*>(etf::detail::native_object(t.view(), typeid(T)));
    if (object == nullptr || !etf::detail::is_only_owner(t, t.view())) return std::nullopt;
    std::optional<T> taken(std::move(*object));
    t = term();
    return taken;
}

namespace etf {

/// What on<T>(handler) makes of a native T. The object is handed over to the handler when the term is given
/// away with nobody else holding it, as a received message is. Otherwise the handler is given a const T&, and
/// a handler that does not take one does not match.
template <native T, class Handler>
class native_clause {
    static constexpr bool shares = std::is_invocable_v<Handler&, const T&>;
    static constexpr bool takes = std::is_invocable_v<Handler&, T>;
    static_assert(shares || takes, "rakka: the handler of on<T>(handler) must take a T, T&& or const T&");

    static auto result_of() {
        if constexpr (takes) {
            return std::type_identity<std::invoke_result_t<Handler&, T>>{};
        } else {
            return std::type_identity<std::invoke_result_t<Handler&, const T&>>{};
        }
    }

public:
    struct slots {
        T* object = nullptr;
        bool owned = false;
    };
    using captures = capture_list<>;
    using result_type = typename decltype(result_of())::type;
    static constexpr bool may_give_view = std::is_reference_v<result_type>;

    explicit native_clause(Handler h) : handler_(std::move(h)) {}

    bool try_match(term_view v, const term* owner, slots& bound, bool given_away) const noexcept {
        bound.object = static_cast<T*>(detail::native_object(v, typeid(T)));
        if (bound.object == nullptr) return false;
        bound.owned = takes && given_away && detail::is_only_owner(*owner, v);
        return bound.owned || shares;
    }
    result_type run(slots& bound) {
        if constexpr (!takes) {
            return std::invoke(handler_, std::as_const(*bound.object));
        } else if constexpr (!shares) {
            return std::invoke(handler_, std::move(*bound.object));
        } else {
            return bound.owned ? std::invoke(handler_, std::move(*bound.object))
                               : std::invoke(handler_, std::as_const(*bound.object));
        }
    }

private:
    Handler handler_;
};

template <class T, class Handler>
inline constexpr bool is_clause<native_clause<T, Handler>> = true;

}  // namespace etf

/// A clause for messages of one C++ type: `on<picture>([](picture p) { … })`. The handler takes a T, T&& or
/// const T&. A received object is moved to it, never copied; one that others still hold (match() on a term
/// that is not given away, a term sent twice) is shown as const T&, which a handler that wants its own copies
/// and one that takes T&& only does not match. For types with a form as a term it is `on(x<T>, handler)`, so
/// that the same clause serves senders on other nodes.
template <class T, class Handler>
[[nodiscard]] auto on(Handler&& handler) {
    if constexpr (etf::native<T>) {
        return etf::native_clause<T, std::decay_t<Handler>>(std::forward<Handler>(handler));
    } else {
        return on(x<T>, std::forward<Handler>(handler));
    }
}

}  // namespace rakka
