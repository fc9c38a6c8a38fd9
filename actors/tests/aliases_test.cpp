// Aliases. Rules from `erlang:alias/1`, `unalias/1`, `monitor/3`.
#include "actors_support.hpp"

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(aliases);

/// Sends through the alias from another process and waits until that one has ended.
void send_from_elsewhere(const reference& to, term message) {
    await_end(spawn([=] { send(to, message); }));
}

TEST_P(aliases, a_message_sent_to_an_alias_reaches_its_process) {
    in_process([] {
        const reference a = alias();
        send_from_elsewhere(a, "one"_a);
        send_from_elsewhere(a, "two"_a);
        EXPECT_TRUE(next_message().is_atom("one"_a));
        EXPECT_TRUE(next_message().is_atom("two"_a));
    });
}

TEST_P(aliases, after_unalias_messages_vanish) {
    in_process([] {
        const reference a = alias();
        EXPECT_TRUE(unalias(a));
        EXPECT_FALSE(unalias(a));
        send_from_elsewhere(a, "late"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(aliases, a_reply_alias_takes_one_message) {
    in_process([] {
        const reference a = alias({.reply = true});
        send_from_elsewhere(a, 1);
        send_from_elsewhere(a, 2);
        EXPECT_EQ(text(next_message()), "1");
        EXPECT_TRUE(mailbox_is_empty());
        EXPECT_FALSE(unalias(a));
    });
}

TEST_P(aliases, an_alias_ends_with_its_process) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] { send(parent, alias()); });
        const reference a = *next_message().as<reference>();
        await_end(p);
        send(a, "nobody there"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(aliases, explicit_unalias_survives_demonitor_and_down) {
    in_process([] {
        const pid p = spawn_idle();
        const reference a = monitor(p, {.alias = monitor_alias::explicit_unalias});
        demonitor(a);
        send(a, "still"_a);
        EXPECT_TRUE(next_message().is_atom("still"_a));
        EXPECT_TRUE(unalias(a));
        const reference b = monitor(p, {.alias = monitor_alias::explicit_unalias});
        exit(p, "x"_a);
        EXPECT_EQ(text(down_reason(b)), "x");
        send(b, "still"_a);
        EXPECT_TRUE(next_message().is_atom("still"_a));
    });
}

TEST_P(aliases, an_exit_signal_to_an_alias_reaches_its_process_while_it_is_active) {
    in_process([] {
        trap_exit(true);
        const reference a = alias({.reply = true});
        const pid sender = spawn([a] { exit(a, "bye"_a); });
        const term m = next_message();
        EXPECT_TRUE(m.is_tagged("EXIT"_a, 3));
        EXPECT_EQ(*m.tuple()[1].as<pid>(), sender);
        EXPECT_EQ(m.tuple()[2].to_string(), "bye");
        exit(a, "oneself"_a);
        const term own = next_message();
        EXPECT_EQ(own.tuple()[2].to_string(), "oneself");
        // It is no message: the alias still takes its one.
        send_from_elsewhere(a, 1);
        EXPECT_EQ(text(next_message()), "1");
        await_end(spawn([a] { exit(a, "late"_a); }));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(aliases, kill_through_an_alias_cannot_be_trapped) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] {
            trap_exit(true);
            send(parent, alias());
            static_cast<void>(receive());
        });
        const reference a = *next_message().as<reference>();
        const reference ref = monitor(p);
        exit(a, "kill"_a);
        EXPECT_EQ(text(down_reason(ref)), "killed");
        exit(a, "nobody there"_a);
    });
}

TEST_P(aliases, demonitor_mode_ends_with_the_monitor) {
    in_process([] {
        const pid p = spawn_idle();
        const reference a = monitor(p, {.alias = monitor_alias::demonitor});
        send(a, "active"_a);
        EXPECT_TRUE(next_message().is_atom("active"_a));
        demonitor(a);
        send(a, "late"_a);
        EXPECT_TRUE(mailbox_is_empty());
        const reference b = monitor(p, {.alias = monitor_alias::demonitor});
        exit(p, "x"_a);
        EXPECT_EQ(text(down_reason(b)), "x");
        send(b, "late"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(aliases, unalias_keeps_the_monitor) {
    in_process([] {
        const pid p = spawn_idle();
        const reference a = monitor(p, {.alias = monitor_alias::demonitor});
        EXPECT_TRUE(unalias(a));
        exit(p, "x"_a);
        EXPECT_EQ(text(down_reason(a)), "x");
    });
}

TEST_P(aliases, reply_demonitor_ends_both_with_the_first_message) {
    in_process([] {
        const pid p = spawn_idle();
        const reference a = monitor(p, {.alias = monitor_alias::reply_demonitor});
        send_from_elsewhere(a, "reply"_a);
        send_from_elsewhere(a, "second"_a);
        EXPECT_TRUE(next_message().is_atom("reply"_a));
        EXPECT_TRUE(process_info(p)->monitored_by.empty());
        exit(p, "x"_a);
        await_end(p);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(aliases, a_call_with_a_late_reply_leaves_nothing_behind) {
    in_process([] {
        const pid server = spawn([] {
            const reference to = element<reference>(receive(), 0);
            static_cast<void>(receive_if([](term_view v) { return v.is_atom("now"_a); }));
            send(to, "late reply"_a);
        });
        const reference ref = monitor(server, {.alias = monitor_alias::reply_demonitor});
        send(server, tuple(ref));
        EXPECT_FALSE(receive_if(
            ref, [](term_view) { return true; }, 2ms));
        demonitor(ref, {.flush = true});
        send(server, "now"_a);
        await_end(server);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

}  // namespace
}  // namespace rakka::testing
