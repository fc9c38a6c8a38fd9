// A C++ gen_event used from Erlang, gen_events of a BEAM used from C++, and one script of requests for both
// kinds, whose answers and messages must be the same.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/actors/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// The handler of both worlds: module `h` of the BEAMs and this class do the same.
constexpr const char* erlang_handler = R"(
-module(h).
-behaviour(gen_event).
-export([init/1, handle_event/2, handle_call/2, handle_info/2, terminate/2, code_change/3]).
init({{error, R}, _}) -> {error, R};
init({{exit, R}, _}) -> exit(R);
init({error, R}) -> {error, R};
init({exit, R}) -> exit(R);
init({throw, R}) -> throw(R);
init(S) -> {ok, S}.
handle_event(E, S) -> obey(E, S).
handle_call(get, S) -> {ok, S, S};
handle_call(remove, _) -> {remove_handler, removed};
handle_call({swap, A1, H, A2}, S) -> {swap_handler, swapping, A1, S, H, A2};
handle_call(Q, S) -> case obey(Q, S) of {ok, N} -> {ok, ok, N}; {ok, N, hibernate} -> {ok, ok, N, hibernate} end.
handle_info({'EXIT', _, R}, _) -> {ok, {saw_exit, R}};
handle_info(I, S) -> obey(I, S).
obey(remove, _) -> remove_handler;
obey({exit, R}, _) -> exit(R);
obey({throw, R}, _) -> throw(R);
obey({swap, A1, H, A2}, S) -> {swap_handler, A1, S, H, A2};
obey({set, S}, _) -> {ok, S};
obey(hibernate, S) -> {ok, S, hibernate};
obey(_, S) -> {ok, S}.
terminate({exit, R}, _) -> exit(R);
terminate(A, S) -> {terminated, A, S}.
code_change(_, _, {refuse, R}) -> exit(R);
code_change(V, S, X) -> {ok, {V, S, X}}.
)";

class h : public event_handler {
public:
    explicit h(const term& args) : state_(args) {}

private:
    term state_;

    static term part(const term& t, std::size_t n) { return t.share(t.tuple()[n]); }
    static new_handler named_in(const term& swap) {
        return {handler_id::read(part(swap, 2)).value(), part(swap, 3)};
    }

    result init() override {
        if (state_.is_tagged("error"_a, 2)) return fail_with(part(state_, 1));
        if (state_.is_tagged("exit"_a, 2)) rakka::exit(part(state_, 1));
        if (state_.is_tagged("throw"_a, 2)) throw part(state_, 1);
        return ok();
    }
    result take_over(const term& last_words) override {
        result first = init();
        state_ = tuple(state_, last_words);
        return first;
    }
    result handle_event(const term& event) override { return obey(event); }
    answer handle_call(const term& request) override {
        if (request.is_atom("get"_a)) return reply(state_);
        if (request.is_atom("remove"_a)) return reply("removed"_a).then(remove_handler());
        if (request.is_tagged("swap"_a, 4)) return reply("swapping"_a).then(obey(request));
        return reply("ok"_a).then(obey(request));
    }
    result handle_info(const term& message) override {
        if (!message.is_tagged("EXIT"_a, 3)) return obey(message);
        state_ = tuple("saw_exit"_a, part(message, 2));
        return ok();
    }
    term terminate(const term& args) override {
        if (args.is_tagged("exit"_a, 2)) rakka::exit(part(args, 1));
        return tuple("terminated"_a, args, state_);
    }
    [[nodiscard]] term state() const override { return state_; }
    void code_change(const term& old_version, const term& extra) override {
        if (extra.is_tagged("refuse"_a, 2)) rakka::exit(part(extra, 1));
        state_ = tuple(old_version, state_, extra);
    }

    result obey(const term& what) {
        if (what.is_atom("remove"_a)) return remove_handler();
        if (what.is_atom("hibernate"_a)) return ok().hibernate();
        if (what.is_tagged("exit"_a, 2)) rakka::exit(part(what, 1));
        if (what.is_tagged("throw"_a, 2)) throw part(what, 1);
        if (what.is_tagged("swap"_a, 4)) return swap_handler(part(what, 1), named_in(what));
        if (what.is_tagged("set"_a, 2)) state_ = part(what, 1);
        return ok();
    }
};

