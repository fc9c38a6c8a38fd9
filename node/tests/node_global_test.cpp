// `global` between Rakka nodes: names, locks, conflicts, and parting with lost nodes.
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_global : public cluster {
protected:
    static std::optional<pid> find(member& m, const term& name) {
        return m.sys.run([&] { return global::whereis_name(name); });
    }
    static void connect(member& a, member& b) {
        ASSERT_TRUE(a->connect(b.name()));
        sync(a, {b.name()});
        sync(b, {a.name()});
    }
    static void sync(member& m, const std::vector<atom>& nodes) {
        m.sys.run([&] { global::sync(nodes); });
    }
    static bool register_name(
        member& m, const term& name, const pid& who,
        const global::resolve_method& method = global::resolve_method::random_exit_name()) {
        return m.sys.run([&] { return global::register_name(name, who, method); });
    }
    static pid start_sleeper(member& m) {
        return m.sys.spawn([] {
            while (!receive().is_atom("stop"_a)) {
            }
        });
    }
    /// The same process as another node names it.
    static bool same(member& home, const pid& p, const std::optional<pid>& seen) {
        return seen && seen->node == home.name() && seen->id == p.id && seen->serial == p.serial;
    }
    static std::vector<std::string> names(member& m) {
        std::vector<std::string> all;
        m.sys.run([&] {
            for (const term& t : global::registered_names())
                all.push_back(t.to_string());
        });
        std::sort(all.begin(), all.end());
        return all;
    }
};

TEST_F(node_global, a_node_alone_has_names_and_locks) {
    member& a = start("a");
    const pid p = start_sleeper(a);
    EXPECT_TRUE(register_name(a, "x"_a, p));
    EXPECT_EQ(find(a, "x"_a), p);
    EXPECT_FALSE(register_name(a, "x"_a, start_sleeper(a))) << "the name is taken";
    EXPECT_FALSE(register_name(a, "y"_a, p)) << "it has a name";
    a.log.wait_for("is registered as x already");
    a.sys.run([] {
        EXPECT_TRUE(global::set_lock({"r"_a, self()}));
        EXPECT_FALSE(global::set_lock({"r"_a, "other"_a}, {}, 0U));
        global::del_lock({"r"_a, self()});
        EXPECT_TRUE(global::set_lock({"r"_a, "other"_a}, {}, 0U));
        global::unregister_name("x"_a);
        EXPECT_FALSE(global::whereis_name("x"_a));
        global::sync();
    });
}

TEST_F(node_global, names_spread_when_nodes_meet_and_when_they_are_registered) {
    member& a = start("a");
    member& b = start("b");
    const pid before = start_sleeper(a);
    const term name = tuple("name"_a, 1);
    ASSERT_TRUE(register_name(a, name, before));
    connect(a, b);
    EXPECT_TRUE(same(a, before, find(b, name)));
    const pid after = start_sleeper(b);
    ASSERT_TRUE(register_name(b, "later"_a, after));
    EXPECT_TRUE(same(b, after, find(a, "later"_a)));
    EXPECT_FALSE(register_name(a, "later"_a, start_sleeper(a)));
    EXPECT_EQ(names(a), (std::vector<std::string>{"later", "{name,1}"}));
    const pid other = start_sleeper(a);
    a.sys.run([&] { global::re_register_name("later"_a, other); });
    EXPECT_TRUE(same(a, other, find(b, "later"_a)));
    b.sys.run([] { global::unregister_name("later"_a); });
    EXPECT_FALSE(find(a, "later"_a));
}

