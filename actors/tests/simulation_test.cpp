// Simulations by seed: what they find, that they find it again, and which orders of signals they try.
#include "actors_support.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/simulation.hpp>

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace rakka::testing {
namespace {

/// Two clients of a cell read and write back one more: sometimes one of the two is lost.
void increments(simulation& sim) {
    sim.run([&] {
        const pid cell = spawn([&sim] {
            int value = 0;
            for (;;) {
                receive(on(tuple_of("get"_a, x<pid>), [&](const pid& from) { send(from, value); }),
                        on(tuple_of("set"_a, x<int>), [&](int v) {
                            sim.note("set to " + std::to_string(v));
                            value = v;
                        }));
            }
        });
        const auto read = [cell] {
            send(cell, tuple("get"_a, self()));
            return *receive_if([](term_view m) { return m.is(kind::integer); }).as<int>();
        };
        std::vector<reference> ends;
        for (int i = 0; i < 2; ++i)
            ends.push_back(spawn_monitor([=] { send(cell, tuple("set"_a, read() + 1)); }).ref);
        for (const reference& ref : ends)
            static_cast<void>(down_reason(ref));
        // The clients' last words may be under way: ask until they are there.
        int seen = 0;
        for (int i = 0; i < 100 && seen < 2; ++i)
            seen = read();
        sim.check(seen == 2, "no increment is lost");
    });
}

std::optional<simulation_failed> failure_of(const simulation_options& options,
                                            const std::function<void(simulation&)>& body) {
    try {
        simulate(options, body);
        return std::nullopt;
    } catch (const simulation_failed& e) {
        return e;
    }
}

TEST(simulate, says_what_was_thrown) {
    const auto found = failure_of(
        {.seeds = 1}, [](simulation& sim) { sim.system().run([] { throw term(tuple("ball"_a, 1)); }); });
    ASSERT_TRUE(found);
    EXPECT_NE(std::string(found->what()).find("a term was thrown: {ball,1}"), std::string::npos)
        << found->what();
}

TEST(simulate, finds_a_lost_update_and_finds_it_again) {
    const auto found = failure_of({}, increments);
    ASSERT_TRUE(found);
    const std::string seed = std::to_string(found->seed());
    EXPECT_NE(std::string(found->what()).find("seed " + seed + " failed: no increment is lost"),
              std::string::npos)
        << found->what();
    EXPECT_NE(found->trace().find("check failed: no increment is lost"), std::string::npos);
    EXPECT_FALSE(found->cause());

    for (int i = 0; i < 3; ++i) {
        const auto again = failure_of({.first_seed = found->seed(), .seeds = 1}, increments);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->trace(), found->trace());
    }
    ::setenv("RAKKA_SEED", seed.c_str(), 1);
    const auto replayed = failure_of({.first_seed = 1000, .seeds = 5}, increments);
    ::unsetenv("RAKKA_SEED");
    ASSERT_TRUE(replayed);
    EXPECT_EQ(replayed->seed(), found->seed());
    EXPECT_EQ(replayed->trace(), found->trace());
}

TEST(simulate, has_seeds_under_which_nothing_is_lost) {
    int passed = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
        passed += failure_of({.first_seed = seed, .seeds = 1}, increments) ? 0 : 1;
    EXPECT_GT(passed, 0);
    EXPECT_LT(passed, 50);
}

/// Talks of all kinds among processes that come and go, noted in full.
std::string story_of(std::uint64_t seed) {
    std::string trace;
    simulate({.first_seed = seed, .seeds = 1}, [&](simulation& sim) {
        sim.run([&] {
            trap_exit(true);
            const pid parent = self();
            for (int i = 0; i < 12; ++i) {
                spawn_link([&sim, parent, i] {
                    send_after(std::chrono::milliseconds(sim.random(5)), parent, tuple("timer"_a, self()));
                    for (std::uint32_t n = sim.random(6); n-- > 0;)
                        send(parent, tuple("said"_a, self(), n));
                    static_cast<void>(process_info(parent));
                    exit(tuple("ended"_a, i));
                });
            }
            for (int ended = 0; ended < 12;) {
                const term m = receive();
                ended += m.view().is_tagged("EXIT"_a, 3) ? 1 : 0;
                sim.note(text(m));
            }
        });
        trace = sim.trace();
    });
    return trace;
}

TEST(simulate, a_seed_has_one_trace_whatever_ran_before) {
    std::map<std::uint64_t, std::string> stories;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        stories[seed] = story_of(seed);
    std::set<std::string> different;
    for (std::uint64_t seed = 20; seed != 0; --seed) {
        EXPECT_EQ(story_of(seed), stories[seed]);
        different.insert(stories[seed]);
    }
    EXPECT_GE(different.size(), 19U);
}

TEST(simulate, reports_what_the_body_throws) {
    const auto thrown = failure_of({.first_seed = 5}, [](simulation& sim) {
        if (sim.seed() == 7) throw std::range_error("seven");
    });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->seed(), 7U);
    EXPECT_THROW(std::rethrow_exception(thrown->cause()), std::range_error);
    const auto exited = failure_of({}, [](simulation& sim) { sim.run([] { exit(tuple("because"_a, 1)); }); });
    ASSERT_TRUE(exited);
    EXPECT_NE(std::string(exited->what()).find("{because,1}"), std::string::npos) << exited->what();
    const auto stuck = failure_of({}, [](simulation& sim) { sim.run([] { static_cast<void>(receive()); }); });
    ASSERT_TRUE(stuck);
    EXPECT_NE(std::string(stuck->what()).find("stuck"), std::string::npos) << stuck->what();
}

