// Priority messages (OTP 28) between C++ processes and those of real BEAMs; with older ones they are
// ordinary.
#include "support/signal_test.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::interop {
namespace {

class priority_signals : public signal_test {
protected:
    [[nodiscard]] bool knows_priority() const { return release() >= 28; }
};
RAKKA_OTP_TEST_SUITE(priority_signals);

TEST_P(priority_signals, of_ours_come_first_in_a_beam_that_asks_for_them) {
    const std::string make_alias = knows_priority() ? "alias([priority])" : "alias()";
    const std::string seen =
        with_process("A = " + make_alias +
                         ", Plain = alias(), Tester ! {pid, self()}, Tester ! A, Tester ! Plain, "
                         "receive {last, x} -> ok end, "
                         "(fun F() -> receive M -> [M | F()] after 0 -> [] end end)()",
                     [&] {
                         const pid there = next_pid();
                         const reference urgent = *receive_soon()->as<reference>();
                         const reference plain = *receive_soon()->as<reference>();
                         const send_flags priority{.priority = true};
                         send(there, 1);
                         EXPECT_EQ(send(destination(urgent), "a"_a, priority), send_result::ok);
                         send(urgent, 2);  // the option is missing
                         EXPECT_EQ(send(destination(plain), 3, priority), send_result::ok);
                         EXPECT_EQ(send(destination(there), 4, priority), send_result::ok);
                         EXPECT_EQ(send(destination(urgent), "b"_a, priority), send_result::ok);
                         send(there, tuple("last"_a, "x"_a));
                     });
    EXPECT_EQ(seen, knows_priority() ? "[a,b,1,2,3,4]" : "[1,a,2,3,4,b]");
}

TEST_P(priority_signals, of_a_beam_come_first_in_a_process_of_ours_that_asks_for_them) {
    // Older ones know neither the option nor the form on the wire.
    const std::string send = knows_priority() ? "erlang:send(To, M, [priority])" : "erlang:send(To, M)";
    std::string order;
    const std::string done = with_process(
        "Urgently = fun(To, M) -> " + send +
            " end, Tester ! {pid, self()}, "
            "receive {U, P, T} -> T ! 1, Urgently(U, a), U ! 2, Urgently(P, 3), Urgently(T, 4), "
            "Urgently(Tester, 5), Urgently(U, b), T ! last end, done",
        [&] {
            const pid there = next_pid();
            rakka::send(there, tuple(alias({.priority = true}), alias(), self()));
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("last"_a); }));
            while (const auto m = receive_if([](term_view) { return true; }, std::chrono::seconds(0)))
                order += m->to_string() + ' ';
        });
    EXPECT_EQ(done, "done");
    EXPECT_EQ(order, knows_priority() ? "a b 1 2 3 4 5 " : "1 a 2 3 4 5 b ");
}

TEST_P(priority_signals, exits_through_an_alias) {
    if (!knows_priority()) {
        // It cannot be told of them, and cannot send any: nothing but the rest arrives.
        const std::string seen = with_process(
            "process_flag(trap_exit, true), Tester ! alias(), receive last -> ok; M -> M end", [&] {
                const reference to = *receive_soon()->as<reference>();
                exit(to, "lost"_a, {.priority = true});
                send(to, "last"_a);
            });
        EXPECT_EQ(seen, "ok");
        return;
    }
    const std::string seen = with_process(
        "process_flag(trap_exit, true), A = alias([priority]), Tester ! A, "
        "receive {U, Q} -> Q ! 1, exit(U, later), exit(U, first, [priority]) end, Q ! last, "
        "receive {last, x} -> ok end, "
        "(fun F() -> receive {'EXIT', _, M} -> [M | F()]; M -> [M | F()] after 0 -> [] end end)()",
        [&] {
            trap_exit(true);
            const reference to = *receive_soon()->as<reference>();
            send(to, tuple(alias({.priority = true}), self()));
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("last"_a); }));
            EXPECT_EQ(receive_soon()->tuple()[2].to_string(), "first");
            EXPECT_EQ(next_text(), "1");
            EXPECT_EQ(receive_soon()->tuple()[2].to_string(), "later");
            send(to, 1);
            exit(to, "slow"_a);
            exit(to, "fast"_a, {.priority = true});
            send(to, tuple("last"_a, "x"_a));
        });
    EXPECT_EQ(seen, "[fast,1,slow]");
}

