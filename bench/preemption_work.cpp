// The work of preemption_bench, compiled plainly, with calls counted, and with loops as well
// (RAKKA_WORK_NAME).
#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace rakka::bench::RAKKA_WORK_NAME {

/// Nothing but calls.
int fib(int n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/// The standard library's inline functions and templates.
std::uint64_t containers(std::size_t size) {
    std::vector<std::string> words;
    std::uint64_t random = 1;
    for (std::size_t i = 0; i < size; ++i) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        words.push_back(std::to_string(random >> 40));
    }
    std::sort(words.begin(), words.end());
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < size; ++i)
        places[words[i]] += i;
    return std::accumulate(places.begin(), places.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& p) { return sum + p.first.size() * p.second; });
}

/// A loop without a call in it.
std::uint64_t sieve(std::size_t size) {
    std::vector<std::uint8_t> composite(size);
    std::uint64_t sum = 0;
    for (std::size_t n = 2; n < size; ++n) {
        if (composite[n] != 0) continue;
        sum += n;
        for (std::size_t m = n * n; m < size; m += n)
            composite[m] = 1;
    }
    return sum;
}

}  // namespace rakka::bench::RAKKA_WORK_NAME
