// The commands `rakka sys` and `rakka trace`: servers of BEAMs and of C++ nodes, and the traces that a BEAM
// asks a C++ node for.
#include "support/command_fixture.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/actors/testing.hpp>

#include <chrono>
#include <future>
#include <string>
#include <vector>

namespace rakka::interop {

// Not in an anonymous namespace: its name is written out.
class command_counter : public gen_server {
    std::int64_t n_ = 0;

    result handle_call(const term& request, const from&) override {
        if (const auto by = request.as<std::int64_t>()) n_ += *by;
        return reply(n_);
    }
    result handle_cast(const term&) override { return noreply(); }
    [[nodiscard]] term state() const override { return term(n_); }
    void replace_state(const term& state) override { n_ = state.as<std::int64_t>().value(); }
};

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::string_view counter_module = R"(
-module(counter).
-behaviour(gen_server).
-export([start/0, init/1, handle_call/3, handle_cast/2, twice/1]).
start() -> {ok, P} = gen_server:start({local, counter}, counter, [], []), P.
init(_) -> {ok, 0}.
handle_call(N, _, S) when is_integer(N) -> {reply, S + N, S + N};
handle_call(_, _, S) -> {reply, S, S}.
handle_cast(_, S) -> {noreply, S}.
twice(N) -> 2 * N.
)";

class sys_command : public command_test {
protected:
    outcome sys(const std::string& operation, const std::string& node, std::vector<std::string> more) {
        return run_at("sys", operation, node, std::move(more));
    }
    outcome trace(const std::string& what, const std::string& node, std::vector<std::string> more) {
        return run_at("trace", what, node, std::move(more));
    }
    /// What holds for a server named `counter` on `node`, whoever it is of. Its state is 0.
    void expect_all_of_sys(const std::string& node, const std::string& state_of_42) {
        EXPECT_EQ(sys("get-state", node, {"counter"}).output, "0\n");
        EXPECT_THAT(sys("get-status", node, {"counter"}).output, HasSubstr("{status,<"));
        EXPECT_EQ(sys("suspend", node, {"counter"}).output, "");
        EXPECT_THAT(sys("get-status", node, {"counter"}).output, HasSubstr("suspended"));
        EXPECT_EQ(sys("resume", node, {"counter"}).status, 0);
        EXPECT_EQ(sys("statistics", node, {"counter", "get"}).output, "no_statistics\n");
        EXPECT_EQ(sys("statistics", node, {"counter", "on"}).status, 0);
        EXPECT_THAT(sys("statistics", node, {"counter", "get"}).output, HasSubstr("{messages_in,0}"));
        EXPECT_EQ(sys("log", node, {"counter", "on", "5"}).status, 0);
        EXPECT_EQ(run_with("send", node, {"counter", "{'$gen_call', {x, y}, 0}"}).status, 0);
        EXPECT_EQ(run_with("send", node, {"counter", "{'$gen_cast', word}"}).status, 0);
        EXPECT_THAT(sys("log", node, {"counter", "get"}).output, HasSubstr("{'$gen_cast',word}"));
        EXPECT_EQ(sys("no-debug", node, {"counter"}).status, 0);
        EXPECT_EQ(sys("log", node, {"counter", "get"}).output, "[]\n");
        EXPECT_EQ(sys("replace-state", node, {"counter", state_of_42}).status, 0);
        EXPECT_EQ(sys("terminate", node, {"counter", "shutdown"}).status, 0);
        const auto gone = sys("get-state", node, {"counter"});
        EXPECT_EQ(gone.status, 1);
        EXPECT_THAT(gone.output, HasSubstr("there is no process counter"));
    }

private:
    outcome run_at(const std::string& command, const std::string& what, const std::string& node,
                   std::vector<std::string> more) {
        std::vector<std::string> all{command,
                                     what,
                                     node,
                                     "--epmd-port",
                                     std::to_string(epmd().port()),
                                     "--cookie",
                                     options("unused").cookie};
        all.insert(all.end(), more.begin(), more.end());
        return run(all);
    }
};
RAKKA_OTP_TEST_SUITE(sys_command);

TEST_P(sys_command, looks_into_servers_of_a_beam) {
    auto erl = start_erlang("erl");
    erl.load_module_source(counter_module);
    const std::string p = erl.eval("counter:start()");
    EXPECT_EQ(sys("get-state", "erl@127.0.0.1", {p}).output, "0\n") << p;
    EXPECT_THAT(sys("get-state", "erl@127.0.0.1", {"<0.30000.0>"}).output,
                HasSubstr("there is no process"));
    expect_all_of_sys("erl@127.0.0.1", "fun counter:twice/1");
}

