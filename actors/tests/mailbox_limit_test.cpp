// Limits on the messages that wait for a process.
#include "actors_support.hpp"
#include "mailbox_bound.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/seq_trace.hpp>
#include <rakka/actors/testing.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

/// A system that writes down its log.
class limited : public ::testing::TestWithParam<mode> {
protected:
    limited() : sys(with_log(GetParam().options)) {}

    template <class F>
    void in_process(F&& body) {
        sys.run(std::forward<F>(body));
    }
    int times_logged(std::string_view what) {
        const std::lock_guard lock(mutex_);
        int n = 0;
        for (const std::string& line : log_)
            n += line.find(what) != std::string::npos ? 1 : 0;
        return n;
    }

private:
    system_options with_log(system_options o) {
        o.log = [this](const log_event& e) {
            const std::lock_guard lock(mutex_);
            log_.push_back(e.text);
        };
        return o;
    }
    std::mutex mutex_;
    std::vector<std::string> log_;

protected:
    rakka::system sys;
};
INSTANTIATE_TEST_SUITE_P(modes, limited, ::testing::ValuesIn(all_modes), mode_name);

/// Waits for `go`, then counts integers until `end`, and tells the parent how many there were.
auto counter_for(const pid& parent) {
    return [parent] {
        static_cast<void>(receive_if([](term_view v) { return v.is_atom("go"_a); }));
        int n = 0;
        while (receive_if([](term_view v) { return v.is(kind::integer); }, 0ns))
            ++n;
        send(parent, n);
        static_cast<void>(receive_if([](term_view v) { return v.is_atom("end"_a); }));
    };
}

