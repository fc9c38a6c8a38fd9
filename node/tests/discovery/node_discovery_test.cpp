// Nodes that find each other: by a list, by DNS, by gossip, and by strategies of a program's own.
#include "discovery/gossip_packet.hpp"
#include "discovery/tiny_dns.hpp"
#include "support/cluster.hpp"

#include <rakka/node/discovery.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <chrono>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;
using discovery::findings;

class node_discovery : public cluster {
protected:
    /// Hidden, so that nodes meet by what they find and nothing else.
    member& start_hidden(const std::string& alive) {
        node_options o = options(alive);
        o.visibility = node_visibility::hidden;
        return start(std::move(o));
    }
    static discovery::settings quick() {
        return {.first_pause = 10ms, .longest_pause = 50ms, .forget_after = 60s};
    }
    static discovery::service search(member& m, discovery::strategy_ptr how,
                                     discovery::settings s = quick()) {
        auto started = discovery::start(m.sys, {std::move(how)}, s);
        EXPECT_TRUE(started);
        return std::move(started).value();
    }
    void expect_meeting(member& x, member& y) {
        eventually("they meet", [&] { return x->nodes().size() == 1 && y->nodes().size() == 1; });
        EXPECT_EQ(x->nodes(), std::vector{y.name()});
    }
};

TEST_F(node_discovery, nodes_of_a_list_are_connected_and_connected_again) {
    member& a = start_hidden("a");
    const auto searching = search(a, discovery::static_list({"a@127.0.0.1", "b@127.0.0.1", "no name"}));
    a.log.wait_for("connecting to b@127.0.0.1");
    a.log.wait_for("found a node that cannot be dialled");
    member& b = start_hidden("b");  // which comes later
    expect_meeting(a, b);
    b->disconnect(a.name());
    eventually("it goes", [&] { return b->nodes().empty(); });
    expect_meeting(a, b);
}

TEST_F(node_discovery, ends_when_it_is_stopped_and_with_its_node) {
    member& a = start_hidden("a");
    const std::size_t before = a.sys.processes().size();
    auto first = search(a, discovery::static_list({}));
    auto second = search(a, discovery::dns_poll({.query = "nodes.test", .server = {"127.0.0.1", 1, 1s}}));
    eventually("they run", [&] { return a.sys.processes().size() > before; });
    first.stop();
    first.stop();
    a->stop();
    eventually("nothing is left", [&] { return a.sys.processes().empty(); });
    EXPECT_EQ(discovery::start(a.sys, {}).error(), node_errc::bad_option) << "without a node";
}

TEST_F(node_discovery, what_makes_no_sense_is_refused) {
    member& a = start_hidden("a");
    EXPECT_EQ(discovery::start(a.sys, {nullptr}).error(), node_errc::bad_option);
    EXPECT_EQ(discovery::start(a.sys, {}, {.max_dials = 0}).error(), node_errc::bad_option);
}

TEST_F(node_discovery, dns_names_nodes_by_address) {
    tiny_dns dns;
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    const auto searching =
        search(a, discovery::dns_poll({"nodes.test", "b", 10ms, {"127.0.0.1", dns.port(), 1s}}),
               {.first_pause = 10ms, .longest_pause = 50ms, .disconnect_gone = true});
    dns.set("nodes.test", tiny_dns::a, {tiny_dns::address("127.0.0.1")});
    expect_meeting(a, b);
    // A server that fails says nothing about nodes.
    dns.fail_with(tiny_dns::server_failure);
    EXPECT_EQ(a.log.wait_for("looking up nodes.test in DNS failed").level, node_log_level::warning);
    dns.fail_with(0);
    a.log.wait_for("searching for nodes works again");
    EXPECT_EQ(a->nodes().size(), 1U);
    // A node that is gone is parted with, because that was asked for.
    dns.set("nodes.test", tiny_dns::a, {});
    eventually("it goes", [&] { return a->nodes().empty(); });
}

TEST_F(node_discovery, nodes_that_are_gone_from_dns_stay_connected_by_default) {
    tiny_dns dns;
    dns.set("nodes.test", tiny_dns::a, {tiny_dns::address("127.0.0.1")});
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    const auto searching =
        search(a, discovery::dns_poll({"nodes.test", "b", 10ms, {"127.0.0.1", dns.port(), 1s}}));
    expect_meeting(a, b);
    dns.set("nodes.test", tiny_dns::a, {tiny_dns::address("127.0.0.9")});
    a.log.wait_for("connecting to b@127.0.0.9");  // so the new answer has arrived
    EXPECT_EQ(a->nodes(), std::vector{b.name()});
}

