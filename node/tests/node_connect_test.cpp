// Starting a node, and the ways two nodes come to be connected.
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <thread>

namespace rakka::testing {
namespace {

class node_connect : public cluster {
protected:
    node_start_error failure(node_options o) {
        member m(1);
        o.log = m.log.sink();
        auto started = node::start(m.sys, std::move(o));
        EXPECT_FALSE(started);
        return started ? node_start_error{} : started.error();
    }
};

TEST_F(node_connect, a_bad_name_is_refused_with_what_to_write_instead) {
    node_options o = options("x");
    o.name = "no host";
    const auto e = failure(std::move(o));
    EXPECT_EQ(e.code, node_errc::bad_node_name);
    EXPECT_NE(e.message.find("name@host"), std::string::npos) << e.message;
}

TEST_F(node_connect, a_name_that_is_taken_is_refused) {
    start("a");
    const auto e = failure(options("a"));
    EXPECT_EQ(e.code, node_errc::node_name_taken);
    EXPECT_NE(e.message.find("another name"), std::string::npos) << e.message;
}

TEST_F(node_connect, a_port_that_is_taken_is_refused) {
    member& a = start("a");
    node_options o = options("b");
    o.first_port = o.last_port = a->port();
    const auto e = failure(std::move(o));
    EXPECT_EQ(e.code, boost::system::errc::address_in_use);
    EXPECT_NE(e.message.find("last_port"), std::string::npos) << e.message;
}

TEST_F(node_connect, without_an_epmd_that_must_run_it_is_refused) {
    node_options o = options("a");
    epmd_->stop();
    const auto e = failure(std::move(o));
    EXPECT_EQ(e.code, node_errc::epmd_unreachable);
    EXPECT_NE(e.message.find("embedded_if_absent"), std::string::npos) << e.message;
}

TEST_F(node_connect, an_attempt_that_the_peer_gives_up_because_of_another_is_no_warning) {
    member& a = start("a");
    raw_peer up(a->port());
    ASSERT_TRUE(up.shake_hands("peer@127.0.0.1", "cluster"));
    a.log.wait_for("connected by peer");
    {
        raw_peer second(a->port());
        second.write(raw_peer::send_name("peer@127.0.0.1"));
        const bytes status = second.read_message();
        EXPECT_EQ(std::string(status.begin(), status.end()), "salive");
    }
    EXPECT_EQ(a.log.wait_for("refused").level, node_log_level::debug);
    raw_peer(a->port()).write(raw_peer::send_name("other@127.0.0.1"));
    EXPECT_EQ(a.log.wait_for("other@127.0.0.1").level, node_log_level::warning);
}

TEST_F(node_connect, a_program_with_a_rex_of_its_own_is_refused) {
    member m(1);
    m.sys.spawn([] { static_cast<void>(receive()); }, {.name = "rex"_a});
    auto started = node::start(m.sys, options("a"));
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, actors_errc::name_taken);
    EXPECT_NE(started.error().message.find("registered as rex"), std::string::npos)
        << started.error().message;
    EXPECT_FALSE(m.sys.whereis("net_kernel"_a));
    EXPECT_EQ(m.sys.node_name(), "nonode@nohost"_a);
    m.sys.send("rex"_a, term("end"_a));
    m.sys.run_until_done();
    auto again = node::start(m.sys, options("a"));
    ASSERT_TRUE(again) << again.error().message;
}

// stop() once left its processes dying, and the next node found their names taken.
TEST_F(node_connect, a_node_that_is_started_again_and_again_has_its_processes_each_time) {
    member m(1);
    std::atomic<bool> done{false};
    for (int i = 0; i < 20; ++i) {  // so that the worker has others to run than those that are to die
        m.sys.spawn([&] {
            while (!done)
                yield();
        });
    }
    for (int i = 0; i < 20; ++i) {
        node_options o = options("a");
        o.listen = node_listen::no;
        auto started = node::start(m.sys, std::move(o));
        ASSERT_TRUE(started) << started.error().message;
        EXPECT_TRUE(m.sys.whereis("net_kernel"_a));
        EXPECT_TRUE(m.sys.whereis("rex"_a));
        started->stop();
        EXPECT_FALSE(m.sys.whereis("net_kernel"_a));
        EXPECT_FALSE(m.sys.whereis("rex"_a));
    }
    done = true;
}

TEST_F(node_connect, a_missing_cookie_file_is_refused) {
    node_options o = options("a");
    o.cookie.reset();
    o.cookie_file = "/nonexistent/cookie";
    const auto e = failure(std::move(o));
    EXPECT_EQ(e.code, node_errc::cookie_file_missing);
    EXPECT_NE(e.message.find("/nonexistent/cookie"), std::string::npos) << e.message;
}

TEST_F(node_connect, a_second_node_on_one_system_is_refused) {
    member& a = start("a");
    auto second = node::start(a.sys, options("b"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, boost::system::errc::device_or_resource_busy);
}

TEST_F(node_connect, an_epmd_of_its_own_serves_the_next_node_too) {
    node_options o = options("a");
    epmd_->stop();
    o.epmd = epmd_mode::embedded_if_absent;
    node_options p = o;
    p.name = "b@127.0.0.1";
    member& a = start(std::move(o));
    member& b = start(std::move(p));
    EXPECT_TRUE(a->ping(b.name()));
}

TEST_F(node_connect, works_without_any_epmd_when_ports_are_told) {
    node_options o = options("a");
    o.epmd = epmd_mode::none;
    member& a = start(std::move(o));
    node_options p = options("b");
    p.epmd = epmd_mode::none;
    p.peer_port = [&](const std::string& name) {
        return name == "a@127.0.0.1" ? std::optional(a->port()) : std::nullopt;
    };
    member& b = start(std::move(p));
    EXPECT_TRUE(b->ping(a.name()));
    EXPECT_FALSE(b->ping("c@127.0.0.1"_a));
}

TEST_F(node_connect, both_dialling_at_once_leaves_one_connection) {
    for (int round = 0; round < 30; ++round) {
        member& a = start("a");
        member& b = start("b");
        auto other = std::async(std::launch::async, [&] { return b->connect(a.name()); });
        const auto one = a->connect(b.name());
        const auto two = other.get();
        EXPECT_TRUE(one) << one.error().message();
        EXPECT_TRUE(two) << two.error().message();
        // The same connection seen from both ends: what one sends the other receives.
        start_echo(b, "echo"_a);
        a.sys.run([&] {
            send(registered_name{"echo"_a, b.name()}, term(tuple(self(), 1)));
            EXPECT_TRUE(receive_soon());
        });
        EXPECT_NE(a->connection_info(b.name())->outgoing, b->connection_info(a.name())->outgoing);
        remove(a);
        remove(b);
    }
}

TEST_F(node_connect, a_peer_that_comes_back_replaces_its_old_connection_whose_loss_is_told_first) {
    member& a = start("a");
    raw_peer first(a->port());
    ASSERT_TRUE(first.shake_hands("peer@127.0.0.1", "cluster"));
    while (a->nodes().empty())
        std::this_thread::yield();
    a.sys.run([&] {
        a->monitor_nodes(self());
        monitor(registered_name{"x"_a, "peer@127.0.0.1"_a});
        std::thread again([&] {
            raw_peer second(a->port());
            second.write(raw_peer::send_name("peer@127.0.0.1"));
            const bytes alive = second.read_message();
            EXPECT_EQ(std::string(alive.begin(), alive.end()), "salive");
            second.write(handshake::encode(handshake::status_message{handshake::status::yes, {}, {}},
                                           handshake::length_prefix::two_bytes));
            const auto challenge = handshake::decode_challenge(second.read_message());
            ASSERT_TRUE(challenge);
            second.write(handshake::encode(
                handshake::reply_message{
                    handshake::challenge(1),
                    handshake::make_digest(*cookie::from_text("cluster"), challenge->challenge)},
                handshake::length_prefix::two_bytes));
            EXPECT_TRUE(handshake::decode_ack(second.read_message()));
            EXPECT_TRUE(first.wait_for_close());
        });
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        EXPECT_EQ(receive_soon()->to_string(), "{nodedown,'peer@127.0.0.1'}");
        EXPECT_EQ(receive_soon()->to_string(), "{nodeup,'peer@127.0.0.1'}");
        blocking([&] { again.join(); });
    });
}

TEST_F(node_connect, a_silent_peer_is_given_up_after_the_tick_time) {
    node_options o = options("a");
    o.net_ticktime = std::chrono::milliseconds(400);
    member& a = start(std::move(o));
    raw_peer silent(a->port());
    ASSERT_TRUE(silent.shake_hands("silent@127.0.0.1", "cluster"));
    EXPECT_EQ(silent.read(4), (bytes{0, 0, 0, 0}));  // our tick
    EXPECT_TRUE(silent.wait_for_close());
    EXPECT_EQ(a.log.wait_for("closing the connection to silent").code, node_errc::tick_timeout);
}

TEST_F(node_connect, a_node_may_stop_and_another_start_on_the_same_system) {
    member& a = start("a");
    member& b = start("b");
    start_echo(a, "echo"_a);
    EXPECT_TRUE(b->ping(a.name()));
    a->stop();
    EXPECT_EQ(a.sys.node_name().text(), "nonode@nohost");
    auto again = node::start(a.sys, options("c"));
    ASSERT_TRUE(again) << again.error().message;
    a.self.emplace(std::move(*again));
    b.sys.run([&] {
        send(registered_name{"echo"_a, "c@127.0.0.1"_a}, term(tuple(self(), 1)));
        EXPECT_TRUE(receive_soon());
    });
}

TEST_F(node_connect, a_node_with_its_own_epmd_may_be_stopped_after_its_system) {
    node_options o = options("a");
    o.epmd = epmd_mode::embedded_if_absent;
    epmd_->stop();
    member& a = start(std::move(o));
    a.sys.stop();
    a->stop();  // returns
    a.self.reset();
}

}  // namespace
}  // namespace rakka::testing
