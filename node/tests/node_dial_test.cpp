// Dialling: what strangers can do to it, and how much of it signals to nodes that are not there can cause.
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <list>
#include <string>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_dial : public cluster {
protected:
    /// A node that finds every peer at `port`, whatever its name.
    node_options finding_all_at(const std::string& alive, std::uint16_t port) {
        node_options o = options(alive);
        o.epmd = epmd_mode::none;
        o.peer_port = [port](const std::string&) { return std::optional(port); };
        return o;
    }
    static std::string status_of(raw_peer& p) {
        const bytes m = p.read_message();
        return {m.begin(), m.end()};
    }
    /// Somebody who says to be `name` and then nothing more.
    static raw_peer impostor(std::uint16_t port, const std::string& name, const std::string& expected) {
        raw_peer p(port);
        p.write(raw_peer::send_name(name));
        EXPECT_EQ(status_of(p), expected);
        return p;
    }
};

// The setup time is a minute here: a test that had to wait for it would not pass in the time it has.
constexpr auto long_setup = 60s;
constexpr auto soon = 25s;

TEST_F(node_dial, a_stranger_that_uses_a_peers_name_does_not_keep_us_from_dialling_it) {
    for (const char* const victim : {"a", "z"}) {  // of a smaller and of a greater name
        node_options o = options("m");
        o.net_setuptime = long_setup;
        member& us = start(std::move(o));
        member& peer = start(victim);
        const raw_peer stranger = impostor(us->port(), std::string(peer.name().text()), "sok");
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_TRUE(us->connect(peer.name()));
        EXPECT_LT(std::chrono::steady_clock::now() - begun, soon);
        remove(us);
        remove(peer);
    }
}

TEST_F(node_dial, our_attempt_goes_on_until_whoever_claims_to_be_the_peer_has_proven_it) {
    raw_listener peer;
    node_options o = finding_all_at("a", peer.port());
    o.net_setuptime = long_setup;
    member& us = start(std::move(o));
    auto connecting = std::async(std::launch::async, [&] { return us->connect("b@127.0.0.1"_a); });
    raw_peer dialled = peer.accept();
    EXPECT_FALSE(dialled.read_message().empty());
    // Had it been the peer, whose name is the greater one, it would have refused ours.
    const raw_peer stranger = impostor(us->port(), "b@127.0.0.1", "sok_simultaneous");
    EXPECT_TRUE(dialled.answer_rest("b@127.0.0.1", "cluster"));
    EXPECT_EQ(connecting.wait_for(soon), std::future_status::ready);
    EXPECT_TRUE(connecting.get());
}

TEST_F(node_dial, a_peer_that_proves_itself_takes_the_place_of_our_attempt) {
    raw_listener peer;
    member& us = start(finding_all_at("a", peer.port()));
    auto connecting = std::async(std::launch::async, [&] { return us->connect("b@127.0.0.1"_a); });
    raw_peer dialled = peer.accept();
    EXPECT_FALSE(dialled.read_message().empty());
    raw_peer itself(us->port());
    itself.write(raw_peer::send_name("b@127.0.0.1"));
    EXPECT_EQ(status_of(itself), "sok_simultaneous");
    EXPECT_TRUE(itself.prove("cluster"));
    EXPECT_TRUE(connecting.get());
    EXPECT_TRUE(dialled.wait_for_close());
    EXPECT_FALSE(us->connection_info("b@127.0.0.1"_a)->outgoing);
}

TEST_F(node_dial, a_peer_of_a_smaller_name_is_told_to_wait_for_our_attempt) {
    raw_listener peer;
    member& us = start(finding_all_at("m", peer.port()));
    auto connecting = std::async(std::launch::async, [&] { return us->connect("b@127.0.0.1"_a); });
    raw_peer dialled = peer.accept();
    EXPECT_FALSE(dialled.read_message().empty());
    raw_peer crossing = impostor(us->port(), "b@127.0.0.1", "snok");
    EXPECT_TRUE(crossing.wait_for_close());
    EXPECT_TRUE(dialled.answer_rest("b@127.0.0.1", "cluster"));
    EXPECT_TRUE(connecting.get());
}

