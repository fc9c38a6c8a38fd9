// What flows through TLS connections: large messages, peers that do not read, noise, connections cut
// anywhere.
#include "support/relay.hpp"
#include "support/tls_cluster.hpp"

#include <rakka/etf/convert.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_tls_traffic : public tls_cluster {
protected:
    /// A node that dials everybody at `port`.
    member& start_dialler(const std::string& alive, std::uint16_t port,
                          const std::function<void(node_options&)>& set = {}) {
        node_options o = secure(alive);
        o.epmd = epmd_mode::none;
        o.epmd_port = 0;
        o.peer_port = [port](const std::string&) { return port; };
        o.dial_backoff = 0ms;
        if (set) set(o);
        return start(std::move(o));
    }
    /// Counts the bytes that arrive in `sink`.
    pid start_sink(member& m, std::atomic<std::size_t>& received) {
        return m.sys.spawn(
            [&received] {
                while (true)
                    received += receive().as<std::string>()->size();
            },
            {.name = "sink"_a});
    }
};

TEST_F(node_tls_traffic, large_and_small_messages_go_both_ways_at_once) {
    for (const tls_version v : {tls_version::tls_1_2, tls_version::tls_1_3}) {
        member& a = start(secure("a", {v}));
        member& b = start(secure("b", {v}));
        start_echo(a, "echo"_a);
        start_echo(b, "echo"_a);
        std::atomic<int> good{0};
        constexpr int rounds = 5;
        const auto talk = [&](member& from, const member& to, std::size_t size) {
            std::string text(size, '\0');
            for (std::size_t i = 0; i < size; ++i)
                text[i] = static_cast<char>(i * 7 + i / 251);
            from.sys.spawn([&good, peer = to.name(), text = std::move(text)] {
                for (int i = 0; i < rounds; ++i) {
                    send(registered_name{"echo"_a, peer}, term(tuple(self(), std::string_view(text))));
                    const auto answer = receive_soon();
                    if (answer && answer->tuple()[1].as<std::string>().value() == text) ++good;
                }
            });
        };
        const std::vector<std::size_t> sizes{1, 100, 20'000, 300'000, 6'000'000};
        for (const std::size_t size : sizes) {
            talk(a, b, size);
            talk(b, a, size);
        }
        eventually("all answers", [&] { return good == static_cast<int>(2 * sizes.size()) * rounds; });
        EXPECT_EQ(a->nodes().size(), 1U);
        remove(a);
        remove(b);
    }
}

TEST_F(node_tls_traffic, many_senders_keep_their_order) {
    member& a = start(secure("a"));
    member& b = start(secure("b"));
    constexpr int senders = 8;
    constexpr int messages = 5'000;
    std::atomic<int> in_order{0};
    std::atomic<int> ended{0};
    for (int s = 0; s < senders; ++s) {
        b.sys.spawn(
            [&] {
                for (int i = 0; i < messages; ++i)
                    if (*receive().as<int>() == i) ++in_order;
                ++ended;
            },
            {.name = atom::make("sink" + std::to_string(s)).value()});
        a.sys.spawn([s, peer = b.name()] {
            const registered_name to{atom::make("sink" + std::to_string(s)).value(), peer};
            for (int i = 0; i < messages; ++i)
                send(to, term(i));
        });
    }
    eventually("all arrived", [&] { return ended == senders; });
    EXPECT_EQ(in_order, senders * messages);
}

TEST_F(node_tls_traffic, senders_wait_for_a_peer_that_does_not_take_anything_and_go_on_when_it_does) {
    member& b = start(secure("b"));
    relay between(b->port());
    member& a = start_dialler("a", between.port(), [](node_options& o) { o.dist_buf_busy_limit = 64 << 10; });
    std::atomic<std::size_t> received{0};
    start_sink(b, received);
    ASSERT_TRUE(a->connect(b.name()));
    between.hold(true);
    constexpr int senders = 4;
    constexpr int messages = 10'000;
    std::atomic<int> ended{0};
    for (int i = 0; i < senders; ++i) {
        a.sys.spawn([&, peer = b.name()] {
            const std::string text(1000, 'x');
            for (int k = 0; k < messages; ++k)
                send(registered_name{"sink"_a, peer}, term(std::string_view(text)));
            ++ended;
        });
    }
    eventually("all suspended", [&] { return a->connection_info(b.name())->senders_suspended == senders; });
    EXPECT_LE(a->connection_info(b.name())->bytes_waiting, (64U << 10) + senders * 3000U);
    EXPECT_EQ(ended, 0);
    between.hold(false);
    eventually("all sent", [&] { return ended == senders; });
    eventually("all arrived", [&] { return received == std::size_t{senders} * messages * 1000; });
}

