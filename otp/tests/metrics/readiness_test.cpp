// What `/readyz` is told.
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/actors/testing.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/readiness.hpp>
#include <rakka/otp/shutdown.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

namespace rakka {
namespace {

class readiness_of : public ::testing::TestWithParam<system_options> {
protected:
    readiness ask() {
        std::atomic<int> told{0};
        const auto poll = ask_readiness(sys, [&] { ++told; });
        EXPECT_TRUE(testing::wait_until(sys, [&] { return told == 1; }));
        EXPECT_TRUE(poll->complete());
        return poll->result();
    }
    system sys{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(, readiness_of,
                         ::testing::Values(system_options{.workers = 2}, system_options{.simulation = true}),
                         [](const auto& p) { return p.param.simulation ? "simulation" : "threads"; });

TEST_P(readiness_of, without_checks_a_running_system_is_ready) {
    sys.start();
    EXPECT_TRUE(ask().ready);
    EXPECT_EQ(ask().to_string(), "ready\n");
}

TEST_P(readiness_of, all_checks_have_to_say_yes) {
    sys.start();
    std::atomic<bool> up{false};
    on_readiness(sys, "always", [] { return true; });
    const auto number = on_readiness(sys, "database", [&] { return up.load(); });
    EXPECT_FALSE(ask().ready);
    EXPECT_EQ(ask().to_string(), "[+]always ok\n[-]database failed: not ready\nnot ready\n");
    up = true;
    EXPECT_EQ(ask().to_string(), "[+]always ok\n[+]database ok\nready\n");
    up = false;
    EXPECT_TRUE(remove_readiness(sys, number));
    EXPECT_FALSE(remove_readiness(sys, number));
    EXPECT_TRUE(ask().ready);
}

TEST_P(readiness_of, a_check_that_throws_says_no_and_why) {
    sys.start();
    on_readiness(sys, "disk", []() -> bool { throw std::runtime_error("no\nspace"); });
    on_readiness(sys, "after", [] { return true; });
    const auto r = ask();
    EXPECT_FALSE(r.ready);
    EXPECT_NE(r.checks[0].why.find("space"), std::string::npos);
    EXPECT_TRUE(r.checks[1].ready);
    const std::string text = r.to_string();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
}

TEST_P(readiness_of, checks_may_call_servers) {
    class server : public gen_server {
        result handle_call(const term&, const from&) override { return reply("pong"_a); }
    };
    const pid s = sys.run([] { return gen_server::start<server>().value(); });
    on_readiness(sys, "server", [s] { return gen_server::try_call(s, "ping"_a).has_value(); });
    EXPECT_TRUE(ask().ready);
    sys.exit(s, "kill"_a);
    EXPECT_TRUE(testing::wait_until(sys, [&] { return !sys.is_alive(s); }));
    EXPECT_FALSE(ask().ready);
}

TEST_P(readiness_of, what_has_not_answered_is_not_ready) {
    sys.start();
    on_readiness(sys, "quick", [] { return true; });
    on_readiness(sys, "hangs", []() -> bool {
        static_cast<void>(receive());
        return true;
    });
    std::atomic<int> told{0};
    const auto poll = ask_readiness(sys, [&] { ++told; });
    EXPECT_TRUE(testing::wait_until(sys, [&] { return poll->result().checks[0].ready; }));
    EXPECT_FALSE(poll->complete());
    EXPECT_EQ(told, 0);
    EXPECT_EQ(poll->result().to_string(), "[+]quick ok\n[-]hangs failed: no answer yet\nnot ready\n");
    sys.stop();
    EXPECT_EQ(told, 1) << "also when its process is killed";
    EXPECT_TRUE(poll->complete());
    EXPECT_FALSE(poll->result().ready);
}

TEST_P(readiness_of, a_process_that_is_killed_before_it_has_begun_tells_too) {
    sys.start();
    std::atomic<int> told{0};
    const auto poll = ask_readiness(sys, [&] { ++told; });
    const bool killed_in_time = GetParam().simulation;  // nothing runs there yet
    for (const pid& p : sys.processes())
        sys.exit(p, "kill"_a);
    EXPECT_TRUE(testing::wait_until(sys, [&] { return told == 1; }));
    EXPECT_TRUE(poll->complete());
    if (killed_in_time) {
        EXPECT_FALSE(poll->result().ready) << "nobody has asked";
    }
}

TEST_P(readiness_of, a_check_may_be_removed_while_it_is_asked) {
    sys.start();
    std::atomic<std::uint64_t> number{0};
    number = on_readiness(sys, "itself", [&] { return remove_readiness(sys, number); });
    const auto last = on_readiness(sys, "hangs", []() -> bool {
        static_cast<void>(receive());
        return false;
    });
    const auto poll = ask_readiness(sys, [] {});
    EXPECT_TRUE(testing::wait_until(sys, [&] { return poll->result().checks[0].ready; }));
    sys.run([&] { EXPECT_TRUE(remove_readiness(sys, last)); });  // in a process: does not wait
    EXPECT_EQ(ask().to_string(), "ready\n") << "neither is asked any more";
}

TEST(readiness_of_threads, who_removes_a_check_waits_for_a_call_that_is_under_way) {
    system sys({.workers = 2});
    std::atomic<bool> inside{false}, may_end{false}, removed{false}, early{false};
    const auto number = on_readiness(sys, "slow", [&] {
        inside = true;
        while (!may_end)
            yield();
        for (int i = 0; i < 1'000; ++i)
            yield();
        early = removed.load();
        return true;
    });
    const auto poll = ask_readiness(sys, [] {});
    EXPECT_TRUE(testing::wait_until(sys, [&] { return inside.load(); }));
    std::thread removes([&] {
        EXPECT_TRUE(remove_readiness(sys, number));
        removed = true;
    });
    may_end = true;
    removes.join();
    EXPECT_FALSE(early);
    EXPECT_TRUE(testing::wait_until(sys, [&] { return poll->complete(); }));
}

TEST_P(readiness_of, a_system_that_stops_is_not) {
    sys.start();
    on_readiness(sys, "always", [] { return true; });
    graceful_shutdown(sys);
    const auto r = ask();
    EXPECT_FALSE(r.ready);
    EXPECT_NE(r.to_string().find("[-]system failed: shutting down"), std::string::npos);
    EXPECT_EQ(run_until_shutdown(sys, {.signals = false}), 0);
    EXPECT_FALSE(ask().ready);
}

TEST(readiness_of_full_system, is_none) {
    system sys({.workers = 1, .max_processes = 1});
    sys.spawn([] { static_cast<void>(receive()); });
    std::atomic<int> told{0};
    const auto poll = ask_readiness(sys, [&] { ++told; });
    EXPECT_EQ(told, 1);
    EXPECT_FALSE(poll->result().ready);
}

}  // namespace
}  // namespace rakka