TEST_F(node_global, messages_and_calls_find_their_way) {
    member& a = start("a");
    member& b = start("b");
    connect(a, b);
    const pid echo = start_echo(b, "echo"_a);
    ASSERT_TRUE(register_name(b, "g"_a, echo));
    const pid server = b.sys.spawn([] {
        const term m = receive();
        reply(gen::as_request(m)->sender, term("answer"_a));
    });
    ASSERT_TRUE(register_name(b, "server"_a, server));
    a.sys.run([&] {
        EXPECT_EQ(global::send("g"_a, term(tuple(self(), "hello"_a))).node, b.name());
        EXPECT_TRUE(receive_soon()->tuple()[1].is_atom("hello"_a));
        EXPECT_EQ(global::call("server"_a, "question"_a).value(), term("answer"_a));
        EXPECT_TRUE(global::call("nobody"_a, "question"_a).error().reason.is_atom("noproc"_a));
        global::cast("nobody"_a, "anything"_a);
        try {
            global::send("nobody"_a, "lost"_a);
            FAIL();
        } catch (const process_exit& e) {
            EXPECT_EQ(e.reason.to_string(), "{badarg,{nobody,lost}}");
        }
    });
}

TEST_F(node_global, a_name_goes_with_its_process_and_with_its_node) {
    member& a = start("a");
    member& b = start("b");
    connect(a, b);
    const pid p = start_sleeper(a);
    ASSERT_TRUE(register_name(a, "p"_a, p));
    ASSERT_TRUE(register_name(a, "q"_a, start_sleeper(a)));
    ASSERT_TRUE(find(b, "p"_a));
    a.sys.send(p, term("stop"_a));
    eventually("p is gone here", [&] { return !find(a, "p"_a); });
    eventually("p is gone there", [&] { return !find(b, "p"_a); });
    ASSERT_TRUE(find(b, "q"_a));
    remove(a);
    eventually("q is gone", [&] { return !find(b, "q"_a); });
}

TEST_F(node_global, a_third_node_meets_all_others) {
    member& a = start("a");
    member& b = start("b");
    member& c = start("c");
    ASSERT_TRUE(register_name(c, "of_c"_a, start_sleeper(c)));
    ASSERT_TRUE(register_name(a, "of_a"_a, start_sleeper(a)));
    connect(a, b);
    connect(b, c);
    eventually("a and c are connected", [&] {
        const auto nodes = a->nodes();
        return std::find(nodes.begin(), nodes.end(), c.name()) != nodes.end();
    });
    sync(a, {c.name()});
    sync(c, {a.name()});
    for (member* m : {&a, &b, &c})
        EXPECT_EQ(names(*m), (std::vector<std::string>{"of_a", "of_c"}));
}

TEST_F(node_global, locks_exclude_each_other_between_nodes) {
    member& a = start("a");
    member& b = start("b");
    connect(a, b);
    a.sys.run([&] {
        const global::lock_id mine{"r"_a, self()};
        ASSERT_TRUE(global::set_lock(mine));
        blocking([&] { b.sys.run([] { EXPECT_FALSE(global::set_lock({"r"_a, self()}, {}, 0U)); }); });
        EXPECT_EQ(global::trans(
                      {"r"_a, "third"_a}, [] { return 1; }, {}, 0U),
                  std::nullopt);
        global::del_lock(mine);
        EXPECT_EQ(global::trans(
                      {"r"_a, "third"_a}, [] { return 1; }, {}, 0U),
                  1);
        EXPECT_THROW(global::trans({"r"_a, "third"_a}, [] { throw 1; }), int);
        EXPECT_TRUE(global::trans(
            {"r"_a, "fourth"_a}, [] {}, {}, 0U))
            << "it was given up all the same";
    });
    // Whoever has it dies.
    a.sys.run([] { ASSERT_TRUE(global::set_lock({"s"_a, self()})); });
    b.sys.run([] { EXPECT_TRUE(global::set_lock({"s"_a, self()})); });
}

TEST_F(node_global, many_register_one_name_and_one_wins) {
    member& a = start("a");
    member& b = start("b");
    connect(a, b);
    std::atomic<int> winners{0};
    std::vector<std::thread> rivals;
    for (int i = 0; i < 6; ++i) {
        rivals.emplace_back([&, i] {
            member& m = i % 2 == 0 ? a : b;
            winners += register_name(m, "prize"_a, start_sleeper(m)) ? 1 : 0;
        });
    }
    for (std::thread& t : rivals)
        t.join();
    EXPECT_EQ(winners, 1);
    const auto at_a = find(a, "prize"_a);
    const auto at_b = find(b, "prize"_a);
    EXPECT_TRUE(at_a && at_b && at_a->id == at_b->id);
}

