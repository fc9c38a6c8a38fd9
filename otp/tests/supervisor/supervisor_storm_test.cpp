// Supervisors under fire: restarts, crashes, kills and calls at once, under many seeds and on threads; nobody
// is lost and nobody is left. And a hundred thousand children.
#include "supervisor/supervisor_support.hpp"

#include <rakka/actors/simulation.hpp>

#include <memory>
#include <random>

namespace rakka {
namespace {

using enum restart_type;
using enum restart_strategy;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool instrumented = true;
#else
constexpr bool instrumented = false;
#endif

/// Random numbers of a run: from the seed of a simulation, or of its own.
using dice = std::function<std::uint32_t(std::uint32_t limit)>;

/// A start function that fails, throws, ignores, starts what dies at once, or does as it should.
child_start moody(const dice& roll) {
    return [roll]() -> start_answer {
        switch (roll(24)) {
            case 0:
                return start_answer::failed("moody"_a);
            case 1:
                throw std::runtime_error("moody");
            case 2:
                return start_answer::ignore();
            case 3:
                return spawn_link([] { exit("at_once"_a); });
            case 4:
                return spawn_link([] {});
            default:
                return idle();
        }
    };
}

child_spec random_child(std::int64_t id, const dice& roll) {
    static constexpr restart_type types[] = {permanent, transient, temporary};
    const child_shutdown how = roll(3) == 0 ? child_shutdown::brutal_kill() : child_shutdown(5ms);
    return {.id = id, .start = moody(roll), .restart = types[roll(3)], .shutdown = how};
}

/// Ends children of `server` at random, from a process of its own.
void shoot_at_children(const pid& server, const dice& roll) {
    spawn([server, roll] {
        static constexpr const char* reasons[] = {"crash", "normal", "shutdown", "kill"};
        for (int i = 0; i < 10; ++i) {
            try {
                for (const child_info& c : supervisor::which_children(server))
                    if (c.process && roll(2) == 0) exit(c.process, atom(reasons[roll(4)]));
            } catch (const process_exit&) {
                return;  // the supervisor has ended
            }
            yield();
        }
    });
}

/// Calls with ids that may be there or not.
void trouble_with_calls(const pid& server, const dice& roll) {
    spawn([server, roll] {
        for (int i = 0; i < 20; ++i) {
            try {
                const term id = std::int64_t{roll(8)};
                switch (roll(4)) {
                    case 0:
                        static_cast<void>(supervisor::terminate_child(server, id));
                        break;
                    case 1:
                        static_cast<void>(supervisor::restart_child(server, id));
                        break;
                    case 2:
                        static_cast<void>(supervisor::delete_child(server, id));
                        break;
                    default:
                        static_cast<void>(supervisor::start_child(server, random_child(roll(8), roll)));
                        break;
                }
            } catch (const process_exit&) {
                return;
            }
        }
    });
}

/// Starts a supervisor, lets everything happen to it, and ends it in one of three ways.
void storm(const dice& roll) {
    static constexpr restart_strategy strategies[] = {one_for_one, one_for_all, rest_for_one};
    trap_exit(true);
    std::vector<child_spec> children;
    for (std::int64_t id = 0; id < 6; ++id)
        children.push_back(random_child(id, roll));
    const auto top =
        supervisor::start_link({.strategy = strategies[roll(3)], .intensity = 20}, std::move(children));
    if (!top) return;
    shoot_at_children(*top, roll);
    trouble_with_calls(*top, roll);
    for (std::uint32_t i = roll(30); i > 0; --i)
        yield();
    const reference ref = monitor(*top);
    static constexpr const char* ends[] = {"shutdown", "kill"};
    exit(*top, atom(ends[roll(2)]));
    static_cast<void>(receive_if(ref, [&](term_view m) { return is_down(ref, m); }));
}

void pool_storm(const dice& roll) {
    trap_exit(true);
    const pid top = dynamic_supervisor::start_link({.max_restarts = 20}).value();
    shoot_at_children(top, roll);
    for (int i = 0; i < 30; ++i) {
        try {
            child_spec spec = random_child(0, roll);
            const auto child = dynamic_supervisor::start_child(top, spec);
            if (child && child->process && roll(3) == 0)
                static_cast<void>(dynamic_supervisor::terminate_child(top, child->process));
        } catch (const process_exit&) {
            break;
        }
    }
    const reference ref = monitor(top);
    exit(top, roll(2) == 0 ? "shutdown"_a : "kill"_a);
    static_cast<void>(receive_if(ref, [&](term_view m) { return is_down(ref, m); }));
}

/// A start function that fails now and then, but never says that there is nothing to start.
child_start unlucky(const dice& roll) {
    return [roll]() -> start_answer {
        if (roll(4) == 0) return start_answer::failed("unlucky"_a);
        if (roll(6) == 0) return spawn_link([] { exit("at_once"_a); });
        return idle();
    };
}

/// Permanent children of one supervisor, of any strategy, are crashed again and again: all of them run in the
/// end.
void come_again(const dice& roll) {
    static constexpr restart_strategy strategies[] = {one_for_one, one_for_all, rest_for_one};
    constexpr std::int64_t many = 5;
    trap_exit(true);
    const pid top =
        supervisor::start_link({.strategy = strategies[roll(3)], .intensity = 100'000}, {}).value();
    for (std::int64_t id = 0; id < many; ++id)
        while (!supervisor::start_child(top, {.id = id, .start = unlucky(roll)})) {
        }
    shoot_at_children(top, roll);
    shoot_at_children(top, roll);
    for (std::uint32_t i = roll(30); i > 0; --i)
        yield();
    EXPECT_TRUE(testing::wait_until([&] { return supervisor::count_children(top).active == many; }));
    EXPECT_EQ(shut_down(top), "shutdown");
}

void come_again_in_a_pool(const dice& roll) {
    constexpr std::size_t many = 10;
    trap_exit(true);
    const pid top = dynamic_supervisor::start_link({.max_restarts = 100'000}).value();
    const auto kind = std::make_shared<const child_spec>(child_spec{.start = unlucky(roll)});
    for (std::size_t started = 0; started < many;)
        started += dynamic_supervisor::start_child(top, kind) ? 1 : 0;
    shoot_at_children(top, roll);
    shoot_at_children(top, roll);
    for (std::uint32_t i = roll(30); i > 0; --i)
        yield();
    EXPECT_TRUE(testing::wait_until([&] {
        const child_counts c = dynamic_supervisor::count_children(top);
        return c.active == many && c.specs == many;
    }));
    EXPECT_EQ(shut_down(top), "shutdown");
}

void under_many_seeds(void (*what)(const dice&)) {
    testing::simulation_options options{.seeds = 200};
    options.system.log = [](const log_event&) {};
    testing::simulate(options, [&](testing::simulation& sim) {
        const dice roll = [&sim](std::uint32_t limit) { return sim.random(limit); };
        sim.run([&] { what(roll); });
        sim.system().run_until_idle();
        sim.check(sim.system().process_count() == 0, "processes are left");
    });
}

void on_threads(void (*what)(const dice&)) {
    rakka::system s({.workers = 4, .log = [](const log_event&) {}});
    for (unsigned seed = 0; seed < 40; ++seed) {
        // Several processes roll: each has dice of its own.
        const dice roll = [seed](std::uint32_t limit) {
            thread_local std::mt19937 random(seed + 1);
            return static_cast<std::uint32_t>(random() % limit);
        };
        s.run([&] { what(roll); });
        EXPECT_TRUE(testing::wait_until(s, [&] { return s.process_count() == 0; }))
            << s.process_count() << " are left";
    }
}

TEST(supervisor_storm_test, nobody_is_left_under_many_seeds) {
    under_many_seeds(storm);
}
TEST(supervisor_storm_test, nobody_is_left_on_threads) {
    on_threads(storm);
}
TEST(supervisor_storm_test, nobody_is_left_of_a_pool_under_many_seeds) {
    under_many_seeds(pool_storm);
}
TEST(supervisor_storm_test, nobody_is_left_of_a_pool_on_threads) {
    on_threads(pool_storm);
}

TEST(supervisor_storm_test, nobody_is_lost_under_many_seeds) {
    under_many_seeds(come_again);
}
TEST(supervisor_storm_test, nobody_is_lost_on_threads) {
    on_threads(come_again);
}
TEST(supervisor_storm_test, nobody_of_a_pool_is_lost_under_many_seeds) {
    under_many_seeds(come_again_in_a_pool);
}
TEST(supervisor_storm_test, nobody_of_a_pool_is_lost_on_threads) {
    on_threads(come_again_in_a_pool);
}

TEST(supervisor_storm_test, killed_at_any_moment_of_its_start_it_leaves_nobody) {
    testing::simulation_options options{.seeds = 200};
    options.system.log = [](const log_event&) {};
    testing::simulate(options, [&](testing::simulation& sim) {
        sim.run([&] {
            trap_exit(true);
            const pid starter = spawn([&] {
                std::vector<child_spec> children;
                for (std::int64_t id = 0; id < 5; ++id)
                    children.push_back({.id = id, .start = idle});
                static_cast<void>(supervisor::start_link({}, std::move(children)));
                static_cast<void>(receive_if([](term_view) { return false; }));
            });
            for (std::uint32_t i = sim.random(40); i > 0; --i)
                yield();
            exit(starter, "kill"_a);
        });
        sim.system().run_until_idle();
        sim.check(sim.system().process_count() == 0, "processes are left");
    });
}

TEST(supervisor_storm_test, a_hundred_thousand_children_start_end_and_come_again) {
    constexpr std::size_t many = instrumented ? 10'000 : 100'000;
    rakka::system s({.workers = 2, .max_processes = 1U << 18, .log = [](const log_event&) {}});
    s.run([&] {
        class quiet : public gen_server {};
        const pid top =
            supervisor::start_link({.strategy = simple_one_for_one, .intensity = 1'000'000},
                                   {{.id = 1, .start = [] { return gen_server::start_link<quiet>(); }}})
                .value();
        std::vector<pid> children;
        children.reserve(many);
        for (std::size_t i = 0; i < many; ++i)
            children.push_back(supervisor::start_child(top, list()).value().process);
        EXPECT_EQ(supervisor::count_children(top).active, many);
        for (std::size_t i = 0; i < many; i += 10)
            exit(children[i], "crash"_a);
        for (std::size_t i = 0; i < many; i += 10)
            static_cast<void>(testing::check_process_exits(children[i]));
        const child_counts after = supervisor::count_children(top);  // behind all the exits
        EXPECT_EQ(after.workers, many);
        EXPECT_EQ(supervisor::which_children(top).size(), many);
        EXPECT_EQ(shut_down(top), "shutdown");
    });
    EXPECT_TRUE(testing::wait_until(s, [&] { return s.process_count() == 0; }));
}

}  // namespace
}  // namespace rakka
