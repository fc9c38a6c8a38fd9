// The harness itself: peers come up, talk to each other, answer, fail with their output, and leave nothing
// behind.
#include "support/beam_node.hpp"
#include "support/otp_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rakka::interop {
namespace {

using testing::HasSubstr;
using testing::Not;

class harness : public otp_test {};
RAKKA_OTP_TEST_SUITE(harness);

TEST_P(harness, two_beams_of_one_release_ping_each_other) {
    auto alice = start_erlang("alice");
    auto bob = start_erlang("bob");
    EXPECT_EQ(alice.name(), "alice@127.0.0.1");
    EXPECT_EQ(alice.eval("net_adm:ping('bob@127.0.0.1')"), "pong");
    EXPECT_EQ(bob.eval("nodes()"), "['alice@127.0.0.1']");
    EXPECT_EQ(alice.eval("erlang:system_info(otp_release)"), "\"" + std::to_string(release()) + "\"");
    EXPECT_THAT(epmd().names(), HasSubstr("name alice at port "));
}

TEST_P(harness, every_release_pings_this_one) {
    auto alice = start_erlang("alice");
    for (const auto other : otp_versions()) {
        auto chosen = options("peer" + std::to_string(other));
        chosen.release = other;
        chosen.visible = visibility::hidden;
        beam_node peer{chosen};
        EXPECT_EQ(peer.eval("net_adm:ping('alice@127.0.0.1')"), "pong") << "from OTP " << other;
        EXPECT_EQ(alice.eval("{nodes(), lists:member('" + chosen.name + "', nodes(hidden))}"), "{[],true}");
    }
}

TEST_P(harness, elixir_and_erlang_reach_each_other) {
    auto erlang = start_erlang("erl");
    auto elixir = start_elixir("ex");
    EXPECT_EQ(elixir.eval_elixir("Node.ping(:\"erl@127.0.0.1\")"), ":pong");
    EXPECT_EQ(elixir.eval_elixir("for x <- 1..3, do: %{x => :a}"), "[%{1 => :a}, %{2 => :a}, %{3 => :a}]");
    EXPECT_EQ(erlang.eval("erpc:call('ex@127.0.0.1', 'Elixir.Enum', sum, [[1, 2]])"), "3");
}

TEST_P(harness, a_raised_exception_names_class_reason_and_expression) {
    auto alice = start_erlang("alice");
    try {
        alice.eval("error(my_reason).");
        FAIL() << "the exception was lost";
    } catch (const beam_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("error:my_reason"));
        EXPECT_THAT(error.what(), HasSubstr("error(my_reason)."));
    }
    EXPECT_EQ(alice.eval("still_alive"), "still_alive");
}

TEST_P(harness, a_timeout_shows_what_the_peer_printed) {
    auto alice = start_erlang("alice");
    alice.eval("io:format(user, \"hello from the peer~n\", [])");
    ASSERT_TRUE(alice.wait_for_output("hello from the peer"));
    try {
        alice.eval("receive after infinity -> ok end", std::chrono::milliseconds{50});
        FAIL() << "no timeout";
    } catch (const harness_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("no answer in time"));
        EXPECT_THAT(error.what(), HasSubstr("hello from the peer"));
    }
}

TEST_P(harness, a_node_that_cannot_start_says_why) {
    auto first = start_erlang("alice");
    try {
        auto second = start_erlang("alice");
        FAIL() << "two nodes of one name";
    } catch (const harness_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("the BEAM exited while starting"));
        EXPECT_THAT(error.what(), HasSubstr("alice"));
    }
}

TEST_P(harness, a_shell_keeps_variables_messages_and_links) {
    auto alice = start_erlang("alice");
    auto shell = alice.new_shell();
    shell.eval("X = 41, process_flag(trap_exit, true)");
    shell.eval("P = spawn_link(fun() -> receive R -> exit(R) end end), P ! X");
    EXPECT_EQ(shell.eval("receive {'EXIT', P, Reason} -> {Reason, X + 1} end"), "{41,42}");
    shell.eval("register(the_shell, self())");
    auto waiting = shell.eval_async("receive never -> ok end");
    alice.eval("exit(whereis(the_shell), kill)");
    EXPECT_THROW(waiting.get(), beam_error);
}

TEST_P(harness, a_module_is_compiled_in_the_peer_with_macros) {
    auto alice = start_erlang("alice");
    alice.load_module_source(
        "-module(twice).\n-export([times/1]).\n-define(TWO, 2).\ntimes(X) -> ?TWO * X.\n");
    EXPECT_EQ(alice.eval("{twice:times(21), 'twice':module_info(module)}"), "{42,twice}");
    EXPECT_THROW(alice.load_module_source("-module(broken).\nf( -> ok.\n"), beam_error);
}

TEST_P(harness, a_frozen_peer_answers_after_the_thaw) {
    auto alice = start_erlang("alice");
    alice.freeze();
    auto answer = alice.eval_async("1 + 1");
    EXPECT_EQ(answer.wait_for(std::chrono::milliseconds{100}), std::future_status::timeout);
    alice.thaw();
    EXPECT_EQ(answer.get(), "2");
}

TEST_P(harness, killed_or_stopped_peers_are_seen_as_gone) {
    auto alice = start_erlang("alice");
    auto bob = start_erlang("bob");
    ASSERT_EQ(alice.eval("net_adm:ping('bob@127.0.0.1')"), "pong");
    auto down = alice.eval_async("monitor_node('bob@127.0.0.1', true), receive {nodedown, N} -> N end");
    bob.kill();
    EXPECT_FALSE(bob.is_alive());
    EXPECT_EQ(down.get(), "'bob@127.0.0.1'");
    EXPECT_THROW(bob.eval("1"), harness_error);
    alice.eval("init:stop()");
    EXPECT_TRUE(alice.wait_for_exit());
    EXPECT_THAT(epmd().names(), Not(HasSubstr("bob")));
}

TEST(otp_release, only_the_releases_of_the_matrix_are_listed) {
    for (const auto release : otp_versions()) {
        EXPECT_THAT(all_otp_releases(), testing::Contains(release));
        EXPECT_FALSE(otp_program(release, "epmd").empty());
    }
    EXPECT_TRUE(otp_program(24, "erl").empty());
}

}  // namespace
}  // namespace rakka::interop
