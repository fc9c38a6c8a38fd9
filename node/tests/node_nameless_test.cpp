// A node of ours without a name of its own, which the first node it connects to gives it.
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

const atom nonode = "nonode@nohost"_a;

class node_nameless : public cluster {
protected:
    member& start_nameless() { return start(options("undefined")); }
    static bool is_given(atom name) {
        return name != nonode && std::string(name.text()).ends_with("@127.0.0.1");
    }
    void wait_for_no_name(member& m) {
        eventually("the name is gone", [&] { return m.name() == nonode && m->nodes().empty(); });
    }
};

TEST_F(node_nameless, is_nonode_until_a_peer_gives_it_a_name) {
    member& us = start_nameless();
    EXPECT_EQ(us.name(), nonode);
    EXPECT_EQ(us.sys.node_name(), nonode);
    EXPECT_EQ(us->port(), 0);
    member& peer = start("peer");
    start_echo(peer, "echo"_a);
    us.sys.run([&] {
        const pid me = self();
        // The first signal connects.
        send(registered_name{"echo"_a, peer.name()}, term(tuple(me, "hello"_a)));
        const auto answer = receive_soon();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->tuple()[0].as<pid>()->node, peer.name());
        EXPECT_EQ(answer->tuple()[1].to_string(), "hello");
        EXPECT_EQ(self(), me);
    });
    const atom given = us.name();
    EXPECT_TRUE(is_given(given)) << given.text();
    EXPECT_EQ(us.sys.node_name(), given);
    EXPECT_TRUE(us->creation().is_valid());
    EXPECT_EQ(peer->nodes(node_type::hidden), std::vector<atom>{given});
    EXPECT_TRUE(peer->nodes(node_type::visible).empty());
    EXPECT_EQ(us->nodes(node_type::hidden), std::vector<atom>{peer.name()});
    EXPECT_EQ(peer->connection_info(given)->creation, us->creation());
    EXPECT_FALSE(peer->ping(nonode));
}

TEST_F(node_nameless, has_links_monitors_and_names_under_the_given_name) {
    member& us = start_nameless();
    member& peer = start("peer");
    const pid echo = start_echo(us, "echo"_a);
    ASSERT_TRUE(us->ping(peer.name()));
    peer.sys.run([&] {
        trap_exit(true);
        send(registered_name{"echo"_a, us.name()}, term(tuple(self(), 1)));
        const pid there = *receive_soon()->tuple()[0].as<pid>();
        EXPECT_EQ(there.node, us.name());
        link(there);
        const reference ref = monitor(registered_name{"echo"_a, us.name()});
        send(there, term(tuple("exit"_a, "why"_a)));
        std::set<std::string> seen;
        for (int i = 0; i < 2; ++i) {
            const auto m = receive_soon();
            ASSERT_TRUE(m);
            seen.insert(m->tuple()[0].to_string());
            EXPECT_EQ(m->tuple()[m->tuple().size() - 1].to_string(), "why");
            if (is_down(ref, *m)) {
                EXPECT_EQ(m->tuple()[3].to_string(), "{echo,'" + std::string(us.name().text()) + "'}");
            }
        }
        EXPECT_EQ(seen, (std::set<std::string>{"'DOWN'", "'EXIT'"}));
    });
    EXPECT_FALSE(us.sys.is_alive(echo));
}

TEST_F(node_nameless, connects_to_others_under_the_same_name) {
    member& us = start_nameless();
    member& first = start("first");
    member& second = start("second");
    ASSERT_TRUE(us->ping(first.name()));
    const atom given = us.name();
    ASSERT_TRUE(us->ping(second.name()));
    EXPECT_EQ(us.name(), given);
    eventually("both have it", [&] {
        return first->nodes() == std::vector<atom>{given} && second->nodes() == std::vector<atom>{given};
    });
    EXPECT_EQ(second->connection_info(given)->creation, us->creation());
}

// Several at a time: one is asked for a name, and all others are told that one.
TEST_F(node_nameless, asks_one_peer_at_a_time) {
    member& us = start_nameless();
    std::vector<member*> peers;
    for (int i = 0; i < 6; ++i) {
        peers.push_back(&start("peer" + std::to_string(i)));
        start_echo(*peers.back(), "echo"_a);
    }
    us.sys.run([&] {
        for (member* const p : peers)
            send(registered_name{"echo"_a, p->name()}, term(tuple(self(), 1)));
        for (std::size_t i = 0; i < peers.size(); ++i)
            ASSERT_TRUE(receive_soon());
    });
    for (member* const p : peers)
        EXPECT_EQ((*p)->nodes(), std::vector<atom>{us.name()});
}

