// A clock for what need not be exact, at a fraction of the price.
#pragma once

#include "engine/clock.hpp"

#include <cstdint>

namespace rakka::detail {

#if defined(__x86_64__)

/// Goes on at some gigahertz. Of one thread.
[[nodiscard]] inline std::uint64_t ticks() noexcept {
    return __builtin_ia32_rdtsc();
}

/// Between two tenths of a millisecond and a whole one.
inline constexpr std::uint64_t a_while = std::uint64_t{1} << 20;

#else

[[nodiscard]] inline std::uint64_t ticks() noexcept {
    return static_cast<std::uint64_t>(steady_clock().now().count());
}

inline constexpr std::uint64_t a_while = 300'000;

#endif

}  // namespace rakka::detail
