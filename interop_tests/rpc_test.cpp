// rpc, erpc and spawns between C++ functions and those of real BEAMs, both ways.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// What the C++ node exports; the same for all tests.
void export_functions(export_table& exports) {
    exports.add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    exports.add("Elixir.Calc"_a, "greet"_a, [](const std::string& name) { return "hello, " + name; });
    exports.add("calc"_a, "same"_a, [](const term& x) { return x; });
    exports.add("calc"_a, "throw"_a, [](const term& x) -> term { throw term(x); });
    exports.add("calc"_a, "exit"_a, [](term x) -> term { rakka::exit(std::move(x)); });
    exports.add("calc"_a, "error"_a, [](term x) -> term { rakka::error(std::move(x)); });
    exports.add("calc"_a, "what"_a, []() -> int { throw std::runtime_error("no luck"); });
    exports.add("calc"_a, "wait"_a, [](pid to) {
        send(to, term(tuple("waits"_a, self())));
        return receive();
    });
    exports.add("calc"_a, "killed"_a, [] {
        rakka::exit(self(), term("kill"_a));
        static_cast<void>(receive());
    });
    exports.add("calc"_a, "tell"_a, [](pid to) { send(to, term(tuple("i_am"_a, self()))); });
}

/// What a BEAM has for us to call.
constexpr std::string_view erlang_functions = R"(
-module(served).
-export([add/2, throws/1, exits/1, fails/1, wait/1, killed/0, clause/1, tell/1]).
add(A, B) -> A + B.
throws(X) -> throw(X).
exits(X) -> exit(X).
fails(X) -> error(X).
wait(To) -> To ! {waits, self()}, receive X -> X end.
killed() -> exit(self(), kill), receive never -> ok end.
clause(1) -> one.
tell(To) -> To ! {i_am, self()}.
)";

class rpc_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        export_functions(cpp->node().exports());
        erl = std::make_unique<beam_node>(start_erlang("erl"));
    }

    /// `Class, Reason` of an expression, with the node's name for N.
    std::string caught(const std::string& expression) {
        return erl->eval("N = " + cpp->name() + ", try " + expression + " catch C:R -> {C, R} end");
    }
    static std::string text(const erpc::response& r) {
        return r ? r->to_string() : r.error().to_term().to_string();
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
    static void expect_clean() {
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 1ms));
        EXPECT_TRUE(process_info(self())->monitors.empty());
        EXPECT_TRUE(process_info(self())->links.empty());
    }

    const atom peer = "erl@127.0.0.1"_a;
    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(rpc_interop);

