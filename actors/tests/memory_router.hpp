// Two systems joined by a router that hands every signal to the other one, in order, from a queue of its own.
#pragma once

#include "actors_support.hpp"

#include <rakka/etf/local_origin.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace rakka::testing {

/// Where a router puts what is for the other system.
class outbox {
public:
    using action = std::function<void(rakka::system&)>;
    virtual ~outbox() = default;
    virtual void post(action a) = 0;
};

/// One direction of a connection. A thread of its own delivers, so that order and asynchrony are those of a
/// socket.
class wire final : public outbox {
public:
    explicit wire(rakka::system& to) : to_(to), thread_([this] { serve(); }) {}
    ~wire() override { stop(); }
    /// Delivers what is queued and then nothing more. Call it while the routers live: a delivery may need one
    /// to answer.
    void stop() {
        if (!thread_.joinable()) return;
        post({});
        thread_.join();
    }
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;

    void post(action a) override {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(a));
        changed_.notify_one();
    }

private:
    void serve() {
        for (;;) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return !queue_.empty(); });
            const action a = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            if (!a) return;
            a(to_);
        }
    }

    rakka::system& to_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<action> queue_;  // guarded by mutex_
    std::thread thread_;
};

/// Counts what passes; can be told to call the connection busy.
class memory_router final : public remote_router {
public:
    explicit memory_router(outbox& out) : out_(out) {}

    std::atomic<bool> busy{false};
    std::atomic<std::uint64_t> connection{1};  ///< its number
    std::atomic<int> unlink_acks{0};
    std::atomic<int> spawn_requests{0};
    std::atomic<int> demonitors{0};
    trace_token spawn_token;  ///< of the last traced request; of who made it
    /// What the other system does about a request for a process, options included; without it requests are
    /// counted and never answered. Set before the first.
    std::function<void(rakka::system&, const reference&, const pid&, const term&)> serve_spawn;

    outcome send(const pid&, const pid& to, term m, send_flags flags) override {
        if (busy && flags.nosuspend) return outcome::no_connection;
        return put([=](rakka::system& s) { s.deliver_message(to, m); }, busy);
    }
    outcome send(const pid&, const registered_name& to, term m, send_flags) override {
        return put([=](rakka::system& s) { s.deliver_to_name(to.name, m); });
    }
    outcome send_alias(const pid&, const reference& to, term m, send_flags flags) override {
        return put([=](rakka::system& s) { s.deliver_alias(to, m, flags.priority); });
    }
    outcome send_traced(const pid&, const destination& to, term m, send_flags flags,
                        const trace_token& token) override {
        if (busy && flags.nosuspend) return outcome::no_connection;
        return put([=](rakka::system& s) { s.deliver_traced(to, m, token, flags.priority); }, busy);
    }
    outcome exit_link(const pid& from, const pid& to, term why) override {
        return put([=](rakka::system& s) { s.deliver_exit(from, to, why); });
    }
    outcome exit_link_traced(const pid& from, const pid& to, term why, const trace_token& token) override {
        return put([=](rakka::system& s) { s.deliver_exit(from, to, why, &token); });
    }
    outcome exit2(const pid& from, const pid& to, term why) override {
        return put([=](rakka::system& s) { s.deliver_exit2(from, to, why); });
    }
    outcome exit_alias(const pid& from, const reference& to, term why, bool priority) override {
        return put([=](rakka::system& s) { s.deliver_exit2(from, to, why, priority); });
    }
    placed link(const pid& from, const pid& to) override {
        return place([=](rakka::system& s) { s.deliver_link(from, to); });
    }
    outcome unlink(const pid& from, const pid& to, std::uint64_t id) override {
        return put([=](rakka::system& s) { s.deliver_unlink(from, to, id); });
    }
    outcome unlink_ack(const pid& from, const pid& to, std::uint64_t id) override {
        ++unlink_acks;
        return put([=](rakka::system& s) { s.deliver_unlink_ack(from, to, id); });
    }
    placed monitor(const pid& watcher, const monitor_target& target, const reference& ref) override {
        return place([=](rakka::system& s) { s.deliver_monitor(watcher, target, ref); });
    }
    outcome demonitor(const pid& watcher, const monitor_target& target, const reference& ref) override {
        ++demonitors;
        return put([=](rakka::system& s) { s.deliver_demonitor(watcher, target, ref); });
    }
    outcome down(const pid&, const monitor_target&, const pid& watcher, const reference& ref,
                 term why) override {
        return put([=](rakka::system& s) { s.deliver_down(ref, watcher, why); });
    }
    outcome group_leader(const pid&, const pid& leader, const pid& member) override {
        return put([=](rakka::system& s) { s.deliver_group_leader(leader, member); });
    }
    placed spawn_request(const reference& ref, const pid& from, const pid&, atom, atom, atom, term,
                         term options, const trace_token* token) override {
        ++spawn_requests;
        if (token != nullptr) spawn_token = *token;
        if (!serve_spawn) return {outcome::ok, connection};
        return place([=, this](rakka::system& s) { serve_spawn(s, ref, from, options); });
    }
    outcome spawn_reply(const reference& ref, const pid& to, std::uint32_t flags, term answer) override {
        return put([=](rakka::system& s) { s.deliver_spawn_reply(ref, to, flags, answer); });
    }

private:
    placed place(outbox::action a) { return {put(std::move(a)), connection}; }
    outcome put(outbox::action a, bool suspend = false) {
        out_.post(std::move(a));
        return suspend ? outcome::suspend : outcome::ok;
    }
    outbox& out_;
};

/// Two systems, `here` and `there`, with node names, joined both ways.
class joined_systems : public ::testing::TestWithParam<mode> {
protected:
    joined_systems() : here(GetParam().options), there({.workers = 1}) {
        etf::local_origin::set_identity(here.origin(), {"here@test"_a, 1});
        etf::local_origin::set_identity(there.origin(), {"there@test"_a, 1});
        here.set_router(&from_here);
        there.set_router(&from_there);
    }
    ~joined_systems() override {
        here.stop();
        there.stop();
        to_there.stop();
        to_here.stop();
    }

    rakka::system here;
    rakka::system there;
    wire to_there{there};
    wire to_here{here};
    memory_router from_here{to_there};
    memory_router from_there{to_here};
};

}  // namespace rakka::testing
