// How a C++ value of any type travels in a reply between processes of one program: moved into the message,
// moved out by who takes it.
#pragma once

#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/term.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace rakka::detail {

/// Inside a term. The first to take the value has it; the process that the message was sent to is the only
/// one to try.
template <class T>
struct carried {
    mutable std::optional<T> value;
};

/// A term is carried as it is.
template <class T>
[[nodiscard]] term carry(T value) {
    if constexpr (std::same_as<T, term>) {
        return value;
    } else {
        return make_native(carried<T>{std::move(value)});
    }
}

/// What f(args…) gives, carried; `ok` for nothing.
template <class F, class... Args>
[[nodiscard]] term carry_result(F& f, Args&&... args) {
    using value = std::invoke_result_t<F&, Args...>;
    if constexpr (std::is_void_v<value>) {
        std::invoke(f, std::forward<Args>(args)...);
        return atoms::known<"ok">;
    } else {
        return carry<std::decay_t<value>>(std::invoke(f, std::forward<Args>(args)...));
    }
}

/// Nothing when `t` carries something else, or no longer.
template <class T>
[[nodiscard]] std::optional<T> take_carried(const term& t) {
    if constexpr (std::same_as<T, term>) {
        return t;
    } else {
        const auto* const box = native_cast<carried<T>>(t.view());
        return box == nullptr ? std::nullopt : std::exchange(box->value, std::nullopt);
    }
}

/// What remains of a result type when it is carried.
template <class F, class... Args>
using carried_result = std::decay_t<std::invoke_result_t<F&, Args...>>;

}  // namespace rakka::detail
