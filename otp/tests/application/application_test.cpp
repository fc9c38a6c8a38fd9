// Applications: one test a rule of OTP's application module.
#include "application/application_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/otp/shutdown.hpp>

#include <mutex>

namespace rakka {
namespace {

TEST_P(application_test, starts_and_stops_in_the_order_of_its_callbacks) {
    in_process([] {
        load("shop"_a, {.start_phases = {{"warm"_a, term(1)}, {"open"_a, term(2)}}});
        EXPECT_EQ(shown(applications::start("shop"_a)), "ok");
        EXPECT_EQ(said(), "{shop,start} {shop,warm} {shop,open}");
        EXPECT_EQ(running(), "shop");
        EXPECT_EQ(gen_server::call("shop"_a, "whose"_a), term("shop"_a));
        EXPECT_EQ(shown(applications::stop("shop"_a)), "ok");
        EXPECT_EQ(said(), "{shop,prep_stop} {root_ended,shutdown} {shop,stop}");
        EXPECT_EQ(running(), "");
        EXPECT_FALSE(whereis("shop"_a));
    });
}

TEST_P(application_test, says_what_is_wrong_with_a_request) {
    in_process([] {
        EXPECT_EQ(shown(applications::start("shop"_a)), "{not_loaded,shop}");
        load("shop"_a);
        EXPECT_EQ(shown(applications::load({.name = "shop"_a})), "{already_loaded,shop}");
        EXPECT_EQ(shown(applications::stop("shop"_a)), "{not_started,shop}");
        EXPECT_EQ(shown(applications::start("shop"_a)), "ok");
        EXPECT_EQ(shown(applications::start("shop"_a)), "{already_started,shop}");
        EXPECT_EQ(shown(applications::ensure_started("shop"_a)), "ok");
        EXPECT_EQ(shown(applications::unload("shop"_a)), "{running,shop}");
        EXPECT_EQ(shown(applications::stop("shop"_a)), "ok");
        EXPECT_EQ(shown(applications::unload("shop"_a)), "ok");
        EXPECT_EQ(shown(applications::unload("shop"_a)), "{not_loaded,shop}");
    });
}

TEST_P(application_test, names_of_processes_belong_to_one_application) {
    in_process([] {
        load("shop"_a, {.registered = {"till"_a}});
        EXPECT_EQ(shown(applications::load({.name = "bank"_a, .registered = {"till"_a}})),
                  "{invalid_name,{till,shop}}");
    });
}

TEST_P(application_test, dependencies_are_started_before_and_asked_for) {
    in_process([] {
        load("shop"_a, {.applications = {"stock"_a, "bank"_a}});
        load("stock"_a, {.applications = {"store"_a}});
        load("bank"_a, {.applications = {"store"_a}, .optional_applications = {"not_here"_a}});
        ASSERT_TRUE(applications::load({.name = "store"_a}));
        EXPECT_EQ(shown(applications::start("shop"_a)), "{not_started,stock}");
        const auto started = applications::ensure_all_started({"shop"_a});
        ASSERT_TRUE(started);
        EXPECT_EQ(*started, (std::vector<atom>{"store"_a, "stock"_a, "bank"_a, "shop"_a}));
        EXPECT_EQ(said(), "{stock,start} {bank,start} {shop,start}");
        EXPECT_EQ(running(), "shop bank stock store");
        EXPECT_TRUE(applications::ensure_all_started({"shop"_a})->empty());
        applications::stop_all();
        EXPECT_EQ(running(), "");
    });
}

TEST_P(application_test, processes_that_have_left_the_tree_end_with_the_application) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        const pid stray = gen_server::call("shop"_a, "spawn"_a).as<pid>().value();
        EXPECT_EQ(applications::get_application(stray), "shop"_a);
        EXPECT_FALSE(applications::get_application());
        const reference ref = monitor(stray);
        ASSERT_TRUE(applications::stop("shop"_a));
        const auto down = receive_if([&](term_view m) { return is_down(ref, m); }, 20s);
        ASSERT_TRUE(down);
        EXPECT_TRUE(down->tuple()[4].is_atom("killed"_a));
    });
}

