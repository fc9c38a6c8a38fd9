// Sequential traces that pass through a C++ node, as the system tracer of a BEAM sees them; and what a token
// counts here beside what it counts there.
#include "support/signal_test.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

// Begin(Flags) gives the caller a token; Seen(N) the first N events that the system tracer was told of,
// without pids and messages; Counts() the caller's {Previous, Current}.
const std::string words =
    "Tracer = spawn(fun Tell(Events) -> receive "
    "{seen, N, To} when length(Events) >= N -> To ! {self(), lists:sublist(lists:reverse(Events), N)}; "
    "{seq_trace, lab, {What, Serials, _, _, _}} -> Tell([{What, Serials} | Events]) end end), "
    "apply(fun() -> ok end, []), "
    "Begin = fun() -> seq_trace:set_system_tracer(Tracer), seq_trace:set_token(label, lab), "
    "seq_trace:set_token(serial, {0, 0}), seq_trace:set_token(send, true), "
    "seq_trace:set_token('receive', true) end, "
    "Counts = fun() -> case seq_trace:get_token(serial) of {serial, C} -> C; [] -> none end end, "
    "End = fun() -> seq_trace:set_token([]), seq_trace:set_system_tracer(false) end, "
    "Seen = fun(N) -> End(), Tracer ! {seen, N, self()}, receive {Tracer, E} -> E after 10000 -> none end "
    "end, ";

/// Erlang's `cpp` module, where the middle of a trace is a BEAM.
const std::string module_cpp =
    "-module(cpp).\n-export([counts/0, echo/0, server/0, exits/1]).\n"
    "counts() -> {serial, C} = seq_trace:get_token(serial), C.\n"
    "echo() -> register(echo, self()), loop().\n"
    "loop() -> receive {exit, R} -> exit(R); {A, X} when is_reference(A) -> A ! {self(), X}, loop(); "
    "{P, X} -> P ! {self(), X}, loop() end.\n"
    "server() -> register(server, self()), answer().\n"
    "answer() -> receive {'$gen_call', From, X} -> gen:reply(From, {got, X}), answer() end.\n"
    "exits(R) -> exit(R).\n";

class seq_traces : public signal_test {
protected:
    void SetUp() override {
        signal_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        auto& exports = cpp->node().exports();
        exports.add("cpp"_a, "counts"_a, 0, [](const auto&) {
            const term t = seq_trace::get_token("serial"_a);
            return t.share(t.tuple()[1]);
        });
        exports.add("cpp"_a, "exits"_a, 1, [](const auto& a) -> term {
            rakka::exit(a[0]);
            return {};
        });
        cpp->system().spawn(
            [] {
                while (const auto r = gen::as_request(receive()))
                    reply(r->sender, tuple("got"_a, r->body));
            },
            {.name = "server"_a});
    }
    /// What `expression`, about a node `N`, gives with a C++ node for it, and with a BEAM.
    void expect_like_a_beam(const std::string& expression) {
        if (!beam) {
            beam = std::make_unique<beam_node>(start_erlang("beam"));
            beam->load_module_source(module_cpp);
            beam->eval("spawn(fun cpp:echo/0), spawn(fun cpp:server/0)");
        }
        const std::string with_beam = erl->eval("N = 'beam@127.0.0.1', " + words + expression);
        EXPECT_EQ(erl->eval("N = 'cpp@127.0.0.1', " + words + expression), with_beam) << expression;
        seen.push_back(with_beam);
    }

    std::unique_ptr<beam_node> beam;
    std::vector<std::string> seen;
};
RAKKA_OTP_TEST_SUITE(seq_traces);

TEST_P(seq_traces, messages_through_a_cpp_node_are_counted_as_through_a_beam) {
    expect_like_a_beam(
        "Begin(), {echo, N} ! {self(), one}, P = receive {Q, one} -> Q end, A = Counts(), "
        "P ! {self(), two}, receive {P, two} -> ok end, {A, Counts(), Seen(4)}");
    EXPECT_EQ(seen.back(), "{{1,2},{3,4},[{send,{0,1}},{'receive',{1,2}},{send,{2,3}},{'receive',{3,4}}]}");
    expect_like_a_beam(
        "Begin(), A = alias(), {echo, N} ! {A, by_alias}, receive {_, by_alias} -> ok end, "
        "{Counts(), Seen(2)}");
    EXPECT_EQ(seen.back(), "{{1,2},[{send,{0,1}},{'receive',{1,2}}]}");
    // An echo without a token ends the trace of who gets it.
    expect_like_a_beam("{echo, N} ! {self(), plain}, Begin(), receive {_, plain} -> ok end, Counts()");
    EXPECT_EQ(seen.back(), "none");
}

TEST_P(seq_traces, calls_of_a_cpp_server_are_counted_as_those_of_a_beams) {
    expect_like_a_beam(
        "Begin(), {got, x} = gen_server:call({server, N}, x), A = Counts(), "
        "{got, y} = gen_server:call({server, N}, y), {A, Counts(), Seen(4)}");
    EXPECT_EQ(seen.back(), "{{1,2},{3,4},[{send,{0,1}},{'receive',{1,2}},{send,{2,3}},{'receive',{3,4}}]}");
}

