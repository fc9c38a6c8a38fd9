// Every signal with its edge cases, a row each: from a BEAM to C++ processes, and the other way round.
#include "support/signal_test.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// What both sides serve: `{exit, R}`, `{twice, To, X}`, `{leader, To}`, `{From, X}`.
void serve() {
    while (true) {
        const term m = receive();
        const auto part = [&](std::size_t i) { return m.share(m.tuple()[i]); };
        if (m.is_tagged("exit"_a, 2)) rakka::exit(part(1));
        if (m.is_tagged("twice"_a, 3)) {
            for (int i = 0; i < 2; ++i) {
                if (const auto to = m.tuple()[1].as<reference>())
                    send(*to, part(2));
                else
                    send(*m.tuple()[1].as<pid>(), part(2));
            }
        } else if (m.is_tagged("leader"_a, 2)) {
            send(*m.tuple()[1].as<pid>(), term(tuple("leader"_a, group_leader())));
        } else {
            send(*m.tuple()[0].as<pid>(), term(tuple(self(), part(1))));
        }
    }
}

constexpr std::string_view erlang_server = R"(
-module(served).
-export([serve/0, serve_as/1]).
serve_as(Name) -> register(Name, self()), serve().
serve() ->
    receive
        {exit, R} -> exit(R);
        {twice, To, X} -> To ! X, To ! X, serve();
        {leader, To} -> To ! {leader, group_leader()}, serve();
        {From, X} -> From ! {self(), X}, serve()
    end.
)";

/// What the expressions of the tables may use.
constexpr std::string_view prelude = R"(
    process_flag(trap_exit, true),
    N = 'cpp@127.0.0.1',
    Sync = fun(P) -> P ! {self(), sync}, receive {P, sync} -> ok end end,
    New = fun() -> spawn(N, cpp, serve, []) end,
    Named = fun(Name) -> P = spawn(N, cpp, serve_as, [Name]), Sync(P), P end,
    Rest = fun() -> (fun F() -> receive M -> [M | F()] after 0 -> [] end end)() end,
    End = fun(P, Why) -> R = monitor(process, P), P ! {exit, Why}, receive {'DOWN', R, _, _, _} -> ok end end,
    Like = fun(P, Id, More) ->
               B = term_to_binary(P), S = byte_size(B) - 12,
               <<Head:S/binary, _:64, Creation:32>> = B,
               binary_to_term(<<Head/binary, Id:32, 1:32, (Creation + More):32>>)
           end,
    Never = fun() -> Like(New(), 1000000, 0) end,
    OldLife = fun() -> Like(New(), 1, 1) end,
)";

struct row {
    const char* what;
    const char* expression;
    const char* expected;
};

const row of_links[] = {
    {"to one that never was", "P = Never(), link(P), receive M -> M =:= {'EXIT', P, noproc} end", "true"},
    {"to one of another incarnation", "P = OldLife(), link(P), receive M -> M =:= {'EXIT', P, noproc} end",
     "true"},
    {"to a dead one", "P = New(), End(P, x), link(P), receive {'EXIT', P, W} -> W end", "noproc"},
    {"made, broken and made again",
     "P = New(), [begin link(P), unlink(P) end || _ <- lists:seq(1, 100)], link(P), End(P, bye), "
     "[W || {'EXIT', Q, W} <- Rest(), Q =:= P]",
     "[bye]"},
    {"made and broken again",
     "P = New(), [begin link(P), unlink(P) end || _ <- lists:seq(1, 100)], End(P, x), Rest()", "[]"},
    {"made twice", "P = New(), link(P), link(P), End(P, x), [W || {'EXIT', _, W} <- Rest()]", "[x]"},
    {"broken twice, and without having been made",
     "P = New(), unlink(P), link(P), unlink(P), unlink(P), Sync(P)", "ok"},
    {"of one that ends with normal", "P = New(), link(P), End(P, normal), [W || {'EXIT', _, W} <- Rest()]",
     "[normal]"},
    {"of one that ends with kill", "P = New(), link(P), End(P, kill), [W || {'EXIT', _, W} <- Rest()]",
     "[kill]"},
    {"end who does not trap exits",
     "P = New(), {Q, R} = spawn_monitor(fun() -> link(P), P ! {exit, why}, receive never -> ok end end), "
     "receive {'DOWN', R, _, Q, W} -> W end",
     "why"},
    {"end C++ processes",
     "P = New(), R = monitor(process, P), spawn(fun() -> link(P), exit(why) end), "
     "receive {'DOWN', R, _, P, W} -> W end",
     "why"},
    {"that end with normal do not",
     "P = New(), Q = spawn(fun() -> link(P), Sync(P) end), R = monitor(process, Q), "
     "receive {'DOWN', R, _, Q, normal} -> Sync(P) end",
     "ok"},
    {"break with a large reason",
     "P = New(), link(P), B = binary:copy(<<7>>, 300000), P ! {exit, {big, B}}, "
     "receive {'EXIT', P, {big, C}} -> B =:= C end",
     "true"},
};

