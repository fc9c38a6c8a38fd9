#include "load.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

constexpr int callers = 64;
constexpr int others = 6;
constexpr auto patience = 60s;

/// What all workers of a member have done so far.
struct account {
    std::atomic<std::int64_t> done = 0, lost = 0, wrong = 0;
    std::atomic<bool> stopped = false;

    void is_wrong(const char* kind, atom peer, const term& why) {
        ++wrong;
        std::cout << "WRONG: " << kind << ' ' << peer.text() << ' ' << why.to_string() << std::endl;
    }
};

/// How one piece of work ended: done, lost with a connection, or wrong, which says how.
struct outcome {
    enum { done, lost, wrong } is = done;
    term why{};
};

/// A reason for what a lost connection ends.
outcome lost(const term& reason) {
    const bool loss = reason.is_atom("noconnection"_a) || reason.is_tagged("nodedown"_a, 2);
    return {loss ? outcome::lost : outcome::wrong, reason};
}
outcome wrong(const char* what) {
    return {outcome::wrong, term(atom(what))};
}

void idle() {
    static_cast<void>(receive_if([](term_view) { return false; }));
}
void rest(std::chrono::milliseconds time) {
    static_cast<void>(receive_if([](term_view) { return false; }, time));
}

class echo_server : public gen_server {
    result handle_call(const term& request, const from&) override {
        if (request.is_tagged("echo"_a, 2)) return reply(term::copy(request.tuple()[1]));
        return stop_with(tuple("bad_request"_a, request));
    }
};

// ---- the kinds of work

outcome echo(atom peer, const term& what) {
    const auto answer =
        gen_server::try_call(registered_name{"soak_server"_a, peer}, tuple("echo"_a, what), patience);
    if (!answer) return lost(answer.error().reason);
    return *answer == what ? outcome{} : wrong("echo");
}

outcome call(int, atom peer, std::int64_t n) {
    switch (n % 4) {
        case 0:
            return echo(peer, term(n));
        case 1:
            return echo(peer, tuple(n, "some"_a, "text", list(1.5, n)));
        case 2:
            return echo(peer, map("number"_a, n, "text"_a, "soaked"));
        default:
            return echo(peer, to_term(std::vector<std::int64_t>(20, n)));
    }
}

outcome large(int i, atom peer, std::int64_t n) {
    return echo(peer, term(std::string(std::size_t{2} << (n % 20), static_cast<char>('a' + (n + i) % 26))));
}

outcome linked(int, atom peer, std::int64_t) {
    trap_exit(true);
    const pid p = spawn_link(peer, "soak_load"_a, "idle"_a, list());
    exit(p, term("done"_a));
    const auto m = receive_if(
        [&](term_view v) { return v.is_tagged("EXIT"_a, 3) && v.tuple()[1].as<pid>() == p; }, patience);
    if (!m) return wrong("no_exit");
    return m->tuple()[2].is_atom("done"_a) ? outcome{} : lost(term::copy(m->tuple()[2]));
}

outcome spawned(int, atom peer, std::int64_t) {
    const reference asked = make_reference();
    const auto [_, watch] = spawn_monitor(peer, "soak_load"_a, "answer"_a, list(self(), asked));
    const auto is_answer = [&](term_view v) {
        return v.is_tuple(2) && v.tuple()[0].as<reference>() == asked;
    };
    const auto down = receive_if([&](term_view v) { return is_down(watch, v); }, patience);
    if (!down) return wrong("no_down");
    const term why = term::copy(down->tuple()[4]);
    const bool as_asked = why.is_atom("normal"_a);
    const auto answer = receive_if(is_answer, as_asked ? patience : 0s);
    if (!as_asked) return lost(why);
    return answer && answer->tuple()[1].is_atom(peer) ? outcome{} : wrong("no_answer");
}

outcome by_erpc(int, atom peer, std::int64_t n) {
    const auto answer = erpc::call(peer, "soak_load"_a, "twice"_a, list(n), patience);
    if (!answer)
        return answer.error().is_erpc("noconnection"_a) ? outcome{outcome::lost}
                                                        : outcome{outcome::wrong, answer.error().to_term()};
    return answer->as<std::int64_t>() == 2 * n ? outcome{} : wrong("erpc");
}

