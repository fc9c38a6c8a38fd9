// What fuzz targets of any component share whose input is one term: the entry and its decoding.
#pragma once

#include <rakka/etf/decode.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rakka::fuzzing {

/// The term that the bytes are; nothing when they are none. No atoms are made: their table outlives the run.
/// Pids and references of the node `own` become those of `origin`.
inline std::optional<term> term_in(std::span<const std::byte> bytes, const etf::node_identity& own = {},
                                   std::uint32_t origin = 0) {
    etf::decode_options options;
    options.limits.max_words = 1 << 16;
    options.limits.max_new_atoms = 0;
    options.own = own;
    options.origin = origin;
    auto decoded = etf::decode(bytes, options);
    if (!decoded) return std::nullopt;
    return std::move(decoded->term);
}
inline std::optional<term> term_in(const std::uint8_t* data, std::size_t size) {
    return term_in(std::as_bytes(std::span(data, size)));
}

}  // namespace rakka::fuzzing
