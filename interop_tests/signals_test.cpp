// Messages, links, monitors, exits, aliases and spawns between C++ processes and those of real BEAMs.
#include "support/signal_test.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class signals : public signal_test {};
RAKKA_OTP_TEST_SUITE(signals);

TEST_P(signals, messages_both_ways_connect_by_themselves) {
    EXPECT_EQ(
        erl->eval("{echo,'cpp@127.0.0.1'} ! {self(), {hello, 1, 2.5, <<\"bin\">>, \"str\", #{a => [b|c]}}}, "
                  "receive {P, M} -> {node(P), M} end"),
        "{'cpp@127.0.0.1',{hello,1,2.5,<<\"bin\">>,\"str\",#{a => [b|c]}}}");
    erl->eval("erlang:disconnect_node('cpp@127.0.0.1')");
    as_process([&] {
        const auto server =
            erl->eval_async("register(srv, self()), receive {F, X} -> F ! {got, X, self()} end, ok");
        // Until it is registered, what we send to its name is lost.
        std::optional<term> answer;
        while (!answer) {
            send(registered_name{"srv"_a, peer}, term(tuple(self(), tuple(1, "two"))));
            answer = receive_if([](term_view) { return true; }, 100ms);
        }
        EXPECT_EQ(answer->tuple()[1].to_string(), "{1,<<\"two\">>}");
        EXPECT_EQ(answer->tuple()[2].as<pid>()->node, peer);
    });
}

// A BEAM closes the connection on which a pid of no node arrives.
TEST_P(signals, signals_from_outside_of_any_process_are_from_somebody) {
    const std::string to_all =
        "register(srv, self()), process_flag(trap_exit, true), "
        "{tester,'cpp@127.0.0.1'} ! {pid, self()}, "
        "A = receive {sent, L} -> node(L) end, "
        "B = receive {'EXIT', P, why} -> {node(P), io:request(P, {put_chars, unicode, \"x\"})} end, "
        "C = receive M -> M end, {A, B, C, nodes(hidden)}";
    as_process([&] {
        auto seen = erl->eval_async(to_all);
        const pid there = *receive_soon()->tuple()[1].as<pid>();
        rakka::blocking([&] {  // the thread of a blocking call is not the process
            std::thread([&] {
                EXPECT_TRUE(cpp->system().send(registered_name{"srv"_a, peer},
                                               term(tuple("sent"_a, cpp->system().nobody()))));
                cpp->system().exit(there, "why"_a);
            }).join();
        });
        send(there, term(tuple(pid(), reference(), group_leader())));
        const std::string result = seen.get();
        EXPECT_TRUE(result.starts_with("{'cpp@127.0.0.1',{'cpp@127.0.0.1',{error,terminated}},{<")) << result;
        EXPECT_TRUE(result.ends_with(">},['cpp@127.0.0.1']}")) << result;
    });
}

// C nodes send such identifiers in messages; a BEAM takes them there (though not in a control message).
TEST_P(signals, identifiers_of_a_node_without_a_name_pass_through) {
    EXPECT_EQ(
        erl->eval(
            "T = [binary_to_term(<<131, B/binary>>) || B <- "
            "[<<88,119,0,1:32,0:64>>, <<120,119,0,1:64,0:32>>, <<90,3:16,119,0,0:32,1:32,2:32,3:32>>]], "
            "{echo,'cpp@127.0.0.1'} ! {self(), T}, "
            "receive {_, X} -> {X =:= T, [node(I) || I <- X], nodes(hidden)} end"),
        "{true,['','',''],['cpp@127.0.0.1']}");
}

TEST_P(signals, large_messages_both_ways) {
    EXPECT_EQ(erl->eval("B = rand:bytes(5000000), {echo,'cpp@127.0.0.1'} ! {self(), {B, small}}, "
                        "receive {_, {B, small}} -> same; _ -> different after 15000 -> nothing end"),
              "same");
    EXPECT_EQ(erl->eval("L = lists:seq(1, 300000), {echo,'cpp@127.0.0.1'} ! {self(), L}, "
                        "receive {_, L} -> same; _ -> different after 15000 -> nothing end"),
              "same");
}

