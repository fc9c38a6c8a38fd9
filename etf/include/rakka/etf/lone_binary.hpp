// A look at the commonest large message: one binary.
#pragma once

#include <rakka/etf/tags.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace rakka::etf::detail {

/// The length in bytes, version byte included, of a message that is one binary; 0 when it is anything else,
/// wrong, or would take more than `max_words`, so that somebody has to look. In a header, so that callers
/// need no call for it.
[[nodiscard]] constexpr std::size_t lone_binary(std::span<const std::byte> bytes,
                                                std::size_t max_words) noexcept {
    constexpr std::size_t header = 6;
    if (bytes.size() < header || bytes[0] != std::byte{version_magic} ||
        bytes[1] != std::byte(external_tag::binary))
        return 0;
    std::size_t size = 0;
    for (std::size_t i = 2; i < header; ++i)
        size = size << 8 | std::to_integer<std::size_t>(bytes[i]);
    if (size > bytes.size() - header || size / sizeof(std::uint64_t) + 2 > max_words) return 0;
    return header + size;
}

}  // namespace rakka::etf::detail
