// The rules of OTP's gen_event for managers, events, calls and requests, one test a rule.
#include "event/gen_event_support.hpp"

#include <rakka/actors/registry.hpp>
#include <rakka/otp/gen_server.hpp>

#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class gen_event_test : public gen_event_test_base {};

// -- managers

TEST_P(gen_event_test, a_manager_starts_without_handlers_and_under_its_name) {
    in_process([] {
        const pid p = manager({.name = "bus"_a});
        EXPECT_EQ(whereis("bus"_a), p);
        EXPECT_EQ(installed("bus"_a), "");
        const auto again = gen_event::start({.name = "bus"_a});
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().reason, term(tuple("already_started"_a, p)));
        EXPECT_EQ(process_info(p)->trap_exit, true) << "managers trap exits";
    });
}

TEST_P(gen_event_test, a_linked_manager_ends_with_its_parent_and_tells_its_handlers) {
    in_process([] {
        const pid me = self();
        const auto [parent, ref] = spawn_monitor([me] {
            const pid p = gen_event::start_link().value();
            gen_event::add_handler(p, obedient_handler::make("a"_a, me)).value();
            send(me, tuple("manager"_a, p));
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("end"_a); }));
            rakka::exit("enough"_a);
        });
        const term started = *receive_if([](term_view m) { return m.is_tagged("manager"_a, 2); }, 20s);
        const reference end = monitor(started.tuple()[1].as<pid>().value());
        send(parent, "end"_a);
        EXPECT_EQ(end_of(end), "enough");
        EXPECT_EQ(end_of(ref), "enough");
        EXPECT_EQ(heard(), "{a,init} {a,{terminate,stop}}");
    });
}

TEST_P(gen_event_test, a_monitored_manager_is_watched_from_its_start) {
    in_process([] {
        const auto [p, ref] = gen_event::start_monitor().value();
        gen_event::stop(p, "shutdown"_a);
        EXPECT_EQ(end_of(ref), "shutdown");
    });
}

TEST_P(gen_event_test, stop_tells_every_handler_and_gives_the_reason) {
    in_process([] {
        const auto [p, ref] = gen_event::start_monitor().value();
        add(p, "a"_a);
        add(p, "b"_a);
        gen_event::stop(p, tuple("shutdown"_a, "now"_a), 10s);
        EXPECT_EQ(end_of(ref), "{shutdown,now}");
        EXPECT_EQ(heard(), "{b,{terminate,stop}} {a,{terminate,stop}}");
        EXPECT_EQ(exit_of([p = p] { gen_event::stop(p); }), "noproc");
    });
}

TEST_P(gen_event_test, a_stop_request_is_answered_and_ends_it_normally) {
    in_process([] {
        const auto [p, ref] = gen_event::start_monitor().value();
        add(p, "a"_a);
        EXPECT_EQ(*gen::call(p, self(), term("stop"_a), 10s), term("ok"_a));
        EXPECT_EQ(end_of(ref), "normal");
        EXPECT_EQ(heard(), "{a,{terminate,stop}}");
    });
}

TEST_P(gen_event_test, the_process_tells_where_it_comes_from) {
    in_process([] {
        const pid p = manager();
        std::string shown;
        const auto info = process_info(p);
        for (const auto& [key, value] : info->dictionary)
            shown += key.to_string() + "=" + value.to_string() + " ";
        EXPECT_NE(shown.find("'$initial_call'={gen_event,init_it,6}"), std::string::npos) << shown;
    });
}

TEST_P(gen_event_test, an_idle_manager_hibernates_after_its_time_and_goes_on) {
    in_process([] {
        const pid p = manager({.hibernate_after = 1ms});
        add(p, "a"_a);
        static_cast<void>(receive_if([](term_view) { return false; }, 20ms));
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(heard(), "{a,{event,1}}");
    });
}

TEST_P(gen_event_test, a_killed_manager_calls_nobody) {
    in_process([] {
        const auto [p, ref] = gen_event::start_monitor().value();
        add(p, "a"_a);
        rakka::exit(p, "kill"_a);
        EXPECT_EQ(end_of(ref), "killed");
        EXPECT_EQ(heard(), "");
    });
}

