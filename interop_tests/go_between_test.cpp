// Functions of rpc, erpc and global that Erlang code calls on a C++ node: the same ones are there as on a
// BEAM, and the same comes of them.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/actors/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// `differences(Nodes, Calls)`: the calls that do not give the same on both nodes, apart from stacks.
/// `missing(Node, Module, Not)`: the functions of the module on this node that the other one does not have,
/// but for those that are named.
constexpr std::string_view comparing = R"(
-module(between).
-export([differences/2, plain/1, missing/3, rpc_calls/1, erpc_calls/1, global_calls/2, server/1, add/2]).
differences([A, B], Calls) ->
    [{M, F, Args, X, Y} || {M, F, Args} <- Calls,
        {X, Y} <- [{plain(rpc:call(A, M, F, Args)), plain(rpc:call(B, M, F, Args))}], X =/= Y].
plain([{M, F, A, L} | _]) when is_atom(M), is_atom(F), is_list(L), (is_integer(A) orelse is_list(A)) -> stack;
plain(L) when is_list(L) -> [plain(X) || X <- L];
plain(T) when is_tuple(T) -> list_to_tuple([plain(X) || X <- tuple_to_list(T)]);
plain(X) -> X.
missing(Node, Module, Not) ->
    [{F, A} || {F, A} <- Module:module_info(exports), not lists:member(F, [module_info | Not]),
        not lists:member({F, A}, Not), not rpc:call(Node, erlang, function_exported, [Module, F, A])].
%% Answers {Wrapper, Node, X} to {From, X}.
server(Wrapper) -> receive {From, X} -> From ! {Wrapper, node(), X}, server(Wrapper) end.
add(X, Y) -> X + Y.
calls(N) ->
    [[N, erlang, node, []], [N, no, such, [1]], [N, erlang, throw, [x]], [N, erlang, exit, [x]],
     [N, erlang, error, [x]], [N, erlang, hd, [[{'EXIT', x}]]], [N, erlang, throw, [{'EXIT', x}]],
     ['no@127.0.0.1', erlang, node, []], [1, erlang, node, []], [N, 1, node, []], [N, erlang, 1, []],
     [N, erlang, node, x]].
rpc_calls(N) ->
    Bad = 'no@127.0.0.1',
    [{rpc, F, A ++ T} || F <- [call, block_call], A <- calls(N), T <- [[], [20000], [infinity]]] ++
    [{rpc, F, [N, timer, sleep, [300], 20]} || F <- [call, block_call]] ++
    [{rpc, call, [N, erlang, node, [], T]} || T <- [-1, soon, 1.5]] ++
    [{rpc, multicall, [[N, Bad], erlang, F, A]} || {F, A} <- [{node, []}, {exit, [x]}, {throw, [x]}, {hd, [1]}]] ++
    [{rpc, multicall, [[N, Bad], erlang, node, [], 20000]}, {rpc, multicall, [[N], timer, sleep, [infinity], 20]},
     {rpc, multicall, [[], erlang, node, []]},
     {rpc, cast, [N, erlang, node, []]}, {rpc, abcast, [[N, Bad], nobody, x]}, {rpc, abcast, [nobody, x]},
     {rpc, sbcast, [[N, Bad], between_server, {self(), x}]}, {rpc, sbcast, [[N], nobody, x]},
     {rpc, eval_everywhere, [[N, Bad], erlang, node, []]}, {rpc, eval_everywhere, [erlang, node, []]},
     {rpc, server_call, [N, between_server, wrapped, x]}, {rpc, server_call, [N, nobody, wrapped, x]},
     {rpc, server_call, [Bad, nobody, wrapped, x]},
     {rpc, multi_server_call, [[N, Bad], nobody, x]}, {rpc, multi_server_call, [[N, Bad], between_own, x]},
     {rpc, parallel_eval, [[{erlang, is_alive, []}, {no, such, []}, {erlang, is_alive, []}]]},
     {rpc, parallel_eval, [[]]}, {rpc, pmap, [{erlang, whereis}, [], [nobody, no_one, nowhere, never]]},
     {rpc, pmap, [{erlang, whereis}, [1], [nobody]]}, {rpc, pmap, [{erlang, whereis}, [], []]},
     {rpc, pinfo, [whereis(between_server), registered_name]}, {rpc, pinfo, [whereis(between_server), [trap_exit]]},
     {rpc, pinfo, [list_to_pid("<0.30000.0>")]}, {rpc, pinfo, [x]}, {rpc, pinfo, [whereis(between_server), odd]}].
