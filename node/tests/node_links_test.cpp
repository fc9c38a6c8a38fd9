// Links and monitors across two nodes, and what they see when the connection is lost.
#include "support/cluster.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka::testing {
namespace {

class node_links : public cluster {
protected:
    /// The pid of `name` on `b` as seen from the calling process.
    static pid remote(atom name, member& b) {
        send(registered_name{name, b.name()}, term(tuple(self(), "who"_a)));
        auto is_answer = [](term_view t) { return t.is_tuple(2) && t.tuple()[1].is_atom("who"_a); };
        return *receive_if(is_answer, std::chrono::seconds(20))->tuple()[0].as<pid>();
    }
    static std::string next_message() {
        const auto t = receive_soon();
        return t ? t->to_string() : "nothing";
    }
};

TEST_F(node_links, a_monitored_process_that_ends_is_told_with_its_reason) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        const pid echo = remote("echo"_a, b);
        const reference by_pid = monitor(echo);
        const reference by_name = monitor(registered_name{"echo"_a, b.name()});
        send(echo, term(tuple("exit"_a, tuple("bad"_a, 1, "thing"))));
        int seen = 0;
        for (int i = 0; i < 2; ++i) {
            const auto down = receive_soon();
            ASSERT_TRUE(down && down->is_tagged("DOWN"_a, 5));
            EXPECT_EQ(down->tuple()[4].to_string(), "{bad,1,<<\"thing\">>}");
            const reference ref = *down->tuple()[1].as<reference>();
            const term object = down->share(down->tuple()[3]);
            if (ref == by_pid && object == term(echo)) seen |= 1;
            if (ref == by_name && object.to_string() == "{echo,'b@127.0.0.1'}") seen |= 2;
        }
        EXPECT_EQ(seen, 3);
    });
}

TEST_F(node_links, monitors_of_the_dead_and_of_unknown_names_answer_noproc_at_once) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        monitor(registered_name{"nobody"_a, b.name()});
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noproc");
        const pid echo = remote("echo"_a, b);
        monitor(echo);
        send(echo, term("stop"_a));
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "normal");
        monitor(echo);
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noproc");
    });
}

// The 'DOWN' of a monitor by name names no process, and once overtook what the process had sent last: callers
// of a gen_server that stops with a large reply saw it die.
TEST_F(node_links, the_last_large_message_comes_before_the_down_of_a_monitor_by_name) {
    member& a = start("a");
    member& b = start("b");
    b.sys.spawn(
        [] {
            const term from = receive();
            send(*from.as<pid>(), term(std::string(20 << 20, 'x')));
        },
        {.name = "last_words"_a});
    a.sys.run([&] {
        const registered_name server{"last_words"_a, b.name()};
        const reference ref = monitor(server);
        send(server, term(self()));
        const auto words = receive_soon();
        ASSERT_TRUE(words && words->is(kind::binary)) << words->to_string();
        const auto down = receive_soon();
        ASSERT_TRUE(down && down->is_tagged("DOWN"_a, 5));
        EXPECT_EQ(down->tuple()[1].as<reference>().value(), ref);
    });
}

TEST_F(node_links, a_demonitored_process_is_silent) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        const pid echo = remote("echo"_a, b);
        const reference ref = monitor(echo);
        demonitor(ref);
        monitor(echo);
        send(echo, term("stop"_a));
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "normal");
        EXPECT_FALSE(receive_if([](term_view) { return true; }, std::chrono::milliseconds(1)));
    });
}

TEST_F(node_links, a_link_carries_the_reason_both_ways) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    spawn_options named;
    named.name = "trapper"_a;
    b.sys.spawn(
        [] {
            trap_exit(true);
            const term who = receive();
            const pid asker = *who.tuple()[0].as<pid>();
            const pid other = *who.tuple()[1].as<pid>();
            link(other);
            send(asker, term("linked"_a));
            const auto signal = receive_soon();
            send(asker, term(tuple("saw"_a, signal->share(signal->tuple()[2]))));
        },
        named);
    a.sys.run([&] {
        trap_exit(true);
        const pid echo = remote("echo"_a, b);
        link(echo);
        send(echo, term(tuple("exit"_a, tuple("crash"_a, 7))));
        const auto exit_message = receive_soon();
        EXPECT_EQ(exit_message->tuple()[0].to_string(), "'EXIT'");
        EXPECT_EQ(*exit_message->tuple()[1].as<pid>(), echo);
        EXPECT_EQ(exit_message->tuple()[2].to_string(), "{crash,7}");

        const pid child = spawn([] {
            static_cast<void>(receive());
            exit(term("child_reason"_a));
        });
        send(registered_name{"trapper"_a, b.name()}, term(tuple(self(), child)));
        EXPECT_EQ(next_message(), "linked");
        send(child, term("go"_a));
        EXPECT_EQ(next_message(), "{saw,child_reason}");
    });
}

