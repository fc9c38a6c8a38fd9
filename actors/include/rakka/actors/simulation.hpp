// Running a program of processes under many seeds: one thread, virtual time, every order of events that
// Erlang allows drawn from the seed, and the seed of a failure replays it. See docs/simulation.md.
#pragma once

#include <rakka/actors/system.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rakka::testing {

struct simulation_options {
    /// The seeds first_seed, first_seed + 1 … are tried, so many of them. The environment variable RAKKA_SEED
    /// replaces them all by one. Seed 0 is the plain order.
    std::uint64_t first_seed = 1;
    std::size_t seeds = 100;
    /// What each run's system is made with; `simulation` and `seed` are set for it.
    system_options system{.reorder_signals = true};
    /// Virtual time a run may go on for after the body has returned.
    std::chrono::nanoseconds time_limit = std::chrono::hours(1);
};

/// What simulate() throws: the first run that failed.
class simulation_failed : public std::runtime_error {
public:
    simulation_failed(std::uint64_t seed, const std::string& why, std::string trace,
                      std::exception_ptr cause);
    /// simulate() fails in the same way when RAKKA_SEED is set to it, or first_seed.
    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    /// What the run had noted.
    [[nodiscard]] const std::string& trace() const noexcept { return *trace_; }
    /// What the body threw; null when a check failed.
    [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

private:
    std::uint64_t seed_;
    std::shared_ptr<const std::string> trace_;
    std::exception_ptr cause_;
};

/// One run. Functions: in the body, in any process of the run, and in handlers and timers; the run has one
/// thread.
class simulation {
public:
    simulation(const system_options& options, std::uint64_t seed);
    ~simulation();
    simulation(const simulation&) = delete;
    simulation& operator=(const simulation&) = delete;

    [[nodiscard]] rakka::system& system() noexcept;
    [[nodiscard]] std::uint64_t seed() const noexcept;

    /// Runs `body` as a process until it has ended; gives its result, throws what it threw, and
    /// std::logic_error when nothing can happen any more. Not from a process.
    template <std::invocable F>
    std::invoke_result_t<F&> run(F&& body) {
        return system().run(std::forward<F>(body));
    }

    /// The run has failed when `holds` is false: the first such check is reported, whoever made it. Throws
    /// std::runtime_error then, which ends the calling process.
    void check(bool holds, std::string_view what);

    /// Adds a line to the trace: how many slices have run, the virtual time, and `text`. Runs with one seed
    /// have one trace, unless the program itself depends on addresses, clocks or the like.
    void note(std::string_view text);
    [[nodiscard]] const std::string& trace() const noexcept;

    /// A number from 0 to limit - 1, drawn from the seed. Precondition: limit is not 0.
    [[nodiscard]] std::uint32_t random(std::uint32_t limit) noexcept;

private:
    friend void simulate(const simulation_options&, const std::function<void(simulation&)>&);
    struct state;
    [[nodiscard]] simulation_failed failure(const std::exception_ptr& cause) const;
    std::unique_ptr<state> state_;
};

// -- several systems at once, which have one time: for a simulation of more than one node. Not from a process

/// When the next timer of a simulated system is due, on its clock; the greatest value when none is pending.
[[nodiscard]] std::chrono::nanoseconds next_timer(rakka::system& s) noexcept;
/// Sets the clock of a simulated system, never back. Timers that are due by then fire when it runs next.
void advance_time(rakka::system& s, std::chrono::nanoseconds to) noexcept;

/// Calls `body` once for each seed, with a fresh simulated system; then lets the system run until nothing
/// more can happen, and stops it. Throws simulation_failed for the first run in which the body threw or a
/// check failed, after that run. The body is no process. Blocks; foreign thread only. Errors:
/// std::invalid_argument when RAKKA_SEED is no number.
void simulate(const simulation_options& options, const std::function<void(simulation&)>& body);

}  // namespace rakka::testing
