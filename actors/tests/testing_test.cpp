// The words for tests of programs with processes, tested in every mode.
#include "actors_support.hpp"

#include <rakka/actors/testing.hpp>

#include <atomic>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(test_words);

bool is_any_message(term_view) {
    return true;
}

TEST_P(test_words, wait_until_sees_what_happens_elsewhere) {
    std::atomic<int> steps{0};
    in_process([&] {
        spawn([&] {
            for (int i = 0; i < 3; ++i) {
                static_cast<void>(receive_if([](term_view) { return false; }, 2ms));
                ++steps;
            }
        });
        EXPECT_TRUE(wait_until([&] { return steps == 3; }));
        const auto before = this_system().now();
        EXPECT_FALSE(wait_until([] { return false; }, 20ms));
        EXPECT_GE(this_system().now() - before, 20ms);
        EXPECT_TRUE(wait_until([] { return true; }, 0ms));
    });
    // From a thread that is no process.
    steps = 0;
    sys.spawn([&] {
        static_cast<void>(receive_if([](term_view) { return false; }, 20ms));
        ++steps;
    });
    EXPECT_FALSE(wait_until(
        sys, [&] { return steps == 2; }, 1ms));
    EXPECT_TRUE(wait_until(sys, [&] { return steps == 1; }));
}

TEST_P(test_words, check_process_exits_tells_why) {
    const auto sleeper = [](std::chrono::nanoseconds how_long) {
        return [how_long] {
            static_cast<void>(receive_if([](term_view) { return false; }, how_long));
            exit("done_sleeping"_a);
        };
    };
    in_process([&] {
        const pid p = spawn(sleeper(5ms));
        EXPECT_EQ(check_process_exits(p), term("done_sleeping"_a));
        EXPECT_EQ(check_process_exits(p), term("noproc"_a));
        const pid q = spawn_idle();
        EXPECT_EQ(check_process_exits(q, 5ms), std::nullopt);
        EXPECT_TRUE(process_info(q)->monitored_by.empty());
        exit(q, "kill"_a);
        const auto why = check_process_exits(q);  // it may have ended before the look
        EXPECT_TRUE(why == term("killed"_a) || why == term("noproc"_a));
        EXPECT_TRUE(mailbox_is_empty());
    });
    const pid p = sys.spawn(sleeper(30ms));
    EXPECT_EQ(check_process_exits(sys, p, 1ms), std::nullopt);
    EXPECT_EQ(check_process_exits(sys, p), term("done_sleeping"_a));
    EXPECT_EQ(check_process_exits(sys, p), term("noproc"_a));
    EXPECT_TRUE(wait_until(sys, [&] { return sys.process_count() == 0; }));
}

TEST_P(test_words, a_probe_receives_for_a_test_that_is_no_process) {
    {
        probe p(sys, {.name = "the_probe"_a});
        EXPECT_TRUE(p.expect_nothing(1ms));
        const pid echo = sys.spawn([] {
            for (;;)
                receive(on(tuple_of(x<pid>, x<term>), [](pid from, term what) { send(from, what); }));
        });
        for (int i = 0; i < 3; ++i)
            sys.send(echo, tuple(p.pid(), tuple("number"_a, i)));
        sys.send(echo, tuple(p.pid(), "last"_a));
        EXPECT_TRUE(p.receive_if([](term_view m) { return m.is_atom("last"_a); }));
        EXPECT_TRUE(p.expect(tuple("number"_a, 0)));
        EXPECT_FALSE(p.expect(tuple("number"_a, 7)));
        EXPECT_EQ(text(*p.receive()), "{number,2}");
        EXPECT_EQ(p.receive(1ms), std::nullopt);
        // A signal is a message to it, and what comes to its name, too.
        sys.spawn([&] {
            link(p.pid());
            send("the_probe"_a, "by name"_a);
            exit("broken"_a);
        });
        EXPECT_TRUE(p.expect("by name"_a));
        const auto exit_message = p.receive();
        ASSERT_TRUE(exit_message && exit_message->is_tagged("EXIT"_a, 3));
        EXPECT_EQ(text(reason_in(*exit_message)), "broken");
        sys.exit(echo, "kill"_a);
    }
    EXPECT_TRUE(wait_until(sys, [&] { return sys.process_count() == 0; })) << "it ends with its object";
    EXPECT_FALSE(sys.whereis("the_probe"_a));
}

TEST_P(test_words, take_plain_functions) {
    static std::atomic<bool> told;
    told = false;
    bool (*const is_told)() = [] { return told.load(); };
    probe p(sys);
    sys.send(p.pid(), "there"_a);
    EXPECT_TRUE(p.receive_if(is_any_message));
    told = true;
    EXPECT_TRUE(wait_until(sys, *is_told));
    in_process([is_told] { EXPECT_TRUE(wait_until(*is_told)); });
}

TEST(test_words, need_no_real_time_in_a_simulation) {
    rakka::system sys({.simulation = true});
    sys.spawn([] {
        static_cast<void>(receive_if([](term_view) { return false; }, 24h));
        send("watcher"_a, "a day later"_a);
    });
    const auto began = std::chrono::steady_clock::now();
    probe p(sys, {.name = "watcher"_a});
    EXPECT_TRUE(p.expect("a day later"_a, 25h));
    EXPECT_GE(sys.now(), 24h);
    EXPECT_LT(sys.now(), 24h + 1s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
}

}  // namespace
}  // namespace rakka::testing
