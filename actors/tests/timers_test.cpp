// Messages sent later. Rules from `erlang:send_after/3`, `start_timer/3`, `cancel_timer/1`.
#include "actors_support.hpp"

#include <cstddef>
#include <vector>

namespace rakka::testing {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int very_many = 50'000;
#else
constexpr int very_many = 1'000'000;
#endif

RAKKA_EVERY_MODE(timers);

TEST_P(timers, send_after_sends_the_message_no_earlier) {
    in_process([] {
        const auto before = this_system().now();
        send_after(10ms, self(), "ping"_a);
        EXPECT_TRUE(next_message().is_atom("ping"_a));
        EXPECT_GE(this_system().now() - before, 10ms);
    });
}

TEST_P(timers, start_timer_tells_its_reference) {
    in_process([] {
        const reference ref = start_timer(1ms, self(), tuple("a"_a, 1));
        EXPECT_EQ(next_message(), term(tuple("timeout"_a, ref, tuple("a"_a, 1))));
    });
}

TEST_P(timers, timers_fire_in_the_order_of_their_deadlines) {
    in_process([] {
        for (auto step = 10ms;; step *= 2) {
            const auto begin = this_system().now();
            send_after(3 * step, self(), 3);
            send_after(step, self(), 1);
            send_after(2 * step, self(), 2);
            const bool in_time = this_system().now() - begin < step;  // else they may be due in another order
            std::vector<int> seen;
            for (int i = 1; i <= 3; ++i)
                seen.push_back(*next_message().as<int>());
            if (!in_time) continue;
            EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
            break;
        }
    });
}

TEST_P(timers, a_cancelled_timer_does_not_fire_and_tells_what_was_left) {
    in_process([] {
        const reference ref = send_after(1h, self(), "never"_a);
        const auto left = read_timer(ref);
        ASSERT_TRUE(left);
        EXPECT_GT(*left, 59min);
        EXPECT_LE(*left, 1h);
        EXPECT_TRUE(cancel_timer(ref));
        EXPECT_FALSE(cancel_timer(ref));
        EXPECT_FALSE(read_timer(ref));
    });
}

TEST_P(timers, a_timer_that_has_fired_cannot_be_cancelled) {
    in_process([] {
        const reference ref = send_after(1ms, self(), "fired"_a);
        EXPECT_TRUE(next_message().is_atom("fired"_a));
        EXPECT_FALSE(cancel_timer(ref));
    });
}

TEST_P(timers, cancel_and_fire_may_cross_but_never_both_count) {
    in_process([] {
        for (int i = 0; i < 50; ++i) {
            const reference ref = send_after(std::chrono::microseconds(i * 40), self(), i);
            receive(after(std::chrono::microseconds(1000), [] {}));
            const bool cancelled = cancel_timer(ref).has_value();
            EXPECT_NE(cancelled, receive_if([](term_view) { return true; }, 0ns).has_value());
        }
    });
}

TEST_P(timers, a_timer_may_be_for_another_process_and_outlives_its_own) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] { send_after(5ms, parent, "from the past"_a); });
        await_end(p);
        EXPECT_TRUE(next_message().is_atom("from the past"_a));
    });
}

TEST_P(timers, a_name_is_looked_up_when_the_timer_fires) {
    in_process([] {
        for (auto delay = 5ms;; delay *= 2) {
            const auto begin = this_system().now();
            send_after(delay, "later"_a, "hello"_a);
            ASSERT_TRUE(register_name("later"_a, self()));
            if (this_system().now() - begin < delay) break;
            // Too slow: the message may have found nobody.
            static_cast<void>(receive_if([](term_view) { return true; }, 2 * delay));
            ASSERT_TRUE(unregister_name("later"_a));
        }
        EXPECT_TRUE(next_message().is_atom("hello"_a));
    });
}

TEST_P(timers, another_process_may_cancel_a_timer) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] {
            send(parent, send_after(1h, parent, "never"_a));
            static_cast<void>(receive());
        });
        const reference ref = *next_message().as<reference>();
        EXPECT_TRUE(read_timer(ref));
        EXPECT_TRUE(cancel_timer(ref));
        EXPECT_FALSE(cancel_timer(ref));
        exit(p, "kill"_a);
    });
}

TEST_P(timers, pending_timers_go_with_their_process_or_system) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] {
            for (int i = 0; i < 100; ++i) {
                send_after(1h, self(), i);
                send_after(1h, parent, i);
            }
        });
        await_end(p);
    });
    sys.stop();  // leaks would be seen by the address sanitizer
}

