// Messages between two nodes of one program, over loopback TCP.
#include "support/cluster.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/native.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka::testing {
namespace {

class node_messages : public cluster {};

TEST_F(node_messages, connects_both_ways_and_lists_the_peer) {
    member& a = start("a");
    member& b = start("b");
    const auto connected = a->connect(b.name());
    ASSERT_TRUE(connected) << connected.error().message();
    EXPECT_EQ(a->nodes(), std::vector<atom>{b.name()});
    EXPECT_TRUE(b->ping(a.name()));
    EXPECT_EQ(b->nodes(), std::vector<atom>{a.name()});
    EXPECT_FALSE(b->connection_info(a.name())->hidden);
    EXPECT_EQ(b->connection_info(a.name())->creation, a->creation());
}

TEST_F(node_messages, send_to_a_name_connects_and_is_answered) {
    member& a = start("a");
    member& b = start("b");
    const pid echo = start_echo(b, "echo"_a);
    const std::string answer = a.sys.run([&] {
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), tuple("hello"_a, 1, 2.5, "text"))));
        const auto t = receive_soon();
        const auto from = t->tuple()[0].as<pid>();
        EXPECT_EQ(from->node, b.name());
        EXPECT_EQ(from->id, echo.id);
        send(*from, term(tuple(self(), "again"_a)));
        return t->tuple()[1].to_string() + receive_soon()->tuple()[1].to_string();
    });
    EXPECT_EQ(answer, "{hello,1,2.5,<<\"text\">>}again");
}

TEST_F(node_messages, a_native_object_stays_at_home) {
    struct home_loving {
        int value;
    };
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    const registered_name echo{"echo"_a, b.name()};
    a.sys.run([&] {
        send(echo, home_loving{1});
        send(echo, tuple(self(), tuple("parts"_a, make_native(home_loving{2}))));
        send(echo, tuple(self(), "next"_a));
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "next") << "what comes behind is not lost with it";
    });
    EXPECT_NE(a.log.wait_for("a signal").text.find("cannot be encoded"), std::string::npos);
}

TEST_F(node_messages, a_pid_that_travelled_and_came_back_is_local_again) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), tuple(self(), b.name()))));
        const auto t = receive_soon();
        EXPECT_EQ(*t->tuple()[1].tuple()[0].as<pid>(), self());
    });
}

TEST_F(node_messages, keep_their_order) {
    member& a = start("a");
    member& b = start("b");
    constexpr int count = 20'000;
    spawn_options named;
    named.name = "sink"_a;
    b.sys.spawn(
        [] {
            int wrong = 0;
            for (int i = 0; i < count; ++i)
                if (*receive().view().tuple()[1].as<int>() != i) ++wrong;
            const term last = receive();
            send(*last.tuple()[0].as<pid>(), term(tuple("wrong"_a, wrong)));
        },
        named);
    a.sys.run([&] {
        const registered_name sink{"sink"_a, b.name()};
        for (int i = 0; i < count; ++i)
            send(sink, term(tuple(self(), i)));
        send(sink, term(tuple(self(), "done"_a)));
        EXPECT_EQ(receive_soon()->to_string(), "{wrong,0}");
    });
}

TEST_F(node_messages, a_reply_through_an_alias_arrives_until_it_is_given_up) {
    member& a = start("a");
    member& b = start("b");
    spawn_options named;
    named.name = "replier"_a;
    b.sys.spawn(
        [] {
            while (true) {
                const term m = receive();
                send(*m.tuple()[0].as<reference>(), term("through_alias"_a));
                send(*m.tuple()[1].as<pid>(), term("to_pid"_a));
            }
        },
        named);
    a.sys.run([&] {
        const registered_name replier{"replier"_a, b.name()};
        const reference ref = alias();
        send(replier, term(tuple(ref, self())));
        EXPECT_EQ(receive_soon()->to_string(), "through_alias");
        EXPECT_EQ(receive_soon()->to_string(), "to_pid");
        EXPECT_TRUE(unalias(ref));
        send(replier, term(tuple(ref, self())));
        EXPECT_EQ(receive_soon()->to_string(), "to_pid");
    });
}

