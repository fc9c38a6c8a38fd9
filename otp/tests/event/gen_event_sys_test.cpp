// What a gen_event manager owes sys: state and status of its handlers, suspension, change of code, debug
// events.
#include "event/gen_event_support.hpp"

#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class gen_event_sys_test : public gen_event_test_base {};

TEST_P(gen_event_sys_test, the_state_is_that_of_every_handler) {
    in_process([] {
        const pid p = manager();
        EXPECT_EQ(sys::get_state(p).to_string(), "[]");
        add(p, "a"_a);
        gen_event::add_handler(p, new_handler::of<obedient_handler>("b"_a, self()).as("plain"_a)).value();
        gen_event::sync_notify(p, to("b"_a, tuple("state"_a, 17)));
        EXPECT_EQ(sys::get_state(p).to_string(), "[{plain,false,17},{h,a,fresh}]");
    });
}

TEST_P(gen_event_sys_test, replace_state_asks_handler_by_handler_and_keeps_what_fails) {
    in_process([] {
        const pid p = manager();
        for (const atom name : {"a"_a, "b"_a, "c"_a, "d"_a, "e"_a})
            add(p, name);
        const term now = sys::replace_state(p, [](const term& one) -> term {
            const auto t = one.tuple();
            if (t[1].is_atom("a"_a)) return tuple("h"_a, "a"_a, "new"_a);
            if (t[1].is_atom("b"_a)) return tuple("h"_a, "other id"_a, "new"_a);
            if (t[1].is_atom("c"_a)) return "nonsense"_a;
            if (t[1].is_atom("d"_a)) throw std::runtime_error("no");
            return tuple("h"_a, "e"_a, "not this"_a);  // refused by the handler
        });
        EXPECT_EQ(now.to_string(), "[{h,e,fresh},{h,d,fresh},{h,c,fresh},{h,b,fresh},{h,a,new}]");
        EXPECT_EQ(sys::get_state(p), now);
    });
}

TEST_P(gen_event_sys_test, the_status_has_the_items_of_otp) {
    in_process([] {
        const pid p = gen_event::start({.name = "shown"_a}).value();
        add(p, "a"_a);
        gen_event::add_sup_handler(p, new_handler::of<obedient_handler>("b"_a, self()).as("plain"_a)).value();
        gen_event::sync_notify(p, to("a"_a, tuple("state"_a, "secret"_a)));
        const term status = sys::get_status(p);
        const term misc = status.share(*std::next(status.tuple()[3].list().begin(), 4));
        const std::string me = term(self()).to_string();
        EXPECT_EQ(
            misc.to_string(),
            "[{header,\"Status for event handler shown\"},{data,[{\"Status\",running},{\"Logged Events\",[]},"
            "{\"Parent\"," +
                term(p).to_string() + "}]},{items,{\"Installed handlers\",[{handler,plain,false,fresh," + me +
                "},{handler,h,a,hidden,false}]}}]");
        EXPECT_EQ(status.tuple()[2].to_string(), "{module,gen_event}");
    });
}

TEST_P(gen_event_sys_test, a_suspended_manager_keeps_events_for_later) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        sys::suspend(p);
        gen_event::notify(p, 1);
        EXPECT_EQ(sys::get_state(p).to_string(), "[{h,a,fresh}]");
        EXPECT_EQ(heard(), "");
        sys::resume(p);
        gen_event::sync_notify(p, 2);
        EXPECT_EQ(heard(), "{a,{event,1}} {a,{event,2}}");
    });
}

TEST_P(gen_event_sys_test, code_changes_in_the_handlers_of_that_module) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        gen_event::add_handler(p, new_handler::of<obedient_handler>("b"_a, self()).as("other"_a)).value();
        sys::suspend(p);
        EXPECT_FALSE(sys::change_code(p, "h"_a, "v1"_a, "extra"_a));
        EXPECT_EQ(sys::get_state(p).to_string(), "[{other,false,fresh},{h,a,{changed,v1,extra}}]");
        const auto refused = sys::change_code(p, "other"_a, "v1"_a, "refuse"_a);
        ASSERT_TRUE(refused);
        EXPECT_EQ(refused->to_string(), "{'EXIT',cannot}");
        EXPECT_FALSE(sys::change_code(p, "nobody"_a, "v1"_a, "refuse"_a));
        sys::resume(p);
        EXPECT_EQ(installed(p), "other {h,a}") << "nobody is removed over it";
    });
}

TEST_P(gen_event_sys_test, terminate_ends_it_as_stop_does) {
    in_process([] {
        const auto [p, ref] = gen_event::start_monitor().value();
        add(p, "a"_a);
        sys::terminate(p, "shutdown"_a);
        EXPECT_EQ(end_of(ref), "shutdown");
        EXPECT_EQ(heard(), "{a,{terminate,stop}}");
    });
}

TEST_P(gen_event_sys_test, each_message_is_a_debug_event) {
    in_process([] {
        const pid p = manager({.debug = {sys::log_events{20}}});
        add(p, "a"_a);
        gen_event::notify(p, 1);
        send(p, "plain"_a);
        static_cast<void>(gen_event::call(p, h("a"_a), "state"_a));
        std::vector<std::string> kinds;
        for (const term& event : sys::log_get(p)) {
            ASSERT_TRUE(event.is_tagged("in"_a, 2));
            const term message = event.share(event.tuple()[1]);
            kinds.push_back(message.is_tuple(3) ? message.tuple()[2].tuple()[0].to_string()
                                                : message.to_string());
        }
        EXPECT_EQ(kinds, (std::vector<std::string>{"add_handler", "{notify,1}", "plain", "call"}));
        EXPECT_NE(sys::get_status(p).to_string().find("{\"Logged Events\",[{in,"), std::string::npos);
        sys::no_debug(p);
        gen_event::sync_notify(p, 2);
        EXPECT_TRUE(sys::log_get(p).empty());
    });
}

TEST_P(gen_event_sys_test, a_handler_whose_state_cannot_be_told_is_named_by_the_error) {
    class mute : public event_handler {
        result handle_event(const term&) override { return ok(); }
        [[nodiscard]] term state() const override { throw std::runtime_error("private"); }
    };
    in_process([] {
        const pid p = manager();
        gen_event::add_handler<mute>(p).value();
        EXPECT_EQ(exit_of([&] { static_cast<void>(sys::get_state(p)); }).substr(0, 37),
                  "{{callback_failed,{gen_event,system_g");
        EXPECT_NE(sys::get_status(p).to_string().find("'format_status failed'"), std::string::npos);
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(gen_event::which_handlers(p).size(), 1U);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_event_sys_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
