// What single peers may do here: calls, spawns, messages, links, monitors and exits that a rule refuses.
#include "support/cluster.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/node/erpc.hpp>
#include <rakka/node/global.hpp>
#include <rakka/node/rpc.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;
using texts = std::vector<std::string>;

class node_peer_rules : public cluster {
protected:
    /// The node that has rules, with things to call and to send to; hidden.
    member& start_strict(peer_rights b_may) {
        node_options o = options("strict");
        o.visibility = node_visibility::hidden;
        o.peer_rules = {{"b@127.0.0.1", std::move(b_may)}};
        member& m = start(std::move(o));
        for (const atom function : {"open"_a, "closed"_a}) {
            m->exports().add("m"_a, function, [function](const pid& to) {
                send(to, term(tuple("ran"_a, function)));
                return function;
            });
        }
        start_echo(m, "open"_a);
        start_echo(m, "closed"_a);
        return m;
    }
    member& start_hidden(const std::string& alive) {
        node_options o = options(alive);
        o.visibility = node_visibility::hidden;
        return start(std::move(o));
    }

    static std::string next_text() {
        const auto t = receive_soon();
        return t ? t->to_string() : "nothing";
    }
    /// The answer of a process that may be written to, after which everything sent before has had its effect.
    static void expect_nothing_until_echo(const registered_name& echo) {
        send(echo, term(tuple(self(), "last"_a)));
        const auto m = receive_soon();
        ASSERT_TRUE(m);
        EXPECT_EQ(m->tuple()[1].to_string(), "last") << m->to_string();
    }
    static term call_request(atom kind, atom function) {
        return term(tuple(kind, "m"_a, function, list(self()), "user"_a));
    }
};

TEST_F(node_peer_rules, calls_that_are_not_on_the_list_are_refused) {
    member& a = start_strict({.call = texts{"m:open/1"}});
    member& b = start_hidden("b");
    b.sys.run([&] {
        EXPECT_EQ(erpc::call(a.name(), "m"_a, "open"_a, list(self()))->to_string(), "open");
        EXPECT_EQ(next_text(), "{ran,open}");
        const auto refused = erpc::call(a.name(), "m"_a, "closed"_a, list(self()));
        EXPECT_EQ(refused.error().to_term().to_string(), "{error,{erpc,not_allowed}}");
        EXPECT_EQ(rpc::call(a.name(), "m"_a, "closed"_a, list(self())).error().to_term().to_string(),
                  "{badrpc,{'EXIT',not_allowed}}");
        EXPECT_EQ(rpc::block_call(a.name(), "m"_a, "closed"_a, list(self())).error().to_term().to_string(),
                  "{badrpc,{'EXIT',not_allowed}}");
        EXPECT_FALSE(erpc::call(a.name(), "erlang"_a, "apply"_a, list("m"_a, "closed"_a, list(self()))));
        erpc::cast(a.name(), "m"_a, "closed"_a, list(self()));
        rpc::cast(a.name(), "m"_a, "closed"_a, list(self()));
        expect_nothing_until_echo({"open"_a, a.name()});
    });
    EXPECT_EQ(a.log.wait_for("b@127.0.0.1 may not call m:closed/1").code, node_errc::not_allowed);
}

TEST_F(node_peer_rules, whoever_no_rule_is_about_may_do_everything) {
    member& a = start_strict({.call = texts{}});
    member& c = start_hidden("c");
    c.sys.run(
        [&] { EXPECT_EQ(erpc::call(a.name(), "m"_a, "closed"_a, list(self()))->to_string(), "closed"); });
}

