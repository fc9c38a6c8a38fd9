// The rules of OTP's gen_statem about postponing, inserting, replying, hibernating and changing the module.
#include "statem/gen_statem_support.hpp"

#include <rakka/actors/testing.hpp>

namespace rakka::statem_tests {
namespace {

class gen_statem_actions_test : public statem_test {};

/// Tells every event; in state a keeps numbers, goes where it is told, and does what `more` says first.
script keeper(std::function<void(term)> tell,
              std::function<std::optional<result>(machine&, const event&, const term&)> more = {}) {
    return {.handle = [tell = std::move(tell), more = std::move(more)](machine& m, const event& e,
                                                                       const term& state) {
        tell(seen(e, state));
        if (more) {
            if (auto r = more(m, e, state)) return *std::move(r);
        }
        if (e.is_cast() && e.content().is(kind::atom)) return m.next_state(e.content());
        if (state == term("a"_a) && e.content().is(kind::integer)) return m.keep_state(m.postpone());
        return m.keep_state();
    }};
}

TEST_P(gen_statem_actions_test, postponed_events_come_again_in_the_next_state_before_what_is_in_the_mailbox) {
    in_process([this] {
        const pid server = start(keeper(teller()));
        gen_statem::cast(server, 1);
        gen_statem::cast(server, 2);
        gen_statem::cast(server, "b"_a);
        gen_statem::cast(server, 3);
        EXPECT_EQ(told(6), (lines{"{cast,1,a}", "{cast,2,a}", "{cast,b,a}", "{cast,1,b}", "{cast,2,b}",
                                  "{cast,3,b}"}));
    });
}

TEST_P(gen_statem_actions_test, postponed_events_stay_while_the_state_is_the_same) {
    in_process([this] {
        const pid server = start(keeper(teller(), [](machine& m, const event& e, const term&) {
            return e.is_info() ? std::optional(m.repeat_state()) : std::nullopt;
        }));
        gen_statem::cast(server, 1);
        gen_statem::cast(server, "a"_a);
        send(server, term("repeat"_a));
        gen_statem::cast(server, "b"_a);
        EXPECT_EQ(told(5),
                  (lines{"{cast,1,a}", "{cast,a,a}", "{info,repeat,a}", "{cast,b,a}", "{cast,1,b}"}));
    });
}

TEST_P(gen_statem_actions_test, an_event_may_be_postponed_again_and_again) {
    in_process([this] {
        const pid server = start(keeper(teller(), [](machine& m, const event& e, const term& state) {
            const bool waits = e.content().is(kind::integer) && state != term("c"_a);
            return waits ? std::optional(m.keep_state(m.postpone())) : std::nullopt;
        }));
        for (const int n : {1, 2})
            gen_statem::cast(server, n);
        for (const atom s : {"b"_a, "c"_a})
            gen_statem::cast(server, s);
        EXPECT_EQ(told(8), (lines{"{cast,1,a}", "{cast,2,a}", "{cast,b,a}", "{cast,1,b}", "{cast,2,b}",
                                  "{cast,c,b}", "{cast,1,c}", "{cast,2,c}"}));
    });
}

TEST_P(gen_statem_actions_test, a_postponed_call_is_answered_when_it_comes_again) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start({.handle = [=](machine& m, const event& e, const term& state) {
            if (!e.is_call()) return m.next_state("b"_a);
            if (state == term("b"_a)) return m.keep_state(m.reply(e.sender(), state));
            tell("waits"_a);
            return m.keep_state(m.postpone());
        }});
        spawn([=] { tell(gen_statem::call(server, "x"_a)); });
        EXPECT_EQ(told(), "waits");
        gen_statem::cast(server, "go"_a);
        EXPECT_EQ(told(), "b");
    });
}

TEST_P(gen_statem_actions_test, of_several_postponements_and_hibernations_the_last_counts) {
    in_process([this] {
        const pid server = start(keeper(teller(), [](machine& m, const event& e, const term&) {
            if (e.is_cast() && e.content() == term(1))
                return std::optional(m.keep_state(m.postpone(), m.hibernate(), m.postpone(false)));
            return std::optional<result>();
        }));
        gen_statem::cast(server, 1);
        gen_statem::cast(server, "b"_a);
        EXPECT_EQ(told(2), (lines{"{cast,1,a}", "{cast,b,a}"}));
        EXPECT_TRUE(told_nothing(20ms));
    });
}

