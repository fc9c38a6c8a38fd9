// Messages between nodes: the same work and the same messages as bench/peers/bd.erl, so that either end may
// be a BEAM.
//
//     dist_bench server NAME COOKIE                      serves the registered names echo and sink
//     dist_bench client NAME COOKIE PEER RUNS            floods and echoes against PEER
#include "harness.hpp"

#include <rakka/actors.hpp>
#include <rakka/etf.hpp>
#include <rakka/node.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

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

/// `{count, N, From}`: From gets `{ready, Self}`; after N messages `{done, Sum}`, the sum of the I of `{m, I,
/// _}`.
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
        if (message.is_tagged("m"_a, 3)) total_ += message.tuple()[1].as<std::int64_t>().value();
        if (--left_ == 0) send(from_, tuple("done"_a, total_));
        return next::wait();
    }
};

double flood(atom peer, std::int64_t n) {
    send(registered_name{"sink"_a, peer}, tuple("count"_a, n, self()));
    const term ready = receive_if([](term_view m) { return m.is_tagged("ready"_a, 2); });
    const pid to = ready.tuple()[1].as<pid>().value();
    const pid me = self();
    return static_cast<double>(n) / bench::timed([&] {
               for (std::int64_t i = n; i > 0; --i)
                   send(to, tuple("m"_a, i, me));
               static_cast<void>(receive_if([](term_view m) { return m.is_tagged("done"_a, 2); }));
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

}  // namespace

int main(int argc, char** argv) {
    const std::string_view role = argc > 1 ? argv[1] : "";
    if ((role != "server" || argc != 4) && (role != "client" || argc != 6)) {
        std::cerr << "usage: dist_bench server NAME COOKIE | dist_bench client NAME COOKIE PEER RUNS\n";
        return 2;
    }
    rakka::system system({.workers = 1});
    const auto node = rakka::node::start(system, {.name = argv[2],
                                                  .cookie = rakka::cookie::from_text(argv[3]).value(),
                                                  .listen_address = "127.0.0.1",
                                                  .epmd = rakka::epmd_mode::running});
    if (!node) {
        std::cerr << "dist_bench: " << node.error().message << '\n';
        return 1;
    }
    if (role == "server") {
        system.spawn(std::make_unique<echo>(), {.name = "echo"_a});
        system.spawn(std::make_unique<sink>(), {.name = "sink"_a});
        system.run([] { static_cast<void>(receive_if([](term_view) { return false; })); });
        return 0;
    }
    const atom peer(argv[4]);
    const int runs = std::atoi(argv[5]);
    // A mailbox of its own for each sample, as in the peer's program.
    bench::repeat("dist_flood_small", "1M {atom,int,pid} one way", "msgs/s", runs,
                  [&] { return system.run([&] { return flood(peer, 1'000'000); }); });
    bench::repeat("dist_pingpong", "50k round trips", "rt/s", runs,
                  [&] { return system.run([&] { return ping_pong(peer, 50'000); }); });
}
