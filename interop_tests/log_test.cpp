// Log events between C++ and real BEAMs, both ways, through `logger_proxy`. [protocol §8.3]
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// Keeps every event that a BEAM's logger has, and waits for one that fits.
constexpr std::string_view keeper = R"(
-module(keeper).
-export([start/0, log/2, find/1, words/1]).
start() ->
    Self = self(),
    spawn(fun() -> ets:new(kept, [named_table, public, ordered_set]), Self ! made, receive never -> ok end end),
    receive made -> ok end,
    logger:add_handler(keeper, keeper, #{level => all, filters => []}).
log(Event, _) -> ets:insert(kept, {erlang:unique_integer([monotonic]), Event}).
find(Key) -> find(Key, 500).
find(_, 0) -> [];
find(Key, N) ->
    case [E || {_, #{meta := #{key := K}} = E} <- ets:tab2list(kept), K =:= Key] of
        [E | _] -> E;
        [] -> timer:sleep(20), find(Key, N - 1)
    end.
words(Event) -> unicode:characters_to_binary(logger_formatter:format(Event, #{single_line => true, template => [msg]})).
)";

void log_as_told(const std::string& what) {
    if (what == "text") log::warning(log::with("key", "text"_a, "order", 7), "from C++ {}", 1);
    if (what == "report") log::error(log::with("key", "report"_a), map("what"_a, "lost"_a));
    if (what == "quiet") log::debug(log::with("key", "quiet"_a), "nobody wants it");
    if (what == "otp")
        log::error(log::with("key", "otp"_a, "domain", std::vector{"otp"_a}),
                   map("label"_a, tuple("gen_server"_a, "terminate"_a), "name"_a, "cpp_server"_a,
                       "last_message"_a, "m"_a, "state"_a, "s"_a, "log"_a, list(), "reason"_a, "why"_a,
                       "client_info"_a, "undefined"_a));
    if (what == "crash") throw std::runtime_error("no luck");
}

class log_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        ASSERT_TRUE(log::start(cpp->system(), {.default_handler = std::nullopt}));
        log::add_handler(cpp->system(), "keep"_a, [this](const log_event& e) {
            const std::lock_guard lock(mutex_);
            events_.push_back(e);
        });
        cpp->node().exports().add("cpp"_a, "say"_a, [](const std::string& what) { log_as_told(what); });
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        erl->load_module_source(keeper);
        ASSERT_EQ(erl->eval("keeper:start()"), "ok");
    }
    void say(const std::string& what) {
        erl->eval("erpc:call(" + cpp->name() + ", cpp, say, [<<\"" + what + "\">>])");
    }
    /// The first event here with this text, waiting up to 20 s.
    log_event event_with(const std::string& part) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (std::chrono::steady_clock::now() < end) {
            {
                const std::lock_guard lock(mutex_);
                for (const log_event& e : events_)
                    if ((e.report.has_value() ? e.report.to_string() : e.text).find(part) !=
                        std::string::npos)
                        return e;
            }
            std::this_thread::sleep_for(5ms);
        }
        ADD_FAILURE() << "nothing was logged with " << part;
        return {};
    }

private:
    std::mutex mutex_;
    std::vector<log_event> events_;

protected:
    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(log_interop);

TEST_P(log_interop, events_of_our_processes_go_to_the_node_of_their_group_leader) {
    say("text");
    EXPECT_EQ(erl->eval("#{level := L, msg := M, meta := #{order := O, mfa := {Mod, _, _}, gl := G, pid := "
                        "P, line := _}} = "
                        "keeper:find(text), {L, M, O, Mod, node(G), node(P)}"),
              "{warning,{string,\"from C++ 1\"},7,log_test,'erl@127.0.0.1','cpp@127.0.0.1'}");
    say("report");
    EXPECT_EQ(erl->eval("#{level := L, msg := M} = keeper:find(report), {L, M}"),
              "{error,{report,#{what => lost}}}");
    EXPECT_EQ(event_with("from C++ 1").level, log_level::warning) << "our own handlers get it, too";
}

TEST_P(log_interop, a_beam_has_words_for_our_reports) {
    say("otp");
    EXPECT_EQ(erl->eval("keeper:words(keeper:find(otp))"),
              "<<\"Generic server cpp_server terminating. Reason: why. Last message: m. State: s.\">>");
    const log_event e = event_with("cpp_server");
    EXPECT_EQ(log::text_format({.layout = "{msg}"})(e),
              "Generic server cpp_server terminating. Reason: why. Last message: m. State: s.");
}

TEST_P(log_interop, crashes_of_processes_they_have_spawned_are_told_there) {
    erl->eval("spawn(" + cpp->name() + ", cpp, say, [<<\"crash\">>])");
    const log_event e = event_with("no luck");
    EXPECT_EQ(e.level, log_level::error);
    EXPECT_EQ(e.group_leader.node, "erl@127.0.0.1"_a);
    EXPECT_EQ(
        erl->eval(
            "W = fun W(0) -> not_found; W(N) -> case [x || {_, #{msg := {string, S}}} <- ets:tab2list(kept), "
            "string:find(S, \"no luck\") =/= nomatch] of [_ | _] -> found; [] -> timer:sleep(20), W(N - 1) "
            "end "
            "end, W(500)"),
        "found");
}

TEST_P(log_interop, events_of_their_processes_with_our_leader_come_to_our_logger) {
    const std::string leader = "U = rpc:call(" + cpp->name() +
                               ", erlang, whereis, [user]), spawn(fun() -> group_leader(U, self()), ";
    erl->eval(leader +
              "logger:critical(\"a formatted ~p~nin lines\", [event], #{domain => [a, b], order => 7, mfa => "
              "{m, f, 2}, file => \"m.erl\", line => 3}) end)");
    const log_event e = event_with("a formatted event");
    EXPECT_EQ(e.text, "a formatted event\nin lines");
    EXPECT_EQ(e.level, log_level::critical);
    EXPECT_EQ(e.process.node, "erl@127.0.0.1"_a);
    EXPECT_EQ(e.domain, (std::vector<atom>{"a"_a, "b"_a}));
    EXPECT_EQ(e.module, "m"_a);
    EXPECT_EQ(e.function, "f");
    EXPECT_EQ(e.arity, 2U);
    EXPECT_EQ(e.file, "m.erl");
    EXPECT_EQ(e.line, 3U);
    EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - e.time), 10min);
    bool order = false;
    for (const auto& [key, value] : e.more)
        order = order || (key == "order"_a && value == term(7));
    EXPECT_TRUE(order);
    erl->eval(leader + "logger:notice(#{what => reported}) end)");
    EXPECT_TRUE(event_with("reported").report.is(kind::map));
}

TEST_P(log_interop, a_crash_report_of_theirs_has_their_words_here) {
    const std::string leader = "U = rpc:call(" + cpp->name() +
                               ", erlang, whereis, [user]), spawn(fun() -> group_leader(U, self()), ";
    erl->eval(leader + "proc_lib:spawn(fun() -> error(of_a_beam) end) end)");
    const std::string words =
        log::text_format({.single_line = false, .layout = "{msg}"})(event_with("proc_lib,crash"));
    EXPECT_TRUE(words.starts_with("  crasher:\n    initial call: ")) << words;
    EXPECT_NE(words.find("    exception error: of_a_beam\n      in function  "), std::string::npos) << words;
    EXPECT_NE(words.find("\n  neighbours:\n"), std::string::npos) << words;
}

}  // namespace
}  // namespace rakka::interop
