// What is kept of an exception's way until somebody asks.
#pragma once

#include <array>
#include <cstdint>

namespace rakka::detail {

struct throw_trace {
    static constexpr std::uint32_t most_frames = 48;
    const void* exception = nullptr;  ///< the object that was thrown
    std::uint32_t frames = 0;
    std::array<const void*, most_frames> returns{};  ///< the innermost first, with the unwinder's own
};

}  // namespace rakka::detail
