// Many processes, many threads, ends at random moments: nothing may be lost, mixed up or left behind.
#include "actors_support.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <atomic>
#include <random>
#include <thread>

namespace rakka::testing {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int scale = 10;
#else
constexpr int scale = 1;
#endif

RAKKA_EVERY_MODE(stress);

TEST_P(stress, order_is_kept_for_each_pair_of_many) {
    in_process([] {
        constexpr int producers = 8;
        constexpr int each = 4000 / scale;
        const pid parent = self();
        for (int p = 0; p < producers; ++p) {
            spawn([=] {
                for (int i = 0; i < each; ++i)
                    send(parent, tuple(p, i));
            });
        }
        int seen[producers] = {};
        for (int i = 0; i < producers * each; ++i) {
            const term m = next_message();
            ASSERT_EQ(element<int>(m, 1), seen[element<int>(m, 0)]++);
        }
    });
    sys.run_until_done();
    EXPECT_EQ(sys.process_count(), 0u);
}

TEST_P(stress, rings_of_links_end_whole_when_members_are_killed) {
    in_process([] {
        constexpr int rings = 10;
        constexpr int members = 1000 / scale;
        std::mt19937 random(42);
        std::vector<reference> refs;
        std::vector<pid> victims;
        for (int r = 0; r < rings; ++r) {
            std::vector<pid> ring;
            for (int i = 0; i < members; ++i) {
                const auto p = spawn_monitor([] {
                    for (;;) {
                        const term m = receive();
                        link(*m.as<pid>());
                    }
                });
                ring.push_back(p.pid);
                refs.push_back(p.ref);
            }
            for (int i = 0; i < members; ++i)
                send(ring[i], ring[(i + 1) % members]);
            victims.push_back(ring[random() % members]);
            if (random() % 2 == 0) exit(victims.back(), "kill"_a);
        }
        for (const pid& v : victims)
            exit(v, "kill"_a);
        // A member may find its neighbour dead already: then it ends by itself, and so does the rest.
        for (const auto& ref : refs) {
            const std::string why = text(down_reason(ref));
            EXPECT_TRUE(why == "killed" || why == "noproc" || why == "{noproc,[]}") << why;
        }
        EXPECT_TRUE(mailbox_is_empty());
    });
    sys.run_until_done();
    EXPECT_EQ(sys.process_count(), 0u);
}

TEST_P(stress, kills_at_random_moments_leave_nothing_behind) {
    in_process([] {
        constexpr int rounds = 3000 / scale;
        std::mt19937 random(7);
        const pid parent = self();
        std::vector<reference> refs;
        for (int i = 0; i < rounds; ++i) {
            const int what = static_cast<int>(random() % 5);
            const auto p = spawn_monitor([what, parent] {
                switch (what) {
                    case 0:
                        spawn_link([] { static_cast<void>(receive()); });
                        break;
                    case 1:
                        static_cast<void>(receive_if([](term_view) { return true; }, 1ms));
                        break;
                    case 2:
                        send_after(1ms, self(), "x"_a);
                        break;
                    case 3:
                        demonitor(monitor(parent));
                        break;
                    default:
                        register_name("contended"_a, self());
                        break;
                }
                static_cast<void>(receive());
            });
            if (random() % 3 == 0) yield();
            exit(p.pid, random() % 2 == 0 ? "kill"_a : "other"_a);
            refs.push_back(p.ref);
        }
        for (const auto& ref : refs)
            static_cast<void>(down_reason(ref));
        EXPECT_FALSE(whereis("contended"_a));
        EXPECT_TRUE(process_info(self())->monitors.empty());
        EXPECT_TRUE(process_info(self())->monitored_by.empty());
    });
    sys.run_until_done();
    EXPECT_EQ(sys.process_count(), 0u);
}

TEST_P(stress, messages_never_reach_the_next_inhabitant_of_a_slot) {
    in_process([] {
        const pid parent = self();
        for (int i = 0; i < 2000 / scale; ++i) {
            const pid p = spawn([i, parent] {
                const term m = receive();
                if (*m.as<int>() != i) send(parent, tuple("misdirected"_a, m, i));
            });
            send(p, i);
            send(p, -1);  // arrives while it ends, or later: never anywhere else
        }
        while (processes().size() > 1)
            yield();
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(stress, calls_with_timeouts_never_mix_up_replies) {
    in_process([] {
        const pid server = spawn([] {
            std::mt19937 random(3);
            for (;;) {
                const term m = receive();
                if (random() % 4 == 0) yield();
                send(element<reference>(m, 0), tuple(element<reference>(m, 0), element<int>(m, 1)));
            }
        });
        for (int i = 0; i < 3000 / scale; ++i) {
            const reference ref = monitor(server, {.alias = monitor_alias::reply_demonitor});
            send(server, tuple(ref, i));
            const auto answer = receive_if(
                ref, [&](term_view v) { return v.is_tuple(2) && *v.tuple()[0].as<reference>() == ref; },
                i % 3 == 0 ? std::optional(0ns) : std::nullopt);
            if (answer) {
                EXPECT_EQ(element<int>(*answer, 1), i);
            } else if (!demonitor(ref, {.flush = true, .info = true})) {
                static_cast<void>(
                    receive_if([&](term_view v) { return *v.tuple()[0].as<reference>() == ref; }, 0ns));
            }
        }
        exit(server, "kill"_a);
        await_end(server);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

// The timer of an answered call runs on. Hibernating gives it back, and when it fires in that very moment
// takes in what else has arrived.
TEST_P(stress, a_message_that_comes_with_the_timer_of_a_call_ends_hibernation) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has no other threads";
    using clock = std::chrono::steady_clock;
    std::atomic<clock::rep> send_at{0};  // 0: nothing to send
    std::atomic<int> woken{0};
    std::atomic<bool> over{false};
    pid sleeper;
    std::thread sender([&] {
        while (!over) {
            const clock::rep at = send_at.exchange(0);
            if (at == 0) continue;
            while (clock::now().time_since_epoch().count() < at) {
            }
            const int before = woken;
            sys.send(sleeper, tuple("wake"_a, "up"));
            while (woken == before && clock::now().time_since_epoch() < clock::duration(at) + 5s) {
            }
            if (woken == before) sys.send(sleeper, "lost"_a);  // a timer of its own would keep the memory
        }
    });
    in_process([&] {
        const pid server = spawn([] {
            for (;;)
                if (const auto request = gen::as_request(receive())) reply(request->sender, "ok"_a);
        });
        sleeper = self();
        std::mt19937 random(1);
        const auto soon = [&](clock::time_point tick) {
            return tick.time_since_epoch().count() + static_cast<clock::rep>(random() % 8000) - 2000;
        };
        for (int round = 0; round < 400 / scale; ++round) {
            static_cast<void>(gen::call(server, "$gen_call"_a, "hello"_a, 1ms));
            const auto tick = std::chrono::ceil<std::chrono::milliseconds>(clock::now() + 1ms);
            send_at = soon(tick);
            const clock::rep sleep_at = soon(tick);
            while (clock::now().time_since_epoch().count() < sleep_at) {
            }
            hibernate();
            ++woken;
            ASSERT_TRUE(receive().is_tagged("wake"_a, 2));
            ASSERT_TRUE(mailbox_is_empty()) << "lost in round " << round;
        }
        exit(server, "kill"_a);
    });
    over = true;
    sender.join();
}

TEST_P(stress, foreign_threads_and_processes_send_at_once) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has no other threads";
    in_process([this] {
        constexpr int each = 2000 / scale;
        const pid target = self();
        std::vector<std::thread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back([this, t, target] {
                for (int i = 0; i < each; ++i)
                    sys.send(target, tuple(t, i));
            });
        }
        int seen[3] = {};
        for (int i = 0; i < 3 * each; ++i) {
            const term m = receive_if([](term_view) { return true; });
            EXPECT_EQ(element<int>(m, 1), seen[element<int>(m, 0)]++);
        }
        for (auto& t : threads)
            t.join();
    });
}

}  // namespace
}  // namespace rakka::testing
