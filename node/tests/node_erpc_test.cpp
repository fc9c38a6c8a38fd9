// erpc between nodes of this program: all outcomes, requests, and what is left behind.
#include "support/cluster.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;
using erpc::failure_kind;

class node_erpc : public cluster {
protected:
    node_erpc() : a(start("a")), b(start("b")) {
        for (member* m : {&a, &b}) {
            auto& exports = m->self->exports();
            exports.add("m"_a, "add"_a, [](std::int64_t x, std::int64_t y) { return x + y; });
            exports.add("m"_a, "same"_a, [](const term& x) { return x; });
            exports.add("m"_a, "node"_a, [] { return this_system().node_name(); });
            exports.add("m"_a, "me"_a, [] { return self(); });
            exports.add("m"_a, "throw"_a, [](const term& x) -> term { throw term(x); });
            exports.add("m"_a, "exit"_a, [](term x) -> term { rakka::exit(std::move(x)); });
            exports.add("m"_a, "error"_a, [](term x) -> term { rakka::error(std::move(x)); });
            exports.add("m"_a, "what"_a, []() -> int { throw std::runtime_error("no luck"); });
            exports.add("m"_a, "killed"_a, [] {
                rakka::exit(self(), term("kill"_a));
                static_cast<void>(receive());
            });
            exports.add("m"_a, "tell"_a, [](pid to) { send(to, term(tuple("here"_a, self()))); });
            exports.add("m"_a, "wait"_a, [](pid to) {
                send(to, term(tuple("waits"_a, self())));
                return receive();
            });
            exports.add("m"_a, "for_ever"_a, [] { static_cast<void>(receive()); });
        }
    }

    /// Both ways: to another node and to the own one.
    template <class F>
    void from_a_to_each(F f) {
        for (const atom node : {b.name(), a.name()}) {
            SCOPED_TRACE(node.text());
            a.sys.run([&] { f(node); });
        }
    }
    static std::string failure_text(const erpc::response& r) {
        return r ? "no failure: " + r->to_string() : r.error().to_term().to_string();
    }
    /// The next call that says that it waits.
    static pid waiting_process() {
        const auto m = receive_if([](term_view v) { return v.is_tagged("waits"_a, 2); }, 20s);
        EXPECT_TRUE(m);
        return m ? *m->tuple()[1].as<pid>() : pid();
    }
    /// Nothing in the mailbox, no monitor, no link.
    static void expect_clean() {
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms));
        const auto info = process_info(self());
        ASSERT_TRUE(info);
        EXPECT_TRUE(info->monitors.empty());
        EXPECT_TRUE(info->links.empty());
    }

    member& a;
    member& b;
};

TEST_F(node_erpc, gives_what_the_function_gives) {
    from_a_to_each([&](atom node) {
        EXPECT_EQ(erpc::call(node, "m"_a, "add"_a, list(1, 2)).value().as<int>().value(), 3);
        EXPECT_EQ(*erpc::call(node, "m"_a, "node"_a, list()).value().as<atom>(), node);
        EXPECT_NE(*erpc::call(node, "m"_a, "me"_a, list(), 20s).value().as<pid>(), self());
        EXPECT_EQ(
            erpc::call(node, "erlang"_a, "apply"_a, list("m"_a, "add"_a, list(3, 4))).value().to_string(),
            "7");
        const term fun = global::resolve_method("m"_a, "none"_a).to_term();  // fun m:none/3
        EXPECT_EQ(failure_text(erpc::call(node, "erlang"_a, "apply"_a, list(fun, list(1, 2, 3)))),
                  "{error,{exception,undef,[{m,none,[1,2,3],[]}]}}");
        EXPECT_TRUE(erpc::call(node, fun).error().is_erpc("badarg"_a)) << "it has parameters";
        EXPECT_TRUE(erpc::call(node, term(17)).error().is_erpc("badarg"_a));
        expect_clean();
    });
}

TEST_F(node_erpc, tells_all_ways_to_fail_apart) {
    from_a_to_each([&](atom node) {
        const auto outcome = [&](atom function, const term& arguments) {
            return failure_text(erpc::call(node, "m"_a, function, arguments));
        };
        EXPECT_EQ(outcome("throw"_a, list("ball"_a)), "{throw,ball}");
        EXPECT_EQ(outcome("exit"_a, list("why"_a)), "{exit,{exception,why}}");
        EXPECT_EQ(outcome("error"_a, list("why"_a)), "{error,{exception,why,[{m,error,1,[]}]}}");
        EXPECT_EQ(outcome("what"_a, list()),
                  "{error,{exception,{cpp_exception,<<\"std::runtime_error\">>,<<\"no luck\">>},"
                  "[{m,what,0,[]}]}}");
        EXPECT_EQ(outcome("add"_a, list(1, "x"_a)), "{error,{exception,function_clause,[{m,add,[1,x],[]}]}}");
        EXPECT_EQ(outcome("add"_a, list(1)), "{error,{exception,undef,[{m,add,[1],[]}]}}");
        EXPECT_EQ(outcome("killed"_a, list()), "{exit,{signal,killed}}");
        EXPECT_EQ(outcome("add"_a, cons(1, 2)), "{error,{erpc,badarg}}");
        EXPECT_EQ(outcome("add"_a, "x"_a), "{error,{erpc,badarg}}");
        const auto failed = erpc::call(node, "m"_a, "error"_a, list("why"_a));
        EXPECT_EQ(failed.error().what, failure_kind::failed);
        EXPECT_EQ(failed.error().reason.to_string(), "why");
        EXPECT_EQ(failed.error().stack.to_string(), "[{m,error,1,[]}]");
        expect_clean();
    });
    a.sys.run([&] {
        const auto far = erpc::call("no@127.0.0.1"_a, "m"_a, "add"_a, list(1, 2));
        EXPECT_TRUE(far.error().is_erpc("noconnection"_a));
        expect_clean();
    });
    system alone(system_options{.workers = 1});
    alone.run([&] {
        EXPECT_TRUE(erpc::call(b.name(), "m"_a, "add"_a, list(1, 2)).error().is_erpc("noconnection"_a));
    });
    alone.stop();
}