TEST_P(gen_statem_actions_test, inserted_events_of_every_type_come_in_order_before_postponed_ones) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start(keeper(tell, [=](machine& m, const event& e, const term&) {
            if (e.is_internal("answer"_a)) return std::optional(m.keep_state());
            if (e.is_call() && e.content() == term("inserted"_a))
                return std::optional(m.keep_state(m.reply(e.sender(), "from an inserted call"_a)));
            if (!e.is_call()) return std::optional<result>();
            return std::optional(m.next_state(
                "b"_a, m.next_event(event::internal("i"_a)), m.next_event(event::cast(7)),
                m.next_event(event::info(8)), m.next_event(event::timeout(9)),
                m.next_event(event::state_timeout(10)), m.next_event(event::generic_timeout("n"_a, 11)),
                m.next_event(event::call(e.sender(), "inserted"_a))));
        }));
        gen_statem::cast(server, 1);
        EXPECT_EQ(gen_statem::call(server, "go"_a), term("from an inserted call"_a));
        EXPECT_EQ(told(10), (lines{"{cast,1,a}", "{call,go,a}", "{internal,i,b}", "{cast,7,b}", "{info,8,b}",
                                   "{timeout,9,b}", "{state_timeout,10,b}", "{{timeout,n},11,b}",
                                   "{call,inserted,b}", "{cast,1,b}"}));
    });
}

TEST_P(gen_statem_actions_test, replies_are_sent_in_order_and_those_of_a_stop_before_terminate) {
    in_process([this] {
        const auto tell = teller();
        const auto [server, ref] =
            gen_statem::start_monitor<machine>(
                {}, script{.handle =
                               [=, first = from()](machine& m, const event& e, const term&) mutable {
                                   if (e.is_call("first"_a)) {
                                       first = e.sender();
                                       tell("first"_a);
                                       return m.keep_state();
                                   }
                                   return m.stop_with("enough"_a, m.reply(first, 1), m.reply(e.sender(), 2));
                               },
                           .terminate =
                               [=](term_view reason, const term&) {
                                   tell(term::copy(reason));
                                   static_cast<void>(
                                       receive_if([](term_view t) { return t.is_atom("go on"_a); }));
                               }})
                .value();
        spawn([=, s = server] { tell(gen_statem::call(s, "first"_a)); });
        EXPECT_EQ(told(), "first");
        EXPECT_EQ(gen_statem::call(server, "second"_a), term(2)) << "while terminate is running";
        std::vector<std::string> rest = told(2);
        std::sort(rest.begin(), rest.end());
        EXPECT_EQ(rest, (lines{"1", "enough"}));
        send(server, term("go on"_a));
        EXPECT_EQ(down_reason(ref), term("enough"_a));
    });
}

TEST_P(gen_statem_actions_test, a_result_that_is_thrown_counts_as_returned) {
    in_process([this] {
        const pid server = start(keeper(teller(), [](machine& m, const event& e, const term&) {
            if (e.is_info()) throw m.next_state("b"_a);
            return std::optional<result>();
        }));
        send(server, term("go"_a));
        gen_statem::cast(server, 1);
        EXPECT_EQ(told(2), (lines{"{info,go,a}", "{cast,1,b}"}));
    });
}

TEST_P(gen_statem_actions_test, a_machine_hibernates_when_told_and_after_a_time_and_goes_on) {
    in_process([this] {
        const auto tell = teller();
        const script s{.handle = [=](machine& m, const event& e, const term& state) {
            tell(seen(e, state));
            return m.keep_state(m.hibernate(), m.state_timeout(5ms, "t"_a));
        }};
        const pid told_to = start(s);
        gen_statem::cast(told_to, 1);
        EXPECT_EQ(told(2), (lines{"{cast,1,a}", "{state_timeout,t,a}"}));
        gen_statem::stop(told_to);
        for (const auto after : {0ms, 1ms}) {
            const pid after_a_time = start(keeper(tell), {.hibernate_after = after});
            static_cast<void>(receive_if([](term_view) { return false; }, 10ms));
            gen_statem::cast(after_a_time, "b"_a);
            EXPECT_EQ(told(), "{cast,b,a}");
        }
    });
}

TEST_P(gen_statem_actions_test, a_callback_may_block_and_messages_wait_meanwhile) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start(keeper(tell, [=](machine&, const event& e, const term&) {
            if (e.is_info()) {
                tell("blocked"_a);
                static_cast<void>(receive_if([](term_view t) { return t.is_atom("unblock"_a); }));
            }
            return std::optional<result>();
        }));
        send(server, term("block"_a));
        EXPECT_EQ(told(2), (lines{"{info,block,a}", "blocked"}));
        gen_statem::cast(server, 1);
        EXPECT_TRUE(told_nothing(10ms));
        send(server, term("unblock"_a));
        EXPECT_EQ(told(), "{cast,1,a}");
    });
}

