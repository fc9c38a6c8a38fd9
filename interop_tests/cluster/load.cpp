#include "load.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

std::string text(atom a) {
    return std::string(a.text());
}
atom role(const char* what, atom peer) {
    return atom(what + (" " + text(peer)));
}

/// Answers `{report, From}` with `{Name, answer()}`, if `m` is that.
template <class F>
bool reported(const term& m, atom name, F&& answer) {
    if (!m.is_tagged("report"_a, 2)) return false;
    send(*m.tuple()[1].as<pid>(), term(tuple(name, answer())));
    return true;
}

// ---- account of what comes in

void audit() {
    using key = std::tuple<atom, std::int64_t, std::int64_t>;
    struct account {
        std::int64_t last = 0, gaps = 0, repeats = 0;
    };
    std::map<std::tuple<std::string, std::int64_t, std::int64_t>, std::pair<key, account>> seen;
    for (;;) {
        const term m = receive();
        if (m.is_tagged("n"_a, 6)) {
            const key k{*m.tuple()[1].as<atom>(), *m.tuple()[2].as<std::int64_t>(),
                        *m.tuple()[3].as<std::int64_t>()};
            const auto number = *m.tuple()[4].as<std::int64_t>();
            auto& entry = seen[{text(std::get<0>(k)), std::get<1>(k), std::get<2>(k)}];
            entry.first = k;
            account& a = entry.second;
            if (number > a.last + 1) ++a.gaps;
            if (number <= a.last) ++a.repeats;
            a.last = std::max(a.last, number);
        } else if (m.is_tagged("hello"_a, 3)) {
            send(*m.tuple()[1].as<pid>(), term(tuple("welcome"_a, term::copy(m.tuple()[2]))));
        } else {
            reported(m, "audit"_a, [&] {
                std::vector<term> all;
                for (const auto& [_, entry] : seen) {
                    const auto& [node, incarnation, epoch] = entry.first;
                    const account& a = entry.second;
                    all.emplace_back(tuple(node, incarnation, epoch, a.last, a.gaps, a.repeats));
                }
                return to_term(all);
            });
        }
    }
}

// ---- numbered messages

/// An epoch begins with a connection that both have seen, and ends with the 'DOWN' message.
class sender {
public:
    sender(atom own, atom peer, std::int64_t incarnation)
        : own_(own), peer_(peer), incarnation_(incarnation), name_(role("sender", peer)) {}

    void run() {
        for (;; ++epoch_) {
            watch_ = monitor(registered_name{"audit"_a, peer_});
            send(registered_name{"audit"_a, peer_}, term(tuple("hello"_a, self(), epoch_)));
            if (is_welcome()) {
                send_until_down();
                done_.push_back(account("ended"_a));
            } else {
                static_cast<void>(receive_if([](term_view) { return false; }, 200ms));
            }
        }
    }

private:
    term account(atom state) const { return term(tuple(peer_, incarnation_, epoch_, sent_, state)); }
    term all(bool is_alive) const {
        std::vector<term> accounts = done_;
        if (is_alive) accounts.push_back(account("alive"_a));
        return to_term(accounts);
    }

    /// False: 'DOWN'.
    bool is_welcome() {
        for (;;) {
            const term m = receive();
            if (is_down(watch_, m)) return false;
            if (m.is_tagged("welcome"_a, 2) && m.tuple()[1].as<std::int64_t>() == epoch_) return true;
            reported(m, name_, [&] { return all(false); });
        }
    }

    void send_until_down() {
        for (sent_ = 0;;) {
            const auto m = receive_if([](term_view) { return true; }, stopped_ ? 10s : 5ms);
            if (!m) {
                for (int i = 0; i < 20 && !stopped_; ++i)
                    send_one();
                continue;
            }
            if (is_down(watch_, *m)) return;
            if (m->is_atom("stop"_a)) stopped_ = true;
            reported(*m, name_, [&] { return all(true); });
        }
    }