// ---- conflicts

TEST_F(node_global, a_conflict_ends_the_process_on_the_greater_node) {
    member& a = start("a");
    member& b = start("b");
    const pid on_a = start_sleeper(a);
    const pid on_b = start_sleeper(b);
    ASSERT_TRUE(register_name(a, "x"_a, on_a));
    ASSERT_TRUE(register_name(b, "x"_a, on_b));
    connect(a, b);
    EXPECT_EQ(find(a, "x"_a), on_a);
    EXPECT_TRUE(same(a, on_a, find(b, "x"_a)));
    eventually("the other is killed", [&] { return !b.sys.is_alive(on_b); });
}

TEST_F(node_global, a_conflict_is_told_to_one_or_both) {
    member& a = start("a");
    member& b = start("b");
    const auto notify = global::resolve_method::random_notify_name();
    const auto notify_all = global::resolve_method::notify_all_name();
    const pid x_on_a = start_sleeper(a);
    ASSERT_TRUE(register_name(a, "x"_a, x_on_a, notify));
    ASSERT_TRUE(register_name(a, "y"_a, start_sleeper(a), notify_all));
    b.sys.run([&] {
        const pid me = self();
        const auto forward = [me] { send(me, term(tuple(self(), receive()))); };
        const pid x = spawn(forward);
        const pid y = spawn(forward);
        ASSERT_TRUE(global::register_name("x"_a, x, notify));
        ASSERT_TRUE(global::register_name("y"_a, y, notify_all));
        blocking([&] { connect(a, b); });
        const auto told = [](const pid& who) {
            return receive_if([&](term_view m) { return m.tuple()[0].as<pid>() == who; }, 20s)->to_string();
        };
        EXPECT_NE(told(x).find("{global_name_conflict,x}"), std::string::npos);
        EXPECT_NE(told(y).find("{global_name_conflict,y,<"), std::string::npos);
        EXPECT_TRUE(same(a, x_on_a, global::whereis_name("x"_a)));
        EXPECT_FALSE(global::whereis_name("y"_a));
    });
    EXPECT_FALSE(find(a, "y"_a));
}

TEST_F(node_global, own_methods_decide) {
    member& a = start("a");
    member& b = start("b");
    std::atomic<int> calls{0};
    for (member* m : {&a, &b}) {
        (*m)->exports().add("my"_a, "choice"_a, 3, [&calls](const std::vector<term>& x) {
            ++calls;
            EXPECT_EQ(x[0].to_string(), "x");
            return x[1].as<pid>()->is_local() ? x[2] : x[1];  // the other one
        });
        (*m)->exports().add("my"_a, "fails"_a, 3,
                            [](const std::vector<term>&) -> term { exit(term("no"_a)); });
    }
    const global::resolve_method choice("my"_a, "choice"_a);
    const global::resolve_method fails("my"_a, "fails"_a);
    const pid on_b = start_sleeper(b);
    ASSERT_TRUE(register_name(a, "x"_a, start_sleeper(a), choice));
    ASSERT_TRUE(register_name(b, "x"_a, on_b, choice));
    ASSERT_TRUE(register_name(a, "y"_a, start_sleeper(a), fails));
    ASSERT_TRUE(register_name(b, "y"_a, start_sleeper(b), fails));
    connect(a, b);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(same(b, on_b, find(a, "x"_a)));
    EXPECT_EQ(find(b, "x"_a), on_b);
    EXPECT_FALSE(find(a, "y"_a));
    EXPECT_FALSE(find(b, "y"_a));
}

// ---- losing nodes

// The others know of it by the first it meets, and dial it.
TEST_F(node_global, a_node_that_never_dials_splits_no_cluster) {
    member& a = start("a");
    member& b = start("b");
    connect(a, b);
    member& d = start("d");
    connect(a, d);
    eventually("all are connected", [&] { return b->nodes().size() == 2 && d->nodes().size() == 2; });
    auto o = options("c");
    o.auto_connect = auto_connect::never;
    member& c = start(std::move(o));
    ASSERT_TRUE(c->connect(a.name()));
    eventually("the others have dialled", [&] { return c->nodes().size() == 3; });
    sync(c, {a.name(), b.name(), d.name()});
    for (member* const m : {&a, &b, &c, &d})
        EXPECT_EQ((*m)->nodes().size(), 3U) << m->name().text();
}