/// Everything that gen_event can be asked for, one step after the other; gives what each step gave, and the
/// messages that the driver got as the supervising process. Stacks are left out: those of C++ name other
/// functions.
constexpr const char* driver = R"(
-module(driver).
-export([run/1]).
run(M) ->
    [{N, plain(catch F()), [plain(X) || X <- heard(M)]} || {N, F} <- steps(M)].
plain({'EXIT', {R, [_|_]}}) -> {'EXIT', R};
plain({'EXIT', {R, {gen_event, F, [_ | Arguments]}}}) -> {'EXIT', {R, F, Arguments}};
plain({'EXIT', {R, []}}) -> {'EXIT', R};
plain({error, R}) -> {error, plain(R)};
plain({gen_event_EXIT, H, R}) -> {gen_event_EXIT, H, plain(R)};
plain(T) -> T.
heard(M) -> catch gen_event:sync_notify(M, flush), mail().
mail() -> receive X -> [X | mail()] after 0 -> [] end.
supervised(M, H, Reason) ->
    Me = self(),
    {P, R} = spawn_monitor(fun() ->
        Me ! {self(), gen_event:add_sup_handler(M, H, theirs)}, receive go -> exit(Reason) end end),
    A = receive {P, X} -> X end,
    W = gen_event:which_handlers(M),
    P ! go,
    receive {'DOWN', R, _, _, Reason} -> ok end,
    {A, W, wait(M, 200)}.
%% The manager hears of the end a moment after us.
wait(M, N) ->
    case sys:get_state(M) of
        [{h, base, {saw_exit, _}} | _] = S -> S;
        S when N =:= 0 -> {never, S};
        _ -> timer:sleep(10), wait(M, N - 1)
    end.
