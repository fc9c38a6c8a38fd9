// Applications: one test a rule of OTP's application module and its controller.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/application.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/shutdown.hpp>

#include <atomic>
#include <fstream>
#include <mutex>

namespace rakka {
namespace {

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

TEST_P(application_test, a_failed_dependency_stops_what_was_started_for_it) {
    in_process([] {
        load("shop"_a, {.applications = {"stock"_a, "bank"_a}});
        load("stock"_a);
        load("bank"_a, {}, "refuse"_a);
        const auto started = applications::ensure_all_started({"shop"_a});
        ASSERT_FALSE(started);
        EXPECT_TRUE(started.error().reason.is_tagged("bank"_a, 2)) << started.error().reason.to_string();
        EXPECT_EQ(running(), "");
        EXPECT_EQ(said(), "{stock,start} {bank,start} {stock,prep_stop} {root_ended,shutdown} {stock,stop}");
        load("a"_a, {.applications = {"b"_a}});
        load("b"_a, {.applications = {"a"_a}});
        EXPECT_NE(
            applications::ensure_all_started({"a"_a}).error().reason.to_string().find("circular_dependency"),
            std::string::npos);
    });
}

TEST_P(application_test, what_goes_wrong_in_a_start_is_its_error) {
    in_process([] {
        load("refuses"_a, {}, "refuse"_a);
        EXPECT_TRUE(shown(applications::start("refuses"_a)).starts_with("{refused,{"))
            << shown(applications::start("refuses"_a));
        load("throws"_a, {}, "start"_a);
        EXPECT_TRUE(shown(applications::start("throws"_a)).starts_with("{{'EXIT',{trouble_in,start}},{"));
        static_cast<void>(said());
        load("phase"_a, {.start_phases = {{"warm"_a, term(1)}, {"open"_a, term(2)}}}, "warm"_a);
        EXPECT_TRUE(shown(applications::start("phase"_a)).starts_with("{{'EXIT',{trouble_in,warm}},{"));
        EXPECT_EQ(said(), "{phase,start} {phase,warm} {root_ended,shutdown}") << "its tree is stopped again";
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

TEST_P(application_test, one_that_ends_by_itself_is_stopped_and_may_be_started_again) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        gen_server::cast("shop"_a, "broken"_a);
        while (!running().empty())
            yield();
        EXPECT_EQ(said(), "{shop,start} {root_ended,broken} {shop,stop}");
        ASSERT_TRUE(applications::start("shop"_a));
        applications::stop_all();
    });
}

TEST_P(application_test, the_end_of_a_permanent_one_is_that_of_the_program) {
    for (const auto& [type, reason, fatal] : {std::tuple{application_type::permanent, "normal"_a, true},
                                              {application_type::permanent, "broken"_a, true},
                                              {application_type::transient, "normal"_a, false},
                                              {application_type::transient, "broken"_a, true},
                                              {application_type::temporary, "broken"_a, false}}) {
        rakka::system s(GetParam().options);
        std::atomic<int> asked{0};
        s.run([&, t = type, why = reason] {
            load("other"_a);
            load("shop"_a);
            set_stop_handler(s, [&](const stop_request& r) { asked = r.status; });  // in place of a shutdown
            ASSERT_TRUE(applications::start("other"_a));
            ASSERT_TRUE(applications::start("shop"_a, t));
            gen_server::cast("shop"_a, why);
            while (running() != "other")
                yield();
            applications::stop_all();  // the handler's task; answered when the controller is through with
                                       // shop
        });
        EXPECT_EQ(asked, fatal ? 1 : 0) << reason.text();
        set_stop_handler(s, {});
    }
}

TEST_P(application_test, where_nobody_ends_the_program_the_others_are_stopped_in_order) {
    rakka::system s(GetParam().options);
    s.run([&] {
        load("first"_a);
        load("second"_a);
        load("shop"_a);
        set_stop_handler(s, {});
        for (const atom name : {"first"_a, "second"_a})
            ASSERT_TRUE(applications::start(name));
        ASSERT_TRUE(applications::start("shop"_a, application_type::permanent));
        static_cast<void>(said());
        gen_server::cast("shop"_a, "broken"_a);
        while (!running().empty())
            yield();
        EXPECT_EQ(said(),
                  "{root_ended,broken} {shop,stop} {second,prep_stop} {root_ended,shutdown} {second,stop} "
                  "{first,prep_stop} {root_ended,shutdown} {first,stop}");
    });
}

/// Its start ends as it is told.
class exits_in_start : public application {
public:
    exits_in_start(term reason, bool leaves_one) : reason_(std::move(reason)), leaves_one_(leaves_one) {}

private:
    start_result<pid> start() override {
        if (leaves_one_) {
            spawn([] {
                static_cast<void>(register_name("left_over"_a, self()));
                static_cast<void>(receive_if([](term_view) { return false; }));
            });
            while (!whereis("left_over"_a))
                yield();
        }
        exit(reason_);
    }
    term reason_;
    bool leaves_one_;
};

TEST_P(application_test, a_start_that_fails_ends_the_program_as_the_end_of_the_application_does) {
    for (const auto& [type, reason, fatal] : {std::tuple{application_type::permanent, "normal"_a, true},
                                              {application_type::transient, "normal"_a, false},
                                              {application_type::transient, "broken"_a, true},
                                              {application_type::temporary, "broken"_a, false}}) {
        rakka::system s(GetParam().options);
        std::atomic<int> asked{0};
        s.run([&, t = type, why = reason] {
            ASSERT_TRUE(applications::load<exits_in_start>({.name = "shop"_a}, term(why), false));
            set_stop_handler(s, [&](const stop_request& r) { asked = r.status; });
            EXPECT_FALSE(applications::start("shop"_a, t));
        });
        EXPECT_EQ(asked, fatal ? 1 : 0) << reason.text();
        set_stop_handler(s, {});
    }
}

TEST_P(application_test, a_failed_start_is_told_when_nothing_of_it_is_left) {
    in_process([] {
        ASSERT_TRUE(applications::load<exits_in_start>({.name = "shop"_a}, term("broken"_a), true));
        EXPECT_FALSE(applications::start("shop"_a));
        EXPECT_FALSE(whereis("left_over"_a));
        EXPECT_EQ(shown(applications::unload("shop"_a)), "ok");
    });
}

TEST_P(application_test, a_start_after_a_failed_one_is_not_ended_by_it) {
    in_process([] {
        const auto tries = std::make_shared<int>(0);
        ASSERT_TRUE(applications::load({.name = "shop"_a}, [tries, me = self()] {
            return std::make_unique<told>(me, "shop"_a, (*tries)++ == 0 ? "refuse"_a : atom());
        }));
        EXPECT_FALSE(applications::start("shop"_a));
        ASSERT_TRUE(applications::start("shop"_a));
        EXPECT_EQ(shown(applications::start("shop"_a)), "{already_started,shop}");
        EXPECT_EQ(running(), "shop");
        applications::stop_all();
    });
}

TEST_P(application_test, what_fits_no_form_does_nothing_to_the_controller) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        const pid controller = whereis("application_controller"_a).value();
        for (const term& m : std::vector<term>{
                 tuple("application_started"_a, 1, 2), tuple("application_started"_a, self(), "ok"_a),
                 tuple("application_ended"_a, "shop"_a, "broken"_a),
                 tuple("application_ended"_a, self(), "broken"_a), tuple("EXIT"_a, 1, 2), "hello"_a})
            send(controller, m);
        for (const term& request : std::vector<term>{"hello"_a, tuple("start"_a, "shop"_a, "permanent"_a),
                                                     tuple("start"_a, "shop"_a, 3), tuple("start"_a, 1, 2),
                                                     tuple("stop"_a, 1), tuple("other"_a, "shop"_a)}) {
            EXPECT_EQ(gen_server::call(controller, request),
                      term(tuple("error"_a, tuple("bad_request"_a, request))));
        }
        EXPECT_EQ(whereis("application_controller"_a), controller);
        EXPECT_EQ(running(), "shop");
        applications::stop_all();
    });
}