TEST_P(seq_traces, spawns_on_a_cpp_node_are_counted_as_on_a_beam) {
    expect_like_a_beam(
        "Begin(), R = spawn_request(N, cpp, counts, []), A = Counts(), "
        "receive {spawn_reply, R, ok, _} -> ok end, {A, Counts(), Seen(3)}");
    EXPECT_EQ(seen.back(), "{{0,2},{1,2},[{send,{0,1}},{send,{0,2}},{'receive',{1,2}}]}");
    expect_like_a_beam("Begin(), C = erpc:call(N, cpp, counts, []), {C, Counts()}");
    expect_like_a_beam(
        "Begin(), R = spawn_request(N, cpp, counts, [], [no_such_option]), "
        "receive {spawn_reply, R, error, badopt} -> ok end, {Counts(), Seen(3)}");
    expect_like_a_beam(
        "process_flag(trap_exit, true), Begin(), P = spawn_link(N, cpp, exits, [why]), A = Counts(), "
        "receive {'EXIT', P, why} -> ok end, {A, Counts(), Seen(4)}");
    expect_like_a_beam(
        "Begin(), {P, R} = spawn_monitor(N, cpp, exits, [{why, 1}]), A = Counts(), "
        "receive {'DOWN', R, _, P, {why, 1}} -> ok end, {A, Counts()}");
}

TEST_P(seq_traces, exits_of_linked_processes_bring_the_token) {
    expect_like_a_beam(
        "process_flag(trap_exit, true), {echo, N} ! {self(), hello}, P = receive {Q, hello} -> Q end, "
        "link(P), Begin(), P ! {exit, bye}, receive {'EXIT', P, bye} -> ok end, {Counts(), Seen(2)}");
    EXPECT_EQ(seen.back(), "{{1,2},[{send,{0,1}},{'receive',{1,2}}]}");
}

// The same from the other end: a trace that begins here, leads to a BEAM and back.
TEST_P(seq_traces, a_trace_that_begins_in_cpp_is_seen_whole_by_the_beams_tracer) {
    const std::string there =
        with_process(words +
                         "Begin(), seq_trace:set_token([]), register(there, self()), Tester ! {pid, self()}, "
                         "receive {F, M} -> F ! {self(), M} end, receive {'$gen_call', From, X} -> "
                         "gen:reply(From, {got, X}) end, Now = Counts(), {Now, Seen(4)}",
                     [] {
                         const pid p = next_pid();
                         std::vector<std::string> events;
                         const pid tracer = spawn([me = self()] {
                             while (true)
                                 send(me, tuple("event"_a, receive()));
                         });
                         static_cast<void>(seq_trace::set_system_tracer(tracer));
                         seq_trace::set_token(tuple(3, "lab"_a, 0, self(), 0));
                         send(p, tuple(self(), "hello"_a));
                         receive(on(tuple_of(p, "hello"_a), [] {}));
                         EXPECT_EQ(seq_trace::get_token("serial"_a).to_string(), "{serial,{1,2}}");
                         EXPECT_EQ(gen::call(p, "$gen_call"_a, "x"_a, 10s).value().to_string(), "{got,x}");
                         EXPECT_EQ(seq_trace::get_token("serial"_a).to_string(), "{serial,{3,4}}");
                         for (int i = 0; i < 4; ++i) {
                             receive(on(tuple_of("event"_a, x<term>), [&](const term& e) {
                                 const tuple_view info = e.tuple()[2].tuple();
                                 events.push_back(info[0].to_string() + info[1].to_string());
                             }));
                         }
                         EXPECT_EQ(events, (std::vector<std::string>{"send{0,1}", "'receive'{1,2}",
                                                                     "send{2,3}", "'receive'{3,4}"}));
                     });
    EXPECT_EQ(there, "{{2,3},[{'receive',{0,1}},{send,{1,2}},{'receive',{2,3}},{send,{3,4}}]}");
}

TEST_P(seq_traces, what_cpp_spawns_on_a_beam_has_its_token) {
    erl->load_module_source(module_cpp);
    as_process([&] {
        seq_trace::set_token(tuple(0, "lab"_a, 0, self(), 0));
        const reference ref = spawn_request(peer, "cpp"_a, "exits"_a, list("why"_a), {.link = true});
        EXPECT_EQ(seq_trace::get_token("serial"_a).to_string(), "{serial,{0,2}}");
        trap_exit(true);
        const auto answer = receive_soon();
        ASSERT_TRUE(answer && answer->tuple()[1].as<reference>() == ref);
        EXPECT_EQ(seq_trace::get_token("serial"_a).to_string(), "{serial,{1,2}}");
        EXPECT_TRUE(next_text().ends_with(",why}"));
        EXPECT_EQ(seq_trace::get_token("serial"_a).to_string(), "{serial,{2,3}}");
        seq_trace::set_token(list());
        seq_trace::set_token(tuple(0, "lab"_a, 0, self(), 0));
        EXPECT_EQ(erpc::call(peer, "cpp"_a, "counts"_a, list()).value().to_string(), "{0,2}");
        EXPECT_EQ(seq_trace::get_token("label"_a).to_string(), "{label,lab}");
    });
}

TEST_P(seq_traces, the_exit_of_a_traced_process_tells_a_beam) {
    const std::string there =
        with_process(words +
                         "process_flag(trap_exit, true), Tester ! {pid, self()}, "
                         "receive {'EXIT', _, bye} -> {Counts(), element(2, seq_trace:get_token())} end",
                     [] {
                         const pid p = next_pid();
                         spawn([p] {
                             link(p);
                             seq_trace::set_token(tuple(0, tuple("any"_a, "label"_a), 7, self(), 6));
                             rakka::exit("bye"_a);
                         });
                     });
    EXPECT_EQ(there, "{{6,8},{any,label}}");
}

}  // namespace
}  // namespace rakka::interop