erpc_calls(N) ->
    Bad = 'no@127.0.0.1',
    [{erpc, call, A ++ T} || A <- calls(N), T <- [[], [20000], [infinity]]] ++
    [{erpc, call, [N, timer, sleep, [infinity], 20]}, {erpc, call, [N, erlang, node, [], soon]},
     {erpc, call, [N, timer, sleep, [infinity], {abs, -(1 bsl 58)}]},
     {erpc, call, [N, erlang, node, [], {abs, 1 bsl 58}]}, {erpc, call, [N, erlang, node, [], {abs, soon}]},
     {erpc, call, [N, fun erlang:node/0]}, {erpc, call, [N, fun erlang:node/0, 20000]},
     {erpc, call, [N, fun erlang:abs/1]},
     {erpc, call, [N, x]}, {erpc, cast, [N, fun erlang:node/0]}, {erpc, cast, [N, erlang, node, []]},
     {erpc, cast, [N, erlang, node, x]}, {erpc, multicast, [[N, Bad], erlang, node, []]},
     {erpc, multicast, [[N, Bad], fun erlang:node/0]}, {erpc, cast, [N, x]}, {erpc, multicast, [[N], x]},
     {erpc, multicall, [[N], fun erlang:abs/1]}] ++
    [{erpc, multicall, [[N, Bad], erlang, F, A]} || {F, A} <- [{node, []}, {exit, [x]}, {throw, [x]}, {error, [x]}]] ++
    [{erpc, multicall, [[N, Bad], fun erlang:node/0]}, {erpc, multicall, [[N], fun erlang:node/0, 20000]},
     {erpc, multicall, [[N], timer, sleep, [infinity], 20]}, {erpc, multicall, [[1], erlang, node, []]},
     {erpc, multicall, [[N], erlang, node, x]}].
%% In this order: names and locks are left as they were found.
global_calls(N, P) ->
    Q = spawn(timer, sleep, [infinity]), Id = {r, me},
    [{global, F, A} || {F, A} <- [
        {whereis_name, [x]}, {unregister_name, [x]}, {register_name, [x, P]}, {register_name, [x, Q]},
        {register_name, [y, P]}, {whereis_name, [x]}, {registered_names, []}, {re_register_name, [x, Q]},
        {whereis_name, [x]}, {re_register_name, [x, P, fun global:notify_all_name/3]}, {whereis_name, [x]},
        {register_name, [z, Q, {global, random_notify_name}]}, {unregister_name, [z]}, {unregister_name, [x]},
        {register_name, [x, y]}, {register_name, [x, P, y]}, {re_register_name, [x, y]}, {re_register_name, [x, P, y]},
        {register_name, [x, P, fun erlang:node/0]}, {register_name_external, [x, P]}, {registered_names, []},
        {register_name_external, [x, Q]}, {unregister_name_external, [x]},
        {register_name_external, [x, P, {global, cnode}]}, {unregister_name_external, [x]}, {send, [x, hello]},
        {registered_names, []},
        {set_lock, [Id]}, {set_lock, [Id, [N]]}, {set_lock, [Id, [N], 0]}, {set_lock, [Id, [], 0]}, {set_lock, [r]},
        {set_lock, [Id, [N], infinity]}, {set_lock, [Id, [N], -1]}, {set_lock, [Id, [N], soon]},
        {del_lock, [Id]}, {del_lock, [Id, [N]]}, {del_lock, [r]},
        {trans, [Id, fun erlang:is_alive/0]}, {trans, [Id, fun erlang:is_alive/0, [N]]},
        {trans, [Id, fun erlang:is_alive/0, [N], 0]}, {trans, [Id, fun no:such/0]}, {trans, [Id, {erlang, is_alive}]},
        {trans, [Id, x]}, {sync, []}, {sync, [[N]]}]].
)";

class go_between : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd(), system_options{.workers = 2},
                                           node_visibility::visible);
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        other = std::make_unique<beam_node>(start_erlang("other"));
        for (beam_node* b : {erl.get(), other.get()})
            b->load_module_source(comparing);
        EXPECT_EQ(erl->eval("pong = net_adm:ping('other@127.0.0.1'), pong = net_adm:ping(" + cpp->name() +
                            "), global:sync()"),
                  "ok");
        erl->eval(
            "register(between_server, spawn(between, server, [wrapped])), "
            "register(between_own, spawn(between, server, [between_own]))");
    }
    static constexpr auto patience = 60s;  // many calls, and beside other tests
    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
    std::unique_ptr<beam_node> other;
};
RAKKA_OTP_TEST_SUITE(go_between);

// What is left out serves the modules' own processes, or needs the process that began: a request has to be
// asked for by whoever made it.
TEST_P(go_between, no_function_is_missing) {
    const std::string n = cpp->name();
    const std::string server =
        "start, start_link, stop, init, handle_call, handle_cast, handle_info, terminate, code_change";
    EXPECT_EQ(erl->eval("between:missing(" + n + ", rpc, [" + server +
                        ", proxy_user_flush, async_call, yield, nb_yield])"),
              "[]");
    EXPECT_EQ(erl->eval("between:missing(" + n +
                        ", erpc, [execute_call, execute_cast, send_request, receive_response, wait_response, "
                        "check_response, reqids_new, reqids_size, reqids_add, reqids_to_list, call_result, "
                        "is_arg_error, trim_stack])"),
              "[]");
    EXPECT_EQ(erl->eval("between:missing(" + n + ", global, [" + server + ", get_locker])"), "[]");
}

