// Fuzzes what anybody on the network can send to a node that gossips: a plain packet, and one that is to be
// decrypted. The first byte says which.
#include "discovery/gossip_packet.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/atom.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace rakka;

const discovery::gossip_codec plain{std::nullopt};
const discovery::gossip_codec secret{"somepassword"};

void hear(std::span<const std::byte> packet) {
    const auto node = plain.node_of(packet);
    if (!node) return;
    RAKKA_CHECK(node->size() <= discovery::max_packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto packet = std::as_bytes(std::span(data, size)).subspan(1);
    if (data[0] % 2 == 0) {
        hear(packet);
    } else {
        static_cast<void>(secret.node_of(packet));
    }
    return 0;
}
