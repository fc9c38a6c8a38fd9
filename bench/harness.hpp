// What every benchmark program shares: run a sample several times, print one line
// `what;case;median;least;most;unit;runs`.
//
// The peers' programs in bench/peers print the same lines, so that scripts/bench can put them side by side.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace rakka::bench {

/// Seconds that `f()` takes.
template <class F>
double timed(F&& f) {
    const auto start = std::chrono::steady_clock::now();
    std::forward<F>(f)();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline void print(const std::string& what, const std::string& which, std::vector<double> samples,
                  const char* unit) {
    std::sort(samples.begin(), samples.end());
    std::printf("%s;%s;%.5g;%.5g;%.5g;%s;%zu\n", what.c_str(), which.c_str(),
                samples[(samples.size() - 1) / 2], samples.front(), samples.back(), unit, samples.size());
    std::fflush(stdout);
}

/// Calls `sample()` (a figure in `unit`) `runs` times and prints the line.
template <class F>
void repeat(const std::string& what, const std::string& which, const char* unit, int runs, F&& sample) {
    std::vector<double> samples;
    for (int i = 0; i < runs; ++i)
        samples.push_back(sample());
    print(what, which, std::move(samples), unit);
}

}  // namespace rakka::bench
