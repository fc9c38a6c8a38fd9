// How many timers there may be, and what happens to who wants one more.
#include "actors_support.hpp"
#include "timer_pool.hpp"

#include <cstdlib>
#include <fstream>
#include <random>
#include <sys/resource.h>
#include <vector>

namespace rakka::testing {
namespace {

constexpr int limit = 10;

system_options with_limit(system_options o, std::uint32_t most = limit) {
    o.max_timers = most;
    return o;
}

class timer_limits : public ::testing::TestWithParam<mode> {
protected:
    timer_limits() : sys(with_limit(GetParam().options)) {}
    rakka::system sys;
};
INSTANTIATE_TEST_SUITE_P(modes, timer_limits, ::testing::ValuesIn(all_modes), mode_name);

/// Starts timers until there may be no more; their references.
std::vector<reference> use_up(const pid& to, std::chrono::nanoseconds delay = 1h) {
    std::vector<reference> out;
    for (;;) {
        try {
            out.push_back(send_after(delay, to, "time"_a));
        } catch (const process_exit& e) {
            EXPECT_EQ(text(e.reason), "{system_limit,[]}");
            return out;
        }
    }
}

TEST_P(timer_limits, one_more_is_a_system_limit_until_one_is_cancelled) {
    sys.run([] {
        const auto all = use_up(self());
        EXPECT_EQ(all.size(), limit);
        EXPECT_TRUE(cancel_timer(all[3]));
        const reference again = start_timer(1h, "nobody"_a, "time"_a);
        EXPECT_TRUE(use_up(self()).empty());
        EXPECT_TRUE(cancel_timer(again));
    });
}

TEST_P(timer_limits, who_does_not_catch_it_ends_with_it) {
    sys.run([] {
        const auto child = spawn_monitor([] {
            for (;;)
                send_after(1h, self(), "time"_a);
        });
        EXPECT_EQ(text(down_reason(child.ref)), "{system_limit,[]}");
    });
}

TEST_P(timer_limits, a_timer_that_fires_makes_room) {
    sys.run([] {
        for (int round = 0; round < 3; ++round) {
            const auto all = use_up(self(), 20ms);
            ASSERT_GE(all.size(), limit);
            for (std::size_t i = 0; i < all.size(); ++i)
                EXPECT_TRUE(next_message().is_atom("time"_a));
        }
    });
}

TEST_P(timer_limits, those_of_an_ended_process_make_room) {
    sys.run([] {
        for (int round = 0; round < 3; ++round) {
            const pid parent = self();
            const pid child = spawn([parent] {
                const auto all = use_up(self());
                send(parent, static_cast<std::int64_t>(all.size()));
                static_cast<void>(receive_if([](term_view) { return false; }));
            });
            EXPECT_EQ(next_message().as<int>().value(), limit);
            exit(child, "kill"_a);
            await_end(child);
        }
        EXPECT_EQ(use_up(self()).size(), limit);
    });
}

TEST_P(timer_limits, those_of_an_ended_process_for_others_make_room_when_they_fire) {
    sys.run([] {
        const pid parent = self();
        await_end(spawn([parent] {
            for (int i = 0; i < limit; ++i)
                send_after(20ms, parent, "time"_a);
        }));
        for (int i = 0; i < limit; ++i)
            EXPECT_TRUE(next_message().is_atom("time"_a));
        // The message is sent a moment before the timer is free.
        int size = 0;
        for (int i = 0; i < 1000 && size < limit; ++i, receive(after(
                                                           1ms, [] {})))
            size += static_cast<int>(use_up(self()).size());
        EXPECT_EQ(size, limit);
    });
}

TEST_P(timer_limits, timeouts_do_not_count) {
    sys.run([] {
        const auto all = use_up(self());
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms));
    });
}

/// Starts timers for itself, for its friends and for a name, cancels some, asks friends to cancel others.
void play(const pid& parent, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<pid> friends{self(), parent};
    std::vector<reference> known;
    for (int round = 0; round < 300; ++round) {
        const destination to =
            random() % 8 == 0 ? destination("nobody"_a) : destination(friends[random() % friends.size()]);
        known.push_back(start_timer(std::chrono::microseconds(random() % 5000), to, round));
        send(friends[random() % friends.size()], known.back());
        if (random() % 3 == 0) static_cast<void>(cancel_timer(known[random() % known.size()]));
        if (random() % 16 == 0) static_cast<void>(read_timer(known[random() % known.size()]));
        while (auto message = receive_if([](term_view) { return true; }, 0ns)) {
            if (const auto ref = message->as<reference>(); ref && random() % 4 == 0)
                static_cast<void>(cancel_timer(*ref));
            if (const auto who = message->as<pid>()) friends.push_back(*who);
        }
    }
}

