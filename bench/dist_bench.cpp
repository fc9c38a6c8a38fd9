// Messages between nodes: the same work and the same messages as bench/peers/bd.erl, so that either end may
// be a BEAM.
//
//     dist_bench server NAME COOKIE                       serves the registered names echo, sink and adder
//     dist_bench member NAME COOKIE                       is a visible member of a cluster
//     dist_bench client NAME COOKIE PEER RUNS GROUP...    the groups are flood, bins, pp, call and callc
//
// Over TLS if the environment's DIST_BENCH_OPTFILE names a file for -ssl_dist_optfile, which both ends use.
#include "harness.hpp"

#include <rakka/rakka.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace rakka;

/// `{echo, From, T}`: From gets T.
class echo final : public message_handler {
    next handle(term message) override {
        if (message.is_tagged("echo"_a, 3))
            send(message.tuple()[1].as<pid>().value(), message.share(message.tuple()[2]));
        return next::wait();
    }
};

/// `{count, N, From}`: From gets `{ready, Self}`; after N messages `{done, Sum}`, the sum of the I of
/// `{m, I, _}` or of the sizes of the binaries.
class sink final : public message_handler {
    std::int64_t left_ = 0, total_ = 0;
    pid from_;

    next handle(term message) override {
        if (left_ == 0) {
            if (!message.is_tagged("count"_a, 3)) return next::wait();
            left_ = message.tuple()[1].as<std::int64_t>().value();
            from_ = message.tuple()[2].as<pid>().value();
            total_ = 0;
            send(from_, tuple("ready"_a, self()));
            return next::wait();
        }
        if (message.is_tagged("m"_a, 3)) {
            total_ += message.tuple()[1].as<std::int64_t>().value();
        } else if (message.is(kind::binary)) {
            total_ += static_cast<std::int64_t>(message.view().bytes().size());
        }
        if (--left_ == 0) send(from_, tuple("done"_a, total_));
        return next::wait();
    }
};

class adder : public gen_server {
    result handle_call(const term& request, const from&) override {
        const auto parts = request.tuple();
        return reply(parts[1].as<std::int64_t>().value() + parts[2].as<std::int64_t>().value());
    }
};

/// Tells the peer's sink to expect `n` messages; gives its pid.
pid open_sink(atom peer, std::int64_t n) {
    send(registered_name{"sink"_a, peer}, tuple("count"_a, n, self()));
    const term ready = receive_if([](term_view m) { return m.is_tagged("ready"_a, 2); });
    return ready.tuple()[1].as<pid>().value();
}

void wait_for_sink() {
    static_cast<void>(receive_if([](term_view m) { return m.is_tagged("done"_a, 2); }));
}

double flood(atom peer, std::int64_t n) {
    const pid to = open_sink(peer, n);
    const pid me = self();
    return static_cast<double>(n) / bench::timed([&] {
               for (std::int64_t i = n; i > 0; --i)
                   send(to, tuple("m"_a, i, me));
               wait_for_sink();
           });
}

/// Megabytes a second.
double binary_flood(atom peer, std::size_t size, std::int64_t n) {
    const pid to = open_sink(peer, n);
    const term binary(std::string(size, 'x'));
    return static_cast<double>(size) * static_cast<double>(n) / 1e6 / bench::timed([&] {
               for (std::int64_t i = n; i > 0; --i)
                   send(to, binary);
               wait_for_sink();
           });
}

double ping_pong(atom peer, std::int64_t n) {
    const registered_name to{"echo"_a, peer};
    const pid me = self();
    return static_cast<double>(n) / bench::timed([&] {
               for (std::int64_t i = n; i > 0; --i) {
                   send(to, tuple("echo"_a, me, tuple("pong"_a, i)));
                   static_cast<void>(receive());
               }
           });
}

void call_many(const destination& to, int n) {
    for (int i = n; i > 0; --i)
        static_cast<void>(gen_server::call(to, tuple("add"_a, 1, i)));
}

struct latencies {
    double p50 = 0, p99 = 0, rate = 0;  // nanoseconds, nanoseconds, calls a second
};

latencies call_latencies(atom peer, int n) {
    const destination to = registered_name{"adder"_a, peer};
    std::vector<double> all;
    double sum = 0;
    for (int i = 0; i < n; ++i) {
        all.push_back(1e9 * bench::timed([&] { call_many(to, 1); }));
        sum += all.back();
    }
    std::ranges::sort(all);
    return {all[all.size() / 2], all[all.size() * 99 / 100], static_cast<double>(n) / (sum / 1e9)};
}

