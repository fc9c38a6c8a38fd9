// Messages of many fragments between two nodes of ours: what they cost in memory, and that small ones get
// past. interop_tests/large_test.cpp sends the largest.
#include "support/cluster.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t size = std::size_t{64} << 20;
constexpr std::size_t some_memory = std::size_t{32} << 20;

/// VmHWM: the most memory so far.
std::uint64_t memory(const std::string& which) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(which)) return std::stoull(line.substr(which.size() + 1)) << 10;
    return 0;
}

class node_large : public cluster {};

TEST_F(node_large, a_large_binary_is_copied_once_and_small_messages_get_past_it) {
    member& a = start("a");
    member& b = start("b");
    ASSERT_TRUE(a->connect(b.name()));
    std::atomic<std::size_t> arrived{0};
    std::atomic<int> small_ones{0};
    std::atomic<int> before_it{0};
    b.sys.spawn(
        [&] {
            const term m = receive();
            before_it = small_ones.load();
            arrived = m.view().bytes().size();
        },
        {.name = "large"_a});
    b.sys.spawn(
        [&] {
            while (true) {
                const term m = receive();
                ++small_ones;
                send(*m.as<pid>(), "here"_a);
            }
        },
        {.name = "small"_a});
    const term binary(std::string(size, 'x'));
    std::ofstream("/proc/self/clear_refs") << "5";  // the most so far is what there is now
    const std::uint64_t before = memory("VmHWM");
    a.sys.run([&] {
        const auto ask = [&] {
            send(registered_name{"small"_a, b.name()}, term(self()));
            static_cast<void>(receive_soon());
        };
        ask();
        spawn([&] { send(registered_name{"large"_a, b.name()}, binary); });
        while (arrived == 0)
            ask();
    });
    EXPECT_EQ(arrived, size);
    EXPECT_GT(before_it, 3);
    [[maybe_unused]] const std::uint64_t more = memory("VmHWM") - before;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(more, size + some_memory);
#endif
}

TEST_F(node_large, a_large_term_comes_back) {
    member& a = start("a");
    member& b = start("b");
    start_echo(b, "echo"_a);
    ASSERT_TRUE(a->connect(b.name()));
    const std::vector<std::int64_t> numbers(size / 16, 1'000'000'000);  // 5 bytes each encoded, here 8
    a.sys.run([&] {
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), numbers)));
        const auto back = receive_if([](term_view) { return true; }, 100s);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->tuple()[1].list().size(), numbers.size());
    });
}

}  // namespace
}  // namespace rakka::testing
