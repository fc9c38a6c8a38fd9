// Monitors. Rules from Erlang's reference manual, "Processes: Monitors" and `erlang:monitor/2`,
// `demonitor/2`.
#include "actors_support.hpp"

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(monitors);

/// Waits for messages without taking them. (That a process is gone can be seen before its 'DOWN' arrives.)
void await_messages(std::size_t n) {
    while (process_info(self())->message_queue_len < n)
        yield();
}

TEST_P(monitors, down_tells_reference_kind_pid_and_reason) {
    in_process([] {
        const pid p = spawn([] {
            static_cast<void>(receive());
            exit("why"_a);
        });
        const reference ref = monitor(p);
        send(p, "go"_a);
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a, p, "why"_a)));
    });
}

TEST_P(monitors, a_monitor_on_a_dead_process_fires_with_noproc) {
    in_process([] {
        const pid p = spawn([] {});
        await_end(p);
        const reference ref = monitor(p);
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a, p, "noproc"_a)));
    });
}

TEST_P(monitors, each_monitor_has_its_own_message) {
    in_process([] {
        const pid p = spawn_idle();
        const reference a = monitor(p);
        const reference b = monitor(p);
        EXPECT_NE(a, b);
        exit(p, "x"_a);
        EXPECT_EQ(text(down_reason(b)), "x");
        EXPECT_EQ(text(down_reason(a)), "x");
    });
}

TEST_P(monitors, by_name_down_shows_name_and_node) {
    in_process([] {
        const pid p = spawn_idle();
        register_name("watched"_a, p).value();
        const reference ref = monitor("watched"_a);
        exit(p, "x"_a);
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a,
                                             tuple("watched"_a, this_system().node_name()), "x"_a)));
    });
}

TEST_P(monitors, by_a_name_nobody_has_it_fires_with_noproc) {
    in_process([] {
        const reference ref = monitor("nobody"_a);
        EXPECT_EQ(next_message(), term(tuple("DOWN"_a, ref, "process"_a,
                                             tuple("nobody"_a, this_system().node_name()), "noproc"_a)));
    });
}

TEST_P(monitors, a_name_is_looked_up_once) {
    in_process([] {
        const pid p = spawn_idle();
        register_name("moving"_a, p).value();
        const reference ref = monitor(registered_name{"moving"_a, this_system().node_name()});
        unregister_name("moving"_a).value();
        register_name("moving"_a, self()).value();
        exit(p, "x"_a);
        EXPECT_EQ(text(down_reason(ref)), "x");
    });
}

TEST_P(monitors, spawn_monitor_sees_every_end) {
    in_process([] {
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(text(down_reason(spawn_monitor([] { exit("quick"_a); }).ref)), "quick");
    });
}

TEST_P(monitors, after_demonitor_no_down_arrives) {
    in_process([] {
        const pid p = spawn_idle();
        const reference ref = monitor(p);
        EXPECT_TRUE(demonitor(ref));
        exit(p, "x"_a);
        await_end(p);
        EXPECT_TRUE(mailbox_is_empty());
        EXPECT_TRUE(demonitor(ref)) << "true again, as in Erlang";
    });
}

TEST_P(monitors, demonitor_does_not_remove_a_down_that_is_here) {
    in_process([] {
        const pid p = spawn([] {});
        const reference ref = monitor(p);
        await_messages(1);
        demonitor(ref);
        EXPECT_TRUE(next_message().is_tagged("DOWN"_a, 5));
    });
}

TEST_P(monitors, demonitor_flush_removes_a_down_that_is_here) {
    in_process([] {
        const pid p = spawn([] {});
        const reference ref = monitor(p);
        send(self(), "before"_a);
        await_messages(2);
        send(self(), "behind"_a);
        EXPECT_TRUE(demonitor(ref, {.flush = true}));
        EXPECT_TRUE(receive().is_atom("before"_a));
        EXPECT_TRUE(receive().is_atom("behind"_a));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(monitors, demonitor_info_tells_whether_it_was_there) {
    in_process([] {
        const pid p = spawn_idle();
        const reference ref = monitor(p);
        EXPECT_TRUE(demonitor(ref, {.info = true}));
        EXPECT_FALSE(demonitor(ref, {.info = true}));
        const reference second = monitor(p);
        exit(p, "x"_a);
        await_messages(1);
        EXPECT_FALSE(demonitor(second, {.flush = true, .info = true}));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(monitors, the_end_of_a_watcher_removes_its_monitors) {
    in_process([] {
        const pid target = spawn_idle();
        const pid watcher = spawn([target] { monitor(target); });
        await_end(watcher);
        // That it is gone can be seen before its last signals arrive.
        while (!process_info(target)->monitored_by.empty())
            yield();
        exit(target, "kill"_a);
    });
}

TEST_P(monitors, monitoring_oneself_never_fires) {
    in_process([] {
        const reference ref = monitor(self());
        EXPECT_TRUE(mailbox_is_empty());
        EXPECT_TRUE(demonitor(ref));
    });
}

TEST_P(monitors, signals_sent_before_the_end_arrive_before_down) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            for (int i = 0; i < 100; ++i)
                send(parent, i);
        });
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(*next_message().as<int>(), i);
        EXPECT_TRUE(next_message().is_tagged("DOWN"_a, 5));
        static_cast<void>(p);
    });
}

TEST_P(monitors, the_message_may_have_another_tag) {
    in_process([] {
        const auto [p, first] =
            spawn_monitor([] { static_cast<void>(receive()); }, {}, {.tag = tuple("child"_a, 7)});
        const reference second = monitor(p, {.tag = term("gone"_a)});
        const reference flushed = monitor(p, {.tag = term("unwanted"_a)});
        send(p, "end"_a);
        const auto of = [](const reference& ref) {
            return text(receive_if([&](term_view m) { return is_down(ref, m); }));
        };
        EXPECT_EQ(of(first), text(tuple(tuple("child"_a, 7), first, "process"_a, p, "normal"_a)));
        EXPECT_EQ(of(second), text(tuple("gone"_a, second, "process"_a, p, "normal"_a)));
        demonitor(flushed, {.flush = true});
        EXPECT_TRUE(mailbox_is_empty());
        const reference dead = monitor(p, {.tag = term("never_there"_a)});
        EXPECT_EQ(of(dead), text(tuple("never_there"_a, dead, "process"_a, p, "noproc"_a)));
    });
}

}  // namespace
}  // namespace rakka::testing