// -- events

TEST_P(gen_event_test, each_handler_gets_each_event_the_newest_first) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        add(p, "c"_a);
        EXPECT_EQ(installed(p), "{h,c} {h,b} {h,a}");
        gen_event::notify(p, 1);
        gen_event::notify(p, 2);
        gen_event::sync_notify(p, 3);
        EXPECT_EQ(heard(),
                  "{c,{event,1}} {b,{event,1}} {a,{event,1}} {c,{event,2}} {b,{event,2}} {a,{event,2}} "
                  "{c,{event,3}} {b,{event,3}} {a,{event,3}}");
    });
}

TEST_P(gen_event_test, notify_does_not_fail_for_a_manager_that_is_not_there_unless_it_is_named) {
    in_process([] {
        const pid p = manager();
        gen_event::stop(p);
        gen_event::notify(p, 1);
        gen_event::notify(registered_name{"x"_a, "far@away"_a}, 1);
        gen_event::notify(global_name("nobody"_a), 1);
        gen_event::notify(via("no_module"_a, "nobody"_a), 1);
        EXPECT_EQ(exit_of([] { gen_event::notify("nobody"_a, 1); }).substr(0, 8), "{badarg,");
    });
}

TEST_P(gen_event_test, what_waits_exits_with_the_bare_reason) {
    in_process([] {
        EXPECT_EQ(exit_of([] { gen_event::sync_notify("nobody"_a, 1); }), "noproc");
        EXPECT_EQ(exit_of([] { static_cast<void>(gen_event::which_handlers("nobody"_a)); }), "noproc");
        EXPECT_EQ(exit_of([] { gen_event::delete_handler("nobody"_a, "h"_a, 1); }), "noproc");
        EXPECT_EQ(exit_of([] { gen_event::add_handler("nobody"_a, {"h"_a, 1}).value(); }), "noproc");
        EXPECT_EQ(exit_of([] {
                      gen_event::sync_notify(registered_name{"x"_a, "far@away"_a}, 1);
                  }),
                  "{nodedown,far@away}");
    });
}

TEST_P(gen_event_test, other_messages_go_to_handle_info_of_each) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        send(p, "plain"_a);
        send(p, tuple("EXIT"_a, "not a pid"_a, "x"_a));
        send(p, tuple(self(), tuple(self(), make_reference()), tuple("unknown"_a, 1)));
        gen_event::sync_notify(p, "done"_a);
        const std::string all = heard();
        EXPECT_EQ(all.find("{b,{info,plain}} {a,{info,plain}} {b,{info,{'EXIT','not a pid',x}}}"), 0U) << all;
        EXPECT_NE(all.find(",{unknown,1}}}} {a,"), std::string::npos) << all;
    });
}

// -- calls

TEST_P(gen_event_test, a_call_reaches_the_one_handler_that_is_meant) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        EXPECT_EQ(gen_event::call(p, h("a"_a), 17).to_string(), "{did,17}");
        EXPECT_EQ(heard(), "{a,{call,17}}");
    });
}

TEST_P(gen_event_test, a_call_of_a_handler_that_is_not_there_says_bad_module) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        EXPECT_EQ(gen_event::call(p, "h"_a, 1).to_string(), "{error,bad_module}") << "without its id";
        EXPECT_EQ(gen_event::call(p, h("b"_a), 1).to_string(), "{error,bad_module}");
        EXPECT_EQ(gen::call(p, self(), tuple("call"_a, 1, 2), 10s)->to_string(), "{error,bad_module}");
    });
}

