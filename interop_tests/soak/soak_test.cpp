// Ten minutes of everything at once: three BEAMs, of OTP 25, 27 and 29, and two C++ nodes call, send binaries
// to, link, spawn on and register names with each other, while connections are cut and other nodes come and
// go. All answers must be right, and what a C++ node holds must be the same in the end as in the beginning:
// memory, file descriptors, threads, processes.
//
// As a test it runs for RAKKA_SOAK_SECONDS, by default 20:
//     RAKKA_SOAK_SECONDS=600 build/dev/interop_tests/rakka_interop_soak
#include "support/child_process.hpp"
#include "support/otp_test.hpp"

#include <rakka/rakka.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

const char* const secret = "soak";

std::chrono::seconds soak_time() {
    const char* asked = std::getenv("RAKKA_SOAK_SECONDS");
    return std::chrono::seconds(asked == nullptr ? 20 : std::max(10, std::atoi(asked)));
}

/// What a C++ node holds.
struct holdings {
    long kilobytes = 0, descriptors = 0, threads = 0;
    std::int64_t processes = 0;
};

/// One node, in a process of its own.
class member {
public:
    member(std::string alive, otp_release release, private_epmd& epmd)
        : node_(alive + "@127.0.0.1"), release_(release) {
        if (is_beam()) {
            beam_options o;
            o.release = release_;
            o.name = std::string(node_.text());
            o.cookie = secret;
            o.epmd_port = epmd.port();
            beam_ = std::make_unique<beam_node>(o);
            beam_->load_module(RAKKA_SOAK_DIR "/soak_load.erl");
        } else {
            program_ = std::make_unique<child_process>(
                std::vector<std::string>{RAKKA_SOAK_MEMBER, std::string(node_.text()),
                                         std::to_string(epmd.port()), secret},
                std::vector<std::pair<std::string, std::string>>{});
            if (!program_->wait_for_output("ready", 20s)) throw std::runtime_error(program_->output());
        }
    }

    [[nodiscard]] atom node() const { return node_; }
    [[nodiscard]] bool is_beam() const noexcept { return release_ != 0; }
    [[nodiscard]] std::string output() const { return beam_ ? beam_->output() : program_->output(); }

    /// Of a C++ node; without its processes, which only itself knows.
    [[nodiscard]] holdings held() const {
        const std::filesystem::path proc = "/proc/" + std::to_string(program_->pid());
        holdings h;
        std::ifstream status(proc / "status");
        for (std::string key; status >> key; status.ignore(1000, '\n')) {
            if (key == "VmRSS:") status >> h.kilobytes;
            if (key == "Threads:") status >> h.threads;
        }
        h.descriptors = std::distance(std::filesystem::directory_iterator(proc / "fd"), {});
        return h;
    }

private:
    atom node_;
    otp_release release_;
    std::unique_ptr<beam_node> beam_;
    std::unique_ptr<child_process> program_;
};

long median(std::vector<long> v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
}

class soak : public ::testing::Test {
protected:
    void SetUp() override {
        for (const otp_release r : all_otp_releases()) {
            if (!otp_program(r, "erl").empty()) continue;
            const auto message = "OTP " + std::to_string(r) + " is not available (scripts/otp install " +
                                 std::to_string(r) + ")";
            if (otp_is_required()) GTEST_FAIL() << message;
            GTEST_SKIP() << "SKIPPED: " << message;
        }
        epmd_.emplace(all_otp_releases().front());
        for (const otp_release r : all_otp_releases())
            members_.emplace_back("b" + std::to_string(r), r, *epmd_);
        members_.emplace_back("r1", 0, *epmd_);
        members_.emplace_back("r2", 0, *epmd_);
        control_.emplace(start_node("control"));
    }
    void TearDown() override {
        if (!HasFailure()) return;
        for (const member& m : members_)
            std::cerr << "---- " << m.node().text() << " said:\n" << m.output() << '\n';
    }

    /// A node in this program that reaches the members and is reached by none.
    rakka::node start_node(const std::string& alive) {
        node_options o;
        o.name = alive + "@127.0.0.1";
        o.cookie = cookie::from_text(secret).value();
        o.visibility = node_visibility::hidden;
        o.listen = node_listen::no;
        o.epmd = epmd_mode::running;
        o.epmd_port = epmd_->port();
        o.dial_backoff = 0ms;
        o.log = [](const node_log_event&) {};
        return node::start(system_, std::move(o)).value();
    }

    term ask(const member& m, const char* module, const char* function, const term& arguments = list()) {
        const auto answer =
            system_.run([&] { return erpc::call(m.node(), atom(module), atom(function), arguments, 120s); });
        if (answer) return *answer;
        throw std::runtime_error(std::string(m.node().text()) + " does not answer " + function + ": " +
                                 answer.error().to_term().to_string());
    }
    term ask(const member& m, const char* function, const term& arguments = list()) {
        return ask(m, "soak_load", function, arguments);
    }

    static bool soon(std::chrono::seconds patience, const std::function<bool()>& is_so) {
        const auto end = steady_clock::now() + patience;
        while (!is_so()) {
            if (steady_clock::now() > end) return false;
            std::this_thread::sleep_for(100ms);
        }
        return true;
    }

    std::vector<std::reference_wrapper<const member>> ours() const {
        std::vector<std::reference_wrapper<const member>> all;
        for (const member& m : members_)
            if (!m.is_beam()) all.emplace_back(m);
        return all;
    }