TEST(simulate, a_check_in_any_process_counts_also_after_the_body) {
    const auto late = failure_of({.seeds = 1}, [](simulation& sim) {
        sim.system().spawn([&sim] {
            static_cast<void>(receive_if([](term_view) { return false; }, 10min));
            sim.check(false, "ten minutes later");
        });
    });
    ASSERT_TRUE(late);
    EXPECT_NE(late->trace().find(" 600000000000: check failed: ten minutes later"), std::string::npos)
        << late->trace();
    EXPECT_FALSE(failure_of({.seeds = 1, .time_limit = 1min}, [](simulation& sim) {
        sim.system().spawn([&sim] {
            static_cast<void>(receive_if([](term_view) { return false; }, 10min));
            sim.check(false, "ten minutes later");
        });
    }));
}

TEST(simulate, refuses_a_seed_that_is_none) {
    for (const char* const text : {"seven", "7 ", " 7", "-7", "7.5", "18446744073709551616"}) {
        ::setenv("RAKKA_SEED", text, 1);
        EXPECT_THROW(simulate({}, [](simulation&) {}), std::invalid_argument) << text;
    }
    ::unsetenv("RAKKA_SEED");
}

TEST(simulate, urgent_processes_that_never_rest_keep_no_signal_from_arriving) {
    simulate({.seeds = 20, .system = {.reorder_signals = true}}, [](simulation& sim) {
        int looks = 0;
        sim.system().run([&] {
            set_priority(process_priority::max);
            const pid me = self();
            spawn([me] { send(me, "hello"_a); }, {.priority = process_priority::max});
            for (; !receive_if([](term_view) { return true; }, 0ns) && looks < 100'000; ++looks)
                yield();
        });
        sim.check(looks < 100'000, "the message has arrived");
    });
}

// -- the order of signals
// -----------------------------------------------------------------------------------------

/// What B gets first when A sends to B and then to C, who forwards to B.
std::string first_at_b(std::uint64_t seed, bool reorder) {
    rakka::system sys({.simulation = true, .seed = seed, .reorder_signals = reorder});
    return sys.run([] {
        const pid b = self();
        spawn([b] {
            const pid c = spawn([b] { send(b, receive()); });
            send(b, "direct"_a);
            send(c, "forwarded"_a);
        });
        const std::string first = text(next_message());
        static_cast<void>(next_message());
        return first;
    });
}

TEST(signal_order, is_not_kept_over_a_third_process) {
    int forwarded = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        forwarded += first_at_b(seed, true) == "forwarded" ? 1 : 0;
        EXPECT_EQ(first_at_b(seed, false), "direct");
    }
    EXPECT_GT(forwarded, 5);
    EXPECT_LT(forwarded, 195);
}

TEST(signal_order, of_a_pair_is_kept_for_every_kind_of_signal) {
    simulate({.seeds = 1000}, [](simulation& sim) {
        rakka::system& sys = sim.system();
        const pid receiver = sys.spawn([&sim] {
            trap_exit(true);
            const pid me = self();
            register_name("receiver"_a, me).value();
            const reference here = alias();
            std::unordered_map<pid, int> next;
            std::vector<reference> refs;
            for (int i = 0; i < 3; ++i) {
                const auto sender = spawn_monitor(
                    [&sim, me, here] {
                        static_cast<void>(receive());
                        for (int n = 0; n < 8; ++n) {
                            const term m = tuple("number"_a, self(), n);
                            switch (sim.random(6)) {
                                case 0:
                                    send("receiver"_a, m);
                                    break;
                                case 1:
                                    send(here, m);
                                    break;
                                case 2:
                                    exit(me, m);
                                    break;
                                case 3:
                                    exit(here, m);
                                    break;
                                default:
                                    send(me, m);
                            }
                        }
                    },
                    {.link = true});
                next[sender.pid] = 0;
                refs.push_back(sender.ref);
                send(sender.pid, "begin"_a);
            }
            for (int ends = 0; ends < 6;) {
                const term m = receive();
                // What it carries: itself, or the reason of an exit signal.
                const term inner = m.view().is_tagged("EXIT"_a, 3) ? reason_in(m) : m;
                if (inner.view().is_tagged("number"_a, 3)) {
                    int& expected = next[element<pid>(inner, 1)];
                    sim.check(element<int>(inner, 2) == expected++, "numbers come in order: " + text(m));
                } else {
                    const pid whose =
                        m.view().is_tagged("DOWN"_a, 5) ? element<pid>(m, 3) : element<pid>(m, 1);
                    sim.check(next[whose] == 8, "the end comes last: " + text(m));
                    ++ends;
                }
            }
        });
        // From outside: one sender, whoever calls.
        sys.run_until_idle();
        sim.check(!sys.is_alive(receiver), "all have come");
    });
}

TEST(signal_order, from_outside_is_kept) {
    simulate({.seeds = 200}, [](simulation& sim) {
        rakka::system& sys = sim.system();
        std::vector<std::string> got;
        const pid p = sys.spawn([&] {
            trap_exit(true);
            for (int i = 0; i < 5; ++i)
                got.push_back(text(receive()).substr(0, 5));
        });
        sys.run_ready();
        for (int i = 0; i < 4; ++i)
            sys.send(p, tuple("n"_a, i));
        sys.exit(p, "last"_a);
        sys.run_until_idle();
        sim.check(got == std::vector<std::string>{"{n,0}", "{n,1}", "{n,2}", "{n,3}", "{'EXI"}, "in order");
    });
}

TEST(signal_order, what_the_dead_have_sent_comes_before_the_news_that_they_are) {
    int waited = 0;
    simulate({.seeds = 300}, [&](simulation& sim) {
        sim.run([&] {
            trap_exit(true);
            const pid me = self();
            const pid p = spawn([me] {
                for (int i = 0; i < 4; ++i)
                    send(me, i);
            });
            while (this_system().is_alive(p))
                yield();
            // It is gone, what it sent may not be here yet.
            waited += process_info(self())->message_queue_len < 4 ? 1 : 0;
            const bool by_link = sim.random(2) == 0;
            if (by_link) {
                link(p);
            } else {
                static_cast<void>(monitor(p));
            }
            for (int i = 0; i < 4; ++i)
                sim.check(receive() == term(i), "the news have overtaken a message");
            sim.check(reason_in(receive()) == term("noproc"_a), "and then the news");
        });
    });
    EXPECT_GT(waited, 0);
}

TEST(signal_order, calls_keep_their_place) {
    simulate({.seeds = 300}, [](simulation& sim) {
        sim.run([&] {
            const pid server = spawn([&sim] {
                for (int i = 0; i < 5; ++i) {
                    sim.check(receive() == term(tuple("cast"_a, i)), "the cast is first");
                    const auto request = gen::as_request(receive());
                    sim.check(request && request->body == term(i), "then the call");
                    send(request->sender.client, tuple("before"_a, i));
                    reply(request->sender, i);
                }
            });
            for (int i = 0; i < 5; ++i) {
                send(server, tuple("cast"_a, i));
                const auto answer = gen::call(server, "$gen_call"_a, term(i), 1h);
                sim.check(answer && *answer == term(i), "an answer");
                sim.check(receive_if([](term_view) { return true; }, 0ns) == term(tuple("before"_a, i)),
                          "what was sent before the answer is here");
            }
        });
    });
}

TEST(signal_order, time_stands_while_signals_are_under_way) {
    simulate({.seeds = 100}, [](simulation& sim) {
        sim.run([&] {
            const pid me = self();
            for (int i = 0; i < 20; ++i)
                spawn([me] { send(me, 1); });
            for (int i = 0; i < 20; ++i)
                sim.check(receive_if([](term_view) { return true; }, 1ms).has_value(), "in time");
            sim.check(this_system().now() == 0ns, "no time has passed");
        });
    });
}

TEST(signal_order, what_is_under_way_at_the_end_is_freed) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        rakka::system sys({.simulation = true, .seed = seed, .reorder_signals = true});
        for (int i = 0; i < 10; ++i) {
            const pid p = sys.spawn([] {
                const pid parent = self();
                spawn([parent] { static_cast<void>(process_info(parent)); });
                static_cast<void>(receive());
            });
            sys.send(p, tuple("some bytes to carry", i));
            sys.exit(p, tuple("some bytes to carry", i));
        }
        for (std::uint64_t i = 0; i < seed; ++i)
            sys.run_one();
    }
}

}  // namespace
}  // namespace rakka::testing