TEST_P(gen_event_test, of_two_with_one_id_the_newest_is_called) {
    in_process([] {
        const pid p = manager();
        gen_event::add_handler(p, obedient_handler::make("a"_a, self())).value();
        gen_event::add_handler(p, new_handler::of<obedient_handler>("b"_a, self()).as(h("a"_a))).value();
        EXPECT_EQ(installed(p), "{h,a} {h,a}");
        static_cast<void>(heard());
        static_cast<void>(gen_event::call(p, h("a"_a), 1));
        EXPECT_EQ(heard(), "{b,{call,1}}");
        static_cast<void>(gen_event::delete_handler(p, h("a"_a), 1));
        static_cast<void>(heard());
        static_cast<void>(gen_event::call(p, h("a"_a), 1));
        EXPECT_EQ(heard(), "{a,{call,1}}");
    });
}

TEST_P(gen_event_test, a_call_without_a_reply_exits_and_names_the_call) {
    in_process([] {
        EXPECT_EQ(exit_of([] { gen_event::call("nobody"_a, "h"_a, 1); }),
                  "{noproc,{gen_event,call,[nobody,h,1]}}");
        EXPECT_EQ(exit_of([] { gen_event::call("nobody"_a, h("a"_a), 1, 100ms); }),
                  "{noproc,{gen_event,call,[nobody,{h,a},1,100]}}");
        const pid p = manager({.name = "late"_a});
        sys::suspend(p);
        EXPECT_EQ(exit_of([] { gen_event::call("late"_a, "h"_a, 1, 5ms); }),
                  "{timeout,{gen_event,call,[late,h,1,5]}}");
        sys::resume(p);
        gen_event::sync_notify(p, 1);
        EXPECT_TRUE(no_message()) << "the late answer goes nowhere";
    });
}

TEST_P(gen_event_test, try_call_gives_the_reason_back) {
    in_process([] {
        const pid p = manager();
        EXPECT_EQ(gen_event::try_call(p, "h"_a, 1)->to_string(), "{error,bad_module}");
        EXPECT_EQ(gen_event::try_call("nobody"_a, "h"_a, 1).error().reason, term("noproc"_a));
    });
}

TEST_P(gen_event_test, the_label_of_a_request_is_the_callers_pid) {
    in_process([] {
        const pid me = self();
        const pid eavesdropper = spawn([me] {
            for (int i = 0; i < 3; ++i) {
                const term m = receive();
                send(me, tuple("label"_a, m.share(m.tuple()[0])));
                reply(gen::as_request(m)->sender, "ok"_a);
            }
        });
        gen_event::sync_notify(eavesdropper, 1);
        EXPECT_EQ(gen_event::call(eavesdropper, "h"_a, 1), term("ok"_a));
        const auto id = gen_event::send_request(eavesdropper, "h"_a, 1);
        EXPECT_EQ(receive_response(id)->value(), term("ok"_a));
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(next_message(), term(tuple("label"_a, me)));
    });
}

TEST_P(gen_event_test, requests_are_answered_later_alone_and_in_collections) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        const auto id = gen_event::send_request(p, h("a"_a), "state"_a);
        EXPECT_EQ(receive_response(id)->value(), term("fresh"_a));
        request_ids all;
        all.add(gen_event::send_request(p, h("a"_a), "state"_a), "there"_a);
        all.add(gen_event::send_request(p, "h"_a, "state"_a), "no such"_a);
        all.add(gen_event::send_request("nobody"_a, "h"_a, "state"_a), "no manager"_a);
        for (int i = 0; i < 3; ++i) {
            const auto one = all.receive_response(10s);
            ASSERT_TRUE(one);
            const std::string got = one->response ? one->response->to_string()
                                                  : "no reply: " + one->response.error().reason.to_string();
            const std::string expected = one->label.is_atom("there"_a)     ? "fresh"
                                         : one->label.is_atom("no such"_a) ? "{error,bad_module}"
                                                                           : "no reply: noproc";
            EXPECT_EQ(got, expected);
        }
        EXPECT_EQ(all.size(), 0U);
    });
}

TEST_P(gen_event_test, get_modules_tells_each_module_once) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        gen_event::add_handler<obedient_handler>(p, "c"_a, self()).value();
        EXPECT_EQ(gen::call(p, self(), term("get_modules"_a), 10s)->to_string(),
                  "[h,'rakka::obedient_handler']");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_event_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