TEST_P(application_test, an_application_has_ended_when_no_process_of_it_is_left) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        std::vector<pid> strays;
        for (int i = 0; i < 10; ++i)
            strays.push_back(gen_server::call("shop"_a, "spawn"_a).as<pid>().value());
        ASSERT_TRUE(applications::stop("shop"_a));
        for (const pid& p : strays)
            EXPECT_FALSE(is_alive(p));
    });
}

TEST_P(application_test, one_that_is_being_started_cannot_be_unloaded) {
    class waits : public application {
    public:
        explicit waits(pid watcher) : watcher_(watcher) {}

    private:
        start_result<pid> start() override {
            send(watcher_, self());
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); }));
            return spawn_link([] { static_cast<void>(receive_if([](term_view) { return false; })); });
        }
        pid watcher_;
    };
    in_process([] {
        ASSERT_TRUE(applications::load<waits>({.name = "shop"_a}, self()));
        spawn([] { static_cast<void>(applications::start("shop"_a)); });
        const pid starting = next_message().as<pid>().value();
        EXPECT_EQ(shown(applications::unload("shop"_a)), "{running,shop}");
        send(starting, "go"_a);
        while (running().empty())
            yield();
        EXPECT_EQ(shown(applications::stop("shop"_a)), "ok");
    });
}

TEST_P(application_test, a_shutdown_of_the_program_stops_applications_in_order) {
    rakka::system s(GetParam().options);
    std::mutex mutex;
    std::string said;
    const pid ear = s.spawn([&] {
        for (;;) {
            const term m = receive();
            const std::lock_guard lock(mutex);
            said += m.to_string() + " ";
        }
    });
    s.run([&] {
        ASSERT_TRUE(
            applications::load<told>({.name = "shop"_a, .applications = {"stock"_a}}, ear, "shop"_a, atom()));
        ASSERT_TRUE(applications::load<told>({.name = "stock"_a}, ear, "stock"_a, atom()));
        ASSERT_TRUE(applications::ensure_all_started({"shop"_a}));
    });
    on_shutdown(s, [&] {
        const std::lock_guard lock(mutex);
        said += "hook ";
    });
    EXPECT_TRUE(graceful_shutdown(s));
    EXPECT_EQ(run_until_shutdown(s, {.signals = false}), 0);
    EXPECT_EQ(
        said,
        "{stock,start} {shop,start} {shop,prep_stop} {root_ended,shutdown} {shop,stop} {stock,prep_stop} "
        "{root_ended,shutdown} {stock,stop} hook ");
}

TEST_P(application_test, other_nodes_ask_as_they_ask_a_beam) {
    rakka::system s(GetParam().options);
    s.run([&] {
        load("shop"_a, {.description = "a shop", .version = "1.2", .env = {{"port"_a, term(80)}}});
        const auto run = [&](atom function, const std::vector<term>& arguments) {
            return (*s.exports().find("application"_a, function, arguments.size()))(arguments).to_string();
        };
        EXPECT_EQ(run("get_env"_a, {"shop"_a, "port"_a}), "{ok,80}");
        EXPECT_EQ(run("get_env"_a, {"shop"_a, "none"_a}), "undefined");
        EXPECT_EQ(run("get_key"_a, {"shop"_a, "vsn"_a}), "{ok,\"1.2\"}");
        EXPECT_EQ(run("ensure_all_started"_a, {"shop"_a}), "{ok,[shop]}");
        EXPECT_EQ(run("which_applications"_a, {}), "[{shop,\"a shop\",\"1.2\"}]");
        EXPECT_EQ(run("start"_a, {"shop"_a}), "{error,{already_started,shop}}");
        EXPECT_EQ(run("get_application"_a, {term(whereis("shop"_a).value())}), "{ok,shop}");
        EXPECT_EQ(run("stop"_a, {"shop"_a}), "ok");
        EXPECT_EQ(run("loaded_applications"_a, {}), "[{shop,\"a shop\",\"1.2\"}]");
        EXPECT_EQ(run("get_application"_a, {term(self())}), "undefined");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, application_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
