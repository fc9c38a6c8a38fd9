// A peer that does not read: senders wait, memory stays bounded, and the end of the connection frees
// everybody.
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <rakka/etf/convert.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_busy : public cluster {};

TEST_F(node_busy, senders_wait_for_a_peer_that_does_not_read_and_go_on_when_it_does) {
    node_options o = options("a");
    o.dist_buf_busy_limit = 64 << 10;
    member& a = start(std::move(o));
    auto lazy = std::make_unique<raw_peer>(a->port());
    ASSERT_TRUE(lazy->shake_hands("lazy@127.0.0.1", "cluster"));
    eventually("connected", [&] { return a->nodes().size() == 1; });
    const atom peer = a->nodes().front();

    constexpr int senders = 4;
    constexpr int messages = 20'000;
    std::atomic<int> sent{0};
    std::atomic<int> ended{0};
    for (int i = 0; i < senders; ++i) {
        a.sys.spawn([&sent, &ended, peer] {
            const std::string text(1000, 'x');
            for (int k = 0; k < messages; ++k) {
                send(registered_name{"sink"_a, peer}, term(text));
                ++sent;
            }
            ++ended;
        });
    }
    eventually("all suspended", [&] { return a->connection_info(peer)->senders_suspended == senders; });
    // Above the limit each sender had at most one more message to give.
    EXPECT_LE(a->connection_info(peer)->bytes_waiting, (64U << 10) + senders * 3000U);
    EXPECT_EQ(ended, 0);
    // nosuspend does not wait. The kernel may still take some bytes and let the senders go on for a moment.
    eventually("nosuspend gives up", [&] {
        return a.sys.run([&] {
            return send(destination(registered_name{"sink"_a, peer}), term("more"_a), {.nosuspend = true});
        }) == send_result::nosuspend;
    });
    std::thread reader([&] {
        while (ended.load() != senders && !lazy->read(64 << 10).empty()) {
        }
    });
    eventually("all sent", [&] { return ended.load() == senders; });
    EXPECT_EQ(sent, senders * messages);
    lazy->shut_down();
    reader.join();
}

TEST_F(node_busy, the_end_of_the_connection_frees_suspended_senders) {
    node_options o = options("a");
    o.dist_buf_busy_limit = 64 << 10;
    member& a = start(std::move(o));
    auto lazy = std::make_unique<raw_peer>(a->port());
    ASSERT_TRUE(lazy->shake_hands("lazy@127.0.0.1", "cluster"));
    eventually("connected", [&] { return a->nodes().size() == 1; });
    const atom peer = a->nodes().front();
    std::atomic<bool> stop{false};
    std::atomic<bool> ended{false};
    a.sys.spawn([&] {
        const std::string text(1000, 'x');
        while (!stop) {
            // Afterwards the peer cannot be dialled: what is sent then is lost.
            if (send(destination(registered_name{"sink"_a, peer}), term(text), {.noconnect = true}) ==
                send_result::noconnect)
                break;
        }
        ended = true;
    });
    eventually("suspended", [&] {
        const auto i = a->connection_info(peer);
        return i && i->senders_suspended == 1;
    });
    lazy.reset();
    eventually("free again", [&] { return ended.load(); });
    stop = true;
    EXPECT_TRUE(a->nodes().empty());
}

TEST_F(node_busy, a_monitor_lost_with_an_overfull_connection_fires) {
    node_options o = options("a");
    o.dist_buf_busy_limit = o.max_outbound_bytes = std::size_t{1} << 20;
    member& a = start(std::move(o), 1);  // one worker: nothing happens between the last send and the monitor
    raw_peer lazy(a->port());
    ASSERT_TRUE(lazy.shake_hands("lazy@127.0.0.1", "cluster"));
    eventually("connected", [&] { return a->nodes().size() == 1; });
    const atom peer = a->nodes().front();
    a.sys.run([&] {
        const std::string text(64 << 10, 'x');
        std::optional<connection_info> i;
        while ((i = a->connection_info(peer)) && i->bytes_waiting <= std::size_t{1} << 20)
            exit(pid{peer, 1, 1, 77}, term(text));  // which does not wait, as a message would
        const reference ref = monitor(registered_name{"sink"_a, peer});
        const auto down = receive_soon();
        ASSERT_TRUE(down);
        ASSERT_TRUE(down->is_tagged("DOWN"_a, 5));
        EXPECT_EQ(down->tuple()[1].as<reference>().value(), ref);
        EXPECT_TRUE(down->tuple()[4].is_atom("noconnection"_a));
    });
}

