// The rules of OTP's gen_statem about event, state and generic timeouts in a running machine. The order of
// events alone is tested in statem_queue_test.cpp.
#include "statem/gen_statem_support.hpp"

#include <rakka/actors/timers.hpp>

namespace rakka::statem_tests {
namespace {

class gen_statem_timeouts_test : public statem_test {
protected:
    using step = std::function<result(machine&)>;

    /// A machine that carries out the steps it is cast, answers calls with its state, and tells the rest.
    pid stepwise(bool state_enter = false) {
        return start({.handle =
                          [tell = teller()](machine& m, const event& e, const term& state) {
                              if (e.is_cast()) {
                                  const auto todo = e.content().as<std::uint64_t>().value();
                                  return (*reinterpret_cast<step*>(todo))(m);
                              }
                              if (e.is_call()) return m.keep_state(m.reply(e.sender(), state));
                              if (!e.is_enter()) tell(seen(e, state));
                              return m.keep_state();
                          },
                      .state_enter = state_enter});
    }
    /// Makes the machine take `decide` as its next step. The steps live as long as the test.
    void let(const pid& server, step decide) {
        steps_.push_back(std::make_unique<step>(std::move(decide)));
        gen_statem::cast(server, reinterpret_cast<std::uint64_t>(steps_.back().get()));
    }
    /// The machine blocks in a callback until a message `go` comes; then it decides.
    void blocked(const pid& server, step decide) {
        let(server, [decide, tell = teller()](machine& m) {
            tell("blocked"_a);
            static_cast<void>(receive_if([](term_view t) { return t.is_atom("go"_a); }));
            return decide(m);
        });
        EXPECT_EQ(told(), "blocked");
    }

private:
    std::vector<std::unique_ptr<step>> steps_;
};

TEST_P(gen_statem_timeouts_test, each_kind_of_timeout_comes_with_its_content) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) { return m.keep_state(m.event_timeout(1ms, 1)); });
        EXPECT_EQ(told(), "{timeout,1,a}");
        let(server, [](machine& m) { return m.keep_state(m.state_timeout(1ms, 2)); });
        EXPECT_EQ(told(), "{state_timeout,2,a}");
        let(server, [](machine& m) { return m.keep_state(m.generic_timeout(tuple("n"_a, 1), 1ms, 3)); });
        EXPECT_EQ(told(), "{{timeout,{n,1}},3,a}");
        EXPECT_TRUE(told_nothing(20ms)) << "each comes once";
    });
}

TEST_P(gen_statem_timeouts_test, any_event_stops_an_event_timeout) {
    in_process([this] {
        const pid server = stepwise();
        blocked(server, [](machine& m) { return m.keep_state(m.event_timeout(5ms, 1)); });
        send(server, term("x"_a));
        send(server, term("go"_a));
        EXPECT_EQ(told(), "{info,x,a}");
        EXPECT_TRUE(told_nothing(30ms));
    });
}

TEST_P(gen_statem_timeouts_test, a_system_message_is_no_event_and_stops_nothing) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) { return m.keep_state(m.event_timeout(5ms, 1)); });
        settle(server);
        EXPECT_EQ(told(), "{timeout,1,a}");
    });
}

TEST_P(gen_statem_timeouts_test, another_state_stops_the_state_timeout_and_leaves_a_generic_one) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) {
            return m.keep_state(m.state_timeout(8ms, 1), m.generic_timeout("n"_a, 8ms, 2));
        });
        let(server, [](machine& m) { return m.next_state("b"_a); });
        EXPECT_EQ(told(), "{{timeout,n},2,b}");
        EXPECT_TRUE(told_nothing(30ms));
    });
}

TEST_P(gen_statem_timeouts_test, a_state_timeout_survives_events_the_same_state_and_a_repeated_one) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) { return m.keep_state(m.state_timeout(8ms, 1)); });
        let(server, [](machine& m) { return m.next_state("a"_a); });
        let(server, [](machine& m) { return m.repeat_state(); });
        EXPECT_EQ(told(), "{state_timeout,1,a}");
    });
}

TEST_P(gen_statem_timeouts_test, a_state_timeout_set_on_the_way_belongs_to_the_new_state) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) { return m.next_state("b"_a, m.state_timeout(1ms, 1)); });
        EXPECT_EQ(told(), "{state_timeout,1,b}");
    });
}

TEST_P(gen_statem_timeouts_test, cancel_and_infinity_stop_a_timeout) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) {
            return m.keep_state(m.state_timeout(5ms, 1), m.generic_timeout("n"_a, 5ms, 2),
                                m.generic_timeout("k"_a, 5ms, 3));
        });
        let(server, [](machine& m) {
            return m.keep_state(m.state_timeout(m.cancel), m.generic_timeout("n"_a, infinity, 4));
        });
        EXPECT_EQ(told(), "{{timeout,k},3,a}");
        EXPECT_TRUE(told_nothing(30ms));
    });
}

