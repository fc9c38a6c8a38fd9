// A cluster of three BEAMs, of OTP 25, 27 and 29, and two C++ nodes under load, of which some are killed,
// frozen or cut off. Afterwards the account must be right: nothing lost while a connection lived, nothing
// twice, all in order; every link, monitor and call over a lost connection ended, once; all nodes together
// again, with the same names.
#include "between.hpp"
#include "support/child_process.hpp"
#include "support/otp_test.hpp"

#include <rakka/rakka.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

constexpr auto ticktime = 4s;
const char* const secret = "cluster_under_fire";

/// One node, in a process of its own.
class member {
public:
    member(std::string alive, otp_release release, between& net)
        : alive_(std::move(alive)), release_(release), net_(net) {}

    [[nodiscard]] const std::string& alive() const noexcept { return alive_; }
    [[nodiscard]] atom node() const { return atom(alive_ + "@127.0.0.1"); }
    [[nodiscard]] bool is_beam() const noexcept { return release_ != 0; }

    void start() {
        if (is_beam()) {
            beam_options o;
            o.release = release_;
            o.name = std::string(node().text());
            o.cookie = secret;
            o.epmd_port = net_.epmd_port(alive_);
            o.flags = {"-kernel", "net_ticktime", std::to_string(ticktime.count())};
            beam_ = std::make_unique<beam_node>(o);
            beam_->load_module(RAKKA_CLUSTER_DIR "/cluster_load.erl");
        } else {
            program_ = std::make_unique<child_process>(
                std::vector<std::string>{RAKKA_CLUSTER_MEMBER, std::string(node().text()),
                                         std::to_string(net_.epmd_port(alive_)), secret,
                                         std::to_string(std::chrono::milliseconds(ticktime).count())},
                std::vector<std::pair<std::string, std::string>>{});
            if (!program_->wait_for_output("ready", 20s)) throw std::runtime_error(program_->output());
        }
        net_.has_started(alive_);
    }
    void kill() {
        if (beam_) beam_->kill();
        if (program_) program_->kill();
        beam_.reset();
        program_.reset();
    }
    void freeze() { is_beam() ? beam_->freeze() : program_->signal(SIGSTOP); }
    void thaw() { is_beam() ? beam_->thaw() : program_->signal(SIGCONT); }
    [[nodiscard]] std::string output() const {
        return beam_ ? beam_->output() : program_ ? program_->output() : "";
    }

private:
    std::string alive_;
    otp_release release_;
    between& net_;
    std::unique_ptr<beam_node> beam_;
    std::unique_ptr<child_process> program_;
};

/// What a member says of itself.
struct report {
    using epoch = std::tuple<std::string, std::int64_t, std::int64_t>;  // whose, incarnation, number
    struct received {
        std::int64_t last, gaps, repeats;
    };
    struct sent {
        std::string to;
        std::int64_t incarnation, number, count;
        bool alive;
    };
    struct watched {
        std::int64_t good;
        std::string bad;
        std::string now;
    };
    std::map<epoch, received> audit;
    std::vector<sent> sends;
    std::map<std::string, watched> watches;
};

std::string text(term_view a) {
    return std::string(a.atom_text());
}
std::int64_t number(term_view v) {
    return v.as<std::int64_t>().value();
}

report read_report(const term& t) {
    report r;
    for (const term_view a : t.tuple()[0].list()) {
        const auto e = a.tuple();
        r.audit[{text(e[0]), number(e[1]), number(e[2])}] = {number(e[3]), number(e[4]), number(e[5])};
    }
    for (const term_view a : t.tuple()[1].list()) {
        const auto e = a.tuple();
        r.sends.push_back({text(e[0]), number(e[1]), number(e[2]), number(e[3]), text(e[4]) == "alive"});
    }
    for (const term_view a : t.tuple()[2].list()) {
        const auto e = a.tuple();
        r.watches[text(e[0])] = {number(e[1]), term::copy(e[2]).to_string(), term::copy(e[3]).to_string()};
    }
    return r;
}

class cluster_under_fire : public ::testing::Test {
protected:
    void SetUp() override {
        for (const otp_release r : all_otp_releases()) {
            if (!otp_program(r, "erl").empty()) continue;
            const auto message = "OTP " + std::to_string(r) + " is not available (scripts/otp install " +
                                 std::to_string(r) + ")";
            if (otp_is_required()) GTEST_FAIL() << message;
            GTEST_SKIP() << "SKIPPED: " << message;
        }
        start_control();
        for (member& m : members_)
            m.start();
        for (member& m : members_)
            begin_load(m);
        settle("start");
    }
    void TearDown() override {
        if (!HasFailure()) return;
        for (const member& m : members_)
            std::cerr << "---- " << m.alive() << " said:\n" << m.output() << '\n';
    }

