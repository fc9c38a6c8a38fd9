#include "engine/scheduler.hpp"
#include "engine_support.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace rakka::detail::test {
namespace {

constexpr auto plenty = std::chrono::seconds(60);

scheduler_options workers(unsigned n) {
    scheduler_options o;
    o.workers = n;
    o.watch_interval = nanoseconds{0};  // nothing may depend on it
    return o;
}

class scheduler_test : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(workers, scheduler_test, testing::Values(1U, 2U, 3U, 4U, 8U));

TEST_P(scheduler_test, runs_what_foreign_threads_start) {
    scheduler s(workers(GetParam()));
    std::atomic<int> ran{0};
    std::vector<std::unique_ptr<body_task>> tasks;
    for (int i = 0; i < 1000; ++i) {
        tasks.push_back(std::make_unique<body_task>(s, [&] { ran.fetch_add(1); }));
    }
    for (auto& t : tasks)
        s.start(*t);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(ran.load(), 1000);
}

TEST_P(scheduler_test, two_fibers_hand_a_token_back_and_forth) {
    constexpr int rounds = under_sanitizer ? 50'000 : 1'000'000;
    scheduler s(workers(GetParam()));
    boxed_body* other = nullptr;
    boxed_body a(s, [&](token_box& box) {
        for (int i = 0; i < rounds; ++i) {
            box.receive();
            other->box.post();
        }
    });
    boxed_body b(s, [&](token_box& box) {
        for (int i = 0; i < rounds; ++i) {
            a.box.post();
            box.receive();
        }
    });
    other = &b;
    s.start(a.runner);
    s.start(b.runner);
    EXPECT_EQ(s.stop(plenty), 0U);
}

}  // namespace
}  // namespace rakka::detail::test
