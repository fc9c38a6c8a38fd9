// BEAMs without a name of their own (`-name undefined`), which get one from us, the first node they dial; and
// a node of ours without a name, which gets one from a BEAM.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class nameless : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        cpp->system().spawn(
            [] {
                while (true) {
                    const term m = receive();
                    send(*m.tuple()[0].as<pid>(), term(tuple(self(), m.share(m.tuple()[1]))));
                }
            },
            {.name = "echo"_a});
    }
    beam_node start_nameless() {
        beam_options o = options("unused");
        o.name.clear();
        o.flags = {"-start_epmd", "false", "-name", "undefined@127.0.0.1", "-setcookie", o.cookie};
        return beam_node{o};
    }
    static std::string connect(beam_node& erl) {
        EXPECT_EQ(erl.eval("net_kernel:connect_node('cpp@127.0.0.1')"), "true");
        return erl.eval("node()");
    }
    /// Waits until a connection is there, or gone, on our side as well.
    void wait_for_nodes(std::size_t count) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (cpp->node().nodes().size() != count && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(1ms);
        EXPECT_EQ(cpp->node().nodes().size(), count);
    }

    std::unique_ptr<rakka_peer> cpp;
};
RAKKA_OTP_TEST_SUITE(nameless);

TEST_P(nameless, gets_a_name_and_is_a_node_like_any_other) {
    auto erl = start_nameless();
    EXPECT_EQ(erl.eval("node()"), "nonode@nohost");
    const std::string name = connect(erl);
    EXPECT_TRUE(name.ends_with("@127.0.0.1'")) << name;
    EXPECT_EQ(erl.eval("nodes(hidden)"), "['cpp@127.0.0.1']");
    wait_for_nodes(1);  // the dialler is done first: after it has our last message, we go on as well
    const auto ours = cpp->node().nodes();
    ASSERT_EQ(ours.size(), 1U);
    EXPECT_EQ("'" + std::string(ours[0].text()) + "'", name);
    const auto info = cpp->node().connection_info(ours[0]);
    EXPECT_TRUE(info->hidden);
    EXPECT_EQ(std::to_string(info->creation.value()), erl.eval("erlang:system_info(creation)"));
    EXPECT_EQ(erl.eval("{echo,'cpp@127.0.0.1'} ! {self(), hello}, receive {P, M} -> {node(P), M} end"),
              "{'cpp@127.0.0.1',hello}");
    EXPECT_EQ(erl.eval("gen_server:call({net_kernel,'cpp@127.0.0.1'}, {is_auth, node()})"), "yes");
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
    EXPECT_EQ(erl.eval("monitor(process, {none,'cpp@127.0.0.1'}), receive {'DOWN',_,_,_,W} -> W end"),
              "noproc");
    // And from here: links, monitors and spawns.
    cpp->system().run([&] {
        static_cast<void>(
            spawn_request(ours[0], "timer"_a, "sleep"_a, term(list("infinity"_a)), {.monitor = true}));
        const auto reply = receive_if([](term_view) { return true; }, 20s);
        ASSERT_TRUE(reply && reply->tuple()[2].is_atom("ok"_a)) << reply->to_string();
        exit(*reply->tuple()[3].as<pid>(), term("kill"_a));
        EXPECT_EQ(receive_if([](term_view) { return true; }, 20s)->tuple()[4].to_string(), "killed");
    });
}

TEST_P(nameless, several_at_a_time_have_different_names) {
    auto first = start_nameless();
    auto second = start_nameless();
    const std::string one = connect(first);
    const std::string two = connect(second);
    EXPECT_NE(one, two);
    wait_for_nodes(2);
    first.eval("{echo,'cpp@127.0.0.1'} ! {self(), x}, receive {_, x} -> ok end");
    second.eval("{echo,'cpp@127.0.0.1'} ! {self(), x}, receive {_, x} -> ok end");
}

