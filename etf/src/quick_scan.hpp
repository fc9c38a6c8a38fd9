// The first pass of decoding for what nearly all terms are made of.
#pragma once

#include <rakka/etf/decode.hpp>

#include <cstddef>
#include <span>

namespace rakka::etf::detail {

/// What the first pass finds out.
struct measured {
    std::size_t bytes_used = 0;
    std::size_t words = 0;    // see scanner::words()
    bool has_slices = false;  // some binary will be a slice of the receive buffer
};

/// Walks over one term without a version byte with the cursor in a register, and says the same as a scanner
/// that found nothing wrong. False when something is wrong, or too large, or too rare to be known here (funs,
/// records, tags of the past, lists nested deeply): a scanner then has to look, from the start.
[[nodiscard]] bool quick_scan(measured& found, std::span<const std::byte> bytes,
                              const decode_options& options) noexcept;

}  // namespace rakka::etf::detail
