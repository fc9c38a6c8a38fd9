// The text of a short atom as two numbers: checked and looked up in a few instructions, without a loop.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rakka::etf::detail {

/// The bytes of a text of at most `most` bytes, the first one lowest, zeros behind its end.
struct short_text {
    static constexpr std::size_t most = 15;
    std::uint64_t low;
    std::uint64_t high;

    [[nodiscard]] bool is_ascii() const noexcept { return ((low | high) & 0x8080808080808080u) == 0; }
};

template <class Integer>
[[nodiscard]] std::uint64_t load_little(const std::byte* p) noexcept {
    Integer v;
    std::memcpy(&v, p, sizeof v);
    if constexpr (std::endian::native == std::endian::big) {
        if constexpr (sizeof v == 2) return __builtin_bswap16(v);
        if constexpr (sizeof v == 4) return __builtin_bswap32(v);
        if constexpr (sizeof v == 8) return __builtin_bswap64(v);
    }
    return v;
}

/// Up to eight bytes; none beyond them is read.
[[nodiscard]] inline std::uint64_t load_up_to_eight(const std::byte* p, std::size_t n) noexcept {
    if (n >= 4) return load_little<std::uint32_t>(p) | load_little<std::uint32_t>(p + n - 4) << 8 * (n - 4);
    if (n >= 2) return load_little<std::uint16_t>(p) | load_little<std::uint16_t>(p + n - 2) << 8 * (n - 2);
    return n ? std::to_integer<std::uint64_t>(*p) : 0;
}

/// Ones in the first n bytes of eight.
[[gnu::visibility("hidden")]] inline constexpr std::uint64_t first_bytes[9] = {
    0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, ~std::uint64_t{0}};

/// The `n` bytes at `p`, n at most short_text::most, of which `room` may be read.
[[nodiscard]] inline short_text load_short_text(const std::byte* p, std::size_t n,
                                                std::size_t room) noexcept {
    if (n > 8) {  // the last eight bytes, less those that are in the first eight
        return {load_little<std::uint64_t>(p), load_little<std::uint64_t>(p + n - 8) >> 8 * (16 - n)};
    }
    if (room >= 8) [[likely]]
        return {load_little<std::uint64_t>(p) & first_bytes[n], 0};
    return {load_up_to_eight(p, n), 0};
}

}  // namespace rakka::etf::detail
