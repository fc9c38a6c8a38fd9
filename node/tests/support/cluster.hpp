// Several nodes in one program, each on a system of its own, with a private epmd between them.
#pragma once

#include <rakka/actors.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/node.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace rakka::testing {

/// Collects what a node logs, and waits for it. RAKKA_TEST_LOG in the environment shows it as well.
class log_record {
public:
    [[nodiscard]] node_log sink() {
        return [this](const node_log_event& e) {
            const std::lock_guard lock(mutex_);
            if (std::getenv("RAKKA_TEST_LOG") != nullptr) std::cerr << e.node << ": " << e.text << '\n';
            events_.push_back(e);
            arrived_.notify_all();
        };
    }
    /// The first event whose text contains `part`, waiting up to 20 s; fails the test without one.
    node_log_event wait_for(const std::string& part) {
        std::unique_lock lock(mutex_);
        const node_log_event* found = nullptr;
        arrived_.wait_for(lock, std::chrono::seconds(20), [&] {
            for (const node_log_event& e : events_)
                if (e.text.find(part) != std::string::npos) found = &e;
            return found != nullptr;
        });
        if (found != nullptr) return *found;
        std::string all;
        for (const node_log_event& e : events_)
            all += "\n  " + e.text;
        ADD_FAILURE() << "nothing was logged with: " << part << "\nonly:" << all;
        return {};
    }
    /// Waits up to 20 s for `count` events whose text contains `part`; the last of them, or a failed test.
    node_log_event wait_for(const std::string& part, std::size_t count) {
        std::unique_lock lock(mutex_);
        const node_log_event* last = nullptr;
        const auto enough = [&] {
            std::size_t seen = 0;
            for (const node_log_event& e : events_) {
                if (e.text.find(part) == std::string::npos) continue;
                ++seen;
                last = &e;
            }
            return seen >= count;
        };
        if (arrived_.wait_for(lock, std::chrono::seconds(20), enough)) return *last;
        ADD_FAILURE() << "not logged " << count << " times: " << part;
        return {};
    }
    [[nodiscard]] std::vector<node_log_event> events() const {
        const std::lock_guard lock(mutex_);
        return events_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<node_log_event> events_;
};

/// One system with its node.
struct member {
    explicit member(unsigned workers) : sys(system_options{.workers = workers}) {}
    ~member() {
        if (self) self->stop();
        sys.stop();
    }
    [[nodiscard]] node& operator*() { return *self; }
    [[nodiscard]] node* operator->() { return &*self; }
    [[nodiscard]] atom name() const { return self->name(); }

    log_record log;
    system sys;
    std::optional<node> self;
};

/// An epmd on a port that the system gives to nobody who asks for any (Linux: from 32768 on), so that nobody
/// else is found there when a test stops it. Tests that run beside this one look elsewhere first.
inline epmd_server start_epmd(system& s) {
    constexpr int first = 20'000, count = 12'000;
    epmd_server_options o;
    o.addresses = {"127.0.0.1"};
    for (int i = 0; i < count; ++i) {
        o.port = static_cast<std::uint16_t>(first + (::getpid() * 4 + i) % count);
        if (auto started = epmd_server::start(s, o)) return std::move(*started);
    }
    throw std::runtime_error("no free port for an epmd");
}

class cluster : public ::testing::Test {
protected:
    cluster() { epmd_.emplace(start_epmd(epmd_system_)); }
    ~cluster() override {
        members_.clear();
        epmd_.reset();
        epmd_system_.stop();
    }

    [[nodiscard]] node_options options(const std::string& alive) const {
        node_options o;
        o.name = alive + "@127.0.0.1";
        o.cookie = *cookie::from_text("cluster");
        o.listen_address = "127.0.0.1";
        o.epmd = epmd_mode::running;
        o.epmd_port = epmd_->port();
        return o;
    }

    member& start(node_options o, unsigned workers = 2) {
        members_.push_back(std::make_unique<member>(workers));
        member& m = *members_.back();
        o.log = m.log.sink();
        auto started = node::start(m.sys, std::move(o));
        EXPECT_TRUE(started) << started.error().message;
        if (!started) throw std::runtime_error(started.error().message);
        m.self.emplace(std::move(*started));
        return m;
    }
    member& start(const std::string& alive) { return start(options(alive)); }

    /// Ends the node and its system.
    void remove(member& m) {
        members_.remove_if([&](const auto& p) { return p.get() == &m; });
    }

    /// Waits until `done` holds, looking again and again; fails after 20 s.
    template <class F>
    static void eventually(const char* what, F done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) FAIL() << "never: " << what;
            std::this_thread::yield();
        }
    }

    std::optional<epmd_server> epmd_;

private:
    system epmd_system_{system_options{.workers = 1}};
    std::list<std::unique_ptr<member>> members_;
};

/// A process that sends back `{Self, Message}` for each `{From, Message}`, registered under `name`.
inline pid start_echo(member& m, atom name) {
    spawn_options o;
    o.name = name;
    return m.sys.spawn(
        [] {
            while (true) {
                const term message = receive();
                if (message.is_atom("stop"_a)) return;
                if (message.is_tagged("exit"_a, 2)) exit(message.share(message.tuple()[1]));
                const auto from = message.tuple()[0].as<pid>();
                send(*from, term(tuple(self(), message.share(message.tuple()[1]))));
            }
        },
        o);
}

inline std::optional<term> receive_soon() {
    return receive_if([](term_view) { return true; }, std::chrono::seconds(20));
}

}  // namespace rakka::testing