// A large message of one who will not wait is let in while there is no other, and not held against anybody.
TEST_F(node_busy, large_messages_of_those_who_do_not_wait_come_one_by_one) {
    for (const std::size_t most : {std::size_t{1} << 20, std::size_t{1} << 30}) {
        node_options o = options("a");
        o.dist_buf_busy_limit = std::size_t{1} << 20;
        o.max_outbound_bytes = most;
        member& a = start(std::move(o));
        raw_peer lazy(a->port());
        ASSERT_TRUE(lazy.shake_hands("lazy@127.0.0.1", "cluster"));
        eventually("connected", [&] { return a->nodes().size() == 1; });
        const atom peer = a->nodes().front();
        const term large(std::string(16 << 20, 'x'));
        const auto send_without_waiting = [&](const term& message) {
            send_result how{};
            a.sys.run([&] {
                how = send(destination(registered_name{"sink"_a, peer}), message, {.nosuspend = true});
            });
            return how;
        };
        EXPECT_EQ(send_without_waiting(large), send_result::ok);
        EXPECT_GT(a->connection_info(peer)->bytes_waiting, std::size_t{8} << 20);
        EXPECT_EQ(send_without_waiting(large), send_result::nosuspend);
        EXPECT_EQ(send_without_waiting(term(tuple(1, large))), send_result::nosuspend);
        if (most > large.view().bytes().size()) {
            EXPECT_EQ(send_without_waiting(term(1)), send_result::ok);
        }
        for (int i = 0; i < 3; ++i)
            a.sys.run([&] { send(registered_name{"sink"_a, peer}, term(i)); });
        std::this_thread::sleep_for(50ms);
        ASSERT_EQ(a->nodes().size(), 1U);
        EXPECT_EQ(a->connection_info(peer)->senders_suspended, 0U);
        remove(a);
    }
}

// It weighs what it refers to; and whoever has to wait for it still has to when it is on its way.
TEST_F(node_busy, a_large_message_that_makes_the_connection_holds_its_sender) {
    raw_listener listener;
    node_options o = options("a");
    o.epmd = epmd_mode::none;
    o.peer_port = [port = listener.port()](const std::string&) { return std::optional(port); };
    o.dist_buf_busy_limit = o.max_outbound_bytes = std::size_t{1} << 20;
    member& a = start(std::move(o));
    const atom peer = "lazy@127.0.0.1"_a;
    const term binary(std::string(16 << 20, 'x'));
    const auto sent = std::make_shared<std::atomic<int>>(0);
    a.sys.spawn([=] {  // it outlives this function
        for (; *sent < 2; ++*sent)
            send(registered_name{"sink"_a, peer}, term(tuple(1, binary)));
    });
    raw_peer lazy = listener.accept();
    const auto held = [&] {
        const auto i = a->connection_info(peer);
        return i && i->senders_suspended == 1;
    };
    eventually("suspended before there is a connection", held);
    EXPECT_EQ(*sent, 0);
    ASSERT_TRUE(lazy.answer_handshake("lazy@127.0.0.1", "cluster"));
    eventually("connected", [&] { return a->nodes().size() == 1; });
    a.sys.run([&] { exit(pid{peer, 1, 1, 77}, "over"_a); });  // what cannot be made to wait
    std::this_thread::sleep_for(50ms);
    ASSERT_EQ(a->nodes().size(), 1U);
    EXPECT_TRUE(held());
    EXPECT_EQ(*sent, 0);
}

