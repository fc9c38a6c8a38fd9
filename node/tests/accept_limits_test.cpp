// How fast new sockets are let in, by a clock that the test drives.
#include "connection/accept_limits.hpp"

#include "connection/log_pacer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace rakka::detail {
namespace {

using namespace std::chrono_literals;
using verdict = accept_limits::verdict;

class accept_rate : public ::testing::Test {
protected:
    const accept_limits::clock::time_point start{1h};
    const rate_limit any{0, 1};

    static int let_in(accept_limits& limits, const std::string& address, int attempts,
                      accept_limits::clock::time_point now) {
        int in = 0;
        for (int i = 0; i < attempts; ++i)
            in += limits.take(address, now) == verdict::let_in ? 1 : 0;
        return in;
    }
};

TEST_F(accept_rate, is_a_burst_and_then_so_many_a_second) {
    accept_limits limits({10, 5}, any, start);
    EXPECT_EQ(let_in(limits, "10.0.0.1:1", 20, start), 5);
    EXPECT_EQ(limits.take("10.0.0.1:2", start), verdict::too_many_from_there);
    EXPECT_EQ(let_in(limits, "10.0.0.1:3", 20, start + 99ms), 0);
    EXPECT_EQ(let_in(limits, "10.0.0.1:4", 20, start + 100ms), 1);
    EXPECT_EQ(let_in(limits, "10.0.0.1:5", 20, start + 400ms), 3);
    EXPECT_EQ(let_in(limits, "10.0.0.1:6", 20, start + 1h), 5) << "no more than the burst is saved up";
}

TEST_F(accept_rate, loses_nothing_to_whoever_asks_often) {
    accept_limits limits({3, 1}, any, start);
    int in = 0;
    for (auto t = 0us; t <= 10s; t += 100us)
        in += limits.take("10.0.0.1:1", start + t) == verdict::let_in ? 1 : 0;
    EXPECT_NEAR(in, 31, 1);
}

TEST_F(accept_rate, is_that_of_each_address_and_of_all_together) {
    accept_limits limits({1, 2}, {1, 3}, start);
    EXPECT_EQ(let_in(limits, "10.0.0.1:1", 9, start), 2);
    EXPECT_EQ(let_in(limits, "10.0.0.2:1", 9, start), 1);
    EXPECT_EQ(limits.take("10.0.0.3:1", start), verdict::too_many);
    EXPECT_EQ(let_in(limits, "10.0.0.3:1", 9, start + 5s), 2)
        << "being refused because of others has cost it nothing";
}

TEST_F(accept_rate, may_be_without_bound) {
    accept_limits limits(any, any, start);
    EXPECT_EQ(let_in(limits, "10.0.0.1:1", 100'000, start), 100'000);
    EXPECT_EQ(limits.addresses(), 0U);
}

TEST_F(accept_rate, of_many_addresses_takes_no_more_memory_than_of_some) {
    accept_limits limits({1, 1}, any, start);
    const auto address = [](std::size_t i) {
        return "10." + std::to_string(i / 65536) + '.' + std::to_string(i / 256 % 256) + '.' +
               std::to_string(i % 256) + ":1";
    };
    for (std::size_t i = 0; i < accept_limits::max_addresses; ++i)
        ASSERT_EQ(limits.take(address(i), start), verdict::let_in);
    EXPECT_EQ(limits.take(address(10'000), start), verdict::let_in);
    EXPECT_EQ(limits.take(address(10'001), start), verdict::too_many_from_there)
        << "the rest have one bucket together";
    EXPECT_EQ(limits.addresses(), accept_limits::max_addresses);
    EXPECT_EQ(limits.take(address(10'002), start + 2s), verdict::let_in);
    EXPECT_EQ(limits.addresses(), 1U) << "those with a full bucket are forgotten";
}

TEST_F(accept_rate, counts_a_network_of_ipv6_as_one) {
    EXPECT_EQ(limited_host("10.0.0.1:4369"), "10.0.0.1");
    EXPECT_EQ(limited_host("[2001:db8:1:2:3:4:5:6]:4369"), "2001:db8:1:2::/64");
    EXPECT_EQ(limited_host("[2001:db8:1:2::1]:4369"), limited_host("[2001:db8:1:2::2]:1"));
    EXPECT_EQ(limited_host("[::ffff:10.0.0.1]:4369"), "10.0.0.1");
    EXPECT_EQ(limited_host(""), "");
    EXPECT_EQ(limited_host("nonsense"), "nonsense");
}

TEST_F(accept_rate, is_logged_once_in_each_period) {
    log_pacer pacer;
    EXPECT_EQ(pacer.happened(start), 1U);
    EXPECT_FALSE(pacer.happened(start + 1s));
    EXPECT_FALSE(pacer.happened(start + 9s));
    EXPECT_EQ(pacer.happened(start + 10s), 3U);
    EXPECT_FALSE(pacer.happened(start + 11s));
}

}  // namespace
}  // namespace rakka::detail
