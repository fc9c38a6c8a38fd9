// Scopes of several nodes on one thread: connections keep the order of messages and lose what is under way
// when they break; all else happens in an order drawn from a seed. In the end all see the same groups.
#include "pg/scope.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace pg_fsm;

class pg_simulation {
public:
    pg_simulation(std::size_t nodes, unsigned seed) : random_(seed), hosts_(nodes) {
        for (std::size_t i = 0; i < nodes; ++i) {
            hosts_[i].name = atom(std::string(1, static_cast<char>('a' + i)) + "@h");
            start(i);
        }
    }

    /// Runs `changes` random steps among messages, then lets everything arrive.
    void run(std::size_t changes) {
        while (changes != 0) {
            if (pick(3) != 0 && deliver_one()) continue;
            change();
            --changes;
        }
        for (std::size_t a = 0; a < hosts_.size(); ++a) {
            if (!hosts_[a].machine) start(a);
            for (std::size_t b = 0; b < a; ++b)
                link(a, b);
        }
        while (deliver_one()) {
        }
    }

    /// Of node `of`, as node `i` sees it: "group:pid" of each membership.
    [[nodiscard]] std::multiset<std::string> seen(std::size_t i, std::size_t of) const {
        std::multiset<std::string> all;
        for (const auto& [group, pids] : hosts_[i].machine->all())
            for (const pid& p : pids)
                if ((p.is_local() ? hosts_[i].name : p.node) == hosts_[of].name)
                    all.insert(group.to_string() + ":" + std::to_string(p.id));
        return all;
    }
    /// The same for all nodes, as its monitors have been told since the machine began.
    [[nodiscard]] const std::multiset<std::string>& told(std::size_t i) const { return hosts_[i].told; }
    [[nodiscard]] std::size_t size() const { return hosts_.size(); }
    [[nodiscard]] std::size_t breaks() const { return breaks_; }

private:
    struct host {
        atom name;
        std::uint32_t incarnation = 0;
        std::unique_ptr<scope> machine;
        std::multiset<std::string> told;
        std::map<std::size_t, pid> whom;  // the scope process that it monitors, by node
    };
    struct mail {
        std::optional<pid> to;      // nothing: to the scope, whoever that is
        std::optional<pid> down{};  // instead: this process has ended
        term message{};
    };

    std::size_t pick(std::size_t n) { return random_() % n; }
    static pid own(const host& h) { return {{}, 1, h.incarnation, 4}; }
    static pid outside(const host& h, const pid& p) { return {h.name, p.id, p.serial, p.creation}; }
    [[nodiscard]] bool linked(std::size_t a, std::size_t b) const {
        return links_.contains(std::minmax(a, b));
    }
    std::size_t index(atom node) const {
        for (std::size_t i = 0; i < hosts_.size(); ++i)
            if (hosts_[i].name == node) return i;
        return hosts_.size();
    }

    void start(std::size_t i) {
        host& h = hosts_[i];
        ++h.incarnation;
        h.machine = std::make_unique<scope>(scope::settings{.name = "pg"_a, .self = own(h)});
        h.told.clear();
        h.whom.clear();
        reference ref;
        ref.size = 1;
        ref.words[0] = 1;
        static_cast<void>(h.machine->add_monitor(ref, watcher_pid, std::nullopt));
        for (std::size_t b = 0; b < hosts_.size(); ++b)
            if (b != i && linked(i, b)) apply(i, h.machine->node_up(hosts_[b].name));
    }
    /// Its peers hear of it on the same way as of messages it has sent before.
    void stop(std::size_t i) {
        host& h = hosts_[i];
        if (!h.machine) return;
        h.machine = nullptr;
        for (std::size_t b = 0; b < hosts_.size(); ++b)
            if (b != i && linked(i, b)) queues_[{i, b}].push_back({{}, outside(h, own(h)), {}});
    }
    void link(std::size_t a, std::size_t b) {
        if (a == b || !links_.insert(std::minmax(a, b)).second) return;
        for (auto [i, j] : {std::pair(a, b), std::pair(b, a)})
            if (hosts_[i].machine) apply(i, hosts_[i].machine->node_up(hosts_[j].name));
    }
    void unlink(std::size_t a, std::size_t b) {
        if (a == b || links_.erase(std::minmax(a, b)) == 0) return;
        ++breaks_;
        for (auto [i, j] : {std::pair(a, b), std::pair(b, a)}) {
            queues_.erase({i, j});
            if (!hosts_[i].machine) continue;
            // As on a node: first the monitors, then the news of the node.
            if (const auto it = hosts_[i].whom.find(j); it != hosts_[i].whom.end()) {
                const pid peer = it->second;
                hosts_[i].whom.erase(it);
                apply(i, hosts_[i].machine->process_ended(peer));
            }
            apply(i, hosts_[i].machine->node_down(hosts_[j].name));
        }
    }

