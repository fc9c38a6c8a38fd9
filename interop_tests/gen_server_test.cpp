// A C++ gen_server called from Erlang and Elixir, and gen_servers of a BEAM called from C++.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <boost/describe.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

struct user {
    std::string name;
    std::int64_t age;
};
BOOST_DESCRIBE_STRUCT(user, (), (name, age))
RAKKA_ELIXIR_STRUCT(user, "Elixir.User")

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class subject : public gen_server {
    using integer = std::int64_t;
    term kept_ = "nothing"_a;

    result handle_call(const term& request, const from&) override {
        return *match(
            request,  //
            on(tuple_of("add"_a, x<integer>, x<integer>), [](integer a, integer b) { return reply(a + b); }),
            on(tuple_of("echo"_a, x<term>), [](const term& t) { return reply(t); }),
            on("kept"_a, [&] { return reply(kept_); }), on("self"_a, [] { return reply(self()); }),
            on("never"_a, [] { return noreply(); }),
            on(tuple_of("birthday"_a, x<user>),
               [](const user& u) {
                   return reply(user{u.name, u.age + 1});
               }),
            on(tuple_of("stop"_a, x<term>), [](const term& why) { return stop_with(why, "stopping"_a); }),
            on(tuple_of("crash"_a, x<term>), [](const term& why) -> result { rakka::exit(why); }));
    }
    result handle_cast(const term& request) override {
        kept_ = request;
        return noreply();
    }
    result handle_info(const term& message) override {
        match(message, on(tuple_of("ping"_a, x<pid>), [](pid who) { send(who, "pong"_a); }), on(any, [] {}));
        return noreply();
    }
    [[nodiscard]] term state() const override { return kept_; }
};

class gen_server_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        cpp->system().run([&] { server = gen_server::start<subject>({.name = "subject"_a}).value(); });
        target = "{subject, " + cpp->name() + "}";
    }
    [[nodiscard]] std::string call(const std::string& request) const {
        return "gen_server:call(" + target + ", " + request + ")";
    }

    std::unique_ptr<rakka_peer> cpp;
    pid server;
    std::string target;
};
RAKKA_OTP_TEST_SUITE(gen_server_interop);

TEST_P(gen_server_interop, erlang_calls_casts_and_sends) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("net_adm:ping(" + cpp->name() + ")"), "pong");
    EXPECT_EQ(erl.eval(call("{add, 1, 2}")), "3");
    EXPECT_EQ(erl.eval(call("{add, 1 bsl 40, 2}")), "1099511627778");
    EXPECT_EQ(
        erl.eval("begin ok = gen_server:cast(" + target + ", #{a => [1, <<2>>]}), " + call("kept") + " end"),
        "#{a => [1,<<2>>]}");
    EXPECT_EQ(erl.eval("begin " + target + " ! {ping, self()}, receive M -> M after 5000 -> timeout end end"),
              "pong");
    EXPECT_EQ(erl.eval("nodes()"), "[]") << "a hidden node is not listed";
    EXPECT_EQ(erl.eval("nodes(hidden)"), "[" + cpp->name() + "]");
}

TEST_P(gen_server_interop, erlang_learns_how_a_call_failed) {
    auto erl = start_erlang("erl");
    const std::string reason_of = "(fun(F) -> try F() catch exit:{R, {gen_server, call, _}} -> R end end)";
    EXPECT_EQ(erl.eval(reason_of + "(fun() -> gen_server:call({nobody, " + cpp->name() + "}, x) end)"),
              "noproc");
    EXPECT_EQ(erl.eval(reason_of + "(fun() -> gen_server:call(" + target + ", never, 50) end)"), "timeout");
    EXPECT_EQ(erl.eval(reason_of + "(fun() -> " + call("{crash, {my, \"reason\"}}") + " end)"),
              "{my,\"reason\"}");
    EXPECT_EQ(erl.eval(reason_of + "(fun() -> " + call("again") + " end)"), "noproc") << "it is gone";
}

TEST_P(gen_server_interop, erlang_monitors_and_links_learn_the_real_reason) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("begin R = monitor(process, " + target + "), P = " + call("self") +
                       ", process_flag(trap_exit, true), link(P), stopping = " + call("{stop, {bye, 1}}") +
                       ", [receive {'DOWN', R, process, What, D} -> {What, D} after 5000 -> no_down end,"
                       " receive {'EXIT', P, E} -> E after 5000 -> no_exit end] end"),
              "[{{subject," + cpp->name() + "},{bye,1}},{bye,1}]");
    EXPECT_EQ(erl.eval("begin R = monitor(process, " + target +
                       "), receive {'DOWN', R, _, _, D} -> D after 5000 -> no_down end end"),
              "noproc");
}

TEST_P(gen_server_interop, erlang_stops_and_inspects_it_with_sys) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(
        erl.eval("begin gen_server:cast(" + target + ", {state, 7}), sys:get_state(" + target + ") end"),
        "{state,7}");
    EXPECT_EQ(erl.eval("begin ok = sys:suspend(" + target + "), T = (catch gen_server:call(" + target +
                       ", kept, 50)), ok = sys:resume(" + target + "), {element(1, element(2, T)), " +
                       call("kept") + "} end"),
              "{timeout,{state,7}}");
    EXPECT_EQ(erl.eval("gen_server:stop(" + target + ")"), "ok");
    EXPECT_EQ(erl.eval("catch gen_server:stop(" + target + ")"), "{'EXIT',noproc}");
}

