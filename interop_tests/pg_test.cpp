// Rakka nodes in the process groups (`pg`) of real BEAMs: members, monitors, scopes that end, lost nodes.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class process_groups : public otp_test {
protected:
    rakka_peer start_rakka(const std::string& alive) {
        return {alive, options("unused"), epmd(), {.workers = 2}, node_visibility::visible};
    }
    static void start_scope(rakka_peer& p, atom scope = pg::default_scope()) {
        p.system().run([&] { static_cast<void>(pg::start(scope).value()); });
    }
    static void start_scope(beam_node& erl, const std::string& scope = "pg") {
        EXPECT_EQ(erl.eval("element(1, pg:start(" + scope + "))"), "ok");
    }
    static pid start_sleeper(rakka_peer& p) {
        return p.system().spawn([] {
            while (!receive().is_atom("stop"_a)) {
            }
        });
    }
    /// A new process of the BEAM joins `group` so many times.
    static void join(beam_node& erl, const std::string& group, int times = 1) {
        EXPECT_EQ(erl.eval("P = spawn(fun() -> receive stop -> ok end end), pg:join(" + group +
                           ", lists:duplicate(" + std::to_string(times) + ", P))"),
                  "ok");
    }
    static void join(rakka_peer& p, const term& group, const std::vector<pid>& who) {
        p.system().run([&] { pg::join(group, who); });
    }
    static void connect(beam_node& erl, rakka_peer& cpp) {
        ASSERT_EQ(erl.eval("net_adm:ping(" + cpp.name() + ")"), "pong");
    }
    /// Waits up to 20 s.
    template <class F>
    static bool soon(F done) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(10ms);
        }
        return true;
    }
    static std::size_t count(rakka_peer& p, const term& group) {
        return p.system().run([&] { return pg::get_members(group).size(); });
    }
    static std::string count(beam_node& erl, const std::string& group) {
        return erl.eval("length(pg:get_members(" + group + "))");
    }
    static bool comes_to(rakka_peer& p, const term& group, std::size_t members) {
        return soon([&] { return count(p, group) == members; });
    }
    static bool comes_to(beam_node& erl, const std::string& group, std::size_t members) {
        return soon([&] { return count(erl, group) == std::to_string(members); });
    }
    /// The scope of the BEAM is the same process as at the beginning of the test.
    static std::string scope_of(beam_node& erl) { return erl.eval("whereis(pg)"); }
};
RAKKA_OTP_TEST_SUITE(process_groups);

TEST_P(process_groups, members_of_both_sides_are_seen_by_both) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    const std::string scope = scope_of(erl);
    const pid p = start_sleeper(cpp);
    join(cpp, "g"_a, {p, p});
    join(erl, "g");
    join(erl, "{any, [term]}", 3);
    connect(erl, cpp);
    EXPECT_TRUE(comes_to(erl, "g", 3));
    EXPECT_TRUE(comes_to(cpp, "g"_a, 3));
    EXPECT_TRUE(comes_to(cpp, tuple("any"_a, list("term"_a)), 3));
    EXPECT_EQ(erl.eval("lists:sort([node(P) || P <- pg:get_members(g)])"),
              "['cpp@127.0.0.1','cpp@127.0.0.1','erl@127.0.0.1']");
    EXPECT_EQ(erl.eval("length(pg:get_local_members(g))"), "1");
    cpp.system().run([] {
        EXPECT_EQ(pg::get_local_members("g"_a).size(), 2U);
        EXPECT_EQ(pg::which_groups().size(), 2U);
        EXPECT_EQ(pg::which_local_groups(), std::vector<term>{"g"_a});
    });

    join(cpp, "later"_a, {start_sleeper(cpp), p});
    join(erl, "later", 2);
    EXPECT_TRUE(comes_to(erl, "later", 4));
    EXPECT_TRUE(comes_to(cpp, "later"_a, 4));
    cpp.system().run([&] {
        EXPECT_TRUE(pg::leave("g"_a, p));
        EXPECT_TRUE(pg::leave("later"_a, p));
        EXPECT_FALSE(pg::leave("later"_a, p));
    });
    EXPECT_TRUE(comes_to(erl, "g", 2));
    EXPECT_TRUE(comes_to(erl, "later", 3));
    EXPECT_EQ(erl.eval("[Q] = pg:get_local_members(g), pg:leave(g, Q)"), "ok");
    EXPECT_EQ(erl.eval("[Q, Q] = pg:get_local_members(later), pg:leave(later, Q)"), "ok");
    EXPECT_TRUE(comes_to(cpp, "g"_a, 1));
    EXPECT_TRUE(comes_to(cpp, "later"_a, 2));
    EXPECT_EQ(scope_of(erl), scope);
}