steps(M) -> lists:enumerate([
    fun() -> gen_event:which_handlers(M) end,
    fun() -> gen_event:add_handler(M, {h, base}, zero) end,
    fun() -> gen_event:add_handler(M, h, first) end,
    fun() -> gen_event:add_handler(M, {h, 2}, second) end,
    fun() -> gen_event:add_handler(M, {h, 2}, again) end,
    fun() -> gen_event:which_handlers(M) end,
    fun() -> sys:get_state(M) end,
    fun() -> gen_event:add_handler(M, h, {error, no}) end,
    fun() -> gen_event:add_handler(M, h, {exit, no}) end,
    fun() -> gen_event:add_handler(M, h, {throw, no}) end,
    fun() -> gen_event:add_handler(M, nomod, args) end,
    fun() -> gen_event:add_handler(M, {nomod, 1}, args) end,
    fun() -> gen_event:add_handler(M, 17, args) end,
    fun() -> gen_event:add_handler(M, {1, 2}, args) end,
    fun() -> gen_event:add_sup_handler(M, h, {error, no}) end,
    fun() -> gen_event:call(M, h, get) end,
    fun() -> gen_event:call(M, {h, 2}, get) end,
    fun() -> gen_event:call(M, {h, false}, get) end,
    fun() -> gen_event:call(M, nobody, get) end,
    fun() -> gen_event:call(M, {h, 3}, get) end,
    fun() -> gen_event:call(M, 17, get) end,
    fun() -> gen_event:call(M, {h, 2}, hibernate, 1000) end,
    fun() -> gen_event:notify(M, {set, #{all => [1, 2.5, <<"three">>]}}) end,
    fun() -> sys:get_state(M) end,
    fun() -> gen_event:delete_handler(M, {h, 2}, args) end,
    fun() -> gen_event:delete_handler(M, {h, 2}, {exit, oh}) end,
    fun() -> gen_event:delete_handler(M, {h, 2}, args) end,
    fun() -> gen_event:delete_handler(M, 17, args) end,
    fun() -> gen_event:add_sup_handler(M, {h, 3}, third) end,
    fun() -> gen_event:delete_handler(M, {h, 3}, args) end,
    fun() -> gen_event:add_sup_handler(M, {h, 3}, third) end,
    fun() -> gen_event:call(M, {h, 3}, remove) end,
    fun() -> gen_event:add_sup_handler(M, {h, 3}, third) end,
    fun() -> gen_event:call(M, {h, 3}, {exit, why}) end,
    fun() -> gen_event:add_sup_handler(M, {h, 3}, third) end,
    fun() -> gen_event:call(M, {h, 3}, {throw, why}) end,
    fun() -> gen_event:add_sup_handler(M, {h, 3}, third) end,
    fun() -> gen_event:swap_handler(M, {{h, 3}, go}, {{h, 4}, come}) end,
    fun() -> gen_event:call(M, {h, 4}, get) end,
    fun() -> gen_event:swap_handler(M, {{h, 4}, {exit, oh}}, {{h, 5}, come}) end,
    fun() -> gen_event:call(M, {h, 5}, get) end,
    fun() -> gen_event:swap_handler(M, {nobody, go}, {{h, 6}, come}) end,
    fun() -> gen_event:call(M, {h, 6}, get) end,
    fun() -> gen_event:swap_sup_handler(M, {{h, 6}, go}, {{h, 7}, come}) end,
    fun() -> gen_event:which_handlers(M) end,
    fun() -> gen_event:swap_handler(M, {{h, 7}, go}, {{h, 8}, {error, no}}) end,
    fun() -> gen_event:swap_handler(M, {{h, 5}, go}, {{h, 8}, {exit, no}}) end,
    fun() -> gen_event:swap_handler(M, {{h, 5}, go}, {nomod, x}) end,
    fun() -> gen_event:which_handlers(M) end,
    fun() -> gen_event:add_sup_handler(M, {h, 9}, nine) end,
    fun() -> gen_event:call(M, {h, 9}, {swap, a1, {h, 10}, a2}) end,
    fun() -> gen_event:call(M, {h, 10}, get) end,
    fun() -> gen_event:call(M, {h, 10}, {swap, a1, {h, 11}, {error, no}}) end,
    fun() -> gen_event:which_handlers(M) end,
    fun() -> gen_event:add_sup_handler(M, {h, 12}, x) end,
    fun() -> gen_event:add_handler(M, {h, 13}, y) end,
    fun() -> gen_event:delete_handler(M, h, a) end,
    fun() -> gen_event:sync_notify(M, {swap, a1, {h, new}, a2}) end,
    fun() -> sys:get_state(M) end,
    fun() -> gen_event:sync_notify(M, {throw, it}) end,
    fun() -> gen_event:which_handlers(M) end,
    fun() -> gen_event:add_sup_handler(M, {h, 1}, x) end,
    fun() -> gen_event:notify(M, {exit, it}) end,
    fun() -> gen_event:add_sup_handler(M, {h, 1}, x) end,
    fun() -> gen_event:notify(M, remove) end,
    fun() -> gen_event:add_handler(M, {h, base}, zero) end,
    fun() -> supervised(M, {h, 1}, gone) end,
    fun() -> gen_event:add_handler(M, {h, base}, zero) end,
    fun() -> supervised(M, {h, 1}, normal) end,
    fun() -> gen_event:which_handlers(M) end,
    fun() -> ok = sys:suspend(M),
             All = [plain(sys:change_code(M, Module, vsn, X))
                    || {Module, X} <- [{h, extra}, {h, {refuse, no}}, {nobody, extra}]],
             ok = sys:resume(M), All end,
    fun() -> sys:get_state(M) end,
    fun() -> gen:call(M, self(), get_modules) end,
    fun() -> R = gen_event:send_request(M, {h, base}, get), gen_event:receive_response(R, 5000) end,
    fun() -> R = gen_event:send_request(M, nobody, get), gen_event:receive_response(R, 5000) end,
    fun() -> gen_event:add_sup_handler(M, {h, last}, x) end,
    fun() -> {status, _, Mod, [D, S, _, Dbg, Misc]} = sys:get_status(M),
             {Mod, proplists:get_value('$initial_call', D), S, Dbg, items(Misc)} end,
    fun() -> gen_event:stop(M) end,
    fun() -> gen_event:which_handlers(M) end,
    fun() -> gen_event:call(M, h, get) end,
    fun() -> gen_event:stop(M) end
]).
items([{header, H}, {data, Data}, {items, I}]) -> {is_list(H), [K || {K, _} <- Data], I}.
)";

class gen_event_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        gen_event::export_handler<h>(cpp->system().exports(), "h"_a);
        cpp->system().run([&] { manager = gen_event::start({.name = "bus"_a}).value(); });
        target = "{bus, " + cpp->name() + "}";
    }
    std::unique_ptr<rakka_peer> cpp;
    pid manager;
    std::string target;
};
RAKKA_OTP_TEST_SUITE(gen_event_interop);