    void send_one() {
        ++sent_;
        term payload =
            sent_ % 500 == 0 ? term(std::string(160'000, 'x')) : term(tuple(sent_, "some"_a, "text"));
        send(registered_name{"audit"_a, peer_},
             term(tuple("n"_a, own_, incarnation_, epoch_, sent_, std::move(payload))));
    }

    atom own_;
    atom peer_;
    std::int64_t incarnation_;
    atom name_;
    std::int64_t epoch_ = 1;
    std::int64_t sent_ = 0;
    bool stopped_ = false;
    reference watch_;
    std::vector<term> done_;
};

// ---- links, monitors and calls

/// A process over there, linked, monitored and called: all three end together, each once.
class watcher {
public:
    explicit watcher(atom peer) : peer_(peer), name_(role("watcher", peer)) {}

    void run() {
        trap_exit(true);
        for (;;) {
            watched_ = spawn(peer_, "cluster_load"_a, "idle"_a, list());
            link(watched_);
            monitor_ = monitor(watched_);
            const auto [_, caller] = spawn_monitor([to = watched_] {
                gen::call(destination(to), "$gen_call"_a, term("never"_a), std::nullopt).value();
            });
            caller_ = caller;
            if (ends() == std::tuple(1, 1, 1)) {
                ++good_;
            } else {
                bad_.emplace_back(tuple(exits_, downs_, answers_));
            }
            static_cast<void>(receive_if([](term_view) { return false; }, 200ms));
        }
    }

private:
    /// How often the link, the monitor and the call have ended, once nothing more comes.
    std::tuple<int, int, int> ends() {
        exits_ = downs_ = answers_ = 0;
        using clock = std::chrono::steady_clock;
        auto deadline = clock::now() + 24h;
        for (;;) {
            const int before = exits_ + downs_ + answers_;
            const auto m = receive_if([](term_view) { return true; },
                                      std::max<std::chrono::nanoseconds>(0ns, deadline - clock::now()));
            if (!m) return {exits_, downs_, answers_};
            if (m->is_tagged("EXIT"_a, 3) && m->tuple()[1].as<pid>() == watched_) ++exits_;
            if (is_down(monitor_, *m)) ++downs_;
            if (is_down(caller_, *m)) ++answers_;
            if (exits_ + downs_ + answers_ != before) {
                const bool complete = exits_ > 0 && downs_ > 0 && answers_ > 0;
                deadline = clock::now() + (complete ? 300ms : 15'000ms);
            }
            reported(*m, name_, [&] {
                return tuple(peer_, good_, to_term(bad_), tuple(watched_, tuple(exits_, downs_, answers_)));
            });
        }
    }

    atom peer_;
    atom name_;
    pid watched_;
    reference monitor_, caller_;
    int exits_ = 0, downs_ = 0, answers_ = 0;
    std::int64_t good_ = 0;
    std::vector<term> bad_;
};

// ---- what the test asks for

term ask(atom name) {
    send(name, term(tuple("report"_a, self())));
    const auto answer = receive_if([&](term_view m) { return m.is_tagged(name, 2); });
    return term::copy(answer.tuple()[1]);
}

void idle() {
    static_cast<void>(receive_if([](term_view) { return false; }));
}

void start(atom own, const std::vector<atom>& peers) {
    const auto incarnation = std::chrono::system_clock::now().time_since_epoch().count();
    spawn(audit, {.name = "audit"_a});
    for (const atom p : peers) {
        spawn([=] { sender(own, p, incarnation).run(); }, {.name = role("sender", p)});
        spawn([=] { watcher(p).run(); }, {.name = role("watcher", p)});
    }
    spawn([own] {
        if (!global::register_name(term(tuple("member"_a, own)), self())) exit(term("name_taken"_a));
        idle();
    });
}

std::vector<term> members(atom own) {
    std::vector<term> all;
    for (const term& name : global::registered_names()) {
        if (!name.is_tagged("member"_a, 2)) continue;
        if (const auto who = global::whereis_name(name))
            all.emplace_back(tuple(term::copy(name.tuple()[1]), who->is_local() ? own : who->node));
    }
    return all;
}

term report(const std::vector<atom>& peers) {
    std::vector<term> sent, watched;
    for (const atom p : peers) {
        const term one = ask(role("sender", p));
        for (const term_view account : one.list())
            sent.push_back(term::copy(account));
        watched.push_back(ask(role("watcher", p)));
    }
    return tuple(ask("audit"_a), to_term(sent), to_term(watched));
}
}  // namespace

void export_cluster_load(node& self) {
    const atom module = "cluster_load"_a;
    const atom own = self.name();
    const auto peers = std::make_shared<std::vector<atom>>();
    self.exports().add(module, "idle"_a, [] { idle(); });
    self.exports().add(module, "start"_a, [own, peers](const std::vector<atom>& others) {
        *peers = others;
        start(own, others);
    });
    self.exports().add(module, "stop"_a, [peers] {
        for (const atom p : *peers)
            send(role("sender", p), term("stop"_a));
    });
    self.exports().add(module, "report"_a, [peers] { return report(*peers); });
    self.exports().add(module, "members"_a, [own] { return to_term(members(own)); });
    self.exports().add(module, "nodes"_a, [&self] { return to_term(self.nodes(node_type::visible)); });
}

}  // namespace rakka::interop
