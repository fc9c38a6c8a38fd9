// Sequential traces that lead to a C++ node and back, and those that begin there, beside the same ones with a
// BEAM in its place: the same counts, and the same is told to the system tracers at both ends.
#include "support/signal_test.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// What both ends of a trace run. run/4 and run_there/5 give {Value, Counts, EventsHere, EventsThere}, pids
/// and references told by where they are from; they wait for as many events as they are told. A function that
/// the C++ node has too is written again below.
constexpr std::string_view module_traced = R"(
-module(traced).
-export([run/4, run/5, run_there/5, start/0, watch/0, events/1, begin_trace/2, counts/0, exits/1, talks/3, spawns/1,
         calls/1, dies/2]).
run(N, F, Here, There) -> run(N, {lab, []}, F, Here, There).
run(N, {Label, Flags}, F, Here, There) ->
    watch(), ok = rpc:call(N, traced, watch, []),
    begin_trace(Label, Flags), V = F(), C = counts(), seq_trace:set_token([]),
    seen(N, V, C, Here, There).
run_there(N, F, Args, Here, There) ->
    renew(), watch(), ok = rpc:call(N, traced, watch, []),
    seen(N, rpc:call(N, traced, F, Args()), there, Here, There).
seen(N, V, C, Here, There) ->
    {plain(N, V), C, events(N, events(Here)), events(N, rpc:call(N, traced, events, [There]))}.
events(N, L) when is_list(L) -> [event(N, E) || E <- L];
events(_, X) -> X.
event(N, {L, Info}) -> {L, plain(N, Info)};
event(N, {L, Info, {_, _, _}}) -> {L, plain(N, Info), timestamp};
event(N, {L, Info, {_, _}}) -> {L, plain(N, Info), strictly};
event(N, {L, Info, T}) when is_integer(T) -> {L, plain(N, Info), monotonic}.
plain(N, X) when is_pid(X) -> if node(X) =:= N -> there; node(X) =:= node() -> here; true -> elsewhere end;
plain(_, X) when is_reference(X) -> ref;
plain(N, [H | T]) -> [plain(N, H) | plain(N, T)];
plain(N, T) when is_tuple(T) -> list_to_tuple(plain(N, tuple_to_list(T)));
plain(_, B) when byte_size(B) > 100 -> {bytes, byte_size(B)};
plain(N, N) -> n;
plain(_, X) -> X.
start() ->
    %% A module that is loaded on the way is traced as well.
    [{module, M} = code:ensure_loaded(M) || M <- [erpc, rpc, gen, gen_server, seq_trace]],
    register(collector, spawn(fun() -> collect([]) end)), renew().
%% A process goes on counting where it was in traces before.
renew() ->
    [catch unregister(Name) || Name <- [echo, server]],
    register(echo, spawn(fun echo/0)), register(server, spawn(fun server/0)), ok.
echo() ->
    receive
        {exit, R} -> exit(R);
        {To, X} when is_reference(To); is_pid(To) -> To ! {self(), X}
    end,
    echo().
server() -> receive {'$gen_call', From, X} -> gen:reply(From, {got, X}) end, server().
collect(Events) ->
    receive
        clear -> collect([]);
        {events, N, To} when length(Events) >= N -> To ! {events, lists:reverse(Events)}, collect([]);
        {seq_trace, Label, Info} -> collect([{Label, Info} | Events]);
        {seq_trace, Label, Info, T} -> collect([{Label, Info, T} | Events])
    end.
watch() -> collector ! clear, seq_trace:set_system_tracer(whereis(collector)), ok.
events(N) ->
    collector ! {events, N, self()},
    E = receive {events, L} -> L after 10000 -> too_few end,
    seq_trace:set_system_tracer(false), E.
begin_trace(Label, Flags) ->
    seq_trace:set_token(label, Label), seq_trace:set_token(serial, {0, 0}),
    [seq_trace:set_token(F, true) || F <- [send, 'receive' | Flags]].