    void apply(std::size_t i, const actions& all) {
        for (const action& a : all) {
            if (const auto* const s = std::get_if<send_to>(&a)) {
                if (s->process.is_local()) {
                    hear(hosts_[i], s->message);
                } else {
                    post(i, index(s->process.node), {s->process, {}, s->message});
                }
            } else if (const auto* const n = std::get_if<send_to_scope>(&a)) {
                post(i, index(n->node), {{}, {}, n->message});
            } else if (const auto* const w = std::get_if<watch>(&a)) {
                if (w->process.is_local()) continue;
                const std::size_t j = index(w->process.node);
                if (!w->on) {
                    if (hosts_[i].whom.contains(j) && hosts_[i].whom[j] == w->process)
                        hosts_[i].whom.erase(j);
                    continue;
                }
                hosts_[i].whom[j] = w->process;
                const bool lives =
                    hosts_[j].machine && outside(hosts_[j], own(hosts_[j])) == w->process && linked(i, j);
                // Its monitor finds nobody.
                if (!lives && linked(i, j)) queues_[{j, i}].push_back({{}, w->process, {}});
            } else {
                ADD_FAILURE() << std::get<complain>(a).text;
            }
        }
    }
    void post(std::size_t from, std::size_t to, mail m) {
        if (linked(from, to)) queues_[{from, to}].push_back(std::move(m));
    }
    peer_message read(std::size_t from, const term& t) const {
        const host& h = hosts_[from];
        // Written there, so the sender and its processes are local ones.
        auto m = read_message(t).value();
        const auto abroad = [&](pid& p) { p = outside(h, p); };
        std::visit(
            [&](auto& one) {
                abroad(one.peer);
                if constexpr (requires { one.pids; }) {
                    for (pid& p : one.pids)
                        abroad(p);
                } else if constexpr (requires { one.groups; }) {
                    for (auto& [group, pids] : one.groups)
                        for (pid& p : pids)
                            abroad(p);
                }
            },
            m);
        return m;
    }
    static void hear(host& h, const term& m) {
        const bool join = m.tuple()[1].is_atom("join"_a);
        for (const term_view e : m.tuple()[3].list()) {
            const pid p = e.as<pid>().value();
            const std::string entry = term::copy(m.tuple()[2]).to_string() + ":" +
                                      std::string((p.is_local() ? h.name : p.node).text()) + "." +
                                      std::to_string(p.id);
            if (join) {
                h.told.insert(entry);
            } else {
                const auto it = h.told.find(entry);
                ASSERT_NE(it, h.told.end()) << "told of a leave of " << entry;
                h.told.erase(it);
            }
        }
    }

    bool deliver_one() {
        std::vector<std::pair<std::size_t, std::size_t>> can;
        for (auto& [way, queue] : queues_)
            if (!queue.empty()) can.push_back(way);
        if (can.empty()) return false;
        const auto [from, to] = can[pick(can.size())];
        const mail m = queues_[{from, to}].front();
        queues_[{from, to}].pop_front();
        host& h = hosts_[to];
        if (!h.machine) return true;
        if (m.down) {
            if (h.whom.contains(from) && h.whom[from] == *m.down) h.whom.erase(from);
            apply(to, h.machine->process_ended(*m.down));
        } else if (!m.to || *m.to == outside(h, own(h))) {
            const peer_message message = read(from, m.message);
            if (const auto* const l = std::get_if<left>(&message)) check_leave(to, from, *l);
            apply(to, h.machine->on_message(message));
        }
        return true;
    }

    /// A scope of OTP ends when it is told that processes leave a group of which it does not know that they
    /// are in it.
    void check_leave(std::size_t i, std::size_t of, const left& m) const {
        if (!hosts_[i].machine->knows(m.peer)) return;
        auto known = seen(i, of);
        for (const term& group : m.groups) {
            for (const pid& p : m.pids) {
                const auto it = known.find(group.to_string() + ":" + std::to_string(p.id));
                ASSERT_NE(it, known.end()) << "a leave too many";
                known.erase(it);
            }
        }
    }

    void change() {
        const std::size_t i = pick(hosts_.size());
        const std::size_t j = pick(hosts_.size());
        host& h = hosts_[i];
        const term group = term(static_cast<int>(pick(3)));
        const pid p{{}, static_cast<std::uint32_t>(10 + pick(4)), 1, 4};
        actions out;
        switch (pick(8)) {
            case 0:
                return link(i, j);
            case 1:
                return pick(2) == 0 ? unlink(i, j) : void();
            case 2:
                if (pick(3) != 0) return;
                return h.machine ? stop(i) : start(i);
            case 3:
                if (h.machine) apply(i, h.machine->process_ended(p));
                return;
            case 4:
                if (h.machine && h.machine->leave(group, {p, p}, out)) apply(i, out);
                return;
            default:
                if (!h.machine) return;
                ASSERT_TRUE(h.machine->join(group, std::vector(1 + pick(2), p), out));
                return apply(i, out);
        }
    }

    static inline const pid watcher_pid{{}, 99, 1, 4};

    std::mt19937 random_;
    std::vector<host> hosts_;
    std::set<std::pair<std::size_t, std::size_t>> links_;
    std::map<std::pair<std::size_t, std::size_t>, std::deque<mail>> queues_;
    std::size_t breaks_ = 0;
};

void converge(std::size_t nodes, unsigned seeds) {
    std::size_t breaks = 0;
    std::size_t memberships = 0;
    for (unsigned seed = 0; seed < seeds; ++seed) {
        pg_simulation cluster(nodes, seed);
        cluster.run(150);
        breaks += cluster.breaks();
        for (std::size_t i = 0; i < nodes; ++i) {
            std::size_t all = 0;
            for (std::size_t of = 0; of < nodes; ++of) {
                ASSERT_EQ(cluster.seen(i, of), cluster.seen(of, of)) << "seed " << seed;
                all += cluster.seen(i, of).size();
            }
            ASSERT_EQ(cluster.told(i).size(), all) << "monitors were told otherwise, seed " << seed;
            memberships += all;
        }
    }
    EXPECT_GT(breaks, seeds) << "hardly anything was tried";
    EXPECT_GT(memberships, seeds);
}

TEST(pg_simulation_test, two_scopes_come_to_see_the_same) {
    converge(2, 1000);
}
TEST(pg_simulation_test, three_scopes_come_to_see_the_same) {
    converge(3, 700);
}
TEST(pg_simulation_test, five_scopes_come_to_see_the_same) {
    converge(5, 200);
}

}  // namespace
}  // namespace rakka::testing
