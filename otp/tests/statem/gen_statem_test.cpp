// The rules of OTP's gen_statem about callback modes, state enter calls, starting, calling and stopping.
#include "statem/gen_statem_support.hpp"

#include <rakka/actors/testing.hpp>

namespace rakka::statem_tests {
namespace {

class gen_statem_test : public statem_test {};

/// OTP's push button, with one function a state.
class push_button : public gen_statem {
public:
    explicit push_button(bool enter = false, std::function<void(term)> tell = {})
        : tell_(std::move(tell)), enter_(enter) {}

private:
    statem::callback_mode callback_mode() const override {
        static const state_functions states{{"off"_a, &push_button::off}, {"on"_a, &push_button::on}};
        return {.functions = &states, .state_enter = enter_};
    }
    result init() override { return next_state("off"_a); }
    result off(const event& e) {
        if (e.is_enter()) return entered("off"_a, e);
        if (e.is_call("push"_a)) return next_state("on"_a, reply(e.sender(), "on"_a));
        return common(e);
    }
    result on(const event& e) {
        if (e.is_enter()) return entered("on"_a, e);
        if (e.is_call("push"_a)) return ++pushed_, next_state("off"_a, reply(e.sender(), "off"_a));
        if (e.is_cast("nowhere"_a)) return next_state("nowhere"_a);
        if (e.is_cast("complex"_a)) return next_state(tuple("on"_a, 1));
        return common(e);
    }
    result common(const event& e) {
        if (e.is_call("count"_a)) return keep_state(reply(e.sender(), pushed_));
        return keep_state();
    }
    result entered(atom which, const event& e) {
        tell_(tuple("enter"_a, which, e.content()));
        return keep_state();
    }
    term data() const override { return pushed_; }

    std::function<void(term)> tell_;
    bool enter_;
    std::int64_t pushed_ = 0;
};

TEST_P(gen_statem_test, each_state_has_a_function_of_its_own) {
    in_process([] {
        const pid button = gen_statem::start<push_button>({.name = "button"_a}).value();
        EXPECT_EQ(gen_statem::call(button, "push"_a), term("on"_a));
        EXPECT_EQ(gen_statem::call("button"_a, "push"_a), term("off"_a));
        EXPECT_EQ(gen_statem::call(button, "count"_a), term(1));
    });
}

TEST_P(gen_statem_test, a_state_without_a_function_ends_the_machine_with_undef) {
    in_process([] {
        const auto [button, ref] = gen_statem::start_monitor<push_button>().value();
        gen_statem::call(button, "push"_a);
        gen_statem::cast(button, "nowhere"_a);
        gen_statem::cast(button, "x"_a);
        const term reason = down_reason(ref);
        ASSERT_TRUE(reason.is_tagged("undef"_a, 2)) << reason.to_string();
        EXPECT_EQ(reason.share(reason.tuple()[1].list().head().tuple()[1]), term("nowhere"_a));
    });
}

TEST_P(gen_statem_test, a_state_that_is_no_atom_has_no_function) {
    in_process([] {
        const auto [button, ref] = gen_statem::start_monitor<push_button>().value();
        gen_statem::call(button, "push"_a);
        gen_statem::cast(button, "complex"_a);
        gen_statem::cast(button, "x"_a);
        EXPECT_EQ(down_reason(ref), term(tuple("badarg"_a, list())));
    });
}

TEST_P(gen_statem_test, state_functions_get_enter_calls_when_asked_for) {
    in_process([this] {
        const pid button = gen_statem::start<push_button>({}, true, teller()).value();
        gen_statem::call(button, "push"_a);
        EXPECT_EQ(told(2), (lines{"{enter,off,off}", "{enter,on,off}"}));
    });
}

TEST_P(gen_statem_test, one_function_for_all_states_gets_the_state_which_may_be_any_term) {
    in_process([] {
        const pid server = start({.handle =
                                      [](machine& m, const event& e, const term& state) {
                                          const term next = tuple("floor"_a, e.content());
                                          return m.next_state(next, m.reply(e.sender(), state));
                                      },
                                  .init = [](machine& m) { return m.next_state(list(1, 2)); }});
        EXPECT_EQ(gen_statem::call(server, 1), term(list(1, 2)));
        EXPECT_EQ(gen_statem::call(server, 2), term(tuple("floor"_a, 1)));
    });
}

TEST_P(gen_statem_test, without_a_callback_for_events_the_machine_ends_with_undef) {
    class no_callback : public gen_statem {
        result init() override { return next_state("a"_a); }
    };
    in_process([] {
        const auto [server, ref] = gen_statem::start_monitor<no_callback>().value();
        gen_statem::cast(server, "x"_a);
        EXPECT_TRUE(down_reason(ref).is_tagged("undef"_a, 2));
    });
}

TEST_P(gen_statem_test, every_kind_of_event_says_what_it_is) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start({.handle = [=](machine& m, const event& e, const term& state) {
            tell(seen(e, state));
            if (e.is_call()) {
                EXPECT_TRUE(e.sender().client);
                return m.keep_state(m.reply(e.sender(), "ok"_a), m.next_event(event::internal("i"_a)));
            }
            EXPECT_FALSE(e.sender().client);
            return m.keep_state();
        }});
        EXPECT_EQ(gen_statem::call(server, 1), term("ok"_a));
        gen_statem::cast(server, 2);
        send(server, term("message"_a));
        send(server, term(tuple("timeout"_a, make_reference(), "not ours"_a)));
        EXPECT_EQ(gen_server::call(server, 3), term("ok"_a)) << "a call is a call, whoever makes it";
        EXPECT_EQ(told(4), (lines{"{call,1,a}", "{internal,i,a}", "{cast,2,a}", "{info,message,a}"}));
        EXPECT_TRUE(told().starts_with("{info,{timeout,#Ref<"));
        EXPECT_EQ(told(2), (lines{"{call,3,a}", "{internal,i,a}"}));
    });
}