TEST_F(node_global, who_is_lost_by_one_is_lost_by_all) {
    member& a = start("a");
    member& b = start("b");
    member& c = start("c");
    connect(a, b);
    connect(b, c);
    sync(a, {c.name()});
    sync(c, {a.name()});
    ASSERT_TRUE(a->disconnect(c.name()));
    eventually("b has parted with one of them", [&] { return b->nodes().size() < 2; });
    eventually("nobody is connected with only some of the others",
               [&] { return a->nodes().size() + b->nodes().size() + c->nodes().size() <= 2; });
}

TEST_F(node_global, overlapping_partitions_can_be_allowed) {
    std::vector<member*> all;
    for (const char* name : {"a", "b", "c"}) {
        auto o = options(name);
        o.prevent_overlapping_partitions = false;
        all.push_back(&start(o));
    }
    connect(*all[0], *all[1]);
    connect(*all[1], *all[2]);
    sync(*all[0], {all[2]->name()});
    sync(*all[2], {all[0]->name()});
    ASSERT_TRUE((*all[0])->disconnect(all[2]->name()));
    eventually("it is lost", [&] { return (*all[2])->nodes().size() == 1; });
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ((*all[1])->nodes().size(), 2U);
}

TEST_F(node_global, leaving_the_cluster_leaves_the_others_connected) {
    member& a = start("a");
    member& b = start("b");
    member& c = start("c");
    connect(a, b);
    connect(b, c);
    sync(a, {c.name()});
    sync(c, {a.name()});
    EXPECT_EQ(a.sys.run([] { return global::disconnect(); }).size(), 2U);
    EXPECT_TRUE(a->nodes().empty());
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(b->nodes(), std::vector<atom>{c.name()});
    remove(c);
    eventually("c is gone", [&] { return b->nodes().empty(); });
}

TEST_F(node_global, stopping_a_node_leaves_the_others_connected) {
    member& a = start("a");
    member& b = start("b");
    member& c = start("c");
    connect(a, b);
    connect(b, c);
    sync(a, {c.name()});
    sync(c, {a.name()});
    a->stop();
    eventually("it is gone", [&] { return b->nodes().size() == 1 && c->nodes().size() == 1; });
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(b->nodes(), std::vector<atom>{c.name()});
    a.sys.run([] {
        EXPECT_FALSE(global::whereis_name("x"_a));
        EXPECT_TRUE(global::registered_names().empty());
        EXPECT_THROW(static_cast<void>(global::register_name("x"_a, self())), process_exit);
    });
}

TEST_F(node_global, hidden_nodes_take_no_part) {
    member& a = start("a");
    auto o = options("b");
    o.visibility = node_visibility::hidden;
    member& b = start(o);
    ASSERT_TRUE(a->connect(b.name()));
    ASSERT_TRUE(register_name(a, "x"_a, start_sleeper(a)));
    a.sys.run([] { global::sync(); });
    EXPECT_FALSE(find(b, "x"_a));
    EXPECT_EQ(a->nodes(node_type::visible).size(), 0U);
}

TEST_F(node_global, waiting_for_a_node_that_is_not_there_ends) {
    member& a = start("a");
    sync(a, {"nobody@127.0.0.1"_a});
    a.sys.run([] { EXPECT_TRUE(global::set_lock({"r"_a, self()}, {{"nobody@127.0.0.1"_a}}, 0U)); });
}

// ---- peers that talk nonsense

