// Messages of many fragments, and small ones of other processes between them.
#include "support/peak_memory.hpp"
#include "support/signal_test.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// With RAKKA_LARGE_MESSAGE=1024 a gibibyte.
std::size_t large_size() {
    const char* const asked = std::getenv("RAKKA_LARGE_MESSAGE");
    return (asked == nullptr ? std::size_t{32} : std::strtoull(asked, nullptr, 10)) << 20;
}

constexpr std::size_t some_memory = std::size_t{32} << 20;

class large_signals : public signal_test {};
RAKKA_OTP_TEST_SUITE(large_signals);

constexpr int most_rounds = 20;

/// Between two looks at how far the connection is.
void pause() {
    static_cast<void>(receive_if([](term_view) { return false; }, 200us));
}

constexpr std::size_t under_way = std::size_t{1} << 20;

// At the BEAM two processes hand on to a third what they get, in the order of its arrival. The small one is
// sent while the large one is under way; should that be through by then, which a busy machine can do, it is
// tried again.
TEST_P(large_signals, a_small_message_of_ours_overtakes_a_large_one_of_another_process) {
    const std::size_t size = large_size();
    bool in_between = false;
    for (int round = 0; round < most_rounds && !in_between; ++round) {
        const std::string seen = with_process(
            "Me = self(), Hand = fun(Tag) -> spawn(fun() -> receive B -> Me ! {Tag, byte_size(B)} end end) "
            "end, "
            "Tester ! {pid, Hand(large)}, Tester ! {pid, Hand(small)}, "
            "[receive {T, S} -> {T, S} after 100000 -> late end || _ <- [1, 2]]",
            [&] {
                const pid for_large = next_pid();
                const pid for_small = next_pid();
                const auto out = [&] { return cpp->node().connection_info(peer)->bytes_out; };
                const std::uint64_t before = out();
                spawn([for_large, me = self(), size] {
                    send(for_large, std::string(size, 'x'));  // waits: the connection is busy with it
                    send(me, "sent"_a);
                });
                while (out() - before < under_way)
                    pause();
                send(for_small, std::string("small"));
                in_between = out() - before < size;
                EXPECT_EQ(next_text(), "sent");
            });
        const std::string large = "{large," + std::to_string(size) + "}";
        if (in_between) {
            EXPECT_EQ(seen, "[{small,5}," + large + "]");
        } else {
            EXPECT_NE(seen.find(large), std::string::npos) << seen;
        }
    }
    EXPECT_TRUE(in_between) << "never fast enough to see anything";
}

// A BEAM cannot tell how far a message of its own has come, so that one time out of some is asked for.
TEST_P(large_signals, a_small_message_of_a_beam_overtakes_a_large_one_of_another_process) {
    const std::size_t size = large_size();
    bool overtaken = false;
    for (int round = 0; round < most_rounds && !overtaken; ++round) {
        const std::string done = with_process(
            "Tester ! {pid, self()}, {L, S} = receive P -> P end, B = binary:copy(<<\"x\">>, " +
                std::to_string(size) +
                "), spawn(fun() -> L ! B end), receive go -> S ! <<\"small\">> end, ok",
            [&] {
                const auto hand = [me = self()](atom tag) {
                    return spawn([me, tag] {
                        const term m = receive();
                        send(me, tuple(tag, m.view().bytes().size()));
                    });
                };
                const pid there = next_pid();
                const auto in = [&] { return cpp->node().connection_info(peer)->bytes_in; };
                const std::uint64_t before = in();
                send(there, tuple(hand("large"_a), hand("small"_a)));
                while (in() - before < under_way)
                    pause();
                send(there, "go"_a);
                const auto first = receive_if([](term_view) { return true; }, 100s);
                const auto second = receive_if([](term_view) { return true; }, 100s);
                ASSERT_TRUE(first && second);
                overtaken = first->tuple()[0].is_atom("small"_a);
                EXPECT_EQ((overtaken ? second : first)->to_string(), "{large," + std::to_string(size) + "}");
            });
        EXPECT_EQ(done, "ok");
    }
    EXPECT_TRUE(overtaken);
}

// All the way there and back, unchanged. The first one makes the connection: a BEAM sends it in a single
// frame, as it does not know yet what we can do, and all later ones in fragments.
TEST_P(large_signals, a_large_message_comes_back_the_same) {
    beam_shell shell = erl->new_shell();
    shell.eval("B = binary:copy(rand:bytes(1 bsl 20), " + std::to_string(large_size() >> 20) + "), ok");
    const std::uint64_t before = peak_memory();
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(shell.eval("{echo,'cpp@127.0.0.1'} ! {self(), {small, B, [1]}}, "
                             "receive {_, {small, C" +
                                 std::to_string(round) + ", [1]}} -> {byte_size(C" + std::to_string(round) +
                                 "), B =:= C" + std::to_string(round) + "} end",
                             200s),
                  "{" + std::to_string(large_size()) + ",true}");
    }
    // What has arrived is sent back from where it is; the next one arrives before that has gone.
    EXPECT_LT(peak_memory() - before, 2 * large_size() + some_memory);
}

}  // namespace
}  // namespace rakka::interop