TEST_P(process_groups, we_dial) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    join(cpp, "g"_a, {start_sleeper(cpp)});
    join(erl, "g");
    ASSERT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
    EXPECT_TRUE(comes_to(erl, "g", 2));
    EXPECT_TRUE(comes_to(cpp, "g"_a, 2));
}

TEST_P(process_groups, messages_reach_the_members) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    auto shell = erl.new_shell();
    EXPECT_EQ(shell.eval("pg:join(erl_side, self())"), "ok");
    connect(erl, cpp);
    const pid echo = cpp.system().spawn([] {
        const term m = receive();
        send(*m.tuple()[0].as<pid>(), tuple("echo"_a, m.share(m.tuple()[1])));
    });
    join(cpp, "cpp_side"_a, {echo});
    ASSERT_TRUE(comes_to(erl, "cpp_side", 1));
    EXPECT_EQ(shell.eval("[Q] = pg:get_members(cpp_side), Q ! {self(), hello}, "
                         "receive {echo, M} -> M after 10000 -> none end"),
              "hello");
    ASSERT_TRUE(comes_to(cpp, "erl_side"_a, 1));
    cpp.system().run([] {
        for (const pid& p : pg::get_members("erl_side"_a))
            send(p, "from_cpp"_a);
    });
    EXPECT_EQ(shell.eval("receive M2 -> M2 after 10000 -> none end"), "from_cpp");
}

TEST_P(process_groups, members_that_end_leave_as_often_as_they_had_joined) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    const std::string scope = scope_of(erl);
    connect(erl, cpp);
    const pid p = start_sleeper(cpp);
    join(cpp, "g"_a, {p, p, p});
    join(cpp, "h"_a, {p});
    join(cpp, "h"_a, {start_sleeper(cpp)});
    join(erl, "g", 3);
    EXPECT_TRUE(comes_to(erl, "g", 6));
    EXPECT_TRUE(comes_to(erl, "h", 2));
    cpp.system().send(p, term("stop"_a));
    EXPECT_TRUE(comes_to(erl, "g", 3));
    EXPECT_TRUE(comes_to(erl, "h", 1));
    EXPECT_TRUE(comes_to(cpp, "g"_a, 3));
    EXPECT_EQ(erl.eval("[Q | _] = pg:get_local_members(g), Q ! stop, ok"), "ok");
    EXPECT_TRUE(comes_to(cpp, "g"_a, 0));
    EXPECT_EQ(scope_of(erl), scope);
}

TEST_P(process_groups, our_monitors_are_told_what_erlang_does) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    join(erl, "before", 2);
    const auto next = []() -> std::string {
        const auto m = receive_if([](term_view t) { return t.is_tuple(4); }, 20s);
        if (!m) return "nothing";
        const auto t = m->tuple();
        return m->share(t[1]).to_string() + " " + m->share(t[2]).to_string() + " " +
               std::to_string(t[3].as<std::vector<pid>>().value().size());
    };
    cpp.system().run([&] {
        const auto all = pg::monitor_scope();
        const auto one = pg::monitor("g"_a);
        EXPECT_TRUE(all.groups.empty());
        EXPECT_EQ(erl.eval("net_adm:ping(" + cpp.name() + ")"), "pong");
        EXPECT_EQ(next(), "join before 2");
        join(erl, "g", 2);
        EXPECT_EQ(next(), "join g 2");
        EXPECT_EQ(next(), "join g 2") << "once for each monitor";
        EXPECT_TRUE(pg::demonitor(one.ref));
        EXPECT_EQ(erl.eval("[Q | _] = pg:get_members(g), pg:leave(g, Q)"), "ok");
        EXPECT_EQ(next(), "leave g 1");
        EXPECT_EQ(erl.eval("[Q] = pg:get_members(g), Q ! stop, ok"), "ok");
        EXPECT_EQ(next(), "leave g 1");
        EXPECT_EQ(erl.eval("exit(whereis(pg), kill)"), "true");
        EXPECT_EQ(next(), "leave before 2");
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0s));
    });
}

TEST_P(process_groups, erlangs_monitors_are_told_what_we_do) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    if (erl.eval("erlang:function_exported(pg, monitor_scope, 0)") != "true") GTEST_SKIP();
    const pid p = start_sleeper(cpp);
    join(cpp, "before"_a, {p, p});
    auto shell = erl.new_shell();
    EXPECT_EQ(shell.eval("{R, #{}} = pg:monitor_scope(), "
                         "N = fun() -> receive {R, W, G, Ps} -> {W, G, length(Ps)} after 20000 -> none end "
                         "end, ok"),
              "ok");
    connect(erl, cpp);
    EXPECT_EQ(shell.eval("N()"), "{join,before,2}");
    join(cpp, "g"_a, {p, p, p});
    EXPECT_EQ(shell.eval("N()"), "{join,g,3}");
    cpp.system().run([&] { pg::leave("g"_a, {p, p}); });
    EXPECT_EQ(shell.eval("N()"), "{leave,g,2}");
    cpp.system().send(p, term("stop"_a));
    EXPECT_EQ(shell.eval("lists:sort([N(), N(), N()])"), "[{leave,before,1},{leave,before,1},{leave,g,1}]");
    EXPECT_EQ(shell.eval("receive M -> M after 0 -> none end"), "none");
}

