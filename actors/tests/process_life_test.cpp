// Birth, exit reasons, exit signals, unwinding. Rules from Erlang's reference manual, "Processes".
#include "actors_support.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(process_life);

/// Tells its creator when it is destroyed.
struct tell_end {
    pid whom;
    ~tell_end() {
        if (whom) send(whom, "destroyed"_a);
    }
};

TEST_P(process_life, a_body_that_returns_ends_with_normal) {
    in_process([] { EXPECT_EQ(text(down_reason(spawn_monitor([] {}).ref)), "normal"); });
}

TEST_P(process_life, exit_ends_the_process_with_its_reason) {
    in_process([] {
        const auto p = spawn_monitor([] { exit(tuple("because"_a, 1)); });
        EXPECT_EQ(text(down_reason(p.ref)), "{because,1}");
    });
}

TEST_P(process_life, error_ends_the_process_with_reason_and_stack) {
    in_process([] {
        EXPECT_EQ(text(down_reason(spawn_monitor([] { error("badmatch"_a); }).ref)), "{badmatch,[]}");
    });
}

TEST_P(process_life, what_exit_and_error_throw_tells_which) {
    in_process([] {
        using kind = process_exit::kind;
        const auto caught = [](void (*raise)(term)) -> std::pair<kind, std::string> {
            try {
                raise("why"_a);
            } catch (const process_exit& e) {
                return {e.raised, text(e.reason)};
            }
            return {};
        };
        EXPECT_EQ(caught(&rakka::error), (std::pair{kind::error, std::string("{why,[]}")}));
        EXPECT_EQ(caught(static_cast<void (*)(term)>(&rakka::exit)),
                  (std::pair{kind::exit, std::string("why")}));
    });
}

TEST_P(process_life, an_exception_that_leaves_the_body_is_the_reason) {
    in_process([] {
        EXPECT_EQ(text(down_reason(spawn_monitor([] { throw std::runtime_error("oops"); }).ref)),
                  "{{cpp_exception,<<\"std::runtime_error\">>,<<\"oops\">>},[]}");
        EXPECT_EQ(text(down_reason(spawn_monitor([] { throw 5; }).ref)),
                  "{{cpp_exception,<<\"int\">>,<<>>},[]}");
    });
}

TEST_P(process_life, exit_can_be_caught_by_the_body) {
    in_process([] {
        const auto p = spawn_monitor([] {
            try {
                exit("inner"_a);
            } catch (const process_exit& e) {
                exit(tuple("caught"_a, e.reason));
            }
        });
        EXPECT_EQ(text(down_reason(p.ref)), "{caught,inner}");
    });
}

TEST_P(process_life, exit_unwinds_the_body) {
    in_process([] {
        const pid parent = self();
        spawn([parent] {
            const tell_end here{parent};
            exit("x"_a);
        });
        EXPECT_TRUE(next_message().is_atom("destroyed"_a));
    });
}

TEST_P(process_life, an_exit_signal_ends_a_process_that_waits_and_unwinds_it) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            const tell_end here{parent};
            send(parent, "waiting"_a);
            static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_atom("waiting"_a));
        exit(p.pid, "enough"_a);
        EXPECT_TRUE(next_message().is_atom("destroyed"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
    });
}

TEST_P(process_life, an_exit_signal_ends_a_process_before_its_first_slice) {
    in_process([] {
        const auto ran = std::make_shared<std::atomic<bool>>(false);
        struct never_waits {
            std::shared_ptr<std::atomic<bool>> ran;
            void operator()() const {
                static_cast<void>(receive());
                *ran = true;
            }
        };
        const auto p = spawn_monitor(never_waits{ran});
        exit(p.pid, "early"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "early");
        EXPECT_FALSE(*ran);
        EXPECT_EQ(ran.use_count(), 1) << "the body was not destroyed";
    });
}

