#include "engine/fiber_pool.hpp"
#include "engine/stack_pool.hpp"
#include "engine_support.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

namespace rakka::detail::test {
namespace {

constexpr auto plenty = std::chrono::seconds(100);

std::size_t resident_pages(const stack_memory& s) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> in(s.size / page);
    EXPECT_EQ(mincore(s.base, s.size, in.data()), 0);
    std::size_t n = 0;
    for (const unsigned char c : in)
        n += c & 1U;
    return n;
}

TEST(stack_pool, gives_usable_distinct_stacks_of_the_size_asked_for) {
    stack_pool pool(100'000);
    std::vector<stack_memory> all;
    for (int i = 0; i < 500; ++i) {
        all.push_back(pool.allocate());
        ASSERT_GE(all.back().size, 100'000U);
        std::memset(all.back().top() - 64, i % 256, 64);
    }
    for (int i = 0; i < 500; ++i) {
        EXPECT_EQ(all[static_cast<std::size_t>(i)].top()[-1], std::byte(i % 256));
    }
    const auto statistics = pool.statistics();
    EXPECT_EQ(statistics.stacks, 500U);
    EXPECT_GE(statistics.reserved, 500 * 100'000U);
}

TEST(stack_pool, commits_only_what_is_touched) {
    stack_pool pool(256 * 1024);
    const stack_memory s = pool.allocate();
    EXPECT_EQ(resident_pages(s), 0U);
    s.top()[-1] = std::byte{1};
    EXPECT_EQ(resident_pages(s), 1U);
}

TEST(stack_pool, a_deep_stack_gives_its_pages_back) {
    stack_pool pool(256 * 1024);
    const stack_memory s = pool.allocate();
    std::memset(s.base, 1, s.size);
    pool.trim(s);
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    EXPECT_EQ(resident_pages(s), stack_pool::keep_on_trim / page);
    EXPECT_EQ(s.top()[-1], std::byte{1});
    EXPECT_EQ(pool.statistics().trimmed, 1U);
}

TEST(stack_pool, a_shallow_stack_is_left_alone) {
    stack_pool pool(256 * 1024);
    const stack_memory s = pool.allocate();
    std::memset(s.top() - stack_pool::keep_on_trim, 1, stack_pool::keep_on_trim);
    pool.trim(s);
    EXPECT_EQ(pool.statistics().trimmed, 0U);
}

using stack_death_test = testing::Test;

TEST(stack_death_test, writing_below_a_stack_ends_the_program) {
    stack_pool pool(64 * 1024);
    const stack_memory first = pool.allocate();
    const stack_memory second = pool.allocate();
    *first.base = std::byte{1};
    *second.base = std::byte{1};
    EXPECT_DEATH(*(second.base - 1) = std::byte{1}, "");
    EXPECT_DEATH(*(first.base - 1) = std::byte{1}, "");
}

[[gnu::noinline]] int endless(volatile int* depth) {
    volatile char frame[512];
    frame[0] = static_cast<char>(*depth);
    *depth = *depth + 1;
    return *depth > 100'000'000 ? 0 : endless(depth) + frame[0];
}

TEST(stack_death_test, endless_recursion_in_a_task_hits_the_guard) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(
        {
            scheduler s(scheduler_options{.workers = 1});
            volatile int depth = 0;
            // The other stack is the neighbour that must not be overwritten unnoticed.
            body_task neighbour(s, [] { suspend_current([]() noexcept -> bool { return true; }); });
            body_task t(s, [&] { endless(&depth); });
            s.start(neighbour);
            s.start(t);
            s.stop(plenty);
        },
        "");
}

TEST(fiber_pool, deep_stacks_shrink_when_many_are_pooled) {
    constexpr int count = 300;
    constexpr std::size_t depth = 128 * 1024;
    scheduler s(scheduler_options{.workers = 0});
    std::vector<std::unique_ptr<boxed_body>> all;
    for (int i = 0; i < count; ++i) {
        all.push_back(std::make_unique<boxed_body>(s, [](token_box& box) {
            {
                volatile char deep[depth];
                for (std::size_t k = 0; k < depth; k += 4096)
                    deep[k] = 1;
                EXPECT_EQ(deep[0], 1);
            }
            box.receive();
        }));
        s.start(all.back()->runner);
    }
    s.run_ready();
    for (auto& t : all)
        t->box.post();
    s.run_ready();
    EXPECT_EQ(s.living(), 0U);
    // What the one worker keeps for itself may stay deep, the rest may not.
    EXPECT_GE(s.stacks().trimmed, static_cast<std::size_t>(count - 2 * 64));
}

TEST(fiber_pool, a_hundred_thousand_tasks_block_and_go_on) {
    // The thread sanitizer of GCC 12 has room for 8,000 fibers.
    constexpr int count = under_thread_sanitizer ? 2000 : under_address_sanitizer ? 5000 : 100'000;
    scheduler s(scheduler_options{.workers = 2});
    std::vector<std::unique_ptr<boxed_body>> all;
    countdown blocked(count);
    std::atomic<int> resumed{0};
    for (int i = 0; i < count; ++i) {
        all.push_back(std::make_unique<boxed_body>(s, [&](token_box& box) {
            blocked.down();
            box.receive();
            resumed.fetch_add(1, std::memory_order_relaxed);
        }));
        s.start(all.back()->runner);
    }
    blocked.wait();
    EXPECT_EQ(resumed.load(), 0);
    EXPECT_EQ(s.living(), static_cast<std::size_t>(count));
    for (auto& t : all)
        t->box.post();
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(resumed.load(), count);
    EXPECT_GE(s.stacks().stacks, static_cast<std::size_t>(count) / 2);
}

}  // namespace
}  // namespace rakka::detail::test
