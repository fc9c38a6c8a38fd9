// How a gen_statem ends when its callbacks do what they must not.
#include "statem/gen_statem_support.hpp"

namespace rakka::statem_tests {
namespace {

class gen_statem_errors_test : public statem_test {
protected:
    struct ended {
        std::string exit_reason;
        std::string terminate;  // `{Reason, State}` as terminate() saw them
        friend bool operator==(const ended&, const ended&) = default;
        friend void PrintTo(const ended& e, std::ostream* out) {
            *out << "exit " << e.exit_reason << ", terminate " << e.terminate;
        }
    };

    /// What becomes of a machine that decides so when it is cast `go` in state a.
    ended after(std::function<result(machine&)> decide) {
        return end_of({.handle = [decide](machine& m, const event&, const term&) { return decide(m); }});
    }
    /// The same in the enter call of state b.
    ended entering(std::function<result(machine&)> decide) {
        return end_of({.handle =
                           [decide](machine& m, const event& e, const term& state) {
                               if (!e.is_enter()) return m.next_state("b"_a);
                               return state == term("a"_a) ? m.keep_state() : decide(m);
                           },
                       .state_enter = true});
    }
    ended end_of(script s) {
        s.terminate = [tell = teller()](term_view reason, const term& state) {
            tell(tuple(term::copy(reason), state));
        };
        const auto [server, ref] = gen_statem::start_monitor<machine>({}, std::move(s)).value();
        gen_statem::cast(server, "go"_a);
        const std::string exit_reason = down_reason(ref).to_string();
        return {exit_reason, told()};
    }
    static ended error(const std::string& reason, const std::string& state = "a") {
        return {"{" + reason + ",[]}", "{" + reason + "," + state + "}"};
    }
};

TEST_P(gen_statem_errors_test, a_stop_is_an_exit_with_just_the_reason) {
    in_process([this] {
        EXPECT_EQ(after([](machine& m) { return m.stop_with("why"_a); }), (ended{"why", "{why,a}"}));
        EXPECT_EQ(entering([](machine& m) { return m.stop_with("why"_a); }), (ended{"why", "{why,b}"}));
    });
}

TEST_P(gen_statem_errors_test, terminate_sees_an_error_without_its_stack_and_the_state_before) {
    in_process([this] {
        const auto fails = [](machine&) -> result { rakka::error("wrong"_a); };
        EXPECT_EQ(after(fails), error("wrong"));
        EXPECT_EQ(entering(fails), error("wrong", "a"));
        const auto exits = [](machine&) -> result { rakka::exit(tuple("a"_a, "b"_a)); };
        EXPECT_EQ(after(exits), (ended{"{a,b}", "{{a,b},a}"}));
        const auto throws = [](machine&) -> result { throw std::runtime_error("broken"); };
        EXPECT_EQ(after(throws), error("{cpp_exception,<<\"std::runtime_error\">>,<<\"broken\">>}"));
    });
}

TEST_P(gen_statem_errors_test, a_thrown_term_is_a_bad_return) {
    in_process([this] {
        EXPECT_EQ(after([](machine&) -> result { throw term("ball"_a); }),
                  error("{bad_return_from_state_function,ball}"));
    });
}

TEST_P(gen_statem_errors_test, what_only_init_may_return_is_a_bad_return) {
    in_process([this] {
        EXPECT_EQ(after([](machine& m) { return m.ignore(); }),
                  error("{bad_return_from_state_function,ignore}"));
        EXPECT_EQ(after([](machine& m) { return m.fail_with("x"_a); }),
                  error("{bad_return_from_state_function,{error,x}}"));
    });
}

TEST_P(gen_statem_errors_test, an_enter_call_must_not_go_on_to_another_state) {
    in_process([this] {
        EXPECT_EQ(entering([](machine& m) { return m.next_state("c"_a); }),
                  error("{bad_state_enter_return_from_state_function,{next_state,c,data}}", "b"));
        EXPECT_EQ(entering([](machine& m) { return m.next_state("c"_a, m.hibernate()); }),
                  error("{bad_state_enter_return_from_state_function,{next_state,c,data,[hibernate]}}", "b"));
    });
}

TEST_P(gen_statem_errors_test, an_enter_call_must_not_postpone_insert_or_change_the_module) {
    in_process([this] {
        EXPECT_EQ(entering([](machine& m) { return m.keep_state(m.postpone()); }),
                  error("{bad_state_enter_action_from_state_function,postpone}", "b"));
        EXPECT_EQ(entering([](machine& m) { return m.keep_state(m.next_event(event::cast(1))); }),
                  error("{bad_state_enter_action_from_state_function,{next_event,cast,1}}", "b"));
        EXPECT_EQ(entering([](machine& m) {
                      return m.keep_state(m.push_callback_module(std::make_unique<machine>(script{})));
                  }),
                  error("{bad_state_enter_action_from_state_function,{push_callback_module,'rakka::statem_"
                        "tests::machine'}}",
                        "b"));
    });
}

TEST_P(gen_statem_errors_test, an_enter_call_may_say_that_it_does_not_postpone) {
    in_process([this] {
        EXPECT_EQ(entering([](machine& m) {
                      return m.keep_state(m.postpone(false), m.next_event(event::cast(1)));
                  }),
                  error("{bad_state_enter_action_from_state_function,{next_event,cast,1}}", "b"))
            << "the second action is the bad one";
    });
}

TEST_P(gen_statem_errors_test, actions_before_a_bad_one_are_carried_out_and_those_behind_it_are_not) {
    in_process([this] {
        const auto tell = teller();
        const auto [server, ref] =
            gen_statem::start_monitor<machine>(
                {}, script{.handle =
                               [](machine& m, const event& e, const term&) {
                                   return m.keep_state(m.reply(e.sender(), 1), m.state_timeout(-1ms, "x"_a),
                                                       m.reply(e.sender(), 2));
                               }})
                .value();
        EXPECT_EQ(gen_statem::call(server, "go"_a), term(1));
        EXPECT_EQ(down_reason(ref).to_string(), "{{bad_action_from_state_function,{state_timeout,-1,x}},[]}");
    });
}

TEST_P(gen_statem_errors_test, times_before_now_are_bad_only_when_relative) {
    in_process([this] {
        EXPECT_EQ(after([](machine& m) { return m.keep_state(m.event_timeout(-5ms, "x"_a)); }),
                  error("{bad_action_from_state_function,{timeout,-5,x}}"));
        EXPECT_EQ(after([](machine& m) { return m.keep_state(m.generic_timeout("n"_a, -5ms, "x"_a)); }),
                  error("{bad_action_from_state_function,{{timeout,n},-5,x}}"));
        EXPECT_EQ(after([first = true](machine& m) mutable {
                      if (!std::exchange(first, false)) return m.stop_with("timed out"_a);
                      return m.keep_state(m.event_timeout(statem::timeout_time::at(-5ms), "x"_a));
                  }),
                  (ended{"'timed out'", "{'timed out',a}"}));
    });
}

TEST_P(gen_statem_errors_test, an_enter_event_cannot_be_inserted_and_nobody_cannot_be_answered) {
    in_process([this] {
        EXPECT_EQ(after([](machine& m) { return m.keep_state(m.next_event(event::enter("z"_a))); }),
                  error("{bad_action_from_state_function,{next_event,enter,z}}"));
        const std::string exit_reason =
            after([](machine& m) { return m.keep_state(m.reply(from(), 1)); }).exit_reason;
        EXPECT_TRUE(exit_reason.starts_with("{{bad_action_from_state_function,{reply,")) << exit_reason;
    });
}

TEST_P(gen_statem_errors_test, a_stop_takes_nothing_but_replies) {
    in_process([this] {
        EXPECT_EQ(after([](machine& m) { return m.stop_with("x"_a, m.hibernate()); }),
                  error("{bad_reply_action_from_state_function,hibernate}"));
    });
}

TEST_P(gen_statem_errors_test, a_crash_in_terminate_is_the_reason_and_a_throw_in_it_is_not) {
    in_process([this] {
        const auto reason_with = [](std::function<void(term_view, const term&)> terminate) {
            const auto [server, ref] =
                gen_statem::start_monitor<machine>(
                    {}, script{.handle = [](machine& m, const event&,
                                            const term&) { return m.stop_with("first"_a); },
                               .terminate = std::move(terminate)})
                    .value();
            gen_statem::cast(server, "go"_a);
            return down_reason(ref).to_string();
        };
        EXPECT_EQ(reason_with([](term_view, const term&) { rakka::exit("second"_a); }), "second");
        EXPECT_EQ(reason_with([](term_view, const term&) { throw term("ball"_a); }), "first");
    });
}

TEST_P(gen_statem_errors_test, an_exit_that_is_not_trapped_and_a_kill_leave_no_time_for_last_words) {
    in_process([this] {
        for (const atom reason : {"boom"_a, "kill"_a}) {
            const auto [server, ref] =
                gen_statem::start_monitor<machine>(
                    {}, script{.handle = [](machine& m, const event&, const term&) { return m.keep_state(); },
                               .terminate = [tell = teller()](term_view, const term&) { tell("no"_a); }})
                    .value();
            rakka::exit(server, reason);
            EXPECT_EQ(down_reason(ref), term(reason == "kill"_a ? "killed"_a : reason));
            EXPECT_TRUE(told_nothing());
        }
    });
}

TEST_P(gen_statem_errors_test, a_callback_mode_that_fails_ends_the_machine_after_its_start) {
    class moody : public gen_statem {
        statem::callback_mode callback_mode() const override { rakka::error("no_mode"_a); }
        result init() override { return next_state("a"_a); }
    };
    in_process([] {
        const auto [server, ref] = gen_statem::start_monitor<moody>().value();
        EXPECT_EQ(down_reason(ref).to_string(), "{no_mode,[]}");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_statem_errors_test, shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka::statem_tests
