// simple_one_for_one: children of one kind, known by their pids.
#include "supervisor/supervisor_support.hpp"

#include <rakka/etf/native.hpp>
#include <rakka/etf/parse.hpp>

#include <algorithm>

namespace rakka {
namespace {

using enum restart_type;

class supervisor_simple_test : public supervisor_fixture {
protected:
    static supervisor_flags simple(std::int64_t intensity = 5) {
        return {.strategy = restart_strategy::simple_one_for_one, .intensity = intensity};
    }
    /// Children with a label that they are given, which tell `me`.
    static child_spec kind(restart_type restart = permanent) {
        const pid me = self();
        return {.id = "kind"_a,
                .start = [me](const term& label) { return gen_server::start_link<reporter>({}, label, me); },
                .restart = restart};
    }
    static child_spec idle_kind(restart_type restart = permanent) {
        return {.id = "kind"_a, .start = idle, .restart = restart};
    }
    static pid add(const pid& top, const term& arguments = list()) {
        return supervisor::start_child(top, arguments).value().process;
    }
    static std::size_t count(const pid& top) { return supervisor::which_children(top).size(); }
    /// The only child, once it is another one than `old`.
    static pid only_child(const pid& top, const pid& old) {
        pid now;
        EXPECT_TRUE(testing::wait_until([&] {
            const auto all = supervisor::which_children(top);
            if (all.size() != 1 || !all[0].process || all[0].process == old) return false;
            now = all[0].process;
            return true;
        }));
        return now;
    }
};

TEST_P(supervisor_simple_test, nobody_is_started_until_asked_for) {
    in_process([] {
        const pid top = supervisor::start_link(simple(), {idle_kind()}).value();
        EXPECT_EQ(count(top), 0U);
        const child_counts c = supervisor::count_children(top);
        EXPECT_EQ(c.specs, 1U);
        EXPECT_EQ(c.active, 0U);
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, arguments_come_behind_those_of_the_specification) {
    in_process([] {
        this_system().exports().add("m"_a, "f"_a, [](std::int64_t a, std::int64_t b, std::int64_t c) {
            return start_answer::with_info(*idle().child(), a * 100 + b * 10 + c);
        });
        const pid top =
            supervisor::start_link(simple(), {{.id = 1, .start = mfargs{"m"_a, "f"_a, list(1)}}}).value();
        EXPECT_EQ(supervisor::start_child(top, list(2, 3)).value().info, term(123));
        EXPECT_EQ(outcome(supervisor::start_child(top, list(2))), "{'EXIT',{undef,[{m,f,[1,2],[]}]}}");
        EXPECT_EQ(count(top), 1U);
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, an_argument_may_be_an_object_that_cannot_be_copied) {
    struct recipe {
        int n;
    };
    in_process([] {
        const auto start = [](const term& given) {
            const auto* const r = native_cast<recipe>(given);
            return start_answer::with_info(*idle().child(), r == nullptr ? 0 : r->n);
        };
        const pid top = supervisor::start_link(simple(), {{.id = 1, .start = start}}).value();
        const auto child = supervisor::start_child(top, list(make_native(recipe{7})));
        EXPECT_EQ(child.value().info, term(7));
        crash(child.value().process);
        EXPECT_TRUE(only_child(top, child.value().process));
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, which_children_have_no_ids) {
    in_process([] {
        const pid top = supervisor::start_link(simple(), {idle_kind()}).value();
        const pid child = add(top);
        const auto all = supervisor::which_children(top);
        ASSERT_EQ(all.size(), 1U);
        EXPECT_TRUE(all[0].id.is_atom("undefined"_a));
        EXPECT_EQ(all[0].process, child);
        EXPECT_EQ(supervisor::count_children(top).active, 1U);
        EXPECT_EQ(supervisor::count_children(top).workers, 1U);
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, a_child_comes_again_with_the_arguments_it_had) {
    in_process([] {
        const pid top = supervisor::start_link(simple(), {kind()}).value();
        const pid first = add(top, list("x"_a));
        crash(first, "kill"_a);
        EXPECT_EQ(next_labels("started"_a, 2), (labels{"x", "x"}));
        only_child(top, first);
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, transient_and_temporary_children_are_forgotten_as_they_should) {
    in_process([] {
        for (const auto restart : {transient, temporary}) {
            const pid top = supervisor::start_link(simple(), {idle_kind(restart)}).value();
            crash(add(top), "shutdown"_a);
            EXPECT_TRUE(testing::wait_until([&] { return count(top) == 0; }));
            const pid child = add(top);
            crash(child);
            if (restart == transient)
                only_child(top, child);
            else
                EXPECT_TRUE(testing::wait_until([&] { return count(top) == 0; }));
            shut_down(top);
        }
    });
}

TEST_P(supervisor_simple_test, what_does_not_start_is_not_kept) {
    in_process([] {
        const auto start = [](const term& what) -> start_answer {
            if (what.is_atom("ignore"_a)) return start_answer::ignore();
            return start_answer::failed(what);
        };
        const pid top = supervisor::start_link(simple(), {{.id = 1, .start = start}}).value();
        EXPECT_EQ(outcome(supervisor::start_child(top, list("sorry"_a))), "sorry");
        EXPECT_FALSE(supervisor::start_child(top, list("ignore"_a)).value().process);
        EXPECT_EQ(outcome(supervisor::start_child(top, "no_list"_a)), "{'EXIT',{badarg,[]}}");
        EXPECT_EQ(count(top), 0U);
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, terminate_child_takes_a_pid) {
    in_process([] {
        const pid top = supervisor::start_link(simple(), {idle_kind()}).value();
        const pid child = add(top);
        EXPECT_EQ(outcome(supervisor::terminate_child(top, "kind"_a)), "simple_one_for_one");
        EXPECT_EQ(outcome(supervisor::terminate_child(top, self())), "not_found")
            << "alive, and not its child";
        EXPECT_EQ(outcome(supervisor::terminate_child(top, child)), "ok");
        EXPECT_EQ(end_of(child), "noproc");
        EXPECT_EQ(count(top), 0U);
        EXPECT_EQ(outcome(supervisor::terminate_child(top, child)), "ok")
            << "a dead one may have been its child";
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, restart_child_and_delete_child_are_not_for_it) {
    in_process([] {
        const pid top = supervisor::start_link(simple(), {idle_kind()}).value();
        EXPECT_EQ(outcome(supervisor::restart_child(top, "kind"_a)), "simple_one_for_one");
        EXPECT_EQ(outcome(supervisor::delete_child(top, add(top))), "simple_one_for_one");
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, get_childspec_takes_a_pid_or_the_id_of_the_kind) {
    in_process([] {
        const pid top = supervisor::start_link(simple(), {idle_kind()}).value();
        const term expected =
            parse_term(
                "#{id => kind, start => {cpp, start, []}, restart => permanent, significant => "
                "false, shutdown => 5000, type => worker, modules => [cpp]}")
                .value();
        EXPECT_EQ(supervisor::get_childspec(top, add(top)).value(), expected);
        EXPECT_EQ(supervisor::get_childspec(top, "kind"_a).value(), expected);
        EXPECT_EQ(outcome(supervisor::get_childspec(top, self())), "not_found");
        EXPECT_EQ(outcome(supervisor::get_childspec(top, "other"_a)), "not_found");
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, a_restart_that_fails_is_tried_again_and_counted) {
    in_process([] {
        auto starts = std::make_shared<int>(0);
        const auto start = [=]() -> start_answer {
            const int n = (*starts)++;
            return n == 1 || n == 2 ? start_answer::failed("not_yet"_a) : idle();
        };
        const pid top = supervisor::start_link(simple(3), {{.id = 1, .start = start}}).value();
        const pid first = add(top);
        crash(first);
        const pid second = only_child(top, first);
        EXPECT_EQ(*starts, 4);
        EXPECT_EQ(supervisor::count_children(top).active, 1U);
        crash(second);
        EXPECT_EQ(exit_of(top), "shutdown") << "the fourth restart";
    });
}

TEST_P(supervisor_simple_test, a_child_that_waits_for_its_restart_can_be_terminated) {
    in_process([] {
        const pid me = self();
        auto starts = std::make_shared<int>(0);
        const auto start = [=]() -> start_answer {
            if ((*starts)++ == 0) return idle();
            send(me, "trying"_a);
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("go_on"_a); }));
            return start_answer::failed("not_yet"_a);
        };
        const pid top = supervisor::start_link(simple(), {{.id = 1, .start = start}}).value();
        const pid child = add(top);
        exit(child, "crash"_a);
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("trying"_a); }));
        const auto ask = [&](atom tag, const term& request) {
            send(top, tuple("$gen_call"_a, tuple(me, tag), request));
        };
        ask("count"_a, "count_children"_a);
        ask("which"_a, "which_children"_a);
        ask("end"_a, tuple("terminate_child"_a, child));
        ask("after"_a, "count_children"_a);
        send(top, "go_on"_a);
        const auto answer = [](atom tag) {
            const auto m = receive_if([&](term_view v) { return v.is_tagged(tag, 2); }, 20s);
            return m ? m->tuple()[1].to_string() : "no answer";
        };
        EXPECT_EQ(answer("count"_a), "[{specs,1},{active,0},{supervisors,0},{workers,1}]");
        EXPECT_EQ(answer("which"_a), "[{undefined,restarting,worker,[cpp]}]");
        EXPECT_EQ(answer("end"_a), "ok");
        EXPECT_EQ(answer("after"_a), "[{specs,1},{active,0},{supervisors,0},{workers,0}]");
        EXPECT_EQ(*starts, 2);
        shut_down(top);
    });
}

TEST_P(supervisor_simple_test, all_children_are_stopped_at_the_same_time) {
    in_process([] {
        const pid top = supervisor::start_link(simple(), {kind()}).value();
        std::vector<pid> children;
        for (int i = 0; i < 50; ++i)
            children.push_back(add(top, list(i)));
        next_labels("started"_a, 50);
        // Deaf ones are killed after the limit of one, not one after the other.
        EXPECT_EQ(shut_down(top), "shutdown");
        auto ended = next_labels("ended"_a, 50);
        std::sort(ended.begin(), ended.end());
        EXPECT_EQ(std::unique(ended.begin(), ended.end()), ended.end());
        for (const pid& c : children)
            EXPECT_EQ(end_of(c), "noproc");
    });
}

TEST_P(supervisor_simple_test, deaf_children_are_killed_after_one_limit_for_all) {
    in_process([] {
        const pid top =
            supervisor::start_link(simple(), {{.id = 1, .start = deaf, .shutdown = 300ms}}).value();
        for (int i = 0; i < 20; ++i)
            add(top);
        const auto begin = this_system().now();
        EXPECT_EQ(shut_down(top), "shutdown");
        EXPECT_LT(this_system().now() - begin, 20 * 300ms / 2);
    });
}

TEST_P(supervisor_simple_test, it_does_not_end_because_of_significant_children) {
    in_process([] {
        for (const auto mode : {auto_shutdown_mode::any_significant, auto_shutdown_mode::all_significant}) {
            const auto started = supervisor::start_link(
                {.strategy = restart_strategy::simple_one_for_one, .auto_shutdown = mode},
                {idle_kind(temporary)});
            EXPECT_EQ(outcome(started), "{supervisor_data,{bad_combination,[{auto_shutdown," +
                                            std::string(to_atom(mode).text()) +
                                            "},{strategy,simple_one_for_one}]}}");
        }
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_simple_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
