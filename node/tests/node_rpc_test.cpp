// rpc, and spawns that wait for their pid, between nodes of this program.
#include "support/cluster.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_rpc : public cluster {
protected:
    node_rpc() : a(start("a")), b(start("b")) {
        for (member* m : {&a, &b}) {
            auto& exports = m->self->exports();
            exports.add("m"_a, "same"_a, [](const term& x) { return x; });
            exports.add("m"_a, "node"_a, [] { return this_system().node_name(); });
            exports.add("m"_a, "throw"_a, [](const term& x) -> term { throw term(x); });
            exports.add("m"_a, "exit"_a, [](term x) -> term { rakka::exit(std::move(x)); });
            exports.add("m"_a, "error"_a, [](term x) -> term { rakka::error(std::move(x)); });
            exports.add("m"_a, "tell"_a,
                        [](pid to) { send(to, term(tuple("here"_a, this_system().node_name()))); });
            exports.add("m"_a, "leader"_a, [] { return group_leader(); });
            exports.add("m"_a, "wait"_a, [](pid to) {
                send(to, term(tuple("waits"_a, self())));
                return receive();
            });
        }
    }

    static std::string text(const rpc::response& r) {
        return r ? r->to_string() : r.error().to_term().to_string();
    }
    /// The next call that says that it waits.
    static pid waiting_process() {
        const auto m = receive_if([](term_view v) { return v.is_tagged("waits"_a, 2); }, 20s);
        EXPECT_TRUE(m);
        return m ? *m->tuple()[1].as<pid>() : pid();
    }
    static std::string next_text() {
        const auto t = receive_soon();
        return t ? t->to_string() : "nothing";
    }

    member& a;
    member& b;
};

TEST_F(node_rpc, calls_in_all_ways) {
    for (const atom node : {b.name(), a.name()}) {
        SCOPED_TRACE(node.text());
        a.sys.run([&] {
            EXPECT_EQ(text(rpc::call(node, "m"_a, "same"_a, list(1))), "1");
            EXPECT_EQ(text(rpc::call(node, "m"_a, "throw"_a, list("ball"_a))), "ball");
            EXPECT_EQ(text(rpc::call(node, "m"_a, "exit"_a, list("why"_a))), "{badrpc,{'EXIT',why}}");
            EXPECT_EQ(text(rpc::call(node, "m"_a, "error"_a, list("why"_a))),
                      "{badrpc,{'EXIT',{why,[{m,error,1,[]}]}}}");
            EXPECT_EQ(text(rpc::call(node, "m"_a, "none"_a, list(1))),
                      "{badrpc,{'EXIT',{undef,[{m,none,[1],[]}]}}}");
            EXPECT_EQ(text(rpc::call(node, "m"_a, "wait"_a, list(self()), 20ms)), "{badrpc,timeout}");
            EXPECT_TRUE(receive_soon()->is_tagged("waits"_a, 2));
            EXPECT_THROW(static_cast<void>(rpc::call(node, "m"_a, "exit"_a, list(1)).value()), process_exit);

            EXPECT_EQ(text(rpc::block_call(node, "m"_a, "same"_a, list(2))), "2");
            EXPECT_EQ(text(rpc::block_call(node, "m"_a, "throw"_a, list("ball"_a))), "ball");
            EXPECT_EQ(text(rpc::block_call(node, "m"_a, "exit"_a, list("why"_a))), "{badrpc,{'EXIT',why}}");
            EXPECT_EQ(text(rpc::block_call(node, "m"_a, "leader"_a, list())),
                      term(group_leader()).to_string());

            const auto first = rpc::async_call(node, "m"_a, "wait"_a, list(self()));
            const auto second = rpc::async_call(node, "m"_a, "same"_a, list(3));
            EXPECT_EQ(text(rpc::yield(second)), "3");
            EXPECT_FALSE(rpc::nb_yield(first));
            send(waiting_process(), term("go"_a));
            EXPECT_EQ(text(*rpc::nb_yield(first, std::nullopt)), "go");

            rpc::cast(node, "m"_a, "tell"_a, list(self()));
            EXPECT_TRUE(receive_soon()->is_tagged("here"_a, 2));
            rpc::eval_everywhere({node, "no@127.0.0.1"_a}, "m"_a, "tell"_a, list(self()));
            EXPECT_TRUE(receive_soon()->is_tagged("here"_a, 2));
            EXPECT_THROW(rpc::cast(node, "m"_a, "tell"_a, "x"_a), process_exit);
            EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms));
        });
    }
    a.sys.run([&] {
        EXPECT_EQ(text(rpc::call("no@127.0.0.1"_a, "m"_a, "same"_a, list(1))), "{badrpc,nodedown}");
        EXPECT_EQ(text(rpc::block_call("no@127.0.0.1"_a, "m"_a, "same"_a, list(1))), "{badrpc,nodedown}");
    });
}