TEST_P(go_between, rpc_gives_what_a_beam_gives) {
    EXPECT_EQ(erl->eval("between:differences([" + cpp->name() +
                            ", 'other@127.0.0.1'], between:rpc_calls('erl@127.0.0.1'))",
                        patience),
              "[]");
}

TEST_P(go_between, erpc_gives_what_a_beam_gives) {
    EXPECT_EQ(erl->eval("between:differences([" + cpp->name() +
                            ", 'other@127.0.0.1'], between:erpc_calls('erl@127.0.0.1'))",
                        patience),
              "[]");
}

TEST_P(go_between, global_gives_what_a_beam_gives) {
    // One node after the other: a name that one has registered is taken for the other.
    EXPECT_EQ(
        erl->eval("P = spawn(timer, sleep, [infinity]), Calls = between:global_calls('erl@127.0.0.1', P), "
                  "Of = fun(N) -> [{F, A, between:plain(rpc:call(N, M, F, A))} || {M, F, A} <- Calls] end, "
                  "X = Of(" +
                      cpp->name() +
                      "), Y = Of('other@127.0.0.1'), [Z || Z <- lists:zip(X, Y), element(1, Z) =/= "
                      "element(2, Z)]",
                  patience),
        "[]");
    EXPECT_EQ(erl->eval("{badrpc, {'EXIT', {R, _}}} = rpc:call(" + cpp->name() +
                        ", global, trans, [{r, me}, fun() -> ok end]), R"),
              "undef");
    EXPECT_EQ(erl->eval("global:set_lock({r, you}, [node() | nodes()], 0)"), "true")
        << "the lock was given up";
    EXPECT_EQ(erl->eval("yes = global:register_name(me, self()), P = rpc:call(" + cpp->name() +
                        ", global, send, [me, hello]), receive hello -> P =:= self() end"),
              "true");
    EXPECT_EQ(
        erl->eval("I = fun(N) -> X = rpc:call(N, global, info, []), {element(1, X), tuple_size(X)} end, I(" +
                  cpp->name() + ") =:= I('other@127.0.0.1')"),
        "true");
}

TEST_P(go_between, a_node_leaves_when_it_is_told_to) {
    EXPECT_EQ(erl->eval("rpc:call(" + cpp->name() + ", global, disconnect, [])"), "{badrpc,nodedown}");
    EXPECT_EQ(
        erl->eval("(fun Soon(0) -> nodes(); Soon(N) -> case nodes() of ['other@127.0.0.1'] -> alone; _ -> "
                  "timer:sleep(10), Soon(N - 1) end end)(1000)"),
        "alone")
        << "the others stay together";
}

TEST_P(go_between, we_spread_work_over_beams) {
    ASSERT_TRUE(testing::wait_until(cpp->system(), [&] { return cpp->node().nodes().size() >= 2; }));
    cpp->system().run([&] {
        const atom peer = "erl@127.0.0.1"_a;
        cpp->node().exports().add("between"_a, "add"_a, [](std::int64_t x, std::int64_t y) { return x + y; });
        const auto sums = rpc::pmap("between"_a, "add"_a, list(1000), {term(1), term(2), term(3), term(4)});
        EXPECT_EQ(term(sums).to_string(), "[1001,1002,1003,1004]");
        const auto where = rpc::parallel_eval(std::vector<rpc::mfa>(3, {"erlang"_a, "node"_a, list()}));
        std::set<std::string> nodes;
        for (const auto& r : where)
            nodes.insert(r->to_string());
        EXPECT_EQ(nodes.size(), 3U) << "each node in turn";
        EXPECT_EQ(rpc::server_call(peer, "between_server"_a, "wrapped"_a, "x"_a)->to_string(), "x");
        EXPECT_FALSE(rpc::server_call(peer, "nobody"_a, "wrapped"_a, "x"_a));
        const auto replies = rpc::multi_server_call({peer, "no@127.0.0.1"_a}, "between_own"_a, "y"_a);
        EXPECT_EQ(term(replies.values).to_string(), "[y]");
        EXPECT_EQ(replies.bad_nodes.size(), 1U);
        const pid server = *erpc::call(peer, "erlang"_a, "whereis"_a, list("between_server"_a))->as<pid>();
        EXPECT_EQ(rpc::pinfo(server, "registered_name"_a)->to_string(), "{registered_name,between_server}");
        EXPECT_TRUE(rpc::pinfo(server)->is(kind::list));
        EXPECT_EQ(rpc::call(peer, "erlang"_a, "hd"_a, list(list(tuple("EXIT"_a, "x"_a))))
                      .error()
                      .to_term()
                      .to_string(),
                  "{badrpc,{'EXIT',x}}");
        EXPECT_EQ(*erpc::call(peer, parse_term("fun erlang:node/0").value())->as<atom>(), peer);
        EXPECT_EQ(erpc::multicall({peer}, parse_term("fun erlang:node/0").value()).at(0)->to_string(),
                  "'erl@127.0.0.1'");
    });
}

}  // namespace
}  // namespace rakka::interop
