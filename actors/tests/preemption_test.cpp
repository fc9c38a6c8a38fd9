// Processes whose code is compiled with rakka_preemptible(): they give way in the middle of it, and nothing
// they do goes wrong by it.
#include "actors_support.hpp"
#include "engine_support.hpp"
#include "preemptible/code.hpp"

#include <rakka/actors/log.hpp>
#include <rakka/actors/reductions.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <tuple>
#include <vector>

namespace rakka::testing {
namespace {

using detail::test::under_sanitizer;

using variant = std::tuple<mode, const preemptible_code*>;

class preemption : public ::testing::TestWithParam<variant> {
protected:
    preemption() : sys(std::get<0>(GetParam()).options), code(*std::get<1>(GetParam())) {}

    template <class F>
    void in_process(F&& body) {
        sys.run(std::forward<F>(body));
    }

    /// Every process takes turns with every other one; with more workers they may run side by side.
    [[nodiscard]] bool one_at_a_time() const {
        const system_options& o = std::get<0>(GetParam()).options;
        return o.workers == 1 || o.simulation;
    }

    rakka::system sys;
    const preemptible_code& code;
};

std::string variant_name(const ::testing::TestParamInfo<variant>& v) {
    return std::string(std::get<0>(v.param).name) + "_" + std::get<1>(v.param)->name;
}

INSTANTIATE_TEST_SUITE_P(modes, preemption,
                         ::testing::Combine(::testing::ValuesIn(all_modes),
                                            ::testing::Values(&calls_code, &loops_code)),
                         variant_name);

/// Answers every `From` with `pong`.
pid spawn_answering() {
    return spawn([] {
        for (;;) {
            const term from = receive();
            send(*from.as<pid>(), "pong"_a);
        }
    });
}

void await_answer(const pid& server) {
    send(server, self());
    receive(on("pong"_a, [] {}));
}

/// Stops a computation when the scope is left, however.
struct stopper {
    std::atomic<bool> flag{false};
    ~stopper() { flag = true; }
};

TEST_P(preemption, a_server_answers_while_fib_computes) {
    in_process([&] {
        const bool short_slices = std::get<0>(GetParam()).options.seed != 0;
        const int n = under_sanitizer || short_slices ? 24 : 32;
        const pid server = spawn_answering();
        const pid me = self();
        spawn([&, me] {
            // So many slices that one worker cannot fail to give others their turn.
            set_reduction_limit(100);
            send(me, tuple("fib"_a, code.fib(n)));
        });
        int answers = 0;
        std::optional<term> done;
        while (!done) {
            await_answer(server);
            ++answers;
            done = receive_if([](term_view m) { return m.is_tagged("fib"_a, 2); }, 0ns);
        }
        EXPECT_EQ(element<int>(*done, 1), n == 32 ? 2178309 : 46368);
        EXPECT_GT(answers, one_at_a_time() ? 5 : 0);
        exit(server, "kill"_a);
    });
}

TEST_P(preemption, a_server_answers_beside_endless_loops) {
    in_process([&] {
        stopper stop;
        const pid server = spawn_answering();
        std::vector<reference> loops;
        for (int i = 0; i < 6; ++i) {
            const bool bare = code.counts_loops && i % 2 == 0;
            loops.push_back(spawn_monitor([&, bare] {
                                bare ? code.spin_until(stop.flag) : code.call_until(stop.flag);
                            }).ref);
        }
        for (int i = 0; i < 200; ++i)
            await_answer(server);
        stop.flag = true;
        for (const reference& r : loops)
            EXPECT_EQ(text(down_reason(r)), "normal");
        exit(server, "kill"_a);
    });
}

TEST_P(preemption, a_handler_may_use_up_its_slice_in_a_callback) {
    struct computing : message_handler {
        computing(const preemptible_code& c, const std::atomic<bool>& s) : code(c), stop(s) {}
        next handle(term message) override {
            code.call_until(stop);
            send(*message.as<pid>(), "computed"_a);
            return next::stop("normal"_a);
        }
        const preemptible_code& code;
        const std::atomic<bool>& stop;
    };
    in_process([&] {
        stopper stop;
        const pid server = spawn_answering();
        const auto [p, ref] = spawn_monitor(std::make_unique<computing>(code, stop.flag));
        send(p, self());
        for (int i = 0; i < 50; ++i)
            await_answer(server);
        stop.flag = true;
        receive(on("computed"_a, [] {}));
        EXPECT_EQ(text(down_reason(ref)), "normal");
        exit(server, "kill"_a);
    });
}

TEST_P(preemption, a_computing_process_answers_questions_and_keeps_its_messages) {
    in_process([&] {
        stopper stop;
        const pid busy = spawn(
            [&] {
                code.call_until(stop.flag);
                for (int i = 0; i < 3; ++i)
                    receive(
                        on(tuple_of("go"_a, i, x<pid>), [&](const pid& p) { send(p, tuple("went"_a, i)); }));
            },
            {.name = "busy"_a});
        for (int i = 0; i < 3; ++i)
            send(busy, tuple("go"_a, i, self()));
        EXPECT_TRUE(is_alive(busy));
        const reference ref = monitor(busy);
        const auto info = process_info(busy);
        ASSERT_TRUE(info);
        EXPECT_EQ(info->status, process_status::running);
        EXPECT_EQ(info->message_queue_len, 3U);
        EXPECT_EQ(info->monitored_by, std::vector<pid>{self()});
        stop.flag = true;
        for (int i = 0; i < 3; ++i)
            receive(on(tuple_of("went"_a, i), [] {}));
        EXPECT_EQ(text(down_reason(ref)), "normal");
    });
}

TEST_P(preemption, arguments_survive_in_their_registers) {
    const int rounds = under_sanitizer ? 200 : 2000;
#if defined(__x86_64__)
    const bool wide = __builtin_cpu_supports("avx") != 0;
#else
    const bool wide = true;
#endif
    in_process([&] {
        std::vector<reference> all;
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {
            const auto& mix = wide && seed % 2 == 0 ? code.mix_wide : code.mix;
            std::uint64_t expected = 0;
            {
                const no_preempt alone;
                expected = mix(seed, rounds);
            }
            all.push_back(spawn_monitor([=] {
                              set_reduction_limit(1);
                              if (mix(seed, rounds) != expected) exit("wrong"_a);
                          }).ref);
        }
        for (const reference& r : all)
            EXPECT_EQ(text(down_reason(r)), "normal");
    });
}

TEST_P(preemption, exceptions_pass_through_interrupted_code) {
    in_process([&] {
        std::vector<reference> all;
        std::atomic<int> right{0};
        constexpr int depth = 20;
        for (int i = 0; i < 8; ++i) {
            all.push_back(spawn_monitor([&] {
                              set_reduction_limit(1);
                              for (int round = 0; round < 5; ++round) {
                                  ends scopes{0};
                                  try {
                                      code.throw_from(depth, scopes);
                                  } catch (int n) {
                                      code.fib(5);
                                      if (n == 13 && scopes == depth + 1) ++right;
                                  }
                              }
                          }).ref);
        }
        for (const reference& r : all)
            EXPECT_EQ(text(down_reason(r)), "normal");
        EXPECT_EQ(right, 8 * 5);
    });
}

TEST_P(preemption, a_kill_unwinds_a_loop_that_asks_for_it) {
    in_process([&] {
        ends scopes{0};
        const auto [p, ref] = spawn_monitor([&, me = self()] {
            send(me, "begun"_a);
            code.obey_for_ever(scopes);
        });
        receive(on("begun"_a, [] {}));
        exit(p, "kill"_a);
        EXPECT_EQ(text(down_reason(ref)), "killed");
        EXPECT_EQ(scopes, 1);
    });
}

TEST_P(preemption, any_exit_signal_does_and_it_may_be_trapped) {
    in_process([&] {
        ends scopes{0};
        const auto [p, ref] = spawn_monitor([&, me = self()] {
            trap_exit(true);
            send(me, "begun"_a);
            code.obey_for_ever(scopes);
        });
        receive(on("begun"_a, [] {}));
        exit(p, "please"_a);
        ASSERT_TRUE(is_alive(p));
        EXPECT_EQ(process_info(p)->message_queue_len, 1U);
        exit(p, "kill"_a);
        EXPECT_EQ(text(down_reason(ref)), "killed");
        const auto second = spawn_monitor([&] { code.obey_for_ever(scopes); });
        exit(second.pid, tuple("shutdown"_a, 1));
        EXPECT_EQ(text(down_reason(second.ref)), "{shutdown,1}");
    });
}

TEST_P(preemption, a_kill_unwinds_a_loop_that_sends) {
    in_process([&] {
        ends scopes{0};
        const auto [p, ref] = spawn_monitor([&, me = self()] {
            send(me, "begun"_a);
            code.send_for_ever(scopes);
        });
        receive(on("begun"_a, [] {}));
        exit(p, "kill"_a);
        EXPECT_EQ(text(down_reason(ref)), "killed");
        EXPECT_EQ(scopes, 1);
    });
}

TEST_P(preemption, a_loop_that_never_asks_ends_where_it_stands) {
    if (detail::test::under_address_sanitizer) GTEST_SKIP() << "what it holds is never freed, by design";
    system_options options = std::get<0>(GetParam()).options;
    std::atomic<int> told{0};
    options.exit_patience = 1ns;
    options.log = [&](const log_event& e) { told += e.text.find("stands") != std::string::npos ? 1 : 0; };
    rakka::system impatient(options);
    impatient.run([&] {
        ends scopes{0};
        const auto [p, ref] = spawn_monitor([&] { code.spin_for_ever(scopes); }, {.name = "stubborn"_a});
        EXPECT_TRUE(is_alive(p));
        exit(p, "kill"_a);
        EXPECT_EQ(text(down_reason(ref)), "killed");
        EXPECT_FALSE(is_alive(p));
        EXPECT_FALSE(whereis("stubborn"_a));
        EXPECT_EQ(scopes, 0);
    });
    EXPECT_EQ(told, 1);
    impatient.run_until_done();
    EXPECT_EQ(impatient.process_count(), 0U);
}

TEST_P(preemption, a_kill_finds_a_process_that_looks_for_a_message) {
    in_process([&] {
        std::atomic<bool> go_on{false};
        const auto [p, ref] = spawn_monitor([&] {
            static_cast<void>(receive_if([&](term_view m) { return code.refuse_once_told(m, go_on); }));
        });
        send(p, "look"_a);
        ASSERT_TRUE(is_alive(p));
        exit(p, "kill"_a);
        go_on = true;
        EXPECT_EQ(text(down_reason(ref)), "killed");
    });
}

TEST_P(preemption, static_variables_are_initialised_once_and_without_waiting_for_oneself) {
    in_process([&] {
        int initialisations = 0;
        std::vector<reference> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(spawn_monitor([&] {
                              set_reduction_limit(1);
                              if (code.first_use_of_a_static(initialisations) != 610) exit("wrong"_a);
                          }).ref);
        }
        for (const reference& r : all)
            EXPECT_EQ(text(down_reason(r)), "normal");
        EXPECT_LE(initialisations, 1);  // 0 in all modes but the first
    });
}

TEST_P(preemption, a_mutex_is_not_held_over_a_turn) {
    in_process([&] {
        std::mutex m;
        int shared = 0;
        std::vector<reference> all;
        for (int i = 0; i < 8; ++i) {
            all.push_back(spawn_monitor([&] {
                              set_reduction_limit(1);
                              code.compute_locked(m, shared, 50);
                          }).ref);
        }
        for (const reference& r : all)
            EXPECT_EQ(text(down_reason(r)), "normal");
        EXPECT_EQ(shared, 8 * 50);
    });
}

TEST_P(preemption, errno_belongs_to_the_process) {
    in_process([&] {
        std::vector<reference> all;
        for (int i = 1; i <= 8; ++i) {
            all.push_back(spawn_monitor([&, i] {
                              set_reduction_limit(1);
                              for (int round = 0; round < 20; ++round)
                                  if (code.errno_after_computing(i) != i) exit("wrong"_a);
                          }).ref);
        }
        for (const reference& r : all)
            EXPECT_EQ(text(down_reason(r)), "normal");
    });
}

TEST_P(preemption, everything_a_process_does_works_when_it_is_interrupted_at_every_step) {
    in_process([&] {
        const int rounds = under_sanitizer ? 30 : 150;
        const pid me = self();
        for (int i = 0; i < 4; ++i) {
            spawn([&, me] {
                set_reduction_limit(1);
                send(me, tuple("good"_a, code.use_everything(rounds)));
            });
        }
        for (int i = 0; i < 4; ++i)
            receive(on(tuple_of("good"_a, x<int>), [&](int good) { EXPECT_EQ(good, 4 * rounds); }));
    });
}

TEST_P(preemption, no_preempt_keeps_the_worker) {
    if (!one_at_a_time()) GTEST_SKIP() << "others have workers of their own";
    in_process([&] {
        std::atomic<int> others{0};
        const pid other = spawn([&] {
            for (;;) {
                ++others;
                yield();
            }
        });
        set_reduction_limit(1);
        {
            const no_preempt alone;
            const int before = others;
            code.fib(12);
            consume_reductions(100);
            EXPECT_EQ(others, before);
        }
        const int before = others;
        code.fib(12);
        EXPECT_GT(others, before);
        exit(other, "kill"_a);
    });
}

TEST_P(preemption, hooks_mean_nothing_outside_of_processes) {
    EXPECT_EQ(code.fib(20), 6765);
    in_process([&] { EXPECT_EQ(blocking([&] { return code.fib(20); }), 6765); });
    ends scopes{0};
    EXPECT_THROW(code.throw_from(3, scopes), int);
}

// Before main, and before any worker.
const int early[] = {calls_code.fib(10), loops_code.fib(10)};

TEST(preemption, hooks_mean_nothing_before_main) {
    // The table of functions may itself be initialised later; then there was nothing to call yet.
    EXPECT_EQ(early[0], 55);
    EXPECT_EQ(early[1], 55);
}

}  // namespace
}  // namespace rakka::testing
