#include "engine/reductions.hpp"
#include "engine_support.hpp"

#include <rakka/actors/reductions.hpp>

#include <gtest/gtest.h>

namespace rakka::detail::test {
namespace {

/// Two tasks that log when they get to run, on a simulated scheduler.
class reductions_test : public testing::Test {
protected:
    reductions_test() : s(scheduler_options{.workers = 0}) {}

    std::vector<char> run(std::function<void()> body) {
        std::vector<char> log;
        body_task a(s, [&] {
            log.push_back('a');
            body();
            log.push_back('A');
        });
        body_task b(s, [&] { log.push_back('b'); });
        s.start(a);
        s.start(b);
        s.run_ready();
        return log;
    }

    scheduler s;
};

TEST_F(reductions_test, a_task_gives_way_when_its_slice_is_used_up) {
    EXPECT_EQ(run([] { consume_reductions(default_reductions); }), (std::vector<char>{'a', 'b', 'A'}));
}

TEST_F(reductions_test, a_task_goes_on_below_the_limit) {
    EXPECT_EQ(run([] { consume_reductions(default_reductions - 1); }), (std::vector<char>{'a', 'A', 'b'}));
}

TEST_F(reductions_test, small_amounts_add_up) {
    EXPECT_EQ(run([] {
                  for (int i = 0; i < default_reductions; ++i)
                      consume_reductions(1);
              }),
              (std::vector<char>{'a', 'b', 'A'}));
}

TEST_F(reductions_test, charging_never_yields_but_says_when_it_is_time) {
    EXPECT_EQ(run([] {
                  EXPECT_FALSE(charge_reductions(default_reductions - 1));
                  EXPECT_EQ(reductions_left(), 1);
                  EXPECT_TRUE(charge_reductions(1));
              }),
              (std::vector<char>{'a', 'A', 'b'}));
}

TEST_F(reductions_test, a_yield_starts_a_new_slice) {
    run([] {
        charge_reductions(100);
        yield_current();
        EXPECT_EQ(reductions_left(), default_reductions);
    });
}

TEST_F(reductions_test, a_guarded_section_is_not_interrupted_and_its_end_makes_up_for_it) {
    std::vector<int> progress;
    const auto log = run([&] {
        const no_preempt outer;
        {
            const no_preempt inner;
            consume_reductions(3 * default_reductions);
        }
        progress.push_back(1);
    });
    EXPECT_EQ(log, (std::vector<char>{'a', 'b', 'A'}));
    EXPECT_EQ(progress.size(), 1U);
}

TEST_F(reductions_test, explicit_yields_work_in_a_guarded_section) {
    EXPECT_EQ(run([] {
                  const no_preempt guard;
                  yield_current();
              }),
              (std::vector<char>{'a', 'b', 'A'}));
}

TEST(reductions, mean_nothing_outside_of_a_task) {
    consume_reductions(1'000'000);
    EXPECT_FALSE(charge_reductions(1'000'000));
    EXPECT_EQ(reductions_left(), 0);
    const no_preempt guard;
    yield_current();
}

TEST(reductions, the_limit_is_an_option) {
    scheduler s(scheduler_options{.workers = 0, .reductions = 10});
    int left = 0;
    body_task t(s, [&] { left = reductions_left(); });
    s.start(t);
    s.run_ready();
    EXPECT_EQ(left, 10);
}

TEST(reductions, a_stackless_handler_may_yield_in_the_middle) {
    scheduler s(scheduler_options{.workers = 0});
    std::vector<int> log;
    handler_task t(s, [&, calls = 0]() mutable {
        log.push_back(++calls);
        yield_current();
        log.push_back(-calls);
        return calls == 2 ? step::done : step::again;
    });
    body_task other(s, [&] { log.push_back(0); });
    s.start(t);
    s.start(other);
    s.run_ready();
    EXPECT_EQ(log, (std::vector<int>{1, 0, -1, 2, -2}));
}

}  // namespace
}  // namespace rakka::detail::test
