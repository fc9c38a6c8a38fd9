// `pg` between Rakka nodes: members, monitors, scopes that end, lost nodes, calls from elsewhere.
#include "support/cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_pg : public cluster {
protected:
    static pid start_scope(member& m, atom scope = pg::default_scope()) {
        return m.sys.run([&] { return pg::start(scope).value(); });
    }
    /// A node with the scope `pg`.
    member& begin(const std::string& alive) {
        member& m = start(alive);
        start_scope(m);
        return m;
    }
    static pid start_sleeper(member& m) {
        return m.sys.spawn([] {
            while (!receive().is_atom("stop"_a)) {
            }
        });
    }
    static void join(member& m, const term& group, const std::vector<pid>& who) {
        m.sys.run([&] { pg::join(group, who); });
    }
    static std::vector<pid> members(member& m, const term& group) {
        return m.sys.run([&] { return pg::get_members(group); });
    }
    static void wait_for(member& m, const term& group, std::size_t count) {
        eventually("the group has its members", [&] { return members(m, group).size() == count; });
    }
    static std::size_t group_count(member& m) {
        return m.sys.run([] { return pg::which_groups().size(); });
    }
    /// The reason with which `f`, called in a process, ends it.
    template <class F>
    static std::string reason_of(member& m, F f) {
        return m.sys.run([&]() -> std::string {
            try {
                f();
            } catch (const process_exit& e) {
                return e.reason.is_tuple(2) ? e.reason.share(e.reason.tuple()[0]).to_string()
                                            : e.reason.to_string();
            }
            return "none";
        });
    }
    static std::string next_change() {
        const auto m = receive_soon();
        if (!m) return "none";
        if (!m->is_tuple(4)) return m->to_string();
        const auto t = m->tuple();
        return m->share(t[1]).to_string() + " " + m->share(t[2]).to_string() + " " +
               std::to_string(t[3].as<std::vector<pid>>().value().size());
    }
};

TEST_F(node_pg, a_node_alone_has_groups) {
    member& a = begin("a");
    const pid p = start_sleeper(a);
    const pid q = start_sleeper(a);
    a.sys.run([&] {
        pg::join("g"_a, p);
        pg::join("g"_a, {q, p});
        pg::join(tuple("any"_a, 1.5), q);
        pg::join("nothing"_a, std::vector<pid>());
        auto all = pg::get_members("g"_a);
        EXPECT_EQ(std::count(all.begin(), all.end(), p), 2);
        EXPECT_EQ(std::count(all.begin(), all.end(), q), 1);
        EXPECT_EQ(pg::get_local_members("g"_a).size(), 3U);
        EXPECT_EQ(pg::which_groups().size(), 2U);
        EXPECT_EQ(pg::which_local_groups().size(), 2U);
        EXPECT_TRUE(pg::leave("g"_a, p));
        EXPECT_TRUE(pg::leave("g"_a, p));
        EXPECT_FALSE(pg::leave("g"_a, p));
        EXPECT_EQ(pg::get_members("g"_a), std::vector{q});
        EXPECT_TRUE(pg::get_members("nobody"_a).empty());
    });
    a.sys.send(q, term("stop"_a));
    eventually("members that have ended are gone", [&] { return group_count(a) == 0; });
    const pid gone = start_sleeper(a);
    a.sys.send(gone, term("stop"_a));
    eventually("it has ended", [&] { return !a.sys.is_alive(gone); });
    join(a, "late"_a, {gone});
    eventually("who has ended before is gone too", [&] { return group_count(a) == 0; });
}