TEST_P(sys_command, looks_into_servers_of_a_cpp_node) {
    auto erl = start_erlang("erl");
    rakka_peer cpp("cpp", options("unused"), epmd());
    pid server;
    cpp.system().exports().add("counter"_a, "twice"_a, [](std::int64_t n) { return 2 * n; });
    cpp.system().run([&] { server = gen_server::start<command_counter>({.name = "counter"_a}).value(); });
    EXPECT_EQ(sys("get-state", "cpp@127.0.0.1", {term(server).to_string()}).output, "0\n");
    expect_all_of_sys("cpp@127.0.0.1", "fun counter:twice/1");
}

TEST_P(sys_command, says_what_makes_no_sense) {
    const std::vector<std::vector<std::string>> nonsense{
        {"look", "counter"},           {"get-state", "counter", "more"}, {"trace", "counter"},
        {"trace", "counter", "get"},   {"log", "counter", "on", "0"},    {"statistics", "counter", "maybe"},
        {"terminate", "counter", "{"}, {"replace-state", "counter"},     {"get-state", "<0.1>"}};
    for (const auto& words : nonsense) {
        const auto o = sys(words[0], "erl@127.0.0.1", {words.begin() + 1, words.end()});
        EXPECT_EQ(o.status, 2) << words[0] << ": " << o.output;
        EXPECT_THAT(o.output, HasSubstr("rakka sys: "));
    }
    EXPECT_EQ(sys("get-state", "nobody@127.0.0.1", {"counter"}).status, 1);
    EXPECT_EQ(trace("messages", "nobody@127.0.0.1", {"counter"}).status, 2) << "no limit";
    EXPECT_EQ(trace("calls", "nobody@127.0.0.1", {"a:b/x", "--limit", "1"}).status, 2);
    EXPECT_EQ(trace("calls", "nobody@127.0.0.1", {"a:b/1", "--limit", "1"}).status, 1);
}

TEST_P(sys_command, traces_a_cpp_node) {
    auto erl = start_erlang("erl");
    rakka_peer cpp("cpp", options("unused"), epmd());
    cpp.system().run([] { gen_server::start<command_counter>({.name = "counter"_a}).value(); });
    const auto refused = trace("messages", "cpp@127.0.0.1", {"counter", "--limit", "1"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, HasSubstr("trace::export_to()"));
    rakka::trace::export_to(cpp.system());
    const auto nobody = trace("messages", "cpp@127.0.0.1", {"nobody", "--limit", "1"});
    EXPECT_EQ(nobody.status, 1);
    EXPECT_THAT(nobody.output, HasSubstr("there is no such process"));
    const auto in_background = [&](const std::string& what, std::vector<std::string> more) {
        auto running =
            std::async(std::launch::async, [=, this] { return trace(what, "cpp@127.0.0.1", more); });
        cpp.system().run([] {
            auto begun = [] { return rakka::trace::tracer().has_value(); };
            EXPECT_TRUE(testing::wait_until(begun));
            gen_server::call("counter"_a, 40);
            gen_server::call("counter"_a, 2);
            gen_server::call("counter"_a, 0);
        });
        return running.get();
    };
    const auto messages = in_background("messages", {"counter", "--received", "--limit", "2"});
    EXPECT_EQ(messages.status, 0) << messages.output;
    EXPECT_THAT(messages.output, MatchesRegex("[^\n]* < \\{'\\$gen_call',[^\n]*,40\\}\n"
                                              "[^\n]* < \\{'\\$gen_call',[^\n]*,2\\}\n"));
    const auto calls = in_background(
        "calls", {"rakka::interop::command_counter:handle_call/3", "--returns", "--limit", "4"});
    EXPECT_EQ(calls.status, 0) << calls.output;
    EXPECT_THAT(calls.output, HasSubstr("handle_call/3 --> {reply,82,82}"));
    EXPECT_THAT(calls.output, HasSubstr("handle_call/3 --> {reply,84,84}"));
    const auto timed = in_background("messages", {"counter", "--limit", "1000", "--for", "1"});
    EXPECT_EQ(timed.status, 0) << timed.output;
    EXPECT_EQ(trace("clear", "cpp@127.0.0.1", {}).status, 0);
}

TEST_P(sys_command, a_beam_traces_a_cpp_node) {
    auto erl = start_erlang("erl");
    rakka_peer cpp("cpp", options("unused"), epmd());
    rakka::trace::export_to(cpp.system());
    cpp.system().exports().add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    EXPECT_EQ(
        erl.eval("1 = erpc:call('cpp@127.0.0.1', rakka_trace, calls, [{calc, add, 2}, 2, "
                 "[return_values, {process, self()}]]), "
                 "erpc:call('cpp@127.0.0.1', calc, add, [1, 2]), "
                 "receive {trace_ts, P, call, {calc, add, [1, 2]}, {_, _, _}} when is_pid(P) -> ok end, "
                 "receive {trace_ts, _, return_from, {calc, add, 2}, 3, _} -> ok end, "
                 "receive {rakka_trace, stopped, Why, Lost} -> {Why, Lost} end"),
        "{limit,0}");
}

}  // namespace
}  // namespace rakka::interop
