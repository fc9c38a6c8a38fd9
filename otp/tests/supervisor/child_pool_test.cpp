// Many children by their pids: what is kept of them, and how much memory that takes.
#include "supervisor/child_pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

namespace rakka::detail {
namespace {

pid numbered(std::uint32_t n) {
    return pid{{}, n, 1, 1};
}

shared_kind kind_of(child_type type) {
    child_kind kind;
    kind.type = type;
    return std::make_shared<const child_kind>(kind);
}

TEST(child_pool_test, memory_follows_the_number_of_children) {
    child_pool pool;
    const shared_kind worker = kind_of(child_type::worker);
    constexpr std::uint32_t many = 20'000;
    for (int round = 0; round < 3; ++round) {
        for (std::uint32_t n = 0; n < many; ++n)
            pool.insert(numbered(n), {worker, {}});
        EXPECT_GE(pool.memory(), many * sizeof(child_pool::table::entry));
        for (std::uint32_t n = 10; n < many; ++n)
            pool.erase(numbered(n));
        EXPECT_EQ(pool.size(), 10U);
        EXPECT_LT(pool.memory(), 10'000U);
        for (std::uint32_t n = 0; n < 10; ++n)
            EXPECT_NE(pool.find(numbered(n)), nullptr);
        EXPECT_EQ(pool.find(numbered(10)), nullptr);
    }
}

TEST(child_pool_test, supervisors_and_restarting_ones_are_counted) {
    child_pool pool;
    const shared_kind worker = kind_of(child_type::worker), supervisor = kind_of(child_type::supervisor);
    pool.insert(numbered(1), {worker, {}});
    pool.insert(numbered(2), {supervisor, {}});
    EXPECT_EQ(pool.supervisors(), 1U);
    pool.insert(numbered(1), {supervisor, {}});
    EXPECT_EQ(pool.size(), 2U);
    EXPECT_EQ(pool.supervisors(), 2U);
    pool.set_restarting(numbered(2));
    EXPECT_EQ(pool.restarting(), 1U);
    pool.insert(numbered(2), {worker, {}});
    EXPECT_FALSE(pool.is_restarting(numbered(2)));
    pool.replace_kinds([&](const shared_kind&) { return worker; });
    EXPECT_EQ(pool.supervisors(), 0U);
    pool.erase(numbered(1));
    pool.erase(numbered(1));
    EXPECT_EQ(pool.size(), 1U);
}

}  // namespace
}  // namespace rakka::detail
