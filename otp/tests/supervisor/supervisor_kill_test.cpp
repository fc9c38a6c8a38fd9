// Supervisors of every kind that are killed at any moment of their lives: while they start, start a child,
// start one again, change their code or stop. Who waits for them hears of it, and nobody is left.
#include "supervisor/supervisor_support.hpp"

#include <rakka/actors/simulation.hpp>
#include <rakka/otp/partition_supervisor.hpp>
#include <rakka/otp/sys.hpp>

#include <memory>
#include <random>

namespace rakka {
namespace {

using enum restart_strategy;

/// Random numbers of a run: from the seed of a simulation, or of its own.
using dice = std::function<std::uint32_t(std::uint32_t limit)>;

/// A start function that takes its time, and sometimes fails.
child_start slow(const dice& roll) {
    return [roll]() -> start_answer {
        for (std::uint32_t i = roll(4); i > 0; --i)
            yield();
        if (roll(20) == 0) return start_answer::failed("moody"_a);
        if (roll(20) == 0) throw std::runtime_error("moody");
        start_answer started = idle();
        for (std::uint32_t i = roll(4); i > 0; --i)
            yield();
        return started;
    };
}

std::vector<child_spec> slow_children(const dice& roll, std::int64_t count) {
    std::vector<child_spec> all;
    for (std::int64_t id = 0; id < count; ++id)
        all.push_back({.id = id, .start = slow(roll), .shutdown = 20ms});
    return all;
}

/// What is done with a supervisor, which has the name `top` as soon as it is there.
using life = void (*)(const dice&);

void start_static(const dice& roll) {
    static_cast<void>(supervisor::start_link({}, slow_children(roll, 5), {.name = "top"_a}));
}

void start_with_supervisors_below(const dice& roll) {
    const auto below = [roll] { return supervisor::start_link({}, slow_children(roll, 2)); };
    std::vector<child_spec> all = slow_children(roll, 1);
    for (std::int64_t id = 10; id < 13; ++id)
        all.push_back({.id = id, .start = below, .type = child_type::supervisor});
    static_cast<void>(supervisor::start_link({}, std::move(all), {.name = "top"_a}));
}

void start_partitions(const dice& roll) {
    static_cast<void>(
        partition_supervisor::start_link({.start = slow(roll)}, {.name = "top"_a}, {.partitions = 4}));
    if (const auto top = whereis("top"_a)) {
        static_cast<void>(partition_supervisor::resize("top"_a, 1));
        static_cast<void>(partition_supervisor::resize("top"_a, 4));
    }
}

/// Starts children one by one, of whatever kind of supervisor; they crash, and come again.
template <class Start>
void with_children(const dice& roll, Start&& start) {
    for (int i = 0; i < 6; ++i) {
        const start_result<started_child> child = start();
        if (child && child->process && roll(2) == 0) exit(child->process, "crash"_a);
    }
}

void start_children_of_many(const dice& roll) {
    const auto top = supervisor::start_link({.strategy = simple_one_for_one, .intensity = 100},
                                            slow_children(roll, 1), {.name = "top"_a});
    if (top) with_children(roll, [&] { return supervisor::start_child(*top, list()); });
}

void start_children_of_a_pool(const dice& roll) {
    const auto top = dynamic_supervisor::start_link({.max_restarts = 100}, {.name = "top"_a});
    if (top)
        with_children(roll, [&] { return dynamic_supervisor::start_child(*top, {.start = slow(roll)}); });
}

void restart_groups(const dice& roll) {
    static constexpr restart_strategy strategies[] = {one_for_all, rest_for_one};
    const auto top =
        supervisor::start_link({.strategy = strategies[roll(2)], .intensity = 100}, {}, {.name = "top"_a});
    std::int64_t id = 0;
    if (top)
        with_children(roll, [&] { return supervisor::start_child(*top, {.id = ++id, .start = slow(roll)}); });
}

void change_and_stop(const dice& roll) {
    const auto top = supervisor::start_link(
        [roll] {
            return supervisor::setup{{}, slow_children(roll, 1 + roll(4))};
        },
        {.name = "top"_a});
    if (!top) return;
    sys::suspend(*top);
    static_cast<void>(sys::change_code(*top, "m"_a, 1, list()));
    sys::resume(*top);
    static_cast<void>(supervisor::restart_child(*top, 3));
    unlink(*top);
    exit(*top, "shutdown"_a);
}

struct kind_of_life {
    const char* name;
    life live;
};
const kind_of_life all_lives[] = {{"static", start_static},
                                  {"nested", start_with_supervisors_below},
                                  {"partitions", start_partitions},
                                  {"simple", start_children_of_many},
                                  {"dynamic", start_children_of_a_pool},
                                  {"groups", restart_groups},
                                  {"change", change_and_stop}};

/// One process lives such a life, another one kills the supervisor in the middle of it. False: there was none
/// at that moment.
bool kill_in_the_middle(life live, const dice& roll) {
    const pid user = spawn([live, roll] {
        trap_exit(true);
        try {
            live(roll);
        } catch (const process_exit&) {
            static_cast<void>(0);  // a call to one that was killed
        }
        if (const auto top = whereis("top"_a)) {  // nobody has killed it: it ends as its parent does
            const reference ref = monitor(*top);
            exit(*top, "kill"_a);
            static_cast<void>(receive_if(ref, [&](term_view m) { return is_down(ref, m); }));
        }
    });
    const reference ref = monitor(user);
    for (std::uint32_t i = roll(60); i > 0; --i)
        yield();
    const auto top = whereis("top"_a);
    if (top) exit(*top, "kill"_a);
    const auto down = receive_if(
        ref, [&](term_view m) { return is_down(ref, m); }, 60s);
    EXPECT_TRUE(down) << "somebody waits for one that is gone";
    if (down) {
        const std::string why = down->tuple()[4].to_string();
        EXPECT_TRUE(why == "normal" || why == "noproc") << why;
    }
    return top.has_value();
}

class supervisor_kill_test : public ::testing::TestWithParam<kind_of_life> {};

TEST_P(supervisor_kill_test, leaves_nobody_under_many_seeds) {
    testing::simulation_options options{.seeds = 200};
    options.system.log = [](const log_event&) {};
    int killed = 0;
    testing::simulate(options, [&](testing::simulation& sim) {
        const dice roll = [&sim](std::uint32_t limit) { return sim.random(limit); };
        killed += sim.run([&] { return kill_in_the_middle(GetParam().live, roll); }) ? 1 : 0;
        sim.system().run_until_idle();
        sim.check(sim.system().process_count() == 0, "processes are left");
        sim.check(!sim.system().whereis("top"_a), "its name is left");
    });
    EXPECT_GT(killed, 20) << "the moment is a bad one";
}

TEST_P(supervisor_kill_test, leaves_nobody_on_threads) {
    rakka::system s({.workers = 4, .log = [](const log_event&) {}});
    for (unsigned seed = 0; seed < 60; ++seed) {
        const dice roll = [seed](std::uint32_t limit) {
            thread_local std::mt19937 random(seed + 1);
            return static_cast<std::uint32_t>(random() % limit);
        };
        s.run([&] { static_cast<void>(kill_in_the_middle(GetParam().live, roll)); });
        EXPECT_TRUE(testing::wait_until(s, [&] { return s.process_count() == 0; }))
            << s.process_count() << " are left";
    }
}

INSTANTIATE_TEST_SUITE_P(lives, supervisor_kill_test, ::testing::ValuesIn(all_lives),
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
