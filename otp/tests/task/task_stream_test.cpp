// async_stream: each rule of Elixir's documentation of Task.async_stream.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/task_stream.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <ranges>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class task_stream_test : public behaviour_test {
protected:
    static void sleep_for_ever() {
        static_cast<void>(receive_if([](term_view) { return false; }));
    }
    static std::vector<int> numbers(int n) {
        std::vector<int> all(static_cast<std::size_t>(n));
        for (int i = 0; i < n; ++i)
            all[static_cast<std::size_t>(i)] = i;
        return all;
    }
};

TEST_P(task_stream_test, gives_the_results_in_the_order_of_the_inputs) {
    in_process([] {
        int next = 0;
        for (auto& result : task::async_stream(numbers(100), [](int i) {
                 if (i % 3 == 0) yield();
                 return std::to_string(i);
             })) {
            ASSERT_TRUE(result);
            EXPECT_EQ(*result, std::to_string(next++));
        }
        EXPECT_EQ(next, 100);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_stream_test, unordered_gives_each_as_it_ends) {
    in_process([] {
        const pid me = self();
        auto results = task::async_stream(numbers(4),
                                          [me](int i) {
                                              if (i == 0) receive(on("go"_a, [] {}));
                                              send(me, tuple("at"_a, i, self()));
                                              return i;
                                          },
                                          {.max_concurrency = 2, .ordered = false});
        std::vector<int> seen;
        for (int n = 0; n < 3; ++n)
            seen.push_back(**results.next());
        EXPECT_EQ(seen, (std::vector<int>{1, 2, 3})) << "the first one waits and holds up nobody";
        const auto tasks = process_info(self())->links;
        for (const pid& p : tasks)
            send(p, "go"_a);
        EXPECT_EQ(**results.next(), 0);
        EXPECT_FALSE(results.next());
    });
}

TEST_P(task_stream_test, runs_as_many_at_a_time_as_it_may) {
    in_process([] {
        auto running = std::make_shared<std::atomic<int>>(0);
        auto most = std::make_shared<std::atomic<int>>(0);
        auto results =
            task::async_stream(numbers(40),
                               [running, most](int i) {
                                   const int now = ++*running;
                                   int before = *most;
                                   while (before < now && !most->compare_exchange_weak(before, now)) {
                                   }
                                   yield();
                                   --*running;
                                   return i;
                               },
                               {.max_concurrency = 3});
        int sum = 0;
        while (auto r = results.next())
            sum += **r;
        EXPECT_EQ(sum, 780);
        EXPECT_LE(*most, 3);
        EXPECT_GE(*most, 1);
    });
}

TEST_P(task_stream_test, takes_inputs_only_as_results_are_asked_for) {
    in_process([] {
        int taken = 0;
        auto inputs = std::views::iota(0) | std::views::transform([&taken](int i) { return ++taken, i; });
        auto results =
            task::async_stream(inputs, [](int i) { return i * 2; }, {.max_concurrency = 2, .ordered = false});
        EXPECT_EQ(taken, 0);
        for (int n = 1; n <= 10; ++n) {
            EXPECT_TRUE(results.next()->has_value());
            EXPECT_LE(taken, n + 1);
        }
        EXPECT_GE(taken, 10) << "an endless range is no trouble";
    });
}

TEST_P(task_stream_test, inputs_and_results_may_be_movable_only) {
    in_process([] {
        auto made =
            std::views::iota(0, 3) | std::views::transform([](int i) { return std::make_unique<int>(i); });
        int sum = 0;
        for (auto& r : task::async_stream(made, [](std::unique_ptr<int> p) { return p; }))
            sum += *r.value();
        EXPECT_EQ(sum, 3);
        EXPECT_FALSE(task::async_stream(numbers(0), [](int i) { return i; }).next());
    });
}

TEST_P(task_stream_test, a_crash_ends_the_caller_unless_it_traps_exits) {
    in_process([] {
        const auto p = spawn_monitor([] {
            auto results = task::async_stream(numbers(3), [](int i) {
                if (i == 1) exit("oops"_a);
                return i;
            });
            while (results.next()) {
            }
        });
        const auto down = receive_if(p.ref, [&](term_view m) { return is_down(p.ref, m); });
        EXPECT_TRUE(down->tuple()[4].is_atom("oops"_a)) << down->to_string();

        trap_exit(true);
        auto results = task::async_stream(numbers(3), [](int i) {
            if (i == 1) exit("oops"_a);
            return i;
        });
        EXPECT_EQ(**results.next(), 0);
        EXPECT_TRUE(results.next()->error().reason.is_atom("oops"_a));
        EXPECT_EQ(**results.next(), 2);
        EXPECT_FALSE(results.next());
        EXPECT_TRUE(no_message()) << "no 'EXIT' of its tasks either";
    });
}

TEST_P(task_stream_test, a_task_that_takes_too_long_makes_the_caller_exit) {
    in_process([] {
        auto results = task::async_stream(numbers(1), [](int) { sleep_for_ever(); }, {.timeout = 300ms});
        EXPECT_EQ(exit_of([&] { static_cast<void>(results.next()); }),
                  "{timeout,{'Elixir.Task.Supervised',stream,[300]}}");
        EXPECT_TRUE(process_info(self())->links.empty()) << "what ran is killed";
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_stream_test, the_longest_limit_is_not_over_at_once) {
    in_process([] {
        auto results = task::async_stream(numbers(1),
                                          [](int i) {
                                              yield();
                                              return i + 1;
                                          },
                                          {.timeout = std::chrono::milliseconds::max()});
        EXPECT_EQ(**results.next(), 1);
    });
}

TEST_P(task_stream_test, or_is_killed_alone) {
    in_process([] {
        trap_exit(true);
        auto results = task::async_stream(
            numbers(4),
            [](int i) {
                if (i == 1) sleep_for_ever();
                return i;
            },
            {.max_concurrency = 2, .timeout = 50ms, .on_timeout = task::stream_timeout::kill_task});
        EXPECT_EQ(**results.next(), 0);
        EXPECT_TRUE(results.next()->error().reason.is_atom("timeout"_a));
        EXPECT_EQ(**results.next(), 2);
        EXPECT_EQ(**results.next(), 3);
        EXPECT_FALSE(results.next());
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_stream_test, exits_tell_of_their_inputs_when_asked_to) {
    in_process([] {
        trap_exit(true);
        auto results = task::async_stream(numbers(2),
                                          [](int i) {
                                              if (i == 1) exit("oops"_a);
                                              return i;
                                          },
                                          {.zip_input_on_exit = true});
        EXPECT_EQ(**results.next(), 0);
        EXPECT_EQ(results.next()->error().reason, term(tuple(1, "oops"_a)));
    });
}

TEST_P(task_stream_test, dropped_it_kills_what_runs) {
    in_process([] {
        std::vector<pid> tasks;
        {
            auto results = task::async_stream(numbers(3),
                                              [](int i) {
                                                  if (i != 0) sleep_for_ever();
                                                  return i;
                                              },
                                              {.max_concurrency = 3});
            EXPECT_EQ(**results.next(), 0);
            tasks = process_info(self())->links;
            EXPECT_GE(tasks.size(), 2U);
        }
        for (const pid& p : tasks)
            EXPECT_FALSE(is_alive(p));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(task_stream_test, other_messages_stay_where_they_are) {
    in_process([] {
        send(self(), "mine"_a);
        send(self(), tuple(make_reference(), 1));
        int n = 0;
        for (auto& r : task::async_stream(numbers(10), [](int i) { return i; }))
            n += static_cast<int>(r.has_value());
        EXPECT_EQ(n, 10);
        EXPECT_TRUE(next_message().is_atom("mine"_a));
        EXPECT_TRUE(next_message().is_tuple(2));
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, task_stream_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
