// Code for the tests of preemption. It is compiled twice, with calls counted and with loops as well; the test
// itself is compiled without either.
#pragma once

#include <rakka/actors/destination.hpp>
#include <rakka/etf/term.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace rakka::testing {

/// Counts the ends of the scopes it lives in.
using ends = std::atomic<int>;

struct preemptible_code {
    const char* name;
    bool counts_loops;

    int (*fib)(int n);
    /// Until it is told to stop: a loop with a call in it, and one without.
    void (*call_until)(const std::atomic<bool>& stop);
    void (*spin_until)(const std::atomic<bool>& stop);
    /// The same without end; the first two take note of exit signals, the second after each few slices.
    /// Each holds a scope.
    void (*obey_for_ever)(ends& scopes);
    void (*send_for_ever)(ends& scopes);
    void (*spin_for_ever)(ends& scopes);
    /// `rounds` calls with arguments in every register that arguments travel in; the result depends on all.
    std::uint64_t (*mix)(std::uint64_t seed, int rounds);
    std::uint64_t (*mix_wide)(std::uint64_t seed, int rounds);  ///< with 32-byte vectors; needs AVX
    /// Throws an int from `depth` calls down, through scopes whose ends compute.
    void (*throw_from)(int depth, ends& scopes);
    int (*first_use_of_a_static)(int& initialisations);
    void (*compute_locked)(std::mutex& m, int& shared, int rounds);
    /// What errno is after a computation, when it was `number` before.
    int (*errno_after_computing)(int number);
    /// Computes until told to, and wants nothing.
    bool (*refuse_once_told)(term_view message, const std::atomic<bool>& go_on);
    /// Sends and receives `rounds` messages to and from itself, spawns, links, monitors, uses the dictionary.
    int (*use_everything)(int rounds);
};

extern const preemptible_code calls_code;
extern const preemptible_code loops_code;

}  // namespace rakka::testing