TEST_P(gen_event_interop, a_script_has_the_same_answers_and_messages_from_either_kind_of_manager) {
    auto erl = start_erlang("erl");
    erl.load_module_source(erlang_handler);
    erl.load_module_source(driver);
    EXPECT_EQ(erl.eval("net_adm:ping(" + cpp->name() + ")"), "pong");
    // In processes of their own, which trap exits: steps that fail must not reach the harness.
    const std::string both =
        "begin "
        "Run = fun(M) -> {P, R} = spawn_monitor(fun() -> process_flag(trap_exit, true), exit({ran, "
        "driver:run(M)}) end), "
        "  receive {'DOWN', R, _, _, {ran, L}} -> {P, L}; {'DOWN', R, _, _, Why} -> {P, Why} end end, "
        "{ok, E} = gen_event:start(), "
        "{PE, LE} = Run(E), {PC, LC} = Run(" +
        target +
        "), "
        "Same = fun(L, P) -> re:replace(io_lib:format(\"~w\", [L]), pid_to_list(P), \"DRIVER\", "
        "  [global, {return, list}]) end, "
        "case Same(LE, PE) =:= Same(LC, PC) of "
        "  true -> {same, length(LE)}; "
        "  false when length(LE) =:= length(LC) -> {differ, [{A, B} || {A, B} <- lists:zip(LE, LC), "
        "      re:replace(io_lib:format(\"~w\", [A]), pid_to_list(PE), \"D\", [global, {return, list}]) =/= "
        "      re:replace(io_lib:format(\"~w\", [B]), pid_to_list(PC), \"D\", [global, {return, list}])]}; "
        "  false -> {differ, LE, LC} end end";
    EXPECT_EQ(erl.eval(both), "{same,81}");
}

TEST_P(gen_event_interop, erlang_uses_a_cpp_manager_under_its_name) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("net_adm:ping(" + cpp->name() + ")"), "pong");
    EXPECT_EQ(erl.eval("gen_event:add_handler(" + target + ", h, 1)"), "ok");
    EXPECT_EQ(
        erl.eval("[gen_event:notify(" + target + ", {set, [2]}), gen_event:call(" + target + ", h, get)]"),
        "[ok,[2]]");
    EXPECT_EQ(erl.eval("catch gen_event:call({nobody, " + cpp->name() + "}, h, get)")
                  .find("{'EXIT',{noproc,{gen_event,call,"),
              0U);
    EXPECT_EQ(erl.eval("catch gen_event:sync_notify({nobody, " + cpp->name() + "}, x)"), "{'EXIT',noproc}");
    EXPECT_EQ(erl.eval("begin ok = sys:log(" + target + ", true), gen_event:notify(" + target +
                       ", logged), {ok, L} = sys:log(" + target + ", get), ok = sys:no_debug(" + target +
                       "), L end"),
              "[{in,{notify,logged}}]");
    EXPECT_EQ(erl.eval("element(2, sys:get_status(" + target + ")) =:= rpc:call(" + cpp->name() +
                       ", erlang, whereis, [bus])"),
              "true");
}

TEST_P(gen_event_interop, a_supervising_process_of_a_beam_that_is_lost_takes_its_handlers_along) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("begin S = self(), spawn(fun() -> S ! gen_event:add_sup_handler(" + target +
                       ", {h, sup}, 1), timer:sleep(infinity) end), receive ok -> gen_event:which_handlers(" +
                       target + ") end end"),
              "[{h,sup}]");
    cpp->system().run([&] { gen_event::add_handler(manager, {"h"_a, "stays"_a}).value(); });
    erl.kill();
    cpp->system().run([&] {
        EXPECT_TRUE(testing::wait_until([&] {
            return sys::get_state(manager).to_string() == "[{h,false,{saw_exit,noconnection}}]";
        })) << sys::get_state(manager).to_string();
    });
}

