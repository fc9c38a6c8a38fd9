// Integers of any length as digits. The plain algorithms of Boost.Multiprecision, and identities that need no
// other algorithm, say what is right.
#include "big_text.hpp"

#include <rakka/etf/parse.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

namespace rakka::etf::detail {
namespace {

std::string decimal(const cpp_int& value) {
    std::string out;
    append_decimal(out, value);
    return out;
}

cpp_int random_integer(std::mt19937_64& random, std::size_t bits) {
    std::vector<std::uint64_t> limbs(bits / 64 + 1);
    std::generate(limbs.begin(), limbs.end(), std::ref(random));
    cpp_int value;
    import_bits(value, limbs.begin(), limbs.end(), 64, false);
    return value >> (64 - bits % 64);
}

TEST(big_text, agrees_with_the_plain_algorithm_at_every_length) {
    std::mt19937_64 random(1);
    std::size_t step = 1;
    for (std::size_t bits = 1; bits < 70'000; bits += step, step += step / 8 + random() % 3) {
        const cpp_int value = random_integer(random, bits);
        const std::string expected = value.str();
        ASSERT_EQ(decimal(value), expected) << bits;
        ASSERT_EQ(decimal(-value - 1), "-" + cpp_int(value + 1).str());
        ASSERT_EQ(from_digits(expected, 10), value) << bits;
    }
}

/// All nines and their neighbours: quotients that are off by one show here.
TEST(big_text, powers_of_ten_and_their_neighbours) {
    for (std::size_t n : {1, 18, 19, 20, 607, 608, 609, 1215, 1216, 1217, 2432, 4864, 9727, 9728, 9729,
                          20'000, 38'912, 77'824}) {
        const std::string nines(n, '9'), one = "1" + std::string(n, '0');
        const cpp_int value = from_digits(one, 10);
        ASSERT_EQ(value, boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(n)));
        ASSERT_EQ(decimal(value), one);
        ASSERT_EQ(decimal(value - 1), nines);
        ASSERT_EQ(from_digits(nines, 10), value - 1);
        ASSERT_EQ(decimal(value + 1).substr(1), std::string(n - 1, '0') + "1");
        ASSERT_EQ(decimal(value * (value - 1)), nines + std::string(n, '0')) << n;
    }
}

TEST(big_text, reads_every_base) {
    std::mt19937_64 random(2);
    for (int base = 2; base <= 36; ++base) {
        for (std::size_t n : {1, 11, 12, 40, 400, 500, 3000}) {
            std::string digits;
            cpp_int expected = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const auto d = static_cast<int>(random() % static_cast<std::uint64_t>(base));
                digits += static_cast<char>(d < 10 ? '0' + d : (random() % 2 ? 'a' : 'A') + d - 10);
                expected = expected * base + d;
            }
            ASSERT_EQ(from_digits(digits, base), expected) << base << "#" << digits;
        }
    }
}

/// A megabyte: the plain algorithm would take minutes. Hexadecimal digits are read without any arithmetic.
TEST(big_text, an_integer_of_a_megabyte_is_printed_and_read) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    constexpr unsigned bits = 1U << 20,
                       digits = 315'653;  // an eighth: the reference's digits take minutes there
#else
    constexpr unsigned bits = 8U << 20, digits = 2'525'223;
#endif
    std::mt19937_64 random(3);
    const cpp_int value = random_integer(random, bits);
    const term t(value);
    const std::string text = to_string(t.view(), {});
    EXPECT_EQ(text.size(), digits);
    const auto back = parse_term(text);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, t);
    EXPECT_EQ(text.substr(text.size() - 19), cpp_int(value % 10'000'000'000'000'000'000u).str());
}

}  // namespace
}  // namespace rakka::etf::detail