counts() -> case seq_trace:get_token(serial) of {serial, C} -> C; [] -> none end.
exits(R) -> exit(R).
talks(Label, To, Server) ->
    begin_trace(Label, []), To ! {self(), hello}, P = receive {Q, hello} -> Q end, A = counts(),
    {got, x} = gen_server:call(Server, x), B = counts(),
    P ! {self(), again}, receive {P, again} -> ok end, C = counts(),
    seq_trace:set_token([]), {A, B, C}.
spawns(Node) ->
    process_flag(trap_exit, true), begin_trace(lab, []),
    R = spawn_request(Node, traced, exits, [why], [link]), A = counts(),
    P = receive {spawn_reply, R, ok, Q} -> Q end, B = counts(),
    receive {'EXIT', P, why} -> ok end, C = counts(), seq_trace:set_token([]), {A, B, C}.
calls(Node) ->
    begin_trace(lab, []), There = erpc:call(Node, traced, counts, []), Here = counts(),
    seq_trace:set_token([]), {There, Here}.
dies(Of, With) -> link(With), begin_trace({any, label}, []), exit(Of).
)";

// -- the same in C++

void begin_trace(const term& label) {
    seq_trace::set_token("label"_a, label);
    seq_trace::set_token("serial"_a, tuple(0, 0));
    seq_trace::set_token("send"_a, true);
    seq_trace::set_token("receive"_a, true);
}

term counts() {
    const term t = seq_trace::get_token("serial"_a);
    return t.is_tuple(2) ? t.share(t.tuple()[1]) : term("none"_a);
}

void collect() {
    std::vector<term> events;
    std::optional<term> wanted;  // {events, Count, Pid}
    while (true) {
        const term m = receive();
        const auto part = [&](std::size_t i) { return m.share(m.tuple()[i]); };
        if (m.is_atom("clear"_a)) {
            events.clear();
        } else if (m.is_tagged("seq_trace"_a, 3)) {
            events.emplace_back(tuple(part(1), part(2)));
        } else if (m.is_tagged("seq_trace"_a, 4)) {
            events.emplace_back(tuple(part(1), part(2), part(3)));
        } else {
            wanted = m;
        }
        if (!wanted || events.size() < wanted->tuple()[1].as<std::size_t>().value()) continue;
        send(*wanted->tuple()[2].as<pid>(), tuple("events"_a, term(std::exchange(events, {}))));
        wanted.reset();
    }
}

void watch() {
    send("collector"_a, "clear"_a);
    seq_trace::set_system_tracer(whereis("collector"_a));
}

term events(std::size_t n) {
    send("collector"_a, tuple("events"_a, n, self()));
    const auto m = receive_if([](term_view v) { return v.is_tagged("events"_a, 2); }, 10s);
    seq_trace::set_system_tracer(std::nullopt);
    return m ? m->share(m->tuple()[1]) : term("too_few"_a);
}

/// `{Name, Node}` or a pid.
destination destination_in(const term& t) {
    if (t.is(kind::pid)) return *t.as<pid>();
    return registered_name{*t.tuple()[0].as<atom>(), *t.tuple()[1].as<atom>()};
}

term talks(const term& label, const term& to, const term& server) {
    const auto answer_to = [](atom what) {
        const term m = receive_if([&](term_view v) { return v.is_tuple(2) && v.tuple()[1].is_atom(what); });
        return m.tuple()[0].as<pid>().value();
    };
    begin_trace(label);
    send(destination_in(to), tuple(self(), "hello"_a));
    const pid p = answer_to("hello"_a);
    const term a = counts();
    const auto got = gen::call(destination_in(server), "$gen_call"_a, "x"_a, 10s);
    if (!got || !got->is_tagged("got"_a, 2)) return {"no_answer"_a};
    const term b = counts();
    send(p, tuple(self(), "again"_a));
    answer_to("again"_a);
    const term c = counts();
    seq_trace::set_token(list());
    return tuple(a, b, c);
}

