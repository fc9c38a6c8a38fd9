// A C++ gen_statem driven from Erlang and Elixir, and gen_statems of a BEAM called from C++.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// A door: locked until the code comes, then open until a timeout or `lock`; knocks wait for it to open.
class door : public gen_statem {
    int opened_ = 0;

    statem::callback_mode callback_mode() const override {
        static const state_functions states{{"locked"_a, &door::locked}, {"open"_a, &door::open}};
        return {.functions = &states};
    }
    result init() override { return next_state("locked"_a); }
    result locked(const event& e) {
        if (e.is_cast("code"_a)) return ++opened_, next_state("open"_a);
        if (e.is_call("knock"_a)) return keep_state(postpone());
        return common(e);
    }
    result open(const event& e) {
        if (e.is_cast("lock"_a)) return next_state("locked"_a);
        if (e.is_cast("lock soon"_a)) return keep_state(state_timeout(10ms, "lock"_a));
        if (e.is_state_timeout()) return next_state("locked"_a);
        if (e.is_call("knock"_a)) return keep_state(reply(e.sender(), "come in"_a));
        return common(e);
    }
    result common(const event& e) {
        if (e.is_call("self"_a)) return keep_state(reply(e.sender(), self()));
        if (e.is_call("opened"_a)) return keep_state(reply(e.sender(), opened_));
        if (e.is_call("never"_a)) return keep_state();
        if (e.is_call("break"_a)) return stop_with("broken"_a, reply(e.sender(), "breaking"_a));
        if (e.is_call()) return keep_state(reply(e.sender(), e.to_term()));
        return keep_state();
    }
    term data() const override { return map("opened"_a, opened_); }
};

class gen_statem_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd());
        cpp->system().run([&] { static_cast<void>(gen_statem::start<door>({.name = "door"_a}).value()); });
        target = "{door, " + cpp->name() + "}";
    }
    [[nodiscard]] std::string call(const std::string& request) const {
        return "gen_statem:call(" + target + ", " + request + ")";
    }
    [[nodiscard]] std::string cast(const std::string& content) const {
        return "ok = gen_statem:cast(" + target + ", " + content + ")";
    }

    std::unique_ptr<rakka_peer> cpp;
    std::string target;
};
RAKKA_OTP_TEST_SUITE(gen_statem_interop);

TEST_P(gen_statem_interop, erlang_drives_it_through_its_states) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("begin S = self(), spawn(fun() -> S ! {knocked, " + call("knock") + "} end), " +
                       "0 = " + call("opened") + ", " + cast("code") +
                       ", receive {knocked, A} -> A after 5000 -> timeout end end"),
              "'come in'")
        << "a call that was postponed is answered in the next state";
    EXPECT_EQ(erl.eval("begin " + cast("'lock soon'") + ", W = fun W() -> case sys:get_state(" + target +
                       ") of {locked, #{opened := N}} -> N; _ -> timer:sleep(5), W() end end, W() end"),
              "1");
    EXPECT_EQ(erl.eval("element(1, element(1, " + call("{any, [1, 2.5]}") + "))"), "call");
    EXPECT_EQ(erl.eval("gen_server:call(" + target + ", opened)"), "1");
}

TEST_P(gen_statem_interop, erlang_asks_without_waiting_and_with_limits) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("begin R = gen_statem:send_request(" + target +
                       ", opened), gen_statem:receive_response(R, 5000) end"),
              "{reply,0}");
    EXPECT_EQ(erl.eval("catch gen_statem:call(" + target + ", never, 50)"),
              "{'EXIT',{timeout,{gen_statem,call,[" + target.substr(0, target.find(',')) + "," + cpp->name() +
                  "},never,50]}}}");
    EXPECT_EQ(erl.eval("catch gen_statem:call(" + target + ", never, {clean_timeout, 50})"),
              "{'EXIT',{timeout,{gen_statem,call,[{door," + cpp->name() + "},never,{clean_timeout,50}]}}}");
}

TEST_P(gen_statem_interop, erlang_monitors_and_stops_it) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("begin R = monitor(process, " + target + "), breaking = " + call("break") +
                       ", receive {'DOWN', R, process, _, Why} -> Why after 5000 -> no_down end end"),
              "broken");
    EXPECT_EQ(erl.eval("catch " + call("x") + " "),
              "{'EXIT',{noproc,{gen_statem,call,[{door," + cpp->name() + "},x,infinity]}}}");
    cpp->system().run([] { static_cast<void>(gen_statem::start<door>({.name = "door"_a}).value()); });
    EXPECT_EQ(erl.eval("gen_statem:stop(" + target + ", shutdown, 5000)"), "ok");
    EXPECT_EQ(erl.eval("catch gen_statem:stop(" + target + ")"), "{'EXIT',noproc}");
}

TEST_P(gen_statem_interop, sys_looks_into_it) {
    auto erl = start_erlang("erl");
    EXPECT_EQ(erl.eval("sys:get_state(" + target + ")"), "{locked,#{opened => 0}}");
    EXPECT_EQ(erl.eval("begin ok = sys:suspend(" + target + "), T = (catch gen_statem:call(" + target +
                       ", opened, 50)), ok = sys:resume(" + target + "), {element(1, element(2, T)), " +
                       call("opened") + "} end"),
              "{timeout,0}");
}

TEST_P(gen_statem_interop, elixir_casts_and_calls_it) {
    auto ex = start_elixir("ex");
    const std::string at = "{:door, :\"cpp@127.0.0.1\"}";
    EXPECT_EQ(ex.eval_elixir(":gen_statem.call(" + at + ", :opened)"), "0");
    EXPECT_EQ(ex.eval_elixir("(GenServer.cast(" + at + ", :code); GenServer.call(" + at + ", :knock))"),
              ":\"come in\"");
}

TEST_P(gen_statem_interop, cpp_calls_and_stops_a_gen_statem_of_the_beam) {
    auto erl = start_erlang("erl");
    erl.load_module_source(R"(
-module(button).
-behaviour(gen_statem).
-export([init/1, callback_mode/0, off/3, on/3]).
callback_mode() -> state_functions.
init(_) -> {ok, off, 0}.
off({call, From}, push, N) -> {next_state, on, N + 1, [{reply, From, on}]};
off(_, _, _) -> {keep_state_and_data, [postpone]}.
on({call, From}, push, N) -> {next_state, off, N, [{reply, From, off}]};
on({call, From}, count, N) -> {keep_state_and_data, [{reply, From, N}]};
on(cast, fail, _) -> exit(failed).
)");
    EXPECT_EQ(erl.eval("begin {ok, P} = gen_statem:start({local, button}, button, [], []), is_pid(P) end"),
              "true");
    cpp->system().run([] {
        const registered_name button{"button"_a, "erl@127.0.0.1"_a};
        EXPECT_EQ(gen_statem::call(button, "push"_a).to_string(), "on");
        EXPECT_EQ(gen_statem::call(button, "count"_a).to_string(), "1");
        EXPECT_EQ(gen_statem::call(button, "push"_a).to_string(), "off");
        const auto late = gen_statem::try_call(button, "count"_a, 50ms);  // postponed
        ASSERT_FALSE(late);
        EXPECT_TRUE(late.error().reason.is_atom("timeout"_a));
        gen_statem::stop(button);
        EXPECT_TRUE(gen_statem::try_call(button, "push"_a).error().reason.is_atom("noproc"_a));
    });
}

}  // namespace
}  // namespace rakka::interop