TEST_P(process_life, an_exit_signal_with_reason_normal_is_ignored) {
    in_process([] {
        const pid p = spawn_idle();
        exit(p, "normal"_a);
        EXPECT_TRUE(is_alive(p));
        exit(p, "done"_a);
        EXPECT_FALSE(is_alive(p));
    });
}

TEST_P(process_life, exit_normal_to_oneself_ends_the_process) {
    in_process([] {
        const auto p = spawn_monitor([] {
            exit(self(), "normal"_a);
            exit("not reached"_a);
        });
        EXPECT_EQ(text(down_reason(p.ref)), "normal");
    });
}

TEST_P(process_life, a_process_that_traps_exits_gets_a_message) {
    in_process([] {
        EXPECT_FALSE(trap_exit(true));
        EXPECT_TRUE(trap_exit());
        exit(self(), "signal"_a);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, self(), "signal"_a)));
        exit(self(), "normal"_a);
        EXPECT_EQ(next_message(), term(tuple("EXIT"_a, self(), "normal"_a)));
    });
}

TEST_P(process_life, kill_cannot_be_trapped_and_is_seen_as_killed) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            trap_exit(true);
            send(parent, "ready"_a);
            for (;;)
                static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p.pid, "kill"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "killed");
    });
}

TEST_P(process_life, kill_unwinds_a_blocked_process) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] {
            const tell_end here{parent};
            send(parent, "ready"_a);
            static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p, "kill"_a);
        EXPECT_TRUE(next_message().is_atom("destroyed"_a));
    });
}

TEST_P(process_life, a_signal_that_was_swallowed_comes_again_at_the_next_receive) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            send(parent, "ready"_a);
            try {
                static_cast<void>(receive());
            } catch (const process_exit&) {
                send(parent, "swallowed"_a);
            }
            static_cast<void>(receive());
            send(parent, "not reached"_a);
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p.pid, "over"_a);
        EXPECT_TRUE(next_message().is_atom("swallowed"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "over");
        EXPECT_TRUE(mailbox_is_empty());
    });
}

/// Receives in its destructor, which may be reached by unwinding.
struct receives_at_end {
    pid parent;
    ~receives_at_end() {
        send(parent, tuple("cleanup"_a, self()));
        const auto m = receive_if([](term_view v) { return v.is_atom("go"_a); }, 20s);
        send(parent, m ? "went"_a : "timeout"_a);
    }
};

TEST_P(process_life, a_destructor_may_receive_while_kill_unwinds) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            const receives_at_end cleanup{parent};
            send(parent, "ready"_a);
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p.pid, "kill"_a);
        EXPECT_TRUE(next_message().is_tagged("cleanup"_a, 2));
        exit(p.pid, "kill"_a);  // again, while it unwinds
        exit(p.pid, "other"_a);
        send(p.pid, "go"_a);
        EXPECT_TRUE(next_message().is_atom("went"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "killed");
    });
}

TEST_P(process_life, exit_in_a_destructor_that_unwinding_runs_ends_the_process_on_the_spot) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "what is left on that stack is never freed, by design";
#endif
    in_process([] {
        struct exits_at_end {
            ~exits_at_end() { exit("from_destructor"_a); }
        };
        const auto p = spawn_monitor([] {
            const exits_at_end here;
            throw std::runtime_error("first trouble");
        });
        EXPECT_EQ(text(down_reason(p.ref)), "from_destructor");
    });
    EXPECT_EQ(sys.stop(), 0u);
}

TEST_P(process_life, a_signal_during_another_unwinding_waits_until_it_is_over) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            try {
                const receives_at_end cleanup{parent};
                throw std::runtime_error("own trouble");
            } catch (const std::runtime_error&) {
                send(parent, "handled"_a);
            }
            static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_tagged("cleanup"_a, 2));
        exit(p.pid, "signal"_a);
        send(p.pid, "go"_a);
        EXPECT_TRUE(next_message().is_atom("went"_a));
        EXPECT_TRUE(next_message().is_atom("handled"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "signal");
    });
}