TEST_F(node_tls_traffic, senders_suspended_by_a_stalled_peer_are_free_when_the_connection_ends) {
    member& b = start(secure("b"));
    relay between(b->port());
    member& a = start_dialler("a", between.port(), [](node_options& o) { o.dist_buf_busy_limit = 64 << 10; });
    ASSERT_TRUE(a->connect(b.name()));
    between.hold(true);
    std::atomic<bool> ended{false};
    a.sys.spawn([&, peer = b.name()] {
        const std::string text(1000, 'x');
        while (send(destination(registered_name{"sink"_a, peer}), term(text), {.noconnect = true}) !=
               send_result::noconnect) {
        }
        ended = true;
    });
    eventually("suspended", [&] {
        const auto i = a->connection_info(b.name());
        return i && i->senders_suspended == 1;
    });
    between.cut();
    eventually("free again", [&] { return ended.load(); });
    EXPECT_TRUE(a->nodes().empty());
}

TEST_F(node_tls_traffic, noise_on_the_wire_ends_the_connection_and_is_named) {
    member& b = start(secure("b"));
    relay between(b->port());
    member& a = start_dialler("a", between.port());
    const std::vector<bytes> all{
        bytes(100, 0xff),                            // no record at all
        {0x17, 0x03, 0x03, 0x00, 0x20},              // the head of one, whose body is what comes next
        {0x16, 0x03, 0x03, 0x00, 0x04, 0, 0, 0, 0},  // a handshake in plain text: no renegotiation
        {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a},  // an alert in plain text
        {0x17, 0x03, 0x03, 0xff, 0xff},              // too long
    };
    std::size_t n = 0;
    for (const bytes& noise : all) {
        ASSERT_TRUE(a->connect(b.name()));
        eventually("up there as well", [&] { return !b->nodes().empty(); });
        between.insert(noise);
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!b->nodes().empty() && std::chrono::steady_clock::now() < end) {
            a.sys.run([&] {
                send(destination(registered_name{"sink"_a, b.name()}), term(1), {.noconnect = true});
            });
            std::this_thread::sleep_for(5ms);
        }
        EXPECT_TRUE(b->nodes().empty());
        const auto e = b.log.wait_for("connection to a@127.0.0.1", ++n);
        EXPECT_NE(e.text.find("TLS"), std::string::npos) << e.text;
        eventually("gone", [&] { return a->nodes().empty(); });
    }
    EXPECT_TRUE(a->connect(b.name()));
}

TEST_F(node_tls_traffic, a_connection_may_be_cut_after_any_byte_of_its_handshakes) {
    member& b = start(secure("b"));
    std::size_t whole = 0;
    {
        relay between(b->port());
        member& a = start_dialler("a", between.port());
        ASSERT_TRUE(a->connect(b.name()));
        whole = between.passed();
        remove(a);
    }
    ASSERT_GT(whole, 500U);
    relay between(b->port());
    member& a = start_dialler("c", between.port());
    for (std::size_t at = 1; at < whole - 40; at += at < 300 ? 23 : 41) {
        between.cut_after(between.passed() + at);
        EXPECT_FALSE(a->connect(b.name())) << at;
    }
    between.cut_after(0);
    EXPECT_TRUE(a->connect(b.name()));
    eventually("connected there as well", [&] { return b->nodes().size() == 1; });
}

TEST_F(node_tls_traffic, a_node_may_stop_at_any_moment_of_a_handshake) {
    member& b = start(secure("b"));
    for (int i = 0; i < 30; ++i) {
        relay between(b->port());
        member& a = start_dialler("a", between.port());
        std::thread dialling([&] { static_cast<void>(a->connect(b.name())); });
        std::this_thread::sleep_for(std::chrono::microseconds(200 * i));
        a->stop();
        dialling.join();
        remove(a);
    }
    for (int i = 0; i < 30; ++i) {
        member& c = start(secure("c"));
        member& d = start(secure("d"));
        std::thread dialling([&] { static_cast<void>(d->connect(c.name())); });
        std::this_thread::sleep_for(std::chrono::microseconds(200 * i));
        c->stop();
        dialling.join();
        remove(c);
        remove(d);
    }
}

}  // namespace
}  // namespace rakka::testing
