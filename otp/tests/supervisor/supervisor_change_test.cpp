// What becomes of the children when a supervisor is asked again what to supervise: sys:change_code.
#include "supervisor/changing_init.hpp"

#include <atomic>

namespace rakka {
namespace {

using enum restart_type;
using enum restart_strategy;
using setup = supervisor::setup;

class supervisor_change_test : public supervisor_fixture {};

TEST_P(supervisor_change_test, a_change_keeps_children_that_are_listed_still_and_puts_new_ones_in_order) {
    in_process([] {
        const changing_setup wanted(setup{{}, {idle_child("a"_a), idle_child("b"_a), idle_child("c"_a)}});
        const pid top = supervisor::start_link(wanted).value();
        const pid a = process_of(top, "a"_a);
        const pid b = process_of(top, "b"_a);
        const pid c = process_of(top, "c"_a);
        wanted = setup{{}, {idle_child("n"_a), idle_child("c"_a), idle_child("m"_a), idle_child("a"_a)}};
        EXPECT_EQ(change(top), "ok");
        // b is not listed: it stays, as the one that was started last.
        EXPECT_EQ(ids_of(top), "b a m- c n-");
        EXPECT_EQ(process_of(top, "a"_a), a);
        EXPECT_EQ(process_of(top, "b"_a), b);
        EXPECT_EQ(process_of(top, "c"_a), c);
        EXPECT_EQ(supervisor::count_children(top).active, 3U);
        EXPECT_TRUE(supervisor::restart_child(top, "n"_a));
        EXPECT_EQ(ids_of(top), "b a m- c n");
        crash(c);
        EXPECT_TRUE(successor_of(c, top, "c"_a));
        shut_down(top);
    });
}

TEST_P(supervisor_change_test, children_are_started_again_and_stopped_as_the_new_specification_says) {
    in_process([] {
        const pid me = self();
        const auto version = [me](const char* v, restart_type restart, child_shutdown shutdown) {
            return setup{{.intensity = 10},
                         {{.id = "a"_a,
                           .start = [me, v]() -> start_answer {
                               return gen_server::start_link<reporter>({}, atom(v), me);
                           },
                           .restart = restart,
                           .shutdown = shutdown}}};
        };
        const changing_setup wanted(version("old", permanent, 1000ms));
        const pid top = supervisor::start_link(wanted).value();
        EXPECT_EQ(next_labels("started"_a, 1), labels{"old"});
        wanted = version("new", transient, child_shutdown::brutal_kill());
        EXPECT_EQ(change(top), "ok");
        const pid old = process_of(top, "a"_a);
        EXPECT_EQ(gen_server::call(old, "label"_a), term("old"_a));
        crash(old, "kill"_a);
        EXPECT_EQ(next_labels("started"_a, 1), labels{"new"});
        const pid fresh = successor_of(old, top, "a"_a);
        EXPECT_EQ(key_of(supervisor::get_childspec(top, "a"_a).value(), "restart"_a), "transient");
        gen_server::cast(fresh, tuple("stop"_a, "normal"_a));
        EXPECT_TRUE(testing::wait_until([&] { return ids_of(top) == "a-"; }));
        EXPECT_TRUE(supervisor::restart_child(top, "a"_a));
        EXPECT_EQ(next_labels("ended"_a, 1), labels{"new"});
        EXPECT_EQ(shut_down(top), "shutdown");
        EXPECT_TRUE(nothing_from("ended"_a)) << "brutal_kill does not ask";
    });
}

TEST_P(supervisor_change_test, new_flags_hold_at_once) {
    in_process([] {
        const auto with = [](supervisor_flags flags) {
            return setup{flags, {idle_child("a"_a), idle_child("b"_a)}};
        };
        const changing_setup wanted(with({.intensity = 0}));
        pid top = supervisor::start_link(wanted).value();
        wanted = with({.strategy = one_for_all, .intensity = 1});
        EXPECT_EQ(change(top), "ok");
        const pid a = process_of(top, "a"_a);
        const pid b = process_of(top, "b"_a);
        crash(a);
        EXPECT_TRUE(successor_of(a, top, "a"_a)) << "one restart is allowed now";
        EXPECT_NE(process_of(top, "b"_a), b) << "and it is for all";
        // Restarts that were counted before count under the new limits.
        wanted = with({.intensity = 1, .period = 1000s});
        EXPECT_EQ(change(top), "ok");
        crash(process_of(top, "a"_a));
        EXPECT_EQ(exit_of(top), "shutdown");
    });
}

TEST_P(supervisor_change_test, significant_children_count_as_the_new_flags_and_specifications_say) {
    in_process([] {
        const auto significant = [](term id, bool is) {
            child_spec s = idle_child(std::move(id), temporary);
            s.significant = is;
            return s;
        };
        const changing_setup wanted(setup{{}, {significant("a"_a, false), significant("b"_a, false)}});
        const pid top = supervisor::start_link(wanted).value();
        wanted = setup{{.auto_shutdown = auto_shutdown_mode::all_significant},
                       {significant("a"_a, true), significant("b"_a, true)}};
        EXPECT_EQ(change(top), "ok");
        crash(process_of(top, "a"_a));
        EXPECT_TRUE(testing::wait_until([&] { return ids_of(top) == "b"; }));
        crash(process_of(top, "b"_a));
        EXPECT_EQ(exit_of(top), "shutdown");
    });
}

TEST_P(supervisor_change_test, a_child_that_waits_for_its_restart_comes_again_as_the_new_specification_says) {
    in_process([] {
        auto fails = std::make_shared<std::atomic<bool>>(false);
        const pid me = self();
        const auto trying = [fails, me]() -> start_answer {
            if (!*fails) return idle();
            send(me, tuple("tried"_a, self()));
            return start_answer::failed("not_yet"_a);
        };
        const changing_setup wanted(setup{{.intensity = 1'000'000'000}, {{.id = "a"_a, .start = trying}}});
        const pid top = supervisor::start_link(wanted).value();
        *fails = true;
        crash(process_of(top, "a"_a));
        static_cast<void>(next_message());
        sys::suspend(top);
        wanted = setup{{.intensity = 1'000'000'000}, {idle_child("b"_a), idle_child("a"_a)}};
        EXPECT_FALSE(sys::change_code(top, "m"_a, 1, list()));
        sys::resume(top);
        EXPECT_TRUE(testing::wait_until([&] { return ids_of(top) == "a b-"; }));
        shut_down(top);
    });
}

TEST_P(supervisor_change_test, what_is_wrong_refuses_the_change_and_leaves_all_as_it_was) {
    in_process([] {
        const changing<std::string> said("{ok, {#{}, [#{id => a, start => {idle, start_link, []}}]}}");
        export_init(said);
        const pid top = supervisor::start_exported("m"_a, list()).value();
        const pid a = process_of(top, "a"_a);
        const term state = sys::get_state(top);
        EXPECT_EQ(sys::change_code(top, "m"_a, 1, list()).value().to_string(),
                  "{unknown_system_msg,{change_code,m,1,[]}}")
            << "not while it runs";
        const auto refused = [&](const std::string& next) {
            said = next;
            return change(top);
        };
        EXPECT_EQ(refused("{ok, {#{intensity => -1}, []}}"), "{invalid_intensity,-1}");
        EXPECT_EQ(refused("{ok, {flags, []}}"), "{bad_flags,flags}");
        EXPECT_EQ(refused("{ok, {#{intensity => 7}, [#{id => a}]}}"), "missing_start");
        EXPECT_EQ(refused("{ok, {#{}, [spec]}}"), "{invalid_child_spec,spec}");
        EXPECT_EQ(refused("{error, because}"), "because");
        EXPECT_EQ(refused("nonsense"), "nonsense");
        EXPECT_EQ(refused("{ok, {#{strategy => simple_one_for_one}, [#{id => a, start => {i, s, []}}]}}"),
                  "{invalid_strategy,simple_one_for_one}");
        EXPECT_EQ(refused("{ok, {#{}, oops}}").substr(0, 24), "{'EXIT',{function_clause");
        EXPECT_EQ(refused("ignore"), "ok");
        const auto now_does = [&](auto&& init) {
            this_system().exports().add("m"_a, "init"_a, init);
            return change(top);
        };
        EXPECT_EQ(now_does([](const term&) -> term { exit("gone"_a); }), "{'EXIT',gone}");
        EXPECT_EQ(now_does([](const term&) -> term { error("broken"_a); }), "{'EXIT',{broken,[]}}");
        EXPECT_EQ(now_does([](const term&) -> term { throw term("ball"_a); }), "ball");
        EXPECT_EQ(now_does([](const term&) -> term { throw std::runtime_error("oh"); }),
                  "{'EXIT',{{cpp_exception,<<\"std::runtime_error\">>,<<\"oh\">>},[]}}");
        EXPECT_EQ(now_does([](const term&) -> term { throw 7; }),
                  "{'EXIT',{{cpp_exception,<<\"int\">>,<<>>},[]}}");
        this_system().exports().remove("m"_a, "init"_a, 1);
        EXPECT_EQ(change(top), "{'EXIT',{undef,[{m,init,[[]],[]}]}}");
        EXPECT_EQ(process_of(top, "a"_a), a);
        EXPECT_EQ(sys::get_state(top), state);
        shut_down(top);
    });
}

TEST_P(supervisor_change_test, a_class_is_asked_again_and_given_children_stay_what_they_are) {
    class growing : public supervisor {
        std::optional<setup> init() override {
            std::vector<child_spec> all;
            for (std::int64_t id = 0; id <= asked_; ++id)
                all.push_back(idle_child(id));
            ++asked_;
            return setup{{}, std::move(all)};
        }
        std::int64_t asked_ = 0;
    };
    in_process([] {
        const pid top = supervisor::start_link<growing>().value();
        EXPECT_EQ(ids_of(top), "0");
        EXPECT_EQ(change(top), "ok");
        EXPECT_EQ(ids_of(top), "1- 0");
        shut_down(top);
        const pid given = supervisor::start_link({}, {idle_child("a"_a), idle_child("b"_a)}).value();
        EXPECT_TRUE(supervisor::terminate_child(given, "a"_a));
        EXPECT_TRUE(supervisor::delete_child(given, "a"_a));
        EXPECT_EQ(change(given), "ok");
        EXPECT_EQ(ids_of(given), "b a-") << "as Elixir's Supervisor.start_link/2 with a list";
        shut_down(given);
    });
}

TEST_P(supervisor_change_test, children_of_simple_one_for_one_take_the_new_kind_with_their_own_arguments) {
    in_process([] {
        const pid me = self();
        const auto kind = [me](const char* version, restart_type restart) {
            return setup{{.strategy = simple_one_for_one, .intensity = 10},
                         {{.id = atom(version),
                           .start = [me, version](std::int64_t n) -> start_answer {
                               return gen_server::start_link<reporter>({}, tuple(atom(version), n), me);
                           },
                           .restart = restart}}};
        };
        const changing_setup wanted(kind("old", permanent));
        const pid top = supervisor::start_link(wanted).value();
        const pid first = supervisor::start_child(top, list(7)).value().process;
        EXPECT_EQ(next_labels("started"_a, 1), labels{"{old,7}"});
        wanted = kind("new", permanent);
        EXPECT_EQ(change(top), "ok");
        EXPECT_EQ(supervisor::which_children(top).at(0).process, first);
        EXPECT_TRUE(supervisor::start_child(top, list(8)));
        crash(first, "kill"_a);
        EXPECT_EQ(next_labels("started"_a, 2), (labels{"{new,8}", "{new,7}"}));
        EXPECT_TRUE(supervisor::get_childspec(top, "new"_a));
        EXPECT_FALSE(supervisor::get_childspec(top, "old"_a));
        // From now on nobody is started again.
        wanted = kind("newest", temporary);
        EXPECT_EQ(change(top), "ok");
        EXPECT_TRUE(supervisor::start_child(top, list(9)));
        EXPECT_EQ(next_labels("started"_a, 1), labels{"{newest,9}"});
        for (const child_info& c : supervisor::which_children(top))
            crash(c.process, "kill"_a);
        EXPECT_TRUE(testing::wait_until([&] { return supervisor::which_children(top).empty(); }));
        // Children whose arguments are not known any more stay temporary.
        EXPECT_TRUE(supervisor::start_child(top, list(10)));
        wanted = kind("again", permanent);
        EXPECT_EQ(change(top), "ok");
        crash(supervisor::which_children(top).at(0).process, "kill"_a);
        EXPECT_TRUE(testing::wait_until([&] { return supervisor::which_children(top).empty(); }));
        wanted = setup{{.strategy = simple_one_for_one}, {idle_child("a"_a), idle_child("b"_a)}};
        EXPECT_EQ(change(top).substr(0, 24), "{ok,{[a,b],#{a => {child") << "a match that fails in OTP";
        wanted = setup{{}, {idle_child("a"_a)}};
        EXPECT_EQ(change(top), "{invalid_strategy,one_for_one}");
        EXPECT_EQ(shut_down(top), "shutdown");
    });
}

TEST_P(supervisor_change_test, a_dynamic_supervisor_takes_new_limits_and_extra_arguments) {
    using options = std::optional<dynamic_supervisor_options>;
    class asked : public dynamic_supervisor {
    public:
        explicit asked(changing<options> wanted) : wanted_(std::move(wanted)) {}
        options init() override { return wanted_(); }

    private:
        changing<options> wanted_;
    };
    in_process([] {
        const changing<options> wanted(
            dynamic_supervisor_options{.max_children = 1, .extra_arguments = {"old"_a}});
        const pid top = dynamic_supervisor::start_link<asked>({}, wanted).value();
        const pid me = self();
        const auto kind = std::make_shared<const child_spec>(
            child_spec{.start = [me](const term& extra, std::int64_t n) -> start_answer {
                return gen_server::start_link<reporter>({}, tuple(extra, n), me);
            }});
        const pid first = dynamic_supervisor::start_child(top, kind, {term(1)}).value().process;
        EXPECT_EQ(outcome(dynamic_supervisor::start_child(top, kind, {term(2)})), "max_children");
        wanted =
            dynamic_supervisor_options{.max_restarts = 1, .max_children = 2, .extra_arguments = {"new"_a}};
        EXPECT_EQ(change(top), "ok");
        EXPECT_TRUE(dynamic_supervisor::start_child(top, kind, {term(2)}));
        crash(first, "kill"_a);
        EXPECT_EQ(next_labels("started"_a, 3), (labels{"{old,1}", "{new,2}", "{new,1}"}));
        wanted = dynamic_supervisor_options{.max_restarts = -1};
        EXPECT_EQ(change(top), "{supervisor_data,{invalid_intensity,-1}}");
        wanted = std::nullopt;
        EXPECT_EQ(change(top), "ok");
        EXPECT_EQ(key_of(sys::get_state(top), "max_children"_a), "2");
        EXPECT_EQ(shut_down(top), "shutdown");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_change_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
