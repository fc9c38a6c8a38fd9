// Becoming and staying connected with real BEAMs, whoever dials, hidden and visible, and losing them.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

std::optional<term> receive_soon() {
    return receive_if([](term_view) { return true; }, 20s);
}

class connect : public otp_test {
protected:
    rakka_peer start_rakka(const std::string& alive = "cpp") { return {alive, options("unused"), epmd()}; }
};
RAKKA_OTP_TEST_SUITE(connect);

TEST_P(connect, erlang_pings_us) {
    auto cpp = start_rakka();
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("net_adm:ping(" + cpp.name() + ")"), "pong");
    EXPECT_EQ(erl.eval("{nodes(), nodes(hidden)}"), "{[],['cpp@127.0.0.1']}");
    EXPECT_EQ(cpp.node().nodes(), std::vector<atom>{"erl@127.0.0.1"_a});
}

TEST_P(connect, we_ping_erlang) {
    auto cpp = start_rakka();
    auto erl = start_erlang("erl");
    EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
    EXPECT_EQ(erl.eval(hidden_nodes_soon), "['cpp@127.0.0.1']");
    EXPECT_TRUE(cpp.node().connection_info("erl@127.0.0.1"_a)->outgoing);
}

TEST_P(connect, elixir_pings_us) {
    auto cpp = start_rakka();
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir("Node.ping(:\"cpp@127.0.0.1\")"), ":pong");
}

TEST_P(connect, a_visible_node_is_among_the_nodes_and_its_net_kernel_answers) {
    rakka::system sys({.workers = 2});
    auto cpp = node::start(sys, {.name = "vis@127.0.0.1",
                                 .cookie = cookie::from_text(options("unused").cookie).value(),
                                 .visibility = node_visibility::visible,
                                 .listen_address = "127.0.0.1",
                                 .epmd = epmd_mode::running,
                                 .epmd_port = epmd().port()});
    ASSERT_TRUE(cpp) << cpp.error().message;
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("net_adm:ping('vis@127.0.0.1')"), "pong");
    EXPECT_EQ(erl.eval("nodes()"), "['vis@127.0.0.1']");
    EXPECT_EQ(erl.eval("gen_server:call({net_kernel,'vis@127.0.0.1'}, longnames)"), "true");
    EXPECT_EQ(erl.eval("{rex,'vis@127.0.0.1'} ! {self(), features_request}, receive M -> M end"),
              "{features_reply,'vis@127.0.0.1',[erpc]}");
    cpp->stop();
}

TEST_P(connect, over_ipv6_both_ways) {
    if (!machine_has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
    auto o = options("erl");
    o.name = "erl@::1";
    o.flags = {"-proto_dist", "inet6_tcp"};
    beam_node erl{o};
    rakka::system sys({.workers = 2});
    auto cpp = node::start(sys, {.name = "cpp@::1",
                                 .cookie = cookie::from_text(o.cookie).value(),
                                 .listen_address = "::",
                                 .epmd = epmd_mode::running,
                                 .epmd_port = epmd().port()});
    ASSERT_TRUE(cpp) << cpp.error().message;
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@::1')"), "pong");
    EXPECT_EQ(cpp->connection_info("erl@::1"_a)->address.substr(0, 6), "[::1]:");
    EXPECT_TRUE(cpp->disconnect("erl@::1"_a));
    EXPECT_TRUE(cpp->ping("erl@::1"_a));
    cpp->stop();
}

TEST_P(connect, a_wrong_cookie_is_refused_by_both) {
    auto cpp = start_rakka();
    auto erl = start_erlang("erl");
    erl.eval("erlang:set_cookie('cpp@127.0.0.1', other)");
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pang");
    EXPECT_FALSE(cpp.node().connect("erl@127.0.0.1"_a));
    EXPECT_TRUE(cpp.node().nodes().empty());
    erl.eval("erlang:set_cookie('cpp@127.0.0.1', list_to_atom(\"" + options("unused").cookie + "\"))");
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
}

TEST_P(connect, a_cookie_for_one_peer_counts_whoever_dials) {
    auto cpp = start_rakka();
    auto erl = start_erlang("erl");
    erl.eval("erlang:set_cookie('cpp@127.0.0.1', other)");
    cpp.node().set_cookie("erl@127.0.0.1"_a, cookie::from_text("other").value());
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
    EXPECT_TRUE(cpp.node().disconnect("erl@127.0.0.1"_a));
    EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
}

TEST_P(connect, lists_of_allowed_nodes_are_kept_by_both) {
    auto erl = start_erlang("erl");
    {
        auto cpp = start_rakka();
        ASSERT_TRUE(cpp.node().allow({"somebody@127.0.0.1"}));
        EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pang");
        EXPECT_EQ(cpp.node().connect("erl@127.0.0.1"_a).error(), node_errc::handshake_refused);
        ASSERT_TRUE(cpp.node().allow({"erl@127.0.0.1"}));
        EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
    }
    erl.eval("net_kernel:allow(['somebody@127.0.0.1'])");
    auto cpp = start_rakka("next");
    EXPECT_EQ(cpp.node().connect("erl@127.0.0.1"_a).error(), node_errc::handshake_not_allowed);
}

TEST_P(connect, both_dialling_at_once_end_up_with_one_connection) {
    auto erl = start_erlang("erl");
    // Our name is smaller than theirs, then greater: either side's attempt wins once.
    for (const std::string alive : {"aaa", "zzz"}) {
        auto cpp = start_rakka(alive);
        for (int i = 0; i < 20; ++i) {
            auto theirs = erl.eval_async("net_adm:ping(" + cpp.name() + ")");
            EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a)) << alive << ", round " << i;
            EXPECT_EQ(theirs.get(), "pong") << alive << ", round " << i;
            erl.eval("erlang:disconnect_node(" + cpp.name() + ")");
            while (!cpp.node().nodes().empty())  // else the next round may find the connection that ends
                std::this_thread::sleep_for(1ms);
        }
    }
}