TEST_P(rpc_interop, erlang_sees_every_outcome_of_our_functions) {
    EXPECT_EQ(caught("erpc:call(N, calc, add, [1, 2])"), "3");
    EXPECT_EQ(caught("erpc:call(N, calc, add, [1, 2], 10000)"), "3");
    EXPECT_EQ(caught("erpc:call(N, calc, throw, [ball])"), "{throw,ball}");
    EXPECT_EQ(caught("erpc:call(N, calc, exit, [why])"), "{exit,{exception,why}}");
    EXPECT_EQ(caught("erpc:call(N, calc, error, [why])"), "{error,{exception,why,[{calc,error,1,[]}]}}");
    EXPECT_EQ(caught("erpc:call(N, calc, what, [])"),
              "{error,{exception,{cpp_exception,<<\"std::runtime_error\">>,<<\"no luck\">>},"
              "[{calc,what,0,[]}]}}");
    EXPECT_EQ(caught("erpc:call(N, calc, add, [1, x])"),
              "{error,{exception,function_clause,[{calc,add,[1,x],[]}]}}");
    EXPECT_EQ(caught("erpc:call(N, calc, add, [1, 1 bsl 64])"),
              "{error,{exception,function_clause,[{calc,add,[1,18446744073709551616],[]}]}}");
    EXPECT_EQ(caught("erpc:call(N, calc, add, [1])"), "{error,{exception,undef,[{calc,add,[1],[]}]}}");
    EXPECT_EQ(caught("erpc:call(N, no, such, [])"), "{error,{exception,undef,[{no,such,[],[]}]}}");
    EXPECT_EQ(caught("erpc:call(N, calc, killed, [])"), "{exit,{signal,killed}}");
    EXPECT_EQ(caught("erpc:call(N, calc, wait, [self()], 50)"), "{error,{erpc,timeout}}");
    EXPECT_EQ(caught("rpc:call(N, calc, throw, [ball])"), "ball");
    EXPECT_EQ(caught("rpc:call(N, calc, exit, [why])"), "{badrpc,{'EXIT',why}}");
    EXPECT_EQ(caught("rpc:call(N, calc, add, [x, 1])"),
              "{badrpc,{'EXIT',{function_clause,[{calc,add,[x,1],[]}]}}}");
    EXPECT_EQ(caught("rpc:block_call(N, calc, throw, [ball])"), "ball");
    for (const std::string kind : {"call", "block_call"}) {
        const std::string ask = "rpc:" + kind + "(N, calc, same, [{'EXIT', ";
        EXPECT_EQ(caught(ask + "boom}])"), "{badrpc,{'EXIT',boom}}");
        EXPECT_EQ(caught(ask + "boom, x}])"), "{'EXIT',boom,x}");
    }
    EXPECT_EQ(caught("rpc:block_call(N, calc, add, [x, 1])"),
              "{badrpc,{'EXIT',{function_clause,[{calc,add,[x,1],[]}]}}}");
    // Funs: an external one is looked up, the code of another is not here.
    EXPECT_EQ(caught("erpc:call(N, erlang, apply, [fun calc:add/2, [1, 2]])"), "3");
    EXPECT_EQ(
        erl->eval("try erpc:call(" + cpp->name() +
                  ", fun() -> ok end) catch error:{exception, R, [{F, [], []}]} -> {R, is_function(F)} end"),
        "{undef,true}");
}

TEST_P(rpc_interop, erlang_makes_requests_of_all_kinds) {
    const std::string n = "N = " + cpp->name() + ", ";
    EXPECT_EQ(erl->eval(n + "R = erpc:send_request(N, calc, add, [1, 2]), erpc:receive_response(R)"), "3");
    EXPECT_EQ(erl->eval(n + "R = erpc:send_request(N, calc, add, [1, 2]), erpc:wait_response(R, infinity)"),
              "{response,3}");
    EXPECT_EQ(erl->eval(n + "C0 = erpc:send_request(N, calc, same, [a], 1, erpc:reqids_new()), "
                            "C1 = erpc:send_request(N, calc, same, [b], 2, C0), "
                            "{X, I, C2} = erpc:receive_response(C1, 10000, true), "
                            "{Y, J, C3} = erpc:receive_response(C2, 10000, true), "
                            "no_request = erpc:receive_response(C3, 10000, true), "
                            "lists:sort([{I, X}, {J, Y}])"),
              "[{1,a},{2,b}]");
    EXPECT_EQ(erl->eval(n + "erpc:multicall([N, 'no@127.0.0.1', node()], erlang, node, [])"),
              "[{ok,'cpp@127.0.0.1'},{error,{erpc,noconnection}},{ok,'erl@127.0.0.1'}]");
    EXPECT_EQ(erl->eval(n + "erpc:cast(N, calc, tell, [self()]), receive {i_am, P} -> node(P) =:= N end"),
              "true");
    EXPECT_EQ(erl->eval(n + "erpc:multicast([N], calc, tell, [self()]), receive {i_am, P} -> node(P) =:= N "
                            "end"),
              "true");
    EXPECT_EQ(
        erl->eval(n + "rpc:eval_everywhere([N], calc, tell, [self()]), receive {i_am, P} -> node(P) =:= "
                      "N end"),
        "true");
    EXPECT_EQ(erl->eval(n + "K = rpc:async_call(N, calc, same, [c]), rpc:nb_yield(K, 10000)"), "{value,c}");
    EXPECT_EQ(erl->eval(n + "process_info(self(), messages)"), "{messages,[]}");
}