TEST_F(node_messages, large_ones_arrive_whole_and_in_order_with_the_small_ones_after_them) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        const registered_name echo{"echo"_a, b.name()};
        for (const std::size_t size :
             {std::size_t{60'000}, std::size_t{65'536}, std::size_t{200'000}, std::size_t{3'000'000}}) {
            std::string text(size, 'x');
            for (std::size_t i = 0; i < size; i += 97)
                text[i] = static_cast<char>('a' + i % 26);
            send(echo, term(tuple(self(), text)));
            send(echo, term(tuple(self(), "small"_a)));
            const auto large = receive_soon();
            ASSERT_TRUE(large);
            EXPECT_EQ(*large->tuple()[1].as<std::string>(), text);
            EXPECT_TRUE(receive_soon()->tuple()[1].is_atom("small"_a));
        }
    });
}

TEST_F(node_messages, to_unknown_names_and_dead_processes_vanish) {
    member& a = start("a");
    member& b = start("b");
    const pid echo = start_echo(b, "echo"_a);
    a.sys.run([&] {
        send(registered_name{"nobody"_a, b.name()}, term("lost"_a));
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), 1)));
        const pid remote = *receive_soon()->tuple()[0].as<pid>();
        const reference ref = monitor(remote);
        send(remote, term("stop"_a));
        EXPECT_EQ(receive_soon()->tuple()[0].to_string(), "'DOWN'");
        static_cast<void>(ref);
        send(remote, term(tuple(self(), 2)));
        EXPECT_TRUE(a->ping(b.name()));
    });
    EXPECT_FALSE(b.sys.is_alive(echo));
    EXPECT_EQ(a->nodes().size(), 1U);
}

TEST_F(node_messages, with_noconnect_go_nowhere_without_a_connection) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        const destination echo = registered_name{"echo"_a, b.name()};
        EXPECT_EQ(send(echo, term(tuple(self(), 1)), {.noconnect = true}), send_result::noconnect);
        EXPECT_TRUE(a->connect(b.name()));
        EXPECT_EQ(send(echo, term(tuple(self(), 2)), {.noconnect = true}), send_result::ok);
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "2");
    });
}

TEST_F(node_messages, a_self_made_process_can_be_spawned_and_called_by_a_peer) {
    member& a = start("a");
    member& b = start("b");
    b->exports().add("math"_a, "double"_a, 2, [](const std::vector<term>& arguments) {
        send(*arguments[0].as<pid>(), term(tuple("twice"_a, 2 * *arguments[1].as<int>())));
        return term("done"_a);
    });
    a.sys.run([&] {
        spawn_request_options o;
        o.monitor = true;
        const reference ref = spawn_request(b.name(), "math"_a, "double"_a, term(list(self(), 21)), o);
        const std::string at_ref = term(ref).to_string();
        const auto reply = receive_soon();
        EXPECT_TRUE(reply->is_tagged("spawn_reply"_a, 4));
        EXPECT_TRUE(reply->tuple()[2].is_atom("ok"_a)) << reply->to_string();
        EXPECT_EQ(receive_soon()->to_string(), "{twice,42}");
        const auto down = receive_soon();
        EXPECT_EQ(down->tuple()[1].to_string(), at_ref);
        EXPECT_EQ(down->tuple()[4].to_string(), "normal");

        static_cast<void>(spawn_request(b.name(), "no"_a, "such"_a, term(list(1)), o));
        EXPECT_TRUE(receive_soon()->tuple()[2].is_atom("ok"_a));
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "{undef,[{no,such,[1],[]}]}");
    });
}

}  // namespace
}  // namespace rakka::testing
