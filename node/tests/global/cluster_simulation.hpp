// Name servers and lockers of several nodes on one thread: every message between two processes keeps its
// order, everything else happens in an order drawn from a seed.
#pragma once

#include "global/action_text.hpp"
#include "global/locker.hpp"
#include "global/name_exchange.hpp"
#include "global/name_server.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rakka::testing {

class global_simulation {
public:
    struct host {
        atom name;
        std::unique_ptr<global_fsm::name_server> server;
        std::unique_ptr<global_fsm::locker> lock;
        std::deque<global_fsm::locker_event> orders;  // of the server to the locker
        std::set<std::pair<std::string, std::uint32_t>> watched;
        std::map<atom, std::pair<term, global_fsm::name_exchange>, global_fsm::node_less> resolvers;
        // A set_lock under way.
        bool locking = false;
        global_fsm::lock_id id;
        std::vector<atom> asked;
        std::vector<std::pair<atom, bool>> answers;
        std::size_t outstanding = 0;
    };

    global_simulation(std::size_t nodes, unsigned seed, bool prevent_overlapping_partitions = true)
        : random_(seed) {
        for (std::size_t i = 0; i < nodes; ++i) {
            host h;
            h.name = atom(std::string(1, static_cast<char>('a' + i)) + "@h");
            global_fsm::name_server::settings s;
            s.self = h.name;
            s.locker = process(h.name, 2);
            s.incarnation = i + 1;
            s.prevent_overlapping_partitions = prevent_overlapping_partitions;
            h.server = std::make_unique<global_fsm::name_server>(s);
            h.lock = std::make_unique<global_fsm::locker>(h.name, s.locker);
            hosts_.push_back(std::move(h));
        }
    }

    static pid process(atom node, std::uint32_t number) { return {node, number, 1, 4}; }
    [[nodiscard]] host& at(std::size_t i) { return hosts_[i]; }
    [[nodiscard]] std::size_t size() const { return hosts_.size(); }
    [[nodiscard]] bool linked(std::size_t a, std::size_t b) const {
        return a == b || links_.contains(std::minmax(a, b));
    }
    [[nodiscard]] std::size_t pick(std::size_t n) { return random_() % n; }
    [[nodiscard]] std::size_t drops() const { return drops_; }
    /// How often a locker has given up asking.
    [[nodiscard]] std::size_t late() const { return late_; }

    void register_name(std::size_t i, const term& name, std::uint32_t number) {
        const pid who = process(hosts_[i].name, number);
        const term lock = tuple("global"_a, who);
        const term requests[]{tuple("set_lock"_a, lock), tuple("register"_a, name, who, "method"_a),
                              tuple("del_lock"_a, lock)};
        for (const term& request : requests)
            apply(i, hosts_[i].server->on_call({who, term(1)}, request));
    }
    void link(std::size_t a, std::size_t b) {
        if (a == b || !links_.insert(std::minmax(a, b)).second) return;
        tell(a, "linked with " + std::string(hosts_[b].name.text()));
        apply(a, hosts_[a].server->node_up(hosts_[b].name));
        apply(b, hosts_[b].server->node_up(hosts_[a].name));
    }
    void unlink(std::size_t a, std::size_t b) {
        if (a == b || links_.erase(std::minmax(a, b)) == 0) return;
        ++drops_;
        tell(a, "unlinked from " + std::string(hosts_[b].name.text()));
        for (auto [from, to] : {std::pair(a, b), std::pair(b, a)}) {
            for (const sender kind : {by_server, by_locker})
                queues_.erase({from, kind, to});
            forget_answers(from, to);
        }
        lose(a, b);
        lose(b, a);
    }
    void unlink_all() {
        meetings_.clear();
        dialling_.clear();
        for (std::size_t a = 0; a < hosts_.size(); ++a)
            for (std::size_t b = 0; b < a; ++b)
                unlink(a, b);
    }
    /// Runs until nothing can happen any more; false after `most` steps.
    bool run(std::size_t most = 200'000) {
        for (std::size_t i = 0; i < most; ++i)
            if (!step()) return true;
        return false;
    }
    bool step() {
        std::vector<std::function<void()>> can;
        for (auto& [key, queue] : queues_)
            if (!queue.empty() && linked(std::get<0>(key), std::get<2>(key)))
                can.emplace_back([this, key = key] { deliver(key); });
        for (std::size_t i = 0; i < hosts_.size(); ++i) {
            host& h = hosts_[i];
            if (!h.locking && h.lock->idle() && h.lock->candidates() != 0)
                can.emplace_back([this, i] { timeout(i); });
            for (auto& [node, r] : h.resolvers)
                can.emplace_back([this, i, node = node] { resolve(i, node); });
        }
        for (std::size_t i = 0; i < meetings_.size(); ++i)
            can.emplace_back([this, i] { meet(i); });
        for (const auto& [a, b] : dialling_)
            can.emplace_back([this, a = a, b = b] {
                dialling_.erase({a, b});
                link(a, b);
            });
        if (can.empty()) {  // time passes
            for (std::size_t i = 0; i < hosts_.size(); ++i)
                if (hosts_[i].lock->asks()) can.emplace_back([this, i] { ++late_, timeout(i); });
        }
        if (can.empty()) return false;
        can[pick(can.size())]();
        now_ += std::chrono::seconds(1);
        return true;
    }

private:
    using actions = global_fsm::actions;
    // Whose messages: those of one process to one node keep their order. by_us is what a node does by itself.
    enum sender { by_server, by_locker, by_us };
    using key = std::tuple<std::size_t, int, std::size_t>;  // from, sender, to