TEST_P(signals, many_messages_with_many_atoms_keep_order_and_content) {
    EXPECT_EQ(
        erl->eval(
            "Es = [{list_to_atom(\"atom\" ++ integer_to_list(I rem 3000)), I} || I <- lists:seq(1, 20000)],"
            "[{echo,'cpp@127.0.0.1'} ! {self(), E} || E <- Es],"
            "Got = [receive {_, M} -> M after 10000 -> lost end || _ <- Es], Got =:= Es"),
        "true");
}

TEST_P(signals, monitors_from_erlang) {
    EXPECT_EQ(
        erl->eval("R = monitor(process, {nobody,'cpp@127.0.0.1'}), receive {'DOWN',R,_,O,W} -> {O,W} end"),
        "{{nobody,'cpp@127.0.0.1'},noproc}");
    EXPECT_EQ(
        erl->eval("{echo,'cpp@127.0.0.1'} ! {self(), x}, P = receive {Q, x} -> Q end, "
                  "R1 = monitor(process, P), R2 = monitor(process, {echo,'cpp@127.0.0.1'}), "
                  "R3 = monitor(process, P), demonitor(R3), P ! {exit, {why, [1,2]}}, "
                  "A = receive {'DOWN',R1,_,P,W1} -> W1 end, B = receive {'DOWN',R2,_,N,W2} -> {N,W2} end, "
                  "R4 = monitor(process, P), C = receive {'DOWN',R4,_,P,W4} -> W4 end, "
                  "{A, B, C, receive X -> X after 0 -> none end}"),
        "{{why,[1,2]},{{echo,'cpp@127.0.0.1'},{why,[1,2]}},noproc,none}");
}

TEST_P(signals, links_from_erlang) {
    EXPECT_EQ(
        erl->eval(
            "process_flag(trap_exit, true), {echo,'cpp@127.0.0.1'} ! {self(), x}, "
            "P = receive {Q, x} -> Q end, link(P), unlink(P), link(P), P ! {exit, crash}, "
            "A = receive {'EXIT', P, W} -> W end, link(P), B = receive {'EXIT', P, V} -> V end, {A, B}"),
        "{crash,noproc}");
}

TEST_P(signals, exit_signals_from_erlang) {
    EXPECT_EQ(
        erl->eval(
            "{echo,'cpp@127.0.0.1'} ! {self(), x}, P = receive {Q, x} -> Q end, R = monitor(process, P), "
            "exit(P, normal), P ! {self(), y}, receive {P, y} -> ok end, exit(P, kill), "
            "receive {'DOWN',R,_,P,W} -> W end"),
        "killed");
}

TEST_P(signals, our_links_and_monitors_of_erlang_processes) {
    as_process([&] {
        trap_exit(true);
        erl->eval(
            "spawn(fun() -> {tester,'cpp@127.0.0.1'} ! {pid, self()}, receive {stop, W} -> exit(W) end end)");
        pid p = *receive_soon()->tuple()[1].as<pid>();
        monitor(p);
        link(p);
        send(p, term(tuple("stop"_a, tuple("reason"_a, 5))));
        int seen = 0;
        for (int i = 0; i < 2; ++i) {
            const auto m = receive_soon();
            if (m->is_tagged("EXIT"_a, 3) && m->tuple()[2].to_string() == "{reason,5}") seen |= 1;
            if (m->is_tagged("DOWN"_a, 5) && m->tuple()[4].to_string() == "{reason,5}") seen |= 2;
        }
        EXPECT_EQ(seen, 3);
        monitor(p);
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noproc");
        link(p);
        EXPECT_EQ(receive_soon()->tuple()[2].to_string(), "noproc");
        monitor(registered_name{"no_such_name"_a, peer});
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noproc");

        // A link of ours that breaks is seen there.
        auto linked = erl->eval_async(
            "process_flag(trap_exit, true), {tester,'cpp@127.0.0.1'} ! {pid, self()}, "
            "receive {'EXIT', _, W} -> W end");
        p = *receive_soon()->tuple()[1].as<pid>();
        spawn([p] {
            link(p);
            rakka::exit(term(tuple("from"_a, "cpp"_a)));
        });
        EXPECT_EQ(linked.get(), "{from,cpp}");
    });
}