/// Until so many messages wait for this process.
void wait_for_messages(std::size_t count) {
    while (process_info(self())->message_queue_len < count)
        static_cast<void>(receive_if([](term_view) { return false; }, std::chrono::milliseconds(1)));
}

// The choice of the one who watches alone: the other side need not know of it.
TEST_P(priority_signals, downs_and_broken_links_of_processes_elsewhere) {
    const std::string done =
        with_process("[Tester ! {pid, spawn(fun() -> receive stop -> ok end end)} || _ <- [1,2,3]], ok", [&] {
            trap_exit(true);
            const pid watched = next_pid();
            const pid linked = next_pid();
            const pid plain = next_pid();
            monitor(watched, {.priority = true});
            link(linked, {.priority = true});
            monitor(plain);
            send(self(), 1);
            for (const pid& p : {plain, linked, watched})
                exit(p, "kill"_a);
            wait_for_messages(4);
            std::string order;
            for (int i = 0; i < 4; ++i)
                order += std::to_string(receive_soon()->is(kind::tuple) ? 0 : 1);
            EXPECT_EQ(order, "0010");
        });
    EXPECT_EQ(done, "ok");
    if (!knows_priority()) return;
    EXPECT_EQ(
        erl->eval("process_flag(trap_exit, true), {echo,'cpp@127.0.0.1'} ! {self(), x}, "
                  "P = receive {R, x} -> R end, self() ! 1, Plain = monitor(process, P), "
                  "Urgent = monitor(process, P, [priority]), link(P, [priority]), P ! {exit, bye}, "
                  "(fun W() -> case process_info(self(), message_queue_len) of {_, 4} -> ok; "
                  "_ -> timer:sleep(1), W() end end)(), "
                  "[case M of 1 -> 1; {'EXIT', P, bye} -> urgent; {'DOWN', Urgent, _, P, bye} -> urgent; "
                  "{'DOWN', Plain, _, P, bye} -> plain end || M <- (fun F() -> receive M -> [M | F()] "
                  "after 0 -> [] end end)()]"),
        "[urgent,urgent,1,plain]");
}

// Who spawns asks for them; the node where the process begins is not concerned.
TEST_P(priority_signals, downs_and_broken_links_of_processes_spawned_elsewhere) {
    as_process([&] {
        trap_exit(true);
        const spawn_request_options how{
            .link = true, .monitor = true, .priority_link = true, .priority_monitor = true};
        const reference ref = spawn_request(peer, "timer"_a, "sleep"_a, term(list("infinity"_a)), how);
        const auto answer = receive_soon();
        ASSERT_TRUE(answer && answer->is_tagged("spawn_reply"_a, 4));
        ASSERT_TRUE(answer->tuple()[2].is_atom("ok"_a)) << answer->to_string();
        const pid there = *answer->tuple()[3].as<pid>();
        send(self(), 1);
        exit(there, "kill"_a);
        wait_for_messages(3);
        std::string order;
        for (int i = 0; i < 3; ++i) {
            const term m = *receive_soon();
            order += m.is_tagged("EXIT"_a, 3) && m.tuple()[1].as<pid>() == there       ? 'l'
                     : m.is_tagged("DOWN"_a, 5) && m.tuple()[1].as<reference>() == ref ? 'm'
                                                                                       : '1';
        }
        EXPECT_TRUE(order == "lm1" || order == "ml1") << order;
    });
    if (!knows_priority()) return;
    cpp->node().exports().add("cpp"_a, "serve"_a, 0, [](const std::vector<term>&) -> term {
        echo();
        return {};
    });
    EXPECT_EQ(erl->eval("process_flag(trap_exit, true), self() ! 1, "
                        "{P, R} = spawn_opt('cpp@127.0.0.1', cpp, serve, [], "
                        "[{link, [priority]}, {monitor, [priority]}]), P ! {exit, bye}, "
                        "(fun W() -> case process_info(self(), message_queue_len) of {_, 3} -> ok; "
                        "_ -> timer:sleep(1), W() end end)(), "
                        "[case M of 1 -> 1; {'EXIT', P, bye} -> urgent; {'DOWN', R, _, P, bye} -> urgent end "
                        "|| M <- (fun F() -> receive M -> [M | F()] after 0 -> [] end end)()]"),
              "[urgent,urgent,1]");
}

}  // namespace
}  // namespace rakka::interop