    void begin() {
        for (const member& m : members_) {
            std::vector<atom> peers;
            for (const member& other : members_)
                if (&other != &m) peers.push_back(other.node());
            ask(m, "start", list(to_term(peers)));
        }
    }
    /// Those that end last still serve the others.
    void end() {
        for (const member& m : members_)
            ask(m, "halt_work");
        for (const member& m : members_)
            ask(m, "stop");
    }

    /// Cuts one connection between two members.
    void cut() {
        const member& one = members_[random_() % members_.size()];
        const member& other = members_[random_() % members_.size()];
        if (&one != &other) ask(one, "disconnect", list(other.node()));
    }
    /// A node comes, calls everybody, and goes.
    void visit() {
        rakka::system own({.workers = 1});
        node_options o;
        o.name = "visitor" + std::to_string(random_() % 4) + "@127.0.0.1";
        o.cookie = cookie::from_text(secret).value();
        o.visibility = node_visibility::hidden;
        o.listen_address = "127.0.0.1";
        o.epmd = epmd_mode::running;
        o.epmd_port = epmd_->port();
        o.log = [](const node_log_event&) {};
        const auto visitor = node::start(own, std::move(o)).value();
        for (const member& m : members_) {
            const auto answer =
                own.run([&] { return erpc::call(m.node(), "soak_load"_a, "twice"_a, list(21), 60s); });
            if (!answer || answer->as<std::int64_t>() != 42)
                ADD_FAILURE() << "a visitor of " << m.node().text() << " got "
                              << (answer ? *answer : answer.error().to_term()).to_string();
        }
    }

    void load_for(std::chrono::seconds time, bool is_measured);
    std::vector<holdings> settled();

    std::optional<private_epmd> epmd_;
    std::vector<member> members_;
    rakka::system system_{{.workers = 1}};
    std::optional<rakka::node> control_;
    std::mt19937 random_{1};
    /// Of each C++ node, one for each second.
    std::vector<std::vector<holdings>> samples_ = std::vector<std::vector<holdings>>(2);
};

void soak::load_for(std::chrono::seconds time, bool is_measured) {
    begin();
    const auto start = steady_clock::now();
    for (auto second = 0s; second < time; ++second) {
        std::this_thread::sleep_until(start + second);
        if (second + 3s < time) {
            visit();
            if (second.count() % 2 == 0) cut();
        }
        if (!is_measured) continue;
        for (std::size_t i = 0; i < ours().size(); ++i)
            samples_[i].push_back(ours()[i].get().held());
        if (second.count() % 30 == 29)
            std::cout << second.count() + 1 << " s: " << samples_[0].back().kilobytes << " and "
                      << samples_[1].back().kilobytes << " KiB, " << samples_[0].back().descriptors << " and "
                      << samples_[1].back().descriptors << " descriptors" << std::endl;
    }
    end();
}

/// What the C++ nodes hold when nothing is to be done and all members are connected.
std::vector<holdings> soak::settled() {
    std::vector<holdings> all;
    for (const member& m : ours()) {
        for (const member& other : members_)
            if (&other != &m) ask(m, "reach", list(other.node()));
        holdings h;
        const auto look = [&] {
            holdings now = m.held();
            now.processes = ask(m, "census").as<std::int64_t>().value();
            const bool same = now.processes == h.processes && now.descriptors == h.descriptors;
            h = now;
            return same;
        };
        std::this_thread::sleep_for(2s);
        EXPECT_TRUE(soon(30s, look)) << m.node().text() << " does not come to rest";
        all.push_back(h);
    }
    return all;
}

TEST_F(soak, holds_in_the_end_what_it_held_in_the_beginning) {
    for (const member& m : members_)
        ask(m, "open");
    load_for(5s, false);
    const auto before = settled();
    load_for(soak_time(), true);
    const auto after = settled();

    std::int64_t done = 0, lost = 0;
    for (const member& m : members_) {
        const term counts = ask(m, "counts");
        const auto number = [&](std::size_t i) { return counts.tuple()[i].as<std::int64_t>().value(); };
        std::cout << m.node().text() << ": " << number(0) << " done, " << number(1)
                  << " lost with a connection, " << number(2) << " wrong\n";
        EXPECT_GT(number(0), 1000) << m.node().text();
        EXPECT_EQ(number(2), 0) << m.node().text();
        done += number(0);
        lost += number(1);
    }
    EXPECT_LT(lost, done / 10);

    for (std::size_t i = 0; i < before.size(); ++i) {
        const auto name = ours()[i].get().node().text();
        const auto quarter = [&](std::size_t q) {
            const std::size_t n = samples_[i].size() / 4;
            std::vector<long> all;
            for (std::size_t k = q * n; k < (q + 1) * n; ++k)
                all.push_back(samples_[i][k].kilobytes);
            return median(std::move(all));
        };
        std::cout << name << ": medians of the memory of four quarters, in KiB: " << quarter(0) << ", "
                  << quarter(1) << ", " << quarter(2) << ", " << quarter(3)
                  << "; before and after, descriptors " << before[i].descriptors << " and "
                  << after[i].descriptors << ", threads " << before[i].threads << " and " << after[i].threads
                  << ", processes " << before[i].processes << " and " << after[i].processes << '\n';
        // A few large binaries more or less under way; in the first minutes the heap still finds its size.
        const long spread = soak_time() < 2min ? 16'384 : 4096;
        EXPECT_LT(quarter(3), quarter(1) * 11 / 10 + spread) << name;
        EXPECT_EQ(after[i].descriptors, before[i].descriptors) << name;
        EXPECT_EQ(after[i].processes, before[i].processes) << name;
        EXPECT_LE(after[i].threads, before[i].threads + 1) << name;
    }
}

}  // namespace
}  // namespace rakka::interop