// Else one who can be made to wait would cost the others their connection.
TEST_F(node_busy, large_messages_of_suspended_senders_are_no_reason_to_give_up) {
    node_options o = options("a");
    o.dist_buf_busy_limit = o.max_outbound_bytes = std::size_t{1} << 20;
    member& a = start(std::move(o));
    raw_peer lazy(a->port());
    ASSERT_TRUE(lazy.shake_hands("lazy@127.0.0.1", "cluster"));
    eventually("connected", [&] { return a->nodes().size() == 1; });
    const atom peer = a->nodes().front();
    constexpr int senders = 3;
    constexpr std::size_t size = 16 << 20;
    for (int i = 0; i < senders; ++i)
        a.sys.spawn([peer] { send(registered_name{"sink"_a, peer}, std::string(size, 'x')); });
    eventually("all suspended", [&] { return a->connection_info(peer)->senders_suspended == senders; });
    a.sys.run([&] { exit(pid{peer, 1, 1, 77}, "over"_a); });  // who cannot be made to wait
    EXPECT_GT(a->connection_info(peer)->bytes_waiting, 2 * size);
    a.sys.run([&] {
        const std::string text(64 << 10, 'x');
        for (std::size_t sent = 0; sent < std::size_t{64} << 20 && a->connection_info(peer);
             sent += text.size())  // the kernel takes some of it
            exit(pid{peer, 1, 1, 77}, term(text));
    });
    eventually("given up for those", [&] { return !a->connection_info(peer); });
    EXPECT_NE(a.log.wait_for("could not be made to wait").text, "");
}

// Their messages get past it, so that there is nothing to wait for. Once they were free only when it was out.
TEST_F(node_busy, who_sends_small_messages_does_not_wait_for_a_large_one_of_another) {
    member& a = start("a");
    raw_peer lazy(a->port());
    ASSERT_TRUE(lazy.shake_hands("lazy@127.0.0.1", "cluster"));
    eventually("connected", [&] { return a->nodes().size() == 1; });
    const atom peer = a->nodes().front();
    std::atomic<bool> again{false};
    a.sys.spawn([&again, peer] {
        send(registered_name{"sink"_a, peer}, std::string(16 << 20, 'x'));
        again = true;
    });
    eventually("its sender is suspended", [&] { return a->connection_info(peer)->senders_suspended == 1; });
    a.sys.run([&] {
        for (int i = 0; i < 100; ++i)
            send(registered_name{"sink"_a, peer}, term("small"_a));
        EXPECT_EQ(send(destination(registered_name{"sink"_a, peer}), term("small"_a), {.nosuspend = true}),
                  send_result::ok);
    });
    EXPECT_FALSE(again);
    EXPECT_EQ(a->connection_info(peer)->senders_suspended, 1U);
    std::vector<std::byte> room(1 << 20);
    while (!again && lazy.read_some(room) != 0) {
    }
    EXPECT_TRUE(again);
}