term spawns(atom node) {
    trap_exit(true);
    begin_trace("lab"_a);
    const reference ref = spawn_request(node, "traced"_a, "exits"_a, list("why"_a), {.link = true});
    const term a = counts();
    const term reply = receive_if([&](term_view v) { return v.is_tagged("spawn_reply"_a, 4); });
    if (reply.tuple()[1].as<reference>() != ref) return {"no_answer"_a};
    const term b = counts();
    static_cast<void>(receive_if([](term_view v) { return v.is_tagged("EXIT"_a, 3); }));
    const term c = counts();
    seq_trace::set_token(list());
    return tuple(a, b, c);
}

term calls(atom node) {
    begin_trace("lab"_a);
    const term there = erpc::call(node, "traced"_a, "counts"_a, list(), 10s).value();
    const term here = counts();
    seq_trace::set_token(list());
    return tuple(there, here);
}

class seq_traces : public signal_test {
protected:
    void SetUp() override {
        signal_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        export_traced();
        cpp->system().spawn(
            [] {
                while (const auto r = gen::as_request(receive()))
                    reply(r->sender, tuple("got"_a, r->body));
            },
            {.name = "server"_a});
        cpp->system().spawn(collect, {.name = "collector"_a});
        beam = std::make_unique<beam_node>(start_erlang("beam"));
        for (beam_node* b : {erl.get(), beam.get()}) {
            b->load_module_source(module_traced);
            ASSERT_EQ(b->eval("traced:start()"), "ok");
        }
        // The first signal of a connection has no token, between BEAMs either.
        ASSERT_EQ(erl->eval("[net_adm:ping(N) || N <- ['beam@127.0.0.1', 'cpp@127.0.0.1']]"), "[pong,pong]");
    }
    void export_traced() {
        auto& exports = cpp->node().exports();
        const atom m = "traced"_a;
        exports.add(m, "watch"_a, watch);
        exports.add(m, "events"_a, events);
        exports.add(m, "counts"_a, counts);
        exports.add(m, "exits"_a, [](const term& why) { rakka::exit(why); });
        exports.add(m, "talks"_a, talks);
        exports.add(m, "spawns"_a, spawns);
        exports.add(m, "calls"_a, calls);
        exports.add(m, "dies"_a, [](const term& of, const pid& with) {
            link(with);
            begin_trace(tuple("any"_a, "label"_a));
            rakka::exit(of);
        });
    }

    /// What `expression`, about a node `N`, gives with a BEAM for it. The C++ node must give the same.
    std::string with_both(const std::string& expression) {
        std::string with_beam = erl->eval("N = 'beam@127.0.0.1', " + expression);
        EXPECT_EQ(erl->eval("N = 'cpp@127.0.0.1', " + expression), with_beam) << expression;
        return with_beam;
    }

    std::unique_ptr<beam_node> beam;
};
RAKKA_OTP_TEST_SUITE(seq_traces);

TEST_P(seq_traces, messages) {
    EXPECT_EQ(with_both("traced:run(N, fun() -> {echo, N} ! {self(), one}, P = receive {Q, one} -> Q end, "
                        "A = traced:counts(), P ! {self(), two}, receive {P, two} -> A end end, 4, 4)"),
              "{{1,2},{3,4},"
              "[{lab,{send,{0,1},here,{echo,n},{here,one}}},{lab,{'receive',{1,2},there,here,{there,one}}},"
              "{lab,{send,{2,3},here,there,{here,two}}},{lab,{'receive',{3,4},there,here,{there,two}}}],"
              "[{lab,{'receive',{0,1},here,there,{here,one}}},{lab,{send,{1,2},there,here,{there,one}}},"
              "{lab,{'receive',{2,3},here,there,{here,two}}},{lab,{send,{3,4},there,here,{there,two}}}]}");
    // By an alias, in fragments.
    with_both("traced:run(N, fun() -> A = alias(), {echo, N} ! {A, x}, receive {_, x} -> ok end end, 2, 2)");
    with_both(
        "B = binary:copy(<<7>>, 300000), traced:run(N, fun() -> {echo, N} ! {self(), B}, "
        "receive {_, B} -> ok end end, 2, 2)");
    // An echo without a token ends the trace of who gets it.
    with_both("{echo, N} ! {self(), plain}, traced:run(N, fun() -> receive {_, plain} -> ok end end, 0, 0)");
}