TEST_P(gen_statem_test, a_reply_may_come_later_and_from_elsewhere) {
    in_process([this] {
        const auto tell = teller();
        const pid server =
            start({.handle = [=, asked = from()](machine& m, const event& e, const term&) mutable {
                if (e.is_call()) {
                    asked = e.sender();
                    tell("asked"_a);
                } else {
                    spawn([to = asked] { rakka::reply(to, term("late"_a)); });
                }
                return m.keep_state();
            }});
        spawn([=] { tell(gen_statem::call(server, "x"_a)); });
        EXPECT_EQ(told(), "asked");
        gen_statem::cast(server, "release"_a);
        EXPECT_EQ(told(), "late");
    });
}

// -- state enter calls
// ----------------------------------------------------------------------------------------------------------

/// Tells every event, and does what the casts say.
script enters(std::function<void(term)> tell) {
    return {.handle =
                [tell = std::move(tell)](machine& m, const event& e, const term& state) {
                    tell(seen(e, state));
                    if (e.is_cast("repeat"_a)) return m.repeat_state();
                    if (e.is_cast("same"_a)) return m.next_state(state);
                    if (e.is_cast("keep"_a)) return m.keep_state();
                    if (e.is_cast()) return m.next_state(e.content());
                    return m.keep_state();
                },
            .state_enter = true};
}

TEST_P(gen_statem_test, the_first_state_is_entered_from_itself) {
    in_process([this] {
        start(enters(teller()));
        EXPECT_EQ(told(), "{enter,a,a}");
    });
}

TEST_P(gen_statem_test, a_state_is_entered_when_it_is_another_and_when_it_is_repeated) {
    in_process([this] {
        const pid server = start(enters(teller()));
        EXPECT_EQ(told(), "{enter,a,a}");
        for (const atom what : {"keep"_a, "same"_a, "repeat"_a, "b"_a})
            gen_statem::cast(server, what);
        EXPECT_EQ(told(6), (lines{"{cast,keep,a}", "{cast,same,a}", "{cast,repeat,a}", "{enter,a,a}",
                                  "{cast,b,a}", "{enter,a,b}"}));
    });
}

TEST_P(gen_statem_test, an_enter_call_that_repeats_the_state_is_made_again_with_the_same_old_state) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start({.handle =
                                      [=, left = 0](machine& m, const event& e, const term& state) mutable {
                                          tell(seen(e, state));
                                          if (e.is_cast()) return left = 2, m.next_state("b"_a);
                                          return left-- > 0 ? m.repeat_state() : m.keep_state();
                                      },
                                  .state_enter = true});
        gen_statem::cast(server, "go"_a);
        EXPECT_EQ(told(5),
                  (lines{"{enter,a,a}", "{cast,go,a}", "{enter,a,b}", "{enter,a,b}", "{enter,a,b}"}));
    });
}

TEST_P(gen_statem_test, the_enter_call_comes_before_inserted_and_postponed_events) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start({.handle =
                                      [=](machine& m, const event& e, const term& state) {
                                          tell(seen(e, state));
                                          if (e.is_cast("later"_a) && state == term("a"_a))
                                              return m.keep_state(m.postpone());
                                          if (e.is_cast("go"_a))
                                              return m.next_state("b"_a, m.next_event(event::internal(1)));
                                          return m.keep_state();
                                      },
                                  .state_enter = true});
        gen_statem::cast(server, "later"_a);
        gen_statem::cast(server, "go"_a);
        EXPECT_EQ(told(6), (lines{"{enter,a,a}", "{cast,later,a}", "{cast,go,a}", "{enter,a,b}",
                                  "{internal,1,b}", "{cast,later,b}"}));
    });
}

