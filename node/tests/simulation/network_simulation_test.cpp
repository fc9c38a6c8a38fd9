#include <rakka/actors.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/node.hpp>
#include <rakka/node/simulation.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

node_options named(const std::string& alive) {
    node_options o;
    o.name = alive + "@sim";
    o.net_ticktime = 4s;
    return o;
}

pid start_echo_on(simulated_node& where) {
    spawn_options o;
    o.name = "echo"_a;
    return where.system().spawn(
        [] {
            for (;;) {
                const term m = receive();
                if (const auto from = m.tuple()[0].as<pid>())
                    send(*from, term(tuple("echo"_a, m.share(m.tuple()[1]))));
            }
        },
        o);
}

/// Both talk; gives the fingerprint and what has been noted.
std::pair<std::uint64_t, std::string> talk(network_simulation& sim) {
    simulated_node& a = sim.start(named("n1"));
    simulated_node& b = sim.start(named("n2"));
    start_echo_on(b);
    sim.check(sim.run(a,
                      [&] {
                          for (int i = 0; i < 20; ++i) {
                              send(registered_name{"echo"_a, "n2@sim"_a}, term(tuple(self(), i)));
                              const term answer = receive();
                              sim.check(answer == term(tuple("echo"_a, i)), "the answer is the question");
                          }
                      }),
              "the talk ends");
    sim.check(a.node().nodes() == std::vector{b.name()}, "they are connected");
    sim.note("over");
    return {sim.fingerprint(), sim.trace()};
}

TEST(network_simulation, two_nodes_talk) {
    simulate_network({.seeds = 50}, [](network_simulation& sim) { talk(sim); });
}

TEST(network_simulation, a_seed_does_the_same_again) {
    const auto run = [](std::uint64_t seed) {
        network_simulation sim(seed, {});
        return talk(sim);
    };
    for (std::uint64_t seed = 1; seed < 10; ++seed) {
        const auto once = run(seed);
        EXPECT_EQ(once, run(seed)) << seed;
        EXPECT_NE(once.first, run(seed + 10).first);
    }
}

TEST(network_simulation, virtual_time_passes_for_ticks_and_back_off) {
    simulate_network({.seeds = 20}, [](network_simulation& sim) {
        simulated_node& a = sim.start(named("n1"));
        simulated_node& b = sim.start(named("n2"));
        sim.check(sim.run(a, [&] { sim.check(a.node().connect(b.name()).has_value(), "connects"); }), "ends");
        sim.run_for(60s);
        sim.check(a.node().nodes().size() == 1, "ticks keep the connection alive");
        sim.silence(b, a);
        const auto since = sim.now();
        sim.check(sim.run_until([&] { return a.node().nodes().empty(); }, 10s), "a silent peer is given up");
        sim.check(sim.now() - since > 2s, "not at once");
        sim.check(sim.run_until([&] { return b.node().nodes().empty(); }, 1s), "so the other side ends, too");
    });
}

TEST(network_simulation, a_crash_is_noticed) {
    for (const crash_of what : {crash_of::program, crash_of::machine}) {
        simulate_network({.seeds = 20}, [what](network_simulation& sim) {
            simulated_node& a = sim.start(named("n1"));
            simulated_node& b = sim.start(named("n2"));
            const pid echo = start_echo_on(b);
            const auto creation = b.node().creation();
            term reason;
            sim.check(sim.run(a, [&] { sim.check(a.node().connect(b.name()).has_value(), "connects"); }),
                      "ends");
            bool down = false;
            a.system().spawn([&] {
                const reference ref = monitor(registered_name{"echo"_a, b.name()});
                const term m = receive();
                sim.check(is_down(ref, m), "it is the monitor's");
                reason = m.share(m.tuple()[4]);
                down = true;
            });
            sim.run_for(1s);
            const auto since = sim.now();
            sim.crash(b, what);
            sim.check(sim.run_until([&] { return down; }, 10s), "the monitor ends");
            sim.check(reason.is_atom("noconnection"_a), "noconnection");
            sim.check((sim.now() - since > 1s) == (what == crash_of::machine), "by a tick, or at once");
            sim.restart(b);
            sim.check(b.node().creation() != creation, "another creation");
            sim.check(sim.run(a, [&] { sim.check(a.node().connect(b.name()).has_value(), "again"); }),
                      "ends");
            static_cast<void>(echo);
        });
    }
}

TEST(network_simulation, a_partition_parts_and_heals) {
    simulate_network({.seeds = 20}, [](network_simulation& sim) {
        simulated_node& a = sim.start(named("n1"));
        simulated_node& b = sim.start(named("n2"));
        sim.partition({&a});
        sim.check(sim.run(a, [&] { sim.check(!a.node().connect(b.name()), "no way"); }), "ends");
        sim.heal();
        sim.check(sim.run(a, [&] { sim.check(a.node().connect(b.name()).has_value(), "connects"); }), "ends");
        sim.stop(b);
        sim.check(sim.run_until([&] { return a.node().nodes().empty(); }, 1s), "a node that stops is gone");
    });
}

TEST(network_simulation, the_first_failure_is_told_with_its_seed) {
    try {
        simulate_network({.first_seed = 7, .seeds = 3},
                         [](network_simulation& sim) { sim.check(sim.seed() != 8, "not this one"); });
        ADD_FAILURE() << "no failure";
    } catch (const simulation_failed& e) {
        EXPECT_EQ(e.seed(), 8U);
        EXPECT_NE(std::string(e.what()).find("not this one"), std::string::npos);
    }
}

}  // namespace
}  // namespace rakka::testing