TEST_F(node_erpc, raises_what_went_wrong_when_asked_for_the_value) {
    a.sys.run([&] {
        const auto raised = [&](atom node, atom function, const term& arguments) -> std::string {
            try {
                return erpc::call(node, "m"_a, function, arguments).value().to_string();
            } catch (const term& t) {
                return "throw:" + t.to_string();
            } catch (const process_exit& e) {
                return (e.raised == process_exit::kind::error ? "error:" : "exit:") + e.reason.to_string();
            }
        };
        EXPECT_EQ(raised(b.name(), "throw"_a, list("ball"_a)), "throw:ball");
        EXPECT_EQ(raised(b.name(), "exit"_a, list("why"_a)), "exit:{exception,why}");
        EXPECT_EQ(raised(b.name(), "error"_a, list("why"_a)), "error:{{exception,why,[{m,error,1,[]}]},[]}");
        EXPECT_EQ(raised(b.name(), "killed"_a, list()), "exit:{signal,killed}");
        EXPECT_EQ(raised("no@127.0.0.1"_a, "same"_a, list(1)), "error:{{erpc,noconnection},[]}");
        // A process that lets a thrown term go ends as one of Erlang's does.
        const auto thrower = spawn_monitor([] { throw term("ball"_a); });
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "{{nocatch,ball},[]}");
        static_cast<void>(thrower);
    });
}

TEST_F(node_erpc, leaves_nothing_behind_when_time_is_up) {
    from_a_to_each([&](atom node) {
        const auto late = erpc::call(node, "m"_a, "wait"_a, list(self()), 50ms);
        EXPECT_TRUE(late.error().is_erpc("timeout"_a));
        const auto waiting = receive_soon();  // it runs on, and ends unheard
        ASSERT_TRUE(waiting->is_tagged("waits"_a, 2));
        const pid there = *waiting->tuple()[1].as<pid>();
        send(there, term("go"_a));
        const reference ref = monitor(there);
        EXPECT_TRUE(is_down(ref, receive_soon()->view()));
        expect_clean();
        // A time of nothing, which is over before there is an answer about the process.
        for (int i = 0; i < 20; ++i) {
            const auto none = erpc::call(node, "m"_a, "same"_a, list(i), 0ms);
            EXPECT_TRUE(none || none.error().is_erpc("timeout"_a));
        }
        EXPECT_EQ(erpc::call(node, "m"_a, "same"_a, list(1), 20s)->to_string(), "1");
        expect_clean();
    });
}

TEST_F(node_erpc, calls_many_nodes_at_once_dead_ones_included) {
    a.sys.run([&] {
        const std::vector<atom> nodes{b.name(), "no@127.0.0.1"_a, a.name(), b.name()};
        const auto answers = erpc::multicall(nodes, "m"_a, "node"_a, list());
        ASSERT_EQ(answers.size(), 4U);
        EXPECT_EQ(*answers[0]->as<atom>(), b.name());
        EXPECT_TRUE(answers[1].error().is_erpc("noconnection"_a));
        EXPECT_EQ(*answers[2]->as<atom>(), a.name());
        EXPECT_EQ(*answers[3]->as<atom>(), b.name());
        for (const auto& late : erpc::multicall({a.name(), b.name()}, "m"_a, "for_ever"_a, list(), 30ms))
            EXPECT_TRUE(late.error().is_erpc("timeout"_a));
        for (const auto& bad : erpc::multicall(nodes, "m"_a, "node"_a, "x"_a))
            EXPECT_TRUE(bad.error().is_erpc("badarg"_a));
        EXPECT_TRUE(erpc::multicall({}, "m"_a, "node"_a, list()).empty());
        expect_clean();

        erpc::multicast({a.name(), b.name(), "no@127.0.0.1"_a}, "m"_a, "tell"_a, list(self()));
        EXPECT_TRUE(receive_soon()->is_tagged("here"_a, 2));
        EXPECT_TRUE(receive_soon()->is_tagged("here"_a, 2));
        erpc::cast(b.name(), "m"_a, "exit"_a, list("unheard"_a));
        EXPECT_THROW(erpc::cast(b.name(), "m"_a, "exit"_a, "x"_a), process_exit);
        EXPECT_EQ(erpc::call(b.name(), "m"_a, "same"_a, list(1))->to_string(), "1");
        expect_clean();
    });
}