    /// A node that belongs to nobody and reaches all members directly.
    void start_control() {
        node_options o;
        o.name = "control@127.0.0.1";
        o.cookie = cookie::from_text(secret).value();
        o.visibility = node_visibility::hidden;
        o.listen = node_listen::no;
        o.epmd = epmd_mode::none;
        o.net_ticktime = ticktime;
        o.dial_backoff = 0ms;
        o.peer_port = [this](const std::string& name) {
            return std::optional(net_.port(name.substr(0, name.find('@'))));
        };
        o.log = [](const node_log_event&) {};
        control_.emplace(node::start(system_, std::move(o)).value());
    }

    /// Tries again and again: connections to a member that was frozen go down once more.
    term ask(const member& m, const char* function, const term& arguments = list()) {
        std::string why;
        for (int i = 0; i < 20; ++i) {
            auto answer = system_.run(
                [&] { return erpc::call(m.node(), "cluster_load"_a, atom(function), arguments, 5000ms); });
            if (answer) return std::move(*answer);
            why = answer.error().to_term().to_string();
            std::this_thread::sleep_for(200ms);
        }
        throw std::runtime_error(m.alive() + " does not answer " + function + ": " + why);
    }

    void begin_load(const member& m) {
        std::vector<atom> others;
        for (const member& other : members_)
            if (&other != &m) others.push_back(other.node());
        ask(m, "start", list(to_term(others)));
    }

    static bool soon(std::chrono::seconds patience, const std::function<bool()>& is_so) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!is_so()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(100ms);
        }
        return true;
    }

    /// All nodes together, all names everywhere, all senders at work.
    void settle(const std::string& after) {
        std::string state;
        const auto begin = std::chrono::steady_clock::now();
        const bool settled = soon(90s, [&] {
            state.clear();
            for (const member& m : members_) {
                const std::string own = describe(m);
                if (!own.empty()) state += "\n  " + m.alive() + own;
            }
            return state.empty();
        });
        ASSERT_TRUE(settled) << "after " << after << state;
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::cout << "after " << after << ": together again in " << took.count() << " s\n";
    }

    /// What is not yet as it should be; empty when all is.
    std::string describe(const member& m) {
        std::string out;
        const term nodes = ask(m, "nodes");
        std::set<std::string> seen;
        for (const term_view n : nodes.list())
            seen.insert(text(n));
        std::set<std::string> all;
        for (const member& other : members_)
            if (&other != &m) all.insert(std::string(other.node().text()));
        if (seen != all) out += " has nodes " + nodes.to_string();
        all.insert(std::string(m.node().text()));
        std::set<std::string> names;
        const term members = ask(m, "members");
        for (const term_view pair : members.list())
            if (text(pair.tuple()[0]) == text(pair.tuple()[1])) names.insert(text(pair.tuple()[0]));
        if (names != all) out += " has names " + members.to_string();
        std::set<std::string> alive;
        for (const auto& s : read_report(ask(m, "report")).sends)
            if (s.alive) alive.insert(s.to);
        if (alive.size() + 1 != members_.size()) out += " sends to " + std::to_string(alive.size());
        return out;
    }

    std::map<std::string, report> reports() {
        std::map<std::string, report> all;
        for (const member& m : members_)
            all[std::string(m.node().text())] = read_report(ask(m, "report"));
        return all;
    }

    /// How many processes on `there` its watchers on the other members have seen end.
    std::map<std::string, std::int64_t> ends_seen(const member& there) {
        std::map<std::string, std::int64_t> all;
        for (const auto& [name, r] : reports())
            if (const auto w = r.watches.find(std::string(there.node().text())); w != r.watches.end())
                all[name] = w->second.good;
        return all;
    }

    /// Every other member must notice that `m` was lost.
    void expect_noticed(const member& m, const std::map<std::string, std::int64_t>& before) {
        std::string missing;
        EXPECT_TRUE(soon(60s,
                         [&] {
                             missing.clear();
                             for (const auto& [name, r] : reports()) {
                                 const auto w = r.watches.find(std::string(m.node().text()));
                                 if (w == r.watches.end() || w->second.good > before.at(name)) continue;
                                 missing += "\n  " + name + " has seen the end of " +
                                            std::to_string(w->second.good) +
                                            " processes, bad: " + w->second.bad + ", now: " + w->second.now;
                             }
                             return missing.empty();
                         }))
            << m.alive() << missing;
    }

    void load_for(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

    void set_between(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other, way w) {
        for (const std::size_t a : one)
            for (const std::size_t b : other)
                net_.set(members_[a].alive(), members_[b].alive(), w);
    }

    void kill_and_restart(member& m) {
        const auto before = ends_seen(m);
        m.kill();
        load_for(1s);
        m.start();
        begin_load(m);
        settle("the death of " + m.alive());
        expect_noticed(m, before);
    }
    void freeze_and_thaw(member& m) {
        const auto before = ends_seen(m);
        m.freeze();
        load_for(ticktime * 2);
        m.thaw();
        settle("the sleep of " + m.alive());
        expect_noticed(m, before);
    }
    void part(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other, way w) {
        const auto before = ends_seen(members_[other.front()]);
        set_between(one, other, w);
        load_for(w == way::cut ? 3s : ticktime * 2);
        set_between(one, other, way::open);
        settle(w == way::cut ? "a cut" : "a silence");
        const auto after = ends_seen(members_[other.front()]);
        for (const std::size_t a : one) {
            const std::string name(members_[a].node().text());
            EXPECT_GT(after.at(name), before.at(name)) << name;
        }
    }

    void expect_account_is_right();

    between net_{{"b25", "b27", "b29", "r1", "r2"}};
    std::vector<member> members_ = [this] {
        std::vector<member> all;
        all.reserve(5);
        for (const otp_release r : all_otp_releases())
            all.emplace_back("b" + std::to_string(r), r, net_);
        all.emplace_back("r1", 0, net_);
        all.emplace_back("r2", 0, net_);
        return all;
    }();
    rakka::system system_{{.workers = 1}};
    std::optional<rakka::node> control_;
};

