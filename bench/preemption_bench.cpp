// What counted calls and loops cost the code that is compiled with rakka_preemptible().
//
//     valgrind --tool=callgrind --callgrind-out-file=/dev/null preemption_bench loops fib
//
// counts instructions, from the start of the program to its end; `none` in the place of the work tells what
// the program takes by itself.
#include <rakka/actors/reductions.hpp>
#include <rakka/actors/system.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

namespace rakka::bench {

#define RAKKA_WORK(name)                        \
    namespace name {                            \
    int fib(int n);                             \
    std::uint64_t containers(std::size_t size); \
    std::uint64_t sieve(std::size_t size);      \
    }
RAKKA_WORK(plain)
RAKKA_WORK(calls)
RAKKA_WORK(loops)

namespace {

struct way {
    const char* name;
    int (*fib)(int);
    std::uint64_t (*containers)(std::size_t);
    std::uint64_t (*sieve)(std::size_t);
};

constexpr way ways[] = {
    {"plain", plain::fib, plain::containers, plain::sieve},
    {"calls", calls::fib, calls::containers, calls::sieve},
    {"loops", loops::fib, loops::containers, loops::sieve},
};

std::uint64_t work(const way& w, const std::string& what) {
    if (what == "fib") return static_cast<std::uint64_t>(w.fib(32));
    if (what == "containers") return w.containers(100'000);
    if (what == "sieve") return w.sieve(10'000'000);
    return 0;
}

}  // namespace
}  // namespace rakka::bench

int main(int argc, char** argv) {
    using namespace rakka::bench;
    for (const way& w : ways) {
        if (argc != 3 || w.name != std::string(argv[1])) continue;
        rakka::system system({.workers = 1, .long_schedule = std::chrono::nanoseconds(0)});
        std::cout << system.run([&] { return work(w, argv[2]); }) << '\n';
        return 0;
    }
    std::cerr << "usage: preemption_bench plain|calls|loops fib|containers|sieve|none\n";
    return 2;
}
