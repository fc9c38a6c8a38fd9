// Fuzzes what a connected peer can say to the processes every node has, and what it can have called and
// spawned: two simulated nodes, of which one plays the peer. The input is one term, a list of steps:
//
//     {N, Message}                           Message to the process number N of `services`
//     {Module, Function, Arguments}          a spawn request
//     {Module, Function, Arguments, Options}
//
// Whatever comes, the services live on, answer, and nothing is left behind.
#include "term_input.hpp"

#include <rakka/actors.hpp>
#include <rakka/base/check.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/node.hpp>
#include <rakka/node/simulation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

// Here before anything is decoded.
const atom target_name("m@localhost");
const atom peer_name("a@localhost");
const std::vector<atom> services{"net_kernel"_a, "rex"_a,          "global_name_server"_a,
                                 "user"_a,       "logger_proxy"_a, "pg"_a};
constexpr std::uint32_t peer_creation = 0x12345678;  // that of the seeds' pids: those of the peer become own

testing::network_simulation_options quiet() {
    testing::network_simulation_options o;
    o.system.log = [](const auto&) {};
    o.system.max_processes = 2000;
    o.faults.short_operations = false;
    o.faults.max_delay = 1ms;
    return o;
}

node_options options_of(atom name) {
    node_options o;
    o.name = std::string(name.text());
    o.net_ticktime = 10s;
    o.limits.max_new_atoms = 0;  // the atom table outlives the run
    return o;
}

/// One step of the peer. Process of it.
void play(const term& step) {
    if (!step.is(kind::tuple)) return;
    const auto part = [&](std::size_t i) { return step.share(step.tuple()[i]); };
    const auto parts = step.tuple();
    if (step.is_tuple(2)) {
        const auto number = parts[0].as<std::uint8_t>();
        if (!number || *number >= services.size()) return;
        send(registered_name{services[*number], target_name}, part(1));
        return;
    }
    if (!step.is_tuple(3) && !step.is_tuple(4)) return;
    const bool named = !parts[0].is_foreign_atom() && !parts[1].is_foreign_atom();
    const auto module = parts[0].as<atom>();
    const auto function = parts[1].as<atom>();
    const bool arguments = parts[2].is(kind::nil) || (parts[2].is(kind::list) && parts[2].list().proper());
    if (!named || !module || !function || !arguments) return;
    spawn_request_options how;
    if (step.is_tuple(4)) how.more = part(3);
    try {
        static_cast<void>(spawn_request(target_name, *module, *function, part(2), how));
    } catch (const process_exit&) {
        return;  // options that this side does not take already
    }
}

std::vector<pid> holders(rakka::system& of) {
    std::vector<pid> all;
    for (const atom name : services)
        all.push_back(of.whereis(name).value_or(pid()));
    return all;
}

/// Each of them still takes messages, and answers.
void expect_answers() {
    const auto ask = [](atom name, const term& request) {
        return gen::call(registered_name{name, target_name}, "$gen_call"_a, request, 5s);
    };
    RAKKA_CHECK(ask("net_kernel"_a, tuple("is_auth"_a, peer_name)).has_value());
    RAKKA_CHECK(ask("global_name_server"_a, "get_known"_a).has_value());
    RAKKA_CHECK(erpc::call(target_name, "erlang"_a, "node"_a, list(), 5s).has_value());
}

void run(std::span<const std::byte> input) {
    testing::network_simulation sim(1, quiet());
    auto& target = sim.start(options_of(target_name));
    auto& peer = sim.start(options_of(peer_name));
    const auto steps = fuzzing::term_in(input, {peer_name, peer_creation}, peer.system().origin());
    if (!steps || !steps->is(kind::list)) return;
    const auto on = [&](testing::simulated_node& where, const std::function<void()>& body) {
        RAKKA_CHECK(sim.run(where, body, 60s));
    };
    on(target, [] { RAKKA_CHECK(pg::start().has_value()); });
    on(peer, [] { RAKKA_CHECK(pg::start().has_value()); });
    on(peer, [&] { RAKKA_CHECK(peer.node().connect(target_name).has_value()); });
    sim.run_for(2s);
    const auto before = holders(target.system());
    on(peer, [&] {
        for (const term_view step : steps->list())
            play(steps->share(step));
    });
    sim.run_for(5s);
    RAKKA_CHECK(holders(target.system()) == before);
    // A peer that has broken a rule was disconnected; another connection is as good.
    on(peer, [&] { RAKKA_CHECK(peer.node().connect(target_name).has_value()); });
    on(peer, expect_answers);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
/// What a peer prints by way of `user` is not for whoever watches the fuzzer.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    return std::freopen("/dev/null", "w", stdout) == nullptr ? 1 : 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    run(std::as_bytes(std::span(data, size)));
    return 0;
}
