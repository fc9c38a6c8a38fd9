// When an exit signal takes effect: wherever a process waits, and wherever its slice is used up. Erlang's
// reference manual, "Processes: Signals" and "Receiving Exit Signals".
#include "actors_support.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(exit_signals);

/// Something a process may do for ever without waiting. `dead` has ended, `idle` waits for ever.
struct busy_loop {
    const char* name;
    void (*step)(const pid& dead, const pid& idle);
};

const busy_loop busy_loops[] = {
    {"send", [](const pid& dead, const pid&) { send(dead, 1); }},
    {"send to a name", [](const pid&, const pid&) { send("busy_target"_a, 1); }},
    {"send to a name and node",
     [](const pid&, const pid&) {
         send(registered_name{"nobody"_a, this_system().node_name()}, 1);
     }},
    {"send to an alias", [](const pid&, const pid&) { send(make_reference(), 1); }},
    {"link", [](const pid&, const pid& idle) { link(idle); }},
    {"link and unlink", [](const pid&, const pid& idle) { link(idle), unlink(idle); }},
    {"monitor", [](const pid& dead, const pid&) { static_cast<void>(monitor(dead)); }},
    {"demonitor", [](const pid& dead, const pid&) { demonitor(monitor(dead), {.flush = true}); }},
    {"alias", [](const pid&, const pid&) { unalias(alias()); }},
    {"spawn", [](const pid&, const pid&) { spawn([] {}); }},
    {"exit to another", [](const pid& dead, const pid&) { exit(dead, "x"_a); }},
    {"group leader", [](const pid& dead, const pid&) { group_leader(dead, dead); }},
    {"timers", [](const pid& dead, const pid&) { static_cast<void>(cancel_timer(send_after(1h, dead, 1))); }},
    {"is_alive", [](const pid& dead, const pid&) { static_cast<void>(is_alive(dead)); }},
    {"process_info", [](const pid&, const pid&) { static_cast<void>(process_info(self())); }},
    {"whereis", [](const pid&, const pid&) { static_cast<void>(whereis("nobody"_a)); }},
    {"register",
     [](const pid&, const pid& idle) { static_cast<void>(register_name("busy_target"_a, idle)); }},
    {"receive after 0", [](const pid&, const pid&) { static_cast<void>(mailbox_is_empty()); }},
    {"spawn_request",
     [](const pid&, const pid&) {
         const reference ref = spawn_request("no@where"_a, "m"_a, "f"_a, list());
         static_cast<void>(receive_if(ref, [](term_view) { return true; }));
     }},
};

TEST_P(exit_signals, end_a_process_that_never_waits) {
    in_process([] {
        const pid parent = self();
        const pid dead = spawn([] {});
        await_end(dead);
        const pid idle = spawn([] {
            trap_exit(true);
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        ASSERT_TRUE(register_name("busy_target"_a, spawn([] {
                                      for (;;)
                                          static_cast<void>(receive());
                                  })));
        for (const busy_loop& loop : busy_loops) {
            const auto p = spawn_monitor([&loop, parent, dead, idle] {
                send(parent, "running"_a);
                for (;;)
                    loop.step(dead, idle);
            });
            static_cast<void>(receive_if([](term_view v) { return v.is_atom("running"_a); }));
            exit(p.pid, "enough"_a);
            EXPECT_EQ(text(down_reason(p.ref)), "enough") << loop.name;
        }
        exit(idle, "kill"_a);
        exit(*whereis("busy_target"_a), "kill"_a);
    });
}

TEST_P(exit_signals, kill_ends_a_process_that_traps_and_never_waits) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            trap_exit(true);
            send(parent, "running"_a);
            for (;;)
                send(self(), "x"_a), static_cast<void>(receive_if([](term_view) { return true; }, 0ns));
        });
        EXPECT_TRUE(next_message().is_atom("running"_a));
        exit(p.pid, "kill"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "killed");
    });
}

TEST_P(exit_signals, end_a_handler_in_a_callback_that_never_waits) {
    in_process([] {
        struct busy final : message_handler {
            explicit busy(pid p) : parent(p) {}
            next handle(term) override {
                send(parent, "running"_a);
                for (;;)
                    send(pid{}, 1);
            }
            void terminate(term_view why) noexcept override {
                send(parent, tuple("last"_a, term::copy(why)));
            }
            pid parent;
        };
        const auto p = spawn_monitor(std::make_unique<busy>(self()));
        send(p.pid, "go"_a);
        EXPECT_TRUE(next_message().is_atom("running"_a));
        exit(p.pid, "enough"_a);
        EXPECT_EQ(text(next_message()), "{last,enough}");
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
    });
}

