// Functions of modules rpc and erpc that are called on this node: b goes between a and c.
#include "support/cluster.hpp"

#include <rakka/etf/parse.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_rpc_exports : public cluster {
protected:
    node_rpc_exports() : a(start("a")), b(start("b")), c(start("c")) {
        for (member* m : {&a, &b, &c}) {
            auto& exports = m->self->exports();
            exports.add("m"_a, "same"_a, [](const term& x) { return x; });
            exports.add("m"_a, "plus"_a, [](std::int64_t x, std::int64_t y) { return x + y; });
            exports.add("m"_a, "node"_a, [] { return this_system().node_name(); });
            exports.add("m"_a, "exit"_a, [](term x) -> term { rakka::exit(std::move(x)); });
            exports.add("m"_a, "tell"_a, [](pid to) { send(to, this_system().node_name()); });
            exports.add("m"_a, "sleep"_a,
                        [] { static_cast<void>(receive_if([](term_view) { return false; })); });
        }
        // In one cluster, so that `nodes()` of b are both.
        EXPECT_TRUE(a->connect(b.name()));
        EXPECT_TRUE(c->connect(b.name()));
    }

    /// What a gets when it has `module:function(arguments)` called on b.
    std::string on_b(atom module, atom function, const term& arguments) {
        return a.sys.run([&] {
            const auto r = erpc::call(b.name(), module, function, arguments, 20s);
            return r ? r->to_string() : r.error().to_term().to_string();
        });
    }
    std::string rpc_on_b(atom function, const term& arguments) { return on_b("rpc"_a, function, arguments); }
    std::string erpc_on_b(atom function, const term& arguments) {
        return on_b("erpc"_a, function, arguments);
    }

    member& a;
    member& b;
    member& c;
    const atom nobody = "no@127.0.0.1"_a;
};