TEST_P(timer_limits, none_is_lost_among_processes_that_end_at_any_time) {
    constexpr std::uint32_t many = 20'000;
    rakka::system crowd(with_limit(GetParam().options, many));
    crowd.run([] {
        std::mt19937_64 random(1);
        const pid parent = self();
        std::vector<pid> all;
        for (std::uint64_t i = 0; i < 40; ++i)
            all.push_back(spawn([parent, i] { play(parent, i); }));
        for (const pid& p : all)
            send(all[random() % all.size()], p);
        receive(after(2ms, [] {}));
        for (std::size_t i = 0; i < all.size(); i += 2)
            exit(all[i], "kill"_a);
        for (const pid& p : all)
            await_end(p);
        std::size_t free = 0;
        for (int i = 0; i < 1000 && free < many - many / 64; ++i) {
            receive(after(1ms, [] {}));  // the last of them fire
            const auto mine = use_up(self());
            free = mine.size();
            for (const reference& r : mine)
                EXPECT_TRUE(cancel_timer(r));
        }
        EXPECT_GE(free, many - many / 64);
    });
}

// -- the pool
// -------------------------------------------------------------------------------------------------------

TEST(timer_pool, hands_out_as_many_as_it_has_and_finds_them_by_their_place) {
    rakka::system sys({.simulation = true});
    detail::timer_pool pool(sys.core(), 5000, 1);
    detail::timer_cache cache;
    EXPECT_EQ(pool.find(0), nullptr);
    std::vector<detail::message_timer*> all;
    while (detail::message_timer* const t = pool.claim(&cache))
        all.push_back(t);
    ASSERT_EQ(all.size(), 5000U);
    for (std::uint32_t place = 0; place < 5000; ++place)
        EXPECT_EQ(pool.find(place), all[place]);
    EXPECT_EQ(pool.find(5000), nullptr);
    EXPECT_EQ(pool.find(0xffffffff), nullptr);
    for (detail::message_timer* const t : all)
        pool.give_back(*t, &cache);
    std::size_t again = 0;
    while (pool.claim(&cache) != nullptr)
        ++again;
    EXPECT_EQ(again, 5000U);
}

TEST(timer_pool, what_one_worker_gives_back_another_gets_but_for_a_64th) {
    constexpr unsigned workers = 4;
    for (const std::uint32_t most : {10U, 511U, 512U, 1'300U, 100'000U}) {
        rakka::system sys({.simulation = true});
        detail::timer_pool pool(sys.core(), most, workers);
        detail::timer_cache caches[workers];
        for (std::size_t round = 0; round < 3 * workers; ++round) {
            std::vector<detail::message_timer*> all;
            while (detail::message_timer* const t = pool.claim(&caches[round % workers]))
                all.push_back(t);
            EXPECT_GE(all.size(), most - most / 64) << most;
            EXPECT_LE(all.size(), most);
            for (detail::message_timer* const t : all)
                pool.give_back(*t, round % 5 == 0 ? nullptr : &caches[round % workers]);
        }
    }
}

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

/// From now on this program may have only so many bytes of addresses more.
void have_only(std::size_t more) {
    std::ifstream file("/proc/self/statm");
    std::size_t pages = 0;
    file >> pages;
    const rlim_t most = pages * 4096 + more;
    const rlimit limits{most, most};
    ASSERT_EQ(setrlimit(RLIMIT_AS, &limits), 0);
}

TEST(timer_limits_of_memory, no_memory_for_another_is_a_system_limit) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        {
            rakka::system sys({.workers = 1});
            sys.run([] {
                have_only(std::size_t{32} << 20);
                for (int made = 0;; ++made) {
                    try {
                        send_after(1h, self(), made);
                    } catch (const process_exit& e) {
                        const bool as_expected = text(e.reason) == "{system_limit,[]}";
                        std::_Exit(made > 1000 && as_expected ? 0 : 1);
                    }
                }
            });
        },
        ::testing::ExitedWithCode(0), "");
}

#endif

}  // namespace
}  // namespace rakka::testing