TEST_P(exit_signals, a_busy_process_lets_others_run) {
    in_process([] {
        const pid p = spawn([] {
            static_cast<void>(receive());
            register_name("at_last"_a, self()).value();
            static_cast<void>(receive());
        });
        send(p, "go"_a);
        while (!whereis("at_last"_a)) {
        }
        exit(p, "kill"_a);
    });
}

/// Holds a process up in its destructor until an exit signal has reached it, without waiting.
struct outlasts_signal {
    int sends_after;
    pid gone;
    ~outlasts_signal() {
        while (process_info(self())->status != process_status::exiting) {
        }
        for (int i = 0; i < sends_after; ++i)
            send(gone, i);
    }
};

TEST_P(exit_signals, a_destructor_may_send_after_a_signal_has_arrived) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            send(parent, "ready"_a);
            { const outlasts_signal here{1000, {}}; }
            send(parent, "left the scope"_a);
            static_cast<void>(receive());
            send(parent, "not reached"_a);
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p.pid, "signal"_a);
        EXPECT_EQ(text(next_message()), "'left the scope'");
        EXPECT_EQ(text(down_reason(p.ref)), "signal");
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(exit_signals, spare_a_process_for_a_slice_wherever_in_one_they_come) {
    in_process([] {
        const pid parent = self();
        for (const int before : {0, 1000, 3000, 3900}) {
            const auto p = spawn_monitor([parent, before] {
                bump_reductions(before);
                {
                    const defer_exit thrown_later;
                    exit(self(), "signal"_a);
                }
                { const outlasts_signal that_sends{1000, {}}; }
                send(parent, before);
                static_cast<void>(receive());
            });
            EXPECT_EQ(text(next_message()), std::to_string(before));
            EXPECT_EQ(text(down_reason(p.ref)), "signal");
        }
    });
}

TEST_P(exit_signals, wait_while_destructors_send_a_lot_during_unwinding) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            try {
                const outlasts_signal here{20000, {}};
                send(parent, "ready"_a);
                throw std::runtime_error("own trouble");
            } catch (const std::runtime_error&) {
                send(parent, "handled"_a);
            }
            static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p.pid, "signal"_a);
        EXPECT_TRUE(next_message().is_atom("handled"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "signal");
    });
}

TEST_P(exit_signals, wait_while_defer_exit_holds_and_the_process_sends_a_lot) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            send(parent, "ready"_a);
            {
                const defer_exit scope;
                const outlasts_signal here{20000, {}};
            }
            send(parent, "left the scope"_a);
            yield();
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        exit(p.pid, "signal"_a);
        EXPECT_EQ(text(next_message()), "'left the scope'");
        EXPECT_EQ(text(down_reason(p.ref)), "signal");
    });
}

TEST_P(exit_signals, last_words_may_be_long) {
    in_process([] {
        struct talkative final : message_handler {
            explicit talkative(pid p) : parent(p) {}
            next handle(term) override { return next::wait(); }
            void terminate(term_view) noexcept override {
                for (int i = 0; i < 20000; ++i)
                    send(pid{}, i);
                send(parent, "all said"_a);
            }
            pid parent;
        };
        const auto p = spawn_monitor(std::make_unique<talkative>(self()));
        exit(p.pid, "enough"_a);
        EXPECT_EQ(text(next_message()), "'all said'");
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
    });
}

// -- where no exception can pass
// ----------------------------------------------------------------------------------

/// A system whose log is kept.
class stuck_exits : public ::testing::TestWithParam<mode> {
protected:
    stuck_exits() : sys(with_log(GetParam().options)) {}

    template <class F>
    void in_process(F&& body) {
        sys.run(std::forward<F>(body));
    }
    std::string log() {
        const std::lock_guard lock(mutex_);
        return log_;
    }

private:
    system_options with_log(system_options o) {
        o.log = [this](const log_event& e) {
            const std::lock_guard lock(mutex_);
            log_ += e.text + '\n';
        };
        return o;
    }
    std::mutex mutex_;
    std::string log_;  // guarded by mutex_

protected:
    rakka::system sys;
};
INSTANTIATE_TEST_SUITE_P(modes, stuck_exits, ::testing::ValuesIn(all_modes), mode_name);

/// Waits in its destructor, which is noexcept as all are.
struct waits_at_end {
    pid parent;
    ~waits_at_end() {
        const term keeps_an_arena = tuple("cleanup"_a, "some bytes that take memory");
        send(parent, keeps_an_arena);
        static_cast<void>(receive_if([](term_view) { return false; }));
    }
};

#if defined(__SANITIZE_ADDRESS__)
constexpr bool counts_leaks = true;
#else
constexpr bool counts_leaks = false;
#endif
#define RAKKA_SKIP_WITH_LEAK_CHECK() \
    if (counts_leaks) GTEST_SKIP() << "what is left on that stack is never freed, by design"