TEST_P(process_groups, a_node_is_lost_and_comes_back) {
    auto cpp = start_rakka("cpp");
    start_scope(cpp);
    join(cpp, "g"_a, {start_sleeper(cpp)});
    for (int round = 0; round < 2; ++round) {
        auto erl = start_erlang("erl");
        start_scope(erl);
        join(erl, "g", 2);
        connect(erl, cpp);
        EXPECT_TRUE(comes_to(erl, "g", 3));
        EXPECT_TRUE(comes_to(cpp, "g"_a, 3));
        EXPECT_EQ(erl.eval("erlang:disconnect_node(" + cpp.name() + ")"), "true");
        EXPECT_TRUE(comes_to(erl, "g", 2));
        EXPECT_TRUE(comes_to(cpp, "g"_a, 1));
        connect(erl, cpp);
        EXPECT_TRUE(comes_to(erl, "g", 3));
        EXPECT_TRUE(comes_to(cpp, "g"_a, 3));
        erl.kill();
        EXPECT_TRUE(comes_to(cpp, "g"_a, 1));
    }
}

TEST_P(process_groups, our_node_leaves_and_comes_back) {
    auto erl = start_erlang("erl");
    start_scope(erl);
    join(erl, "g");
    for (int round = 0; round < 2; ++round) {
        auto cpp = start_rakka("cpp");
        start_scope(cpp);
        join(cpp, "g"_a, {start_sleeper(cpp)});
        connect(erl, cpp);
        EXPECT_TRUE(comes_to(erl, "g", 2));
        EXPECT_TRUE(comes_to(cpp, "g"_a, 2));
        cpp.node().stop();
        EXPECT_TRUE(comes_to(erl, "g", 1));
    }
}

TEST_P(process_groups, a_scope_ends_and_starts_again_on_either_side) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    connect(erl, cpp);
    const pid p = start_sleeper(cpp);
    join(cpp, "g"_a, {p});
    join(erl, "g");
    EXPECT_TRUE(comes_to(erl, "g", 2));
    EXPECT_TRUE(comes_to(cpp, "g"_a, 2));

    cpp.system().run([] { exit(*whereis("pg"_a), term("kill"_a)); });
    EXPECT_TRUE(comes_to(erl, "g", 1));
    ASSERT_TRUE(soon([&] { return !cpp.system().whereis("pg"_a); }));
    EXPECT_EQ(count(cpp, "g"_a), 0U);
    start_scope(cpp);
    EXPECT_TRUE(comes_to(cpp, "g"_a, 1));
    join(cpp, "g"_a, {p});
    EXPECT_TRUE(comes_to(erl, "g", 2));

    EXPECT_EQ(erl.eval("gen_server:stop(pg)"), "ok");
    EXPECT_TRUE(comes_to(cpp, "g"_a, 1));
    join(cpp, "g"_a, {p});
    start_scope(erl);
    EXPECT_TRUE(comes_to(erl, "g", 2));
    join(erl, "g", 2);
    EXPECT_TRUE(comes_to(cpp, "g"_a, 4));
    cpp.system().run([&] { EXPECT_TRUE(pg::leave("g"_a, {p, p})); });
    EXPECT_TRUE(comes_to(erl, "g", 2));
}

TEST_P(process_groups, two_of_ours_and_a_beam) {
    auto one = start_rakka("one");
    auto erl = start_erlang("erl");
    auto two = start_rakka("two");
    start_scope(one);
    start_scope(erl);
    join(one, "g"_a, {start_sleeper(one)});
    join(erl, "g", 2);
    connect(erl, one);
    connect(erl, two);
    ASSERT_TRUE(one.node().ping("two@127.0.0.1"_a));
    start_scope(two);
    const pid p = start_sleeper(two);
    join(two, "g"_a, {p, p, p});
    EXPECT_TRUE(comes_to(one, "g"_a, 6));
    EXPECT_TRUE(comes_to(two, "g"_a, 6));
    EXPECT_TRUE(comes_to(erl, "g", 6));
    two.system().run([&] { pg::leave("g"_a, p); });
    EXPECT_TRUE(comes_to(one, "g"_a, 5));
    EXPECT_TRUE(comes_to(erl, "g", 5));
    erl.kill();
    EXPECT_TRUE(comes_to(one, "g"_a, 3));
    EXPECT_TRUE(comes_to(two, "g"_a, 3));
    two.node().stop();
    EXPECT_TRUE(comes_to(one, "g"_a, 1));
}

