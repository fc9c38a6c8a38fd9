// A system with threads is shut down: what runs in which order, and what becomes of steps that fail or hang.
#include "shutdown/shutdown_support.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/shutdown.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using stage = shutdown_stage;
using testing::record;

constexpr shutdown_policy quietly{.timeout = 20s, .signals = false, .grace = 5s};

[[noreturn]] void wait_for_ever() {
    for (;;)
        static_cast<void>(receive());
}

/// With one worker: whoever holds it holds up all others.
class shutdown_of_system : public ::testing::TestWithParam<system_options> {
protected:
    static system_options with(system_options o, log_sink sink) {
        o.log = std::move(sink);
        return o;
    }
    void hook(std::string name, shutdown_hook about = {}) {
        about.name = name;
        on_shutdown(
            sys, [this, name] { ran.add(name); }, about);
    }
    int shut_down(shutdown_options how = {.timeout = 20s}, const shutdown_policy& policy = quietly) {
        EXPECT_TRUE(graceful_shutdown(sys, how));
        return run_until_shutdown(sys, policy);
    }
    [[nodiscard]] const shutdown_step* step(const std::string& name) {
        report = report_of_shutdown(sys).value();
        for (const shutdown_step& s : report.steps)
            if (s.name == name) return &s;
        ADD_FAILURE() << "no step " << name;
        return nullptr;
    }

    record log;
    record ran;
    shutdown_report report;
    system sys{with(GetParam(), log.sink())};
};

INSTANTIATE_TEST_SUITE_P(, shutdown_of_system,
                         ::testing::Values(system_options{.workers = 1}, system_options{.workers = 3},
                                           system_options{.mode = runtime_mode::threaded}),
                         [](const auto& p) {
                             return p.param.mode == runtime_mode::threaded
                                        ? std::string("threaded")
                                        : "workers_" + std::to_string(p.param.workers);
                         });

TEST_P(shutdown_of_system, with_nothing_to_do_goes_well) {
    sys.spawn([] { wait_for_ever(); });
    EXPECT_FALSE(is_shutting_down(sys));
    EXPECT_FALSE(report_of_shutdown(sys));
    EXPECT_EQ(shut_down({.reason = "enough"}), 0);
    EXPECT_TRUE(is_shutting_down(sys));
    const auto r = report_of_shutdown(sys).value();
    EXPECT_TRUE(r.went_well());
    EXPECT_EQ(r.reason, "enough");
    EXPECT_EQ(sys.process_count(), 0U);
    EXPECT_FALSE(sys.running());
    EXPECT_TRUE(log.has("shutting down: enough"));
}

TEST_P(shutdown_of_system, hooks_run_by_stage_and_priority_the_last_added_first) {
    hook("first added");
    hook("urgent", {.priority = 10});
    hook("last added");
    hook("lazy", {.priority = -10});
    hook("application 1", {.stage = stage::applications});
    hook("application 2", {.stage = stage::applications});
    hook("drained", {.stage = stage::drain});
    hook("door", {.stage = stage::stop_accepting});
    EXPECT_EQ(shut_down(), 0);
    EXPECT_EQ(ran.all(), (std::vector<std::string>{"door", "drained", "application 2", "application 1",
                                                   "urgent", "last added", "first added", "lazy"}));
}

TEST_P(shutdown_of_system, hooks_are_processes_that_may_block_and_call) {
    class server : public gen_server {
        result handle_call(const term&, const from&) override { return reply("flushed"_a); }
    };
    const pid s = sys.run([] { return gen_server::start<server>().value(); });
    on_shutdown(sys, [&] {
        std::this_thread::sleep_for(5ms);  // its thread is its own
        if (gen_server::call(s, "flush"_a).is_atom("flushed"_a)) ran.add("flushed");
    });
    EXPECT_EQ(shut_down(), 0);
    EXPECT_EQ(ran.all(), std::vector<std::string>{"flushed"});
}

TEST_P(shutdown_of_system, a_hook_that_fails_is_named_and_the_others_run) {
    hook("after", {.priority = -1});
    on_shutdown(sys, [] { throw std::runtime_error("disk full"); }, {.name = "save"});
    on_shutdown(sys, [] { rakka::exit("tired"_a); }, {.priority = 1, .name = "tired"});
    EXPECT_EQ(shut_down(), 1);
    EXPECT_EQ(ran.all(), std::vector<std::string>{"after"});
    EXPECT_EQ(step("save")->outcome, step_outcome::failed);
    EXPECT_NE(step("save")->why.find("disk full"), std::string::npos);
    EXPECT_EQ(step("tired")->why, "tired");
    EXPECT_EQ(step("after")->outcome, step_outcome::done);
    EXPECT_TRUE(log.has("\"save\" has failed: "));
}

