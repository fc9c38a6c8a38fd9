// Large buffers: what is freed comes again, and no more is kept than is said.
#include "large_blocks.hpp"

#include "pooling.hpp"

#include <rakka/etf/arena.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace rakka::etf::detail {
namespace {

TEST(large_blocks, the_last_one_freed_comes_again) {
    if (!pools_blocks) GTEST_SKIP() << "malloc under the sanitizers";
    constexpr std::size_t size = std::size_t{128} << 10;
    void* const first = allocate_large(size);
    void* const second = allocate_large(size);
    EXPECT_NE(first, second);
    free_large(first, size);
    free_large(second, size);
    EXPECT_EQ(allocate_large(size), second);
    EXPECT_EQ(allocate_large(size), first);
    free_large(first, size);
    free_large(second, size);
}

TEST(large_blocks, have_the_room_that_was_asked_for) {
    for (std::size_t size = 1; size <= 2 * largest_kept_block; size += size / 3 + 1) {
        for (int again = 0; again < 2; ++again) {
            auto* const block = static_cast<unsigned char*>(allocate_large(size));
            std::memset(block, 0xa5, size);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0U);
            free_large(block, size);
        }
    }
}

TEST(large_blocks, keeps_no_more_than_it_says) {
    if (!pools_blocks) GTEST_SKIP() << "malloc under the sanitizers";
    constexpr std::size_t size = std::size_t{1} << 20;
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < 3 * kept_large_bytes / size; ++i)
        blocks.push_back(allocate_large(size));
    for (void* b : blocks)
        free_large(b, size);
    EXPECT_LE(large_bytes_kept(), kept_large_bytes);
    EXPECT_GT(large_bytes_kept(), kept_large_bytes / 2);
    const std::size_t before = large_bytes_kept();
    void* const one = allocate_large(size);
    EXPECT_LE(large_bytes_kept(), before - size);
    free_large(one, size);
}

TEST(large_blocks, keep_what_they_hold_when_they_grow) {
    for (const std::size_t first : {std::size_t{1}, std::size_t{20'000}, largest_kept_block - 100}) {
        auto* block = static_cast<unsigned char*>(allocate_large(first));
        std::memset(block, 0x5a, first);
        std::size_t size = first;
        while (size < 16 * largest_kept_block) {
            const std::size_t larger = size * 2 + 1;
            block = static_cast<unsigned char*>(enlarge_large(block, size, larger));
            EXPECT_EQ(block[0], 0x5a);
            EXPECT_EQ(block[size - 1], 0x5a);
            std::memset(block + size, 0x5a, larger - size);
            size = larger;
        }
        free_large(block, size);
    }
}

TEST(large_blocks, one_that_grew_comes_again_with_its_new_size) {
    if (!pools_blocks) GTEST_SKIP() << "malloc under the sanitizers";
    constexpr std::size_t size = std::size_t{700} << 10;
    constexpr std::size_t first = std::size_t{100} << 10;
    void* const block = enlarge_large(allocate_large(first), first, size);
    free_large(block, size);
    auto* const again = static_cast<unsigned char*>(allocate_large(size));
    EXPECT_EQ(again, block);
    std::memset(again, 1, size);
    free_large(again, size);
}

// A program may stop using the sizes it began with.
TEST(large_blocks, other_sizes_find_room) {
    if (!pools_blocks) GTEST_SKIP() << "malloc under the sanitizers";
    const auto use = [](std::size_t size) {
        std::vector<void*> blocks;
        for (std::size_t i = 0; i < 2 * kept_large_bytes / size; ++i)
            blocks.push_back(allocate_large(size));
        for (void* b : blocks)
            free_large(b, size);
        EXPECT_LE(large_bytes_kept(), kept_large_bytes);
        const std::size_t before = large_bytes_kept();
        void* const one = allocate_large(size);
        EXPECT_LT(large_bytes_kept(), before) << size;  // it was one of those
        free_large(one, size);
    };
    use(std::size_t{2} << 20);
    use(std::size_t{64} << 10);
    use(std::size_t{1} << 20);
}

TEST(large_blocks, buffers_change_threads) {
    constexpr std::size_t size = std::size_t{64} << 10;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            for (int i = 0; i < 200; ++i) {
                shared_buffer* const b = shared_buffer::make(size);
                std::memset(b->data(), t, size);
                b->retain();
                std::thread other([b] { b->release(); });
                EXPECT_EQ(b->data()[size - 1], static_cast<std::byte>(t));
                b->release();
                other.join();
            }
        });
    }
    for (std::thread& t : threads)
        t.join();
}

}  // namespace
}  // namespace rakka::etf::detail