TEST_F(node_discovery, services_name_nodes_by_target) {
    tiny_dns dns;
    // A host part that leads here by the machine's own file of hosts is not to be had: an address does.
    dns.set("app.test", tiny_dns::srv, {tiny_dns::service("127.0.0.1")});
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    const auto searching =
        search(a, discovery::dns_srv({"app.test", "b", 10ms, {"127.0.0.1", dns.port(), 1s}}));
    expect_meeting(a, b);
}

// ---- strategies of a program's own

class told final : public discovery::strategy {
public:
    explicit told(std::string node) : node_(std::move(node)) {}
    void run(const findings& to) override {
        to.found({node_});
        static_cast<void>(receive());  // for ever
    }

private:
    std::string node_;
};

class failing final : public discovery::strategy {
public:
    void run(const findings&) override { throw std::runtime_error("no idea where"); }
};

TEST_F(node_discovery, programs_bring_their_own_strategies) {
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    auto searching = discovery::start(
        a.sys, {std::make_shared<failing>(), std::make_shared<told>("b@127.0.0.1")}, quick());
    expect_meeting(a, b);
    a.log.wait_for("no idea where");
}

TEST_F(node_discovery, takes_no_more_names_than_it_may) {
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    std::vector<std::string> names{"b@127.0.0.1"};
    for (int i = 0; i < 100; ++i)
        names.push_back("made_up_" + std::to_string(i) + "@127.0.0.1");
    discovery::settings s = quick();
    s.max_nodes = 10;
    const auto searching = search(a, discovery::static_list(names), s);
    a.log.wait_for("discovery::settings::max_nodes");
    static_cast<void>(b);
    std::size_t known = 0;
    for (const std::string& n : names)
        known += atom::existing(n) ? 1 : 0;
    EXPECT_LE(known, 11U);
}

// ---- gossip

class node_gossip : public node_discovery {
protected:
    /// A group and a port of this test alone: on one machine several run at the same time.
    static discovery::gossip_options gossiping() {
        discovery::gossip_options o;
        o.port = static_cast<std::uint16_t>(40'000 + ::getpid() % 20'000);
        o.multicast_if = "127.0.0.1";
        o.longest_pause = 50ms;
        return o;
    }
    static void send_packet(const discovery::gossip_options& o, std::string_view packet) {
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        in_addr by{htonl(INADDR_LOOPBACK)};
        EXPECT_EQ(::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by), 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(o.port);
        to.sin_addr.s_addr = ::inet_addr(o.multicast_addr.c_str());
        EXPECT_EQ(::sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
                  static_cast<ssize_t>(packet.size()));
        ::close(fd);
    }
};

TEST_F(node_gossip, nodes_hear_of_each_other) {
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    const auto a_searching = search(a, discovery::gossip(gossiping()));
    const auto b_searching = search(b, discovery::gossip(gossiping()));
    expect_meeting(a, b);
}

TEST_F(node_gossip, with_a_secret_only_those_who_know_it_are_heard) {
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    member& c = start_hidden("c");
    auto o = gossiping();
    const auto c_searching = search(c, discovery::gossip(o));
    o.secret = "somepassword";
    const auto a_searching = search(a, discovery::gossip(o));
    const auto b_searching = search(b, discovery::gossip(o));
    expect_meeting(a, b);
    EXPECT_TRUE(c->nodes().empty());
}

TEST_F(node_gossip, nonsense_in_packets_is_passed_over) {
    member& a = start_hidden("a");
    member& b = start_hidden("b");
    const auto o = gossiping();
    const auto searching = search(a, discovery::gossip(o));
    const std::string long_one(3000, 'x');
    for (int i = 0; i < 10; ++i) {
        for (const std::string& packet :
             {std::string(), std::string("heartbeat::"), std::string("heartbeat::\x83t"), long_one,
              std::string("heartbeat::") + long_one})
            send_packet(o, packet);
    }
    const auto good = discovery::gossip_codec(std::nullopt).heartbeat(b.name());
    eventually("the good one is heard", [&] {
        send_packet(o, {reinterpret_cast<const char*>(good.data()), good.size()});
        return !a->nodes().empty();
    });
}

TEST_F(node_gossip, that_cannot_begin_is_told_and_tried_again) {
    member& a = start_hidden("a");
    auto o = gossiping();
    o.if_addr = "192.0.2.1";  // of nobody
    const auto searching = search(a, discovery::gossip(o));
    EXPECT_EQ(a.log.wait_for("a strategy to find nodes ended").level, node_log_level::warning);
}

}  // namespace
}  // namespace rakka::testing
