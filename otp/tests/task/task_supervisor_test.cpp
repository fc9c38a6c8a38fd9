// Tasks under a supervisor: each rule of Elixir's documentation of Task.Supervisor.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/proc_lib.hpp>
#include <rakka/otp/task_supervisor.hpp>

#include <algorithm>
#include <memory>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class task_supervisor_test : public behaviour_test {
protected:
    static void sleep_for_ever() {
        static_cast<void>(receive_if([](term_view) { return false; }));
    }
    static pid start(task_supervisor_options limits = {}) {
        return task_supervisor::start_link(limits, {.name = "jobs"_a}).value();
    }
    static term down_reason(const reference& ref) {
        const auto down = receive_if([&](term_view m) { return is_down(ref, m); });
        return down.share(down.tuple()[4]);
    }
    /// A supervisor hears of the end of a child a moment later.
    static void wait_for_children(std::size_t n) {
        while (task_supervisor::children("jobs"_a).size() != n)
            yield();
    }
};

TEST_P(task_supervisor_test, a_task_is_a_child_of_the_supervisor_linked_to_both) {
    in_process([] {
        const pid sup = start();
        auto t = task_supervisor::async("jobs"_a, [] {
            receive(on("go"_a, [] {}));
            return std::make_unique<int>(3);
        });
        EXPECT_EQ(task_supervisor::children("jobs"_a), std::vector<pid>{t.process()});
        auto links = process_info(t.process())->links;
        EXPECT_EQ(links.size(), 2U);
        EXPECT_NE(std::find(links.begin(), links.end(), sup), links.end());
        EXPECT_NE(std::find(links.begin(), links.end(), self()), links.end());
        send(t.process(), "go"_a);
        EXPECT_EQ(*t.await(), 3);
        wait_for_children(0);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_supervisor_test, nolink_a_crash_is_told_and_nobody_ends) {
    in_process([] {
        start();
        auto t = task_supervisor::async_nolink("jobs"_a, []() -> int { exit("oops"_a); });
        EXPECT_TRUE(t.yield()->error().reason.is_atom("oops"_a));
        auto u = task_supervisor::async_nolink("jobs"_a, [] { return 4; });
        EXPECT_EQ(u.await(), 4);
        auto v = task_supervisor::async_nolink("jobs"_a, [] { sleep_for_ever(); });
        EXPECT_EQ(process_info(v.process())->links.size(), 1U);
        EXPECT_FALSE(v.shutdown());
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_supervisor_test, exported_functions_run_by_name) {
    rakka::system s(GetParam().options);
    s.exports().add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    s.run([] {
        start();
        EXPECT_EQ(task_supervisor::async("jobs"_a, "calc"_a, "add"_a, list(1, 2)).await(), term(3));
        auto missing = task_supervisor::async_nolink("jobs"_a, "calc"_a, "sub"_a, list(1));
        EXPECT_EQ(missing.yield()->error().reason.to_string(), "{undef,[{calc,sub,[1],[]}]}");
        EXPECT_EQ(
            exit_of([] { static_cast<void>(task_supervisor::async("jobs"_a, "calc"_a, "add"_a, "x"_a)); }),
            "{badarg,[]}");
    });
}

TEST_P(task_supervisor_test, start_child_runs_for_its_effects) {
    in_process([] {
        start();
        const pid me = self();
        const auto started = task_supervisor::start_child("jobs"_a, [me] { send(me, "ran"_a); });
        ASSERT_TRUE(started);
        EXPECT_TRUE(next_message().is_atom("ran"_a));
        wait_for_children(0);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_supervisor_test, a_transient_task_is_started_again_after_a_crash) {
    in_process([] {
        start({.restart = restart_type::transient});
        const pid me = self();
        auto runs = std::make_shared<int>(0);
        const auto started = task_supervisor::start_child("jobs"_a, [me, runs] {
            send(me, tuple("run"_a, ++*runs));
            if (*runs < 3) exit("again"_a);
        });
        ASSERT_TRUE(started);
        for (int i = 1; i <= 3; ++i)
            EXPECT_EQ(next_message(), term(tuple("run"_a, i)));
        wait_for_children(0);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_supervisor_test, the_choice_of_a_child_comes_before_the_supervisors) {
    in_process([] {
        start({.restart = restart_type::permanent});
        const pid me = self();
        const auto once = [me] {
            send(me, "ran"_a);
            exit("oops"_a);
        };
        static_cast<void>(task_supervisor::start_child("jobs"_a, once, {.restart = restart_type::temporary}));
        EXPECT_TRUE(next_message().is_atom("ran"_a));
        wait_for_children(0);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_supervisor_test, no_more_than_max_children) {
    in_process([] {
        start({.max_children = 1});
        const auto first = task_supervisor::start_child("jobs"_a, [] { sleep_for_ever(); });
        ASSERT_TRUE(first);
        EXPECT_TRUE(task_supervisor::start_child("jobs"_a, [] {}).error().reason.is_atom("max_children"_a));
        EXPECT_EQ(exit_of([] { static_cast<void>(task_supervisor::async("jobs"_a, [] {})); }),
                  "{max_children,[]}");
        EXPECT_TRUE(task_supervisor::terminate_child("jobs"_a, *first));
        EXPECT_FALSE(is_alive(*first));
        EXPECT_TRUE(task_supervisor::terminate_child("jobs"_a, *first).error().reason.is_atom("not_found"_a));
        task_supervisor::async("jobs"_a, [] {}).await();
    });
}

TEST_P(task_supervisor_test, the_end_of_the_supervisor_ends_its_tasks_each_in_its_time) {
    in_process([] {
        const pid sup = start();
        const pid me = self();
        auto quick = task_supervisor::async_nolink("jobs"_a, [] { sleep_for_ever(); });
        auto stubborn = task_supervisor::async_nolink(
            "jobs"_a,
            [me] {
                trap_exit(true);
                send(me, "ready"_a);
                sleep_for_ever();
            },
            10ms);
        auto brutal = task_supervisor::async_nolink(
            "jobs"_a, [] { sleep_for_ever(); }, child_shutdown::brutal_kill());
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        gen_server::stop(sup);
        EXPECT_TRUE(quick.yield()->error().reason.is_atom("shutdown"_a));
        EXPECT_TRUE(stubborn.yield()->error().reason.is_atom("killed"_a));
        EXPECT_TRUE(brutal.yield()->error().reason.is_atom("killed"_a));
    });
}

TEST_P(task_supervisor_test, a_missing_supervisor_is_an_exit) {
    in_process([] {
        const std::string text =
            exit_of([] { static_cast<void>(task_supervisor::async("nobody"_a, [] {})); });
        EXPECT_TRUE(text.starts_with("{noproc,{gen_server,call,[nobody,{start_task,")) << text;
    });
}

TEST_P(task_supervisor_test, a_cpp_function_for_another_node_is_badarg) {
    in_process([] {
        const registered_name far{"jobs"_a, "far@away"_a};
        EXPECT_EQ(exit_of([&] { static_cast<void>(task_supervisor::async(far, [] {})); }), "{badarg,[]}");
        const std::string text =
            exit_of([&] { static_cast<void>(task_supervisor::async(far, "m"_a, "f"_a, list())); });
        EXPECT_TRUE(text.starts_with("{{nodedown,far@away},")) << text;
    });
}

TEST_P(task_supervisor_test, a_task_whose_owner_ends_before_it_has_work_ends_too) {
    in_process([] {
        start();
        // As an owner that asks and is gone before it says what to do.
        const auto owner = spawn_monitor([] {
            const term me = tuple(this_system().node_name(), self(), self());
            const term started = gen_server::call(
                "jobs"_a, tuple("start_task"_a, list(me, "monitor"_a), "temporary"_a, "nil"_a));
            exit(tuple("done"_a, started.share(started.tuple()[1])));
        });
        const term reason = down_reason(owner.ref);
        const pid process = reason.tuple()[1].as<pid>().value();
        const reference ref = monitor(process);
        const term why = down_reason(ref);
        EXPECT_TRUE(why.is_tagged("shutdown"_a, 2) || why.is_atom("noproc"_a)) << why.to_string();
        wait_for_children(0);
    });
}

TEST_P(task_supervisor_test, the_wire_form_is_elixirs) {
    rakka::system s(GetParam().options);
    s.exports().add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    s.run([] {
        start();
        const term me = tuple(this_system().node_name(), self(), self());
        const term started =
            gen_server::call("jobs"_a, tuple("start_task"_a, list(me, "monitor"_a), "temporary"_a, "nil"_a));
        ASSERT_TRUE(started.is_tagged("ok"_a, 2)) << started.to_string();
        const pid process = started.tuple()[1].as<pid>().value();
        const reference ref = monitor(process);
        send(process, tuple(self(), ref, self(), list(self()), tuple("calc"_a, "add"_a, list(2, 3))));
        EXPECT_EQ(next_message(), term(tuple(ref, 5)));
        const term down = next_message();
        EXPECT_TRUE(is_down(ref, down));
        EXPECT_TRUE(down.tuple()[4].is_atom("normal"_a));
        const term lone = gen_server::call(
            "jobs"_a,
            tuple("start_task"_a,
                  list(me, list(self()), tuple("erlang"_a, "apply"_a, list("calc"_a, "add"_a, list(1, 1)))),
                  "nil"_a, "nil"_a));
        EXPECT_TRUE(lone.is_tagged("ok"_a, 2)) << lone.to_string();
    });
}

TEST_P(task_supervisor_test, streams_run_under_it_linked_or_not) {
    in_process([] {
        start();
        std::vector<int> all;
        for (auto& r :
             task_supervisor::async_stream("jobs"_a, std::vector{1, 2, 3}, [](int i) { return i * i; }))
            all.push_back(*r);
        EXPECT_EQ(all, (std::vector<int>{1, 4, 9}));
        auto results = task_supervisor::async_stream_nolink("jobs"_a, std::vector{1, 2, 3}, [](int i) {
            if (i == 2) exit("oops"_a);
            return i;
        });
        EXPECT_EQ(**results.next(), 1);
        EXPECT_TRUE(results.next()->error().reason.is_atom("oops"_a)) << "the caller lives";
        EXPECT_EQ(**results.next(), 3);
        EXPECT_FALSE(results.next());
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_supervisor_test, tasks_descend_from_the_supervisor_and_know_their_callers) {
    in_process([] {
        const pid sup = start();
        auto t = task_supervisor::async("jobs"_a,
                                        [] { return std::pair(get("$callers"_a), proc_lib::ancestors()); });
        const auto [callers, ancestors] = t.await();
        EXPECT_EQ(callers, term(list(self())));
        ASSERT_FALSE(ancestors.empty());
        EXPECT_TRUE(ancestors[0] == term("jobs"_a) || ancestors[0] == term(sup)) << ancestors[0].to_string();
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, task_supervisor_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