TEST_F(node_pg, a_name_has_one_scope_at_a_time) {
    member& a = begin("a");
    a.sys.run([] {
        EXPECT_EQ(pg::start().error(), actors_errc::name_taken);
        EXPECT_EQ(pg::start_link("global_name_server"_a).error(), actors_errc::name_taken);
        EXPECT_EQ(pg::start("undefined"_a).error(), actors_errc::bad_name);
        const pid other = pg::start("other"_a).value();
        EXPECT_EQ(whereis("other"_a), other);
        pg::join("other"_a, "g"_a, self());
        EXPECT_EQ(pg::get_members("other"_a, "g"_a).size(), 1U);
        EXPECT_TRUE(pg::get_members("g"_a).empty());
        exit(other, term("kill"_a));
    });
    eventually("it has ended", [&] { return !a.sys.whereis("other"_a); });
    a.sys.run([] {
        EXPECT_TRUE(pg::get_members("other"_a, "g"_a).empty());
        EXPECT_TRUE(pg::which_groups("other"_a).empty());
    });
    start_scope(a, "other"_a);
    const pid parent = a.sys.spawn([] {
        static_cast<void>(pg::start_link("linked"_a).value());
        receive();
    });
    eventually("it runs", [&] { return a.sys.whereis("linked"_a).has_value(); });
    a.sys.exit(parent, term("reason"_a));
    eventually("it ends with its starter", [&] { return !a.sys.whereis("linked"_a); });
}

TEST_F(node_pg, what_cannot_be_done_ends_the_caller) {
    member& a = start("a");
    EXPECT_EQ(reason_of(a, [] { pg::join("g"_a, self()); }), "noproc");
    EXPECT_TRUE(members(a, "g"_a).empty());
    start_scope(a);
    const pid stranger{"b@h"_a, 5, 1, 4};
    EXPECT_EQ(reason_of(a,
                        [&] {
                            pg::join("g"_a, {self(), stranger});
                        }),
              term(tuple("nolocal"_a, stranger)).to_string());
    EXPECT_EQ(reason_of(a, [&] { pg::leave("g"_a, stranger); }).substr(0, 8), "{nolocal");
    struct object {};
    EXPECT_EQ(reason_of(a, [] { pg::join(make_native(object{}), self()); }), "badarg");
    EXPECT_EQ(group_count(a), 0U);
    a->stop();
    EXPECT_EQ(reason_of(a, [] { pg::join("g"_a, self()); }), "noproc");
    EXPECT_FALSE(a.sys.whereis("pg"_a)) << "it ends with the node";
}

TEST_F(node_pg, groups_span_the_nodes) {
    member& a = begin("a");
    member& b = begin("b");
    const pid p = start_sleeper(a);
    join(a, "g"_a, {p, p});
    ASSERT_TRUE(a->connect(b.name()));
    wait_for(b, "g"_a, 2);
    const pid seen = members(b, "g"_a).front();
    EXPECT_EQ(seen.node, a.name());
    EXPECT_EQ(seen.id, p.id);
    EXPECT_TRUE(b.sys.run([] { return pg::get_local_members("g"_a); }).empty());
    const pid q = start_sleeper(b);
    join(b, "g"_a, {q});
    wait_for(a, "g"_a, 3);
    a.sys.run([&] { EXPECT_TRUE(pg::leave("g"_a, p)); });
    wait_for(b, "g"_a, 2);
    a.sys.send(p, term("stop"_a));
    wait_for(b, "g"_a, 1);
    member& c = begin("c");
    ASSERT_TRUE(c->connect(b.name()));
    wait_for(c, "g"_a, 1);
}

TEST_F(node_pg, a_scope_that_starts_later_finds_the_others) {
    member& a = begin("a");
    member& b = start("b");
    const pid p = start_sleeper(a);
    join(a, "g"_a, {p});
    ASSERT_TRUE(a->connect(b.name()));
    const pid first = start_scope(b);
    wait_for(b, "g"_a, 1);
    const pid q = start_sleeper(b);
    join(b, "g"_a, {q});
    wait_for(a, "g"_a, 2);
    b.sys.exit(first, term("kill"_a));
    wait_for(a, "g"_a, 1);
    eventually("it has ended", [&] { return !b.sys.whereis("pg"_a); });
    start_scope(b);
    wait_for(b, "g"_a, 1);
    join(b, "g"_a, {q});
    wait_for(a, "g"_a, 2);
}

