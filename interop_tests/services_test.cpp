// What a peer asks of rex, net_kernel and spawn, traced messages included, from real BEAMs.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class services : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        cpp->system().spawn(
            [] {
                while (true) {
                    const term m = receive();
                    if (m.is_tagged("exit"_a, 2)) rakka::exit(m.share(m.tuple()[1]));
                    if (m.is_tagged("link"_a, 2)) {
                        link(*m.tuple()[1].as<pid>());
                    } else if (m.is_tuple(2)) {
                        send(*m.tuple()[0].as<pid>(), term(tuple(self(), m.share(m.tuple()[1]))));
                    }
                }
            },
            {.name = "echo"_a});
        auto& exports = cpp->node().exports();
        exports.add("cpp"_a, "same"_a, 1, [](const std::vector<term>& x) { return x[0]; });
        exports.add("cpp"_a, "fail"_a, 1, [](const std::vector<term>& x) -> term { rakka::exit(x[0]); });
        exports.add("cpp"_a, "print"_a, 1, [](const std::vector<term>& x) {
            send(group_leader(),
                 term(tuple("io_request"_a, self(), "r"_a, tuple("put_chars"_a, "unicode"_a, x[0]))));
            const term answer = receive();
            return answer.share(answer.tuple()[2]);
        });
        erl = std::make_unique<beam_node>(start_erlang("erl"));
    }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(services);

TEST_P(services, rpc_in_all_its_forms) {
    EXPECT_EQ(erl->eval("rpc:call('cpp@127.0.0.1', cpp, same, [a])"), "a");
    EXPECT_EQ(erl->eval("rpc:block_call('cpp@127.0.0.1', cpp, same, [b])"), "b");
    EXPECT_EQ(erl->eval("rpc:block_call('cpp@127.0.0.1', cpp, same, [b], 5000)"), "b");
    EXPECT_EQ(erl->eval("rpc:block_call('cpp@127.0.0.1', cpp, fail, [b])"), "{badrpc,{'EXIT',b}}");
    EXPECT_EQ(erl->eval("K = rpc:async_call('cpp@127.0.0.1', cpp, same, [c]), rpc:yield(K)"), "c");
    EXPECT_EQ(erl->eval("rpc:multicall(['cpp@127.0.0.1', 'no@127.0.0.1'], cpp, same, [d])"),
              "{[d],['no@127.0.0.1']}");
    EXPECT_EQ(erl->eval("erpc:multicall(['cpp@127.0.0.1'], cpp, same, [e])"), "[{ok,e}]");
    EXPECT_EQ(erl->eval("gen_server:call({rex,'cpp@127.0.0.1'}, {call,cpp,same,[f],group_leader()})"), "f");
    EXPECT_EQ(erl->eval("gen_server:call({net_kernel,'cpp@127.0.0.1'}, ticktime)"), "60000");
}

TEST_P(services, broadcasts_tell_who_had_the_name) {
    EXPECT_EQ(erl->eval("rpc:sbcast(['cpp@127.0.0.1'], echo, {self(), x})"), "{['cpp@127.0.0.1'],[]}");
    EXPECT_EQ(
        erl->eval("{[], Bad} = rpc:sbcast(['cpp@127.0.0.1', 'no@127.0.0.1'], nobody, x), lists:sort(Bad)"),
        "['cpp@127.0.0.1','no@127.0.0.1']");
    EXPECT_EQ(erl->eval("rpc:abcast(['cpp@127.0.0.1'], echo, {self(), y}), receive {_, y} -> ok end"), "ok");
    // {From, Request} to the name, {Wrapper, Node, Reply} back.
    EXPECT_EQ(erl->eval("rpc:server_call('cpp@127.0.0.1', nobody, wrapper, x)"), "{error,nodedown}");
}

TEST_P(services, a_plain_call_as_c_nodes_make_it) {
    EXPECT_EQ(erl->eval("{rex,'cpp@127.0.0.1'} ! {self(), {call,cpp,same,[g],user}}, receive M -> M end"),
              "{rex,g}");
    EXPECT_EQ(
        erl->eval("{rex,'cpp@127.0.0.1'} ! {self(), {call,cpp,print,[<<\"out\">>],send_stdout_to_caller}}, "
                  "[receive M -> M end, receive N -> N end]"),
        "[{rex_stdout,<<\"out\">>},{rex,ok}]");
    // A function of ours prints through the group leader of the BEAM's process.
    EXPECT_EQ(erl->eval("rpc:call('cpp@127.0.0.1', cpp, print, [\"printed over there~n\"])"), "ok");
    EXPECT_TRUE(erl->wait_for_output("printed over there"));
}

