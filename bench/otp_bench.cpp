// What behaviours cost: supervised servers, their restart, logging, counters. The same work as
// bench/peers/bo.erl.
//
//     otp_bench WORKERS RUNS GROUP...     the groups are start, restart, million, log and metrics
#include "harness.hpp"

#include <rakka/actors.hpp>
#include <rakka/etf.hpp>
#include <rakka/otp.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <malloc.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using namespace rakka;
using bench::print;
using bench::repeat;
using bench::timed;

/// Says that it is up, if there is somebody to tell.
class child : public gen_server {
public:
    explicit child(term tell) : tell_(std::move(tell)) {}

private:
    term tell_;
    result init() override {
        if (const auto who = tell_.as<pid>()) send(*who, tuple("up"_a, self()));
        tell_ = {};
        return noreply();
    }
    result handle_call(const term&, const from&) override { return reply("ok"_a); }
    result handle_cast(const term&) override { return stop_with("broken"_a); }
};

child_spec kind() {
    child_start start("child"_a, "start_link"_a,
                      [](const term& tell) { return gen_server::start_link<child>({}, tell); });
    return {.id = "child"_a, .start = std::move(start), .shutdown = child_shutdown::brutal_kill()};
}

/// A supervisor of `n` children in the care of a process that dies for it.
pid supervisor_of(int n) {
    const pid me = self();
    spawn([me] {
        const auto sup = supervisor::start_link({.strategy = restart_strategy::simple_one_for_one,
                                                 .intensity = 1'000'000'000,
                                                 .period = std::chrono::seconds(1)},
                                                {kind()});
        send(me, tuple("sup"_a, sup.value()));
        static_cast<void>(receive());
    });
    const term told = receive_if([](term_view m) { return m.is_tagged("sup"_a, 2); });
    const pid sup = told.tuple()[1].as<pid>().value();
    const term arguments = list("none"_a);
    for (int i = 0; i < n; ++i)
        static_cast<void>(supervisor::start_child(sup, arguments).value());
    return sup;
}

void stop(const pid& sup) {
    const reference ref = monitor(sup);
    rakka::exit(sup, "kill"_a);
    static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
    while (this_system().process_count() > 8)
        static_cast<void>(receive_if([](term_view) { return false; }, std::chrono::milliseconds(1)));
}

double restarts(const pid& sup, int n) {
    const auto up = [] {
        const term m = receive_if([](term_view t) { return t.is_tagged("up"_a, 2); });
        return m.tuple()[1].as<pid>().value();
    };
    static_cast<void>(supervisor::start_child(sup, list(self())).value());
    pid p = up();
    const double seconds = timed([&] {
        for (int i = 0; i < n; ++i) {
            rakka::exit(p, "broken"_a);
            p = up();
        }
    });
    return n / seconds;
}

/// Bytes of this program that are in memory now.
double resident() {
    std::ifstream file("/proc/self/statm");
    double size = 0, in_memory = 0;
    file >> size >> in_memory;
    return in_memory * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void start_group(int runs) {
    constexpr int n = 100'000;
    std::vector<double> samples;
    for (int i = 0; i < runs; ++i) {
        pid sup;
        samples.push_back(n / timed([&] { sup = supervisor_of(n); }));
        stop(sup);
    }
    print("supervised_start", "100k, simple_one_for_one", samples, "procs/s");
}

void restart_group(int runs) {
    // Reports are made and nobody writes them, as on the other side.
    log::start(this_system());
    static_cast<void>(log::remove_handler(this_system(), "default"_a));
    const pid sup = supervisor_of(100'000);
    repeat("restart_of_one", "among 100k", "restarts/s", runs, [&] { return restarts(sup, 2000); });
    stop(sup);
}

void million_group(int) {
    constexpr int n = 1'000'000;  // once: memory that has been taken before would not be counted again
    const double before = resident();
    pid sup;
    const double seconds = timed([&] { sup = supervisor_of(n); });
    malloc_trim(0);
    print("million_supervised", "start", {n / seconds}, "procs/s");
    print("million_supervised", "memory of each", {(resident() - before) / n}, "bytes");
    stop(sup);
}

void metrics_group(int runs) {
    constexpr int n = 10'000'000;
    const auto counter = metrics::of(this_system()).counter("bench_adds_total", "Adds.");
    repeat("counter", "10M", "adds/s", runs, [&] {
        return n / timed([&] {
                   for (int i = 0; i < n; ++i)
                       counter.inc();
               });
    });
}

void log_group(int runs) {
    rakka::system& here = this_system();
    const auto loops = [](int n, auto&& f) {
        return n / timed([&] {
                   for (int i = 0; i < n; ++i)
                       f(i);
               });
    };
    log::start(here);
    static_cast<void>(log::remove_handler(here, "default"_a));
    repeat("log_disabled", "10M", "events/s", runs,
           [&] { return loops(10'000'000, [](int i) { log::debug("number {}", i); }); });
    // A handler that drops everything: what logging costs before anything is written.
    static_cast<void>(log::add_handler(here, "null"_a, [](const log_event&) {}));
    repeat("log_to_nobody", "300k", "events/s", runs,
           [&] { return loops(300'000, [](int i) { log::error("number {}", i); }); });
}

struct group {
    std::string_view name;
    void (*run)(int runs);
};
constexpr group groups[] = {{"start", start_group},
                            {"restart", restart_group},
                            {"million", million_group},
                            {"log", log_group},
                            {"metrics", metrics_group}};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::cerr << "usage: otp_bench WORKERS RUNS GROUP...\n";
        return 2;
    }
    const unsigned workers = static_cast<unsigned>(std::atoi(argv[1]));
    const int runs = std::atoi(argv[2]);
    for (const std::string_view name : std::vector<std::string_view>(argv + 3, argv + argc)) {
        const auto* const g = std::find_if(std::begin(groups), std::end(groups),
                                           [&](const group& one) { return one.name == name; });
        if (g == std::end(groups)) {
            std::cerr << "otp_bench: no group " << name << "\n";
            return 2;
        }
        rakka::system system({.workers = workers, .max_processes = 1U << 21});
        system.run([&] { g->run(runs); });
    }
}
