// What metrics show of a system without anybody's doing.
#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/inspection.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/timers.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/metrics.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace rakka {
namespace {

using namespace std::chrono_literals;

/// On threads and in a simulation.
class metrics_figures : public ::testing::TestWithParam<system_options> {
protected:
    /// Nothing: there is no such sample.
    static std::optional<double> value(system& s, const std::string& name, const metrics::labels& with = {}) {
        for (const metrics::family& f : metrics::of(s).collect()) {
            if (f.name != name) continue;
            for (const metrics::sample& one : f.samples)
                if (one.labels == with) return one.value;
        }
        return std::nullopt;
    }
    double value(const std::string& name, const metrics::labels& with = {}) {
        const auto v = value(sys, name, with);
        EXPECT_TRUE(v) << name;
        return v.value_or(-1);
    }

    system sys{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(, metrics_figures,
                         ::testing::Values(system_options{.workers = 2}, system_options{.simulation = true}),
                         [](const auto& p) { return p.param.simulation ? "simulation" : "threads"; });

void echo() {
    for (;;) {
        const term m = receive();
        if (m.is_atom("stop"_a)) return;
        send(m.as<pid>().value(), "ok"_a);
    }
}

class server : public gen_server {
    result handle_call(const term&, const from&) override { return reply("ok"_a); }
};

TEST_P(metrics_figures, processes_and_spawns) {
    sys.run([&] {
        const double lived = value("rakka_processes");
        const double spawned = value("rakka_process_spawns_total");
        std::vector<pid> all;
        for (int i = 0; i < 10; ++i)
            all.push_back(spawn(echo));
        EXPECT_EQ(value("rakka_processes"), lived + 10);
        EXPECT_EQ(value("rakka_process_spawns_total"), spawned + 10);
        for (const pid& p : all)
            send(p, "stop"_a);
        while (value("rakka_processes") != lived)
            yield();
        EXPECT_EQ(value("rakka_process_spawns_total"), spawned + 10) << "they were, all the same";
        EXPECT_EQ(value("rakka_process_limit"), 1 << 20);
    });
}

TEST_P(metrics_figures, messages_of_every_kind) {
    sys.run([&] {
        const pid there = spawn(echo, {.name = "echo"_a});
        const pid started = gen_server::start<server>().value();
        const double before = value("rakka_messages_total");
        for (int i = 0; i < 5; ++i) {
            send(there, self());
            static_cast<void>(receive());
        }
        EXPECT_EQ(value("rakka_messages_total"), before + 10) << "to a pid, and back";
        send("echo"_a, self());
        static_cast<void>(receive());
        EXPECT_EQ(value("rakka_messages_total"), before + 12) << "to a name, and back";
        static_cast<void>(gen_server::call(started, "hello"_a));
        EXPECT_EQ(value("rakka_messages_total"), before + 14) << "a call is two";
        send_after(1ms, self(), "later"_a);
        static_cast<void>(receive());
        sys.send(there, "stop"_a);
        EXPECT_GE(value("rakka_messages_total"), before + 15);
    });
    const double before = value("rakka_messages_total");
    const pid p = sys.spawn([] { static_cast<void>(receive()); });
    sys.send(p, "from outside"_a);
    EXPECT_EQ(value("rakka_messages_total"), before + 1);
}

TEST_P(metrics_figures, reductions_of_the_living_and_the_dead) {
    sys.run([&] {
        const double before = value("rakka_reductions_total");
        const auto [p, ref] = spawn_monitor([] { bump_reductions(1'000'000); });
        static_cast<void>(receive_if([r = ref](term_view m) { return is_down(r, m); }));
        EXPECT_GE(value("rakka_reductions_total"), before + 1'000'000);
        EXPECT_LT(value("rakka_reductions_total"), before + 2'000'000);
    });
}

TEST_P(metrics_figures, the_longest_mailbox) {
    sys.run([&] {
        EXPECT_EQ(value("rakka_longest_mailbox_messages"), 0);
        for (int i = 0; i < 1'000; ++i)
            send(self(), i);
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("never"_a); }, 1ms));
        EXPECT_GE(value("rakka_longest_mailbox_messages"), 1'000);
        EXPECT_LE(value("rakka_longest_mailbox_messages"), 1'001);
        for (int i = 0; i < 1'000; ++i)
            static_cast<void>(receive());
        EXPECT_GE(value("rakka_longest_mailbox_messages"), 1'000) << "the peak stays";
    });
}

TEST_P(metrics_figures, timers_that_wait) {
    sys.run([&] {
        EXPECT_EQ(value("rakka_timers"), 0);
        std::vector<reference> all;
        for (int i = 0; i < 20; ++i)
            all.push_back(send_after(1h, self(), "late"_a));
        EXPECT_EQ(value("rakka_timers"), 20);
        for (const reference& r : all)
            static_cast<void>(cancel_timer(r));
        EXPECT_EQ(value("rakka_timers"), 0);
        send_after(1ms, self(), "soon"_a);
        static_cast<void>(receive());
        while (value("rakka_timers") != 0)
            yield();
        EXPECT_EQ(value("rakka_timer_limit"), 1 << 24);
    });
}

TEST_P(metrics_figures, workers_and_queues) {
    sys.run([&] {
        EXPECT_EQ(value("rakka_workers"), GetParam().simulation ? 1 : 2);
        EXPECT_GE(value("rakka_run_queue_length", {{"worker", "0"}}), 0);
        EXPECT_GE(value("rakka_run_queue_length", {{"worker", "none"}}), 0);
        EXPECT_GE(value("rakka_slices_total"), 1);
        EXPECT_GE(value("rakka_uptime_seconds"), 0);
        EXPECT_EQ(value(sys, "rakka_worker_cpu_seconds_total", {{"worker", "1"}}).has_value(),
                  !GetParam().simulation);
    });
}

TEST_P(metrics_figures, memory_atoms_and_the_program) {
    EXPECT_GE(value("rakka_process_memory_bytes"), 0);
    EXPECT_GT(value("rakka_atoms"), 10);
    EXPECT_GT(value("rakka_atom_limit"), value("rakka_atoms"));
    EXPECT_GT(value("process_resident_memory_bytes"), 1 << 20);
    EXPECT_GE(value("process_virtual_memory_bytes"), value("process_resident_memory_bytes"));
    EXPECT_GE(value("process_cpu_seconds_total"), 0);
    EXPECT_GE(value("process_open_fds"), 3);
    EXPECT_LE(value("process_open_fds"), value("process_max_fds"));
    EXPECT_GE(value("process_threads"), 1);
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LT(value("process_start_time_seconds"), now + 2);
    EXPECT_GT(value("process_start_time_seconds"), now - 24 * 3600);
}

TEST_P(metrics_figures, parts_of_the_system_tell_theirs) {
    struct engine final : system_part {
        std::string name() const override { return "engine"; }
        void figures(std::vector<figure>& out) const override {
            out.push_back({"engine_turns_total", "Turns.", figure::kind::counter, {}, 3000});
        }
    };
    auto part = std::make_shared<engine>();
    add_part(sys, part);
    EXPECT_EQ(value("engine_turns_total"), 3000);
    part.reset();
    EXPECT_FALSE(value(sys, "engine_turns_total")) << "it went with its owner";
}

TEST_P(metrics_figures, every_one_has_a_help_and_counters_end_in_total) {
    for (const metrics::family& f : metrics::of(sys).collect()) {
        EXPECT_NE(f.help, "") << f.name;
        EXPECT_EQ(f.name.ends_with("_total"), f.type == metrics::kind::counter) << f.name;
        EXPECT_FALSE(f.samples.empty()) << f.name;
    }
}

}  // namespace
}  // namespace rakka
