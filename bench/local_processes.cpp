// The life of processes: spawn, links, monitors, timers, a tree of a million.
#include "harness.hpp"
#include "local_bench.hpp"

#include <rakka/etf.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace rakka::bench {
namespace {

using namespace std::chrono_literals;

double spawn_idle(rakka::system& s, std::size_t n) {
    return s.run([&] {
        std::vector<pid> all;
        all.reserve(n);
        const double seconds = timed([&] {
            for (std::size_t i = 0; i < n; ++i)
                all.push_back(spawn(std::make_unique<idle>()));
        });
        stop_all(all);
        return static_cast<double>(n) / seconds;
    });
}

/// Processes that block in the middle of a function, so each holds a stack: until all of them are there.
double spawn_blocking(rakka::system& s, std::size_t n) {
    return s.run([&] {
        std::vector<pid> all;
        all.reserve(n);
        const pid me = self();
        const double seconds = timed([&] {
            for (std::size_t i = 0; i < n; ++i) {
                all.push_back(spawn([me] {
                    send(me, "up"_a);
                    static_cast<void>(receive());
                }));
            }
            for (std::size_t i = 0; i < n; ++i)
                static_cast<void>(receive());
        });
        stop_all(all);
        return static_cast<double>(n) / seconds;
    });
}

double spawn_exit(rakka::system& s, int n) {
    return s.run([&] {
        return n / timed([&] {
                   for (int i = 0; i < n; ++i) {
                       const auto child = spawn_monitor([] {});
                       static_cast<void>(
                           receive_if(child.ref, [](term_view m) { return m.is_tagged("DOWN"_a, 5); }));
                   }
               });
    });
}

double link_exit(rakka::system& s, int n) {
    return s.run([&] {
        trap_exit(true);
        return n / timed([&] {
                   for (int i = 0; i < n; ++i) {
                       const pid child = spawn_link([] {});
                       receive(on(tuple_of("EXIT"_a, child, "normal"_a), [] {}));
                   }
               });
    });
}

double monitor_demonitor(rakka::system& s, int n) {
    return s.run([&] {
        const pid other = spawn(std::make_unique<idle>());
        const double seconds = timed([&] {
            for (int i = 0; i < n; ++i)
                demonitor(monitor(other), {.flush = true});
        });
        send(other, "stop"_a);
        return n / seconds;
    });
}

double timer_one(rakka::system& s, int n) {
    return s.run([&] {
        return n / timed([&] {
                   for (int i = 0; i < n; ++i)
                       static_cast<void>(cancel_timer(start_timer(100s, self(), "x"_a)));
               });
    });
}

double timer_many(rakka::system& s, int n) {
    return s.run([&] {
        std::vector<reference> all;
        return n / timed([&] {
                   for (int i = 1; i <= n; ++i)
                       all.push_back(start_timer(100s + i * 1ms, self(), "x"_a));
                   for (const reference& t : all)
                       static_cast<void>(cancel_timer(t));
               });
    });
}

/// A node of a tree: ten children, each a tenth of its size; leaves answer their number, the others the sum.
class sky final : public message_handler {
public:
    sky(pid parent, std::int64_t number, std::int64_t size) : parent_(parent), number_(number), size_(size) {}

private:
    next init() override {
        if (size_ == 1) {
            send(parent_, term(number_));
            return next::stop("normal"_a);
        }
        for (std::int64_t i = 0; i < 10; ++i)
            spawn(std::make_unique<sky>(self(), number_ + i * (size_ / 10), size_ / 10));
        return next::wait();
    }
    next handle(term message) override {
        sum_ += message.as<std::int64_t>().value();
        if (--left_ > 0) return next::wait();
        send(parent_, term(sum_));
        return next::stop("normal"_a);
    }
    pid parent_;
    std::int64_t number_, size_, sum_ = 0;
    int left_ = 10;
};

double skynet(rakka::system& s) {
    return s.run([&] {
        return timed([&] {
            spawn(std::make_unique<sky>(self(), 0, 1'000'000));
            if (receive().as<std::int64_t>().value() != 499'999'500'000) error("wrong_sum"_a);
        });
    });
}

void run_spawn(rakka::system& s, int runs) {
    // A thousand take less time than the interruptions of a machine: many samples.
    for (const auto& [n, times] : {std::pair{1000, runs * 40}, {100'000, runs}, {1'000'000, runs}}) {
        repeat("spawn_idle", std::to_string(n), "procs/s", times,
               [&, count = n] { return spawn_idle(s, static_cast<std::size_t>(count)); });
    }
}

void run_spawn_blocking(rakka::system& s, int runs) {
    spawn_blocking(s, 10'000);  // fills the pool of stacks
    repeat("spawn_blocking", "10000", "procs/s", runs, [&] { return spawn_blocking(s, 10'000); });
}

void run_timer(rakka::system& s, int runs) {
    repeat("timer_start_cancel", "300k, one at a time", "pairs/s", runs,
           [&] { return timer_one(s, 300'000); });
    repeat("timer_start_many", "300k pending, then cancel all", "pairs/s", runs,
           [&] { return timer_many(s, 300'000); });
}

constexpr group groups[] = {
    {"spawn", run_spawn},
    {"spawn_blocking", run_spawn_blocking},
    {"spawn_exit",
     [](rakka::system& s, int runs) {
         repeat("spawn_exit_seq", "300000", "procs/s", runs, [&] { return spawn_exit(s, 300'000); });
     }},
    {"linkexit",
     [](rakka::system& s, int runs) {
         repeat("spawn_link_exit", "200k, EXIT trapped, one at a time", "procs/s", runs,
                [&] { return link_exit(s, 200'000); });
     }},
    {"monitor",
     [](rakka::system& s, int runs) {
         repeat("monitor_demonitor", "1M", "pairs/s", runs, [&] { return monitor_demonitor(s, 1'000'000); });
     }},
    {"timer", run_timer},
    {"skynet",
     [](rakka::system& s, int runs) {
         repeat("skynet_1M", "10-ary, depth 6", "s", runs, [&] { return skynet(s); });
     }},
};

}  // namespace

std::span<const group> process_groups() {
    return groups;
}

}  // namespace rakka::bench
