// What idle processes and pending timers cost. Each group wants a program of its own: memory that an earlier
// one gave back would not be counted.
#include "harness.hpp"
#include "local_bench.hpp"

#include <rakka/etf.hpp>
#include <rakka/otp/gen_server.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

namespace rakka::bench {
namespace {

using namespace std::chrono_literals;

class server : public gen_server {
    result handle_call(const term& request, const from&) override { return reply(request); }
};

void idle_servers(rakka::system& s, int) {
    constexpr std::size_t n = 200'000;
    s.run([&] {
        std::vector<pid> all(n);
        const double before = resident();
        for (pid& p : all)
            p = gen_server::start<server>().value();
        print("idle_gen_server_bytes", std::to_string(n), {(resident() - before) / n}, "bytes");
        for (const pid& p : all)
            exit(p, "kill"_a);
    });
}

void blocked_processes(rakka::system& s, int) {
    constexpr std::size_t n = 300'000;
    s.run([&] {
        std::vector<pid> all(n);
        std::atomic<std::size_t> up = 0;
        const double before = resident();
        for (pid& p : all) {
            p = spawn([&up] {
                ++up;
                static_cast<void>(receive());
            });
        }
        while (up < n)
            static_cast<void>(receive_if([](term_view) { return false; }, 10ms));
        print("blocked_proc_bytes", std::to_string(n), {(resident() - before) / n}, "bytes");
        stop_all(all);
    });
}

/// Timers that wait, with an atom as their message.
void pending_timers(rakka::system& s, int) {
    constexpr std::size_t n = 1'000'000;
    s.run([&] {
        std::vector<reference> all(n);
        const double before = resident();
        for (reference& r : all)
            r = start_timer(1h, self(), "x"_a);
        print("pending_timer_bytes", std::to_string(n), {(resident() - before) / n}, "bytes");
        for (const reference& r : all)
            static_cast<void>(cancel_timer(r));
    });
}

/// Ten million servers at once; then each gets one call and answers it.
void ten_million(rakka::system& s, int) {
    constexpr std::size_t n = 10'000'000;
    constexpr double gib = 1024.0 * 1024 * 1024;
    s.run([&] {
        std::vector<pid> all(n);
        const double start = timed([&] {
            for (pid& p : all)
                p = gen_server::start<server>().value();
        });
        print("idle_10M_start", std::to_string(n), {n / start}, "starts/s");
        print("idle_10M_memory", "idle", {resident() / gib}, "GiB");
        std::size_t wrong = 0;
        const double call = timed([&] {
            for (std::size_t i = 0; i < n; ++i) {
                const term request(static_cast<std::int64_t>(i));
                if (gen_server::call(all[i], request) != request) ++wrong;
            }
        });
        if (wrong > 0) error("wrong_answer"_a);
        print("idle_10M_call", std::to_string(n), {n / call}, "calls/s");
        print("idle_10M_memory", "after a call to each", {resident() / gib}, "GiB");
    });
    std::_Exit(0);  // ending ten million processes one by one is not what is measured
}

constexpr group groups[] = {
    {"memgs", idle_servers, true},
    {"mem", blocked_processes, true},
    {"memtimer", pending_timers, true},
    {"tenmillion", ten_million, true},
};

}  // namespace

std::span<const group> memory_groups() {
    return groups;
}

double resident() {
    std::ifstream file("/proc/self/statm");
    double size = 0, in_memory = 0;
    file >> size >> in_memory;
    return in_memory * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace rakka::bench
