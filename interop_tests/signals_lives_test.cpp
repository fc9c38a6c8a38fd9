// Who a pid means after its process, or its whole node, has ended and another has its place; and terms that
// pass through unchanged.
#include "support/signal_test.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class lives : public signal_test {};
RAKKA_OTP_TEST_SUITE(lives);

/// A pid with the number of one process and the node's life of another.
constexpr std::string_view helpers =
    "With = fun(P, Q) -> B = term_to_binary(Q), S = byte_size(B) - 4, <<_:S/binary, Life:32>> = "
    "term_to_binary(P), "
    "<<Head:S/binary, _:32>> = B, binary_to_term(<<Head/binary, Life:32>>) end, "
    "Echo = fun() -> {echo,'cpp@127.0.0.1'} ! {self(), x}, receive {P, x} -> P after 500 -> none end end, ";

TEST_P(lives, a_pid_of_an_earlier_life_of_our_node_is_nobodys) {
    auto shell = erl->new_shell();
    shell.eval(std::string(helpers) + "process_flag(trap_exit, true), P = Echo(), link(P), ok");
    cpp.reset();
    EXPECT_EQ(shell.eval("receive {'EXIT', P, W} -> W end"), "noconnection");
    cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
    cpp->system().spawn(echo, {.name = "echo"_a});
    EXPECT_EQ(shell.eval("Q = (fun F() -> case Echo() of none -> F(); E -> E end end)(), Same = With(P, Q), "
                         "{P =:= Q, Same =:= Q}"),
              "{false,false}");
    EXPECT_EQ(
        shell.eval("[begin O ! {self(), lost}, exit(O, kill), group_leader(self(), O), "
                   "R = monitor(process, O), receive {'DOWN', R, _, O, V} -> V end end || O <- [P, Same]]"),
        "[noproc,noproc]");
    EXPECT_EQ(shell.eval("[begin link(O), receive {'EXIT', O, U} -> U end end || O <- [P, Same]]"),
              "[noproc,noproc]");
    EXPECT_EQ(shell.eval("unlink(P), unlink(Same), Q ! {self(), y}, receive M -> M =:= {Q, y} end"), "true");
    EXPECT_EQ(erl->eval("length(nodes(hidden))"), "1");
}

TEST_P(lives, a_pid_of_an_earlier_life_of_a_beam_is_nobodys) {
    const std::string serve =
        "register(served, self()), (fun F() -> receive {From, X} -> From ! {self(), X}, F() end end)()";
    pid old;
    as_process([&] {
        trap_exit(true);
        erl->eval("spawn(fun() -> {tester,'cpp@127.0.0.1'} ! {pid, self()}, receive stop -> ok end end)");
        old = next_pid();
        link(old);
        rakka::blocking([&] {
            erl.reset();
            erl = std::make_unique<beam_node>(start_erlang("erl"));
        });
        EXPECT_EQ(receive_soon()->tuple()[2].to_string(), "noconnection");
        erl->eval("spawn(fun() -> {tester,'cpp@127.0.0.1'} ! {pid, self()}, " + serve + " end)");
        const pid now = next_pid();
        EXPECT_NE(now.creation, old.creation);
        pid same_number = now;
        same_number.creation = old.creation;
        for (const pid& p : {old, same_number}) {
            send(p, tuple(self(), "lost"_a));
            exit(p, "kill"_a);
            const reference ref = monitor(p);
            const auto down = receive_soon();
            ASSERT_TRUE(down && is_down(ref, *down)) << down->to_string();
            EXPECT_EQ(down->tuple()[4].to_string(), "noproc");
            link(p);
            EXPECT_EQ(receive_soon()->tuple()[2].to_string(), "noproc");
            unlink(p);
        }
        send(now, tuple(self(), "y"_a));
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "y");
    });
}

// The next process with the slot of one that has ended is somebody else to those who knew the first.
TEST_P(lives, a_slot_used_again_is_another_process) {
    as_process([&] {
        const pid first = spawn(echo);
        auto shell = erl->new_shell();
        rakka::blocking(
            [&] { shell.eval("process_flag(trap_exit, true), {tester,'cpp@127.0.0.1'} ! {pid, self()}"); });
        const pid there = next_pid();
        send(there, first);
        // The answer shows that the link has arrived.
        rakka::blocking([&] {
            EXPECT_EQ(shell.eval("P = receive F -> F end, link(P), P ! {self(), linked}, "
                                 "receive {P, linked} -> is_pid(P) end"),
                      "true");
        });
        const reference ended = monitor(first);
        exit(first, "x"_a);
        EXPECT_TRUE(receive_if([&](term_view m) { return is_down(ended, m); }, 20s));
        // Slots come round again in time.
        pid second;
        std::vector<pid> others;
        for (int i = 0; i < 100'000 && second.id != first.id; ++i) {
            second = spawn(echo);
            if (second.id != first.id) others.push_back(second);
        }
        ASSERT_EQ(second.id, first.id);
        EXPECT_NE(second, first);
        send(there, second);
        rakka::blocking([&] {
            EXPECT_EQ(
                shell.eval(
                    "Q = receive G when is_pid(G) -> G end, receive {'EXIT', P, W} -> {W, P =:= Q} end"),
                "{x,false}");
            EXPECT_EQ(shell.eval("P ! {self(), lost}, exit(P, kill), R = monitor(process, P), "
                                 "receive {'DOWN', R, _, P, V} -> V end"),
                      "noproc");
            EXPECT_EQ(shell.eval("Q ! {self(), y}, receive M -> M =:= {Q, y} end"), "true");
        });
        for (const pid& p : others)
            exit(p, "kill"_a);
    });
}

// Records of OTP 29 have a form of their own on the wire, even to peers that do not say that they know it.
TEST_P(lives, native_records_pass_unchanged) {
    if (release() < 29) return;  // records are tuples there
    const std::string record =
        "R = binary_to_term(<<131, 67, 2:32, 1:8, 119,1,\"m\", 119,5,\"point\", 119,1,\"x\", 119,1,\"y\", "
        "97,1, "
        "107,2:16,\"ab\">>), ";
    EXPECT_EQ(
        erl->eval(
            record +
            "{echo,'cpp@127.0.0.1'} ! {self(), [R, #{k => {R, R}}]}, "
            "receive {_, X} -> {X =:= [R, #{k => {R, R}}], term_to_binary(hd(X)) =:= term_to_binary(R), "
            "is_tuple(R)} end"),
        "{true,true,false}");
    // As an exit reason, in a DOWN, and as the argument of a spawn.
    cpp->node().exports().add("cpp"_a, "fail"_a, 1,
                              [](const std::vector<term>& a) -> term { rakka::exit(a[0]); });
    EXPECT_EQ(erl->eval(record + "{P, M} = spawn_monitor('cpp@127.0.0.1', cpp, fail, [R]), "
                                 "receive {'DOWN', M, _, P, W} -> W =:= R end"),
              "true");
    as_process([&] {
        auto seen =
            erl->eval_async(record + "{tester,'cpp@127.0.0.1'} ! {self(), R}, receive Q -> Q =:= R end");
        const auto m = receive_soon();
        send(*m->tuple()[0].as<pid>(), m->share(m->tuple()[1]));
        EXPECT_EQ(seen.get(), "true");
    });
}

}  // namespace
}  // namespace rakka::interop