TEST_P(nameless, that_comes_back_gets_a_free_name_in_another_incarnation) {
    auto erl = start_nameless();
    auto shell = erl.new_shell();
    const std::string name = connect(erl);
    const std::string creation = erl.eval("erlang:system_info(creation)");
    // A process of ours keeps a pid of the first incarnation.
    std::optional<pid> old;
    cpp->system().run([&] {
        static_cast<void>(register_name("tester"_a, self()));
        shell.eval("{tester,'cpp@127.0.0.1'} ! {i_am, self()}");
        old = receive_if([](term_view) { return true; }, 20s)->tuple()[1].as<pid>().value();
    });
    EXPECT_TRUE(cpp->node().disconnect(old->node));
    wait_for_nodes(0);
    // The BEAM gives its name up, and comes to life again under the one it is given next.
    EXPECT_EQ(erl.eval("(fun W() -> case node() of nonode@nohost -> ok; _ -> timer:sleep(5), W() end end)()"),
              "ok");
    std::string again;
    for (int i = 0; i < 200 && again.empty(); ++i) {  // its distribution is being restarted meanwhile
        if (erl.eval("net_kernel:connect_node('cpp@127.0.0.1')") == "true")
            again = erl.eval("node()");
        else
            std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(again, name) << "it was free";
    EXPECT_NE(erl.eval("erlang:system_info(creation)"), creation);
    cpp->system().run([&] {
        monitor(*old);
        EXPECT_EQ(receive_if([](term_view) { return true; }, 20s)->tuple()[4].to_string(), "noproc");
    });
    EXPECT_EQ(erl.eval("{echo,'cpp@127.0.0.1'} ! {self(), x}, receive {_, x} -> ok end"), "ok");
}

TEST_P(nameless, with_another_cookie_gets_no_further_than_its_name) {
    beam_options o = options("unused");
    o.name.clear();
    o.flags = {"-start_epmd", "false", "-name", "undefined@127.0.0.1", "-setcookie", "other"};
    beam_node erl{o};
    EXPECT_EQ(erl.eval("net_kernel:connect_node('cpp@127.0.0.1')"), "false");
    EXPECT_TRUE(cpp->node().nodes().empty());
    EXPECT_EQ(erl.eval("node()"), "nonode@nohost");
}

class own_nameless : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("undefined", options("unused"), epmd());
        cpp->system().spawn(
            [] {
                while (true) {
                    const term m = receive();
                    send(*m.tuple()[0].as<pid>(), term(tuple(self(), m.share(m.tuple()[1]))));
                }
            },
            {.name = "echo"_a});
    }
    /// Waits until our node has its name, or none.
    void wait_for_name(bool wanted) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while ((cpp->node().name() != nonode) != wanted && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(1ms);
        EXPECT_EQ(cpp->node().name() != nonode, wanted);
    }
    /// A call to our echo, and how its answer is printed there.
    std::string call_echo(beam_node& from) {
        return from.eval("{echo," + cpp->name() + "} ! {self(), hello}, receive {P, M} -> {node(P), M} end");
    }

    const atom nonode = "nonode@nohost"_a;
    std::unique_ptr<rakka_peer> cpp;
};
RAKKA_OTP_TEST_SUITE(own_nameless);

TEST_P(own_nameless, gets_a_name_from_a_beam_and_is_a_hidden_node_like_any_other) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(cpp->node().name(), nonode);
    // The first signal asks for it.
    cpp->system().run([&] {
        static_cast<void>(register_name("tester"_a, self()));
        monitor(registered_name{"nobody"_a, "erl@127.0.0.1"_a});
        EXPECT_EQ(receive_if([](term_view) { return true; }, 20s)->tuple()[4].to_string(), "noproc");
    });
    const std::string name = cpp->name();
    EXPECT_TRUE(name.ends_with("@127.0.0.1'")) << name;
    EXPECT_EQ(cpp->system().node_name(), cpp->node().name());
    EXPECT_EQ(erl.eval("{nodes(), nodes(hidden), nodes(connected)}"), "{[],[" + name + "],[" + name + "]}");
    EXPECT_EQ(call_echo(erl), "{" + name + ",hello}");
    EXPECT_EQ(erl.eval("net_adm:ping(" + name + ")"), "pong");
    EXPECT_EQ(erl.eval("gen_server:call({net_kernel," + name + "}, nodename)"), name);
    EXPECT_EQ(
        erl.eval("process_flag(trap_exit, true), {echo," + name +
                 "} ! {self(), x}, "
                 "P = receive {Q, x} -> Q end, link(P), R = monitor(process, P), exit(P, kill), "
                 "A = receive {'DOWN', R, _, P, W} -> W end, B = receive {'EXIT', P, V} -> V end, {A, B}"),
        "{killed,killed}");
    cpp->system().run([&] {
        const auto there = spawn_monitor("erl@127.0.0.1"_a, "erlang"_a, "node"_a, term(list()));
        EXPECT_EQ(receive_if([&](term_view m) { return is_down(there.ref, m); }, 20s)->tuple()[4].to_string(),
                  "normal");
    });
}

TEST_P(own_nameless, loses_the_name_with_the_beam_that_gave_it) {
    auto erl = start_erlang("erl");
    auto other = start_erlang("other");
    ASSERT_TRUE(cpp->node().ping("erl@127.0.0.1"_a));
    ASSERT_TRUE(cpp->node().ping("other@127.0.0.1"_a));
    const std::string name = cpp->name();
    const auto creation = cpp->node().creation();
    auto shell = other.new_shell();
    EXPECT_EQ(shell.eval("{echo," + name + "} ! {self(), x}, P = receive {Q, x} -> Q end, node(P)"), name);
    EXPECT_EQ(shell.eval("R = monitor(process, P), true"), "true");
    EXPECT_EQ(erl.eval("erlang:disconnect_node(" + name + ")"), "true");
    EXPECT_EQ(shell.eval("receive {'DOWN', R, _, P, W} -> W end"), "noconnection");
    wait_for_name(false);
    EXPECT_TRUE(cpp->node().nodes().empty());
    // The BEAM has kept the name for us.
    ASSERT_TRUE(cpp->node().ping("erl@127.0.0.1"_a));
    EXPECT_EQ(cpp->name(), name);
    EXPECT_NE(cpp->node().creation(), creation);
    ASSERT_TRUE(cpp->node().ping("other@127.0.0.1"_a));
    EXPECT_EQ(shell.eval("monitor(process, P), receive {'DOWN', _, _, P, V} -> V end"), "noproc");
    EXPECT_EQ(call_echo(other), "{" + name + ",hello}");
    erl.kill();
    wait_for_name(false);
    // The next that is asked gives another.
    ASSERT_TRUE(cpp->node().ping("other@127.0.0.1"_a));
    EXPECT_EQ(call_echo(other), "{" + cpp->name() + ",hello}");
}

}  // namespace
}  // namespace rakka::interop