double concurrent_calls(atom peer, int callers, int total) {
    const pid me = self();
    const int each = total / callers;
    std::vector<pid> all;
    for (int i = 0; i < callers; ++i) {
        all.push_back(spawn([me, peer, each] {
            static_cast<void>(receive());
            call_many(registered_name{"adder"_a, peer}, each);
            send(me, "fin"_a);
        }));
    }
    return each * callers / bench::timed([&] {
               for (const pid& p : all)
                   send(p, "go"_a);
               for (int i = 0; i < callers; ++i)
                   static_cast<void>(receive());
           });
}

void measure_calls(rakka::system& s, atom peer, int runs) {
    std::array<std::vector<double>, 3> samples;
    for (int i = 0; i < runs; ++i) {
        const latencies l = s.run([&] { return call_latencies(peer, 30'000); });
        samples[0].push_back(l.p50);
        samples[1].push_back(l.p99);
        samples[2].push_back(l.rate);
    }
    bench::print("dist_gen_server_call", "p50", samples[0], "ns");
    bench::print("dist_gen_server_call", "p99", samples[1], "ns");
    bench::print("dist_gen_server_call", "1 caller, 30k", samples[2], "calls/s");
}

/// Each sample has a process, and so a mailbox, of its own, as in the peer's program.
bool measure(rakka::system& s, std::string_view group, atom peer, int runs) {
    if (group == "flood") {
        bench::repeat("dist_flood_small", "1M {atom,int,pid} one way", "msgs/s", runs,
                      [&] { return s.run([&] { return flood(peer, 1'000'000); }); });
    } else if (group == "bins") {
        for (const auto& [size, n] : {std::pair{1024, 300'000}, {65536, 16'000}, {1048576, 1'000}}) {
            bench::repeat("dist_bin_flood", std::to_string(size) + " B x " + std::to_string(n), "MB/s", runs,
                          [&, size = static_cast<std::size_t>(size), n = n] {
                              return s.run([&] { return binary_flood(peer, size, n); });
                          });
        }
    } else if (group == "pp") {
        bench::repeat("dist_pingpong", "50k round trips", "rt/s", runs,
                      [&] { return s.run([&] { return ping_pong(peer, 50'000); }); });
    } else if (group == "call") {
        measure_calls(s, peer, runs);
    } else if (group == "callc") {
        for (const int callers : {16, 64}) {
            bench::repeat("dist_gen_server_call", std::to_string(callers) + " callers", "calls/s", runs,
                          [&] { return s.run([&] { return concurrent_calls(peer, callers, 200'000); }); });
        }
    } else {
        return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view role = argc > 1 ? argv[1] : "";
    if (((role != "server" && role != "member") || argc != 4) && (role != "client" || argc < 7)) {
        std::cerr << "usage: dist_bench server|member NAME COOKIE | dist_bench client NAME COOKIE PEER RUNS "
                     "GROUP...\n";
        return 2;
    }
    rakka::system system({.workers = 1});
    rakka::node_options options{
        .name = argv[2],
        .cookie = rakka::cookie::from_text(argv[3]).value(),
        // as a C node, unless it is there to be a member
        .visibility = role == "member" ? rakka::node_visibility::visible : rakka::node_visibility::hidden,
        .listen_address = "127.0.0.1",
        .epmd = rakka::epmd_mode::running,
        .accept_rate_per_address = {.per_second = 0},  // 1,000 peers come at once
        .accept_rate = {.per_second = 0}};
    if (const char* const file = std::getenv("DIST_BENCH_OPTFILE")) options.tls.emplace().optfile = file;
    const auto node = rakka::node::start(system, std::move(options));
    if (!node) {
        std::cerr << "dist_bench: " << node.error().message << '\n';
        return 1;
    }
    if (role == "member") {
        system.run([] {
            std::cout << "ready" << std::endl;
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        return 0;
    }
    if (role == "server") {
        system.spawn(std::make_unique<echo>(), {.name = "echo"_a});
        system.spawn(std::make_unique<sink>(), {.name = "sink"_a});
        system.run([] {
            gen_server::start<adder>({.name = "adder"_a}).value();
            std::cout << "ready" << std::endl;
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        return 0;
    }
    const atom peer(argv[4]);
    for (int i = 6; i < argc; ++i) {
        if (!measure(system, argv[i], peer, std::atoi(argv[5]))) {
            std::cerr << "dist_bench: no group " << argv[i] << '\n';
            return 2;
        }
    }
}