TEST_P(rpc_interop, a_block_call_of_erlang_keeps_others_out) {
    auto first = erl->eval_async(
        "register(first, self()), rpc:block_call('cpp@127.0.0.1', calc, wait, "
        "[self()])");
    // It is under way when its function has told that it waits.
    EXPECT_EQ(erl->eval("(fun Soon() -> case whereis(first) of undefined -> timer:sleep(10), Soon(); F -> "
                        "case process_info(F, messages) of {messages, [{waits, P}]} -> node(P); _ -> "
                        "timer:sleep(10), Soon() end end end)()"),
              "'cpp@127.0.0.1'");
    EXPECT_EQ(erl->eval("rpc:block_call('cpp@127.0.0.1', calc, same, [x], 100)"), "{badrpc,timeout}");
    EXPECT_EQ(erl->eval("rpc:call('cpp@127.0.0.1', calc, same, [y])"), "y");
    EXPECT_EQ(erl->eval("{messages, [{waits, P}]} = process_info(whereis(first), messages), P ! done"),
              "done");
    EXPECT_EQ(first.get(), "done");
    EXPECT_EQ(erl->eval("rpc:block_call('cpp@127.0.0.1', calc, same, [z])"), "z");
}

TEST_P(rpc_interop, elixir_calls_and_is_called) {
    auto ex = start_elixir("ex");
    EXPECT_EQ(ex.eval_elixir(":erpc.call(:\"cpp@127.0.0.1\", Calc, :greet, [\"Ann\"])"), "\"hello, Ann\"");
    EXPECT_EQ(ex.eval_elixir("try do :erpc.call(:\"cpp@127.0.0.1\", Calc, :greet, [:ann]) rescue "
                             "e in ErlangError -> elem(e.original, 1) end"),
              ":function_clause");
    EXPECT_EQ(ex.eval_elixir("me = self(); is_pid(Node.spawn(:\"cpp@127.0.0.1\", :calc, :tell, [me])) && "
                             "receive do {:i_am, _} -> :told end"),
              ":told");
    cpp->system().run([&] {
        const atom there = "ex@127.0.0.1"_a;
        EXPECT_EQ(text(erpc::call(there, "Elixir.String"_a, "upcase"_a, list("shout"))), "<<\"SHOUT\">>");
        const auto failed = erpc::call(there, "Elixir.Enum"_a, "fetch!"_a, list(list(), 1));
        EXPECT_EQ(failed.error().what, erpc::failure_kind::failed);
        EXPECT_NE(failed.error().reason.to_string().find("'Elixir.Enum.OutOfBoundsError'"),
                  std::string::npos);
        EXPECT_TRUE(failed.error().stack.is(kind::list));
    });
}