TEST_P(seq_traces, labels_and_times) {
    for (const std::string flag : {"timestamp", "monotonic_timestamp", "strict_monotonic_timestamp"})
        with_both("traced:run(N, {#{a => \"label\"}, [" + flag +
                  "]}, fun() -> {echo, N} ! {self(), x}, receive {_, x} -> ok end end, 2, 2)");
}

TEST_P(seq_traces, calls_of_servers) {
    with_both(
        "traced:run(N, fun() -> {got, x} = gen_server:call({server, N}, x), A = traced:counts(), "
        "{got, y} = gen_server:call({server, N}, y), A end, 4, 4)");
}

TEST_P(seq_traces, spawns_of_processes) {
    with_both(
        "traced:run(N, fun() -> R = spawn_request(N, traced, counts, []), A = traced:counts(), "
        "receive {spawn_reply, R, ok, _} -> A end end, 3, 3)");
    with_both(
        "traced:run(N, fun() -> R = spawn_request(N, traced, counts, [], [no_such_option]), "
        "receive {spawn_reply, R, error, badopt} -> ok end end, 3, 2)");
    with_both(
        "traced:run(N, fun() -> process_flag(trap_exit, true), P = spawn_link(N, traced, exits, [why]), "
        "A = traced:counts(), receive {'EXIT', P, why} -> A end end, 4, 4)");
    with_both(
        "traced:run(N, fun() -> {P, R} = spawn_monitor(N, traced, exits, [{why, 1}]), "
        "receive {'DOWN', R, _, P, {why, 1}} -> ok end end, 3, 3)");
    with_both("traced:run(N, fun() -> erpc:call(N, traced, counts, []) end, 2, 2)");
}

TEST_P(seq_traces, exits_of_linked_processes) {
    with_both(
        "process_flag(trap_exit, true), {echo, N} ! {self(), hello}, P = receive {Q, hello} -> Q end, "
        "link(P), traced:run(N, fun() -> P ! {exit, bye}, receive {'EXIT', P, bye} -> ok end end, 2, 2)");
}

TEST_P(seq_traces, traces_that_begin_there) {
    with_both("traced:run_there(N, talks, fun() -> [lab, {echo, node()}, {server, node()}] end, 6, 6)");
    with_both("traced:run_there(N, talks, fun() -> [[1 | lab], whereis(echo), whereis(server)] end, 6, 6)");
    with_both("traced:run_there(N, spawns, fun() -> [node()] end, 4, 4)");
    // In OTP 25 a 'DOWN' from another node takes the token away; in later ones it leaves it, as with us.
    const std::string same = release() > 25 ? "R" : "setelement(1, R, element(1, element(1, R)))";
    with_both("R = traced:run_there(N, calls, fun() -> [node()] end, 3, 2), " + same);
    with_both(
        "process_flag(trap_exit, true), traced:watch(), spawn(N, traced, dies, [bye, self()]), "
        "receive {'EXIT', _, bye} -> {traced:counts(), element(2, seq_trace:get_token()), "
        "[{L, element(1, I), element(2, I)} || {L, I} <- begin seq_trace:set_token([]), traced:events(1) "
        "end]} "
        "end");
}

}  // namespace
}  // namespace rakka::interop