TEST_F(node_rpc_exports, calls) {
    const atom there = c.name();
    EXPECT_EQ(rpc_on_b("call"_a, list(there, "m"_a, "node"_a, list())), "'c@127.0.0.1'");
    EXPECT_EQ(rpc_on_b("call"_a, list(there, "m"_a, "exit"_a, list("x"_a))), "{badrpc,{'EXIT',x}}");
    EXPECT_EQ(rpc_on_b("call"_a, list(nobody, "m"_a, "node"_a, list())), "{badrpc,nodedown}");
    EXPECT_EQ(rpc_on_b("call"_a, list(there, "m"_a, "sleep"_a, list(), 20)), "{badrpc,timeout}");
    EXPECT_EQ(rpc_on_b("call"_a, list(there, "m"_a, "node"_a, list(), "infinity"_a)), "'c@127.0.0.1'");
    EXPECT_EQ(rpc_on_b("block_call"_a, list(there, "m"_a, "same"_a, list(1))), "1");
    EXPECT_EQ(rpc_on_b("block_call"_a, list(there, "m"_a, "sleep"_a, list(), 20)), "{badrpc,timeout}");
    for (const term& bad :
         {term(list(1, "m"_a, "node"_a, list(), 20)), term(list(there, 1, "node"_a, list(), 20)),
          term(list(there, "m"_a, "node"_a, list(), "soon"_a)),
          term(list(there, "m"_a, "node"_a, list(), -1)), term(list(there, "m"_a, "node"_a, "x"_a, 20))})
        EXPECT_TRUE(rpc_on_b("call"_a, bad).starts_with("{error,{exception,badarg,[{rpc,call,5"))
            << bad.to_string() << rpc_on_b("call"_a, bad);
    EXPECT_EQ(rpc_on_b("call"_a, list(there)), "{error,{exception,undef,[{rpc,call,['c@127.0.0.1'],[]}]}}");

    EXPECT_EQ(erpc_on_b("call"_a, list(there, "m"_a, "node"_a, list())), "'c@127.0.0.1'");
    EXPECT_EQ(erpc_on_b("call"_a, list(there, "m"_a, "sleep"_a, list(), 20)),
              "{error,{exception,{erpc,timeout},[{erpc,call,5,[]}]}}");
    EXPECT_EQ(erpc_on_b("call"_a, list(there, "m"_a, "exit"_a, list("x"_a))),
              "{exit,{exception,{exception,x}}}");
    EXPECT_EQ(erpc_on_b("call"_a, list(1, "m"_a, "node"_a, list())),
              "{error,{exception,{erpc,badarg},[{erpc,call,4,[]}]}}");
    const auto in = [&](const term& time) {
        return erpc_on_b("call"_a, list(there, "m"_a, "node"_a, list(), time));
    };
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::steady_clock::now().time_since_epoch())
                         .count();
    const std::string badarg = "{error,{exception,{erpc,badarg},[{erpc,call,5,[]}]}}";
    EXPECT_EQ(in(tuple("abs"_a, now + 60'000)), "'c@127.0.0.1'");
    EXPECT_EQ(in(tuple("abs"_a, now + 5'000'000'000)), badarg);
    EXPECT_EQ(erpc_on_b("call"_a, list(there, "m"_a, "sleep"_a, list(), tuple("abs"_a, now + 20))),
              "{error,{exception,{erpc,timeout},[{erpc,call,5,[]}]}}");
    EXPECT_EQ(in(parse_term("#{}").value()), "'c@127.0.0.1'");
    EXPECT_EQ(in(parse_term("#{timeout => 20000, always_spawn => true}").value()), "'c@127.0.0.1'");
    EXPECT_EQ(in(parse_term("#{timeout => soon}").value()), badarg);
    EXPECT_EQ(in(parse_term("#{always_spawn => 1}").value()), badarg);
    const term f = global::resolve_method("m"_a, "node"_a).to_term();  // of arity 3, which m:node is not
    EXPECT_EQ(erpc_on_b("call"_a, list(there, f)), "{error,{exception,{erpc,badarg},[{erpc,call,2,[]}]}}");
    EXPECT_EQ(erpc_on_b("call"_a, list(there, parse_term("fun m:node/0").value())), "'c@127.0.0.1'");
}

TEST_F(node_rpc_exports, many_at_once) {
    const term nodes = list(c.name(), nobody, b.name());
    EXPECT_EQ(rpc_on_b("multicall"_a, list(nodes, "m"_a, "node"_a, list())),
              "{['c@127.0.0.1','b@127.0.0.1'],['no@127.0.0.1']}");
    EXPECT_EQ(rpc_on_b("multicall"_a, list(list(c.name()), "m"_a, "sleep"_a, list(), 20)),
              "{[],['c@127.0.0.1']}");
    EXPECT_EQ(rpc_on_b("multicall"_a, list("m"_a, "same"_a, list(1))), "{[1,1,1],[]}");
    EXPECT_EQ(rpc_on_b("multicall"_a, list("m"_a, "same"_a, list(1), 20'000)), "{[1,1,1],[]}");
    EXPECT_EQ(erpc_on_b("multicall"_a, list(nodes, "m"_a, "node"_a, list())),
              "[{ok,'c@127.0.0.1'},{error,{erpc,noconnection}},{ok,'b@127.0.0.1'}]");
    EXPECT_EQ(erpc_on_b("multicall"_a, list(nodes, "m"_a, "node"_a, "x"_a)),
              "{error,{exception,{erpc,badarg},[{erpc,multicall,4,[]}]}}");
    EXPECT_EQ(rpc_on_b("parallel_eval"_a,
                       list(list(tuple("m"_a, "same"_a, list(1)), tuple("m"_a, "exit"_a, list(2))))),
              "[1,{badrpc,{'EXIT',2}}]");
    EXPECT_EQ(rpc_on_b("pmap"_a, list(tuple("m"_a, "plus"_a), list(1), list(1, 2, 3))), "[2,3,4]");
    EXPECT_EQ(rpc_on_b("pmap"_a, list(tuple("m"_a, "plus"_a), list("x"_a), list(1, 2))),
              "{exit,{exception,badrpc}}");
    EXPECT_TRUE(rpc_on_b("pmap"_a, list("m"_a, list(), list()))
                    .starts_with("{error,{exception,function_clause,[{rpc,pmap,3"));
}

TEST_F(node_rpc_exports, messages_and_servers) {
    start_echo(c, "echo"_a);
    c.sys.spawn(
        [] {
            while (true) {
                const term m = receive();
                send(*m.tuple()[0].as<pid>(), term(tuple("server"_a, this_system().node_name(), 420)));
            }
        },
        {.name = "server"_a});
    const term nodes = list(c.name(), nobody);
    EXPECT_EQ(rpc_on_b("server_call"_a, list(c.name(), "server"_a, "server"_a, 1)), "420");
    EXPECT_EQ(rpc_on_b("server_call"_a, list(c.name(), "nobody"_a, "server"_a, 1)), "{error,nodedown}");
    EXPECT_EQ(rpc_on_b("multi_server_call"_a, list(nodes, "server"_a, 1)), "{[420],['no@127.0.0.1']}");
    EXPECT_TRUE(rpc_on_b("multi_server_call"_a, list("server"_a, 1)).starts_with("{[420],["));
    EXPECT_EQ(rpc_on_b("sbcast"_a, list(nodes, "echo"_a, tuple(c.sys.nobody(), 1))),
              "{['c@127.0.0.1'],['no@127.0.0.1']}");
    a.sys.run([&] {
        const auto called = [&](atom module, atom function, const term& arguments) {
            return erpc::call(b.name(), module, function, arguments, 20s)->to_string();
        };
        const auto heard = [] {
            const auto m = receive_soon();
            return m ? m->to_string() : "nothing";
        };
        EXPECT_EQ(called("rpc"_a, "abcast"_a, list(list(c.name()), "echo"_a, tuple(self(), "hello"_a))),
                  "abcast");
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "hello");
        EXPECT_EQ(called("rpc"_a, "abcast"_a, list("echo"_a, tuple(self(), "hello"_a))), "abcast");
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "hello");
        EXPECT_EQ(called("rpc"_a, "eval_everywhere"_a, list(list(c.name()), "m"_a, "tell"_a, list(self()))),
                  "abcast");
        EXPECT_EQ(heard(), "'c@127.0.0.1'");
        EXPECT_EQ(called("rpc"_a, "cast"_a, list(c.name(), "m"_a, "tell"_a, list(self()))), "true");
        EXPECT_EQ(heard(), "'c@127.0.0.1'");
        EXPECT_EQ(called("erpc"_a, "cast"_a, list(c.name(), "m"_a, "tell"_a, list(self()))), "ok");
        EXPECT_EQ(heard(), "'c@127.0.0.1'");
        EXPECT_EQ(called("erpc"_a, "multicast"_a, list(list(c.name()), "m"_a, "tell"_a, list(self()))), "ok");
        EXPECT_EQ(heard(), "'c@127.0.0.1'");
        EXPECT_EQ(called("rpc"_a, "pinfo"_a, list(self(), "trap_exit"_a)), "{trap_exit,false}");
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms));
    });
}

// What `call` of a rule lists is what a peer may have called here, whoever would make the call.
TEST_F(node_rpc_exports, rules_hold_for_the_go_between) {
    ASSERT_TRUE(b->set_peer_rules({{.peer = "a@127.0.0.1", .may = {.call = {{"m:same"}}}}}));
    EXPECT_EQ(on_b("m"_a, "same"_a, list(1)), "1");
    EXPECT_NE(rpc_on_b("call"_a, list(b.name(), "m"_a, "node"_a, list())), "'b@127.0.0.1'");
}

}  // namespace
}  // namespace rakka::testing