TEST_P(connect, the_sudden_death_of_a_beam_is_noconnection_and_it_may_come_back) {
    auto cpp = start_rakka();
    auto erl = start_erlang("erl");
    cpp.system().run([&] {
        trap_exit(true);
        cpp.node().monitor_nodes(self());
        const atom peer = "erl@127.0.0.1"_a;
        EXPECT_TRUE(cpp.node().connect(peer));
        EXPECT_EQ(receive_soon()->to_string(), "{nodeup,'erl@127.0.0.1'}");
        send(registered_name{"rex"_a, peer}, term(tuple(self(), "features_request"_a)));
        EXPECT_EQ(receive_soon()->to_string(), "{features_reply,'erl@127.0.0.1',[erpc]}");
        static_cast<void>(spawn_request(peer, "timer"_a, "sleep"_a, term(list("infinity"_a)),
                                        {.link = true, .monitor = true}));
        const auto reply = receive_soon();
        EXPECT_TRUE(reply->tuple()[2].is_atom("ok"_a)) << reply->to_string();
        blocking([&] { erl.kill(); });
        EXPECT_EQ(receive_soon()->tuple()[2].to_string(), "noconnection");
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        EXPECT_EQ(receive_soon()->to_string(), "{nodedown,'erl@127.0.0.1'}");
        EXPECT_FALSE(cpp.node().connect(peer));
    });
    auto again = start_erlang("erl");
    EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
}

TEST_P(connect, our_death_is_noconnection_there) {
    auto erl = start_erlang("erl");
    auto shell = erl.new_shell();
    {
        auto cpp = start_rakka();
        cpp.system().spawn([] { static_cast<void>(receive()); }, {.name = "sitter"_a});
        shell.eval("R = monitor(process, {sitter,'cpp@127.0.0.1'})");
        EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
    }
    EXPECT_EQ(shell.eval("receive {'DOWN',R,_,O,Why} -> {O,Why} after 10000 -> timeout end"),
              "{{sitter,'cpp@127.0.0.1'},noconnection}");
}

TEST_P(connect, ticks_keep_an_idle_connection_and_a_frozen_beam_is_given_up) {
    auto o = options("erl");
    o.flags = {"-kernel", "net_ticktime", "4"};
    beam_node erl{o};
    rakka::system sys({.workers = 2});
    auto cpp = node::start(sys, {.name = "cpp@127.0.0.1",
                                 .cookie = cookie::from_text(o.cookie).value(),
                                 .listen_address = "127.0.0.1",
                                 .epmd = epmd_mode::running,
                                 .epmd_port = epmd().port(),
                                 .net_ticktime = 4s});
    ASSERT_TRUE(cpp) << cpp.error().message;
    sys.run([&] {
        cpp->monitor_nodes(self(), {.nodedown_reason = true});
        EXPECT_TRUE(cpp->connect("erl@127.0.0.1"_a));
        static_cast<void>(receive_soon());
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 7s));  // idle, but alive on both sides
        blocking([&] { erl.freeze(); });
        const auto down = receive_soon();
        EXPECT_EQ(down->to_string(),
                  "{nodedown,'erl@127.0.0.1',[{nodedown_reason,net_tick_timeout},{node_type,visible}]}");
        blocking([&] { erl.thaw(); });
    });
    cpp->stop();
}

}  // namespace
}  // namespace rakka::interop