TEST_F(node_pg, members_go_with_their_node_and_come_back_with_it) {
    member& a = begin("a");
    member& b = begin("b");
    join(a, "g"_a, {start_sleeper(a)});
    join(b, "g"_a, {start_sleeper(b)});
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(a->connect(b.name()));
        wait_for(a, "g"_a, 2);
        wait_for(b, "g"_a, 2);
        ASSERT_TRUE(a->disconnect(b.name()));
        wait_for(a, "g"_a, 1);
        wait_for(b, "g"_a, 1);
    }
    ASSERT_TRUE(a->connect(b.name()));
    wait_for(a, "g"_a, 2);
    remove(b);
    wait_for(a, "g"_a, 1);
    member& again = begin("b");
    ASSERT_TRUE(again->connect(a.name()));
    join(again, "g"_a, {start_sleeper(again)});
    wait_for(a, "g"_a, 2);
}

TEST_F(node_pg, a_hidden_node_has_groups_of_its_own) {
    member& a = begin("a");
    node_options o = options("h");
    o.visibility = node_visibility::hidden;
    member& h = start(std::move(o));
    start_scope(h);
    join(a, "g"_a, {start_sleeper(a)});
    join(h, "g"_a, {start_sleeper(h)});
    ASSERT_TRUE(h->connect(a.name()));
    member& b = begin("b");
    ASSERT_TRUE(b->connect(a.name()));
    wait_for(b, "g"_a, 1);
    EXPECT_EQ(members(a, "g"_a).size(), 1U);
    EXPECT_EQ(members(h, "g"_a).size(), 1U);
}

TEST_F(node_pg, monitors_are_told_of_each_change_once) {
    member& a = begin("a");
    member& b = begin("b");
    const pid p = start_sleeper(a);
    const pid q = start_sleeper(b);
    join(b, "there"_a, {q, q});
    a.sys.run([&] {
        pg::join("g"_a, p);
        const auto one = pg::monitor("g"_a);
        EXPECT_EQ(one.members, std::vector{p});
        pg::join("h"_a, p);
        pg::join("g"_a, {p, p});
        EXPECT_EQ(next_change(), "join g 2");
        const auto all = pg::monitor_scope();
        ASSERT_EQ(all.groups.size(), 2U);
        EXPECT_NE(all.ref, one.ref);
        EXPECT_TRUE(pg::demonitor(one.ref));
        EXPECT_FALSE(pg::demonitor(one.ref));
        ASSERT_TRUE(a->connect(b.name()));
        EXPECT_EQ(next_change(), "join there 2");
        b.sys.spawn([q] { EXPECT_TRUE(pg::leave("there"_a, q)); });
        EXPECT_EQ(next_change(), "leave there 1");
        b.sys.spawn([q] { pg::join("there"_a, q); });
        EXPECT_EQ(next_change(), "join there 1");
        ASSERT_TRUE(a->disconnect(b.name()));
        EXPECT_EQ(next_change(), "leave there 2");
        exit(p, term("kill"_a));
        std::vector<std::string> last{next_change(), next_change(), next_change(), next_change()};
        std::sort(last.begin(), last.end());
        EXPECT_EQ(last, (std::vector<std::string>{"leave g 1", "leave g 1", "leave g 1", "leave h 1"}));
        pg::join("g"_a, self());
        EXPECT_TRUE(pg::demonitor(all.ref));
        pg::leave("g"_a, self());
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0s)) << "what had come is taken out";
    });
}

TEST_F(node_pg, scopes_are_called_from_other_nodes) {
    member& a = start("a");
    member& b = begin("b");
    const pid q = start_sleeper(b);
    const registered_name scope{"pg"_a, b.name()};
    const pid seen{b.name(), q.id, q.serial, b->creation().value()};
    a.sys.run([&] {
        const auto ask = [&](const term& request) { return gen::call(scope, "$gen_call"_a, request, 20s); };
        EXPECT_EQ(ask(tuple("join_local"_a, "g"_a, list(seen, seen))).value(), term("ok"_a));
        EXPECT_EQ(ask(tuple("leave_local"_a, "g"_a, seen)).value(), term("ok"_a));
        EXPECT_EQ(ask(tuple("leave_local"_a, "h"_a, seen)).value(), term("not_joined"_a));
        EXPECT_TRUE(ask(tuple("join_local"_a, "g"_a, self())).value().is_tagged("error"_a, 2));
        const term watched = ask(tuple("monitor"_a, "g"_a)).value();
        EXPECT_EQ(watched.tuple()[1].as<std::vector<pid>>().value(), std::vector{seen});
        b.sys.spawn([q] { pg::join("g"_a, q); });
        EXPECT_EQ(next_change(), "join g 1");
        EXPECT_EQ(ask(tuple("demonitor"_a, watched.share(watched.tuple()[0]))).value(), term("ok"_a));
        EXPECT_EQ(ask(tuple("demonitor"_a, make_reference())).value(), term("false"_a));
        const term all = ask("monitor"_a).value();
        EXPECT_EQ(all.tuple()[1].map().size(), 1U);
    });
    EXPECT_EQ(members(b, "g"_a), (std::vector{q, q}));
}

