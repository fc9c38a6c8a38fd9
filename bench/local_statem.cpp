// Events of state machines in one node.
#include "harness.hpp"
#include "local_bench.hpp"

#include <rakka/etf.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/gen_statem.hpp>

#include <cstdint>

namespace rakka::bench {
namespace {

using namespace std::chrono_literals;

/// Every push changes the state; `insert` comes back as so many inserted events; `time` sets a state timeout.
class button : public gen_statem {
    std::int64_t pushed_ = 0;

    statem::callback_mode callback_mode() const override {
        static const state_functions states{{"off"_a, &button::off}, {"on"_a, &button::on}};
        return {.functions = &states};
    }
    result init() override { return next_state("off"_a); }
    result off(const event& e) {
        if (e.is_cast("push"_a)) return ++pushed_, next_state("on"_a);
        return common(e);
    }
    result on(const event& e) {
        if (e.is_cast("push"_a)) return next_state("off"_a);
        return common(e);
    }
    result common(const event& e) {
        if (e.is_call()) return keep_state(reply(e.sender(), pushed_));
        if (e.is_cast("time"_a)) return keep_state(state_timeout(100s, "late"_a));
        const auto left = e.content().as<std::int64_t>();
        return left && *left > 0 ? keep_state(next_event(event::internal(*left - 1))) : keep_state();
    }
};

class counter : public gen_server {
    std::int64_t count_ = 0;
    result handle_call(const term&, const from&) override { return reply(count_); }
    result handle_cast(const term&) override {
        ++count_;
        return noreply();
    }
};

/// Casts per second of `n`, the answer to a last call included.
template <class Start>
double casts(rakka::system& s, std::int64_t n, atom what, Start&& start) {
    return s.run([&] {
        const pid server = start();
        const double seconds = timed([&] {
            for (std::int64_t i = 0; i < n; ++i)
                gen_server::cast(server, what);
            static_cast<void>(gen_server::call(server, "count"_a, infinity));
        });
        gen_server::stop(server);
        return static_cast<double>(n) / seconds;
    });
}

double inserted_events(rakka::system& s, std::int64_t n) {
    return s.run([&] {
        const pid machine = gen_statem::start<button>().value();
        const double seconds = timed([&] {
            gen_statem::cast(machine, n);
            static_cast<void>(gen_statem::call(machine, "count"_a));
        });
        gen_statem::stop(machine);
        return static_cast<double>(n) / seconds;
    });
}

double calls(rakka::system& s, int n) {
    return s.run([&] {
        const pid machine = gen_statem::start<button>().value();
        const double seconds = timed([&] {
            for (int i = 0; i < n; ++i)
                static_cast<void>(gen_statem::call(machine, "count"_a));
        });
        gen_statem::stop(machine);
        return n / seconds;
    });
}

void run_statem(rakka::system& s, int runs) {
    const auto machine = [] { return gen_statem::start<button>().value(); };
    const auto server = [] { return gen_server::start<counter>().value(); };
    repeat("gen_server_cast", "1M", "casts/s", runs, [&] { return casts(s, 1'000'000, "push"_a, server); });
    repeat("gen_statem_cast", "1M, each changes the state", "casts/s", runs,
           [&] { return casts(s, 1'000'000, "push"_a, machine); });
    repeat("gen_statem_timeout", "300k, state timeout set anew", "events/s", runs,
           [&] { return casts(s, 300'000, "time"_a, machine); });
    repeat("gen_statem_insert", "1M inserted events", "events/s", runs,
           [&] { return inserted_events(s, 1'000'000); });
    repeat("gen_statem_call", "300k", "calls/s", runs, [&] { return calls(s, 300'000); });
}

void idle_machines(rakka::system& s, int) {
    constexpr std::size_t n = 200'000;
    s.run([&] {
        std::vector<pid> all(n);
        const double before = resident();
        for (pid& p : all)
            p = gen_statem::start<button>().value();
        print("idle_gen_statem_bytes", std::to_string(n), {(resident() - before) / n}, "bytes");
        for (const pid& p : all)
            exit(p, "kill"_a);
    });
}

constexpr group groups[] = {
    {"statem", run_statem},
    {"memsm", idle_machines, true},
};

}  // namespace

std::span<const group> statem_groups() {
    return groups;
}

}  // namespace rakka::bench
