// Hashes of what peers choose: spread evenly for regular keys too, and not the same under another secret.
#include "atom_table.hpp"

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/keyed_hash.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace rakka::etf::detail {
namespace {

constexpr std::size_t keys = 1U << 15;

/// The most keys that share one of 2^16 buckets. Of as many random numbers about eight do.
template <class Hash>
std::size_t fullest_bucket(Hash hash_of) {
    std::vector<std::size_t> low(1U << 16), high(1U << 16);
    for (std::uint32_t i = 0; i < keys; ++i) {
        const std::uint64_t h = hash_of(i);
        ++low[h & 0xffff];
        ++high[h >> 48];
    }
    return std::max(*std::max_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end()));
}

constexpr std::size_t fair = 24;

TEST(keyed_hash, regular_pids_are_spread) {
    const auto fullest = [](auto make) {
        return fullest_bucket([&](std::uint32_t i) { return std::hash<pid>{}(make(i)); });
    };
    EXPECT_LE(fullest([](std::uint32_t i) { return pid{atom("a@b"), i, 0, 7}; }), fair);
    EXPECT_LE(fullest([](std::uint32_t i) { return pid{atom("a@b"), i << 13, 0, 7}; }), fair);
    EXPECT_LE(fullest([](std::uint32_t i) { return pid{atom("a@b"), 1, i, 7}; }), fair);
    EXPECT_LE(fullest([](std::uint32_t i) { return pid{atom("a@b"), 1, 2, i << 16}; }), fair);
    // An id and a serial that undo each other in a sum or an exclusive or.
    EXPECT_LE(fullest([](std::uint32_t i) { return pid{atom("a@b"), i, ~i, i}; }), fair);
}

TEST(keyed_hash, regular_references_are_spread) {
    for (std::size_t word = 0; word < reference::max_words; ++word) {
        EXPECT_LE(fullest_bucket([&](std::uint32_t i) {
                      reference r{atom("a@b"), 7, reference::max_words, {}};
                      r.words[word] = i;
                      return std::hash<reference>{}(r);
                  }),
                  fair)
            << "word " << word;
    }
}

TEST(keyed_hash, regular_atoms_are_spread) {
    EXPECT_LE(fullest_bucket([](std::uint32_t i) { return hash_atom("x" + std::to_string(i)); }), fair);
    EXPECT_LE(
        fullest_bucket([](std::uint32_t i) { return hash_atom(std::to_string(i) + std::string(100, 'y')); }),
        fair);
    // Eight bytes at the front and eight behind them that vary together.
    EXPECT_LE(fullest_bucket([](std::uint32_t i) {
                  std::string s(16, 'a');
                  for (unsigned bit = 0; bit < 16; ++bit)
                      s[bit] = static_cast<char>('a' + (i >> bit & 1));
                  return hash_atom(s);
              }),
              fair);
}

// Under these, one product sends 30 to 84 of the keys to the same bucket.
TEST(keyed_hash, weak_secrets_spread_keys_as_well) {
    const hash_secret weak[] = {{0xfacd1838c30dec83u, 0x82b580af64526d67u},
                                {0xd0b12c0180d2460bu, 0x8b60b622ee3c0bdbu},
                                {0x897eef4f6a116f95u, 0xd56b5ad5e0a8f143u},
                                {0xe0c3a9b12c4bffbbu, 0xaed29011fcde3f85u}};
    for (const hash_secret& key : weak) {
        const auto one_product = [&](std::uint32_t i) { return keyed_step(key, i, 0x12340007); };
        const auto whole = [&](std::uint32_t i) { return keyed_hash(key, i, 0x12340007); };
        EXPECT_GT(fullest_bucket(one_product), fair);
        EXPECT_LE(fullest_bucket(whole), fair);
    }
}

TEST(keyed_hash, another_secret_gives_another_order) {
    const hash_secret one{0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu};
    const hash_secret two{0xff51afd7ed558ccdu, 0xc4ceb9fe1a85ec53u};
    std::size_t together = 0, still_together = 0;
    const auto bucket = [](const hash_secret& key, std::uint64_t i) { return keyed_hash(key, i, 1) % 64; };
    for (std::uint64_t i = 1; i < 4096; ++i) {
        if (bucket(one, i) != bucket(one, 0)) continue;
        ++together;
        still_together += bucket(two, i) == bucket(two, 0) ? 1 : 0;
    }
    EXPECT_GT(together, 32U);
    EXPECT_LT(still_together, together / 4);
}

TEST(keyed_hash, the_secret_is_drawn_once) {
    const hash_secret a = hash_secret::get();
    const hash_secret b = hash_secret::get();
    EXPECT_NE(a.first, 0U);
    EXPECT_NE(a.first, a.second);
    EXPECT_EQ(a.first, b.first);
    EXPECT_EQ(a.second, b.second);
}

}  // namespace
}  // namespace rakka::etf::detail