TEST_F(node_busy, a_message_above_the_limit_is_dropped_and_the_connection_goes_on) {
    node_options o = options("a");
    o.max_sent_message = 1 << 20;
    member& a = start(std::move(o));
    member& b = start("b");
    start_echo(b, "echo"_a);
    ASSERT_TRUE(a->connect(b.name()));
    const std::uint64_t id = a->connection_info(b.name())->id;
    a.sys.run([&] {
        const registered_name to{"echo"_a, b.name()};
        const std::string most((1 << 20) - 100, 'x');
        send(to, term(tuple(self(), std::string(1 << 20, 'x'))));
        send(to, term(tuple(self(), std::vector<std::int64_t>(300'000, 1'000'000))));  // encoded beforehand
        send(to, term(tuple(self(), most)));
        const auto back = receive_soon();
        ASSERT_TRUE(back);
        EXPECT_EQ(back->tuple()[1].bytes().size(), most.size());
        const reference refused =
            spawn_request(b.name(), "m"_a, "f"_a, term(list(std::string(1 << 20, 'x'))), {});
        const auto answer = receive_soon();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->to_string(),
                  term(tuple("spawn_reply"_a, refused, "error"_a, "system_limit"_a)).to_string());
    });
    EXPECT_EQ(a->connection_info(b.name())->id, id);
    EXPECT_EQ(a.log.wait_for("max_sent_message", 3).code, etf::make_error_code(etf::errc::too_large));
}

TEST_F(node_busy, small_messages_overtake_a_large_one_of_another_sender) {
    member& a = start("a");
    member& b = start("b");
    std::atomic<bool> large_sent{false};
    std::atomic<int> small_before_large{-1};
    spawn_options named;
    named.name = "sink"_a;
    b.sys.spawn(
        [&] {
            int small = 0;
            while (true) {
                const term m = receive();
                if (m.is_atom("small"_a)) {
                    ++small;
                } else {
                    small_before_large = small;
                    return;
                }
            }
        },
        named);
    ASSERT_TRUE(a->connect(b.name()));
    a.sys.spawn([&] {
        const std::string text(100 << 20, 'y');
        const term t(text);
        large_sent = true;
        send(registered_name{"sink"_a, b.name()}, t);
    });
    a.sys.run([&] {
        while (!large_sent)
            yield();
        while (small_before_large < 0) {
            send(registered_name{"sink"_a, b.name()}, term("small"_a));
            static_cast<void>(receive_if([](term_view) { return false; }, 1ms));
        }
    });
    EXPECT_GT(small_before_large, 0);
}

TEST_F(node_busy, signals_to_a_node_being_connected_wait_in_order_and_are_bounded) {
    node_options o = options("a");
    o.max_pending_signals = 10;
    member& a = start(std::move(o));
    member& b = start("b");
    spawn_options named;
    named.name = "sink"_a;
    std::atomic<int> in_order{0};
    std::atomic<bool> done{false};
    b.sys.spawn(
        [&] {
            for (int i = 0; i < 100; ++i)
                if (*receive().as<int>() == i) ++in_order;
            done = true;
        },
        named);
    a.sys.run([&] {
        for (int i = 0; i < 100; ++i)
            send(registered_name{"sink"_a, b.name()}, term(i));
    });
    eventually("all arrived", [&] { return done.load(); });
    EXPECT_EQ(in_order, 100);
}

// Bytes once waited for the end of the sender's slice, however far away.
TEST_F(node_busy, a_message_leaves_although_its_sender_goes_on_computing) {
    member& a = start("a");
    member& b = start("b");
    std::atomic<bool> arrived{false};
    b.sys.spawn(
        [&] {
            static_cast<void>(receive());
            arrived = true;
        },
        {.name = "sink"_a});
    ASSERT_TRUE(a->connect(b.name()));
    a.sys.run([&] {
        send(registered_name{"sink"_a, b.name()}, term("now"_a));
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!arrived && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        EXPECT_TRUE(arrived);
    });
}

TEST_F(node_busy, what_one_process_sends_arrives_in_order_whatever_its_size) {
    member& a = start("a");
    member& b = start("b");
    constexpr int messages = 300;
    std::atomic<int> in_order{0};
    std::atomic<bool> done{false};
    b.sys.spawn(
        [&] {
            for (int i = 0; i < messages; ++i) {
                const term message = receive();
                if (*message.tuple()[0].as<int>() == i) ++in_order;
            }
            done = true;
        },
        {.name = "sink"_a});
    ASSERT_TRUE(a->connect(b.name()));
    a.sys.run([&] {
        // Encoded with the others, ahead of them, and in fragments; a binary that is sent from where it is.
        const std::string binary(200 << 10, 'b');
        for (int i = 0; i < messages; ++i) {
            const std::vector<std::int64_t> list(i % 4 == 1 ? 10'000 : i % 4 == 2 ? 200'000 : 1, i);
            const std::string_view more = i % 8 < 4 ? std::string_view(binary) : "";
            send(registered_name{"sink"_a, b.name()}, term(tuple(i, "an_atom"_a, list, more)));
        }
    });
    eventually("all arrived", [&] { return done.load(); });
    EXPECT_EQ(in_order, messages);
}

}  // namespace
}  // namespace rakka::testing