TEST_F(node_dial, a_stranger_that_uses_a_peers_name_does_not_keep_the_peer_out) {
    for (const char* const own : {"a", "z"}) {
        node_options o = options(own);
        o.net_setuptime = long_setup;
        member& us = start(std::move(o));
        const raw_peer stranger = impostor(us->port(), "m@127.0.0.1", "sok");
        raw_peer peer(us->port());
        EXPECT_TRUE(peer.shake_hands("m@127.0.0.1", "cluster"));
        // And with the peer connected, none is in the way of a new connection of the peer.
        const raw_peer another = impostor(us->port(), "m@127.0.0.1", "salive");
        raw_peer again(us->port());
        again.write(raw_peer::send_name("m@127.0.0.1"));
        EXPECT_EQ(status_of(again), "salive");
        again.write(handshake::encode(handshake::status_message{handshake::status::yes, {}, {}},
                                      handshake::length_prefix::two_bytes));
        EXPECT_TRUE(again.prove("cluster"));
        EXPECT_TRUE(peer.wait_for_close());
        remove(us);
    }
}

TEST_F(node_dial, the_second_of_two_sockets_that_prove_the_same_name_is_closed) {
    member& us = start("a");
    raw_peer first(us->port());
    first.write(raw_peer::send_name("m@127.0.0.1"));
    EXPECT_EQ(status_of(first), "sok");
    raw_peer second(us->port());
    ASSERT_TRUE(second.shake_hands("m@127.0.0.1", "cluster"));
    EXPECT_FALSE(first.prove("cluster"));
    EXPECT_TRUE(first.wait_for_close());
    EXPECT_EQ(us->nodes().size(), 1U);
    second.write(raw_peer::message(term(tuple(99))));
    EXPECT_TRUE(second.wait_for_close());
    EXPECT_EQ(us.log.wait_for("closing the connection to m@127.0.0.1").code, node_errc::bad_control_message);
}

TEST_F(node_dial, a_peer_that_cannot_be_dialled_but_is_dialling_us_is_waited_for) {
    node_options o = options("a");
    o.net_setuptime = long_setup;
    member& us = start(std::move(o));
    raw_peer peer(us->port());  // not registered with epmd
    peer.write(raw_peer::send_name("m@127.0.0.1"));
    EXPECT_EQ(status_of(peer), "sok");
    auto connecting = std::async(std::launch::async, [&] { return us->connect("m@127.0.0.1"_a); });
    EXPECT_TRUE(peer.prove("cluster"));
    EXPECT_TRUE(connecting.get());
}

TEST_F(node_dial, a_node_that_cannot_be_reached_is_not_dialled_again_at_once_for_a_signal) {
    raw_listener peer;
    node_options o = finding_all_at("a", peer.port());
    o.dial_backoff = 1h;
    member& us = start(std::move(o));
    us.sys.run([&] {
        const registered_name there{"x"_a, "b@127.0.0.1"_a};
        monitor(there);
        blocking([&] { static_cast<void>(peer.accept()); });  // and hangs up
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        for (int i = 0; i < 100; ++i) {
            send(there, term("lost"_a));
            monitor(there);
            EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        }
        EXPECT_FALSE(peer.has_caller());
    });
    // Asked for by the program it is, and reached: then signals go there again.
    auto connecting = std::async(std::launch::async, [&] { return us->connect("b@127.0.0.1"_a); });
    raw_peer dialled = peer.accept();
    EXPECT_TRUE(dialled.answer_handshake("b@127.0.0.1", "cluster"));
    EXPECT_TRUE(connecting.get());
    EXPECT_TRUE(us->disconnect("b@127.0.0.1"_a));
    us.sys.run([&] { send(registered_name{"x"_a, "b@127.0.0.1"_a}, term("reaches it"_a)); });
    EXPECT_FALSE(peer.accept().read_message().empty());
}