TEST_P(limited, drop_keeps_the_first_and_loses_the_rest) {
    in_process([] {
        const pid p =
            spawn(counter_for(self()), {.max_mailbox = mailbox_limit{10, mailbox_policy::drop, self()}});
        for (int i = 0; i < 100; ++i)
            send(p, i);
        EXPECT_EQ(text(next_message()), text(tuple("monitor"_a, p, "long_message_queue"_a, true)));
        EXPECT_EQ(process_info(p)->message_queue_len, 10U);
        EXPECT_EQ(process_info(p)->max_mailbox->messages, 10U);
        exit(p, "kill"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
    EXPECT_EQ(times_logged("more are dropped"), 1);
}

TEST_P(limited, what_was_lost_is_counted) {
    in_process([] {
        EXPECT_EQ(messages_lost(), 0U);
        max_mailbox(mailbox_limit{.messages = 2, .policy = mailbox_policy::drop});
        EXPECT_EQ(messages_lost(), 0U);
        for (int i = 0; i < 7; ++i)
            send(self(), i);
        EXPECT_EQ(messages_lost(), 5U);
        EXPECT_EQ(text(next_message()), "0");
        max_mailbox(mailbox_limit{.messages = 1, .policy = mailbox_policy::drop});
        send(self(), 7);
        EXPECT_EQ(messages_lost(), 6U) << "those under the limit before count";
        max_mailbox(std::nullopt);
        EXPECT_EQ(messages_lost(), 0U);
    });
}

TEST_P(limited, who_asked_hears_when_the_worst_is_over) {
    in_process([] {
        const pid me = self();
        const pid p = spawn(
            [me] {
                trap_exit(true);
                send(me, "ready"_a);
                for (;;) {
                    static_cast<void>(receive_if([](term_view v) { return v.is_tagged("EXIT"_a, 3); }));
                    for (int i = 0; i < 6; ++i)
                        static_cast<void>(receive_if([](term_view v) { return v.is(kind::integer); }));
                    send(me, "six"_a);
                }
            },
            {.max_mailbox = mailbox_limit{10, mailbox_policy::drop, me}});
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        for (int round = 0; round < 3; ++round) {
            for (int i = 0; i < 50; ++i)
                send(p, i);
            EXPECT_EQ(text(next_message()), text(tuple("monitor"_a, p, "long_message_queue"_a, true)));
            exit(p, "go_on"_a);
            EXPECT_EQ(text(next_message()), text(tuple("monitor"_a, p, "long_message_queue"_a, false)));
            EXPECT_TRUE(next_message().is_atom("six"_a));
        }
        exit(p, "kill"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
    EXPECT_EQ(times_logged("more are dropped"), 3);
}

TEST_P(limited, who_asked_hears_the_beginning_before_the_end) {
    if (GetParam().options.reorder_signals) GTEST_SKIP() << "the two are of different senders";
    in_process([] {
        const pid me = self();
        const pid p = spawn(
            [] {
                for (;;)
                    static_cast<void>(receive());
            },
            {.max_mailbox = mailbox_limit{2, mailbox_policy::drop, me}});
        std::vector<monitored_process> senders;
        for (int s = 0; s < 3; ++s)
            senders.push_back(spawn_monitor([p] {
                for (int i = 0; i < 3000; ++i)
                    send(p, i);
            }));
        for (const auto& s : senders)
            EXPECT_EQ(text(down_reason(s.ref)), "normal");
        exit(p, "kill"_a);
        EXPECT_TRUE(wait_until([&] { return !is_alive(p); }));
        bool too_long = false;
        while (const auto m = receive_if([](term_view v) { return v.is_tagged("monitor"_a, 4); }, 0ns)) {
            const bool now = element<bool>(*m, 3);
            ASSERT_NE(now, too_long);
            too_long = now;
        }
    });
}

TEST_P(limited, room_that_was_made_is_used_again) {
    in_process([] {
        const pid me = self();
        const pid p = spawn(
            [me] {
                for (;;) {
                    const term m = receive();
                    send(me, m);
                }
            },
            {.max_mailbox = mailbox_limit{1, mailbox_policy::drop, std::nullopt}});
        for (int i = 0; i < 1000; ++i) {
            send(p, i);
            ASSERT_EQ(*next_message().as<int>(), i);
        }
        exit(p, "kill"_a);
    });
    EXPECT_EQ(times_logged("dropped"), 0);
}

TEST_P(limited, log_lets_everything_in) {
    in_process([] {
        const pid p = spawn(counter_for(self()),
                            {.name = "busy"_a, .max_mailbox = mailbox_limit{5, mailbox_policy::log, {}}});
        for (int i = 0; i < 100; ++i)
            send("busy"_a, i);
        send(p, "go"_a);
        EXPECT_EQ(*next_message().as<int>(), 100);
        send(p, "end"_a);
    });
    EXPECT_EQ(times_logged("(busy) has all the 5 messages waiting"), 1);
}

TEST_P(limited, kill_kills) {
    in_process([] {
        trap_exit(true);
        const pid me = self();
        const auto p = spawn_monitor(
            [me] {
                trap_exit(true);
                send(me, "ready"_a);
                static_cast<void>(receive_if([](term_view v) { return v.is_atom("never"_a); }));
            },
            {.link = true, .max_mailbox = mailbox_limit{20, mailbox_policy::kill, {}}});
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        for (int i = 0; i < 21; ++i)
            send(p.pid, i);
        EXPECT_EQ(text(down_reason(p.ref)), "killed");
        EXPECT_EQ(text(next_message()), text(tuple("EXIT"_a, p.pid, "killed"_a)));
        send(p.pid, "late"_a);
    });
    EXPECT_EQ(times_logged("it is killed"), 1);
}

TEST_P(limited, signals_that_are_no_messages_get_through) {
    in_process([] {
        const pid me = self();
        const pid p = spawn(
            [me] {
                trap_exit(true);
                const reference watching = monitor(me);
                send(me, "ready"_a);
                static_cast<void>(receive_if([](term_view v) { return v.is_tagged("EXIT"_a, 3); }));
                demonitor(watching);
                send(me, "exit seen"_a);
                static_cast<void>(receive_if([](term_view v) { return v.is_atom("never"_a); }));
            },
            {.max_mailbox = mailbox_limit{0, mailbox_policy::drop, {}}});
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        for (int i = 0; i < 10; ++i)
            send(p, i);
        link(p);
        EXPECT_TRUE(is_alive(p));
        EXPECT_EQ(process_info(p)->message_queue_len, 0U);
        unlink(p);
        const reference ref = monitor(p);
        exit(p, "please"_a);
        EXPECT_TRUE(next_message().is_atom("exit seen"_a));
        exit(p, "kill"_a);
        EXPECT_EQ(text(down_reason(ref)), "killed");
    });
}

TEST_P(limited, a_call_whose_request_is_dropped_still_hears_of_the_end) {
    in_process([] {
        const pid p =
            spawn([] { static_cast<void>(receive_if([](term_view v) { return v.is_atom("never"_a); })); },
                  {.max_mailbox = mailbox_limit{0, mailbox_policy::drop, {}}});
        EXPECT_EQ(text(gen::call(p, "$gen_call"_a, "hello"_a, 10ms).error().reason), "timeout");
        EXPECT_EQ(process_info(p)->message_queue_len, 0U);
        spawn([p] {
            while (process_info(p)->monitored_by.empty())
                yield();
            exit(p, "gone"_a);
        });
        EXPECT_EQ(text(gen::call(p, "$gen_call"_a, "hello"_a, 10s).error().reason), "gone");
    });
}

TEST_P(limited, replies_and_own_timers_are_not_lost) {
    in_process([] {
        const pid server = spawn([] {
            const auto request = gen::as_request(receive());
            reply(request->sender, "answer"_a);
        });
        const pid me = self();
        spawn(
            [me, server] {
                send(me, gen::call(server, "$gen_call"_a, "question"_a, 10s).value());
                send_after(1ms, self(), "tick"_a);
                send(me, receive());
                const reference door = alias();
                send(me, "done"_a);
                unalias(door);
            },
            {.max_mailbox = mailbox_limit{0, mailbox_policy::drop, {}}});
        EXPECT_TRUE(next_message().is_atom("answer"_a));
        EXPECT_TRUE(next_message().is_atom("tick"_a));
        EXPECT_TRUE(next_message().is_atom("done"_a));
    });
}

TEST_P(limited, what_comes_through_an_alias_is_not_lost_nor_is_the_monitor_of_it) {
    in_process([] {
        const pid me = self();
        const pid server = spawn([] {
            const term request = receive();
            send(*request.tuple()[1].as<reference>(), "answer"_a);
            static_cast<void>(receive_if([](term_view v) { return v.is_atom("never"_a); }));
        });
        EXPECT_FALSE(max_mailbox(mailbox_limit{2, mailbox_policy::drop, {}}));
        for (int i = 0; i < 5; ++i)
            send(me, i);
        const reference ref = monitor(server, {.alias = monitor_alias::reply_demonitor});
        send(server, tuple("ask"_a, ref));
        static_cast<void>(receive_if([](term_view v) { return v.is_atom("answer"_a); }));
        const reference second = monitor(server);
        exit(server, "kill"_a);
        EXPECT_EQ(text(down_reason(second)), "killed");
        EXPECT_EQ(*next_message().as<int>(), 0);
        EXPECT_EQ(*next_message().as<int>(), 1);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

/// Tells the parent an alias that may be used any number of times, then does as counter_for().
auto counter_with_alias_for(const pid& parent) {
    return [parent] {
        send(parent, alias());
        counter_for(parent)();
    };
}

TEST_P(limited, messages_through_an_alias_are_dropped_like_others) {
    in_process([] {
        const pid p = spawn(counter_with_alias_for(self()),
                            {.max_mailbox = mailbox_limit{10, mailbox_policy::drop, self()}});
        const reference to = *next_message().as<reference>();
        for (int i = 0; i < 7; ++i)
            send(p, i);
        for (int i = 0; i < 100; ++i)
            send(to, i);
        EXPECT_EQ(process_info(p)->message_queue_len, 10U);
        EXPECT_EQ(text(next_message()), text(tuple("monitor"_a, p, "long_message_queue"_a, true)));
        exit(p, "kill"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
    EXPECT_EQ(times_logged("more are dropped"), 1);
}

TEST_P(limited, messages_through_an_alias_make_it_say_so) {
    in_process([] {
        const pid p = spawn(counter_with_alias_for(self()),
                            {.max_mailbox = mailbox_limit{10, mailbox_policy::log, self()}});
        const reference to = *next_message().as<reference>();
        for (int i = 0; i < 20; ++i)
            send(to, i);
        send(p, "go"_a);
        EXPECT_EQ(text(next_message()), text(tuple("monitor"_a, p, "long_message_queue"_a, true)));
        EXPECT_EQ(text(next_message()), text(tuple("monitor"_a, p, "long_message_queue"_a, false)));
        EXPECT_EQ(text(next_message()), "20");
        exit(p, "kill"_a);
    });
    EXPECT_EQ(times_logged("more are let in"), 1);
}

TEST_P(limited, messages_through_an_alias_kill) {
    in_process([] {
        const pid p = spawn(counter_with_alias_for(self()),
                            {.max_mailbox = mailbox_limit{10, mailbox_policy::kill, {}}});
        const reference to = *next_message().as<reference>();
        const reference ref = monitor(p);
        for (int i = 0; i < 11; ++i)
            send(to, i);
        EXPECT_EQ(text(down_reason(ref)), "killed");
    });
    EXPECT_EQ(times_logged("it is killed"), 1);
}

TEST_P(limited, traced_messages_through_an_alias_count_too) {
    in_process([] {
        const pid p = spawn(counter_with_alias_for(self()),
                            {.max_mailbox = mailbox_limit{3, mailbox_policy::drop, {}}});
        const reference to = *next_message().as<reference>();
        static_cast<void>(seq_trace::set_token("label"_a, 17));
        for (int i = 0; i < 10; ++i)
            send(to, i);
        static_cast<void>(seq_trace::set_token(list()));
        EXPECT_EQ(process_info(p)->message_queue_len, 3U);
        exit(p, "kill"_a);
    });
}

TEST_P(limited, what_an_alias_lets_no_longer_in_does_not_count) {
    in_process([] {
        const pid me = self();
        const pid p = spawn(
            [me] {
                const reference ended = alias();
                unalias(ended);
                send(me, ended);
                counter_for(me)();
            },
            {.max_mailbox = mailbox_limit{3, mailbox_policy::drop, me}});
        const reference to = *next_message().as<reference>();
        for (int i = 0; i < 50; ++i)
            send(to, i);
        EXPECT_EQ(process_info(p)->message_queue_len, 0U);
        for (int i = 0; i < 2; ++i)
            send(p, i);
        send(p, "go"_a);
        EXPECT_EQ(text(next_message()), "2");
        exit(p, "kill"_a);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST(mailbox_bound, what_arrives_through_aliases_has_a_bound_before_it_is_taken_in) {
    using rakka::detail::mailbox_bound;
    using admitted = mailbox_bound::admitted;
    mailbox_bound bound;
    bound.begin(7, mailbox_limit{10, mailbox_policy::drop, {}});
    EXPECT_EQ(bound.admit_arriving(6), admitted::uncounted);
    int n = 0;
    while (n < 10'000 && bound.admit_arriving(7) == admitted::counted)
        ++n;
    EXPECT_EQ(n, 1000);
    EXPECT_EQ(bound.admit_arriving(7), admitted::refused);
    const auto notice = bound.exceeded(7);
    ASSERT_TRUE(notice);
    EXPECT_TRUE(notice->too_long);
    EXPECT_FALSE(bound.said(*notice));
    // None of them is a message.
    EXPECT_EQ(bound.admit(7), admitted::counted);
    EXPECT_FALSE(bound.received(7));
    for (int i = 0; i < 499; ++i)
        EXPECT_FALSE(bound.taken_in(7));
    const auto over = bound.taken_in(7);
    ASSERT_TRUE(over);
    EXPECT_FALSE(over->too_long);
    EXPECT_FALSE(bound.said(*over));
    EXPECT_EQ(bound.admit_arriving(7), admitted::counted);
    bound.end();
    EXPECT_EQ(bound.admit_arriving(7), admitted::uncounted);
    EXPECT_FALSE(bound.taken_in(7));
}

TEST_P(limited, a_doomed_process_may_send_to_a_busy_one) {
    in_process([] {
        const pid flooded = spawn_idle();
        for (int i = 0; i < 40'000; ++i)
            send(flooded, i);
        static_cast<void>(process_info(flooded));
        struct sender {
            pid to;
            ~sender() {
                for (int i = 0; i < 1000; ++i)
                    send(to, i);
            }
        };
        const pid me = self();
        const auto p = spawn_monitor([&] {
            {
                const defer_exit later;
                exit(self(), "signal"_a);
            }
            { const sender in_a_destructor{flooded}; }
            send(me, "left the scope"_a);
            static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_atom("left the scope"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "signal");
        exit(flooded, "kill"_a);
    });
}

TEST_P(limited, the_log_is_told_outside_of_processes) {
    std::atomic<int> inside{0};
    std::atomic<int> told{0};
    system_options o = GetParam().options;
    o.log = [&](const log_event&) {
        ++told;
        inside += rakka::in_process() ? 1 : 0;
    };
    rakka::system s(o);
    s.run([] {
        EXPECT_FALSE(max_mailbox(mailbox_limit{0, mailbox_policy::drop, {}}));
        send(self(), 1);
        EXPECT_TRUE(rakka::in_process());
    });
    EXPECT_EQ(told, 1);
    EXPECT_EQ(inside, 0);
}

TEST_P(limited, the_limit_can_be_changed) {
    in_process([] {
        const pid me = self();
        EXPECT_FALSE(max_mailbox(std::nullopt));
        for (int i = 0; i < 5; ++i)
            send(me, i);
        EXPECT_FALSE(max_mailbox(mailbox_limit{7, mailbox_policy::drop, {}}));
        for (int i = 5; i < 10; ++i)
            send(me, i);
        EXPECT_EQ(process_info(me)->message_queue_len, 7U);
        EXPECT_EQ(max_mailbox(std::nullopt)->messages, 7U);
        for (int i = 7; i < 10; ++i)
            send(me, i);
        for (int i = 0; i < 10; ++i)
            EXPECT_EQ(*next_message().as<int>(), i);
    });
}

TEST_P(limited, a_limit_ends_with_its_process) {
    in_process([] {
        // Slots are used again: whoever comes next has no limit.
        for (int round = 0; round < 300; ++round) {
            const pid bounded = spawn([] {}, {.max_mailbox = mailbox_limit{0, mailbox_policy::drop, {}}});
            send(bounded, 1);
            const pid me = self();
            const pid free = spawn([me] {
                for (int i = 0; i < 3; ++i)
                    send(me, receive());
            });
            for (int i = 0; i < 3; ++i)
                send(free, i);
            for (int i = 0; i < 3; ++i)
                ASSERT_EQ(*next_message().as<int>(), i);
        }
    });
}

TEST_P(limited, many_senders_never_exceed_it) {
    in_process([] {
        const pid me = self();
        const pid p = spawn(counter_for(me), {.max_mailbox = mailbox_limit{100, mailbox_policy::drop, {}}});
        std::vector<monitored_process> senders;
        for (int s = 0; s < 8; ++s)
            senders.push_back(spawn_monitor([p] {
                for (int i = 0; i < 1000; ++i)
                    send(p, i);
            }));
        for (const auto& s : senders)
            EXPECT_EQ(text(down_reason(s.ref)), "normal");
        EXPECT_EQ(process_info(p)->message_queue_len, 100U);
        exit(p, "kill"_a);
    });
}

TEST_P(limited, those_who_are_told_may_be_full_themselves) {
    in_process([] {
        pid following = self();
        for (int i = 0; i < 500; ++i)
            following = spawn([] { static_cast<void>(receive_if([](term_view) { return false; })); },
                              {.max_mailbox = mailbox_limit{0, mailbox_policy::drop, following}});
        const auto all = processes();
        send(following, 1);
        EXPECT_EQ(process_info(following)->message_queue_len, 0U);
        for (const pid& p : all)
            if (p != self()) exit(p, "kill"_a);
    });
}

}  // namespace
}  // namespace rakka::testing
