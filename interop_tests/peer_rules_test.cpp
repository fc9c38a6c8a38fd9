// What a real BEAM sees of rules that say what it may do here.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

class peer_rules_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        for (const atom function : {"open"_a, "closed"_a})
            cpp->node().exports().add("m"_a, function, [function] { return function; });
        for (const atom name : {"open"_a, "closed"_a}) {
            spawn_options o;
            o.name = name;
            cpp->system().spawn(
                [] {
                    while (true) {
                        const term message = receive();
                        if (const auto from = message.as<pid>()) send(*from, term(self()));
                    }
                },
                o);
        }
        erl = std::make_unique<beam_node>(start_erlang("erl"));
    }
    void rule(peer_rights may) {
        ASSERT_TRUE(cpp->node().set_peer_rules({{"erl@127.0.0.1", std::move(may)}}));
    }
    /// With the node's name for N.
    std::string eval(const std::string& expression) {
        return erl->eval("N = " + cpp->name() + ", " + expression);
    }
    std::string caught(const std::string& expression) {
        return eval("try " + expression + " catch C:R -> {C, R} end");
    }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(peer_rules_interop);

TEST_P(peer_rules_interop, calls_that_are_refused_say_so) {
    rule({.call = std::vector<std::string>{"m:open/0"}});
    EXPECT_EQ(eval("rpc:call(N, m, open, [])"), "open");
    EXPECT_EQ(eval("rpc:call(N, m, closed, [])"), "{badrpc,{'EXIT',not_allowed}}");
    EXPECT_EQ(eval("rpc:block_call(N, m, closed, [])"), "{badrpc,{'EXIT',not_allowed}}");
    EXPECT_EQ(caught("erpc:call(N, m, closed, [])"), "{error,{erpc,not_allowed}}");
    EXPECT_EQ(eval("erpc:multicall([N], m, closed, [])"), "[{error,{erpc,not_allowed}}]");
    EXPECT_EQ(eval("erpc:cast(N, m, closed, [])"), "ok");
    EXPECT_EQ(eval("rpc:cast(N, m, closed, [])"), "true");
    EXPECT_EQ(eval("rpc:call(N, m, open, [])"), "open");
}

TEST_P(peer_rules_interop, no_form_of_spawn_hangs) {
    rule({.call = std::vector<std::string>{}});
    EXPECT_EQ(eval("R = spawn_request(N, m, closed, [], []), receive {spawn_reply, R, error, E} -> E end"),
              "not_allowed");
    for (const std::string form :
         {"spawn(N, m, closed, [])", "spawn_link(N, m, closed, [])", "spawn_monitor(N, m, closed, [])",
          "spawn_opt(N, m, closed, [], [link])"}) {
        const std::string outcome = eval("process_flag(trap_exit, true), try P = " + form +
                                         ", {spawned, is_pid(P) orelse is_tuple(P)} catch C:E -> {C, E} end");
        EXPECT_TRUE(outcome == "{spawned,true}" || outcome.find("not_allowed") != std::string::npos)
            << form << ": " << outcome;
    }
}

TEST_P(peer_rules_interop, names_that_are_closed_are_met_as_if_nobody_were_there) {
    rule({.send_to = std::vector<std::string>{"open"}});
    EXPECT_EQ(eval("{open, N} ! self(), receive P when is_pid(P) -> there end"), "there");
    EXPECT_EQ(caught("gen_server:call({closed, N}, hello)").find("{exit,{noproc,"), 0U);
    EXPECT_EQ(eval("{closed, N} ! self(), {open, N} ! self(), receive P when is_pid(P) -> "
                   "receive _ -> twice after 0 -> once end end"),
              "once");
    EXPECT_EQ(eval("net_adm:ping(N)"), "pong");
}

TEST_P(peer_rules_interop, links_monitors_and_exits_are_met_likewise) {
    rule({.link = false, .monitor = false, .exit = false});
    const std::string process = "{open, N} ! self(), P = receive P0 when is_pid(P0) -> P0 end, ";
    EXPECT_EQ(eval(process + "process_flag(trap_exit, true), link(P), receive {'EXIT', P, R} -> R end"),
              "noproc");
    EXPECT_EQ(eval(process + "M = monitor(process, P), receive {'DOWN', M, _, _, R} -> R end"), "noproc");
    EXPECT_EQ(eval(process + "exit(P, kill), P ! self(), receive P -> alive end"), "alive");
}

}  // namespace
}  // namespace rakka::interop