TEST_P(application_test, a_controller_takes_over_when_the_applications_of_the_one_before_have_ended) {
    in_process([] {
        load("shop"_a);
        ASSERT_TRUE(applications::start("shop"_a));
        const pid controller = whereis("application_controller"_a).value();
        exit(controller, "kill"_a);
        while (whereis("application_controller"_a) == controller)
            yield();
        EXPECT_EQ(shown(applications::start("shop"_a)), "ok");
        EXPECT_EQ(said(), "{shop,start} {root_ended,shutdown} {shop,stop} {shop,start}");
        EXPECT_EQ(running(), "shop");
        applications::stop_all();
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

TEST_P(application_test, the_environment_is_the_specifications_unless_configured_or_set) {
    in_process([] {
        applications::set_env("shop"_a, "early"_a, term(1));
        EXPECT_FALSE(applications::configure(list(
            tuple("shop"_a, list(tuple("port"_a, 8080), tuple("extra"_a, true))), tuple("other"_a, list()))));
        load("shop"_a, {.env = {{"port"_a, term(80)}, {"host"_a, term("here"_a)}}});
        EXPECT_EQ(applications::get_env("shop"_a, "port"_a), term(8080));
        EXPECT_EQ(applications::get_env("shop"_a, "host"_a), term("here"_a));
        EXPECT_EQ(applications::get_env("shop"_a, "early"_a), term(1));
        EXPECT_EQ(applications::get_env_or("shop"_a, "port"_a, 1), 8080);
        EXPECT_EQ(applications::get_env_or("shop"_a, "none"_a, 7), 7);
        EXPECT_EQ(applications::get_env_or("shop"_a, "host"_a, 7), 7) << "of another form";
        applications::set_env("shop"_a, "port"_a, term(1));
        applications::unset_env("shop"_a, "host"_a);
        EXPECT_EQ(applications::get_env("shop"_a, "port"_a), term(1));
        EXPECT_FALSE(applications::get_env("shop"_a, "host"_a));
        EXPECT_EQ(applications::get_all_env("shop"_a).size(), 3U);
        EXPECT_FALSE(applications::get_env("nobody"_a, "port"_a));
    });
}

TEST_P(application_test, new_configuration_is_told_to_those_that_run) {
    in_process([] {
        load("shop"_a, {.env = {{"a"_a, term(1)}, {"b"_a, term(2)}}});
        ASSERT_TRUE(applications::start("shop"_a));
        static_cast<void>(said());
        EXPECT_FALSE(applications::configure(
            list(tuple("shop"_a, list(tuple("a"_a, 9), tuple("b"_a, 2), tuple("c"_a, 3))))));
        EXPECT_EQ(next_message().to_string(), "{config,1,1}");
        EXPECT_EQ(applications::get_env("shop"_a, "a"_a), term(9));
        applications::stop_all();
    });
}

TEST_P(application_test, a_file_of_erlang_terms_configures_and_says_where_it_is_wrong) {
    const std::string folder = testing::TempDir() + "rakka_config_" + GetParam().name;
    const auto write = [&](const std::string& name, const std::string& text) {
        std::ofstream(folder + name) << text;
        return folder + name;
    };
    const std::string second = write("_more.config", "[{shop, [{b, 3}]}].");
    const std::string name = second.substr(second.rfind('/') + 1);
    const std::string first =
        write(".config", "%% of a test\n[{shop, [{a, \"text\"}, {b, 2}]},\n \"" + name + "\"].\n");
    const std::string broken = write("_broken.config", "[{shop,\n [{a, 1]}].\n");
    const std::string shape = write("_shape.config", "[{shop, [a]}].\n");
    in_process([&] {
        load("shop"_a);
        EXPECT_FALSE(applications::load_config(first));
        EXPECT_EQ(applications::get_env_or("shop"_a, "b"_a, 0), 3);
        EXPECT_EQ(applications::get_env("shop"_a, "a"_a)->to_string(), "\"text\"");
        EXPECT_EQ(applications::load_config(broken)->what.substr(broken.size(), 5), ":2:8:");
        EXPECT_EQ(applications::load_config(shape)->what, shape + ": of shop: expected {Key, Value}, not a");
        EXPECT_EQ(applications::load_config("/no/such/file")->what, "/no/such/file: cannot be read");
        EXPECT_TRUE(applications::configure(term(7)));
    });
    for (const std::string& file : {first, second, broken, shape})
        std::remove(file.c_str());
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