const row of_exits[] = {
    {"normal is ignored", "P = New(), exit(P, normal), Sync(P)", "ok"},
    {"kill", "P = New(), R = monitor(process, P), exit(P, kill), receive {'DOWN', R, _, P, W} -> W end",
     "killed"},
    {"a large reason",
     "P = New(), R = monitor(process, P), B = binary:copy(<<7>>, 300000), exit(P, B), "
     "receive {'DOWN', R, _, P, W} -> W =:= B end",
     "true"},
    {"to one that never was", "exit(Never(), kill), exit(OldLife(), kill), Sync(New())", "ok"},
    {"nobody else is hit",
     "P = New(), End(P, x), Q = New(), exit(P, kill), P ! {self(), lost}, Sync(Q), Rest()", "[]"},
};

const row of_monitors[] = {
    {"of one that never was",
     "P = Never(), R = monitor(process, P), receive M -> M =:= {'DOWN', R, process, P, noproc} end", "true"},
    {"of one of another incarnation",
     "P = OldLife(), R = monitor(process, P), receive M -> M =:= {'DOWN', R, process, P, noproc} end",
     "true"},
    {"of a dead one", "P = New(), End(P, x), monitor(process, P), receive {'DOWN', _, _, P, W} -> W end",
     "noproc"},
    {"of a name nobody has",
     "R = monitor(process, {nobody, N}), receive {'DOWN', R, process, O, W} -> {O, W} end",
     "{{nobody,'cpp@127.0.0.1'},noproc}"},
    {"of a name",
     "P = Named(n1), R = monitor(process, {n1, N}), P ! {exit, x}, receive {'DOWN', R, process, O, W} -> {O, "
     "W} end",
     "{{n1,'cpp@127.0.0.1'},x}"},
    {"of a name that is another's afterwards",
     "P = Named(n2), R = monitor(process, {n2, N}), End(P, x), receive {'DOWN', R, _, _, x} -> ok end, "
     "Q = Named(n2), End(Q, y), Rest()",
     "[]"},
    {"taken back", "P = New(), R = monitor(process, P), demonitor(R), End(P, x), Rest()", "[]"},
    {"of a name, taken back", "P = Named(n3), R = monitor(process, {n3, N}), demonitor(R), End(P, x), Rest()",
     "[]"},
    {"taken back too late",
     "P = New(), R = monitor(process, P), End(P, x), A = demonitor(R, [info]), B = demonitor(R, [flush, "
     "info]), "
     "{A, B, Rest()}",
     "{false,false,[]}"},
    {"taken back with info",
     "P = New(), R = monitor(process, P), {demonitor(R, [info]), demonitor(R, [info])}", "{true,false}"},
    {"with a tag",
     "P = New(), R = monitor(process, P, [{tag, t}]), End(P, x), [M || {t, Q, process, _, x} = M <- Rest(), "
     "Q =:= R] =/= []",
     "true"},
    {"many of one",
     "P = New(), [monitor(process, P) || _ <- lists:seq(1, 500)], End(P, x), "
     "length([receive {'DOWN', _, _, P, x} -> x end || _ <- lists:seq(1, 500)])",
     "500"},
    {"with a large reason",
     "P = New(), R = monitor(process, P), B = binary:copy(<<7>>, 300000), P ! {exit, B}, "
     "receive {'DOWN', R, _, P, W} -> W =:= B end",
     "true"},
};