// A process for each: a name that was taken back while a node was cut off returns with that node, and nobody
// can have two.
outcome named(int, atom, std::int64_t n) {
    const auto [who, watch] = spawn_monitor([n] {
        const term name = tuple("soak"_a, self(), n);
        if (!global::register_name(name, self())) exit(term("name_taken"_a));
        const auto found = global::whereis_name(name);
        global::unregister_name(name);
        if (found != self()) exit(term("not_found"_a));
    });
    const term down = receive_if([w = watch](term_view m) { return is_down(w, m); });
    rest(20ms);
    const term why = term::copy(down.tuple()[4]);
    return why.is_atom("normal"_a) ? outcome{} : outcome{outcome::wrong, why};
}

struct kind {
    const char* name;
    int number;
    outcome (*once)(int, atom, std::int64_t);
};
constexpr std::array kinds = {kind{"call", callers, call},   kind{"binary", others, large},
                              kind{"link", others, linked},  kind{"spawn", others, spawned},
                              kind{"erpc", others, by_erpc}, kind{"name", 1, named}};

void work(account& a, const kind& k, int i, atom peer) {
    for (std::int64_t n = 1; !a.stopped; ++n) {
        const outcome o = k.once(i, peer, n);
        switch (o.is) {
            case outcome::done:
                ++a.done;
                break;
            case outcome::lost:
                ++a.lost;
                rest(20ms);
                break;
            case outcome::wrong:
                a.is_wrong(k.name, peer, o.why);
                break;
        }
    }
}

/// Ends when all the work is done and somebody has asked for that.
void boss(const std::shared_ptr<account>& a, const std::vector<atom>& peers) {
    std::vector<reference> workers;
    for (const kind& k : kinds)
        for (int i = 1; i <= k.number; ++i) {
            const atom peer = peers[static_cast<std::size_t>(i) % peers.size()];
            workers.push_back(spawn_monitor([a, &k, i, peer] { work(*a, k, i, peer); }).ref);
        }
    for (const reference& w : workers) {
        const term down = receive_if([&](term_view m) { return is_down(w, m); });
        if (!down.tuple()[4].is_atom("normal"_a)) a->is_wrong("worker", atom(), down);
    }
    const term stop = receive_if([](term_view m) { return m.is_tagged("stop"_a, 2); });
    send(*stop.tuple()[1].as<pid>(), term("stopped"_a));
}

void stop() {
    const reference watch = monitor("soak_boss"_a);
    send("soak_boss"_a, tuple("stop"_a, self()));
    const term down = receive_if([&](term_view m) { return is_down(watch, m); });
    if (!down.tuple()[4].is_atom("normal"_a)) exit(term::copy(down.tuple()[4]));
}
}  // namespace

void export_soak_load(system& s, node& self) {
    const atom module = "soak_load"_a;
    const auto a = std::make_shared<account>();
    auto& e = self.exports();
    e.add(module, "open"_a, [] { gen_server::start<echo_server>({.name = "soak_server"_a}).value(); });
    e.add(module, "idle"_a, [] { idle(); });
    e.add(module, "answer"_a,
          [&self](const pid& to, const reference& ref) { send(to, tuple(ref, self.name())); });
    e.add(module, "twice"_a, [](std::int64_t n) { return 2 * n; });
    e.add(module, "start"_a, [a](const std::vector<atom>& peers) {
        a->stopped = false;
        a->done = a->lost = a->wrong = 0;
        spawn([a, peers] { boss(a, peers); }, {.name = "soak_boss"_a});
    });
    e.add(module, "halt_work"_a, [a] { a->stopped = true; });
    e.add(module, "stop"_a, [] { stop(); });
    e.add(module, "reach"_a, [&self](atom peer) { return self.ping(peer); });
    e.add(module, "counts"_a, [a] { return tuple(a->done.load(), a->lost.load(), a->wrong.load()); });
    e.add(module, "disconnect"_a, [&self](atom peer) { return self.disconnect(peer); });
    e.add(module, "census"_a, [&s] { return statistics_of(s).processes; });
}

}  // namespace rakka::interop
