// Tasks of one process: each rule of Elixir's documentation of Task.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/proc_lib.hpp>
#include <rakka/otp/task.hpp>

#include <memory>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class task_test : public behaviour_test {
protected:
    /// Waits for a message, which never comes.
    static void sleep_for_ever() {
        static_cast<void>(receive_if([](term_view) { return false; }));
    }
    /// A task that says `{task, self()}` and waits for ever.
    static task::handle<int> stuck() {
        return task::async([] {
            sleep_for_ever();
            return 0;
        });
    }
    /// The reason in `{Reason, {'Elixir.Task', Function, _}}`.
    static term reason_in(const process_exit& e, atom function) {
        EXPECT_TRUE(e.reason.is_tuple(2) && e.reason.tuple()[1].is_tagged("Elixir.Task"_a, 3))
            << e.reason.to_string();
        EXPECT_TRUE(e.reason.tuple()[1].tuple()[1].is_atom(function)) << e.reason.to_string();
        return e.reason.share(e.reason.tuple()[0]);
    }
    template <class F>
    static term reason_of(atom function, F&& f) {
        try {
            f();
        } catch (const process_exit& e) {
            return reason_in(e, function);
        }
        ADD_FAILURE() << "no exit";
        return {};
    }
    /// Runs `f` in a process of its own and gives its exit reason.
    template <class F>
    static term end_of(F f) {
        const auto p = spawn_monitor(std::move(f));
        const auto down = receive_if(p.ref, [&](term_view m) { return is_down(p.ref, m); });
        return down->share(down->tuple()[4]);
    }
};