TEST_P(process_life, defer_exit_keeps_a_signal_until_the_scope_ends) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            {
                const defer_exit scope;
                send(parent, "ready"_a);
                static_cast<void>(receive_if([](term_view v) { return v.is_atom("go"_a); }));
                send(parent, "finished"_a);
            }
            yield();
            send(parent, "not reached"_a);
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p.pid, "stop"_a);
        send(p.pid, "go"_a);
        EXPECT_TRUE(next_message().is_atom("finished"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "stop");
    });
}

TEST_P(process_life, is_alive_sees_the_signals_sent_before) {
    in_process([] {
        for (int i = 0; i < 100; ++i) {
            const pid p = spawn_idle();
            EXPECT_TRUE(is_alive(p));
            exit(p, "x"_a);
            EXPECT_FALSE(is_alive(p));
        }
        EXPECT_TRUE(is_alive(self()));
    });
}

TEST_P(process_life, a_recycled_slot_does_not_answer_to_old_pids) {
    in_process([] {
        std::vector<pid> old;
        for (int i = 0; i < 300; ++i) {
            const pid p = spawn([] {});
            await_end(p);
            old.push_back(p);
        }
        std::vector<pid> fresh;
        for (int i = 0; i < 300; ++i)
            fresh.push_back(spawn_idle());
        for (const pid& p : old) {
            EXPECT_FALSE(is_alive(p));
            exit(p, "kill"_a);
            EXPECT_EQ(text(down_reason(monitor(p))), "noproc");
        }
        for (const pid& p : fresh) {
            EXPECT_TRUE(is_alive(p));
            exit(p, "kill"_a);
        }
    });
}

TEST_P(process_life, processes_lists_the_living) {
    in_process([] {
        const pid p = spawn_idle();
        const auto all = processes();
        EXPECT_NE(std::find(all.begin(), all.end(), p), all.end());
        EXPECT_NE(std::find(all.begin(), all.end(), self()), all.end());
        exit(p, "kill"_a);
        await_end(p);
        const auto later = processes();
        EXPECT_EQ(std::find(later.begin(), later.end(), p), later.end());
    });
}

TEST_P(process_life, process_info_tells_about_a_process) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn_link([parent] {
            trap_exit(true);
            register_name("informed"_a, self()).value();
            put("key"_a, 7);
            send(parent, "ready"_a);
            static_cast<void>(receive_if([](term_view v) { return v.is_atom("stop"_a); }));
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        const reference ref = monitor(p);
        send(p, 1);
        send(p, 2);
        auto info = process_info(p);
        while (info && info->status != process_status::waiting) {  // it may not have come to its receive yet
            yield();
            info = process_info(p);
        }
        ASSERT_TRUE(info);
        EXPECT_EQ(info->status, process_status::waiting);
        EXPECT_EQ(info->message_queue_len, 2u);
        EXPECT_EQ(info->links, std::vector<pid>{parent});
        EXPECT_EQ(info->monitored_by, std::vector<pid>{parent});
        EXPECT_EQ(info->registered_name, "informed"_a);
        EXPECT_TRUE(info->trap_exit);
        ASSERT_EQ(info->dictionary.size(), 1u);
        EXPECT_EQ(*info->dictionary[0].second.as<int>(), 7);
        send(p, "stop"_a);
        EXPECT_EQ(text(down_reason(ref)), "normal");
        EXPECT_FALSE(process_info(p));
        EXPECT_EQ(process_info(self())->status, process_status::running);
    });
}

TEST_P(process_life, the_group_leader_is_inherited_and_can_be_set) {
    in_process([] {
        const pid parent = self();
        group_leader(parent, parent);
        const pid child = spawn([parent] {
            send(parent, group_leader());
            static_cast<void>(receive());
            send(parent, group_leader());
        });
        EXPECT_EQ(*next_message().as<pid>(), parent);
        group_leader(child, child);
        send(child, "again"_a);
        EXPECT_EQ(*next_message().as<pid>(), child);
    });
}