void cluster_under_fire::expect_account_is_right() {
    for (const member& m : members_)
        ask(m, "stop");
    std::map<std::string, report> all;
    // What was sent on connections that live still arrives.
    const auto outstanding = [&] {
        std::string out;
        for (const auto& [from, r] : all) {
            for (const report::sent& s : r.sends) {
                if (!s.alive) continue;
                const auto& audit = all.at(s.to).audit;
                const auto got = audit.find({from, s.incarnation, s.number});
                const std::int64_t last = got == audit.end() ? 0 : got->second.last;
                if (last != s.count)
                    out += "\n  " + from + " sent " + s.to + " " + std::to_string(s.count) +
                           ", there arrived " + std::to_string(last);
            }
        }
        return out;
    };
    EXPECT_TRUE(soon(30s, [&] {
        all = reports();
        return outstanding().empty();
    })) << outstanding();
    std::int64_t messages = 0, ends = 0;
    for (const auto& [name, r] : all) {
        for (const auto& [epoch, got] : r.audit) {
            messages += got.last;
            EXPECT_EQ(got.repeats, 0) << name << " from " << std::get<0>(epoch);
        }
        for (const report::sent& s : r.sends) {
            const auto& audit = all.at(s.to).audit;
            const auto got = audit.find({name, s.incarnation, s.number});
            if (s.alive && got != audit.end()) {
                EXPECT_EQ(got->second.gaps, 0) << name << " to " << s.to;
            }
        }
        for (const auto& [whom, w] : r.watches) {
            ends += w.good;
            EXPECT_EQ(w.bad, "[]") << name << " watching " << whom << ": {exits, downs, answers}";
        }
    }
    std::cout << messages << " messages, " << ends << " ends of a link, a monitor and a call each\n";
    EXPECT_GT(messages, 10'000);
}

TEST_F(cluster_under_fire, keeps_every_promise) {
    load_for(2s);
    kill_and_restart(members_[1]);
    kill_and_restart(members_[3]);
    freeze_and_thaw(members_[2]);
    freeze_and_thaw(members_[4]);
    part({0, 3}, {1, 2, 4}, way::cut);
    part({2, 4}, {0, 1, 3}, way::held);
    part({3}, {4}, way::cut);
    load_for(1s);
    expect_account_is_right();
}

}  // namespace
}  // namespace rakka::interop