const row of_aliases[] = {
    {"explicit_unalias",
     "P = New(), A = alias(), P ! {twice, A, m}, Sync(P), X = Rest(), unalias(A), P ! {twice, A, m}, "
     "Sync(P), {X, Rest()}",
     "{[m,m],[]}"},
    {"reply", "P = New(), A = alias([reply]), P ! {twice, A, m}, Sync(P), {Rest(), unalias(A)}",
     "{[m],false}"},
    {"of a monitor, explicit_unalias",
     "P = New(), A = monitor(process, P, [{alias, explicit_unalias}]), demonitor(A), P ! {twice, A, m}, "
     "Sync(P), "
     "X = Rest(), unalias(A), P ! {twice, A, m}, Sync(P), {X, Rest()}",
     "{[m,m],[]}"},
    {"of a monitor, demonitor",
     "P = New(), A = monitor(process, P, [{alias, demonitor}]), P ! {twice, A, m}, Sync(P), X = Rest(), "
     "demonitor(A), "
     "P ! {twice, A, m}, Sync(P), {X, Rest()}",
     "{[m,m],[]}"},
    {"of a monitor, demonitor, ends with a DOWN",
     "P = New(), Q = New(), A = monitor(process, P, [{alias, demonitor}]), P ! {exit, x}, receive {'DOWN', "
     "A, _, _, _} -> ok end, "
     "Q ! {twice, A, m}, Sync(Q), Rest()",
     "[]"},
    {"of a monitor, reply_demonitor",
     "P = New(), A = monitor(process, P, [{alias, reply_demonitor}]), P ! {twice, A, m}, Sync(P), X = "
     "Rest(), "
     "End(P, x), {X, Rest()}",
     "{[m],[]}"},
    {"of a process that has ended",
     "P = New(), Me = self(), {Q, R} = spawn_monitor(fun() -> Me ! {alias, alias()} end), A = receive "
     "{alias, B} -> B end, "
     "receive {'DOWN', R, _, Q, _} -> ok end, P ! {twice, A, m}, Sync(P), Rest()",
     "[]"},
};

