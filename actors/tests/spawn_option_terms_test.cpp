// The options of a spawn as terms, and what becomes of wrong ones where no node reads them.
#include "actors_support.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

std::optional<spawn_wishes> read(const term& options) {
    return read_spawn_options(options);
}

TEST(spawn_option_terms, links_monitors_and_priorities_are_read) {
    const term all = list("link"_a, tuple("priority"_a, "high"_a), "monitor"_a);
    const auto got = read(all);
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->link);
    EXPECT_TRUE(got->monitor);
    EXPECT_EQ(got->options.priority, process_priority::high);
    const auto none = read(term(list()));
    ASSERT_TRUE(none);
    EXPECT_FALSE(none->link || none->monitor);
    EXPECT_EQ(none->options.priority, process_priority::normal);
}

TEST(spawn_option_terms, what_tunes_a_beam_must_make_sense) {
    EXPECT_TRUE(read(term(list(tuple("min_heap_size"_a, 1000)))));
    EXPECT_TRUE(read(term(list(tuple("message_queue_data"_a, "off_heap"_a)))));
    for (const term& bad :
         {term(tuple("min_heap_size"_a, -1)), term(tuple("message_queue_data"_a, "elsewhere"_a)),
          term(tuple("priority"_a, "urgent"_a)), term(tuple("async_dist"_a, 1)), term("unknown"_a), term(17)})
        EXPECT_FALSE(read(term(list(bad)))) << text(bad);
    EXPECT_FALSE(read(term(cons("link"_a, "tail"_a))));
    EXPECT_FALSE(read(term("link"_a)));
}

// OTP reads them when it makes the process that stands for the one out of reach.
TEST(spawn_option_terms, they_are_read_for_a_node_out_of_reach) {
    rakka::system sys({.workers = 1});
    sys.run([] {
        trap_exit(true);
        const auto reason = [](const term& options) {
            try {
                static_cast<void>(spawn("away@nowhere"_a, "m"_a, "f"_a, list(), options));
            } catch (const process_exit& e) {
                return text(e.reason);
            }
            return std::string("a pid");
        };
        EXPECT_EQ(reason(list(tuple("priority"_a, "low"_a))), "a pid");
        EXPECT_EQ(reason(list("unknown"_a)), "{badarg,[]}");
        EXPECT_EQ(reason(list(tuple("priority"_a, "urgent"_a))), "{badarg,[]}");
        EXPECT_EQ(reason(list(tuple("min_heap_size"_a, "x"_a))), "{badarg,[]}");
        const auto m = spawn_monitor("away@nowhere"_a, "m"_a, "f"_a, list(), list("link"_a));
        EXPECT_EQ(text(reason_in(next_message())), "noconnection");
        EXPECT_EQ(text(reason_in(next_message())), "noconnection");
        EXPECT_TRUE(m.ref);
    });
}

}  // namespace
}  // namespace rakka::testing
