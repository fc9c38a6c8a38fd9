// How children are stopped: asked, waited for, killed; and what a supervisor leaves behind when it is killed
// itself.
#include "supervisor/supervisor_support.hpp"

namespace rakka {
namespace {

using enum restart_type;

class supervisor_shutdown_test : public supervisor_fixture {
protected:
    /// Lives on without its supervisor's link.
    static start_answer unlinked() {
        const pid starter = self();
        const pid child = spawn_link([starter] {
            trap_exit(true);
            unlink(starter);
            send(starter, tuple("unlinked"_a, self()));
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        static_cast<void>(receive_if([&](term_view m) { return m.is_tagged("unlinked"_a, 2); }));
        return child;
    }
    static std::string end_seen(const pid& child, const std::function<void()>& act) {
        const reference ref = monitor(child);
        act();
        const auto down = receive_if(
            ref, [&](term_view m) { return is_down(ref, m); }, 20s);
        return down ? down->tuple()[4].to_string() : "is alive";
    }
};

TEST_P(supervisor_shutdown_test, a_child_is_asked_with_shutdown) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = 1, .start = idle}}).value();
        EXPECT_EQ(end_seen(process_of(top, 1), [&] { supervisor::terminate_child(top, 1); }), "shutdown");
        shut_down(top);
    });
}

TEST_P(supervisor_shutdown_test, one_that_takes_too_long_is_killed) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = 1, .start = deaf, .shutdown = 20ms}}).value();
        EXPECT_EQ(end_seen(process_of(top, 1), [&] { supervisor::terminate_child(top, 1); }), "killed");
        EXPECT_EQ(supervisor::count_children(top).specs, 1U);
        shut_down(top);
    });
}

TEST_P(supervisor_shutdown_test, no_time_at_all_is_no_brutal_kill) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = 1, .start = deaf, .shutdown = 0ms}}).value();
        EXPECT_EQ(end_seen(process_of(top, 1), [&] { supervisor::terminate_child(top, 1); }), "killed");
        shut_down(top);
    });
}

TEST_P(supervisor_shutdown_test, brutal_kill_does_not_ask) {
    in_process([] {
        const pid me = self();
        child_spec spec = reporter_spec("a"_a, me);
        spec.shutdown = child_shutdown::brutal_kill();
        const pid top = supervisor::start_link({}, {spec}).value();
        next_labels("started"_a, 1);
        EXPECT_EQ(end_seen(process_of(top, "a"_a), [&] { supervisor::terminate_child(top, "a"_a); }),
                  "killed");
        EXPECT_TRUE(nothing_from("ended"_a));
        shut_down(top);
    });
}

TEST_P(supervisor_shutdown_test, infinity_waits_until_the_child_has_done_what_it_has_to) {
    in_process([] {
        const auto slow = [] {
            const pid starter = self();
            const pid child = spawn_link([starter] {
                trap_exit(true);
                send(starter, tuple("ready"_a, self()));
                static_cast<void>(receive_if([](term_view m) { return m.is_tagged("EXIT"_a, 3); }));
                static_cast<void>(receive_if([](term_view) { return false; }, 50ms));
            });
            static_cast<void>(receive_if([](term_view m) { return m.is_tagged("ready"_a, 2); }));
            return start_answer(child);
        };
        const pid top = supervisor::start_link({}, {{.id = 1, .start = slow, .shutdown = infinity}}).value();
        EXPECT_EQ(end_seen(process_of(top, 1), [&] { supervisor::terminate_child(top, 1); }), "normal");
        shut_down(top);
    });
}

TEST_P(supervisor_shutdown_test, a_child_that_has_unlinked_itself_is_stopped_too) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = 1, .start = unlinked, .shutdown = 20ms}}).value();
        const pid child = process_of(top, 1);
        EXPECT_EQ(shut_down(top), "shutdown");
        EXPECT_EQ(end_of(child), "noproc");
    });
}

TEST_P(supervisor_shutdown_test, a_child_that_has_ended_already_is_no_obstacle) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = 1, .start = unlinked}}).value();
        crash(process_of(top, 1), "kill"_a);  // the supervisor does not hear of it
        EXPECT_EQ(supervisor::count_children(top).active, 0U);
        EXPECT_EQ(outcome(supervisor::terminate_child(top, 1)), "ok");
        EXPECT_EQ(shut_down(top), "shutdown");
    });
}