TEST_P(stuck_exits, end_the_process_and_nothing_else) {
    RAKKA_SKIP_WITH_LEAK_CHECK();
    std::string name;
    in_process([&] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            register_name("stuck"_a, self()).value();
            { const waits_at_end here{parent}; }
            send(parent, "not reached"_a);
        });
        name = text(p.pid);
        EXPECT_TRUE(next_message().is_tagged("cleanup"_a, 2));
        exit(p.pid, "enough"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
        EXPECT_FALSE(whereis("stuck"_a));
        EXPECT_FALSE(is_alive(p.pid));
        EXPECT_TRUE(mailbox_is_empty());
        // The worker it stood on goes on.
        EXPECT_EQ(text(down_reason(spawn_monitor([] {}).ref)), "normal");
    });
    EXPECT_EQ(sys.stop(), 0u);
    const std::string said = log();
    EXPECT_NE(said.find(name + " (stuck)"), std::string::npos) << said;
    EXPECT_NE(said.find("reason enough"), std::string::npos) << said;
    EXPECT_NE(said.find("defer_exit"), std::string::npos) << said;
}

TEST_P(stuck_exits, may_be_of_the_processs_own_making) {
    RAKKA_SKIP_WITH_LEAK_CHECK();
    in_process([] {
        struct exits_at_end {
            ~exits_at_end() { exit("from_destructor"_a); }
        };
        const auto p = spawn_monitor([] { const exits_at_end here; });
        EXPECT_EQ(text(down_reason(p.ref)), "from_destructor");
        const auto q = spawn_monitor([]() noexcept { error("badarg"_a); });
        EXPECT_EQ(text(down_reason(q.ref)), "{badarg,[]}");
    });
    EXPECT_EQ(sys.stop(), 0u);
}

TEST_P(stuck_exits, end_a_handler_too) {
    RAKKA_SKIP_WITH_LEAK_CHECK();
    in_process([] {
        struct stuck final : message_handler {
            explicit stuck(pid p) : parent(p) {}
            next handle(term) override {
                { const waits_at_end here{parent}; }
                return next::wait();
            }
            pid parent;
        };
        const auto p = spawn_monitor(std::make_unique<stuck>(self()));
        send(p.pid, "go"_a);
        EXPECT_TRUE(next_message().is_tagged("cleanup"_a, 2));
        exit(p.pid, "kill"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "killed");
    });
    EXPECT_EQ(sys.stop(), 0u);
}

TEST_P(exit_signals, wait_however_many_scopes_defer_them) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([=] {
            std::vector<std::unique_ptr<defer_exit>> scopes;
            for (int i = 0; i < 256; ++i)  // a counter of one byte would be back at none
                scopes.push_back(std::make_unique<defer_exit>());
            send(parent, "ready"_a);
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); }));
            send(parent, "still_here"_a);
            scopes.clear();
            yield();
            send(parent, "too_far"_a);
        });
        EXPECT_EQ(text(next_message()), "ready");
        exit(p.pid, "why"_a);
        send(p.pid, "go"_a);
        EXPECT_EQ(text(next_message()), "still_here");
        EXPECT_EQ(text(down_reason(p.ref)), "why");
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(exit_signals, defer_exit_spares_the_destructors_further_out) {
    in_process([] {
        const pid parent = self();
        struct waits_with_care {
            pid parent;
            ~waits_with_care() {
                const defer_exit scope;
                send(parent, "cleanup"_a);
                static_cast<void>(receive_if([](term_view v) { return v.is_atom("go"_a); }));
            }
        };
        struct tells {
            pid parent;
            ~tells() { send(parent, "destroyed"_a); }
        };
        const auto p = spawn_monitor([parent] {
            const tells outer{parent};
            { const waits_with_care inner{parent}; }
            static_cast<void>(receive());
        });
        EXPECT_TRUE(next_message().is_atom("cleanup"_a));
        exit(p.pid, "enough"_a);
        send(p.pid, "go"_a);
        EXPECT_TRUE(next_message().is_atom("destroyed"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
    });
}

TEST(exit_signals_death, any_other_exception_that_leaves_a_noexcept_function_names_the_process) {
    const auto breaks = [] {
        rakka::system sys({.simulation = true});
        static const std::function<void()> promise = [] { throw std::runtime_error("broken"); };
        sys.spawn([]() noexcept { promise(); }, {.name = "careless"_a});
        sys.run_until_idle();
    };
    EXPECT_DEATH(breaks(), "std::terminate was called in process <0\\.[0-9]+\\.[0-9]+> \\(careless\\)");
}

}  // namespace
}  // namespace rakka::testing
