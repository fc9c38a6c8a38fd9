// The first pass of decoding for what nearly all terms are made of.
#pragma once

#include <rakka/etf/decode.hpp>

#include <cstddef>
#include <span>

namespace rakka::etf::detail {

/// What the first pass finds out, in two registers.
class measured {
public:
    constexpr measured() noexcept = default;  // nothing
    constexpr measured(std::size_t bytes_used, std::size_t words, bool has_slices) noexcept
        : bytes_used_(bytes_used), words_and_slices_(words << 1 | std::size_t{has_slices}) {}

    [[nodiscard]] constexpr explicit operator bool() const noexcept { return bytes_used_ != 0; }
    [[nodiscard]] constexpr std::size_t bytes_used() const noexcept { return bytes_used_; }
    /// See scanner::words().
    [[nodiscard]] constexpr std::size_t words() const noexcept { return words_and_slices_ >> 1; }
    /// Some binary will be a slice of the receive buffer.
    [[nodiscard]] constexpr bool has_slices() const noexcept { return (words_and_slices_ & 1) != 0; }

private:
    std::size_t bytes_used_ = 0;
    std::size_t words_and_slices_ = 0;
};

/// Walks over one term without a version byte with the cursor in a register, and says the same as a scanner
/// that found nothing wrong. Nothing when something is wrong, or too large, or too rare to be known here
/// (funs, records, tags of the past, lists nested deeply): a scanner then has to look, from the start.
[[nodiscard]] measured quick_scan(std::span<const std::byte> bytes, const decode_options& options) noexcept;

}  // namespace rakka::etf::detail