TEST_P(gen_server_interop, multi_call_and_requests_are_answered) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("gen_server:multi_call([" + cpp->name() + "], subject, {add, 2, 3})"),
              "{[{" + cpp->name() + ",5}],[]}");
    EXPECT_EQ(erl.eval("begin R = gen_server:send_request(" + target +
                       ", {add, 4, 5}), gen_server:receive_response(R, 5000) end"),
              "{reply,9}");
}

TEST_P(gen_server_interop, elixir_calls_it_with_structs) {
    auto ex = start_elixir("ex");
    const std::string at = "{:subject, :\"cpp@127.0.0.1\"}";
    EXPECT_EQ(ex.eval_elixir("GenServer.call(" + at + ", {:add, 1, 2})"), "3");
    EXPECT_EQ(ex.eval_elixir("GenServer.call(" + at +
                             ", {:birthday, %{__struct__: User, name: \"Ann\", age: 41}}) == "
                             "%{__struct__: User, name: \"Ann\", age: 42}"),
              "true");
    EXPECT_EQ(ex.eval_elixir("GenServer.call(" + at +
                             ", {:echo, [nil, true, ~c\"abc\", a: 1]}) == "
                             "[nil, true, ~c\"abc\", {:a, 1}]"),
              "true");
    EXPECT_EQ(ex.eval_elixir("GenServer.cast(" + at + ", :hello)"), ":ok");
    EXPECT_EQ(ex.eval_elixir("GenServer.call(" + at + ", :kept)"), ":hello");
}

TEST_P(gen_server_interop, cpp_calls_a_gen_server_of_the_beam) {
    auto erl = start_erlang("erl");
    erl.load_module_source(R"(
-module(store).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).
init(_) -> {ok, #{}}.
handle_call({get, K}, _, S) -> {reply, maps:get(K, S, none), S};
handle_call(never, _, S) -> {noreply, S};
handle_call({crash, R}, _, _) -> exit(R);
handle_call(victim, _, S) -> {reply, spawn(fun() -> receive {finish, R} -> exit(R) end end), S}.
handle_cast({put, K, V}, S) -> {noreply, S#{K => V}}.
)");
    EXPECT_EQ(erl.eval("begin {ok, P} = gen_server:start({local, store}, store, [], []), is_pid(P) end"),
              "true");
    cpp->system().run([] {
        const registered_name store{"store"_a, "erl@127.0.0.1"_a};
        gen_server::cast(store, tuple("put"_a, "k"_a, list(1, 2.5, "three")));
        EXPECT_EQ(gen_server::call(store, tuple("get"_a, "k"_a)).to_string(), "[1,2.5,<<\"three\">>]");
        const auto timed_out = gen_server::try_call(store, "never"_a, 50ms);
        ASSERT_FALSE(timed_out);
        EXPECT_TRUE(timed_out.error().reason.is_atom("timeout"_a));

        const pid victim = gen_server::call(store, "victim"_a).as<pid>().value();
        const reference ref = monitor(victim);
        trap_exit(true);
        link(victim);
        send(victim, tuple("finish"_a, tuple("done"_a, 1)));
        receive(on(tuple_of("DOWN"_a, ref, "process"_a, victim, x<term>),
                   [](const term& why) { EXPECT_EQ(why.to_string(), "{done,1}"); }));
        receive(on(tuple_of("EXIT"_a, victim, x<term>),
                   [](const term& why) { EXPECT_EQ(why.to_string(), "{done,1}"); }));

        const auto crashed = gen_server::try_call(store, tuple("crash"_a, "oops"_a));
        ASSERT_FALSE(crashed);
        EXPECT_TRUE(crashed.error().reason.is_atom("oops"_a)) << crashed.error().reason.to_string();
        EXPECT_TRUE(gen_server::try_call(store, "x"_a).error().reason.is_atom("noproc"_a));
    });
}

TEST_P(gen_server_interop, a_call_to_a_beam_that_dies_ends_with_nodedown) {
    auto erl = start_erlang("erl");
    // `silent` takes the call and keeps it; `got_it` is registered once it has.
    EXPECT_EQ(
        erl.eval("begin S = self(), spawn(fun() -> register(silent, self()), S ! up, "
                 "receive {'$gen_call', _, _} -> register(got_it, spawn(timer, sleep, [infinity])) end, "
                 "timer:sleep(infinity) end), receive up -> ok end end"),
        "ok");
    cpp->system().run([&] {
        const registered_name silent{"silent"_a, "erl@127.0.0.1"_a};
        const pid me = self();
        spawn([=] {
            const auto r = gen_server::try_call(silent, "hello"_a, infinity);
            send(me, r ? *r : r.error().reason);
        });
        blocking([&] {
            EXPECT_EQ(erl.eval("(fun Wait() -> case whereis(got_it) of undefined -> timer:sleep(5), Wait(); "
                               "_ -> ok end end)()"),
                      "ok");
            erl.kill();
        });
        EXPECT_EQ(receive().to_string(), "{nodedown,'erl@127.0.0.1'}");
    });
}

}  // namespace
}  // namespace rakka::interop