TEST_P(shutdown_of_system, a_hook_that_hangs_is_named_and_passed_over) {
    hook("after", {.priority = -1});
    on_shutdown(sys, [] { wait_for_ever(); }, {.name = "hangs"});
    EXPECT_EQ(shut_down({.timeout = 3s}), 1);
    EXPECT_EQ(ran.all(), std::vector<std::string>{"after"});
    EXPECT_EQ(step("hangs")->outcome, step_outcome::passed_over);
    EXPECT_EQ(step("after")->outcome, step_outcome::done);
    EXPECT_TRUE(log.has("\"hangs\" has not ended after"));
    EXPECT_TRUE(report.finished);
    EXPECT_EQ(report.abandoned, 0U) << "it was killed in the end";
}

TEST_P(shutdown_of_system, a_hook_that_computes_is_passed_over_on_whatever_number_of_workers) {
    std::atomic<bool> enough{false};
    hook("after", {.priority = -1});
    on_shutdown(sys,
                [&] {
                    while (!enough)
                        std::this_thread::sleep_for(1ms);  // the process layer sees nothing of it
                },
                {.name = "computes"});
    on_shutdown(sys, [&] { enough = true; },
                {.priority = -2, .name = "lets go"});  // else stop() would wait for it
    EXPECT_EQ(shut_down({.timeout = 6s}), 1);
    EXPECT_EQ(step("computes")->outcome, step_outcome::passed_over);
    EXPECT_EQ(step("after")->outcome, step_outcome::done);
    EXPECT_TRUE(report.finished);
}

TEST_P(shutdown_of_system, happens_although_processes_hold_all_workers) {
    std::atomic<bool> enough{false};
    for (int i = 0; i < 3; ++i)
        sys.spawn([&] {
            while (!enough)
                std::this_thread::yield();
        });
    hook("runs");
    on_shutdown(sys, [&] { enough = true; }, {.priority = -1});
    EXPECT_EQ(shut_down(), 0);
    EXPECT_TRUE(ran.has("runs"));
}

TEST_P(shutdown_of_system, each_hook_has_its_share_of_the_time) {
    for (int i = 0; i < 4; ++i)
        on_shutdown(sys, [] { wait_for_ever(); }, {.name = "hangs " + std::to_string(i)});
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(shut_down({.timeout = 1s}), 1);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
    for (int i = 0; i < 4; ++i) {
        // Draining takes none of it.
        EXPECT_GE(step("hangs " + std::to_string(i))->took, 150ms);
        EXPECT_LT(step("hangs " + std::to_string(i))->took, 10s);
    }
}

TEST_P(shutdown_of_system, the_longest_times_are_not_over_at_once) {
    constexpr auto most = std::chrono::milliseconds::max();
    hook("runs");
    sys.spawn([] { wait_for_ever(); });
    EXPECT_EQ(shut_down({.timeout = most}, {.timeout = most, .signals = false, .grace = most}), 0);
    EXPECT_TRUE(ran.has("runs"));
    EXPECT_EQ(report_of_shutdown(sys)->abandoned, 0U);
}

TEST_P(shutdown_of_system, only_the_first_request_counts) {
    hook("once");
    EXPECT_TRUE(graceful_shutdown(sys, {.timeout = 20s, .reason = "first", .status = 4}));
    EXPECT_FALSE(graceful_shutdown(sys, {.reason = "second"}));
    EXPECT_EQ(run_until_shutdown(sys, quietly), 4);
    EXPECT_FALSE(graceful_shutdown(sys)) << "nor afterwards";
    EXPECT_EQ(report_of_shutdown(sys)->reason, "first");
    EXPECT_EQ(ran.all(), std::vector<std::string>{"once"});
}

TEST_P(shutdown_of_system, a_process_may_ask_for_it_and_goes_on_until_the_end) {
    std::atomic<int> after{0};
    sys.spawn([&] {
        on_shutdown([&] { ran.add("hook of a process"); });
        EXPECT_TRUE(graceful_shutdown({.timeout = 20s}));
        ++after;
        wait_for_ever();
    });
    EXPECT_EQ(run_until_shutdown(sys, quietly), 0);
    EXPECT_EQ(after, 1);
    EXPECT_TRUE(ran.has("hook of a process"));
}

TEST_P(shutdown_of_system, what_is_added_meanwhile_runs_and_what_is_taken_out_does_not) {
    const auto gone = on_shutdown(sys, [&] { ran.add("gone"); });
    on_shutdown(sys, [&] { hook("added late", {.stage = stage::drain}); }, {.name = "adds"});
    EXPECT_TRUE(remove_shutdown_hook(sys, gone));
    EXPECT_FALSE(remove_shutdown_hook(sys, gone));
    EXPECT_EQ(shut_down(), 0);
    EXPECT_EQ(ran.all(), std::vector<std::string>{"added late"});
}

