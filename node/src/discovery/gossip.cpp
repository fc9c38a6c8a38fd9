// libcluster's gossip over UDP.
#include "discovery/gossip_packet.hpp"
#include "discovery/recently.hpp"
#include "random_bits.hpp"

#include <rakka/actors/await.hpp>
#include <rakka/actors/io.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/node/discovery.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/multicast.hpp>
#include <boost/asio/ip/udp.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace rakka::discovery {
namespace {

using boost::asio::ip::udp;
namespace multicast = boost::asio::ip::multicast;
using boost::asio::ip::address_v4;
using boost::asio::ip::make_address_v4;

/// At the port of the cluster, together with all other programs of this machine that gossip there.
udp::socket open_receiver(const gossip_options& o) {
    udp::socket s(io_context_of(this_system()), udp::v4());
    s.set_option(udp::socket::reuse_address(true));
    s.bind({make_address_v4(o.if_addr), o.port});
    if (o.broadcast_only) return s;
    const auto group = make_address_v4(o.multicast_addr);
    s.set_option(
        multicast::join_group(group, o.multicast_if ? make_address_v4(*o.multicast_if) : address_v4()));
    return s;
}

udp::socket open_sender(const gossip_options& o) {
    udp::socket s(io_context_of(this_system()), udp::v4());
    s.non_blocking(true);
    s.set_option(boost::asio::socket_base::broadcast(true));
    if (o.broadcast_only) return s;
    s.set_option(multicast::hops(o.multicast_ttl));
    s.set_option(multicast::enable_loopback(true));
    if (o.multicast_if) s.set_option(multicast::outbound_interface(make_address_v4(*o.multicast_if)));
    return s;
}

/// Hears others for ever. Whoever floods the port keeps this process busy, but nobody else: names are told
/// once in a while, and so many at most.
[[noreturn]] void listen(udp::socket socket, const gossip_codec& codec, const findings& to) {
    std::array<std::byte, max_packet + 1> packet{};  // what is longer shows
    recently told;
    while (true) {
        udp::endpoint sender;
        boost::system::error_code failed;
        const std::size_t size =
            socket.async_receive_from(boost::asio::buffer(packet), sender, await[failed]);
        if (failed) continue;  // an ICMP message about something that was sent
        auto node = codec.node_of(std::span(packet).first(size));
        if (!node || *node == to.own_name() || !told.is_news(*node, this_system().now())) continue;
        to.found({*std::move(node)});
    }
}

class gossip_strategy final : public strategy {
public:
    explicit gossip_strategy(gossip_options o) : options_(std::move(o)), codec_(options_.secret) {}

    void run(const findings& to) override {
        udp::socket sender = open_sender(options_);
        spawn_link([socket = open_receiver(options_), codec = codec_, to]() mutable {
            listen(std::move(socket), codec, to);
        });
        const udp::endpoint all(make_address_v4(options_.multicast_addr), options_.port);
        const atom self = this_system().node_name();
        while (true) {
            boost::system::error_code failed;
            sender.send_to(boost::asio::buffer(codec_.heartbeat(self)), all, 0, failed);
            const bool full = failed == boost::asio::error::would_block;
            to.trouble(!failed || full
                           ? std::string()
                           : fmt::format("gossip to {}:{} cannot be sent: {}", options_.multicast_addr,
                                         options_.port, failed.message()));
            static_cast<void>(receive_if([](term_view) { return false; }, pause()));
        }
    }

private:
    [[nodiscard]] std::chrono::milliseconds pause() const {
        const auto most =
            static_cast<std::uint64_t>(std::max<std::int64_t>(options_.longest_pause.count(), 1));
        return std::chrono::milliseconds(1 + detail::random_bits<std::uint64_t>() % most);
    }

    const gossip_options options_;
    const gossip_codec codec_;
};

}  // namespace

strategy_ptr gossip(gossip_options options) {
    return std::make_shared<gossip_strategy>(std::move(options));
}

}  // namespace rakka::discovery
