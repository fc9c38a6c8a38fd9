// Decisions on encoded values that both passes of decoding must take alike: sizes of integers, slices, own
// identifiers.
#pragma once

#include "byte_reader.hpp"
#include "utf8.hpp"

#include <rakka/etf/decode.hpp>
#include <rakka/etf/tags.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace rakka::etf::detail {

/// An integer's magnitude as it came: little-endian bytes, leading zeros (at the end) cut off.
inline std::span<const std::byte> significant(std::span<const std::byte> magnitude) noexcept {
    std::size_t n = magnitude.size();
    while (n > 0 && magnitude[n - 1] == std::byte{0})
        --n;
    return magnitude.first(n);
}

/// Up to eight little-endian bytes.
inline std::uint64_t little_endian(std::span<const std::byte> bytes) noexcept {
    std::uint64_t v = 0;
    if (!bytes.empty()) std::memcpy(&v, bytes.data(), bytes.size());
    if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap64(v);
    return v;
}

/// Whether the cut magnitude is an immediate.
inline bool is_small(std::span<const std::byte> cut, bool negative) noexcept {
    return cut.size() < 8 ||
           (cut.size() == 8 && little_endian(cut) <= std::uint64_t(small_max) + (negative ? 1 : 0));
}

/// Whether a binary becomes a slice of the receive buffer. A partial last byte must have zeros in its unused
/// bits.
inline bool is_slice(const decode_options& options, std::span<const std::byte> bytes,
                     std::size_t unused_bits) noexcept {
    return options.buffer && bytes.size() >= options.min_slice && !bytes.empty() &&
           (static_cast<unsigned>(bytes.back()) & ((1u << unused_bits) - 1)) == 0;
}

inline bool is_own_pid(const decode_options& options, std::uint32_t id, std::uint32_t serial,
                       std::uint32_t creation) noexcept {
    return options.origin != 0 && creation == options.own.creation && id < (1u << pid_slot_bits) &&
           serial != 0 && serial < (1u << pid_serial_bits);
}

/// A double that Erlang can hold.
inline bool is_finite(std::uint64_t bits) noexcept {
    return (bits >> 52 & 0x7ff) != 0x7ff;
}

/// Whether the (valid) atom at the cursor is our own node's name.
[[nodiscard]] bool is_own_name(const decode_options& options, byte_reader atom) noexcept;

/// The value of FLOAT_EXT's 31 bytes: decimal text padded with NUL. [etf §FLOAT_EXT]
[[nodiscard]] std::optional<double> read_float_text(std::string_view field) noexcept;

/// Latin-1 text as UTF-8, at most 255 characters.
struct latin1_text {
    explicit latin1_text(std::string_view latin1) noexcept {
        for (const char c : latin1) {
            const auto b = static_cast<unsigned char>(c);
            if (b >= 0x80) bytes[size++] = static_cast<char>(0xC0 | b >> 6);
            bytes[size++] = static_cast<char>(b < 0x80 ? b : 0x80 | (b & 0x3F));
        }
    }
    [[nodiscard]] std::string_view utf8() const noexcept { return {bytes, size}; }
    std::size_t size = 0;
    char bytes[2 * atom::max_characters];
};

}  // namespace rakka::etf::detail