TEST_F(node_pg, functions_of_pg_are_called_from_other_nodes) {
    member& a = start("a");
    member& b = begin("b");
    start_scope(b, "other"_a);
    const pid q = start_sleeper(b);
    const pid seen{b.name(), q.id, q.serial, b->creation().value()};
    a.sys.run([&] {
        const auto rpc = [&](atom function, const term& arguments) {
            return gen::call(registered_name{"rex"_a, b.name()}, "$gen_call"_a,
                             tuple("call"_a, "pg"_a, function, arguments, self()), 20s)
                .value();
        };
        EXPECT_EQ(rpc("join"_a, list("g"_a, seen)), term("ok"_a));
        EXPECT_EQ(rpc("join"_a, list("other"_a, "h"_a, list(seen, seen))), term("ok"_a));
        EXPECT_EQ(rpc("get_members"_a, list("g"_a)), term(list(seen)));
        EXPECT_EQ(rpc("get_local_members"_a, list("other"_a, "h"_a)), term(list(seen, seen)));
        EXPECT_EQ(rpc("which_groups"_a, list()), term(list("g"_a)));
        EXPECT_EQ(rpc("which_local_groups"_a, list("other"_a)), term(list("h"_a)));
        EXPECT_EQ(rpc("leave"_a, list("g"_a, seen)), term("ok"_a));
        EXPECT_EQ(rpc("leave"_a, list("g"_a, seen)), term("not_joined"_a));
        EXPECT_TRUE(rpc("join"_a, list("g"_a, self())).is_tagged("badrpc"_a, 2));
    });
}

TEST_F(node_pg, messages_that_make_no_sense_are_passed_over) {
    member& a = begin("a");
    member& b = begin("b");
    ASSERT_TRUE(a->connect(b.name()));
    const registered_name scope{"pg"_a, b.name()};
    a.sys.run([&] {
        const pid nobody{"nowhere@127.0.0.1"_a, 5, 1, 4};
        send(scope, term("hello"_a));
        send(scope, term(tuple("discover"_a, nobody, 1)));
        send(scope, term(tuple("leave"_a, self(), self(), list("g"_a))));
        send(scope, term(tuple("$gen_cast"_a, tuple("sync"_a, nobody, list(tuple("g"_a, list(nobody)))))));
        send(scope, term(tuple("$gen_call"_a, tuple(self(), 1), "what"_a)));
    });
    join(a, "g"_a, {start_sleeper(a)});
    wait_for(b, "g"_a, 1);
    EXPECT_FALSE(b->connection_info("nowhere@127.0.0.1"_a)) << "nobody is dialled for it";
}

/// Has no stack: so many stacks are too many for ThreadSanitizer.
class sleeper : public message_handler {
public:
    next handle(term message) override {
        return message.is_atom("stop"_a) ? next::stop(term("normal"_a)) : next::wait();
    }
};

TEST_F(node_pg, ten_thousand_members) {
    constexpr std::size_t count = 10'000;
    member& a = begin("a");
    member& b = begin("b");
    ASSERT_TRUE(a->connect(b.name()));
    std::vector<pid> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(a.sys.spawn(std::make_unique<sleeper>()));
    join(a, "g"_a, all);
    for (std::size_t i = 0; i < 100; ++i)
        join(a, term(tuple("n"_a, static_cast<int>(i))), {all[i]});
    wait_for(b, "g"_a, count);
    eventually("all groups are there", [&] { return group_count(b) == 101; });
    for (const pid& p : all)
        a.sys.send(p, term("stop"_a));
    eventually("all are gone", [&] { return group_count(b) == 0; });
}

}  // namespace
}  // namespace rakka::testing