TEST_P(rpc_interop, we_see_every_outcome_of_erlang_functions) {
    erl->load_module_source(erlang_functions);
    cpp->system().run([&] {
        const auto outcome = [&](atom function, const term& arguments) {
            return text(erpc::call(peer, "served"_a, function, arguments));
        };
        EXPECT_EQ(outcome("add"_a, list(1, 2)), "3");
        EXPECT_EQ(outcome("throws"_a, list("ball"_a)), "{throw,ball}");
        EXPECT_EQ(outcome("exits"_a, list("why"_a)), "{exit,{exception,why}}");
        EXPECT_EQ(outcome("killed"_a, list()), "{exit,{signal,killed}}");
        const auto failed = erpc::call(peer, "served"_a, "fails"_a, list("why"_a));
        EXPECT_EQ(failed.error().what, erpc::failure_kind::failed);
        EXPECT_EQ(failed.error().reason.to_string(), "why");
        const std::string stack = failed.error().stack.to_string();
        EXPECT_TRUE(stack.starts_with("[{served,fails,1,[")) << stack;
        EXPECT_EQ(stack.find("erpc"), std::string::npos) << stack;
        const auto clause = erpc::call(peer, "served"_a, "clause"_a, list(2));
        EXPECT_EQ(clause.error().reason.to_string(), "function_clause");
        EXPECT_TRUE(clause.error().stack.to_string().starts_with("[{served,clause,[2],["));
        EXPECT_EQ(outcome("none"_a, list(1)), "{error,{exception,undef,[{served,none,[1],[]}]}}");
        EXPECT_EQ(text(erpc::call(peer, "served"_a, "wait"_a, list(self()), 100ms)),
                  "{error,{erpc,timeout}}");
        const pid there = waiting_process();
        send(there, term("on"_a));
        const reference ref = monitor(there);
        EXPECT_TRUE(is_down(ref, receive_if([](term_view) { return true; }, 20s)->view()));
        expect_clean();
        EXPECT_EQ(text(erpc::call("no@127.0.0.1"_a, "served"_a, "add"_a, list(1, 2))),
                  "{error,{erpc,noconnection}}");

        EXPECT_EQ(text(rpc::call(peer, "served"_a, "throws"_a, list("ball"_a))), "ball");
        EXPECT_EQ(text(rpc::call(peer, "served"_a, "exits"_a, list("why"_a))), "{badrpc,{'EXIT',why}}");
        EXPECT_EQ(text(rpc::block_call(peer, "served"_a, "add"_a, list(1, 2))), "3");
        EXPECT_EQ(text(rpc::block_call(peer, "served"_a, "exits"_a, list("why"_a))), "{badrpc,{'EXIT',why}}");
        EXPECT_EQ(text(rpc::block_call(peer, "timer"_a, "sleep"_a, list("infinity"_a), 50ms)),
                  "{badrpc,timeout}");
        expect_clean();
    });
}

TEST_P(rpc_interop, we_make_requests_of_all_kinds) {
    erl->load_module_source(erlang_functions);
    cpp->system().run([&] {
        erpc::request_ids ids;
        for (int i = 0; i < 20; ++i)
            erpc::send_request(i % 2 == 0 ? peer : cpp->node().name(), "erlang"_a, "whereis"_a,
                               list("nobody"_a), term(i), ids);
        erpc::send_request(peer, "timer"_a, "sleep"_a, list("infinity"_a), term("never"_a), ids);
        std::set<std::string> labels;
        for (int i = 0; i < 20; ++i) {
            const auto next = erpc::receive_response(ids, 20s);
            ASSERT_TRUE(next);
            EXPECT_EQ(text(next->answer), "undefined");
            labels.insert(next->label.to_string());
        }
        EXPECT_EQ(labels.size(), 20U);
        EXPECT_FALSE(erpc::wait_response(ids));
        EXPECT_TRUE(erpc::receive_response(ids, 10ms)->answer.error().is_erpc("timeout"_a));
        const auto id = erpc::send_request(peer, "served"_a, "add"_a, list(3, 4));
        EXPECT_EQ(text(*erpc::wait_response(id, 20s)), "7");
        const auto key = rpc::async_call(peer, "served"_a, "add"_a, list(5, 6));
        EXPECT_EQ(text(rpc::yield(key)), "11");

        const std::vector<atom> nodes{peer, "no@127.0.0.1"_a, cpp->node().name()};
        const auto all = erpc::multicall(nodes, "erlang"_a, "node"_a, list(), 20s);
        EXPECT_EQ(text(all[0]), "'erl@127.0.0.1'");
        EXPECT_EQ(text(all[1]), "{error,{erpc,noconnection}}");
        EXPECT_EQ(text(all[2]), "'cpp@127.0.0.1'");
        const auto answers = rpc::multicall(nodes, "erlang"_a, "node"_a, list(), 20s);
        EXPECT_EQ(answers.results.size(), 2U);
        EXPECT_EQ(answers.bad_nodes, std::vector<atom>{"no@127.0.0.1"_a});
        erpc::cast(peer, "served"_a, "tell"_a, list(self()));
        rpc::eval_everywhere({peer}, "served"_a, "tell"_a, list(self()));
        for (int i = 0; i < 2; ++i)
            EXPECT_TRUE(receive_if([](term_view) { return true; }, 20s)->is_tagged("i_am"_a, 2));
        const auto sent = rpc::sbcast({peer, "no@127.0.0.1"_a}, "nobody"_a, term("x"_a));
        EXPECT_EQ(sent.bad.size(), 2U);
        const auto found = rpc::sbcast({peer}, "logger"_a, term("x"_a));
        EXPECT_EQ(found.good.size(), 1U);
        expect_clean();
    });
    // What we have given up on has no monitor of ours left over there.
    EXPECT_EQ(erl->eval("(fun Soon(0) -> left; Soon(N) -> case [P || Q <- processes(), {_, L} <- "
                        "[process_info(Q, monitored_by)], P <- L, is_pid(P), node(P) =/= node()] of [] -> "
                        "none; _ -> timer:sleep(10), Soon(N - 1) end end)(500)"),
              "none");
}

