// Sending and receiving: order, choice, timeouts. Rules from Erlang's reference manual, "Processes" and
// "Expressions".
#include "actors_support.hpp"

#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(send_receive);

TEST_P(send_receive, a_message_sent_to_a_process_is_received_by_it) {
    in_process([] {
        const pid parent = self();
        const pid child = spawn([parent] { send(parent, tuple("got"_a, receive())); });
        send(child, tuple("hello"_a, 1, "text"));
        EXPECT_EQ(text(next_message()), "{got,{hello,1,<<\"text\">>}}");
    });
}

TEST_P(send_receive, a_process_can_send_to_itself) {
    in_process([] {
        send(self(), 42);
        EXPECT_EQ(text(receive()), "42");
    });
}

TEST_P(send_receive, messages_between_a_pair_arrive_in_order) {
    in_process([] {
        const pid parent = self();
        spawn([parent] {
            for (int i = 0; i < 5000; ++i)
                send(parent, i);
        });
        for (int i = 0; i < 5000; ++i)
            ASSERT_EQ(*next_message().as<int>(), i);
    });
}

TEST_P(send_receive, sending_to_a_dead_process_is_silently_dropped) {
    in_process([] {
        const pid gone = spawn([] {});
        await_end(gone);
        send(gone, "lost"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(send_receive, sending_to_an_unknown_name_is_a_badarg_error) {
    in_process([] {
        const auto [p, ref] = spawn_monitor([] { send("nobody"_a, 1); });
        EXPECT_EQ(text(down_reason(ref)), "{badarg,[{erlang,send,[nobody,1],[]}]}");
        static_cast<void>(p);
    });
}

TEST_P(send_receive, sending_to_a_name_on_this_node_that_nobody_has_is_dropped) {
    in_process([] {
        send(registered_name{"nobody"_a, this_system().node_name()}, 1);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(send_receive, a_selective_receive_leaves_other_messages_in_order) {
    in_process([] {
        for (int i = 0; i < 6; ++i)
            send(self(), i);
        EXPECT_EQ(*receive_if([](term_view v) { return *v.as<int>() == 3; }).as<int>(), 3);
        EXPECT_EQ(*receive_if([](term_view v) { return *v.as<int>() == 5; }).as<int>(), 5);
        std::vector<int> rest;
        for (int i = 0; i < 4; ++i)
            rest.push_back(*receive().as<int>());
        EXPECT_EQ(rest, (std::vector<int>{0, 1, 2, 4}));
    });
}

TEST_P(send_receive, a_selective_receive_wakes_for_each_message_until_one_matches) {
    in_process([] {
        const pid parent = self();
        spawn([parent] {
            for (const char* word : {"a", "b", "c"}) {
                send(parent, atom(word));
                yield();
            }
        });
        EXPECT_TRUE(receive_if([](term_view v) { return v.is_atom("c"_a); }).is_atom("c"_a));
        EXPECT_TRUE(receive().is_atom("a"_a));
        EXPECT_TRUE(receive().is_atom("b"_a));
    });
}

TEST_P(send_receive, a_zero_timeout_looks_at_what_is_there_and_does_not_wait) {
    in_process([] {
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0ns));
        send(self(), "there"_a);
        EXPECT_TRUE(receive_if([](term_view) { return true; }, 0ns));
    });
}

TEST_P(send_receive, a_timeout_passes_no_earlier_than_asked_for) {
    in_process([] {
        const auto before = this_system().now();
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 15ms));
        EXPECT_GE(this_system().now() - before, 15ms);
    });
}

TEST_P(send_receive, a_message_that_does_not_match_does_not_restart_the_timeout) {
    in_process([] {
        const pid parent = self();
        const pid noisy = spawn([parent] {
            while (!receive_if([](term_view) { return true; }, 2ms))
                send(parent, "noise"_a);
        });
        EXPECT_FALSE(receive_if([](term_view v) { return v.is_atom("never"_a); }, 30ms));
        send(noisy, "stop"_a);
        await_end(noisy);
    });
}

TEST_P(send_receive, a_message_ends_the_wait_before_the_timeout) {
    in_process([] {
        const pid parent = self();
        spawn([parent] { send(parent, "in time"); });
        EXPECT_TRUE(receive_if([](term_view) { return true; }, 1h));
    });
}

TEST_P(send_receive, receives_may_nest_between_messages_of_an_outer_one) {
    in_process([] {
        send(self(), "outer"_a);
        send(self(), "inner"_a);
        send(self(), "last"_a);
        EXPECT_TRUE(receive_if([](term_view v) { return v.is_atom("outer"_a); }).is_atom("outer"_a));
        const auto inner = [] { return receive_if([](term_view v) { return v.is_atom("inner"_a); }, 10ms); };
        EXPECT_TRUE(inner());
        EXPECT_FALSE(inner());
        EXPECT_TRUE(receive().is_atom("last"_a));
    });
}

TEST_P(send_receive, a_receive_for_a_fresh_reference_skips_older_messages) {
    in_process([] {
        for (int i = 0; i < 1000; ++i)
            send(self(), i);
        const reference ref = make_reference();
        static_cast<void>(receive_if([](term_view) { return false; }, 0ns));  // takes the old ones in
        const reference fresh = make_reference();
        send(self(), fresh);
        int looked_at = 0;
        const auto found = receive_if(fresh, [&](term_view v) { return ++looked_at, v.is(kind::reference); });
        ASSERT_TRUE(found);
        EXPECT_EQ(*found->as<reference>(), fresh);
        EXPECT_EQ(looked_at, 1);
        EXPECT_NE(ref, fresh);
        EXPECT_EQ(*receive().as<int>(), 0);
    });
}

TEST_P(send_receive, the_marker_survives_that_the_message_before_it_is_taken) {
    in_process([] {
        send(self(), "old"_a);
        static_cast<void>(receive_if([](term_view) { return false; }, 0ns));
        const reference fresh = make_reference();
        EXPECT_TRUE(receive().is_atom("old"_a));
        send(self(), fresh);
        EXPECT_TRUE(receive_if(
            fresh, [](term_view v) { return v.is(kind::reference); }, 1s));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(send_receive, a_shared_term_reaches_many_receivers_unchanged) {
    in_process([] {
        const pid parent = self();
        const term big = tuple("payload"_a, list(1, 2, 3), "some bytes that are not small");
        for (int i = 0; i < 50; ++i)
            send(spawn([parent] { send(parent, receive()); }), big);
        for (int i = 0; i < 50; ++i)
            EXPECT_EQ(next_message(), big);
    });
}

TEST_P(send_receive, the_longest_timeout_is_as_good_as_none) {
    in_process([] {
        send_after(5ms, self(), "late"_a);
        const auto got = receive_if([](term_view) { return true; }, std::chrono::nanoseconds::max());
        EXPECT_TRUE(got && got->is_atom("late"_a));
        const reference never = send_after(std::chrono::nanoseconds::max(), self(), "never"_a);
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 5ms));
        EXPECT_TRUE(cancel_timer(never));
    });
}

TEST_P(send_receive, foreign_threads_may_send) {
    const pid child = sys.spawn([] {
        const term request = receive();
        send(element<pid>(request, 0), tuple("reply"_a, element<int>(request, 1)));
    });
    in_process([&] {
        EXPECT_TRUE(sys.send(child, tuple(self(), 5)));
        EXPECT_EQ(text(next_message()), "{reply,5}");
    });
    EXPECT_FALSE(sys.send("nobody"_a, 1));
    EXPECT_TRUE(sys.send(child, "too late"_a));
}

TEST_P(send_receive, ambient_functions_outside_of_a_process_are_logic_errors) {
    EXPECT_THROW(static_cast<void>(self()), std::logic_error);
    EXPECT_THROW(static_cast<void>(receive()), std::logic_error);
    EXPECT_THROW(send(pid{}, 1), std::logic_error);
    EXPECT_FALSE(rakka::in_process());
}

TEST_P(send_receive, run_gives_back_the_result_or_the_exception) {
    EXPECT_EQ(sys.run([] { return 41 + 1; }), 42);
    EXPECT_THROW(sys.run([]() -> int { throw std::runtime_error("no"); }), std::runtime_error);
    EXPECT_THROW(sys.run([] { exit("because"_a); }), process_exit);
}

}  // namespace
}  // namespace rakka::testing