TEST_P(gen_statem_timeouts_test, an_update_keeps_the_time) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) { return m.keep_state(m.state_timeout(5ms, 1)); });
        let(server, [](machine& m) { return m.keep_state(m.state_timeout(m.update, 2)); });
        EXPECT_EQ(told(), "{state_timeout,2,a}");
        let(server, [](machine& m) { return m.keep_state(m.generic_timeout("n"_a, m.update, 3)); });
        EXPECT_EQ(told(), "{{timeout,n},3,a}") << "one that does not run comes at once";
    });
}

TEST_P(gen_statem_timeouts_test, an_absolute_time_is_of_the_systems_clock) {
    in_process([this] {
        const pid server = stepwise();
        const auto begin = this_system().now();
        let(server, [=](machine& m) {
            return m.keep_state(m.state_timeout(statem::timeout_time::at(begin + 10ms), 1));
        });
        EXPECT_EQ(told(), "{state_timeout,1,a}");
        EXPECT_GE(this_system().now(), begin + 10ms);
        let(server,
            [=](machine& m) { return m.keep_state(m.state_timeout(statem::timeout_time::at(begin), 2)); });
        EXPECT_EQ(told(), "{state_timeout,2,a}") << "a time that has passed comes at once";
    });
}

TEST_P(gen_statem_timeouts_test,
       a_zero_timeout_comes_before_a_message_that_waits_and_after_an_inserted_event) {
    in_process([this] {
        const pid server = stepwise();
        blocked(server, [](machine& m) {
            return m.keep_state(m.state_timeout(0ms, 1), m.next_event(event::internal(2)));
        });
        send(server, term("x"_a));
        send(server, term("go"_a));
        EXPECT_EQ(told(3), (lines{"{internal,2,a}", "{state_timeout,1,a}", "{info,x,a}"}));
    });
}

TEST_P(gen_statem_timeouts_test, a_zero_event_timeout_is_stopped_by_an_inserted_event) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) {
            return m.keep_state(m.event_timeout(0ms, 1), m.next_event(event::internal(2)));
        });
        EXPECT_EQ(told(), "{internal,2,a}");
        EXPECT_TRUE(told_nothing(20ms));
    });
}

TEST_P(gen_statem_timeouts_test, a_timeout_that_has_fired_before_it_is_stopped_never_comes) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) {
            return m.keep_state(m.generic_timeout("n"_a, 1ms, 1), m.state_timeout(1ms, 2));
        });
        blocked(server, [](machine& m) { return m.next_state("b"_a, m.generic_timeout("n"_a, m.cancel)); });
        static_cast<void>(receive_if([](term_view) { return false; }, 20ms));
        send(server, term("go"_a));
        EXPECT_EQ(gen_statem::call(server, "state"_a), term("b"_a));
        // Either may have come before the machine was blocked; what fired while it was has not.
        while (const auto early = receive_if(is_told, 0ms))
            EXPECT_TRUE(early->tuple()[1].to_string().ends_with(",a}")) << early->to_string();
        EXPECT_TRUE(told_nothing(20ms));
    });
}

TEST_P(gen_statem_timeouts_test, a_timeout_of_its_own_that_a_machine_starts_as_a_timer_is_a_message) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) {
            static_cast<void>(start_timer(1ms, self(), "state_timeout"_a));
            return m.keep_state(m.state_timeout(10s, 1));
        });
        const std::string got = told();
        EXPECT_TRUE(got.starts_with("{info,{timeout,#Ref<")) << got;
    });
}

TEST_P(gen_statem_timeouts_test, many_generic_timeouts_run_at_once) {
    in_process([this] {
        const pid server = stepwise();
        constexpr int n = 300;
        let(server, [](machine& m) {
            result all = m.keep_state();
            for (int i = 0; i < n; ++i)
                all.add(m.generic_timeout(i, 1ms, i));
            return all;
        });
        std::vector<bool> come(n);
        for (int i = 0; i < n; ++i) {
            const auto m = receive_if(is_told, 20s);
            ASSERT_TRUE(m);
            come[m->tuple()[1].tuple()[1].as<std::size_t>().value()] = true;
        }
        EXPECT_EQ(std::count(come.begin(), come.end(), true), n);
    });
}

TEST_P(gen_statem_timeouts_test, timers_of_a_suspended_machine_wait_until_it_is_resumed) {
    in_process([this] {
        const pid server = stepwise();
        let(server, [](machine& m) { return m.keep_state(m.state_timeout(1ms, 1)); });
        settle(server);
        const auto ask = [&](atom what) { return gen::call(server, "system"_a, term(what), 20s); };
        static_cast<void>(told_nothing());
        EXPECT_TRUE(ask("suspend"_a)->is_atom("ok"_a));
        const bool early = !told_nothing(20ms);  // it may have come before
        EXPECT_TRUE(ask("resume"_a)->is_atom("ok"_a));
        if (!early) {
            EXPECT_EQ(told(), "{state_timeout,1,a}");
        }
    });
}

TEST_P(gen_statem_timeouts_test, a_machine_that_ends_takes_its_timers_with_it) {
    in_process([this] {
        const pid server = stepwise();
        let(server,
            [](machine& m) { return m.keep_state(m.state_timeout(10s, 1), m.event_timeout(10s, 2)); });
        gen_statem::stop(server);
        EXPECT_TRUE(told_nothing());
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_statem_timeouts_test, shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka::statem_tests