TEST_P(supervisor_shutdown_test, the_exit_of_its_parent_ends_it_with_that_reason) {
    in_process([] {
        const pid me = self();
        const pid parent = spawn([me] {
            const pid top = supervisor::start_link({}, {reporter_spec("a"_a, me)}).value();
            send(me, tuple("top"_a, top));
            exit("parent_gone"_a);
        });
        const term told = *receive_if([](term_view m) { return m.is_tagged("top"_a, 2); }, 20s);
        EXPECT_EQ(next_labels("ended"_a, 1), (labels{"a"}));
        EXPECT_NE(end_of(told.tuple()[1].as<pid>().value()), "is alive");
        EXPECT_EQ(end_of(parent), "noproc");
    });
}

TEST_P(supervisor_shutdown_test, gen_server_stop_and_sys_end_it_as_any_server) {
    in_process([] {
        const pid me = self();
        const pid top = supervisor::start_link({}, {reporter_spec("a"_a, me)}).value();
        gen_server::stop(top, "normal"_a);
        EXPECT_EQ(next_labels("ended"_a, 1), (labels{"a"}));
    });
}

TEST_P(supervisor_shutdown_test, a_supervisor_that_is_killed_takes_its_children_along) {
    in_process([] {
        const pid top =
            supervisor::start_link({}, {{.id = 1, .start = idle}, {.id = 2, .start = idle}}).value();
        const pid a = process_of(top, 1);
        const pid b = process_of(top, 2);
        crash(top, "kill"_a);
        EXPECT_NE(end_of(a), "is alive");
        EXPECT_NE(end_of(b), "is alive");
    });
}

TEST_P(supervisor_shutdown_test, one_that_is_killed_in_the_middle_of_a_start_leaves_nobody) {
    in_process([] {
        const pid me = self();
        const pid starter = spawn([me] {
            static_cast<void>(supervisor::start_link(
                {}, {{.id = 1,
                      .start =
                          [me] {
                              const auto child = idle();
                              send(me, tuple("first"_a, *child.child()));
                              return child;
                          }},
                     {.id = 2, .start = [me]() -> start_answer {
                          send(me, tuple("starting"_a, self()));
                          static_cast<void>(receive_if([](term_view) { return false; }));
                          return start_answer::ignore();
                      }}}));
        });
        const term first = *receive_if([](term_view m) { return m.is_tagged("first"_a, 2); }, 20s);
        const term starting = *receive_if([](term_view m) { return m.is_tagged("starting"_a, 2); }, 20s);
        crash(starting.tuple()[1].as<pid>().value(), "kill"_a);
        EXPECT_NE(end_of(first.tuple()[1].as<pid>().value()), "is alive");
        EXPECT_NE(end_of(starter), "is alive");
    });
}

TEST_P(supervisor_shutdown_test, one_that_is_killed_while_it_stops_a_child_leaves_nobody) {
    in_process([] {
        const auto obstinate = [] {
            const pid starter = self();
            const pid child = spawn_link([starter] {
                trap_exit(true);
                send(starter, tuple("ready"_a, self()));
                for (;;) {  // only the supervisor's own end is a reason to go
                    const term m = receive();
                    if (m.is_tagged("EXIT"_a, 3) && m.tuple()[2].is_atom("killed"_a)) return;
                }
            });
            static_cast<void>(receive_if([](term_view m) { return m.is_tagged("ready"_a, 2); }));
            return start_answer(child);
        };
        const pid top = supervisor::start_link({}, {{.id = 1, .start = idle},
                                                    {.id = 2, .start = obstinate, .shutdown = infinity}})
                            .value();
        const pid a = process_of(top, 1);
        const pid b = process_of(top, 2);
        unlink(top);
        exit(top, "shutdown"_a);
        exit(top, "kill"_a);
        EXPECT_NE(end_of(top), "is alive");
        EXPECT_NE(end_of(a), "is alive");
        EXPECT_NE(end_of(b), "is alive");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_shutdown_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