TEST_F(node_links, a_link_to_a_dead_process_breaks_with_noproc) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        trap_exit(true);
        const pid echo = remote("echo"_a, b);
        monitor(echo);
        send(echo, term("stop"_a));
        EXPECT_TRUE(receive_soon()->is_tagged("DOWN"_a, 5));
        link(echo);
        const auto t = receive_soon();
        EXPECT_EQ(*t->tuple()[1].as<pid>(), echo);
        EXPECT_EQ(t->tuple()[2].to_string(), "noproc");
    });
}

TEST_F(node_links, an_unlinked_process_may_end_unnoticed) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        trap_exit(true);
        const pid echo = remote("echo"_a, b);
        link(echo);
        unlink(echo);
        link(echo);
        unlink(echo);
        monitor(echo);
        send(echo, term(tuple("exit"_a, "gone"_a)));
        EXPECT_TRUE(receive_soon()->is_tagged("DOWN"_a, 5));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, std::chrono::milliseconds(1)));
    });
}

TEST_F(node_links, exit_2_reaches_the_other_node_and_kill_cannot_be_trapped) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        const pid echo = remote("echo"_a, b);
        monitor(echo);
        exit(echo, term("normal"_a));  // ignored
        EXPECT_EQ(remote("echo"_a, b), echo);
        exit(echo, term("kill"_a));
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "killed");
    });
}

TEST_F(node_links, a_lost_connection_is_seen_by_links_monitors_and_node_monitors) {
    member& a = start("a");
    member& b = start("b");
    const pid linked = start_echo(b, "echo"_a);
    start_echo(b, "other"_a);
    a.sys.run([&] {
        trap_exit(true);
        a->monitor_nodes(self());
        const pid echo = remote("echo"_a, b);
        EXPECT_EQ(next_message(), "{nodeup,'b@127.0.0.1'}");
        link(echo);
        monitor(echo);
        monitor(registered_name{"echo"_a, b.name()});
        EXPECT_EQ(remote("echo"_a, b), echo);
        EXPECT_TRUE(a->disconnect(b.name()));
        const auto link_exit = receive_soon();
        EXPECT_TRUE(link_exit->is_tagged("EXIT"_a, 3));
        EXPECT_EQ(link_exit->tuple()[2].to_string(), "noconnection");
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        EXPECT_EQ(next_message(), "{nodedown,'b@127.0.0.1'}");
        // And up again, on first use.
        remote("other"_a, b);
        EXPECT_EQ(next_message(), "{nodeup,'b@127.0.0.1'}");
        // The other end of the link has ended by it as well.
        monitor(echo);
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noproc");
    });
    EXPECT_FALSE(b.sys.is_alive(linked));
}

TEST_F(node_links, the_end_of_a_node_is_seen_at_once) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        const pid echo = remote("echo"_a, b);
        monitor(echo);
        EXPECT_EQ(remote("echo"_a, b), echo);
    });
    const std::string reason = a.sys.run([&] {
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), "who"_a)));
        const pid echo = *receive_soon()->tuple()[0].as<pid>();
        monitor(echo);
        blocking([&] { b->stop(); });
        return receive_soon()->tuple()[4].to_string();
    });
    EXPECT_EQ(reason, "noconnection");
    EXPECT_TRUE(a->nodes().empty());
}

TEST_F(node_links, signals_to_a_node_that_cannot_be_reached_are_answered_noconnection) {
    member& a = start("a");
    a.sys.run([&] {
        trap_exit(true);
        const atom nowhere = "nowhere@127.0.0.1"_a;
        monitor(registered_name{"x"_a, nowhere});
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        static_cast<void>(spawn_request(nowhere, "m"_a, "f"_a, term(list())));
        const auto reply = receive_soon();
        EXPECT_EQ(reply->tuple()[3].to_string(), "noconnection");
        a->monitor_node(self(), nowhere);
        EXPECT_EQ(receive_soon()->to_string(), "{nodedown,'nowhere@127.0.0.1'}");
    });
    const auto e = a.log.wait_for("connecting to nowhere@127.0.0.1");
    EXPECT_EQ(e.code, node_errc::node_not_registered);
}

}  // namespace
}  // namespace rakka::testing