    [[nodiscard]] std::chrono::nanoseconds now() const { return now_; }
    std::size_t index(atom node) const {
        const auto it =
            std::find_if(hosts_.begin(), hosts_.end(), [&](const host& h) { return h.name == node; });
        return static_cast<std::size_t>(it - hosts_.begin());
    }
    void deliver(const key& k) {
        auto& queue = queues_[k];
        auto work = std::move(queue.front());
        queue.pop_front();
        work();
    }
    void post(std::size_t from, sender by, std::size_t to, std::function<void()> work) {
        if (to < hosts_.size() && linked(from, to)) queues_[{from, by, to}].push_back(std::move(work));
    }
    void post_message(std::size_t from, sender by, atom node, const term& message) {
        const std::size_t to = index(node);
        post(from, by, to, [this, to, message] {
            if (const auto m = global_fsm::read_message(message, {}))
                apply(to, hosts_[to].server->on_message(*m, now()));
        });
    }
    /// The same, waiting for a connection if need be.
    void post_cast(std::size_t from, sender by, const global_fsm::cast_to& c) {
        const std::size_t to = index(c.node);
        if (to < hosts_.size() && !linked(from, to)) {
            dialling_.insert(std::minmax(from, to));
            const term message = tuple("$gen_cast"_a, c.body);
            queues_[{from, by, to}].push_back([this, to, message] {
                if (const auto m = global_fsm::read_message(message, {}))
                    apply(to, hosts_[to].server->on_message(*m, now()));
            });
            return;
        }
        post_message(from, by, c.node, tuple("$gen_cast"_a, c.body));
    }
    void lose(std::size_t i, std::size_t lost) {
        host& h = hosts_[i];
        const std::string node(hosts_[lost].name.text());
        const auto watched = h.watched;
        for (const auto& [on, number] : watched) {
            if (on != node) continue;
            h.watched.erase({on, number});
            apply(i, h.server->process_ended(process(hosts_[lost].name, number)));
        }
        apply(i, h.server->node_down(hosts_[lost].name, now()));
    }