const row of_spawns[] = {
    {"with each option",
     "[begin R = spawn_request(N, cpp, serve, [], [O]), receive {spawn_reply, R, ok, P} -> Sync(P) end end "
     "|| O <- "
     "[{priority, low}, {priority, normal}, {priority, high}, {priority, max}, {min_heap_size, 1000}, "
     "{min_bin_vheap_size, 1000}, {max_heap_size, 1000000}, {max_heap_size, #{size => 1000000, kill => "
     "true}}, "
     "{fullsweep_after, 5}, {message_queue_data, on_heap}, {message_queue_data, off_heap}, link, monitor]]",
     "[ok,ok,ok,ok,ok,ok,ok,ok,ok,ok,ok,ok,ok]"},
    {"with options that are none",
     "[begin R = spawn_request(N, cpp, serve, [], [O]), receive {spawn_reply, R, T, W} -> {T, W} end end || "
     "O <- "
     "[odd, {priority, odd}, {min_heap_size, -1}, {fullsweep_after, x}, {message_queue_data, x}, {odd, 1}]]",
     "[{error,badopt},{error,badopt},{error,badopt},{error,badopt},{error,badopt},{error,badopt}]"},
    {"whose answers are wanted or not",
     "R1 = spawn_request(N, cpp, serve, [], [{reply, no}]), "
     "R2 = spawn_request(N, cpp, serve, [], [{reply, error_only}]), "
     "R3 = spawn_request(N, cpp, serve, [], [{reply, success_only}, odd]), "
     "R4 = spawn_request(N, cpp, serve, [], [{reply_tag, t}]), receive {t, R4, ok, P} -> Sync(P) end, "
     "R5 = spawn_request(N, cpp, serve, [], [{reply, error_only}, odd]), "
     "receive {spawn_reply, R5, error, badopt} -> ok end, is_reference(R1) andalso is_reference(R2) andalso "
     "is_reference(R3), Rest()",
     "[]"},
    {"of what is not there",
     "{P, R} = spawn_monitor(N, no, such, [x]), receive {'DOWN', R, _, P, W} -> W end",
     "{undef,[{no,such,[x],[]}]}"},
    {"with a link and a monitor",
     "{P, R} = spawn_opt(N, cpp, serve, [], [link, monitor]), P ! {exit, x}, "
     "receive {'DOWN', R, _, P, A} -> ok end, receive {'EXIT', P, B} -> {A, B} end",
     "{x,x}"},
    {"with an alias of the monitor",
     "{P, A} = spawn_opt(N, cpp, serve, [], [{monitor, [{alias, reply_demonitor}]}]), P ! {twice, A, m}, "
     "Sync(P), "
     "X = Rest(), End(P, x), {X, Rest()}",
     "{[m],[]}"},
    {"given up",
     "R = spawn_request(N, cpp, serve, [], [link, monitor]), case spawn_request_abandon(R) of true -> "
     "Rest(); "
     "false -> receive {spawn_reply, R, ok, _} -> [] end end",
     "[]"},
    {"whose parent ends at once",
     "{Q, M} = spawn_monitor(fun() -> spawn_request(N, cpp, serve, [], [link, monitor]) end), "
     "receive {'DOWN', M, _, Q, W} -> W end",
     "normal"},
};

const row of_group_leaders[] = {
    {"that of who spawns", "P = New(), P ! {leader, self()}, receive {leader, L} -> L =:= group_leader() end",
     "true"},
    {"another, told by a BEAM",
     "P = New(), group_leader(self(), P), P ! {leader, self()}, receive {leader, L} -> L =:= self() end",
     "true"},
    {"of one that never was", "group_leader(self(), Never()), group_leader(self(), OldLife()), Sync(New())",
     "ok"},
};

class control_messages : public signal_test {
protected:
    void SetUp() override {
        signal_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp->node().exports().add("cpp"_a, "serve"_a, 0, [](const std::vector<term>&) -> term {
            serve();
            return {};
        });
        cpp->node().exports().add("cpp"_a, "serve_as"_a, 1, [](const std::vector<term>& a) -> term {
            static_cast<void>(register_name(*a[0].as<atom>(), self()));
            serve();
            return {};
        });
        erl->load_module_source(erlang_server);
    }
    template <std::size_t N>
    void walk(const row (&rows)[N]) {
        for (const row& r : rows) {
            EXPECT_EQ(erl->eval(std::string(prelude) + r.expression), r.expected) << r.what;
        }
        EXPECT_EQ(erl->eval("nodes(hidden)"), "['cpp@127.0.0.1']");
        EXPECT_EQ(cpp->node().connection_info(peer)->id, 1U) << "one connection for all rows";
    }
};
RAKKA_OTP_TEST_SUITE(control_messages);

TEST_P(control_messages, links_from_a_beam) {
    walk(of_links);
}
TEST_P(control_messages, exits_from_a_beam) {
    walk(of_exits);
}
TEST_P(control_messages, monitors_from_a_beam) {
    walk(of_monitors);
}
TEST_P(control_messages, aliases_of_a_beam) {
    walk(of_aliases);
}
TEST_P(control_messages, spawns_from_a_beam) {
    walk(of_spawns);
}
TEST_P(control_messages, group_leaders_from_a_beam) {
    walk(of_group_leaders);
}

// -- the other way round

term no_arguments() {
    return term(list());
}