TEST_P(gen_event_interop, cpp_uses_a_manager_of_the_beam) {
    auto erl = start_erlang("erl");
    erl.load_module_source(erlang_handler);
    EXPECT_EQ(erl.eval("begin {ok, P} = gen_event:start({local, bus}), is_pid(P) end"), "true");
    cpp->system().run([] {
        trap_exit(true);
        const registered_name bus{"bus"_a, "erl@127.0.0.1"_a};
        const handler_id one("h"_a, 1);
        gen_event::add_sup_handler(bus, {one, "first"_a}).value();
        gen_event::add_handler(bus, {"h"_a, tuple("a"_a, list(1, 2))}).value();
        EXPECT_EQ(gen_event::which_handlers(bus), (std::vector<handler_id>{"h"_a, one}));
        EXPECT_EQ(gen_event::add_handler(bus, {"h"_a, tuple("error"_a, "no"_a)}).error().reason.to_string(),
                  "{error,no}");
        EXPECT_EQ(gen_event::add_handler(bus, {"nomod"_a, 1})
                      .error()
                      .reason.to_string()
                      .find("{'EXIT',{undef,[{nomod,init,"),
                  0U);
        EXPECT_EQ(gen_event::add_handler<h>(bus, term(1)).error().reason.to_string(), "badarg")
            << "has no C++";
        gen_event::notify(bus, tuple("set"_a, 17));
        gen_event::sync_notify(bus, "more"_a);
        EXPECT_EQ(gen_event::call(bus, one, "get"_a).to_string(), "17");
        EXPECT_EQ(gen_event::call(bus, "nobody"_a, "get"_a).to_string(), "{error,bad_module}");
        EXPECT_EQ(receive_response(gen_event::send_request(bus, one, "get"_a), 10s)->value().to_string(),
                  "17");
        EXPECT_EQ(sys::get_state(bus).to_string(), "[{h,false,17},{h,1,17}]");
        gen_event::swap_sup_handler(bus, one, "go"_a, {{"h"_a, 2}, "come"_a}).value();
        EXPECT_EQ(receive().to_string(),
                  "{gen_event_EXIT,{h,1},{swapped,{h,2}," + term(self()).to_string() + "}}");
        EXPECT_EQ(gen_event::call(bus, {"h"_a, 2}, "get"_a).to_string(), "{come,{terminated,go,17}}");
        EXPECT_EQ(gen_event::swap_handler(bus, "nobody"_a, 1, {"h"_a, tuple("exit"_a, "no"_a)})
                      .error()
                      .reason.to_string(),
                  "{'EXIT',no}");
        EXPECT_EQ(gen_event::delete_handler(bus, "h"_a, "args"_a).to_string(), "{terminated,args,17}");
        EXPECT_EQ(gen_event::delete_handler(bus, "h"_a, "args"_a).to_string(), "{error,module_not_found}");
        EXPECT_EQ(gen_event::call(bus, {"h"_a, 2}, tuple("exit"_a, "why"_a)).to_string(),
                  "{error,{'EXIT',why}}");
        EXPECT_EQ(receive().to_string(), "{gen_event_EXIT,{h,2},{'EXIT',why}}");
        gen_event::stop(bus);
        EXPECT_TRUE(gen_event::try_call(bus, "h"_a, 1).error().reason.is_atom("noproc"_a));
    });
}

TEST_P(gen_event_interop, elixir_sends_events) {
    auto ex = start_elixir("ex");
    const std::string at = "{:bus, :\"cpp@127.0.0.1\"}";
    EXPECT_EQ(ex.eval_elixir(":gen_event.add_handler(" + at + ", {:h, \"id\"}, %{})"), ":ok");
    EXPECT_EQ(ex.eval_elixir(":gen_event.notify(" + at + ", {:set, [a: nil]})"), ":ok");
    EXPECT_EQ(ex.eval_elixir(":gen_event.call(" + at + ", {:h, \"id\"}, :get) == [a: nil]"), "true");
    EXPECT_EQ(ex.eval_elixir(":gen_event.which_handlers(" + at + ") == [{:h, \"id\"}]"), "true");
}

}  // namespace
}  // namespace rakka::interop
