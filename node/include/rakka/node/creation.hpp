// The number that tells two incarnations of a node of the same name apart.
#pragma once

#include <rakka/base/strong_type.hpp>

#include <cstdint>

namespace rakka {

/// 32 bits, given by epmd at registration or drawn at random; new for every start of the same name. 0 is what
/// a node without a name announces, 1 to 3 are relics of old nodes. [dist §Handshake/send_name]
struct creation : strong_type<creation, std::uint32_t> {
    using strong_type::strong_type;

    /// The smallest creation a node of today may use.
    static constexpr std::uint32_t first_valid = 4;

    constexpr bool is_valid() const noexcept { return value() >= first_valid; }
};

/// A creation for a node that epmd gives none (no epmd, or one that only dials). Never below `first_valid`.
/// Any thread; does not block. Uses the operating system's random numbers through OpenSSL.
creation random_creation();

}  // namespace rakka
