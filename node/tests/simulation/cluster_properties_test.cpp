// Clusters under every fault that a network has, for as many seeds as there is time for. RAKKA_SEED=n runs
// one seed, RAKKA_SEEDS=n so many instead of a few.
#include "simulation/workload.hpp"

#include <rakka/etf/local_origin.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Large clusters take longer.
std::uint64_t usual_seeds(std::size_t nodes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 8 / nodes;
#else
    return 80 / (nodes * nodes) + 5;
#endif
}

class chaos {
public:
    explicit chaos(network_simulation& sim) : sim_(sim), load_(sim) {}

    void run(std::size_t count) {
        for (std::size_t n = 0; n < count; ++n)
            sim_.start(options(n));
        for (simulated_node* n : sim_.nodes())
            load_.populate(*n);
        const int blows = 4 + static_cast<int>(sim_.random(12));
        for (int i = 0; i < blows && !sim_.failed(); ++i) {
            sim_.run_for(some_time(3000));
            strike();
        }
        if (sim_.failed()) return;
        sim_.run_for(some_time(3000));
        come_to_rest();
    }

private:
    /// What a cluster has in common is drawn once, the rest for each node.
    node_options options(std::size_t n) {
        node_options o;
        o.name = fmt::format("n{}@sim", n + 1);
        o.net_ticktime = 4s;
        o.net_setuptime = 3s;
        o.prevent_overlapping_partitions = parting_;
        if (sim_.random(2) == 0) o.dist_buf_busy_limit = 1000 + sim_.random(50'000);
        if (sim_.random(4) == 0) o.max_pending_signals = 1 + sim_.random(10);
        if (sim_.random(4) == 0) o.max_dials = 1 + sim_.random(2);
        if (sim_.random(4) == 0) o.dial_backoff = 0ms;
        return o;
    }
    [[nodiscard]] std::chrono::nanoseconds some_time(unsigned most_ms) {
        return std::chrono::microseconds(sim_.random(most_ms * 1000 + 1));
    }
    [[nodiscard]] simulated_node& some() {
        const auto all = sim_.nodes();
        return *all[sim_.random(static_cast<std::uint32_t>(all.size()))];
    }
    [[nodiscard]] std::pair<simulated_node*, simulated_node*> two() {
        for (;;) {
            simulated_node& a = some();
            simulated_node& b = some();
            if (&a != &b) return {&a, &b};
        }
    }

    void strike() {
        const auto [a, b] = two();
        switch (sim_.random(9)) {
            case 0:
                if (a->is_up()) sim_.crash(*a, sim_.random(2) == 0 ? crash_of::program : crash_of::machine);
                return;
            case 1:
                return restart_all();
            case 2:
                return part();
            case 3:
                return sim_.heal();
            case 4:
                return sim_.cut(*a, *b);
            case 5:
                return sim_.silence(*a, *b);
            case 6:
                return sim_.block(*a, *b);
            case 7:
                if (a->is_up()) sim_.stop(*a);
                return;
            default:
                return change_faults();
        }
    }

    void restart_all() {
        for (simulated_node* n : sim_.nodes()) {
            if (n->is_up()) continue;
            sim_.restart(*n);
            load_.populate(*n);
        }
    }

    void part() {
        std::vector<simulated_node*> side;
        for (simulated_node* n : sim_.nodes())
            if (sim_.random(2) == 0) side.push_back(n);
        sim_.partition(side);
    }

    void change_faults() {
        network_faults& f = sim_.faults();
        f.max_delay = f.min_delay + some_time(sim_.random(2) == 0 ? 1 : 200);
        f.window = sim_.random(2) == 0 ? 200 + sim_.random(2000) : std::size_t{64} << 10;
        f.cuts_per_thousand = sim_.random(3) == 0 ? 500 : 0;
        f.longest_pause = some_time(50);
    }

    [[nodiscard]] bool is_whole() {
        for (simulated_node* a : sim_.nodes())
            if (a->node().nodes().size() + 1 != sim_.nodes().size()) return false;
        return true;
    }

    void connect_all() {
        for (simulated_node* a : sim_.nodes()) {
            for (simulated_node* b : sim_.nodes()) {
                if (a->name().text() >= b->name().text()) continue;
                a->system().spawn([a, to = b->name()] { static_cast<void>(a->node().connect(to)); });
            }
        }
    }

    /// Everything works again; what was begun ends, and nothing is left.
    void come_to_rest() {
        sim_.heal();
        sim_.faults() = {};
        restart_all();
        // Half-open connections are found by their ticks, and what parts because of that meets again.
        int calm = 0;
        for (int seconds = 0; calm < 10; ++seconds) {
            sim_.check(seconds < 180, "the cluster becomes whole and stays so");
            if (!is_whole()) connect_all();
            sim_.run_for(1s);
            if (sim_.failed()) return;
            calm = is_whole() ? calm + 1 : 0;
        }
        load_.stop();
        sim_.note("no more work");
        const bool done = sim_.run_until([&] { return load_.unfinished().empty(); }, 120s);
        sim_.check(done, "all requests end: " + load_.unfinished());
        sim_.run_for(20s);
        sim_.check(is_whole(), "the cluster is whole at rest");
        check_rest();
    }

    void check_rest() {
        load_.check_last_messages();
        sim_.check(load_.children_left().empty(), "links end what hangs on them:" + load_.children_left());
        for (simulated_node* n : sim_.nodes()) {
            check_connections(*n);
            const std::size_t left = n->system().process_count();
            sim_.check(left == workload::quiet_count,
                       fmt::format("{} processes on {} at rest", left, n->name().text()));
            on(*n, [this] { check_server(); });
            on(*n, [this] { check_nothing_shared(); });
        }
        if (parting_) check_new_names();
    }

    void on(simulated_node& where, std::function<void()> body) {
        sim_.check(sim_.run(where, std::move(body), 60s),
                   fmt::format("a check on {} ends", where.name().text()));
    }

    void check_connections(simulated_node& n) {
        for (simulated_node* peer : sim_.nodes()) {
            if (peer == &n) continue;
            const auto info = n.node().connection_info(peer->name());
            sim_.check(info.has_value(), "connected");
            sim_.check(info->bytes_waiting == 0 && info->senders_suspended == 0, "nothing waits to be sent");
            sim_.check(info->creation == peer->node().creation(), "with the present run");
        }
    }

    void check_server() {
        const auto info = process_info(whereis("serve"_a).value()).value();
        sim_.check(info.links.empty(), "no link is left");
        sim_.check(info.monitored_by.empty(), "no monitor is left");
        sim_.check(info.message_queue_len == 0, "no message is left");
    }

    void check_nothing_shared() {
        const auto groups = pg::which_groups();
        sim_.check(groups.empty(), "a group of processes that have ended: " + term(groups).to_string());
        if (!parting_) return;  // global does not promise anything then
        const auto left = global::registered_names();
        sim_.check(left.empty(), "a name of a process that has ended: " + term(left).to_string());
        for (std::uint32_t n = 0; n < workload::names; ++n) {
            const auto id = workload::lock(n);
            sim_.check(global::set_lock(id, {}, 0), "the lock is free: " + id.resource.to_string());
            global::del_lock(id);
        }
    }

    /// Each node registers its server; all see all.
    void check_new_names() {
        for (simulated_node* n : sim_.nodes()) {
            on(*n, [&] {
                const pid server = whereis("serve"_a).value();
                sim_.check(global::register_name(term(n->name()), server), "a name is registered");
                pg::join(term("final"_a), server);
            });
        }
        sim_.run_for(1s);
        for (simulated_node* n : sim_.nodes()) {
            on(*n, [&] {
                const auto found = global::registered_names();
                sim_.check(
                    found.size() == sim_.nodes().size(),
                    fmt::format("all names are there: {} on {}", term(found).to_string(), n->name().text()));
                const term group("final"_a);
                const auto members = pg::get_members(group);
                sim_.check(members.size() == sim_.nodes().size(), "all members are there");
                for (simulated_node* peer : sim_.nodes()) {
                    const term name(peer->name());
                    const auto holder = global::whereis_name(name);
                    sim_.check(holder && etf::identity_of(*holder).name == peer->name(), "of the right node");
                }
            });
        }
    }

    network_simulation& sim_;
    workload load_;
    const bool parting_ = sim_.random(4) != 0;
};

class cluster_properties : public ::testing::TestWithParam<std::size_t> {};

TEST_P(cluster_properties, hold_under_all_faults) {
    for (std::size_t n = 1; n <= 5; ++n)
        static_cast<void>(atom::make(fmt::format("n{}@sim", n)));
    std::optional<chaos> one;  // outlives the processes of its run
    try {
        const network_simulation_options o{.first_seed = number_in("RAKKA_FIRST_SEED", 1),
                                           .seeds = number_in("RAKKA_SEEDS", usual_seeds(GetParam()))};
        simulate_network(o, [&](network_simulation& sim) {
            if (std::getenv("RAKKA_SHOW_SEEDS") != nullptr) std::cerr << "seed " << sim.seed() << '\n';
            one.emplace(sim).run(GetParam());
        });
    } catch (const simulation_failed& e) {
        ADD_FAILURE() << e.what() << '\n'
                      << (std::getenv("RAKKA_TRACE") != nullptr ? e.trace()
                                                                : "RAKKA_TRACE=1 shows what happened");
    }
}

// Whatever the nodes do, down to each byte and its time.
TEST(cluster_replay, a_seed_does_the_same_again) {
    const auto run = [](std::uint64_t seed) {
        std::optional<chaos> one;
        network_simulation sim(seed, {});
        one.emplace(sim).run(3);
        return std::pair(sim.fingerprint(), sim.trace());
    };
    const auto first = run(1);
    EXPECT_EQ(first, run(1));
    const auto second = run(2);
    EXPECT_EQ(second, run(2));
    EXPECT_NE(first.first, second.first);
}

INSTANTIATE_TEST_SUITE_P(of, cluster_properties, ::testing::Values(2, 3, 4, 5));

}  // namespace
}  // namespace rakka::testing