TEST_F(node_rpc, a_block_call_blocks_others) {
    a.sys.run([&] {
        const pid me = self();
        spawn([me, node = b.name()] {
            send(me, term(tuple("first"_a, rpc::block_call(node, "m"_a, "wait"_a, list(me)).value())));
        });
        const term waits = receive_if([](term_view m) { return m.is_tagged("waits"_a, 2); });
        EXPECT_EQ(text(rpc::block_call(b.name(), "m"_a, "same"_a, list(1), 30ms)), "{badrpc,timeout}");
        EXPECT_EQ(text(rpc::call(b.name(), "m"_a, "same"_a, list(2))), "2") << "which does not go by rex";
        send(*waits.tuple()[1].as<pid>(), term("go"_a));
        EXPECT_EQ(next_text(), "{first,go}");
        EXPECT_EQ(text(rpc::block_call(b.name(), "m"_a, "same"_a, list(3))), "3");
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms)) << "no answer that came too late";
    });
}

TEST_F(node_rpc, reaches_many_nodes) {
    start_echo(a, "echo"_a);
    start_echo(b, "echo"_a);
    b.sys.spawn(
        [] {
            const term m = receive();
            send(*m.tuple()[0].as<pid>(), term(tuple("server"_a, this_system().node_name(), 42)));
        },
        {.name = "server"_a});
    a.sys.run([&] {
        const std::vector<atom> nodes{b.name(), "no@127.0.0.1"_a, a.name()};
        const auto all = rpc::multicall(nodes, "m"_a, "node"_a, list());
        ASSERT_EQ(all.results.size(), 2U);
        EXPECT_EQ(*all.results[0]->as<atom>(), b.name());
        EXPECT_EQ(*all.results[1]->as<atom>(), a.name());
        EXPECT_EQ(all.bad_nodes, std::vector<atom>{"no@127.0.0.1"_a});
        const auto failed = rpc::multicall({a.name()}, "m"_a, "exit"_a, list("why"_a));
        EXPECT_EQ(text(failed.results.at(0)), "{badrpc,{'EXIT',why}}");
        const auto everywhere = rpc::multicall("m"_a, "node"_a, list());
        EXPECT_EQ(everywhere.results.size(), 2U);

        rpc::abcast(nodes, "echo"_a, term(tuple(self(), "hello"_a)));
        for (int i = 0; i < 2; ++i)
            EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "hello");
        rpc::abcast("nobody"_a, term("lost"_a));
        const auto sent = rpc::sbcast(nodes, "echo"_a, term(tuple(self(), "hello"_a)));
        EXPECT_EQ(sent.good, (std::vector<atom>{b.name(), a.name()}));
        EXPECT_EQ(sent.bad, std::vector<atom>{"no@127.0.0.1"_a});
        for (int i = 0; i < 2; ++i)
            EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "hello");
        EXPECT_EQ(rpc::sbcast("nobody"_a, term(1)).bad.size(), 2U);
        const auto served = rpc::multi_server_call(nodes, "server"_a, term("question"_a));
        ASSERT_EQ(served.values.size(), 1U);
        EXPECT_EQ(served.values[0].to_string(), "42");
        EXPECT_EQ(served.bad_nodes, (std::vector<atom>{"no@127.0.0.1"_a, a.name()}));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms));
        EXPECT_TRUE(process_info(self())->monitors.empty());
    });
}

