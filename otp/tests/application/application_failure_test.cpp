// Starts that fail, applications that end by themselves, and a controller that is lied to or killed.
#include "application/application_support.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/actors/registry.hpp>

#include <atomic>
#include <memory>
#include <tuple>

namespace rakka {
namespace {

class application_failure_test : public application_test {};

TEST_P(application_failure_test, a_failed_dependency_stops_what_was_started_for_it) {
    in_process([] {
        load("shop"_a, {.applications = {"stock"_a, "bank"_a}});
        load("stock"_a);
        load("bank"_a, {}, "refuse"_a);
        const auto started = applications::ensure_all_started({"shop"_a});
        ASSERT_FALSE(started);
        EXPECT_TRUE(started.error().reason.is_tagged("bank"_a, 2)) << started.error().reason.to_string();
        EXPECT_EQ(running(), "");
        EXPECT_EQ(said(), "{stock,start} {bank,start} {stock,prep_stop} {root_ended,shutdown} {stock,stop}");
        load("a"_a, {.applications = {"b"_a}});
        load("b"_a, {.applications = {"a"_a}});
        EXPECT_NE(
            applications::ensure_all_started({"a"_a}).error().reason.to_string().find("circular_dependency"),
            std::string::npos);
    });
}

TEST_P(application_failure_test, what_goes_wrong_in_a_start_is_its_error) {
    in_process([] {
        load("refuses"_a, {}, "refuse"_a);
        EXPECT_TRUE(shown(applications::start("refuses"_a)).starts_with("{refused,{"))
            << shown(applications::start("refuses"_a));
        load("throws"_a, {}, "start"_a);
        EXPECT_TRUE(shown(applications::start("throws"_a)).starts_with("{{'EXIT',{trouble_in,start}},{"));
        static_cast<void>(said());
        load("phase"_a, {.start_phases = {{"warm"_a, term(1)}, {"open"_a, term(2)}}}, "warm"_a);
        EXPECT_TRUE(shown(applications::start("phase"_a)).starts_with("{{'EXIT',{trouble_in,warm}},{"));
        EXPECT_EQ(said(), "{phase,start} {phase,warm} {root_ended,shutdown}") << "its tree is stopped again";
        EXPECT_EQ(running(), "");
    });
}

TEST_P(application_failure_test, one_that_ends_by_itself_is_stopped_and_may_be_started_again) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        gen_server::cast("shop"_a, "broken"_a);
        while (!running().empty())
            yield();
        EXPECT_EQ(said(), "{shop,start} {root_ended,broken} {shop,stop}");
        ASSERT_TRUE(applications::start("shop"_a));
        applications::stop_all();
    });
}

TEST_P(application_failure_test, the_end_of_a_permanent_one_is_that_of_the_program) {
    for (const auto& [type, reason, fatal] : {std::tuple{application_type::permanent, "normal"_a, true},
                                              {application_type::permanent, "broken"_a, true},
                                              {application_type::transient, "normal"_a, false},
                                              {application_type::transient, "broken"_a, true},
                                              {application_type::temporary, "broken"_a, false}}) {
        rakka::system s(GetParam().options);
        std::atomic<int> asked{0};
        s.run([&, t = type, why = reason] {
            load("other"_a);
            load("shop"_a);
            set_stop_handler(s, [&](const stop_request& r) { asked = r.status; });  // in place of a shutdown
            ASSERT_TRUE(applications::start("other"_a));
            ASSERT_TRUE(applications::start("shop"_a, t));
            gen_server::cast("shop"_a, why);
            while (running() != "other")
                yield();
            applications::stop_all();  // the handler's task; answered when the controller is through with
                                       // shop
        });
        EXPECT_EQ(asked, fatal ? 1 : 0) << reason.text();
        set_stop_handler(s, {});
    }
}

TEST_P(application_failure_test, where_nobody_ends_the_program_the_others_are_stopped_in_order) {
    rakka::system s(GetParam().options);
    s.run([&] {
        load("first"_a);
        load("second"_a);
        load("shop"_a);
        set_stop_handler(s, {});
        for (const atom name : {"first"_a, "second"_a})
            ASSERT_TRUE(applications::start(name));
        ASSERT_TRUE(applications::start("shop"_a, application_type::permanent));
        static_cast<void>(said());
        gen_server::cast("shop"_a, "broken"_a);
        while (!running().empty())
            yield();
        EXPECT_EQ(said(),
                  "{root_ended,broken} {shop,stop} {second,prep_stop} {root_ended,shutdown} {second,stop} "
                  "{first,prep_stop} {root_ended,shutdown} {first,stop}");
    });
}