TEST_F(node_global, nonsense_from_a_peer_changes_nothing) {
    member& a = start("a");
    member& b = start("b");
    connect(a, b);
    ASSERT_TRUE(register_name(b, "x"_a, start_sleeper(b)));
    a.sys.run([&] {
        const registered_name server{"global_name_server"_a, b.name()};
        const auto cast = [&](term body) { send(server, term(tuple("$gen_cast"_a, std::move(body)))); };
        const atom ghost = "ghost@127.0.0.1"_a;
        const pid ghost_pid{ghost, 1, 1, 1};
        const term nothing = list();
        for (int i = 0; i < 50; ++i) {
            send(server, term(i));
            send(server, term(tuple("nodeup"_a, ghost, nothing)));
            send(server, term(tuple("nodedown"_a, ghost, nothing)));
            send(server, term(tuple("DOWN"_a, make_reference(), "process"_a, self(), "x"_a)));
            send(server, term(tuple("lost_connection"_a, ghost, 1, i, "other@127.0.0.1"_a)));
            send(server, term(tuple("remove_connection"_a, ghost)));
            send(server, term(tuple("cancel_connect"_a, ghost, i)));
            send(server, term(tuple("init_connect_ack"_a, ghost, i, i)));
            send(server, term(tuple("$gen_call"_a, tuple(self(), i), tuple("register"_a, 1, 2, 3))));
            send(server, term(tuple("$gen_call"_a, tuple(self(), i), "what"_a)));
            send(server, term(tuple("$gen_call"_a, i, "what"_a)));
            cast(term(tuple("init_connect"_a, tuple(8, i), ghost, tuple("locker"_a, 0, 0, ghost_pid))));
            cast(term(tuple("init_connect"_a, tuple(8, i), a.name(), tuple("locker"_a, 0, 0, ghost_pid))));
            cast(term(tuple("lock_set"_a, ghost_pid, true, nothing, i)));
            cast(term(tuple("lock_set"_a, self(), true, nothing, i)));
            cast(term(tuple("exchange"_a, ghost, nothing, nothing, i)));
            cast(term(tuple("exchange"_a, a.name(), list(1, 2, 3), nothing, i)));
            cast(term(tuple("resolved"_a, a.name(), nothing, nothing, "unused"_a, nothing, i)));
            cast(term(tuple("in_sync"_a, ghost, true)));
            cast(term(tuple("new_nodes"_a, ghost, nothing, nothing, list(tuple(ghost, 8)), nothing)));
        }
    });
    EXPECT_TRUE(find(b, "x"_a));
    EXPECT_TRUE(register_name(a, "y"_a, start_sleeper(a)));
    EXPECT_TRUE(find(b, "y"_a));
    sync(b, {a.name()});
    EXPECT_EQ(b->nodes().size(), 1U);
}

// A peer made of a socket, which begins a session and then says what nobody can read: it must not keep both
// clusters locked.
TEST_F(node_global, a_session_that_cannot_be_understood_ends_with_its_connection) {
    member& a = start("a");
    raw_peer p(a->port());
    ASSERT_TRUE(p.shake_hands("p@127.0.0.1", "cluster", flag_sets::wanted_visible));
    const pid locker{"p@127.0.0.1"_a, 5, 1, 77};
    const auto cast = [&](const term& body) {
        p.write(
            raw_peer::message(tuple(6, locker, ""_a, "global_name_server"_a), tuple("$gen_cast"_a, body)));
    };
    cast(tuple("init_connect"_a, tuple(8, 1), "p@127.0.0.1"_a, tuple("locker"_a, 0, 0, locker)));
    cast(tuple("exchange"_a, "p@127.0.0.1"_a, list(1), list(), 1));
    EXPECT_EQ(a.log.wait_for("cannot read").level, node_log_level::error);
    EXPECT_TRUE(p.wait_for_close());
}

TEST_F(node_global, a_message_without_a_monitor_of_ours_is_no_down) {
    member& a = start("a");
    const pid server = *a.sys.whereis("global_name_server"_a);
    a.sys.run([&] {
        send(server, term(tuple("DOWN"_a, "no_reference"_a, "process"_a, self(), "x"_a)));
        EXPECT_TRUE(global::register_name("x"_a, self()));
    });
    EXPECT_EQ(a.sys.whereis("global_name_server"_a), server);
}

}  // namespace
}  // namespace rakka::testing
