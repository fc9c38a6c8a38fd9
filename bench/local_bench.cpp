// Processes and messages inside one node: the same work as bench/peers/bl.erl.
//
//     local_bench WORKERS RUNS [GROUP...]
#include "local_bench.hpp"

#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
    using namespace rakka;
    std::vector<bench::group> groups;
    for (const auto part :
         {bench::message_groups(), bench::process_groups(), bench::statem_groups(), bench::memory_groups()})
        groups.insert(groups.end(), part.begin(), part.end());
    const std::vector<std::string_view> wanted(argv + (argc < 3 ? argc : 3), argv + argc);
    for (const std::string_view name : wanted) {
        if (std::ranges::none_of(groups, [&](const auto& g) { return g.name == name; })) {
            std::cerr << "local_bench: no group " << name << '\n';
            argc = 0;
        }
    }
    if (argc < 3) {
        std::cerr << "usage: local_bench WORKERS RUNS [GROUP...]\ngroups:";
        for (const auto& g : groups)
            std::cerr << ' ' << g.name;
        std::cerr << '\n';
        return 2;
    }
    const int runs = std::atoi(argv[2]);
    rakka::system s({.workers = static_cast<unsigned>(std::atoi(argv[1])), .max_processes = 12'000'000});
    for (const auto& g : groups) {
        const bool asked = std::ranges::find(wanted, g.name) != wanted.end();
        if (asked || (wanted.empty() && !g.alone)) g.run(s, runs);
    }
}