TEST_P(signals, an_alias_of_erlang_gets_the_reply_and_ours_gets_theirs) {
    cpp->system().spawn(
        [] {
            const term m = receive();
            send(*m.tuple()[0].as<reference>(), term("by_alias"_a));
        },
        {.name = "replier"_a});
    EXPECT_EQ(
        erl->eval("A = alias(), {replier,'cpp@127.0.0.1'} ! {A}, receive M -> M after 5000 -> nothing end"),
        "by_alias");
    as_process([&] {
        const reference ours = alias();
        const auto done = erl->eval_async("register(al, self()), receive {A} -> A ! hello end, ok");
        std::optional<term> answer;
        while (!answer) {
            send(registered_name{"al"_a, peer}, term(tuple(ours)));
            answer = receive_if([](term_view) { return true; }, 100ms);
        }
        EXPECT_EQ(answer->to_string(), "hello");
    });
}

TEST_P(signals, spawns_from_erlang) {
    cpp->node().exports().add("cpp"_a, "add"_a, 2, [](const std::vector<term>& a) {
        return term(*a[0].as<std::int64_t>() + *a[1].as<std::int64_t>());
    });
    cpp->node().exports().add("cpp"_a, "fail"_a, 1,
                              [](const std::vector<term>& a) -> term { rakka::exit(a[0]); });
    cpp->node().exports().add("cpp"_a, "error"_a, 1,
                              [](const std::vector<term>& a) -> term { rakka::error(a[0]); });
    cpp->node().exports().add("cpp"_a, "tell"_a, 1, [](const std::vector<term>& a) {
        send(*a[0].as<pid>(), term(tuple("i_am"_a, self())));
        return term("ok"_a);
    });
    const std::string n = cpp->name();
    EXPECT_EQ(erl->eval("rpc:call(" + n + ", cpp, add, [1, 2])"), "3");
    EXPECT_EQ(erl->eval("erpc:call(" + n + ", cpp, add, [1, 2])"), "3");
    EXPECT_EQ(erl->eval("rpc:call(" + n + ", no, such, [x])"),
              "{badrpc,{'EXIT',{undef,[{no,such,[x],[]}]}}}");
    EXPECT_EQ(erl->eval("try erpc:call(" + n + ", cpp, fail, [why]) catch C:R -> {C, R} end"),
              "{exit,{exception,why}}");
    EXPECT_EQ(erl->eval("try erpc:call(" + n + ", cpp, error, [why]) catch C:R -> {C, R} end"),
              "{error,{exception,why,[{cpp,error,1,[]}]}}");
    EXPECT_EQ(erl->eval("rpc:call(" + n + ", cpp, error, [why])"),
              "{badrpc,{'EXIT',{why,[{cpp,error,1,[]}]}}}");
    EXPECT_EQ(erl->eval("P = spawn(" + n + ", cpp, tell, [self()]), receive {i_am, Q} -> Q =:= P end"),
              "true");
    EXPECT_EQ(
        erl->eval("{P, R} = spawn_monitor(" + n + ", cpp, fail, [oops]), receive {'DOWN',R,_,P,W} -> W end"),
        "oops");
    EXPECT_EQ(erl->eval("process_flag(trap_exit, true), P = spawn_link(" + n +
                        ", cpp, fail, [oops]), receive {'EXIT', P, W} -> W end"),
              "oops");
    EXPECT_EQ(erl->eval("process_flag(trap_exit, true), P = spawn_link(" + n +
                        ", no, such, [1]), receive {'EXIT', P, W} -> W end"),
              "{undef,[{no,such,[1],[]}]}");
}

TEST_P(signals, spawns_on_erlang) {
    as_process([&] {
        const reference ref = spawn_request(peer, "erlang"_a, "send"_a, term(list(self(), "hi"_a)),
                                            {.link = false, .monitor = true});
        EXPECT_TRUE(receive_soon()->is_tagged("spawn_reply"_a, 4));
        EXPECT_EQ(next_text(), "hi");
        const auto down = receive_soon();
        EXPECT_EQ(*down->tuple()[1].as<reference>(), ref);
        EXPECT_EQ(down->tuple()[4].to_string(), "normal");
    });
}

}  // namespace
}  // namespace rakka::interop