    // ---- what servers want
    void apply(std::size_t i, const actions& all) {
        for (const auto& a : all) {
            tell(i, std::visit([](const auto& one) { return action_text::of(one); }, a));
            std::visit([&](const auto& one) { on(i, one); }, a);
        }
    }
    /// RAKKA_TEST_LOG in the environment shows what happens.
    void tell(std::size_t i, const std::string& what) const {
        static const bool wanted = std::getenv("RAKKA_TEST_LOG") != nullptr;
        if (wanted) std::cerr << hosts_[i].name.text() << ": " << what << '\n';
    }
    void on(std::size_t i, const global_fsm::cast_to& a) { post_cast(i, by_server, a); }
    void on(std::size_t i, const global_fsm::send_to& a) { post_message(i, by_server, a.node, a.message); }
    void on(std::size_t, const global_fsm::answer& a) { last_answer_ = a.value; }
    void on(std::size_t i, const global_fsm::locker_event& a) {
        hosts_[i].orders.push_back(a);
        obey(i);
    }
    void on(std::size_t i, const global_fsm::start_resolver& a) {
        hosts_[i].resolvers.erase(a.node);
        hosts_[i].resolvers.emplace(
            a.node, std::pair(a.tag, global_fsm::name_exchange(hosts_[i].name, a.node, a.names)));
    }
    void on(std::size_t i, const global_fsm::stop_resolver& a) { hosts_[i].resolvers.erase(a.node); }
    void on(std::size_t i, const global_fsm::meet& a) {
        const std::size_t node = index(a.node);
        meetings_.emplace_back(i, node);
        // It connects long before the meeting is over: a lock asked for meanwhile finds the node.
        if (node < hosts_.size() && !linked(i, node)) dialling_.insert(std::minmax(i, node));
    }
    void on(std::size_t, const global_fsm::reach&) {}
    void on(std::size_t i, const global_fsm::disconnect& a) {
        const std::size_t other = index(a.node);
        // Not now: the machine is in the middle of its actions.
        queues_[{i, by_us, i}].push_back([this, i, other] { unlink(i, other); });
    }
    void on(std::size_t i, const global_fsm::watch& a) {
        const auto who = std::pair(std::string(a.process.node.text()), a.process.id);
        if (a.on) {
            hosts_[i].watched.insert(who);
            // A monitor connects.
            const std::size_t node = index(a.process.node);
            if (!linked(i, node)) dialling_.insert(std::minmax(i, node));
        } else {
            hosts_[i].watched.erase(who);
        }
    }
    void on(std::size_t, const global_fsm::complain&) {}

    void resolve(std::size_t i, atom node) {
        auto [tag, machine] = std::move(hosts_[i].resolvers.at(node));
        hosts_[i].resolvers.erase(node);
        while (const auto c = machine.next(hosts_[i].server->names()))
            machine.answered(term(c->theirs.node.text() < c->ours.node.text() ? c->theirs : c->ours));
        auto ops = machine.take_ops();
        auto peer_ops = machine.take_peer_ops();
        apply(i, hosts_[i].server->exchanged(node, tag, std::move(ops), std::move(peer_ops)));
    }
    void meet(std::size_t which) {
        const auto [from, to] = meetings_[which];
        meetings_.erase(meetings_.begin() + static_cast<std::ptrdiff_t>(which));
        if (to >= hosts_.size()) return;
        link(from, to);
        apply(from, hosts_[from].server->met(hosts_[to].name));
    }

