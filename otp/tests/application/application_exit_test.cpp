// The ends of an application's processes: real ones count, whoever ends them; a message that only looks like
// one does nothing.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/testing.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/application.hpp>
#include <rakka/otp/gen_server.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace rakka {
namespace {

class root_of_tree : public gen_server {
    result init() override {
        trap_exit(true);
        return noreply();
    }
    result handle_call(const term& request, const from&) override { return reply(request); }
};

class with_root : public application {
    start_result<pid> start() override { return gen_server::start_link<root_of_tree>({.name = "tree"_a}); }
};

/// The processes of an application that runs.
struct running_application {
    pid controller;
    pid master;
    pid callbacks;
    pid root;
};

class application_exit_test : public behaviour_test {
protected:
    static running_application start() {
        static_cast<void>(applications::load<with_root>({.name = "shop"_a}));
        EXPECT_TRUE(applications::start("shop"_a));
        running_application a;
        a.controller = whereis("application_controller"_a).value();
        a.master = gen_server::call(a.controller, tuple("get_master"_a, "shop"_a)).as<pid>().value();
        a.root = whereis("tree"_a).value();
        const std::vector<pid> links =
            process_info(a.master)->links;  // in C++20 a range does not hold what it came from
        for (const pid& linked : links)
            if (linked != a.controller) a.callbacks = linked;
        return a;
    }
    static bool runs() {
        const auto all = applications::which_applications();
        return std::any_of(all.begin(), all.end(), [](const auto& a) { return a.name == "shop"_a; });
    }
    /// Until it has looked at all its messages, and waits for more.
    static bool is_at_rest(const pid& p) {
        const auto about = process_info(p);
        return about && about->message_queue_len == 0 && about->status == process_status::waiting;
    }
};

TEST_P(application_exit_test, a_message_that_looks_like_an_exit_does_nothing) {
    in_process([] {
        const running_application a = start();
        for (const pid& to : {a.controller, a.master, a.callbacks}) {
            for (const pid& of : {a.controller, a.master, a.callbacks, a.root, self()}) {
                send(to, tuple("EXIT"_a, of, "made_up"_a));
                send(to, tuple("DOWN"_a, make_reference(), "process"_a, of, "made_up"_a));
                send(to, tuple(make_reference(), "made_up"_a));
            }
            EXPECT_TRUE(testing::wait_until([&] { return is_at_rest(to); }));
        }
        EXPECT_TRUE(runs());
        EXPECT_EQ(whereis("tree"_a), a.root);
        EXPECT_EQ(gen_server::call("tree"_a, "hello"_a), term("hello"_a));
        EXPECT_EQ(gen_server::call(a.controller, tuple("get_master"_a, "shop"_a)), term(a.master));
        EXPECT_TRUE(applications::stop("shop"_a));
        EXPECT_FALSE(runs());
        EXPECT_TRUE(testing::wait_until([&] { return !is_alive(a.master) && !is_alive(a.callbacks); }));
    });
}

TEST_P(application_exit_test, nobody_else_speaks_for_its_processes) {
    in_process([] {
        const running_application a = start();
        for (const pid& to : {a.controller, a.master, a.callbacks}) {
            for (const term& key : {term(make_reference()), term(self()), term(a.master)}) {
                send(to, tuple(key, "stop"_a));
                send(to, tuple(key, tuple("end"_a, "made_up"_a)));
                send(to, tuple("application_ended"_a, a.master, key, "made_up"_a));
                send(to, tuple("application_started"_a, a.master, key, tuple("error"_a, "made_up"_a)));
            }
            send(to, "stop"_a);
            send(to, tuple("application_ended"_a, a.master, "made_up"_a));
            send(to, tuple("config_change"_a, "made_up"_a));
            EXPECT_TRUE(testing::wait_until([&] { return !is_alive(to) || is_at_rest(to); }));
        }
        EXPECT_TRUE(runs());
        EXPECT_EQ(whereis("tree"_a), a.root);
        EXPECT_FALSE(applications::start("shop"_a)) << "it runs already";
        EXPECT_EQ(gen_server::call("tree"_a, "hello"_a), term("hello"_a));
        EXPECT_TRUE(applications::stop("shop"_a));
        EXPECT_TRUE(testing::wait_until([&] { return !is_alive(a.master) && !is_alive(a.callbacks); }));
    });
}

/// An application whose start waits for a word.
class slow_to_start : public application {
public:
    explicit slow_to_start(pid watcher) : watcher_(watcher) {}

private:
    pid watcher_;
    start_result<pid> start() override {
        send(watcher_, self());
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); }));
        return gen_server::start_link<root_of_tree>({.name = "tree"_a});
    }
};

TEST_P(application_exit_test, nobody_else_says_that_it_has_started) {
    in_process([] {
        static_cast<void>(applications::load<slow_to_start>({.name = "slow"_a}, self()));
        const reference starter = spawn_monitor([] { EXPECT_TRUE(applications::start("slow"_a)); }).ref;
        const pid callbacks = next_message().as<pid>().value();
        const pid controller = whereis("application_controller"_a).value();
        const auto about = process_info(callbacks);
        const pid master = about->group_leader;
        for (const term& outcome : {term("ok"_a), term(tuple("error"_a, "made_up"_a))}) {
            send(master, tuple("callbacks_started"_a, outcome));
            send(master, tuple(make_reference(), outcome));
            send(controller, tuple("application_started"_a, master, outcome));
            send(controller, tuple("application_started"_a, master, make_reference(), outcome));
        }
        for (const pid& p : {master, controller})
            EXPECT_TRUE(testing::wait_until([&] { return is_at_rest(p); }));
        EXPECT_TRUE(applications::which_applications().empty());
        send(callbacks, "go"_a);
        static_cast<void>(receive_if([&](term_view m) { return is_down(starter, m); }));
        EXPECT_TRUE(whereis("tree"_a));
        EXPECT_TRUE(applications::stop("slow"_a));
    });
}

TEST_P(application_exit_test, the_end_of_any_of_its_processes_ends_it_and_it_can_be_started_again) {
    in_process([] {
        for (pid running_application::*which :
             {&running_application::root, &running_application::callbacks, &running_application::master}) {
            const running_application a = start();
            // A message of this kind before does not take the place of the real one.
            send(a.callbacks, tuple("EXIT"_a, a.root, "made_up"_a));
            exit(a.*which, "kill"_a);
            EXPECT_TRUE(testing::wait_until([] { return !runs(); }));
            for (const pid& p : {a.master, a.callbacks, a.root})
                EXPECT_TRUE(testing::wait_until([&] { return !is_alive(p); }));
        }
        start();
        EXPECT_TRUE(runs());
        EXPECT_TRUE(applications::stop("shop"_a));
    });
}

TEST_P(application_exit_test, the_end_of_the_controller_ends_it) {
    in_process([] {
        const running_application a = start();
        exit(a.controller, "kill"_a);
        for (const pid& p : {a.controller, a.master, a.callbacks, a.root})
            EXPECT_TRUE(testing::wait_until([&] { return !is_alive(p); }));
        EXPECT_FALSE(whereis("tree"_a));
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, application_exit_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
