// Agents: each rule of Elixir's documentation of Agent.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/agent.hpp>
#include <rakka/otp/sys.hpp>

#include <map>
#include <memory>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using counts = std::map<std::string, std::int64_t>;

/// Cannot be copied and has no form as a term.
struct vault {
    std::unique_ptr<int> gold;
};

class agent_test : public behaviour_test {
protected:
    static pid number(std::int64_t n) {
        return agent::start([n] { return n; }).value();
    }
    static std::int64_t value(const server_ref& a) {
        return agent::get(a, [](std::int64_t n) { return n; });
    }
    /// `calc:add/2`, `calc:split/1`, `calc:junk/1`
    void with_exports(const std::function<void()>& body) {
        rakka::system s(GetParam().options);
        s.exports().add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
        s.exports().add("calc"_a, "split"_a, [](std::int64_t n) { return std::pair(n / 2, n - n / 2); });
        s.exports().add("calc"_a, "junk"_a, [](std::int64_t) { return "junk"_a; });
        s.run(body);
    }
};

TEST_P(agent_test, keeps_a_value_of_any_type_that_functions_read_and_change) {
    in_process([] {
        const pid a = agent::start_link([] { return counts(); }).value();
        agent::update(a, [](counts& c) { c["x"] = 1; });
        agent::update(a, [](counts& c) { ++c["x"]; });
        EXPECT_EQ(agent::get(a, [](const counts& c) { return c.at("x"); }), 2);
        EXPECT_EQ(agent::get_and_update(a, [](counts& c) { return c["x"]++; }), 2);
        EXPECT_EQ(agent::get(a, [](const counts& c) { return c; }), (counts{{"x", 3}}));
        const pid v = agent::start_link([] { return vault{std::make_unique<int>(7)}; }).value();
        auto taken = agent::get_and_update(v, [](vault& w) { return std::move(w.gold); });
        EXPECT_EQ(*taken, 7);
        EXPECT_TRUE(agent::get(v, [](const vault& w) { return w.gold == nullptr; }));
    });
}

TEST_P(agent_test, functions_run_in_the_agent_one_at_a_time) {
    in_process([] {
        const pid a = number(0);
        EXPECT_EQ(agent::get(a, [](std::int64_t) { return self(); }), a);
        std::vector<monitored_process> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(spawn_monitor([a] {
                for (int k = 0; k < 10; ++k)
                    agent::update(a, [](std::int64_t& n) { ++n; });
            }));
        }
        for (const auto& p : all)
            static_cast<void>(receive_if([&](term_view m) { return is_down(p.ref, m); }));
        EXPECT_EQ(value(a), 200);
    });
}

TEST_P(agent_test, cast_does_not_wait_and_keeps_its_place) {
    in_process([] {
        const pid a = number(1);
        agent::cast(a, [](std::int64_t& n) { n *= 10; });
        agent::cast(a, [](std::int64_t& n) { n += 5; });
        EXPECT_EQ(value(a), 15);
        agent::cast("nobody"_a, [](std::int64_t&) {});
        EXPECT_TRUE(no_message());
    });
}

TEST_P(agent_test, is_started_under_a_name_once) {
    in_process([] {
        const pid a = agent::start_link([] { return 1; }, {.name = "one"_a}).value();
        EXPECT_EQ(agent::get("one"_a, [](int n) { return n; }), 1);
        const auto again = agent::start_link([] { return 2; }, {.name = "one"_a});
        EXPECT_EQ(again.error().reason, term(tuple("already_started"_a, a)));
        agent::stop("one"_a);
        EXPECT_FALSE(whereis("one"_a));
    });
}

TEST_P(agent_test, what_init_throws_is_why_it_did_not_start) {
    in_process([] {
        EXPECT_EQ(agent::start([]() -> int { exit("no"_a); }).error().reason, term("no"_a));
        EXPECT_EQ(agent::start([]() -> int { throw std::runtime_error("x"); }).error().reason.to_string(),
                  "{{cpp_exception,<<\"std::runtime_error\">>,<<\"x\">>},[]}");
        const auto slow = agent::start(
            []() -> int {
                static_cast<void>(receive_if([](term_view) { return false; }));
                return 1;
            },
            {.timeout = 10ms});
        EXPECT_EQ(slow.error().reason, term("timeout"_a));
    });
}

TEST_P(agent_test, a_function_that_throws_ends_the_agent_and_its_caller) {
    in_process([] {
        const pid a = number(1);
        const reference ref = monitor(a);
        const std::string reason =
            exit_of([&] { static_cast<void>(agent::get(a, [](std::int64_t) -> int { exit("oops"_a); })); });
        EXPECT_TRUE(reason.starts_with("{oops,{gen_server,call,[")) << reason;
        const term down = next_message();
        EXPECT_TRUE(is_down(ref, down));
        EXPECT_TRUE(down.tuple()[4].is_atom("oops"_a));
    });
}

