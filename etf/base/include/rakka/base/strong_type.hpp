// Distinct types for identifiers and units, so that a creation cannot be passed where a port number is
// wanted.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <utility>

namespace rakka {

/// A `T` that converts to and from nothing else. Declare one as
/// `struct creation : strong_type<creation, std::uint32_t> { using strong_type::strong_type; };`
/// Comparable and hashable as `T` is; no arithmetic.
template <class Tag, class T>
class strong_type {
public:
    using value_type = T;

    constexpr strong_type() = default;
    constexpr explicit strong_type(T value) : value_(std::move(value)) {}

    constexpr const T& value() const noexcept { return value_; }

    friend constexpr bool operator==(const strong_type&, const strong_type&) = default;
    friend constexpr auto operator<=>(const strong_type&, const strong_type&) = default;

private:
    T value_{};
};

/// Hash of any strong type: `std::unordered_map<creation, X, strong_hash<creation>>`.
template <class Strong>
struct strong_hash {
    std::size_t operator()(const Strong& s) const noexcept {
        return std::hash<typename Strong::value_type>{}(s.value());
    }
};

}  // namespace rakka