TEST_F(node_rpc, a_value_that_looks_like_a_failure_is_one) {
    for (const atom node : {b.name(), a.name()}) {
        a.sys.run([&] {
            const term ball = tuple("EXIT"_a, "x"_a);
            EXPECT_EQ(text(rpc::call(node, "m"_a, "same"_a, list(ball))), "{badrpc,{'EXIT',x}}");
            EXPECT_EQ(text(rpc::call(node, "m"_a, "throw"_a, list(ball))), "{badrpc,{'EXIT',x}}");
            EXPECT_EQ(text(rpc::block_call(node, "m"_a, "same"_a, list(ball))), "{badrpc,{'EXIT',x}}");
            EXPECT_EQ(text(rpc::block_call(node, "m"_a, "throw"_a, list(ball))), "{badrpc,{'EXIT',x}}");
            try {
                static_cast<void>(rpc::call(node, "m"_a, "same"_a, "x"_a));
                ADD_FAILURE() << "arguments that are no list";
            } catch (const process_exit& e) {
                EXPECT_EQ(e.reason.to_string(), "{badarg,[]}");
            }
        });
    }
}

TEST_F(node_rpc, work_is_spread_over_nodes) {
    ASSERT_TRUE(a->connect(b.name()));
    for (member* m : {&a, &b}) {
        m->self->exports().add("m"_a, "plus"_a, [](std::int64_t x, std::int64_t y) { return x + y; });
        m->sys.spawn(
            [] {
                while (true) {
                    const term asked = receive();
                    send(*asked.tuple()[0].as<pid>(),
                         term(tuple("wrapped"_a, this_system().node_name(), asked.share(asked.tuple()[1]))));
                }
            },
            {.name = "server"_a});
    }
    a.sys.run([&] {
        const rpc::mfa where{"m"_a, "node"_a, list()};
        const auto answers = rpc::parallel_eval({where, {"m"_a, "exit"_a, list("why"_a)}, where, where});
        ASSERT_EQ(answers.size(), 4U);
        EXPECT_EQ(text(answers[0]), term(a.name()).to_string());
        EXPECT_EQ(text(answers[1]), "{badrpc,{'EXIT',why}}");
        EXPECT_EQ(text(answers[3]), term(b.name()).to_string()) << "each node in turn";
        EXPECT_THROW(static_cast<void>(rpc::parallel_eval({where, {"m"_a, "node"_a, "x"_a}})), process_exit);

        const auto sums = rpc::pmap("m"_a, "plus"_a, list(1000), {term(1), term(2), term(3)});
        EXPECT_EQ(term(sums).to_string(), "[1001,1002,1003]");
        EXPECT_TRUE(rpc::pmap("m"_a, "plus"_a, list(1000), {}).empty());
        try {
            static_cast<void>(rpc::pmap("m"_a, "plus"_a, list(1000), {term(1), term("x"_a)}));
            ADD_FAILURE() << "one of them has failed";
        } catch (const process_exit& e) {
            EXPECT_EQ(e.reason.to_string(), "badrpc");
        }

        EXPECT_EQ(rpc::server_call(b.name(), "server"_a, "wrapped"_a, 1)->to_string(), "1");
        EXPECT_EQ(rpc::server_call(a.name(), "server"_a, "wrapped"_a, 2)->to_string(), "2");
        EXPECT_FALSE(rpc::server_call(b.name(), "nobody"_a, "wrapped"_a, 3));
        EXPECT_FALSE(rpc::server_call("no@127.0.0.1"_a, "server"_a, "wrapped"_a, 4));
        EXPECT_EQ(rpc::multi_server_call("nobody"_a, 5).bad_nodes.size(), 2U);

        const pid there = *erpc::call(b.name(), "erlang"_a, "whereis"_a, list("rex"_a))->as<pid>();
        EXPECT_EQ(text(rpc::pinfo(there, "registered_name"_a)), "{registered_name,rex}");
        EXPECT_TRUE(rpc::pinfo(there)->is(kind::list));
        EXPECT_EQ(text(rpc::pinfo(self(), "trap_exit"_a)), "{trap_exit,false}");
        const pid gone = spawn([] {});
        const reference ref = monitor(gone);
        EXPECT_TRUE(is_down(ref, receive_soon()->view()));
        EXPECT_EQ(text(rpc::pinfo(gone)), "undefined");
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms)) << "nothing is left behind";
        EXPECT_TRUE(process_info(self())->monitors.empty());
    });
}

