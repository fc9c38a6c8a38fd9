// Applications that tell what happens to them, for the tests of applications.
#pragma once

#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/application.hpp>
#include <rakka/otp/gen_server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace rakka {

using namespace std::chrono_literals;

/// Stands for a tree: ends when it is told to.
class root : public gen_server {
public:
    explicit root(pid watcher) : watcher_(watcher) {}

private:
    pid watcher_;
    result init() override {
        trap_exit(true);
        return noreply();
    }
    result handle_cast(const term& reason) override { return stop_with(reason); }
    result handle_call(const term& request, const from&) override {
        if (request.is_atom("spawn"_a)) return reply(spawn([] { static_cast<void>(receive()); }));
        return reply(
            term(applications::get_application() ? term(*applications::get_application()) : term("none"_a)));
    }
    void terminate(term_view reason) override { send(watcher_, tuple("root_ended"_a, term::copy(reason))); }
};

/// Tells `watcher` of each callback; `trouble` names the one that fails.
class told : public application {
public:
    told(pid watcher, atom name, atom trouble) : watcher_(watcher), name_(name), trouble_(trouble) {}

private:
    pid watcher_;
    atom name_, trouble_;

    void tell(atom what) {
        send(watcher_, tuple(name_, what));
        if (trouble_ == what) exit(tuple("trouble_in"_a, what));
    }
    start_result<pid> start() override {
        tell("start"_a);
        if (trouble_ == "refuse"_a) return start_error::because("refused"_a);
        return gen_server::start_link<root>({.name = name_}, watcher_);
    }
    void start_phase(atom phase, const term&) override { tell(phase); }
    void prep_stop() override { tell("prep_stop"_a); }
    void stop() override { tell("stop"_a); }
    void config_change(const std::vector<std::pair<atom, term>>& changed,
                       const std::vector<std::pair<atom, term>>& added, const std::vector<atom>&) override {
        send(watcher_, tuple("config"_a, changed.size(), added.size()));
    }
};

class application_test : public behaviour_test {
protected:
    static void load(atom name, application_specification more = {}, atom trouble = {}) {
        more.name = name;
        ASSERT_TRUE(applications::load<told>(std::move(more), self(), name, trouble));
    }
    /// What the callbacks have said since last time, in order.
    static std::string said() {
        std::string all;
        while (auto m = receive_if([](term_view) { return true; }, 0ns))
            all += (all.empty() ? "" : " ") + m->to_string();
        return all;
    }
    static std::string shown(const applications::outcome<void>& o) {
        return o ? "ok" : o.error().reason.to_string();
    }
    static std::string running() {
        std::string all;
        for (const auto& a : applications::which_applications())
            all += (all.empty() ? "" : " ") + std::string(a.name.text());
        return all;
    }
};

}  // namespace rakka