TEST_P(process_groups, other_scopes_are_other_groups) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp, "Elixir.Phoenix.PubSub"_a);
    start_scope(cpp);
    start_scope(erl, "'Elixir.Phoenix.PubSub'");
    connect(erl, cpp);
    cpp.system().run([&] { pg::join("Elixir.Phoenix.PubSub"_a, "g"_a, start_sleeper(cpp)); });
    join(cpp, "h"_a, {start_sleeper(cpp)});
    EXPECT_TRUE(soon([&] { return erl.eval("pg:which_groups('Elixir.Phoenix.PubSub')") == "[g]"; }));
    start_scope(erl);
    EXPECT_TRUE(comes_to(erl, "h", 1));
    EXPECT_EQ(erl.eval("pg:which_groups()"), "[h]");
}

TEST_P(process_groups, a_hidden_beam_has_groups_of_its_own) {
    auto cpp = start_rakka("cpp");
    auto how = options("hidden");
    how.visible = visibility::hidden;
    beam_node erl(how);
    start_scope(cpp);
    start_scope(erl);
    join(cpp, "g"_a, {start_sleeper(cpp)});
    join(erl, "g");
    connect(erl, cpp);
    auto seen = start_erlang("seen");
    start_scope(seen);
    connect(seen, cpp);
    EXPECT_TRUE(comes_to(seen, "g", 1));
    EXPECT_EQ(count(erl, "g"), "1");
    EXPECT_EQ(count(cpp, "g"_a), 1U);
}

TEST_P(process_groups, erlang_calls_the_scope_and_the_functions_of_pg) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    connect(erl, cpp);
    const pid p = cpp.system().spawn(
        [] {
            const auto call = gen::as_request(receive());
            if (call) reply(call->sender, term(self()));
            while (!receive().is_atom("stop"_a)) {
            }
        },
        {.name = "member"_a});
    const std::string who = "P = gen_server:call({member, " + cpp.name() + "}, pid), ";
    const std::string scope = "{pg, " + cpp.name() + "}";
    EXPECT_EQ(erl.eval(who + "gen_server:call(" + scope +
                       ", {join_local, g, [P, P]}), "
                       "erpc:call(" +
                       cpp.name() +
                       ", pg, join, [h, P]), "
                       "[P, P] = erpc:call(" +
                       cpp.name() +
                       ", pg, get_members, [g]), "
                       "[P] = rpc:call(" +
                       cpp.name() +
                       ", pg, get_local_members, [pg, h]), "
                       "gen_server:call(" +
                       scope + ", {leave_local, g, P})"),
              "ok");
    EXPECT_EQ(count(cpp, "g"_a), 1U);
    EXPECT_EQ(erl.eval("lists:sort(erpc:call(" + cpp.name() + ", pg, which_groups, []))"), "[g,h]");
    EXPECT_EQ(erl.eval("erpc:call(" + cpp.name() + ", pg, which_local_groups, [nowhere])"), "[]");
    EXPECT_EQ(erl.eval("gen_server:call(" + scope + ", {leave_local, i, self()})"), "not_joined");
    EXPECT_EQ(erl.eval("{error, {nolocal, _}} = gen_server:call(" + scope + ", {join_local, i, self()}), ok"),
              "ok");
    EXPECT_EQ(erl.eval("try erpc:call(" + cpp.name() +
                       ", pg, join, [i, self()]) catch error:{exception, "
                       "{nolocal, Q}, _} when Q =:= self() -> refused end"),
              "refused");
    cpp.system().send(p, term("stop"_a));
    EXPECT_TRUE(comes_to(cpp, "g"_a, 0));
}

TEST_P(process_groups, ten_thousand_members_each_way) {
    auto cpp = start_rakka("cpp");
    auto erl = start_erlang("erl");
    start_scope(cpp);
    start_scope(erl);
    constexpr std::size_t many = 10'000;
    std::vector<pid> all;
    for (std::size_t i = 0; i < many; ++i)
        all.push_back(start_sleeper(cpp));
    join(cpp, "g"_a, all);
    EXPECT_EQ(erl.eval("Ps = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 10000)], "
                       "pg:join(h, Ps)"),
              "ok");
    connect(erl, cpp);
    EXPECT_TRUE(comes_to(cpp, "h"_a, many));
    EXPECT_TRUE(comes_to(erl, "g", many));
    EXPECT_EQ(erl.eval("[P ! stop || P <- pg:get_members(h)], ok"), "ok");
    EXPECT_TRUE(comes_to(cpp, "h"_a, 0));
    cpp.system().run([&] { EXPECT_TRUE(pg::leave("g"_a, all)); });
    EXPECT_TRUE(comes_to(erl, "g", 0));
}

}  // namespace
}  // namespace rakka::interop
