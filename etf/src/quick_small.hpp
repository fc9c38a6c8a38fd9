// Decoding of small messages in one pass instead of two.
#pragma once

#include "atom_memo.hpp"

#include <rakka/etf/decode.hpp>

#include <cstddef>
#include <span>

namespace rakka::etf::detail {

/// More bytes than this are not a small message.
inline constexpr std::size_t most_small_bytes = 192;

/// Checks and builds one term without a version byte, from the byte `start` on, at the same time: on the
/// stack, from where it moves into an arena of just the right size. The term is the one that the two passes
/// make. An error without a code, and nothing done, when something is wrong, or a limit is near, or an atom
/// is new, or for what few small messages have (slices, boxed numbers): the two passes then have to
/// look, from the start. `memo`: the calling thread's, a parameter so that its address is not worked out for
/// each atom.
[[nodiscard]] decode_result<decoded> decode_small(std::span<const std::byte> bytes, std::size_t start,
                                                  const decode_options& options, const atom_memo& memo);

}  // namespace rakka::etf::detail
