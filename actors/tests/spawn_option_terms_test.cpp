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

// What OTP 29 takes and refuses.
TEST(spawn_option_terms, the_link_and_the_monitor_have_options) {
    const auto linked = read(list(tuple("link"_a, list("priority"_a)), "link"_a));
    ASSERT_TRUE(linked);
    EXPECT_TRUE(linked->link && linked->options.priority_link && !linked->monitor);
    const auto plain = read(list(tuple("link"_a, list()), tuple("monitor"_a, list())));
    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->link && plain->monitor);
    EXPECT_FALSE(plain->options.priority_link || plain->monitoring.priority);
    const term all = list(tuple(
        "monitor"_a, list("priority"_a, tuple("tag"_a, tuple("t"_a, 1)), tuple("alias"_a, "demonitor"_a))));
    const auto watched = read(all);
    ASSERT_TRUE(watched);
    EXPECT_TRUE(watched->monitor && watched->monitoring.priority);
    EXPECT_EQ(text(watched->monitoring.tag), "{t,1}");
    EXPECT_EQ(watched->monitoring.alias, monitor_alias::demonitor);
    // The last one counts.
    EXPECT_FALSE(read(list(tuple("monitor"_a, list("priority"_a)), "monitor"_a))->monitoring.priority);
    for (const term& bad : {term(tuple("link"_a, "priority"_a)), term(tuple("link"_a, list("urgent"_a))),
                            term(tuple("link"_a, cons("priority"_a, "x"_a))), term(tuple("monitor"_a, "x"_a)),
                            term(tuple("monitor"_a, list("urgent"_a))),
                            term(tuple("monitor"_a, list(tuple("alias"_a, "urgent"_a))))})
        EXPECT_FALSE(read(term(list(bad)))) << text(bad);
}

// A BEAM of OTP 29 sends them to one of OTP 25, which knows nothing of them.
TEST(spawn_option_terms, what_is_the_parents_stays_with_it) {
    const auto mine =
        take_parents_wishes(list(tuple("priority"_a, "high"_a), tuple("link"_a, list("priority"_a)),
                                 tuple("monitor"_a, list(tuple("tag"_a, 7))), "unknown"_a));
    ASSERT_TRUE(mine);
    EXPECT_TRUE(mine->priority_link);
    EXPECT_FALSE(mine->monitoring.priority);
    EXPECT_EQ(text(mine->monitoring.tag), "7");
    EXPECT_EQ(text(mine->rest), "[{priority,high},link,monitor,unknown]");
    EXPECT_FALSE(take_parents_wishes(list(tuple("link"_a, list("urgent"_a)))));
    EXPECT_FALSE(take_parents_wishes(list(tuple("monitor"_a, list("urgent"_a)))));
    EXPECT_EQ(text(take_parents_wishes(term("no list"_a))->rest), "'no list'");
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
        EXPECT_EQ(reason(list(tuple("link"_a, list("urgent"_a)))), "{badarg,[]}");
        EXPECT_EQ(reason(list(tuple("link"_a, list("priority"_a)))), "a pid");
        EXPECT_EQ(text(reason_in(next_message())), "noconnection");
        const auto m = spawn_monitor("away@nowhere"_a, "m"_a, "f"_a, list(), list("link"_a));
        EXPECT_EQ(text(reason_in(next_message())), "noconnection");
        EXPECT_EQ(text(reason_in(next_message())), "noconnection");
        EXPECT_TRUE(m.ref);
    });
}

}  // namespace
}  // namespace rakka::testing