// seq_trace makes every signal travel in its form with a token. They arrive like any others.
TEST_P(services, traced_signals_arrive) {
    const std::string begin =
        "process_flag(trap_exit, true), {echo,'cpp@127.0.0.1'} ! {self(), get}, P = receive {Q, get} -> Q "
        "end, "
        "seq_trace:set_token(label, {any, term}), seq_trace:set_token(serial, {0, 0}), "
        "seq_trace:set_token(send, true), ";
    EXPECT_EQ(erl->eval(begin + "{echo,'cpp@127.0.0.1'} ! {self(), by_name}, A = receive {_, X} -> X end, "
                                "P ! {self(), by_pid}, B = receive {_, Y} -> Y end, {A, B}"),
              "{by_name,by_pid}");
    EXPECT_EQ(erl->eval(begin + "rpc:call('cpp@127.0.0.1', cpp, same, [spawned])"), "spawned");
    EXPECT_EQ(erl->eval(begin + "rpc:block_call('cpp@127.0.0.1', cpp, same, [called])"), "called");
    EXPECT_EQ(erl->eval(begin + "{C, R} = spawn_monitor('cpp@127.0.0.1', cpp, fail, [why]), "
                                "receive {'DOWN', R, _, C, W} -> W end"),
              "why");
    // An alias of ours, and the exit of a process that is linked to one of ours.
    cpp->system().run([&] {
        static_cast<void>(register_name("tester"_a, self()));
        trap_exit(true);
        erl->eval(
            "spawn(fun() -> seq_trace:set_token(label, 1), seq_trace:set_token(send, true), "
            "{tester,'cpp@127.0.0.1'} ! {i_am, self()}, receive {A, go} -> A ! through_alias, exit(gone) end "
            "end)");
        const auto hello = receive_if([](term_view) { return true; }, 20s);
        ASSERT_TRUE(hello && hello->is_tagged("i_am"_a, 2));
        const pid there = *hello->tuple()[1].as<pid>();
        link(there);
        send(there, term(tuple(alias(), "go"_a)));
        EXPECT_EQ(receive_if([](term_view) { return true; }, 20s)->to_string(), "through_alias");
        EXPECT_EQ(receive_if([](term_view) { return true; }, 20s)->to_string(),
                  term(tuple("EXIT"_a, there, "gone"_a)).to_string());
    });
    EXPECT_EQ(erl->eval(begin + "M = monitor(process, P), exit(P, kill), "
                                "receive {'DOWN', M, _, _, W} -> W end"),
              "killed");
    EXPECT_EQ(erl->eval("nodes(hidden)"), "['cpp@127.0.0.1']") << "and the connection is still there";
}

TEST_P(services, exit_signals_to_an_alias) {
    if (release() < 28) {  // which cannot be told: nothing happens
        cpp->system().run([&] {
            static_cast<void>(register_name("tester"_a, self()));
            const auto there = erl->eval_async(
                "{tester,'cpp@127.0.0.1'} ! {self(), alias()}, receive X -> X after 10000 -> none end");
            const auto hello = receive_if([](term_view) { return true; }, 20s);
            ASSERT_TRUE(hello);
            exit(*hello->tuple()[1].as<reference>(), term("from_here"_a));
            send(*hello->tuple()[0].as<pid>(), term("a message"_a));
            blocking([&] { there.wait(); });
        });
        EXPECT_EQ(erl->eval("nodes(hidden)"), "['cpp@127.0.0.1']");
        return;
    }
    cpp->system().run([&] {
        static_cast<void>(register_name("tester"_a, self()));
        trap_exit(true);
        // Theirs to us.
        const reference ours = alias();
        const auto killer =
            erl->eval_async("register(killer, self()), receive {A} -> exit(A, from_there) end, ok");
        std::optional<term> got;
        while (!got) {  // until it is registered, what we send to its name is lost
            send(registered_name{"killer"_a, "erl@127.0.0.1"_a}, term(tuple(ours)));
            got = receive_if([](term_view) { return true; }, 100ms);
        }
        EXPECT_EQ(got->tuple()[2].to_string(), "from_there");
        blocking([&] { killer.wait(); });
        // Ours to them.
        auto victim = erl->eval_async(
            "process_flag(trap_exit, true), {tester,'cpp@127.0.0.1'} ! {alias()}, "
            "receive {'EXIT', P, W} -> {node(P), W} end");
        const auto theirs = receive_if([](term_view t) { return t.is_tuple(1); }, 20s);
        ASSERT_TRUE(theirs);
        exit(*theirs->tuple()[0].as<reference>(), term("from_here"_a));
        blocking([&] { EXPECT_EQ(victim.get(), "{'cpp@127.0.0.1',from_here}"); });
    });
}

}  // namespace
}  // namespace rakka::interop
