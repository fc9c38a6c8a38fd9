// Processes and messages inside one node: the same work as bench/peers/bl.erl.
//
//     local_bench WORKERS RUNS
#include "harness.hpp"

#include <rakka/actors.hpp>
#include <rakka/etf.hpp>
#include <rakka/otp/gen_server.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace rakka;

/// A process that does nothing but exist until it is told to stop.
class idle final : public message_handler {
    next handle(term) override { return next::stop("normal"_a); }
};

double spawn_idle(rakka::system& s, std::size_t n) {
    return s.run([&] {
        std::vector<pid> all;
        all.reserve(n);
        const double seconds = bench::timed([&] {
            for (std::size_t i = 0; i < n; ++i)
                all.push_back(spawn(std::make_unique<idle>()));
        });
        std::vector<reference> refs;
        for (const pid& p : all)
            refs.push_back(monitor(p));
        for (const pid& p : all)
            send(p, "stop"_a);
        for (std::size_t i = 0; i < n; ++i)
            static_cast<void>(receive_if([](term_view m) { return m.is_tagged("DOWN"_a, 5); }));
        return static_cast<double>(n) / seconds;
    });
}

double spawn_exit(rakka::system& s, int n) {
    return s.run([&] {
        return n / bench::timed([&] {
                   for (int i = 0; i < n; ++i) {
                       const auto child = spawn_monitor([] {});
                       static_cast<void>(
                           receive_if(child.ref, [](term_view m) { return m.is_tagged("DOWN"_a, 5); }));
                   }
               });
    });
}

class ponger final : public message_handler {
    next handle(term message) override {
        send(message.tuple()[1].as<pid>().value(), "pong"_a);
        return next::wait();
    }
};

double ping_pong(rakka::system& s, int n) {
    return s.run([&] {
        const pid other = spawn(std::make_unique<ponger>());
        const pid me = self();
        const double seconds = bench::timed([&] {
            for (int i = 0; i < n; ++i) {
                send(other, tuple("ping"_a, me));
                static_cast<void>(receive());
            }
        });
        exit(other, "kill"_a);
        return 2.0 * n / seconds;
    });
}

/// Counts messages, then tells the starter.
class sink final : public message_handler {
public:
    sink(pid starter, std::int64_t left) : starter_(starter), left_(left) {}

private:
    next handle(term) override {
        if (--left_ > 0) return next::wait();
        send(starter_, "done"_a);
        return next::stop("normal"_a);
    }
    pid starter_;
    std::int64_t left_;
};

double flood(rakka::system& s, std::int64_t n) {
    return s.run([&] {
        const pid receiver = spawn(std::make_unique<sink>(self(), n));
        return static_cast<double>(n) / bench::timed([&] {
                   for (std::int64_t i = n; i > 0; --i)
                       send(receiver, tuple("m"_a, i, receiver));
                   static_cast<void>(receive());
               });
    });
}

class ring_member final : public message_handler {
public:
    ring_member(pid starter, pid next_one) : starter_(starter), next_(next_one) {}

private:
    next handle(term message) override {
        const auto left = message.as<std::int64_t>().value();
        if (left == 0) {
            send(starter_, "ring_done"_a);
        } else {
            send(next_, term(left - 1));
        }
        return next::wait();
    }
    pid starter_, next_;
};

double thread_ring(rakka::system& s, int processes, std::int64_t hops) {
    return s.run([&] {
        // As in the peer's program the starter is a member: the ring closes through it.
        const pid me = self();
        std::vector<pid> members;
        pid last = me;
        for (int i = 0; i < processes; ++i) {
            last = spawn(std::make_unique<ring_member>(me, last));
            members.push_back(last);
        }
        const double seconds = bench::timed([&] {
            send(last, term(hops));
            for (;;) {
                const term m = receive();
                if (m.is_atom("ring_done"_a)) break;
                const auto left = m.as<std::int64_t>().value();
                if (left == 0) break;
                send(last, term(left - 1));
            }
        });
        for (const pid& p : members)
            exit(p, "kill"_a);
        return static_cast<double>(hops) / seconds;
    });
}

class adder : public gen_server {
    result handle_call(const term& request, const from&) override {
        const auto parts = request.tuple();
        return reply(parts[1].as<std::int64_t>().value() + parts[2].as<std::int64_t>().value());
    }
};

double calls(rakka::system& s, int n) {
    return s.run([&] {
        const pid server = gen_server::start<adder>().value();
        const double seconds = bench::timed([&] {
            for (int i = 0; i < n; ++i)
                static_cast<void>(gen_server::call(server, tuple("add"_a, 1, i)));
        });
        gen_server::stop(server);
        return n / seconds;
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: local_bench WORKERS RUNS\n";
        return 2;
    }
    const int runs = std::atoi(argv[2]);
    rakka::system s({.workers = static_cast<unsigned>(std::atoi(argv[1])), .max_processes = 4'000'000});
    for (const auto& [n, times] : {std::pair{1000, runs * 5}, {100'000, runs}, {1'000'000, runs}})
        bench::repeat("spawn_idle", std::to_string(n), "procs/s", times,
                      [&, count = n] { return spawn_idle(s, static_cast<std::size_t>(count)); });
    bench::repeat("spawn_exit_seq", "300000", "procs/s", runs, [&] { return spawn_exit(s, 300'000); });
    bench::repeat("pingpong", "1M round trips", "msgs/s", runs, [&] { return ping_pong(s, 1'000'000); });
    bench::repeat("flood_1to1", "50000", "msgs/s", runs * 5, [&] { return flood(s, 50'000); });
    bench::repeat("flood_1to1", "5000000", "msgs/s", runs, [&] { return flood(s, 5'000'000); });
    bench::repeat("threadring_1000", "3M hops", "hops/s", runs,
                  [&] { return thread_ring(s, 1000, 3'000'000); });
    bench::repeat("gen_server_call", "300k", "calls/s", runs, [&] { return calls(s, 300'000); });
}