TEST_P(gen_statem_actions_test, events_that_never_end_let_others_run_and_can_be_killed) {
    in_process([this] {
        const auto [server, ref] =
            gen_statem::start_monitor<machine>(
                {},
                script{.handle = [](machine& m, const event&,
                                    const term&) { return m.keep_state(m.next_event(event::internal(1))); }})
                .value();
        gen_statem::cast(server, "go"_a);
        rakka::exit(server, term("kill"_a));
        EXPECT_EQ(down_reason(ref), term("killed"_a));
    });
}

// -- modules
// ----------------------------------------------------------------------------------------------------------

/// One module of several; says which it is.
class module_named : public gen_statem {
public:
    module_named(atom name, std::function<void(term)> tell, bool enter = false)
        : name_(name), tell_(std::move(tell)), enter_(enter) {}
    ~module_named() override { tell_(tuple("gone"_a, name_)); }

    static std::unique_ptr<gen_statem> make(atom name, std::function<void(term)> tell, bool enter = false) {
        return std::make_unique<module_named>(name, std::move(tell), enter);
    }

private:
    statem::callback_mode callback_mode() const override { return {.state_enter = enter_}; }
    result init() override { return next_state("a"_a); }
    result handle_event(const event& e, const term& state) override {
        tell_(tuple(name_, seen(e, state)));
        if (e.is_cast("push"_a))
            return keep_state(push_callback_module(make("pushed"_a, tell_)), next_event(event::internal(1)));
        if (e.is_cast("change"_a))
            return next_state("b"_a, change_callback_module(make("other"_a, tell_, true)));
        if (e.is_cast("pop"_a)) return keep_state(pop_callback_module(), next_event(event::internal(2)));
        if (e.is_cast("null"_a)) return keep_state(change_callback_module(nullptr));
        return keep_state();
    }
    void popped(gen_statem& above) override {
        tell_(tuple(name_, "takes over from"_a, dynamic_cast<module_named&>(above).name_));
    }
    void terminate(term_view reason, const term&) override {
        tell_(tuple(name_, "terminates"_a, term::copy(reason)));
    }

    atom name_;
    std::function<void(term)> tell_;
    bool enter_;
};

TEST_P(gen_statem_actions_test, a_pushed_module_serves_until_it_is_popped) {
    in_process([this] {
        const pid server = gen_statem::start<module_named>({}, "first"_a, teller()).value();
        gen_statem::cast(server, "push"_a);
        EXPECT_EQ(told(2), (lines{"{first,{cast,push,a}}", "{pushed,{internal,1,a}}"}));
        gen_statem::cast(server, "pop"_a);
        EXPECT_EQ(told(4), (lines{"{pushed,{cast,pop,a}}", "{first,'takes over from',pushed}",
                                  "{gone,pushed}", "{first,{internal,2,a}}"}));
        gen_statem::stop(server);
        EXPECT_EQ(told(2), (lines{"{first,terminates,normal}", "{gone,first}"}));
    });
}

TEST_P(gen_statem_actions_test, a_module_that_takes_over_serves_from_the_enter_call_on_with_its_own_mode) {
    in_process([this] {
        const pid server = gen_statem::start<module_named>({}, "first"_a, teller()).value();
        gen_statem::cast(server, "change"_a);
        EXPECT_EQ(told(3), (lines{"{first,{cast,change,a}}", "{gone,first}", "{other,{enter,a,b}}"}));
        gen_statem::stop(server);
        EXPECT_EQ(told(2), (lines{"{other,terminates,normal}", "{gone,other}"}));
    });
}

TEST_P(gen_statem_actions_test, a_change_above_another_module_leaves_that_one_below) {
    in_process([this] {
        const pid server = gen_statem::start<module_named>({}, "first"_a, teller()).value();
        for (const atom what : {"push"_a, "change"_a, "pop"_a})
            gen_statem::cast(server, what);
        EXPECT_EQ(told(9),
                  (lines{"{first,{cast,push,a}}", "{pushed,{internal,1,a}}", "{pushed,{cast,change,a}}",
                         "{gone,pushed}", "{other,{enter,a,b}}", "{other,{cast,pop,b}}",
                         "{first,'takes over from',other}", "{gone,other}", "{first,{internal,2,b}}"}));
    });
}

TEST_P(gen_statem_actions_test, popping_the_last_module_and_changing_to_none_are_bad_actions) {
    in_process([this] {
        const auto reason_of = [this](atom what) {
            const auto [server, ref] =
                gen_statem::start_monitor<module_named>({}, "first"_a, teller()).value();
            gen_statem::cast(server, what);
            return down_reason(ref).to_string();
        };
        EXPECT_EQ(reason_of("pop"_a), "{{bad_action_from_state_function,pop_callback_module},[]}");
        EXPECT_EQ(reason_of("null"_a),
                  "{{bad_action_from_state_function,{change_callback_module,undefined}},[]}");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_statem_actions_test, shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka::statem_tests