TEST_P(gen_statem_test, an_enter_call_may_reply_and_set_timeouts_and_stay_by_name) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start(
            {.handle =
                 [=, asked = from()](machine& m, const event& e, const term& state) mutable {
                     if (e.is_call()) {
                         asked = e.sender();
                         return m.next_state("b"_a);
                     }
                     if (e.is_enter() && asked.client)
                         return m.next_state("b"_a, m.reply(asked, "entered"_a), m.state_timeout(1ms, "t"_a));
                     if (!e.is_enter()) tell(seen(e, state));
                     return m.keep_state();
                 },
             .state_enter = true});
        EXPECT_EQ(gen_statem::call(server, "go"_a), term("entered"_a));
        EXPECT_EQ(told(), "{state_timeout,t,b}");
    });
}

// -- starting, calling, stopping
// ----------------------------------------------------------------------------------------------------------

TEST_P(gen_statem_test, actions_of_init_are_carried_out_before_the_first_enter_call) {
    in_process([this] {
        const auto tell = teller();
        start({.handle =
                   [=](machine& m, const event& e, const term& state) {
                       tell(seen(e, state));
                       return m.keep_state();
                   },
               .init =
                   [](machine& m) {
                       return m.next_state("first"_a, m.next_event(event::cast(1)), m.postpone(),
                                           m.next_event(event::internal(2)), m.state_timeout(0ms, 3));
                   },
               .state_enter = true});
        EXPECT_EQ(told(4), (lines{"{enter,first,first}", "{cast,1,first}", "{internal,2,first}",
                                  "{state_timeout,3,first}"}));
        EXPECT_TRUE(told_nothing(10ms)) << "there was nothing to postpone";
    });
}

TEST_P(gen_statem_test, a_name_is_taken_while_the_machine_lives_and_free_afterwards) {
    in_process([] {
        const pid first = gen_statem::start<push_button>({.name = "button"_a}).value();
        EXPECT_EQ(whereis("button"_a), first);
        const auto second = gen_statem::start<push_button>({.name = "button"_a});
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().reason, term(tuple("already_started"_a, first)));
        gen_statem::stop("button"_a);
        EXPECT_TRUE(gen_statem::start<push_button>({.name = "button"_a}));
    });
}

TEST_P(gen_statem_test, a_failed_init_is_told_to_the_starter_and_leaves_nothing_behind) {
    in_process([] {
        trap_exit(true);
        const auto start_error_of = [](std::function<result(machine&)> init) {
            const auto handle = [](machine& m, const event&, const term&) { return m.keep_state(); };
            const auto started =
                gen_statem::start<machine>({.name = "m"_a}, script{.handle = handle, .init = init});
            EXPECT_FALSE(whereis("m"_a));
            const auto linked = gen_statem::start_link<machine>({}, script{.handle = handle, .init = init});
            EXPECT_FALSE(linked);
            return started ? std::string("started") : started.error().reason.to_string();
        };
        EXPECT_EQ(start_error_of([](machine& m) { return m.stop_with("no_way"_a); }), "no_way");
        EXPECT_EQ(start_error_of([](machine& m) { return m.ignore(); }), "ignore");
        EXPECT_EQ(start_error_of([](machine& m) { return m.fail_with("not now"_a); }), "'not now'");
        EXPECT_EQ(start_error_of([](machine&) -> result { rakka::exit("gone"_a); }), "gone");
        EXPECT_EQ(start_error_of([](machine&) -> result { rakka::error("wrong"_a); }), "wrong")
            << "the reason without the stack, as gen_statem has it and gen_server has not";
        EXPECT_EQ(start_error_of([](machine&) -> result { throw term("t"_a); }), "{bad_return_from_init,t}");
        EXPECT_EQ(start_error_of([](machine& m) { return m.keep_state(); }),
                  "{bad_return_from_init,{keep_state,data}}");
        EXPECT_EQ(start_error_of([](machine& m) -> result { throw m.ignore(); }), "ignore")
            << "a result that is thrown is returned";
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0ms)) << "a message was left behind";
    });
}

