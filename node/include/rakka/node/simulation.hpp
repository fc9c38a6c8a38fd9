// Running several nodes of one cluster under many seeds, in one thread and virtual time, over a network in
// memory that delays, cuts and parts them as the seed has it. See docs/simulation.md.
//
// For tests: in a program that uses this, hashes are the same in each run, so that a seed replays.
#pragma once

#include <rakka/actors/simulation.hpp>
#include <rakka/node/node.hpp>
#include <rakka/node/options.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka::testing {

class network_simulation;

/// What goes wrong by itself, as drawn from the seed.
struct network_faults {
    /// How long what is sent is under way; the order within one connection is kept.
    std::chrono::nanoseconds min_delay = std::chrono::microseconds(50);
    std::chrono::nanoseconds max_delay = std::chrono::milliseconds(5);
    /// Bytes in one direction that are under way or not read yet; who sends more has to wait.
    std::size_t window = std::size_t{64} << 10;
    /// Reads and writes take any part of what they could.
    bool short_operations = true;
    /// Of 1000 connections so many break after some bytes, half of them in the handshake, the others within
    /// `cut_within` bytes.
    unsigned cuts_per_thousand = 0;
    std::size_t cut_within = std::size_t{100} << 10;
    /// Now and then a reader does not read for up to this time.
    std::chrono::nanoseconds longest_pause{0};
};

struct network_simulation_options {
    /// As in simulation_options.
    std::uint64_t first_seed = 1;
    std::size_t seeds = 100;
    /// What each node's system is made with; `simulation` and `seed` are set for it.
    system_options system{.reorder_signals = true};
    network_faults faults{};
    /// Virtual time a run may go on for after the body has returned.
    std::chrono::nanoseconds time_after{0};
};

/// How a node ends without a word.
enum class crash_of : std::uint8_t {
    program,  ///< its sockets are closed by its machine, and its port is free
    machine,  ///< nobody hears of it: peers notice by their ticks
};

/// A machine that runs a node, or has run one and may again. Functions: as those of network_simulation.
class simulated_node {
public:
    /// For network_simulation::start().
    explicit simulated_node(network_simulation& home);
    ~simulated_node();
    simulated_node(const simulated_node&) = delete;
    simulated_node& operator=(const simulated_node&) = delete;

    [[nodiscard]] bool is_up() const noexcept;
    /// Precondition of these: is_up().
    [[nodiscard]] rakka::system& system() noexcept;
    [[nodiscard]] rakka::node& node() noexcept;
    /// Its name, whether or not it is up.
    [[nodiscard]] atom name() const noexcept;
    /// How often it has been started.
    [[nodiscard]] unsigned incarnation() const noexcept;

private:
    friend class network_simulation;
    struct state;
    std::unique_ptr<state> state_;
};

/// One run. Functions: outside of processes, in the run's one thread, unless they say otherwise. Its end ends
/// the processes of all nodes: what they use must outlive it.
class network_simulation {
public:
    network_simulation(std::uint64_t seed, const network_simulation_options& options);
    ~network_simulation();
    network_simulation(const network_simulation&) = delete;
    network_simulation& operator=(const network_simulation&) = delete;

    // ---- nodes. They find each other by the name alone, whatever its host part.

    /// A node on a machine of its own. `options` without a cookie get one; epmd and ports are set. Throws
    /// std::runtime_error when it cannot start.
    simulated_node& start(node_options options);
    /// All its processes are gone at once.
    void crash(simulated_node& which, crash_of what = crash_of::program);
    /// Ends it as a program that stops its node and its system.
    void stop(simulated_node& which);
    /// A new system and a new node of the same name and options, with another creation. Precondition: it is
    /// down.
    void restart(simulated_node& which);
    [[nodiscard]] std::vector<simulated_node*> nodes() const;

    // ---- the network

    /// What the nodes of `side` and all others send to each other waits until heal(), as behind a cut cable;
    /// a partition before it ends.
    void partition(const std::vector<simulated_node*>& side);
    /// The same, of what is sent from one to the other.
    void block(simulated_node& from, simulated_node& to);
    void heal();
    /// Resets the connections between the two.
    void cut(simulated_node& one, simulated_node& other);
    /// On the connections that there are now, nothing that `from` sends arrives any more: half a connection.
    void silence(simulated_node& from, simulated_node& to);
    /// For connections from now on; delays and the like at once.
    [[nodiscard]] network_faults& faults() noexcept;

    // ---- running

    void run_for(std::chrono::nanoseconds span);
    /// Until `done` holds; false when it does not within `limit`.
    bool run_until(const std::function<bool()>& done, std::chrono::nanoseconds limit);
    /// Runs `body` as a process on a node until it has ended; true when it did within `limit`, and was not
    /// ended by a signal or an exception.
    bool run(simulated_node& where, std::function<void()> body,
             std::chrono::nanoseconds limit = std::chrono::minutes(10));

    /// Any process of the run may call these.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept;
    [[nodiscard]] std::uint64_t seed() const noexcept;
    /// As simulation::check, note and random.
    void check(bool holds, std::string_view what);
    void note(std::string_view text);
    [[nodiscard]] const std::string& trace() const noexcept;
    [[nodiscard]] std::uint32_t random(std::uint32_t limit) noexcept;
    /// Of all bytes that have arrived at any node, and when: two runs with one seed have the same.
    [[nodiscard]] std::uint64_t fingerprint() const noexcept;
    /// The first check that has failed.
    [[nodiscard]] const std::optional<std::string>& failed() const noexcept;

private:
    friend class simulated_node;
    struct state;
    std::unique_ptr<state> state_;
};

/// As simulate(), for a network: calls `body` once for each seed. Throws simulation_failed.
void simulate_network(const network_simulation_options& options,
                      const std::function<void(network_simulation&)>& body);

}  // namespace rakka::testing