/// Our side of the same conversations.
class of_ours {
public:
    explicit of_ours(atom node) : node_(node) {}

    [[nodiscard]] pid make() const { return spawn(node_, "served"_a, "serve"_a, no_arguments()); }
    [[nodiscard]] pid make(atom name) const {
        const pid p = spawn(node_, "served"_a, "serve_as"_a, term(list(name)));
        sync(p);
        return p;
    }
    /// Ids of OTP 25 have 15 bits.
    [[nodiscard]] pid never() const {
        pid p = make();
        p.id = 32'000;
        return p;
    }
    [[nodiscard]] pid of_old_life() const {
        pid p = make();
        ++p.creation;
        return p;
    }
    static void sync(const pid& p) {
        send(p, tuple(self(), "sync"_a));
        const auto answer =
            receive_if([&](term_view m) { return m.is_tuple(2) && m.tuple()[0].as<pid>() == p; }, 20s);
        EXPECT_TRUE(answer);
    }
    static term down_reason(const reference& ref) {
        const auto m = receive_if([&](term_view v) { return is_down(ref, v); }, 20s);
        return m ? m->share(m->tuple()[4]) : term("no DOWN"_a);
    }
    static void end(const pid& p, term why) {
        const reference ref = monitor(p);
        send(p, tuple("exit"_a, std::move(why)));
        EXPECT_TRUE(receive_if([&](term_view m) { return is_down(ref, m); }, 20s));
    }
    /// All that is there, each as its last element if it is a tuple.
    static std::string rest() {
        std::string all;
        while (const auto m = receive_if([](term_view) { return true; }, 0ns)) {
            const term_view v = m->view();
            all += (v.is(kind::tuple) ? v.tuple()[v.tuple().size() - 1].to_string() : v.to_string()) + ' ';
        }
        return all;
    }
    static void twice(const pid& p, const reference& to) {
        send(p, tuple("twice"_a, to, "m"_a));
        sync(p);
    }

private:
    atom node_;
};