TEST_P(rpc_interop, spawns_both_ways) {
    const std::string n = "N = " + cpp->name() + ", ";
    EXPECT_EQ(erl->eval(n + "spawn_request(N, calc, tell, [self()], [{priority, odd}]), "
                            "receive {spawn_reply, _, error, W} -> W end"),
              "badopt");
    EXPECT_EQ(erl->eval(n + "spawn_request(N, calc, tell, [self()], [{min_heap_size, 1000}, "
                            "{fullsweep_after, 0}, {message_queue_data, off_heap}, {priority, high}]), "
                            "receive {spawn_reply, _, ok, P} -> receive {i_am, P} -> told end end"),
              "told");
    EXPECT_EQ(erl->eval(n + "{P, M} = spawn_monitor(N, calc, throw, [ball]), "
                            "receive {'DOWN', M, process, P, W} -> W end"),
              "{{nocatch,ball},[{calc,throw,1,[]}]}");
    EXPECT_EQ(erl->eval(n + "{P, M} = spawn_monitor(N, calc, add, [x, 1]), "
                            "receive {'DOWN', M, process, P, W} -> W end"),
              "{function_clause,[{calc,add,[x,1],[]}]}");
    EXPECT_EQ(erl->eval(n + "{P, M} = spawn_monitor(N, fun() -> ok end), "
                            "receive {'DOWN', M, process, P, {W, [{F, [], []}]}} -> {W, is_function(F)} end"),
              "{undef,true}");
    EXPECT_EQ(erl->eval(n + "spawn(N, fun calc:killed/0), {P, M} = spawn_monitor(N, fun calc:killed/0), "
                            "receive {'DOWN', M, process, P, W} -> W end"),
              "killed");
    EXPECT_EQ(erl->eval(n + "process_flag(trap_exit, true), P = spawn_link(N, calc, exit, [why]), "
                            "receive {'EXIT', P, W} -> W end"),
              "why");
    erl->load_module_source(erlang_functions);
    cpp->system().run([&] {
        trap_exit(true);
        const auto next = [] { return receive_if([](term_view) { return true; }, 20s)->to_string(); };
        const pid plain = spawn(peer, "served"_a, "tell"_a, list(self()));
        EXPECT_EQ(next(), term(tuple("i_am"_a, plain)).to_string());
        const pid linked = spawn_link(peer, "served"_a, "exits"_a, list("why"_a));
        EXPECT_EQ(next(), term(tuple("EXIT"_a, linked, "why"_a)).to_string());
        const auto [child, ref] =
            spawn_monitor(peer, "erlang"_a, "exit"_a, list("done"_a), list(tuple("priority"_a, "low"_a)));
        EXPECT_EQ(next(), term(tuple("DOWN"_a, ref, "process"_a, child, "done"_a)).to_string());
        EXPECT_THROW(spawn(peer, "served"_a, "tell"_a, list(self()), list("odd"_a)), process_exit);
        expect_clean();
    });
    EXPECT_EQ(erl->eval("nodes(hidden)"), "['cpp@127.0.0.1']") << "and the connection is still there";
}

}  // namespace
}  // namespace rakka::interop
