// Whose bytes may gather before they are read.
#include "connection/read_pacer.hpp"

#include <gtest/gtest.h>

namespace rakka::detail {
namespace {

using std::chrono::microseconds;

constexpr int plenty = 1000;

struct reading {
    read_pacer pacer;
    read_pacer::clock::time_point now{std::chrono::hours(1)};

    bool read(microseconds later, std::size_t size = 80, bool answered = false) {
        now += later;
        return pacer.after_read(now, size, answered);
    }
    /// As many reads as it takes to be paced; 0: it never is.
    int until_paced(microseconds apart, std::size_t size = 80) {
        for (int i = 1; i <= plenty; ++i)
            if (read(apart, size)) return i;
        return 0;
    }
};

TEST(read_pacer, small_pieces_that_come_one_soon_after_the_other_may_gather) {
    reading r;
    const int first = r.until_paced(microseconds(3));
    EXPECT_GT(first, 1);
    EXPECT_TRUE(r.read(read_pacer::pause + microseconds(80), 3000));
}

TEST(read_pacer, who_is_answered_is_read_at_once) {
    reading r;
    for (int i = 0; i < plenty; ++i)
        EXPECT_FALSE(r.read(microseconds(3), 80, i % 16 == 0));
    ASSERT_NE(r.until_paced(microseconds(3)), 0);
    EXPECT_FALSE(r.read(microseconds(3), 80, true));
    EXPECT_FALSE(r.read(microseconds(3)));
}

TEST(read_pacer, who_sends_seldom_is_read_at_once) {
    reading r;
    EXPECT_EQ(r.until_paced(std::chrono::milliseconds(1)), 0);
    ASSERT_NE(r.until_paced(microseconds(3)), 0);
    EXPECT_FALSE(r.read(std::chrono::milliseconds(1)));
}

TEST(read_pacer, who_sends_much_is_read_at_once) {
    reading r;
    EXPECT_EQ(r.until_paced(microseconds(3), std::size_t{128} << 10), 0);
}

}  // namespace
}  // namespace rakka::detail
