// How what is given to a start function becomes an object in the new process.
#pragma once

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rakka::detail {

/// Whether a factory is used once, or as often as its arguments allow.
enum class uses { once, many };

/// Makes a `Made`, as a `Base`, from `args`: by moving them, or, of many uses, from copies of them where all
/// can be copied. Called where the object is to live, so that a constructor may use self(). Copies of a
/// factory share the arguments.
template <class Base, class Made, uses How = uses::once, class... Args>
[[nodiscard]] std::function<std::unique_ptr<Base>()> factory_of(Args&&... args) {
    using held_arguments = std::tuple<std::decay_t<Args>...>;
    auto held = std::make_shared<held_arguments>(std::forward<Args>(args)...);
    return [held]() -> std::unique_ptr<Base> {
        return std::apply(
            [](auto&... a) -> std::unique_ptr<Base> {
                constexpr bool copies =
                    How == uses::many && (std::is_copy_constructible_v<std::decay_t<decltype(a)>> && ...);
                if constexpr (copies) {
                    return std::make_unique<Made>(std::decay_t<decltype(a)>(a)...);
                } else {
                    return std::make_unique<Made>(std::move(a)...);
                }
            },
            *held);
    };
}

}  // namespace rakka::detail