TEST_F(node_rpc, spawns_on_any_node) {
    for (const atom node : {b.name(), a.name()}) {
        SCOPED_TRACE(node.text());
        a.sys.run([&] {
            trap_exit(true);
            const auto waits = [] { return *receive_soon()->tuple()[1].as<pid>(); };
            const pid plain = spawn(node, "m"_a, "wait"_a, list(self()));
            EXPECT_EQ(waits(), plain);
            exit(plain, term("over"_a));
            const pid linked =
                spawn_link(node, "m"_a, "wait"_a, list(self()), list(tuple("priority"_a, "high"_a)));
            EXPECT_EQ(waits(), linked);
            exit(linked, term("over"_a));
            EXPECT_EQ(next_text(), term(tuple("EXIT"_a, linked, "over"_a)).to_string());
            const auto [child, ref] = spawn_monitor(node, "m"_a, "exit"_a, list("why"_a));
            EXPECT_EQ(next_text(), term(tuple("DOWN"_a, ref, "process"_a, child, "why"_a)).to_string());
            const auto threw = spawn_monitor(node, "m"_a, "throw"_a, list("ball"_a));
            EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "{{nocatch,ball},[{m,throw,1,[]}]}");
            const auto absent = spawn_monitor(node, "m"_a, "none"_a, list(1));
            EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "{undef,[{m,none,[1],[]}]}");
            EXPECT_NE(threw.ref, absent.ref);
            EXPECT_EQ(*erpc::call(node, "m"_a, "leader"_a, list())->as<pid>(), group_leader());
            for (const term& bad :
                 {term(list("odd"_a)), term(list(tuple("priority"_a, "odd"_a))),
                  term(list(tuple("min_heap_size"_a, -1))), term(list(tuple("reply"_a, "yes"_a))),
                  term(list(tuple("message_queue_data"_a, "odd"_a))), term("odd"_a)})
                EXPECT_THROW(spawn(node, "m"_a, "wait"_a, list(self()), bad), process_exit)
                    << bad.to_string();
            EXPECT_THROW(spawn(node, "m"_a, "wait"_a, "odd"_a), process_exit);
            const term tuned = list(tuple("min_heap_size"_a, 233), tuple("fullsweep_after"_a, 0),
                                    tuple("message_queue_data"_a, "off_heap"_a), tuple("scheduler"_a, 0),
                                    tuple("max_heap_size"_a, map("size"_a, 0)), tuple("async_dist"_a, true));
            spawn(node, "m"_a, "tell"_a, list(self()), tuned);
            EXPECT_TRUE(receive_soon()->is_tagged("here"_a, 2));
            EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms));
        });
    }
    a.sys.run([&] {
        trap_exit(true);
        static_cast<void>(spawn("no@127.0.0.1"_a, "m"_a, "same"_a, list(1)));
        const pid gone = spawn_link("no@127.0.0.1"_a, "m"_a, "same"_a, list(1));
        EXPECT_EQ(next_text(), term(tuple("EXIT"_a, gone, "noconnection"_a)).to_string());
        static_cast<void>(spawn_monitor("no@127.0.0.1"_a, "m"_a, "same"_a, list(1)));
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noconnection");
        // More arguments than any function has.
        const std::vector<int> many(256, 0);
        EXPECT_THROW(spawn(b.name(), "m"_a, "same"_a, term(many)), process_exit);
        EXPECT_EQ(erpc::call(b.name(), "m"_a, "same"_a, list(1))->to_string(), "1") << "still connected";
    });
}

}  // namespace
}  // namespace rakka::testing