/// Its start ends as it is told.
class exits_in_start : public application {
public:
    exits_in_start(term reason, bool leaves_one) : reason_(std::move(reason)), leaves_one_(leaves_one) {}

private:
    start_result<pid> start() override {
        if (leaves_one_) {
            spawn([] {
                static_cast<void>(register_name("left_over"_a, self()));
                static_cast<void>(receive_if([](term_view) { return false; }));
            });
            while (!whereis("left_over"_a))
                yield();
        }
        exit(reason_);
    }
    term reason_;
    bool leaves_one_;
};

TEST_P(application_failure_test, a_start_that_fails_ends_the_program_as_the_end_of_the_application_does) {
    for (const auto& [type, reason, fatal] : {std::tuple{application_type::permanent, "normal"_a, true},
                                              {application_type::transient, "normal"_a, false},
                                              {application_type::transient, "broken"_a, true},
                                              {application_type::temporary, "broken"_a, false}}) {
        rakka::system s(GetParam().options);
        std::atomic<int> asked{0};
        s.run([&, t = type, why = reason] {
            ASSERT_TRUE(applications::load<exits_in_start>({.name = "shop"_a}, term(why), false));
            set_stop_handler(s, [&](const stop_request& r) { asked = r.status; });
            EXPECT_FALSE(applications::start("shop"_a, t));
        });
        EXPECT_EQ(asked, fatal ? 1 : 0) << reason.text();
        set_stop_handler(s, {});
    }
}

TEST_P(application_failure_test, a_failed_start_is_told_when_nothing_of_it_is_left) {
    in_process([] {
        ASSERT_TRUE(applications::load<exits_in_start>({.name = "shop"_a}, term("broken"_a), true));
        EXPECT_FALSE(applications::start("shop"_a));
        EXPECT_FALSE(whereis("left_over"_a));
        EXPECT_EQ(shown(applications::unload("shop"_a)), "ok");
    });
}

TEST_P(application_failure_test, a_start_after_a_failed_one_is_not_ended_by_it) {
    in_process([] {
        const auto tries = std::make_shared<int>(0);
        ASSERT_TRUE(applications::load({.name = "shop"_a}, [tries, me = self()] {
            return std::make_unique<told>(me, "shop"_a, (*tries)++ == 0 ? "refuse"_a : atom());
        }));
        EXPECT_FALSE(applications::start("shop"_a));
        ASSERT_TRUE(applications::start("shop"_a));
        EXPECT_EQ(shown(applications::start("shop"_a)), "{already_started,shop}");
        EXPECT_EQ(running(), "shop");
        applications::stop_all();
    });
}

TEST_P(application_failure_test, what_fits_no_form_does_nothing_to_the_controller) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        const pid controller = whereis("application_controller"_a).value();
        for (const term& m :
             std::vector<term>{tuple("application_started"_a, 1, 2, 3),
                               tuple("application_started"_a, self(), make_reference(), "ok"_a),
                               tuple("application_ended"_a, "shop"_a, 1, "broken"_a),
                               tuple("application_ended"_a, self(), make_reference(), "broken"_a),
                               tuple("EXIT"_a, 1, 2), "hello"_a})
            send(controller, m);
        for (const term& request : std::vector<term>{"hello"_a, tuple("start"_a, "shop"_a, "permanent"_a),
                                                     tuple("start"_a, "shop"_a, 3), tuple("start"_a, 1, 2),
                                                     tuple("stop"_a, 1), tuple("other"_a, "shop"_a)}) {
            EXPECT_EQ(gen_server::call(controller, request),
                      term(tuple("error"_a, tuple("bad_request"_a, request))));
        }
        EXPECT_EQ(whereis("application_controller"_a), controller);
        EXPECT_EQ(running(), "shop");
        applications::stop_all();
    });
}

TEST_P(application_failure_test, a_controller_takes_over_when_the_applications_of_the_one_before_have_ended) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        const pid controller = whereis("application_controller"_a).value();
        exit(controller, "kill"_a);
        while (whereis("application_controller"_a) == controller)
            yield();
        EXPECT_EQ(shown(applications::start("shop"_a)), "ok");
        EXPECT_EQ(said(), "{shop,start} {root_ended,shutdown} {shop,stop} {shop,start}");
        EXPECT_EQ(running(), "shop");
        applications::stop_all();
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, application_failure_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
