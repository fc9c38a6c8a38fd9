// What the nodes of a simulated cluster do all the time, with an account of what each owes the others.
#pragma once

#include <rakka/actors.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/node.hpp>
#include <rakka/node/simulation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace rakka::testing {

/// Everything that processes of all nodes look at; one thread.
class workload {
public:
    explicit workload(network_simulation& sim) : sim_(sim) {}

    /// Starts what each node runs, on one that has just been started.
    void populate(simulated_node& on);
    /// From now on nobody begins anything new.
    void stop() noexcept { stopping_ = true; }
    /// Those that have not come to their end, and what they wait for.
    [[nodiscard]] std::string unfinished() const;
    /// Processes that others have started on nodes and that only a link ends.
    [[nodiscard]] std::string children_left() const;
    /// Whether all that was sent to nodes that are up has arrived, as long as the connections of now live.
    void check_last_messages();
    /// The processes that a node has when nothing goes on: net_kernel, rex, three of global, the scope pg,
    /// user, standard_error, logger_proxy, and our two servers.
    static constexpr std::size_t quiet_count = 11;

    static constexpr std::size_t workers = 3;
    static constexpr std::uint32_t names = 4;  // global names, groups and locks that workers use
    static term name(std::uint32_t n) { return term(tuple("name"_a, n)); }
    static term group(std::uint32_t n) { return term(tuple("group"_a, n)); }
    static global::lock_id lock(std::uint32_t n) { return {term(tuple("lock"_a, n)), term(self())}; }

    static void sleep(std::chrono::nanoseconds span) {
        static_cast<void>(receive_if([](term_view) { return false; }, span));
    }

private:
    /// What a process has to do; gone with it, also when its node crashes.
    class duty {
    public:
        duty(workload& home, std::string who)
            : home_(home), at_(home.duties_.emplace(home.next_duty_++, std::move(who)).first) {}
        ~duty() { home_.duties_.erase(at_); }
        duty(const duty&) = delete;
        duty& operator=(const duty&) = delete;

    private:
        workload& home_;
        std::map<int, std::string>::iterator at_;
    };
    struct traffic {
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
    };

    void export_functions(simulated_node& on);
    void serve();
    void audit(atom here);
    void send_to(atom peer, simulated_node& from);
    void work(simulated_node& on, std::size_t number);
    void one_thing(atom peer, std::vector<reference>& ended);
    void call(atom peer);
    void spawn_monitored(atom peer, std::vector<reference>& ended);
    void spawn_linked(atom peer);
    void watch(atom peer, std::vector<reference>& ended);
    void ask(atom peer);
    void use_name();
    void use_group();
    void use_lock();
    [[nodiscard]] atom some_peer(atom of);
    [[nodiscard]] std::chrono::nanoseconds some_time(unsigned most_ms) {
        return std::chrono::microseconds(sim_.random(most_ms * 1000 + 1));
    }

    network_simulation& sim_;
    bool stopping_ = false;
    int next_duty_ = 0;
    std::map<int, std::string> duties_;
    std::map<std::string, int> children_;
    std::map<std::pair<std::string, std::string>, traffic> traffic_;  // of the present runs: from, to
};

}  // namespace rakka::testing
