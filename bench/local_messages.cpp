// Messages between the processes of one node.
#include "harness.hpp"
#include "local_bench.hpp"

#include <rakka/etf.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/otp/gen_server.hpp>

#include <memory>
#include <string>
#include <vector>

namespace rakka::bench {
namespace {

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
        const double seconds = timed([&] {
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

void send_many(const pid& receiver, std::int64_t n) {
    for (std::int64_t i = n; i > 0; --i)
        send(receiver, tuple("m"_a, i, receiver));
}

double flood(rakka::system& s, std::int64_t n) {
    return s.run([&] {
        const pid receiver = spawn(std::make_unique<sink>(self(), n));
        return static_cast<double>(n) / timed([&] {
                   send_many(receiver, n);
                   static_cast<void>(receive());
               });
    });
}

double contention(rakka::system& s, int producers, std::int64_t total) {
    return s.run([&] {
        const pid receiver = spawn(std::make_unique<sink>(self(), total));
        std::vector<pid> all;
        for (int i = 0; i < producers; ++i) {
            all.push_back(spawn([receiver, n = total / producers] {
                static_cast<void>(receive());
                send_many(receiver, n);
            }));
        }
        return static_cast<double>(total) / timed([&] {
                   for (const pid& p : all)
                       send(p, "go"_a);
                   static_cast<void>(receive());
               });
    });
}

double fan_out(rakka::system& s, std::size_t receivers, int rounds) {
    return s.run([&] {
        std::vector<pid> all;
        for (std::size_t i = 0; i < receivers; ++i)
            all.push_back(spawn(std::make_unique<sink>(self(), rounds)));
        const pid me = self();
        return static_cast<double>(receivers) * rounds / timed([&] {
                   for (int round = 1; round <= rounds; ++round) {
                       const term message(tuple("m"_a, round, me));
                       for (const pid& p : all)
                           send(p, message);
                   }
                   for (std::size_t i = 0; i < receivers; ++i)
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
        const double seconds = timed([&] {
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

/// `waiting` messages that nobody wants are in the caller's mailbox meanwhile.
double calls(rakka::system& s, int n, int waiting) {
    return s.run([&] {
        const pid server = gen_server::start<adder>().value();
        for (int i = 0; i < waiting; ++i)
            send(self(), tuple("junk"_a, i));
        const double seconds = timed([&] {
            for (int i = 0; i < n; ++i)
                static_cast<void>(gen_server::call(server, tuple("add"_a, 1, i)));
        });
        gen_server::stop(server);
        return n / seconds;
    });
}

/// `{From, T}`: From gets `{back, T}`.
class echo final : public message_handler {
    next handle(term message) override {
        send(message.tuple()[0].as<pid>().value(), tuple("back"_a, message.share(message.tuple()[1])));
        return next::wait();
    }
};

double big_message(rakka::system& s, int n) {
    return s.run([&] {
        std::vector<term> rows;
        for (int i = 1; i <= 1000; ++i) {
            rows.emplace_back(
                map("id"_a, i, "name"_a, "user", "score"_a, i * 1.25, "active"_a, true, "total"_a, i));
        }
        const term in_pieces(rows);
        const term whole = term::copy(in_pieces);  // one arena, as if it had come from elsewhere
        const pid other = spawn(std::make_unique<echo>());
        const pid me = self();
        const double seconds = timed([&] {
            for (int i = 0; i < n; ++i) {
                send(other, tuple(me, whole));
                static_cast<void>(receive());
            }
        });
        exit(other, "kill"_a);
        return 2.0 * n / seconds;
    });
}

void run_flood(rakka::system& s, int runs) {
    repeat("flood_1to1", "50000", "msgs/s", runs * 5, [&] { return flood(s, 50'000); });
    repeat("flood_1to1", "5000000", "msgs/s", runs, [&] { return flood(s, 5'000'000); });
}

void run_contention(rakka::system& s, int runs) {
    for (const int producers : {2, 10, 100, 1000}) {
        repeat("contention_Nto1", std::to_string(producers) + " producers, 2M msgs", "msgs/s", runs,
               [&] { return contention(s, producers, 2'000'000); });
    }
}

constexpr group groups[] = {
    {"pingpong",
     [](rakka::system& s, int runs) {
         repeat("pingpong", "1M round trips", "msgs/s", runs, [&] { return ping_pong(s, 1'000'000); });
     }},
    {"ring",
     [](rakka::system& s, int runs) {
         repeat("threadring_1000", "3M hops", "hops/s", runs,
                [&] { return thread_ring(s, 1000, 3'000'000); });
     }},
    {"flood", run_flood},
    {"contention", run_contention},
    {"fanout",
     [](rakka::system& s, int runs) {
         repeat("fanout_1to10k", "100 rounds", "msgs/s", runs, [&] { return fan_out(s, 10'000, 100); });
     }},
    {"call",
     [](rakka::system& s, int runs) {
         repeat("gen_server_call", "300k", "calls/s", runs, [&] { return calls(s, 300'000, 0); });
     }},
    {"fullmailbox",
     [](rakka::system& s, int runs) {
         repeat("call_full_mailbox", "gen_server:call, 10k in caller's mailbox", "calls/s", runs,
                [&] { return calls(s, 100'000, 10'000); });
     }},
    {"bigmsg",
     [](rakka::system& s, int runs) {
         repeat("send_nested_copy", "list of 1000 maps, ping-pong copy", "msgs/s", runs,
                [&] { return big_message(s, 2000); });
     }},
};

}  // namespace

std::span<const group> message_groups() {
    return groups;
}

}  // namespace rakka::bench
