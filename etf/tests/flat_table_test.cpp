// The small map of identifiers against the one of the standard library, in long runs of everything it can.
#include <rakka/base/flat_table.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <unordered_map>

namespace {

/// With a hash that makes many of them meet.
struct clumsy_key {
    std::uint32_t number;
    bool operator==(const clumsy_key&) const = default;
};

}  // namespace

template <>
struct std::hash<clumsy_key> {
    std::size_t operator()(const clumsy_key& k) const noexcept {
        return k.number % 7 == 0 ? 5 : k.number * std::size_t{2654435761U} >> k.number % 3;
    }
};

namespace rakka::detail {
namespace {

using table = flat_table<clumsy_key, std::shared_ptr<std::uint32_t>>;
using model = std::unordered_map<std::uint32_t, std::uint32_t>;

void expect_same(const table& t, const model& m) {
    ASSERT_EQ(t.size(), m.size());
    for (const auto& [key, value] : t.entries()) {
        const auto found = m.find(key.number);
        ASSERT_NE(found, m.end()) << key.number;
        ASSERT_EQ(*value, found->second);
    }
}

void run(std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto roll = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % most); };
    const std::uint32_t keys = 1 + roll(seed % 3 != 0 ? 40 : 3000);
    table t;
    model m;
    for (int i = 0; i < 5000; ++i) {
        const clumsy_key key{roll(keys)};
        const std::uint32_t what = roll(100);
        if (what < 45) {
            const std::uint32_t value = roll(1000);
            t.put(key, std::make_shared<std::uint32_t>(value));
            m[key.number] = value;
        } else if (what < 80) {
            ASSERT_EQ(t.erase(key), m.erase(key.number) != 0);
        } else if (what < 90 && !t.empty()) {
            const std::size_t at = roll(static_cast<std::uint32_t>(t.size()));
            m.erase(t.at(at).key.number);
            t.erase_at(at);
        } else if (what == 90) {
            t.shrink();
        } else if (what == 91 && roll(20) == 0) {
            t.clear();
            m.clear();
        }
        const auto* const found = t.find(key);
        const auto expected = m.find(key.number);
        ASSERT_EQ(found != nullptr, expected != m.end());
        if (found != nullptr) {
            ASSERT_EQ(**found, expected->second);
        }
        if (i % 250 == 0) expect_same(t, m);
    }
}

TEST(flat_table_test, agrees_with_an_unordered_map) {
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        run(seed);
    }
}

TEST(flat_table_test, an_empty_one_holds_nothing_and_a_short_one_little) {
    table t;
    EXPECT_EQ(t.memory(), 0U);
    for (std::uint32_t n = 0; n < 1000; ++n)
        t.put({n}, nullptr);
    const std::size_t full = t.memory();
    for (std::uint32_t n = 3; n < 1000; ++n)
        EXPECT_TRUE(t.erase({n}));
    t.shrink();
    EXPECT_LT(t.memory(), full / 50);
    EXPECT_NE(t.find({2}), nullptr);
    for (std::uint32_t n = 0; n < 3; ++n)
        EXPECT_TRUE(t.erase({n}));
    t.shrink();
    EXPECT_EQ(t.memory(), 0U);
}

}  // namespace
}  // namespace rakka::detail
