// The packets that libcluster's nodes tell of themselves with.
//
//     "heartbeat::" term_to_binary(#{node => Node})
//
// and with a secret: 16 random bytes, then the same, padded as PKCS #7 says and encrypted by AES-256-CBC with
// the SHA-256 of the secret as the key and the random bytes as the initialisation vector.
#pragma once

#include <rakka/etf/atom.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::discovery {

/// More than any packet of a node has: a name is of 255 characters at most.
inline constexpr std::size_t max_packet = 2048;

/// Makes and reads the packets of one secret, or plain ones. Const functions: any thread.
class gossip_codec {
public:
    explicit gossip_codec(const std::optional<std::string>& secret);

    /// With a secret: different each time.
    [[nodiscard]] std::vector<std::byte> heartbeat(atom node) const;
    /// The node that `packet` tells of, not yet looked at as a name; nothing for anything that is no
    /// heartbeat of this secret. Makes no atoms. Nothing is known of who has sent a plain packet; of an
    /// encrypted one, that he knows the secret or has heard the packet before.
    [[nodiscard]] std::optional<std::string> node_of(std::span<const std::byte> packet) const;

private:
    using key = std::vector<std::uint8_t>;
    [[nodiscard]] std::optional<std::vector<std::byte>> decrypt(std::span<const std::byte> packet) const;
    [[nodiscard]] std::vector<std::byte> encrypt(std::span<const std::byte> plain) const;

    std::optional<key> key_;
};

}  // namespace rakka::discovery