TEST_P(control_messages, links_from_here) {
    as_process([&] {
        trap_exit(true);
        const of_ours beam(peer);
        for (const pid& p : {beam.never(), beam.of_old_life()}) {
            link(p);
            const auto m = receive_soon();
            EXPECT_EQ(*m->tuple()[1].as<pid>(), p);
            EXPECT_EQ(m->tuple()[2].to_string(), "noproc");
        }
        pid p = beam.make();
        for (int i = 0; i < 100; ++i) {
            link(p);
            unlink(p);
        }
        link(p);
        link(p);
        of_ours::end(p, "bye"_a);
        EXPECT_EQ(of_ours::rest(), "bye ");
        p = beam.make();
        for (int i = 0; i < 100; ++i) {
            link(p);
            unlink(p);
        }
        of_ours::end(p, "bye"_a);
        EXPECT_EQ(of_ours::rest(), "");
        for (const atom why : {"normal"_a, "kill"_a}) {
            p = beam.make();
            link(p);
            of_ours::end(p, why);
            EXPECT_EQ(of_ours::rest(), std::string(why.text()) + ' ');
        }
        p = beam.make();
        link(p);
        send(p, tuple("exit"_a, std::string(300'000, 'x')));
        EXPECT_EQ(receive_soon()->tuple()[2].as<std::string>()->size(), 300'000U);
        // One that does not trap exits ends with its links, there as here.
        const auto there = spawn_monitor(peer, "served"_a, "serve"_a, no_arguments());
        const auto here = spawn_monitor([p = there.pid] {
            link(p);
            rakka::exit("why"_a);
        });
        EXPECT_EQ(of_ours::down_reason(there.ref).to_string(), "why");
        EXPECT_EQ(of_ours::down_reason(here.ref).to_string(), "why");
    });
    EXPECT_EQ(cpp->node().connection_info(peer)->id, 1U);
}

TEST_P(control_messages, exits_from_here) {
    as_process([&] {
        const of_ours beam(peer);
        pid p = beam.make();
        exit(p, "normal"_a);
        of_ours::sync(p);
        reference ref = monitor(p);
        exit(p, "kill"_a);
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "killed");
        p = beam.make();
        ref = monitor(p);
        exit(p, std::string(300'000, 'x'));
        EXPECT_EQ(of_ours::down_reason(ref).as<std::string>()->size(), 300'000U);
        exit(beam.never(), "kill"_a);
        exit(beam.of_old_life(), "kill"_a);
        send(p, "to the dead"_a);
        of_ours::sync(beam.make());
        EXPECT_EQ(of_ours::rest(), "");
    });
    EXPECT_EQ(cpp->node().connection_info(peer)->id, 1U);
}

TEST_P(control_messages, monitors_from_here) {
    as_process([&] {
        const of_ours beam(peer);
        for (const pid& p : {beam.never(), beam.of_old_life()}) {
            const reference ref = monitor(p);
            const auto m = receive_soon();
            EXPECT_TRUE(is_down(ref, *m));
            EXPECT_EQ(*m->tuple()[3].as<pid>(), p);
            EXPECT_EQ(m->tuple()[4].to_string(), "noproc");
        }
        monitor(registered_name{"nobody"_a, peer});
        EXPECT_EQ(receive_soon()->tuple()[3].to_string(), "{nobody,'erl@127.0.0.1'}");
        pid p = beam.make("n1"_a);
        const reference by_name = monitor(registered_name{"n1"_a, peer}, {.tag = term("gone"_a)});
        of_ours::end(p, "x"_a);
        const auto down = receive_soon();
        EXPECT_EQ(down->tuple()[0].to_string(), "gone");
        EXPECT_EQ(*down->tuple()[1].as<reference>(), by_name);
        EXPECT_EQ(down->tuple()[3].to_string(), "{n1,'erl@127.0.0.1'}");
        p = beam.make("n1"_a);  // the name is another's now
        of_ours::end(p, "y"_a);
        EXPECT_EQ(of_ours::rest(), "");
        p = beam.make("n2"_a);
        demonitor(monitor(p));
        demonitor(monitor(registered_name{"n2"_a, peer}));
        const reference late = monitor(p);
        const reference info = monitor(p);
        EXPECT_TRUE(demonitor(info, {.info = true}));
        EXPECT_FALSE(demonitor(info, {.info = true}));
        of_ours::end(p, "x"_a);
        demonitor(late, {.flush = true});  // its DOWN is here, or under way, or was never sent
        EXPECT_EQ(of_ours::rest(), "");
    });
    EXPECT_EQ(cpp->node().connection_info(peer)->id, 1U);
}

TEST_P(control_messages, aliases_of_ours) {
    as_process([&] {
        const of_ours beam(peer);
        const pid p = beam.make();
        const pid other = beam.make();
        const auto heard = [](const pid& from, const reference& to) {
            of_ours::twice(from, to);
            return of_ours::rest();
        };
        const reference plain = alias();
        EXPECT_EQ(heard(p, plain), "m m ");
        EXPECT_TRUE(unalias(plain));
        EXPECT_EQ(heard(p, plain), "");
        EXPECT_EQ(heard(p, alias({.reply = true})), "m ");
        const reference kept = monitor(p, {.alias = monitor_alias::explicit_unalias});
        demonitor(kept);
        EXPECT_EQ(heard(p, kept), "m m ");
        unalias(kept);
        const reference with_monitor = monitor(p, {.alias = monitor_alias::demonitor});
        EXPECT_EQ(heard(p, with_monitor), "m m ");
        demonitor(with_monitor);
        EXPECT_EQ(heard(p, with_monitor), "");
        EXPECT_EQ(heard(p, monitor(p, {.alias = monitor_alias::reply_demonitor})), "m ");
        const reference until_down = monitor(p, {.alias = monitor_alias::demonitor});
        of_ours::end(p, "x"_a);
        EXPECT_TRUE(receive_if([&](term_view m) { return is_down(until_down, m); }, 20s));
        EXPECT_EQ(heard(other, until_down), "") << "nor is there a DOWN of the one that a reply has ended";
    });
}

TEST_P(control_messages, spawns_from_here) {
    as_process([&] {
        const auto ask = [&](atom module, const spawn_request_options& how) {
            static_cast<void>(spawn_request(peer, module, "serve"_a, no_arguments(), how));
            const auto m = receive_soon();
            return m->tuple()[3].is(kind::pid) ? std::string("ok") : m->tuple()[3].to_string();
        };
        for (const term& o : {term(tuple("priority"_a, "low"_a)), term(tuple("priority"_a, "max"_a)),
                              term(tuple("min_heap_size"_a, 1000)), term(tuple("fullsweep_after"_a, 5)),
                              term(tuple("message_queue_data"_a, "off_heap"_a))})
            EXPECT_EQ(ask("served"_a, {.more = term(list(o))}), "ok") << o.to_string();
        for (const term& o : {term("odd"_a), term(tuple("priority"_a, "odd"_a)), term(tuple("odd"_a, 1))})
            EXPECT_EQ(ask("served"_a, {.more = term(list(o))}), "badopt") << o.to_string();
        const auto lost = spawn_monitor(peer, "no"_a, "such"_a, term(list(1)));
        EXPECT_EQ(of_ours::down_reason(lost.ref).to_string().substr(0, 21), "{undef,[{no,such,[1],");
        // Which answers are wanted.
        static_cast<void>(
            spawn_request(peer, "served"_a, "serve"_a, no_arguments(), {.reply = spawn_reply::no}));
        static_cast<void>(
            spawn_request(peer, "served"_a, "serve"_a, no_arguments(), {.reply = spawn_reply::error_only}));
        static_cast<void>(spawn_request(peer, "served"_a, "serve"_a, no_arguments(),
                                        {.reply = spawn_reply::success_only, .more = term(list("odd"_a))}));
        const reference given_up = spawn_request(peer, "served"_a, "serve"_a, no_arguments(), {.link = true});
        if (!spawn_request_abandon(given_up)) static_cast<void>(receive_soon());  // it was answered before
        const reference tagged = spawn_request(peer, "served"_a, "serve"_a, no_arguments(),
                                               {.link = true, .monitor = true, .reply_tag = term("t"_a)});
        const auto reply = receive_soon();
        EXPECT_TRUE(reply->is_tagged("t"_a, 4)) << reply->to_string();
        EXPECT_EQ(*reply->tuple()[1].as<reference>(), tagged);
        trap_exit(true);
        send(*reply->tuple()[3].as<pid>(), tuple("exit"_a, "x"_a));
        std::set<std::string> ends;
        for (int i = 0; i < 2; ++i)
            ends.insert(receive_soon()->tuple()[0].to_string());
        EXPECT_EQ(ends, (std::set<std::string>{"'DOWN'", "'EXIT'"}));
        EXPECT_EQ(of_ours::rest(), "");
    });
    EXPECT_EQ(cpp->node().connection_info(peer)->id, 1U);
}

TEST_P(control_messages, group_leaders_from_here) {
    as_process([&] {
        const of_ours beam(peer);
        const auto leader_of = [](const pid& p) {
            send(p, tuple("leader"_a, self()));
            return receive_soon()->tuple()[1].as<pid>();
        };
        const pid p = beam.make();
        EXPECT_EQ(leader_of(p), group_leader());
        group_leader(self(), p);
        EXPECT_EQ(leader_of(p), self());
        const pid mine = spawn(serve);
        group_leader(p, mine);
        EXPECT_EQ(leader_of(mine), p);
        group_leader(self(), beam.never());
        group_leader(self(), beam.of_old_life());
        of_ours::sync(p);
    });
    EXPECT_EQ(cpp->node().connection_info(peer)->id, 1U);
}

}  // namespace
}  // namespace rakka::interop