TEST_P(process_life, blocking_runs_elsewhere_and_gives_its_result) {
    in_process([] {
        EXPECT_EQ(blocking([] { return 6 * 7; }), 42);
        EXPECT_THROW(blocking([] { throw std::runtime_error("inside"); }), std::runtime_error);
    });
}

TEST_P(process_life, an_exit_signal_that_comes_during_blocking_ends_the_process_afterwards) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            const pid me = self();
            system& s = this_system();
            blocking([&] { s.exit(me, "while blocked"_a); });
            send(parent, "not reached"_a);
        });
        EXPECT_EQ(text(down_reason(p.ref)), "'while blocked'");
    });
}

TEST_P(process_life, the_dictionary_keeps_values_by_key) {
    in_process([] {
        EXPECT_FALSE(put("k"_a, 1).has_value());
        EXPECT_EQ(*put("k"_a, 2).as<int>(), 1);
        EXPECT_EQ(*get("k"_a).as<int>(), 2);
        EXPECT_EQ(*erase("k"_a).as<int>(), 2);
        EXPECT_FALSE(get("k"_a).has_value());
    });
}

TEST_P(process_life, a_process_killed_at_stop_unwinds) {
    static std::atomic<int> destroyed;
    destroyed = 0;
    struct counts {
        ~counts() { ++destroyed; }
    };
    in_process([] {
        const pid parent = self();
        for (int i = 0; i < 10; ++i) {
            spawn([parent] {
                const counts here;
                trap_exit(true);
                send(parent, "ready"_a);
                for (;;)
                    static_cast<void>(receive());
            });
        }
        for (int i = 0; i < 10; ++i)
            next_message();
    });
    EXPECT_EQ(sys.stop(), 0u);
    EXPECT_EQ(destroyed, 10);
    EXPECT_FALSE(sys.running());
    EXPECT_THROW(sys.spawn([] {}), boost::system::system_error);
}

TEST_P(process_life, run_until_done_waits_for_the_last_process) {
    std::atomic<int> ended = 0;
    for (int i = 0; i < 20; ++i) {
        sys.spawn([&] {
            receive(after(2ms, [] {}));
            ++ended;
        });
    }
    sys.run_until_done();
    EXPECT_EQ(ended, 20);
    EXPECT_EQ(sys.process_count(), 0u);
}

TEST(process_limits, spawning_more_than_max_processes_is_a_system_limit) {
    rakka::system sys({.workers = 1, .max_processes = 10});
    sys.run([] {
        std::vector<pid> some;
        for (int i = 0; i < 9; ++i)
            some.push_back(spawn_idle());
        try {
            spawn([] {});
            ADD_FAILURE() << "there is no room for it";
        } catch (const process_exit& e) {
            EXPECT_EQ(text(e.reason), "{system_limit,[]}");
        }
        exit(some.back(), "kill"_a);
        await_end(some.back());
    });
}

TEST_P(process_life, questions_are_answered_during_blocking) {
    if (GetParam().options.simulation) GTEST_SKIP() << "there the call holds the only thread";
    in_process([] {
        std::promise<void> answered;
        const auto [p, ref] = spawn_monitor([waits_for = answered.get_future().share()] {
            start_timer(1h, self(), "never"_a);
            blocking([&] { waits_for.wait(); });
        });
        while (process_info(p)->status != process_status::waiting)
            yield();
        EXPECT_TRUE(is_alive(p));
        send(p, "hello"_a);
        EXPECT_EQ(process_info(p)->message_queue_len, 1U);
        answered.set_value();
        EXPECT_EQ(text(down_reason(ref)), "normal");
    });
}

TEST_P(process_life, blocking_takes_a_constant_callable_of_either_result) {
    in_process([&] {
        std::atomic<int> called = 0;
        const auto count = [&called] { ++called; };
        const auto answer = [&called] { return ++called + 40; };
        blocking(count);
        EXPECT_EQ(blocking(answer), 42);
    });
}

}  // namespace
}  // namespace rakka::testing