    // ---- lockers
    void obey(std::size_t i) {
        host& h = hosts_[i];
        while (!h.locking && !h.orders.empty()) {
            const auto order = std::move(h.orders.front());
            h.orders.pop_front();
            perform(i, h.lock->on_event(order));
        }
    }
    void timeout(std::size_t i) {
        static_cast<void>(hosts_[i].lock->patience());
        const bool taken = hosts_[i].server->locks().is_set("global"_a);
        perform(i, hosts_[i].lock->timeout(taken, random_()));
    }
    void perform(std::size_t i, const global_fsm::locker::steps& steps) {
        for (const auto& s : steps) {
            tell(i, "locker " + std::visit([](const auto& one) { return action_text::of(one); }, s));
            if (const auto* const cast = std::get_if<global_fsm::cast_to>(&s)) {
                post_cast(i, by_locker, *cast);
            } else {
                std::visit([&](const auto& one) { on(i, one); }, s);
            }
        }
    }
    void call(std::size_t i, atom node, const term& request, std::function<void(bool)> answered) {
        const std::size_t to = index(node);
        post(i, by_locker, to, [this, i, to, request, answered] {
            apply(to, hosts_[to].server->on_call({process(hosts_[i].name, 2), term(1)}, request));
            answered(last_answer_.is_atom("true"_a));
        });
    }
    void on(std::size_t i, const global_fsm::locker::set_lock& s) {
        host& h = hosts_[i];
        h.locking = true;
        h.id = s.id;
        h.answers.clear();
        h.outstanding = 0;
        if (s.look_here_first && !h.server->locks().can_set(s.id)) return locked(i, false);
        h.asked.clear();
        for (const atom n : s.nodes)
            if (linked(i, index(n))) h.asked.push_back(n);
        h.outstanding = h.asked.size();
        if (h.outstanding == 0) return locked(i, true);
        for (const atom n : std::vector<atom>(h.asked)) {
            call(i, n, tuple("set_lock"_a, tuple(s.id.resource, s.id.requester)), [this, i, n](bool yes) {
                hosts_[i].answers.emplace_back(n, yes);
                std::erase(hosts_[i].asked, n);
                if (--hosts_[i].outstanding == 0) all_answered(i);
            });
        }
    }
    void all_answered(std::size_t i) {
        host& h = hosts_[i];
        const bool ok = std::all_of(h.answers.begin(), h.answers.end(), [](auto& a) { return a.second; });
        if (!ok)
            for (const auto& [n, yes] : h.answers)
                if (yes) on(i, global_fsm::locker::del_lock{h.id, {n}});
        locked(i, ok);
    }
    void locked(std::size_t i, bool ok) {
        host& h = hosts_[i];
        for (auto it = h.orders.begin(); it != h.orders.end();) {
            const bool known = std::holds_alternative<global_fsm::known_added>(*it) ||
                               std::holds_alternative<global_fsm::known_removed>(*it);
            if (known) static_cast<void>(h.lock->on_event(*it));
            it = known ? h.orders.erase(it) : it + 1;
        }
        h.locking = false;
        perform(i, h.lock->locked(ok));
        obey(i);
    }
    /// Calls to a lost node end without an answer.
    void forget_answers(std::size_t i, std::size_t lost) {
        host& h = hosts_[i];
        if (!h.locking || h.outstanding == 0) return;
        const atom node = hosts_[lost].name;
        if (std::erase(h.asked, node) == 0) return;
        if (--h.outstanding == 0) queues_[{i, by_us, i}].push_back([this, i] { all_answered(i); });
    }
    void on(std::size_t i, const global_fsm::locker::del_lock& s) {
        for (const atom n : s.nodes)
            call(i, n, tuple("del_lock"_a, tuple(s.id.resource, s.id.requester)), [](bool) {});
    }
    void on(std::size_t i, const global_fsm::locker::tell_server& s) {
        post(i, by_locker, i,
             [this, i, s] { apply(i, hosts_[i].server->lock_is_set(s.node, s.my_tag, s.lock_requester)); });
    }
    void on(std::size_t i, const global_fsm::locker::tell_locker& s) {
        const std::size_t to = index(s.locker.node);
        const term m = tuple("$gen_cast"_a, s.message);
        post(i, by_locker, to, [this, to, m] {
            const auto read = global_fsm::read_message(m, {});
            const auto& l = std::get<global_fsm::lock_set>(*read);
            hosts_[to].orders.emplace_back(global_fsm::his_lock{l.locker, l.set, {}});
            obey(to);
        });
    }

    std::mt19937 random_;
    std::vector<host> hosts_;
    std::set<std::pair<std::size_t, std::size_t>> links_;
    std::map<key, std::deque<std::function<void()>>> queues_;
    std::vector<std::pair<std::size_t, std::size_t>> meetings_;
    std::set<std::pair<std::size_t, std::size_t>> dialling_;
    term last_answer_;
    std::size_t drops_ = 0;
    std::size_t late_ = 0;
    std::chrono::nanoseconds now_{0};
};

}  // namespace rakka::testing
