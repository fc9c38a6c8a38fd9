// From a time limit in milliseconds to one in nanoseconds, however long it is.
#pragma once

#include <chrono>
#include <optional>

namespace rakka {

/// `limit` in nanoseconds: the longest (or shortest) there is where the number does not fit, as it does not
/// from 292 years on. The implicit conversion of std::chrono overflows there, which is undefined and in
/// practice a limit that is over at once. Any thread, does not block.
[[nodiscard]] constexpr std::chrono::nanoseconds saturated(std::chrono::milliseconds limit) noexcept {
    using std::chrono::nanoseconds;
    if (limit > std::chrono::floor<std::chrono::milliseconds>(nanoseconds::max())) return nanoseconds::max();
    if (limit < std::chrono::ceil<std::chrono::milliseconds>(nanoseconds::min())) return nanoseconds::min();
    return limit;
}

/// The same for a limit that may be absent, which stands for infinity.
[[nodiscard]] constexpr std::optional<std::chrono::nanoseconds> saturated(
    std::optional<std::chrono::milliseconds> limit) noexcept {
    if (!limit) return std::nullopt;
    return saturated(*limit);
}

}  // namespace rakka