TEST_F(node_peer_rules, every_form_of_call_that_rex_knows_is_held_against_the_list) {
    member& a = start_strict({.call = texts{"m:open"}, .send_to = texts{"open"}});
    member& b = start_hidden("b");
    b.sys.run([&] {
        const registered_name rex{"rex"_a, a.name()};
        const auto rex_by_pid = erpc::call(a.name(), "erlang"_a, "whereis"_a, list("rex"_a));
        EXPECT_FALSE(rex_by_pid);
        send(rex, term(tuple("$gen_call"_a, tuple(self(), "tag"_a), call_request("call"_a, "open"_a))));
        EXPECT_EQ(next_text(), "{ran,open}");
        EXPECT_EQ(next_text(), "{tag,open}");
        send(rex, term(tuple("$gen_call"_a, tuple(self(), "tag"_a), call_request("call"_a, "closed"_a))));
        EXPECT_EQ(next_text(), "{tag,{badrpc,{'EXIT',not_allowed}}}");
        send(rex, term(tuple(self(), call_request("call"_a, "closed"_a))));
        EXPECT_EQ(next_text(), "{rex,{badrpc,{'EXIT',not_allowed}}}");
        send(rex, term(tuple(self(), tuple("sbcast"_a, "closed"_a, "hello"_a))));
        EXPECT_EQ(next_text(), "{rex,'strict@127.0.0.1',{nonexisting_name,closed}}");
        send(rex, term(tuple(self(), tuple("send"_a, "closed"_a, "hello"_a))));
        EXPECT_EQ(next_text(), "{rex,'strict@127.0.0.1',{nonexisting_name,closed}}");
        send(rex, term(tuple(self(), tuple("send"_a, "open"_a, "hello"_a))));
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "hello");
        send(rex, term(tuple(self(), "features_request"_a)));
        EXPECT_EQ(next_text(), "{features_reply,'strict@127.0.0.1',[erpc]}");
    });
}

TEST_F(node_peer_rules, spawns_have_a_list_of_their_own) {
    member& a = start_strict({.call = texts{}, .spawn = texts{"m:open"}});
    member& b = start_hidden("b");
    b.sys.run([&] {
        EXPECT_FALSE(erpc::call(a.name(), "m"_a, "open"_a, list(self())));
        static_cast<void>(spawn(a.name(), "m"_a, "open"_a, list(self())));
        EXPECT_EQ(next_text(), "{ran,open}");
        const reference asked = spawn_request(a.name(), "m"_a, "closed"_a, list(self()));
        EXPECT_EQ(next_text(), term(tuple("spawn_reply"_a, asked, "error"_a, "not_allowed"_a)).to_string());
        // As nodes older than OTP 23 spawn.
        const registered_name net_kernel{"net_kernel"_a, a.name()};
        send(net_kernel, term(tuple("$gen_call"_a, tuple(self(), "tag"_a),
                                    tuple("spawn"_a, "m"_a, "closed"_a, list(self()), self()))));
        EXPECT_EQ(next_text(), "{tag,{'EXIT',{not_allowed,[]}}}");
    });
    a.log.wait_for("b@127.0.0.1 may not");
}

TEST_F(node_peer_rules, messages_reach_the_names_on_the_list_and_the_kernel) {
    member& a = start_strict({.send_to = texts{"open"}, .processes = false});
    member& b = start_hidden("b");
    const pid by_pid = *a.sys.whereis("open"_a);
    b.sys.run([&] {
        const registered_name open{"open"_a, a.name()};
        send(registered_name{"closed"_a, a.name()}, term(tuple(self(), 1)));
        send(registered_name{"not_there"_a, a.name()}, term(tuple(self(), 2)));
        send(open, term(tuple(self(), 3)));
        const term first = *receive_soon();
        EXPECT_EQ(first.tuple()[1].to_string(), "3");
        send(*first.tuple()[0].as<pid>(), term(tuple(self(), 4)));
        expect_nothing_until_echo(open);
        EXPECT_EQ(gen::call(registered_name{"net_kernel"_a, a.name()}, "$gen_call"_a,
                            tuple("is_auth"_a, b.name()), 20s)
                      ->to_string(),
                  "yes");
    });
    EXPECT_TRUE(a.sys.is_alive(by_pid));
}

TEST_F(node_peer_rules, without_the_kernel_not_even_that_is_reached) {
    member& a = start_strict({.send_to = texts{"open"}, .kernel = false});
    member& b = start_hidden("b");
    b.sys.run([&] {
        const auto answer = gen::call(registered_name{"net_kernel"_a, a.name()}, "$gen_call"_a,
                                      tuple("is_auth"_a, b.name()), 20s);
        EXPECT_EQ(answer.error().reason.to_string(), "noproc");
        send(registered_name{"rex"_a, a.name()}, term(tuple(self(), call_request("call"_a, "open"_a))));
        expect_nothing_until_echo({"open"_a, a.name()});
    });
}