TEST_P(agent_test, a_call_that_takes_too_long_is_an_exit_and_the_function_runs_all_the_same) {
    in_process([] {
        const pid a = number(1);
        const std::string reason = exit_of([&] {
            agent::update(
                a,
                [](std::int64_t& n) {
                    receive(on("go"_a, [] {}));
                    n = 9;
                },
                10ms);
        });
        EXPECT_TRUE(reason.starts_with("{timeout,{gen_server,call,[")) << reason;
        send(a, "go"_a);
        EXPECT_EQ(value(a), 9);
        EXPECT_TRUE(no_message());
    });
}

TEST_P(agent_test, a_function_for_another_type_is_badarg_and_changes_nothing) {
    in_process([] {
        const pid a = number(4);
        EXPECT_EQ(
            exit_of([&] { static_cast<void>(agent::get(a, [](const counts& c) { return c.size(); })); }),
            "{badarg,[]}");
        EXPECT_EQ(exit_of([&] { agent::update(a, [](std::string&) {}); }), "{badarg,[]}");
        EXPECT_EQ(value(a), 4);
        const registered_name far{"a"_a, "far@away"_a};
        EXPECT_EQ(exit_of([&] { static_cast<void>(value(far)); }), "{badarg,[]}");
        EXPECT_EQ(exit_of([&] { agent::cast(far, [](std::int64_t&) {}); }), "{badarg,[]}");
    });
}

TEST_P(agent_test, stops_with_a_reason) {
    in_process([] {
        const pid a = number(1);
        const reference ref = monitor(a);
        agent::stop(a, tuple("shutdown"_a, 1));
        const term down = next_message();
        EXPECT_TRUE(is_down(ref, down));
        EXPECT_EQ(down.tuple()[4].to_string(), "{shutdown,1}");
        EXPECT_EQ(exit_of([&] { agent::stop(a); }), "noproc");
        EXPECT_EQ(exit_of([&] { static_cast<void>(value("nobody"_a)); }).substr(0, 7), "{noproc");
    });
}

TEST_P(agent_test, exported_functions_work_on_a_state_that_is_a_term) {
    with_exports([] {
        const pid a = number(4);
        EXPECT_EQ(agent::get(a, mfargs{"calc"_a, "add"_a, list(3)}), term(7));
        EXPECT_EQ(value(a), 4);
        agent::update(a, mfargs{"calc"_a, "add"_a, list(3)});
        EXPECT_EQ(value(a), 7);
        EXPECT_EQ(agent::get_and_update(a, mfargs{"calc"_a, "split"_a}), term(3));
        EXPECT_EQ(value(a), 4);
        agent::cast(a, mfargs{"calc"_a, "add"_a, list(1)});
        EXPECT_EQ(value(a), 5);
    });
}

TEST_P(agent_test, a_function_that_gives_no_state_ends_the_agent) {
    with_exports([] {
        const auto reason = [](auto f) {
            const pid a = number(4);
            const reference ref = monitor(a);
            exit_of([&] { f(a); });
            const term down = receive_if([&](term_view m) { return is_down(ref, m); });
            return down.tuple()[4].to_string();
        };
        EXPECT_EQ(reason([](const pid& a) {
                      agent::update(a, mfargs{"calc"_a, "junk"_a});
                  }),
                  "{bad_return_value,junk}");
        EXPECT_EQ(reason([](const pid& a) {
                      static_cast<void>(agent::get_and_update(a, mfargs{"calc"_a, "junk"_a}));
                  }),
                  "{bad_return_value,junk}");
        EXPECT_EQ(reason([](const pid& a) {
                      agent::cast(a, mfargs{"calc"_a, "junk"_a});
                  }),
                  "{bad_return_value,junk}");
        EXPECT_EQ(reason([](const pid& a) {
                      static_cast<void>(agent::get(a, mfargs{"calc"_a, "none"_a}));
                  }),
                  "{undef,[{calc,none,[4],[]}]}");
    });
}

TEST_P(agent_test, sys_sees_and_replaces_the_state_and_changes_its_code) {
    with_exports([] {
        const pid a = number(4);
        EXPECT_EQ(sys::get_state(a), term(4));
        sys::replace_state(a, [](const term&) { return term(6); });
        EXPECT_EQ(value(a), 6);
        const pid v = agent::start([] { return vault{}; }).value();
        EXPECT_EQ(sys::get_state(v), term("undefined"_a));
        EXPECT_TRUE(is_alive(v));
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, agent_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
