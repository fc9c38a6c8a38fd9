// The words for a process's turns that are written by hand.
#include "actors_support.hpp"

#include <rakka/actors/reductions.hpp>

#include <algorithm>
#include <atomic>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(hand_counted);

TEST_P(hand_counted, a_process_gives_way_at_its_limit) {
    if (GetParam().options.workers > 1 || sys.mode() == runtime_mode::threaded)
        GTEST_SKIP() << "others have workers of their own";
    in_process([&] {
        std::atomic<int> others{0};
        const pid other = spawn([&] {
            for (;;) {
                ++others;
                yield();
            }
        });
        set_reduction_limit(10);
        yield();
        const int before = others;
        for (int i = 0; i < 100; ++i)
            consume_reductions();
        EXPECT_GE(others, before + 1);
        exit(other, "kill"_a);
    });
}

TEST_P(hand_counted, the_count_can_be_read_and_begun_anew) {
    in_process([] {
        const no_preempt alone;
        reset_reductions();
        EXPECT_EQ(current_reductions(), 0);
        consume_reductions(7);
        consume_reductions();
        EXPECT_EQ(current_reductions(), 8);
        reset_reductions();
        EXPECT_EQ(current_reductions(), 0);
        EXPECT_GE(process_info(self())->reductions, 8U);
    });
}

TEST_P(hand_counted, the_limit_is_the_systems_until_it_is_set) {
    in_process([limit = GetParam().options.reductions] {
        const int systems = limit;
        EXPECT_EQ(set_reduction_limit(50), systems);
        EXPECT_EQ(set_reduction_limit(-5), 50);
        EXPECT_EQ(set_reduction_limit(4000), 1);
        const pid me = self();
        set_reduction_limit(77);
        spawn([me] { send(me, term(set_reduction_limit(1))); });
        EXPECT_EQ(text(next_message()), std::to_string(systems));  // not inherited
    });
}

TEST_P(hand_counted, counting_notices_exit_signals) {
    in_process([] {
        const auto [p, ref] = spawn_monitor([] {
            for (;;)
                consume_reductions(100);
        });
        exit(p, "enough"_a);
        EXPECT_EQ(text(down_reason(ref)), "enough");
    });
}

TEST_P(hand_counted, a_no_preempt_keeps_exits_out) {
    in_process([] {
        const pid me = self();
        bool through = false;
        const auto [p, ref] = spawn_monitor([&, me] {
            {
                const defer_exit later;
                send(me, "deferring"_a);
                receive(on("go"_a, [] {}));
            }
            {
                const no_preempt alone;
                consume_reductions(100'000);
                through = true;
            }
            for (;;)
                consume_reductions();
        });
        receive(on("deferring"_a, [] {}));
        exit(p, "enough"_a);
        send(p, "go"_a);
        EXPECT_EQ(text(down_reason(ref)), "enough");
        EXPECT_TRUE(through);
    });
}

TEST(hand_counted, means_nothing_outside_of_a_process) {
    consume_reductions(1'000'000);
    EXPECT_EQ(current_reductions(), 0);
    reset_reductions();
    const no_preempt alone;
    EXPECT_THROW(set_reduction_limit(5), std::logic_error);
}

TEST(hand_counted, a_system_may_have_another_limit) {
    rakka::system sys({.workers = 1, .reductions = 123});
    sys.run([] { EXPECT_EQ(set_reduction_limit(5), 123); });
}

TEST_P(hand_counted, no_sum_is_too_large_and_none_negative) {
    in_process([] {
        {
            const no_preempt alone;
            for (int i = 0; i < 300; ++i)
                bump_reductions(INT32_MAX);
            EXPECT_LE(current_reductions(), INT32_MAX);
        }
        yield();
        const auto [p, ref] = spawn_monitor([] { bump_reductions(-1); });
        EXPECT_EQ(text(down_reason(ref)), "{badarg,[]}");
        static_cast<void>(p);
    });
}

}  // namespace
}  // namespace rakka::testing