TEST_P(task_test, await_gives_the_typed_result_and_leaves_no_message) {
    in_process([] {
        auto number = task::async([] { return 40 + 2; });
        auto text = task::async([] { return std::string("hello"); });
        auto object = task::async([] { return std::make_unique<int>(7); });
        auto nothing = task::async([] {});
        auto any = task::async([] { return term(tuple("a"_a, 1)); });
        EXPECT_EQ(*object.await(), 7);
        EXPECT_EQ(number.await(), 42);
        EXPECT_EQ(text.await(), "hello");
        nothing.await();
        EXPECT_EQ(any.await().to_string(), "{a,1}");
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, an_exported_function_is_run_by_name) {
    rakka::system s(GetParam().options);
    s.exports().add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    s.run([] {
        trap_exit(true);
        EXPECT_EQ(task::async("calc"_a, "add"_a, list(1, 2)).await(), term(3));
        auto missing = task::async("calc"_a, "sub"_a, list(1, 2));
        EXPECT_EQ(missing.yield()->error().reason.to_string(), "{undef,[{calc,sub,[1,2],[]}]}");
        EXPECT_EQ(exit_of([] { static_cast<void>(task::async("calc"_a, "add"_a, "x"_a)); }), "{badarg,[]}");
    });
}

TEST_P(task_test, await_exits_when_the_time_is_over_and_the_late_result_never_comes) {
    in_process([] {
        auto slow = task::async([] { receive(on("go"_a, [] {})); });
        EXPECT_EQ(reason_of("await"_a, [&] { slow.await(10ms); }), term("timeout"_a));
        const reference ref = monitor(slow.process());
        send(slow.process(), "go"_a);
        const auto down = next_message();
        EXPECT_TRUE(is_down(ref, down)) << down.to_string();
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, the_exit_of_await_shows_the_task_as_elixir_does) {
    in_process([] {
        auto slow = stuck();
        const std::string shown = slow.to_term().to_string();
        EXPECT_NE(shown.find("'__struct__' => 'Elixir.Task'"), std::string::npos) << shown;
        EXPECT_EQ(exit_of([&] { slow.await(0ms); }), "{timeout,{'Elixir.Task',await,[" + shown + ",0]}}");
        slow.shutdown();
        auto other = stuck();
        other.kill();
    });
}

TEST_P(task_test, a_crash_takes_the_caller_down_through_the_link) {
    in_process([] {
        const term reason = end_of([] {
            auto t = task::async([] { exit("oops"_a); });
            t.await();
        });
        EXPECT_TRUE(reason.is_atom("oops"_a) || reason.to_string().starts_with("{oops,{'Elixir.Task',await"))
            << reason.to_string();
    });
}

TEST_P(task_test, a_caller_that_traps_exits_is_told_by_await) {
    in_process([] {
        trap_exit(true);
        auto t = task::async([] { throw std::runtime_error("broken"); });
        const pid process = t.process();
        const term reason = reason_of("await"_a, [&] { t.await(); });
        EXPECT_EQ(reason.to_string(), "{{cpp_exception,<<\"std::runtime_error\">>,<<\"broken\">>},[]}");
        const term message = next_message();
        EXPECT_TRUE(message.is_tagged("EXIT"_a, 3));
        EXPECT_EQ(message.tuple()[1].as<pid>().value(), process);
    });
}

TEST_P(task_test, the_end_of_the_caller_ends_the_task) {
    in_process([] {
        const pid me = self();
        const pid caller = spawn([me] {
            auto t = stuck();
            send(me, t.process());
            sleep_for_ever();
        });
        const pid process = next_message().as<pid>().value();
        const reference ref = monitor(process);
        exit(caller, "done_with"_a);
        const term down = next_message();
        EXPECT_TRUE(is_down(ref, down));
        EXPECT_TRUE(down.tuple()[4].is_atom("done_with"_a));
    });
}

TEST_P(task_test, what_a_task_throws_is_its_reason) {
    in_process([] {
        trap_exit(true);
        const auto reason = [](auto f) {
            auto t = task::async(f);
            const std::string text = t.yield()->error().reason.to_string();
            EXPECT_TRUE(next_message().is_tagged("EXIT"_a, 3));
            return text;
        };
        EXPECT_EQ(reason([] { exit("normal"_a); }), "normal");
        EXPECT_EQ(reason([] { exit(tuple("shutdown"_a, 1)); }), "{shutdown,1}");
        EXPECT_EQ(reason([] { error("bad"_a); }), "{bad,[]}");
        EXPECT_EQ(reason([] { throw term("ball"_a); }), "{{nocatch,ball},[]}");
        EXPECT_EQ(reason([] { throw 3; }), "{{cpp_exception,<<\"int\">>,<<>>},[]}");
    });
}

TEST_P(task_test, is_awaited_once_and_by_its_owner_alone) {
    in_process([] {
        auto t = task::async([] { return 1; });
        EXPECT_EQ(t.await(), 1);
        EXPECT_EQ(exit_of([&] { t.await(); }), "{badarg,[]}");
        EXPECT_FALSE(t.yield(0ms));
        auto mine = task::async([] { return 2; });
        EXPECT_EQ(end_of([&mine] { mine.await(); }).to_string(), "{badarg,[]}");
        EXPECT_EQ(end_of([&mine] { static_cast<void>(mine.yield(0ms)); }).to_string(), "{badarg,[]}");
        EXPECT_EQ(end_of([&mine] { mine.shutdown(); }).to_string(), "{badarg,[]}");
        EXPECT_EQ(mine.await(), 2);
        task::handle<int> none;
        EXPECT_EQ(exit_of([&] { none.await(); }), "{badarg,[]}");
    });
}

TEST_P(task_test, yield_gives_nothing_while_it_runs_and_may_be_asked_again) {
    in_process([] {
        auto t = task::async([] {
            receive(on("go"_a, [] {}));
            return 5;
        });
        EXPECT_FALSE(t.yield(10ms));
        EXPECT_FALSE(t.yield(0ms));
        send(t.process(), "go"_a);
        const auto result = t.yield();
        ASSERT_TRUE(result && *result);
        EXPECT_EQ(**result, 5);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, shutdown_gives_nothing_when_the_task_ends_as_asked) {
    in_process([] {
        auto t = stuck();
        const pid process = t.process();
        EXPECT_FALSE(t.shutdown());
        EXPECT_FALSE(is_alive(process));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, shutdown_does_not_end_the_caller_nor_leaves_it_an_exit_message) {
    in_process([] {
        trap_exit(true);
        auto t = stuck();
        EXPECT_FALSE(t.shutdown());
        auto u = stuck();
        EXPECT_FALSE(u.kill());
        EXPECT_TRUE(no_message()) << "unlinked before";
    });
}

TEST_P(task_test, shutdown_gives_the_result_that_came_before) {
    in_process([] {
        auto t = task::async([] { return 9; });
        const reference ref = monitor(t.process());
        static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
        const auto result = t.shutdown();
        ASSERT_TRUE(result && *result);
        EXPECT_EQ(**result, 9);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, shutdown_gives_the_reason_of_a_task_that_ended_with_another) {
    in_process([] {
        trap_exit(true);
        auto t = task::async([] { exit("oops"_a); });
        EXPECT_TRUE(next_message().is_tagged("EXIT"_a, 3));
        EXPECT_TRUE(t.shutdown()->error().reason.is_atom("oops"_a));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, shutdown_kills_a_task_that_traps_exits_after_its_time) {
    in_process([] {
        const pid me = self();
        auto t = task::async([me] {
            trap_exit(true);
            send(me, "ready"_a);
            sleep_for_ever();
        });
        EXPECT_TRUE(next_message().is_atom("ready"_a));
        const auto ended = t.shutdown(10ms);
        ASSERT_TRUE(ended);
        EXPECT_TRUE(ended->error().reason.is_atom("killed"_a)) << "it did not end as it was asked to";
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, shutdown_of_one_that_was_waited_for_is_noproc) {
    in_process([] {
        auto t = task::async([] { return 1; });
        const reference ref = monitor(t.process());
        EXPECT_EQ(t.await(), 1);
        EXPECT_TRUE(is_down(ref, next_message().view()));
        EXPECT_TRUE(t.shutdown()->error().reason.is_atom("noproc"_a));
        auto done = task::completed(1);
        EXPECT_EQ(exit_of([&] { done.shutdown(); }), "{badarg,[]}") << "it has no process";
    });
}

TEST_P(task_test, ignore_unlinks_a_task_that_runs_on_and_takes_the_result_of_one_that_has_ended) {
    in_process([] {
        const pid me = self();
        auto t = task::async([me] {
            receive(on("go"_a, [] {}));
            send(me, "went_on"_a);
            exit("oops"_a);
        });
        EXPECT_FALSE(t.ignore());
        EXPECT_FALSE(t.ignore()) << "again is nothing";
        EXPECT_FALSE(t.yield(0ms));
        send(t.process(), "go"_a);
        EXPECT_TRUE(next_message().is_atom("went_on"_a));
        const reference ref = monitor(t.process());
        EXPECT_TRUE(is_down(ref, next_message().view())) << "and its crash does not concern the caller";
        auto u = task::async([] { return 3; });
        const reference gone = monitor(u.process());
        static_cast<void>(receive_if([&](term_view m) { return is_down(gone, m); }));
        EXPECT_EQ(**u.ignore(), 3);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, completed_has_its_result_without_a_process) {
    in_process([] {
        auto t = task::completed(std::string("x"));
        EXPECT_FALSE(t.process());
        EXPECT_EQ(t.await(), "x");
        auto u = task::completed(5);
        EXPECT_EQ(**u.yield(0ms), 5);
        { auto unused = task::completed(6); }
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, a_handle_that_is_dropped_leaves_no_message_of_its_task) {
    in_process([] {
        pid process;
        {
            auto t = task::async([] { return 1; });
            process = t.process();
        }
        const reference ref = monitor(process);
        EXPECT_TRUE(is_down(ref, next_message().view()));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, a_server_learns_of_the_end_by_its_messages) {
    in_process([] {
        auto t = task::async([] { return 8; });
        const term message = next_message();
        auto other = task::async([] { return 9; });
        EXPECT_FALSE(other.check(message));
        const auto result = t.check(message);
        ASSERT_TRUE(result && *result);
        EXPECT_EQ(**result, 8);
        EXPECT_FALSE(t.check(message)) << "once";
        EXPECT_EQ(other.await(), 9);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, start_and_start_link_tell_nobody) {
    in_process([] {
        const pid me = self();
        task::start([me] {
            send(me, "ran"_a);
            exit("oops"_a);
        });
        EXPECT_TRUE(next_message().is_atom("ran"_a));
        trap_exit(true);
        const pid p = task::start_link([] { return 1; });
        const term message = next_message();
        EXPECT_EQ(message, term(tuple("EXIT"_a, p, "normal"_a)));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, a_task_knows_its_callers_and_ancestors) {
    in_process([] {
        const pid me = self();
        auto outer = task::async([me] {
            const pid middle = self();
            auto inner = task::async([] { return std::pair(get("$callers"_a), proc_lib::ancestors()); });
            const auto [callers, ancestors] = inner.await();
            EXPECT_EQ(callers, term(list(middle, me)));
            EXPECT_EQ(ancestors.at(0), term(middle));
        });
        outer.await();
    });
}

TEST_P(task_test, await_many_gives_results_in_order_and_exits_at_the_first_without_one) {
    in_process([] {
        std::vector<task::handle<int>> tasks;
        for (int i = 0; i < 20; ++i)
            tasks.push_back(task::async([i] {
                if (i % 2 == 0) yield();
                return i;
            }));
        const auto results = task::await_many(tasks);
        for (int i = 0; i < 20; ++i)
            EXPECT_EQ(results.at(static_cast<std::size_t>(i)), i);
        trap_exit(true);
        tasks.clear();
        tasks.push_back(task::async([] { return 1; }));
        tasks.push_back(task::async([]() -> int { exit("oops"_a); }));
        EXPECT_EQ(reason_of("await_many"_a, [&] { static_cast<void>(task::await_many(tasks)); }),
                  term("oops"_a));
        tasks.clear();
        tasks.push_back(stuck());
        EXPECT_EQ(reason_of("await_many"_a, [&] { static_cast<void>(task::await_many(tasks, 10ms)); }),
                  term("timeout"_a));
        tasks[0].kill();
    });
}

TEST_P(task_test, yield_many_gives_what_has_ended_in_order) {
    in_process([] {
        std::vector<task::handle<int>> tasks;
        tasks.push_back(task::async([] { return 1; }));
        tasks.push_back(stuck());
        tasks.push_back(task::async([] { return 3; }));
        auto results = task::yield_many(tasks, {.timeout = 50ms});
        EXPECT_EQ(**results.at(0), 1);
        EXPECT_FALSE(results.at(1));
        EXPECT_EQ(**results.at(2), 3);
        results = task::yield_many(tasks, {.timeout = 10ms});
        EXPECT_FALSE(results.at(0) || results.at(1) || results.at(2)) << "each is told once";
        results = task::yield_many(tasks, {.timeout = 0ms, .on_timeout = task::unfinished::kill_task});
        EXPECT_FALSE(results.at(1));
        EXPECT_FALSE(is_alive(tasks[1].process()));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_test, yield_many_is_content_with_a_limit_and_ignores_the_others) {
    in_process([] {
        std::vector<task::handle<int>> tasks;
        tasks.push_back(stuck());
        tasks.push_back(task::async([] { return 2; }));
        const auto results = task::yield_many(
            tasks, {.timeout = infinity, .limit = 1, .on_timeout = task::unfinished::ignore});
        EXPECT_FALSE(results.at(0));
        EXPECT_EQ(**results.at(1), 2);
        EXPECT_TRUE(is_alive(tasks[0].process()));
        EXPECT_FALSE(tasks[0].yield(0ms));
        exit(tasks[0].process(), "kill"_a);
    });
}

TEST(task_of_full_system, leaves_nothing_with_a_caller_that_goes_on_without_it) {
    system sys({.simulation = true, .max_processes = 1});
    sys.run([] {
        const auto try_one = [] {
            try {
                static_cast<void>(task::async([] { return 1; }));
                ADD_FAILURE() << "there was room";
            } catch (const process_exit&) {
            }
        };
        try_one();
        const std::size_t before = process_info(self())->memory;
        for (int i = 0; i < 10'000; ++i)
            try_one();
        EXPECT_LT(process_info(self())->memory, before + 64 * 1024);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, task_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