TEST_P(shutdown_of_system, who_waits_for_the_last_process_goes_on) {
    sys.spawn([] {
        trap_exit(true);
        wait_for_ever();
    });
    std::thread asks([&] { EXPECT_TRUE(graceful_shutdown(sys, {.timeout = 20s})); });
    sys.run_until_done();
    asks.join();
    EXPECT_TRUE(report_of_shutdown(sys) || is_shutting_down(sys));
}

struct busy_part final : system_part {
    explicit busy_part(record& r) : ran(r) {}
    std::string name() const override { return "kiosk"; }
    void stop_accepting() override { ran.add("kiosk: no new ones"); }
    std::size_t unfinished() const override { return left > 0 ? static_cast<std::size_t>(left--) : 0; }
    void close() override { ran.add("kiosk: closed"); }
    record& ran;
    mutable std::atomic<int> left{5};
};

TEST_P(shutdown_of_system, parts_let_nobody_in_are_drained_and_close_last) {
    const auto kiosk = std::make_shared<busy_part>(ran);
    add_part(sys, kiosk);
    hook("application", {.stage = stage::applications});
    hook("hook", {.priority = -1000});
    EXPECT_EQ(shut_down(), 0);
    EXPECT_EQ(kiosk->left, 0);
    EXPECT_EQ(ran.all(),
              (std::vector<std::string>{"kiosk: no new ones", "application", "hook", "kiosk: closed"}));
    EXPECT_EQ(step("draining")->outcome, step_outcome::done);
    EXPECT_EQ(step("draining")->stage, stage::drain);
}

TEST_P(shutdown_of_system, what_does_not_drain_is_passed_over) {
    const auto kiosk = std::make_shared<busy_part>(ran);
    kiosk->left = 1'000'000'000;
    add_part(sys, kiosk);
    EXPECT_EQ(shut_down({.timeout = 3s}), 1);
    EXPECT_EQ(step("draining")->outcome, step_outcome::passed_over);
    EXPECT_TRUE(ran.has("kiosk: closed"));
}

TEST_P(shutdown_of_system, a_peer_may_ask_for_it_once_the_program_has_to_do_with_shutdowns) {
    EXPECT_FALSE(is_shutting_down(sys));
    EXPECT_FALSE(request_stop(sys, {0, "init:stop/0"})) << "nobody would do it";
    hook("ran");
    std::thread peer([&] { EXPECT_TRUE(request_stop(sys, {5, "init:stop/1"})); });
    EXPECT_EQ(run_until_shutdown(sys, quietly), 5);
    peer.join();
    EXPECT_EQ(report_of_shutdown(sys)->reason, "init:stop/1");
    EXPECT_TRUE(ran.has("ran"));
}

TEST_P(shutdown_of_system, that_is_stopped_meanwhile_is_broken_off) {
    std::atomic<bool> begun{false};
    hook("never", {.priority = -1});
    on_shutdown(sys,
                [&] {
                    begun = true;
                    wait_for_ever();
                },
                {.name = "waits"});
    EXPECT_TRUE(graceful_shutdown(sys, {.timeout = 1h}));
    while (!begun)
        std::this_thread::yield();
    sys.stop();
    const auto r = report_of_shutdown(sys).value();
    EXPECT_FALSE(r.finished);
    EXPECT_EQ(r.exit_status(), 1);
    EXPECT_TRUE(ran.all().empty());
    EXPECT_TRUE(log.has("shutdown was broken off"));
}

TEST(shutdown_of_full_system, says_that_no_hooks_run) {
    record log;
    system sys({.workers = 1, .max_processes = 2, .log = log.sink()});
    on_shutdown(sys, [] {}, {.name = "hook"});
    for (int i = 0; i < 2; ++i)
        sys.spawn([] { wait_for_ever(); });
    EXPECT_TRUE(graceful_shutdown(sys));
    EXPECT_EQ(run_until_shutdown(sys, quietly), 1);
    EXPECT_TRUE(log.has("no hooks are run"));
}

TEST(shutdown_of_full_system, a_hook_without_room_has_failed) {
    record log;
    system sys({.workers = 1, .max_processes = 2, .log = log.sink()});
    on_shutdown(sys, [] {}, {.name = "hook"});
    sys.spawn([] { wait_for_ever(); });
    EXPECT_TRUE(graceful_shutdown(sys));
    EXPECT_EQ(run_until_shutdown(sys, quietly), 1);
    EXPECT_TRUE(log.has("\"hook\" has failed: {system_limit"));
    EXPECT_TRUE(report_of_shutdown(sys)->finished);
}

}  // namespace
}  // namespace rakka
