// What a supervisor does when a child ends: who comes again, and when it gives up itself.
#include "supervisor/supervisor_support.hpp"

namespace rakka {
namespace {

using enum restart_type;
using enum restart_strategy;
using state = child_info::state;

class supervisor_restart_test : public supervisor_fixture {
protected:
    static child_spec one(term id, restart_type restart = permanent) {
        return {.id = std::move(id), .start = idle, .restart = restart};
    }
    /// Ids and processes, in start order.
    static std::vector<std::pair<std::string, pid>> children_of(const pid& top) {
        std::vector<std::pair<std::string, pid>> all;
        for (const child_info& c : supervisor::which_children(top))
            all.insert(all.begin(), {c.id.to_string(), c.process});
        return all;
    }
    /// Waits until all of them run, and as many as that.
    static void all_run(const pid& top, std::size_t n) {
        EXPECT_TRUE(testing::wait_until([&] {
            const child_counts c = supervisor::count_children(top);
            return c.specs == n && c.active == n;
        }));
    }
    static void end_with(const pid& top, const term& id, const term& reason) {
        const pid child = process_of(top, id);
        exit(child, reason);
        static_cast<void>(testing::check_process_exits(child, 20s));
    }
};

struct row {
    restart_type restart;
    const char* reason;
    bool comes_again;
};

TEST_P(supervisor_restart_test, the_restart_type_and_the_reason_say_who_comes_again) {
    in_process([] {
        const std::vector<row> table{
            {permanent, "normal", true},  {permanent, "shutdown", true},  {permanent, "crash", true},
            {transient, "normal", false}, {transient, "shutdown", false}, {transient, "crash", true},
            {temporary, "normal", false}, {temporary, "shutdown", false}, {temporary, "crash", false},
        };
        const pid me = self();
        for (const row& r : table) {
            const pid top =
                supervisor::start_link({.intensity = 5}, {reporter_spec("a"_a, me, r.restart)}).value();
            next_labels("started"_a, 1);
            const pid first = process_of(top, "a"_a);
            gen_server::cast(first, tuple("stop"_a, atom(r.reason)));
            next_labels("ended"_a, 1);
            static_cast<void>(testing::check_process_exits(first, 20s));
            if (r.comes_again) {
                EXPECT_TRUE(successor_of(first, top, "a"_a)) << to_atom(r.restart) << ' ' << r.reason;
            } else {
                const std::size_t kept = r.restart == temporary ? 0 : 1;
                EXPECT_TRUE(testing::wait_until([&] {
                    const child_counts c = supervisor::count_children(top);
                    return c.active == 0 && c.specs == kept;
                })) << to_atom(r.restart)
                    << ' ' << r.reason;
            }
            shut_down(top);
            while (receive_if([](term_view) { return true; }, 0ms)) {
            }
        }
    });
}

TEST_P(supervisor_restart_test, shutdown_with_more_to_say_is_a_normal_end_too) {
    in_process([] {
        const pid top = supervisor::start_link({}, {one("a"_a, transient)}).value();
        end_with(top, "a"_a, tuple("shutdown"_a, "moved"_a));
        EXPECT_TRUE(testing::wait_until([&] { return supervisor::count_children(top).active == 0; }));
        EXPECT_EQ(supervisor::count_children(top).specs, 1U);
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, one_for_one_leaves_the_others_alone) {
    in_process([] {
        const pid top = supervisor::start_link({}, {one(1), one(2), one(3)}).value();
        const auto before = children_of(top);
        crash(before[1].second);
        EXPECT_TRUE(successor_of(before[1].second, top, 2));
        const auto after = children_of(top);
        ASSERT_EQ(after.size(), 3U);
        EXPECT_EQ(after[0], before[0]);
        EXPECT_EQ(after[1].first, "2") << "it keeps its place";
        EXPECT_EQ(after[2], before[2]);
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, one_for_all_stops_the_others_in_reverse_and_starts_all_in_order) {
    in_process([] {
        const pid me = self();
        const pid top =
            supervisor::start_link({.strategy = one_for_all},
                                   {reporter_spec("a"_a, me), reporter_spec("b"_a, me),
                                    reporter_spec("t"_a, me, temporary), reporter_spec("c"_a, me)})
                .value();
        next_labels("started"_a, 4);
        crash(process_of(top, "b"_a), "kill"_a);
        EXPECT_EQ(next_labels("ended"_a, 3), (labels{"c", "t", "a"}));
        EXPECT_EQ(next_labels("started"_a, 3), (labels{"a", "b", "c"}));
        all_run(top, 3);
        EXPECT_TRUE(nothing_from("started"_a)) << "a temporary child never comes again";
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, rest_for_one_concerns_those_started_later) {
    in_process([] {
        const pid me = self();
        const pid top = supervisor::start_link({.strategy = rest_for_one},
                                               {reporter_spec("a"_a, me), reporter_spec("b"_a, me),
                                                reporter_spec("c"_a, me), reporter_spec("d"_a, me)})
                            .value();
        next_labels("started"_a, 4);
        const pid a = process_of(top, "a"_a);
        crash(process_of(top, "b"_a), "kill"_a);
        EXPECT_EQ(next_labels("ended"_a, 2), (labels{"d", "c"}));
        EXPECT_EQ(next_labels("started"_a, 3), (labels{"b", "c", "d"}));
        all_run(top, 4);
        EXPECT_EQ(process_of(top, "a"_a), a);
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, a_temporary_child_that_crashes_does_not_concern_the_others) {
    in_process([] {
        const pid top =
            supervisor::start_link({.strategy = one_for_all}, {one(1), one(2, temporary)}).value();
        const pid first = process_of(top, 1);
        crash(process_of(top, 2));
        all_run(top, 1);
        EXPECT_EQ(process_of(top, 1), first);
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, a_group_whose_restart_fails_in_the_middle_is_tried_again_from_there) {
    in_process([] {
        const pid me = self();
        auto starts = std::make_shared<int>(0);
        const child_spec flaky{.id = "b"_a, .start = [=]() -> start_answer {
                                   if ((*starts)++ == 1) return start_answer::failed("not_yet"_a);
                                   return gen_server::start_link<reporter>({}, "b"_a, me);
                               }};
        const pid top = supervisor::start_link({.strategy = rest_for_one, .intensity = 5},
                                               {reporter_spec("a"_a, me), flaky, reporter_spec("c"_a, me)})
                            .value();
        next_labels("started"_a, 3);
        crash(process_of(top, "a"_a), "kill"_a);
        EXPECT_EQ(next_labels("ended"_a, 2), (labels{"c", "b"}));
        EXPECT_EQ(next_labels("started"_a, 3), (labels{"a", "b", "c"}));
        all_run(top, 3);
        EXPECT_TRUE(nothing_from("ended"_a)) << "rest_for_one: `a` had started, and was not touched again";
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, one_for_all_that_fails_in_the_middle_begins_anew) {
    in_process([] {
        const pid me = self();
        auto starts = std::make_shared<int>(0);
        const child_spec flaky{.id = "b"_a, .start = [=]() -> start_answer {
                                   if ((*starts)++ == 1) return start_answer::failed("not_yet"_a);
                                   return gen_server::start_link<reporter>({}, "b"_a, me);
                               }};
        const pid top = supervisor::start_link({.strategy = one_for_all, .intensity = 5},
                                               {reporter_spec("a"_a, me), flaky})
                            .value();
        next_labels("started"_a, 2);
        crash(process_of(top, "a"_a), "kill"_a);
        EXPECT_EQ(next_labels("started"_a, 3), (labels{"a", "a", "b"}));
        EXPECT_EQ(next_labels("ended"_a, 2), (labels{"b", "a"}));
        all_run(top, 2);
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, more_restarts_than_the_intensity_end_all) {
    in_process([] {
        const pid me = self();
        const pid top = supervisor::start_link({.intensity = 2}, {one(1), reporter_spec("a"_a, me)}).value();
        next_labels("started"_a, 1);
        pid child = process_of(top, 1);
        for (int i = 0; i < 2; ++i) {
            const pid old = child;
            crash(old);
            child = successor_of(old, top, 1);
            ASSERT_TRUE(child);
        }
        crash(child);
        EXPECT_EQ(exit_of(top), "shutdown");
        EXPECT_EQ(next_labels("ended"_a, 1), (labels{"a"})) << "the other child has ended before";
    });
}

TEST_P(supervisor_restart_test, attempts_that_fail_count_as_restarts) {
    in_process([] {
        auto starts = std::make_shared<int>(0);
        const pid top = supervisor::start_link({.intensity = 4}, {{.id = 1,
                                                                   .start = [=]() -> start_answer {
                                                                       if ((*starts)++ == 0) return idle();
                                                                       return start_answer::failed("never"_a);
                                                                   }}})
                            .value();
        const reference ref = monitor(top);
        exit(process_of(top, 1), "crash"_a);
        const auto down = receive_if(
            ref, [&](term_view m) { return is_down(ref, m); }, 20s);
        ASSERT_TRUE(down);
        EXPECT_EQ(down->tuple()[4].to_string(), "shutdown");
        EXPECT_EQ(*starts, 5);
    });
}

TEST_P(supervisor_restart_test, the_parent_sees_shutdown_and_a_permanent_supervisor_is_started_again) {
    in_process([] {
        class inner : public supervisor {
            std::optional<setup> init() override { return setup{{.intensity = 0}, {one("leaf"_a)}}; }
        };
        const pid top = supervisor::start_link({}, {child_of<inner>("inner"_a)}).value();
        const pid old = process_of(top, "inner"_a);
        crash(process_of(old, "leaf"_a));
        const pid now = successor_of(old, top, "inner"_a);
        ASSERT_TRUE(now);
        EXPECT_TRUE(process_of(now, "leaf"_a));
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, any_significant_child_that_ends_by_itself_ends_the_supervisor) {
    in_process([] {
        const auto start = [](restart_type restart) {
            child_spec s = one("s"_a, restart);
            s.significant = true;
            return supervisor::start_link({.auto_shutdown = auto_shutdown_mode::any_significant},
                                          {one("a"_a), s})
                .value();
        };
        pid top = start(transient);
        const pid other = process_of(top, "a"_a);
        crash(process_of(top, "s"_a), "shutdown"_a);
        EXPECT_EQ(exit_of(top), "shutdown");
        EXPECT_EQ(end_of(other), "noproc");

        top = start(temporary);
        crash(process_of(top, "s"_a), "crash"_a);
        EXPECT_EQ(exit_of(top), "shutdown") << "temporary: however it ends";

        top = start(transient);
        const pid s = process_of(top, "s"_a);
        crash(s, "crash"_a);
        EXPECT_TRUE(successor_of(s, top, "s"_a)) << "it comes again: no end";
        EXPECT_EQ(outcome(supervisor::terminate_child(top, "s"_a)), "ok");
        EXPECT_EQ(supervisor::count_children(top).active, 1U) << "stopped by the supervisor: not by itself";
        shut_down(top);
    });
}

TEST_P(supervisor_restart_test, all_significant_children_that_have_ended_end_the_supervisor) {
    in_process([] {
        child_spec s1 = one(1, transient);
        child_spec s2 = one(2, temporary);
        s1.significant = s2.significant = true;
        const pid top =
            supervisor::start_link({.auto_shutdown = auto_shutdown_mode::all_significant}, {s1, s2, one(3)})
                .value();
        crash(process_of(top, 2));
        EXPECT_TRUE(testing::wait_until([&] { return supervisor::count_children(top).specs == 2; }));
        crash(process_of(top, 1), "shutdown"_a);
        EXPECT_EQ(exit_of(top), "shutdown");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_restart_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