TEST_P(gen_statem_test, what_goes_wrong_in_the_first_enter_call_is_no_failure_to_start) {
    in_process([] {
        const auto started = gen_statem::start_monitor<machine>(
            {}, script{.handle = [](machine&, const event&, const term&) -> result { rakka::exit("oops"_a); },
                       .state_enter = true});
        ASSERT_TRUE(started);
        EXPECT_EQ(down_reason(started->second), term("oops"_a));
    });
}

TEST_P(gen_statem_test, a_call_waits_for_ever_unless_told_and_its_exit_says_how_long) {
    in_process([] {
        const pid server =
            start({.handle = [](machine& m, const event&, const term&) { return m.keep_state(); }});
        const std::string target = term(server).to_string();
        EXPECT_EQ(exit_of([&] { gen_statem::call(server, "x"_a, 5ms); }),
                  "{timeout,{gen_statem,call,[" + target + ",x,5]}}");
        EXPECT_EQ(exit_of([&] { gen_statem::call(server, "x"_a, statem::clean_timeout(5ms)); }),
                  "{timeout,{gen_statem,call,[" + target + ",x,{clean_timeout,5}]}}");
        EXPECT_EQ(exit_of([&] { gen_statem::call(server, "x"_a, statem::dirty_timeout(5ms)); }),
                  "{timeout,{gen_statem,call,[" + target + ",x,{dirty_timeout,5}]}}");
        EXPECT_EQ(exit_of([&] { gen_statem::call("nobody"_a, "x"_a); }),
                  "{noproc,{gen_statem,call,[nobody,x,infinity]}}");
        EXPECT_EQ(gen_statem::try_call(server, "x"_a, 5ms).error().reason, term("timeout"_a));
    });
}

TEST_P(gen_statem_test, stop_ends_it_through_terminate_which_sees_the_state) {
    in_process([this] {
        const auto tell = teller();
        const auto [server, ref] =
            gen_statem::start_monitor<machine>(
                {}, script{.handle = [](machine& m, const event& e,
                                        const term&) { return m.next_state(e.content()); },
                           .terminate = [=](term_view reason,
                                            const term& state) { tell(tuple(term::copy(reason), state)); }})
                .value();
        gen_statem::cast(server, "b"_a);
        gen_statem::stop(server, "shutdown"_a);
        EXPECT_EQ(told(), "{shutdown,b}");
        EXPECT_EQ(down_reason(ref), term("shutdown"_a));
        EXPECT_EQ(exit_of([s = server] { gen_statem::stop(s); }), "noproc");
    });
}

TEST_P(gen_statem_test,
       the_exit_of_its_parent_ends_a_machine_that_traps_exits_and_that_of_another_is_an_event) {
    in_process([this] {
        const auto tell = teller();
        const script s{.handle =
                           [=](machine& m, const event& e, const term& state) {
                               tell(seen(e, state));
                               return m.keep_state();
                           },
                       .init =
                           [](machine& m) {
                               trap_exit(true);
                               return m.next_state("a"_a);
                           },
                       .terminate = [=](term_view reason,
                                        const term&) { tell(tuple("terminate"_a, term::copy(reason))); }};
        spawn([=] {
            const pid server = gen_statem::start_link<machine>({}, s).value();
            const auto other = spawn_monitor([=] {
                link(server);
                rakka::exit("other"_a);
            });
            static_cast<void>(receive_if([r = other.ref](term_view m) { return is_down(r, m); }));
            settle(server);
            rakka::exit("gone"_a);
        });
        const std::string first = told();
        EXPECT_TRUE(first.starts_with("{info,{'EXIT',<") && first.ends_with("other},a}")) << first;
        EXPECT_EQ(told(), "{terminate,gone}");
    });
}

TEST_P(gen_statem_test, enter_loop_makes_a_process_a_machine) {
    in_process([this] {
        const auto tell = teller();
        const auto [server, ref] = spawn_monitor([=] {
            script s{.handle =
                         [=](machine& m, const event& e, const term& state) {
                             tell(seen(e, state));
                             if (e.is_cast("stop"_a)) return m.stop_with("done"_a);
                             return m.keep_state(m.event_timeout(1ms, "t"_a));
                         },
                     .state_enter = true};
            std::vector<statem::action> actions;
            actions.push_back(machine::next_event(event::internal("i"_a)));
            gen_statem::enter_loop(std::make_unique<machine>(std::move(s)), "here"_a, std::move(actions));
        });
        EXPECT_EQ(told(3), (lines{"{enter,here,here}", "{internal,i,here}", "{timeout,t,here}"}));
        gen_statem::cast(server, "stop"_a);
        EXPECT_EQ(down_reason(ref), term("done"_a));
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_statem_test, shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka::statem_tests
