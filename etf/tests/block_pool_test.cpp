// The pool behind small arenas: blocks may be freed on any thread, in any order, and at any time.
#include "block_pool.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace rakka::etf::detail {
namespace {

using namespace rakka::literals;

TEST(block_pool, rounds_small_sizes_up_and_leaves_large_ones) {
    EXPECT_EQ(block_size(1), block_step);
    EXPECT_EQ(block_size(64), 64U);
    EXPECT_EQ(block_size(65), 128U);
    EXPECT_EQ(block_size(largest_pooled_block), largest_pooled_block);
    EXPECT_EQ(block_size(largest_pooled_block + 1), largest_pooled_block + 1);
}

TEST(block_pool, blocks_in_use_do_not_overlap) {
    std::vector<std::pair<unsigned char*, std::size_t>> blocks;
    for (int round = 0; round < 3; ++round) {
        for (std::size_t bytes = 1; bytes <= 1500; bytes += 7)
            blocks.emplace_back(static_cast<unsigned char*>(allocate_block(bytes)), bytes);
        for (std::size_t i = 0; i < blocks.size(); ++i)
            std::memset(blocks[i].first, static_cast<int>(i % 251), block_size(blocks[i].second));
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const auto [p, bytes] = blocks[i];
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 16, 0U);
            EXPECT_EQ(p[0], i % 251);
            EXPECT_EQ(p[block_size(bytes) - 1], i % 251);
            free_block(p, bytes);
        }
        blocks.clear();
    }
}

TEST(block_pool, blocks_of_one_thread_may_be_freed_by_another_and_outlive_it) {
    constexpr std::size_t many = 5000;
    std::vector<void*> blocks(many);
    for (int round = 0; round < 4; ++round) {
        std::thread maker([&] {
            for (void*& b : blocks) {
                b = allocate_block(100);
                std::memset(b, 1, 128);
            }
        });
        maker.join();
        EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), many);
        std::thread freer([&] {
            for (void* b : blocks)
                free_block(b, 100);
        });
        freer.join();
    }
}

TEST(block_pool, terms_pass_between_threads_in_both_directions) {
    std::vector<term> there(2000);
    for (std::size_t i = 0; i < there.size(); ++i)
        there[i] = tuple("n"_a, static_cast<std::int64_t>(i), "some text of a message");
    std::vector<term> back(there.size());
    std::thread other([&] {
        for (std::size_t i = 0; i < there.size(); ++i) {
            back[i] = tuple("again"_a, there[i]);
            there[i] = term();
        }
    });
    other.join();
    EXPECT_EQ(back[7].to_string(), "{again,{n,7,<<\"some text of a message\">>}}");
}

}  // namespace
}  // namespace rakka::etf::detail