TEST_F(node_peer_rules, answers_to_what_processes_here_ask_for_always_arrive) {
    member& a = start_strict({.call = texts{},
                              .send_to = texts{},
                              .processes = false,
                              .link = false,
                              .monitor = false,
                              .exit = false});
    member& b = start_hidden("b");
    b->exports().add("m"_a, "f"_a, [] { return 5; });
    spawn_options server;
    server.name = "server"_a;
    b.sys.spawn(
        [] {
            const auto request = gen::as_request(receive());
            reply(request->sender, term("answer"_a));
            exit("done"_a);
        },
        server);
    a.sys.run([&] {
        const registered_name name{"server"_a, b.name()};
        const reference watch = monitor(name);
        EXPECT_EQ(erpc::call(b.name(), "m"_a, "f"_a, list())->to_string(), "5");
        EXPECT_EQ(gen::call(name, "$gen_call"_a, term("ask"_a), 20s)->to_string(), "answer");
        const term down = *receive_soon();
        EXPECT_EQ(*down.tuple()[1].as<reference>(), watch);
        EXPECT_EQ(down.tuple()[4].to_string(), "done");
    });
}

TEST_F(node_peer_rules, links_and_monitors_that_are_refused_meet_nobody) {
    member& a = start_strict({.link = false, .monitor = false, .exit = false});
    member& b = start_hidden("b");
    b.sys.run([&] {
        trap_exit(true);
        send(registered_name{"open"_a, a.name()}, term(tuple(self(), 1)));
        const pid open = *receive_soon()->tuple()[0].as<pid>();
        link(open);
        EXPECT_EQ(next_text(), term(tuple("EXIT"_a, open, "noproc"_a)).to_string());
        monitor(open);
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noproc");
        monitor(registered_name{"open"_a, a.name()});
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "noproc");
        monitor(registered_name{"rex"_a, a.name()});
        exit(open, "kill"_a);
        group_leader(self(), open);
        expect_nothing_until_echo({"open"_a, a.name()});
    });
}

TEST_F(node_peer_rules, change_while_the_node_runs) {
    member& a = start_strict({});
    member& b = start_hidden("b");
    const auto called = [&] {
        return b.sys.run([&] { return rpc::call(a.name(), "m"_a, "closed"_a, list(self())).has_value(); });
    };
    EXPECT_TRUE(called());
    ASSERT_TRUE(a->set_peer_rules({{"127.0.0.1", {.call = texts{"m:open"}}}}));
    EXPECT_FALSE(called());
    EXPECT_EQ(a->set_peer_rules({{"two@at@signs", {}}}).error(), node_errc::bad_option);
    EXPECT_FALSE(called()) << "the old ones stay";
    ASSERT_TRUE(a->set_peer_rules({{"*", {.call = texts{"m"}}}}));
    EXPECT_TRUE(called());
    ASSERT_TRUE(a->set_peer_rules({}));
    EXPECT_TRUE(called());
}

TEST_F(node_peer_rules, of_refusals_only_some_are_logged) {
    member& a = start_strict({.send_to = texts{"open"}});
    member& b = start_hidden("b");
    b.sys.run([&] {
        for (int i = 0; i < 1000; ++i)
            send(registered_name{"closed"_a, a.name()}, term(tuple(self(), i)));
        expect_nothing_until_echo({"open"_a, a.name()});
    });
    std::size_t lines = 0;
    for (const auto& e : a.log.events())
        lines += e.code == node_errc::not_allowed ? 1 : 0;
    EXPECT_GE(lines, 1U);
    EXPECT_LE(lines, 3U) << "one in ten seconds";
}

TEST_F(node_peer_rules, members_of_a_cluster_need_no_more_than_the_kernel) {
    node_options o = options("strict");
    o.peer_rules = {{"*", {.call = texts{}, .send_to = texts{}, .processes = false, .exit = false}}};
    member& a = start(std::move(o));
    member& b = start("b");
    EXPECT_TRUE(b->connect(a.name()));
    const term ours("ours"_a), theirs("theirs"_a), group("group"_a);
    a.sys.run([&] { ASSERT_TRUE(pg::start()); });
    a.sys.spawn([ours, group] {
        static_cast<void>(global::register_name(ours, self()));
        pg::join(group, self());
        static_cast<void>(receive());  // for ever
    });
    b.sys.run([] { ASSERT_TRUE(pg::start()); });
    eventually("name and group are known", [&] {
        return b.sys.run(
            [&] { return global::whereis_name(ours).has_value() && pg::get_members(group).size() == 1; });
    });
    b.sys.run([&] { EXPECT_TRUE(global::register_name(theirs, self())); });
}

}  // namespace
}  // namespace rakka::testing