TEST_F(node_nameless, goes_on_to_the_next_when_the_first_gives_none) {
    member& us = start_nameless();
    member& other = start([&] {
        node_options o = options("other");
        o.cookie = *cookie::from_text("another");
        return o;
    }());
    member& peer = start("peer");
    EXPECT_FALSE(us->ping(other.name()));
    EXPECT_EQ(us.name(), nonode);
    EXPECT_FALSE(us->ping("nobody@127.0.0.1"_a));
    EXPECT_TRUE(us->ping(peer.name()));
    EXPECT_TRUE(is_given(us.name()));
}

TEST_F(node_nameless, loses_its_name_and_all_connections_with_the_one_it_has_it_from) {
    member& us = start_nameless();
    member& namer = start("namer");
    member& other = start("other");
    const pid echo = start_echo(us, "echo"_a);
    ASSERT_TRUE(us->ping(namer.name()));
    ASSERT_TRUE(us->ping(other.name()));
    const atom given = us.name();
    const auto creation = us->creation();
    eventually("both have it", [&] { return namer->nodes().size() == 1 && other->nodes().size() == 1; });
    pid seen_from_other;
    other.sys.run([&] {
        send(registered_name{"echo"_a, given}, term(tuple(self(), 1)));
        seen_from_other = *receive_soon()->tuple()[0].as<pid>();
        const reference ref = monitor(seen_from_other);
        blocking([&] { EXPECT_TRUE(namer->disconnect(given)); });
        const auto down = receive_soon();
        ASSERT_TRUE(down && is_down(ref, *down));
        EXPECT_EQ(down->tuple()[4].to_string(), "noconnection");
    });
    wait_for_no_name(us);
    EXPECT_EQ(us.sys.node_name(), nonode);
    EXPECT_TRUE(us.sys.is_alive(echo));
    // The next name is the old one in another life: what was known of the first is nobody now.
    eventually("the name is free", [&] { return namer->nodes().empty(); });
    ASSERT_TRUE(us->ping(namer.name()));
    EXPECT_EQ(us.name(), given);
    EXPECT_NE(us->creation(), creation);
    ASSERT_TRUE(us->ping(other.name()));
    other.sys.run([&] {
        const reference old = monitor(seen_from_other);
        auto down = receive_soon();
        ASSERT_TRUE(down && is_down(old, *down));
        EXPECT_EQ(down->tuple()[4].to_string(), "noproc");
        send(seen_from_other, term("exit"_a));
        send(registered_name{"echo"_a, given}, term(tuple(self(), 1)));
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "1");
    });
    // Losing a connection that it has no name from changes nothing.
    EXPECT_TRUE(us->disconnect(other.name()));
    EXPECT_EQ(us.name(), given);
    EXPECT_TRUE(us->disconnect(namer.name()));
    wait_for_no_name(us);
}

TEST_F(node_nameless, stops_and_starts_again) {
    member& peer = start("peer");
    member& us = start_nameless();
    ASSERT_TRUE(us->ping(peer.name()));
    us->stop();
    EXPECT_EQ(us.sys.node_name(), nonode);
    us.self.reset();
    eventually("gone", [&] { return peer->nodes().empty(); });
    auto again = node::start(us.sys, [&] {
        node_options o = options("again");
        o.log = us.log.sink();
        return o;
    }());
    ASSERT_TRUE(again) << again.error().message;
    us.self.emplace(std::move(*again));
    EXPECT_TRUE(us->ping(peer.name()));
    EXPECT_EQ(us.name(), "again@127.0.0.1"_a);
}

// Needs neither an epmd nor an address of its own, only those of the peer.
TEST_F(node_nameless, is_not_registered_and_may_be_there_many_times) {
    member& peer = start("peer");
    member& one = start_nameless();
    member& two = start_nameless();
    EXPECT_TRUE(one->ping(peer.name()));
    EXPECT_TRUE(two->ping(peer.name()));
    EXPECT_NE(one.name(), two.name());
    eventually("both", [&] { return peer->nodes().size() == 2; });
}

TEST_F(node_nameless, takes_no_name_that_cannot_be_its_own) {
    using namespace handshake;
    for (const auto& [name, creation_given] :
         {std::pair<std::string, std::uint32_t>{"peer@127.0.0.1", 5}, {"x@127.0.0.1", 3}, {"x", 5}}) {
        raw_listener listener;
        node_options o = options("undefined");
        o.epmd = epmd_mode::none;
        o.peer_port = [port = listener.port()](const std::string&) { return port; };
        member& us = start(std::move(o));
        std::thread dialler([&] { EXPECT_FALSE(us->ping("peer@127.0.0.1"_a)); });
        raw_peer p = listener.accept();
        const bytes asked = p.read_message();
        ASSERT_GT(asked.size(), 15U);
        EXPECT_EQ(std::string(asked.begin() + 15, asked.end()), "127.0.0.1");
        p.write(
            encode(status_message{status::named, name, creation(creation_given)}, length_prefix::two_bytes));
        EXPECT_TRUE(p.wait_for_close());
        dialler.join();
        EXPECT_EQ(us.name(), nonode);
        remove(us);
    }
}

}  // namespace
}  // namespace rakka::testing
