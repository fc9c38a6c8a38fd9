// Compressed terms: zlib with the size checked before a byte is inflated. [etf §Compressed term]
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/etf/arena.hpp>
#include <rakka/etf/byte_buffer.hpp>
#include <rakka/etf/errc.hpp>

#include <cstddef>
#include <span>

namespace rakka::etf::detail {

struct inflated {
    shared_buffer* buffer;   // of just the announced size; one reference, the caller's
    std::size_t bytes_used;  // of the compressed input
};

/// Inflates zlib data that must give exactly `size` bytes. errc::bad_compressed, errc::truncated.
[[nodiscard]] result<inflated> inflate(std::span<const std::byte> compressed, std::size_t size);

/// Appends `plain` compressed at `level` (1…9) to `out`; false, and nothing appended, unless that takes fewer
/// than `worth` bytes.
[[nodiscard]] bool deflate(byte_buffer& out, std::span<const std::byte> plain, int level, std::size_t worth);

}  // namespace rakka::etf::detail