TEST_F(node_erpc, keeps_requests_until_they_are_answered) {
    from_a_to_each([&](atom node) {
        const auto first = erpc::send_request(node, "m"_a, "wait"_a, list(self()));
        const auto second = erpc::send_request(node, "m"_a, "same"_a, list(2));
        const pid there = waiting_process();
        EXPECT_FALSE(erpc::wait_response(first));
        EXPECT_FALSE(erpc::wait_response(first, 1ms));
        EXPECT_EQ(erpc::receive_response(second)->to_string(), "2");
        send(there, term("go"_a));
        EXPECT_EQ((*erpc::wait_response(first, std::nullopt))->to_string(), "go");

        const auto third = erpc::send_request(node, "m"_a, "throw"_a, list("ball"_a));
        const term message = *receive_soon();
        EXPECT_FALSE(erpc::check_response(term("else"_a), third));
        EXPECT_FALSE(erpc::check_response(message, second));
        EXPECT_EQ(failure_text(*erpc::check_response(message, third)), "{throw,ball}");

        const auto given_up = erpc::send_request(node, "m"_a, "for_ever"_a, list());
        EXPECT_TRUE(erpc::receive_response(given_up, 10ms).error().is_erpc("timeout"_a));
        EXPECT_THROW(static_cast<void>(erpc::send_request(node, "m"_a, "x"_a, "x"_a)), process_exit);
        expect_clean();
    });
}

TEST_F(node_erpc, keeps_collections_of_requests) {
    a.sys.run([&] {
        erpc::request_ids ids;
        EXPECT_FALSE(erpc::receive_response(ids));
        EXPECT_FALSE(erpc::wait_response(ids, std::nullopt));
        for (int i = 0; i < 10; ++i)
            erpc::send_request(i % 2 == 0 ? a.name() : b.name(), "m"_a, "same"_a, list(i), term(i), ids);
        erpc::send_request("no@127.0.0.1"_a, "m"_a, "same"_a, list(1), term("dead"_a), ids);
        ids.add(erpc::send_request(b.name(), "m"_a, "exit"_a, list(1)), term("exit"_a));
        EXPECT_EQ(ids.size(), 12U);
        EXPECT_EQ(ids.to_list().size(), 12U);
        std::set<std::string> labels;
        while (!ids.empty()) {
            const auto next = labels.size() < 6 ? erpc::receive_response(ids, 20s)
                                                : erpc::check_response(*receive_soon(), ids);
            ASSERT_TRUE(next);
            labels.insert(next->label.to_string());
            if (next->answer) {
                EXPECT_EQ(*next->answer, next->label);
            }
        }
        EXPECT_EQ(labels.size(), 12U);
        erpc::send_request(a.name(), "m"_a, "for_ever"_a, list(), term(1), ids);
        erpc::send_request(b.name(), "m"_a, "for_ever"_a, list(), term(2), ids);
        EXPECT_FALSE(erpc::wait_response(ids, 5ms));
        EXPECT_FALSE(erpc::check_response(term("else"_a), ids));
        const auto late = erpc::receive_response(ids, 5ms);
        EXPECT_TRUE(late->answer.error().is_erpc("timeout"_a));
        EXPECT_FALSE(late->label.has_value());
        EXPECT_TRUE(ids.empty());
        expect_clean();
    });
}

// Objects of C++ have no form on the wire: a signal with one is dropped, but nobody waits for it in vain.
TEST_F(node_erpc, what_cannot_be_sent_is_answered_all_the_same) {
    struct home_loving {
        int value;
    };
    for (member* m : {&a, &b})
        m->self->exports().add("m"_a, "object"_a, [] { return make_native(home_loving{1}); });
    a.sys.run([&] {
        const term object = make_native(home_loving{2});
        EXPECT_TRUE(erpc::call(b.name(), "m"_a, "same"_a, list(object)).error().is_erpc("badarg"_a));
        EXPECT_EQ(failure_text(erpc::call(b.name(), "m"_a, "object"_a, list())), "{exit,{signal,badarg}}");
        EXPECT_TRUE(erpc::call(a.name(), "m"_a, "object"_a, list())) << "here it can be told";
        EXPECT_EQ(erpc::call(b.name(), "m"_a, "same"_a, list(1))->to_string(), "1");
        expect_clean();
    });
}

TEST_F(node_erpc, sees_the_loss_of_a_node) {
    a.sys.run([&] {
        const auto call = erpc::send_request(b.name(), "m"_a, "wait"_a, list(self()));
        EXPECT_TRUE(receive_soon()->is_tagged("waits"_a, 2));
        a->disconnect(b.name());
        EXPECT_TRUE(erpc::receive_response(call).error().is_erpc("noconnection"_a));
        expect_clean();
    });
}

}  // namespace
}  // namespace rakka::testing