TEST_P(timers, a_reference_that_somebody_made_up_names_no_timer) {
    in_process([] {
        const reference mine = send_after(1h, self(), "mine"_a);
        const pid other = spawn_idle();
        for (std::size_t word = 0; word < reference::max_words; ++word) {
            for (const std::uint32_t change : {1U, 2U, 1U << 17, 1U << 24, 0xffffffffU}) {
                reference made_up = mine;
                made_up.words[word] ^= change;
                EXPECT_FALSE(read_timer(made_up)) << word << ' ' << change;
                EXPECT_FALSE(cancel_timer(made_up)) << word << ' ' << change;
            }
        }
        reference of_other = mine;
        of_other.words[3] = other.id;
        of_other.words[4] = other.serial;
        EXPECT_FALSE(cancel_timer(of_other));
        EXPECT_FALSE(cancel_timer(make_reference()));
        EXPECT_TRUE(cancel_timer(mine));
        exit(other, "kill"_a);
    });
}

TEST_P(timers, a_made_up_reference_does_not_lead_to_the_timer_of_another) {
    in_process([] {
        const pid parent = self();
        const pid other = spawn([parent] {
            send(parent, send_after(1h, self(), "mine"_a));
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        const reference theirs = *next_message().as<reference>();
        reference as_mine = theirs;
        as_mine.words[3] = parent.id;
        as_mine.words[4] = parent.serial;
        EXPECT_FALSE(read_timer(as_mine));
        EXPECT_FALSE(cancel_timer(as_mine));
        EXPECT_TRUE(cancel_timer(theirs));
        exit(other, "kill"_a);
    });
}

TEST_P(timers, an_old_reference_does_not_name_the_next_timer) {
    in_process([] {
        const reference first = send_after(1h, self(), 1);
        EXPECT_TRUE(cancel_timer(first));
        const reference second = send_after(1h, self(), 2);  // most likely where the first was
        EXPECT_NE(first, second);
        EXPECT_FALSE(read_timer(first));
        EXPECT_FALSE(cancel_timer(first));
        EXPECT_TRUE(cancel_timer(second));
    });
}

TEST_P(timers, any_of_many_may_be_cancelled_in_any_order) {
    in_process([] {
        std::vector<reference> some;
        for (int i = 0; i < 1000; ++i)
            some.push_back(start_timer(1h, self(), i));
        for (std::size_t i = 0; i < some.size(); ++i)
            EXPECT_TRUE(cancel_timer(some[i * 383 % some.size()]));
        for (const reference& r : some)
            EXPECT_FALSE(read_timer(r));
    });
}

TEST_P(timers, very_many_may_be_pending_at_once) {
    in_process([] {
        std::vector<reference> all;
        all.reserve(very_many);
        for (int i = 0; i < very_many; ++i)
            all.push_back(send_after(i % 2 == 0 ? 1h : 500ms + i % 1000 * 1ms, self(), i));
        for (std::size_t i = 0; i < all.size(); i += 1000) {
            const auto left = read_timer(all[i]);
            ASSERT_TRUE(left);
            EXPECT_LE(*left, 1h);
            EXPECT_GT(*left, 50min);
        }
        for (std::size_t i = 0; i < all.size(); i += 2)
            ASSERT_TRUE(cancel_timer(all[i]));
        std::vector<bool> seen(very_many);
        for (int i = 1; i < very_many; i += 2) {
            const auto number = next_message().as<int>();
            ASSERT_TRUE(number && *number % 2 == 1 && !seen[static_cast<std::size_t>(*number)]);
            seen[static_cast<std::size_t>(*number)] = true;
        }
        for (const reference& r : all)
            ASSERT_FALSE(cancel_timer(r));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST(held_workers, timers_of_theirs_fire_on_the_others) {
    rakka::system sys({.workers = 2, .long_schedule = 0ns});
    std::atomic<int> fired{0};
    std::atomic<bool> in_time{true};
    sys.run([&] {
        std::vector<reference> all;
        // On both workers, in receives that end while one of the two is held.
        for (int i = 0; i < 16; ++i)
            all.push_back(spawn_monitor([&] {
                              static_cast<void>(receive_if([](term_view) { return false; }, 100ms));
                              ++fired;
                          }).ref);
        const pid keeps_one_busy = spawn([] {
            for (;;)
                yield();
        });
        spawn([&] {
            const auto patience = std::chrono::steady_clock::now() + 20s;
            while (fired < 16 && in_time)
                in_time = std::chrono::steady_clock::now() < patience;
        });
        for (const reference& ref : all)
            EXPECT_EQ(text(down_reason(ref)), "normal");
        exit(keeps_one_busy, "kill"_a);
    });
    EXPECT_TRUE(in_time) << "only after the held worker was free";
    EXPECT_EQ(fired, 16);
}

}  // namespace
}  // namespace rakka::testing
