// Names given to peers that have none: no two peers have the same at a time.
#include "connection/name_pool.hpp"

#include <rakka/node/errc.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace rakka::detail {
namespace {

bool nobody(const node_name&) {
    return false;
}

TEST(name_pool, gives_names_that_differ_on_the_host_asked_for) {
    name_pool pool;
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto g = pool.take("some.host", nobody);
        ASSERT_TRUE(g);
        EXPECT_EQ(g->name.host(), "some.host");
        EXPECT_TRUE(g->creation.is_valid());
        EXPECT_TRUE(seen.insert(g->name.text()).second);
    }
    EXPECT_EQ(pool.in_use(), 100U);
}

TEST(name_pool, gives_a_name_again_with_the_next_creation_once_it_is_free) {
    name_pool pool;
    const auto first = pool.take("h", nobody);
    const auto second = pool.take("h", nobody);
    pool.give_back(first->name.text());
    const auto elsewhere = pool.take("other", nobody);
    EXPECT_NE(elsewhere->name, first->name);
    const auto again = pool.take("h", nobody);
    EXPECT_EQ(again->name, first->name);
    EXPECT_EQ(again->creation.value(), std::max(first->creation.value() + 1, creation::first_valid));
    EXPECT_NE(pool.take("h", nobody)->name, second->name);
}

TEST(name_pool, passes_over_a_name_that_somebody_has_taken_meanwhile) {
    name_pool pool;
    const auto first = pool.take("h", nobody);
    pool.give_back(first->name.text());
    const auto next = pool.take("h", [&](const node_name& n) { return n == first->name; });
    EXPECT_NE(next->name, first->name);
}

TEST(name_pool, refuses_a_host_that_is_none_or_leaves_no_room) {
    name_pool pool;
    EXPECT_EQ(pool.take("no host", nobody).error(), node_errc::bad_node_name_character);
    EXPECT_EQ(pool.take("", nobody).error(), node_errc::bad_node_name);
    EXPECT_EQ(pool.take(std::string(254, 'h'), nobody).error(), node_errc::node_name_too_long);
    EXPECT_EQ(pool.in_use(), 0U);
}

TEST(name_pool, keeps_a_bounded_number_of_free_names) {
    name_pool pool;
    for (std::size_t i = 0; i < name_pool::max_free + 10; ++i) {
        const auto g = pool.take("host" + std::to_string(i), nobody);
        pool.give_back(g->name.text());
        pool.give_back(g->name.text());  // once is enough
    }
    EXPECT_EQ(pool.free(), name_pool::max_free);
    EXPECT_EQ(pool.in_use(), 0U);
}

}  // namespace
}  // namespace rakka::detail