TEST_F(node_dial, only_so_many_nodes_are_dialled_at_a_time_and_some_wait_for_their_turn) {
    raw_listener peers;
    node_options o = finding_all_at("a", peers.port());
    o.max_dials = 2;
    o.max_waiting_dials = 3;
    o.net_setuptime = long_setup;
    member& us = start(std::move(o));
    us.sys.run([&] {
        // As a hostile peer would have it: each of these signals is to a node that it has made up.
        for (int i = 0; i < 6; ++i)
            monitor(registered_name{"x"_a, atom("made_up" + std::to_string(i) + "@127.0.0.1")});
        // The sixth is given up at once: two are dialled, three wait.
        EXPECT_EQ(receive_soon()->tuple()[3].to_string(), "{x,'made_up5@127.0.0.1'}");
        std::list<raw_peer> dialled;
        blocking([&] {
            dialled.push_back(peers.accept());
            dialled.push_back(peers.accept());
            EXPECT_FALSE(dialled.front().read_message().empty());
            EXPECT_FALSE(dialled.back().read_message().empty());
        });
        EXPECT_FALSE(peers.has_caller());
        // What the program itself asks for does not wait.
        auto connecting = std::async(std::launch::async, [&] { return us->connect("wanted@127.0.0.1"_a); });
        blocking([&] {
            raw_peer wanted = peers.accept();
            EXPECT_TRUE(wanted.answer_handshake("wanted@127.0.0.1", "cluster"));
            EXPECT_TRUE(connecting.get());
        });
        // Each that ends makes room for one that waits.
        for (int i = 0; i < 5; ++i) {
            dialled.pop_front();
            EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
            if (i < 3) {
                blocking([&] {
                    dialled.push_back(peers.accept());
                    EXPECT_FALSE(dialled.back().read_message().empty());
                });
            }
        }
        EXPECT_FALSE(peers.has_caller());
    });
    EXPECT_EQ(us.log.wait_for("max_waiting_dials").code, node_errc::limit_exceeded);
}

TEST_F(node_dial, waiting_for_a_turn_ends_after_the_setup_time) {
    raw_listener peers;
    node_options o = finding_all_at("a", peers.port());
    o.max_dials = 1;
    o.net_setuptime = 300ms;
    member& us = start(std::move(o));
    us.sys.run([&] {
        for (int i = 0; i < 3; ++i)
            monitor(registered_name{"x"_a, atom("made_up" + std::to_string(i) + "@127.0.0.1")});
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
    });
    EXPECT_EQ(us.log.wait_for("max_dials").code, node_errc::handshake_timeout);
}

TEST_F(node_dial, a_peer_that_always_refuses_ours_and_never_brings_its_own_is_given_up) {
    raw_listener peer;
    member& us = start(finding_all_at("a", peer.port()));
    auto connecting = std::async(std::launch::async, [&] { return us->connect("b@127.0.0.1"_a); });
    int dials = 0;
    while (connecting.wait_for(0s) != std::future_status::ready) {
        if (!peer.has_caller()) continue;
        ++dials;
        raw_peer dialled = peer.accept();
        EXPECT_FALSE(dialled.read_message().empty());
        dialled.write(handshake::encode(handshake::status_message{handshake::status::nok, {}, {}},
                                        handshake::length_prefix::two_bytes));
        EXPECT_TRUE(dialled.wait_for_close());
        raw_peer own(us->port());
        own.write(raw_peer::send_name("b@127.0.0.1"));
        EXPECT_EQ(status_of(own), "sok");
    }
    EXPECT_FALSE(connecting.get());
    EXPECT_LE(dials, 4);
}

TEST_F(node_dial, peers_of_ever_new_names_are_turned_away_in_the_end) {
    node_options o = options("a");
    o.max_peer_names = 3;
    member& us = start(std::move(o));
    const std::string unique = std::to_string(::getpid()) + "_";
    for (int i = 0; i < 3; ++i) {
        raw_peer p(us->port());
        EXPECT_TRUE(p.shake_hands("new" + unique + std::to_string(i) + "@127.0.0.1", "cluster"));
    }
    raw_peer one_more(us->port());
    EXPECT_FALSE(one_more.shake_hands("new" + unique + "3@127.0.0.1", "cluster"));
    EXPECT_EQ(us.log.wait_for("max_peer_names").code, node_errc::limit_exceeded);
    raw_peer known(us->port());
    EXPECT_TRUE(known.shake_hands("new" + unique + "0@127.0.0.1", "cluster"));
}

}  // namespace
}  // namespace rakka::testing
