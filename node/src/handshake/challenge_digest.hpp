// The proof that both sides know the cookie without sending it.
#pragma once

#include <rakka/base/strong_type.hpp>
#include <rakka/node/cookie.hpp>

#include <array>
#include <cstdint>
#include <span>

namespace rakka::handshake {

/// The random number one side asks the other to sign. A fresh one for every handshake.
struct challenge : strong_type<challenge, std::uint32_t> {
    using strong_type::strong_type;
};

using digest = std::array<std::uint8_t, 16>;

/// A challenge no one can foresee. Any thread.
challenge random_challenge();

/// MD5 of the cookie's characters followed by the challenge in decimal. Any thread. [dist §Handshake/digest]
digest make_digest(const cookie& secret, challenge asked);

/// Compares in constant time, so that a peer cannot find a digest byte by byte. Any thread.
bool digests_match(std::span<const std::uint8_t, 16> a, std::span<const std::uint8_t, 16> b) noexcept;

}  // namespace rakka::handshake
