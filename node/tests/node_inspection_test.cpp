// What tools on other nodes are told: figures, processes, applications. The shapes are compared with those of
// real nodes in interop_tests/tools_test.cpp.
#include "support/cluster.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/node/rpc.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::testing {
namespace {

class node_inspection : public cluster {
protected:
    node_inspection() : a(start("a")), b(start("b")) {}

    /// From a process of `a`, on `b`.
    [[nodiscard]] rpc::response ask(atom module, atom function, term given = list()) const {
        return rpc::call(b.name(), module, function, std::move(given), std::chrono::seconds(20));
    }
    [[nodiscard]] std::string text(atom module, atom function, term given = list()) const {
        const auto answer = ask(module, function, std::move(given));
        return answer ? answer->to_string() : answer.error().to_term().to_string();
    }
    [[nodiscard]] std::string erlang(atom function, term given = list()) const {
        return text("erlang"_a, function, std::move(given));
    }

    member& a;
    member& b;
};

TEST_F(node_inspection, process_info_tells_of_processes_as_they_are) {
    const pid echo = start_echo(b, "echo"_a);
    static_cast<void>(echo);
    a.sys.run([&] {
        const auto seen = ask("erlang"_a, "whereis"_a, list("echo"_a)).value().as<pid>();
        ASSERT_TRUE(seen);
        const auto info = [&](term items) { return erlang("process_info"_a, list(*seen, std::move(items))); };
        EXPECT_EQ(info("registered_name"_a), "{registered_name,echo}");
        EXPECT_EQ(info(list("status"_a, "message_queue_len"_a, "trap_exit"_a)),
                  "[{status,waiting},{message_queue_len,0},{trap_exit,false}]");
        EXPECT_EQ(info(list()), "[]");
        EXPECT_EQ(info("messages"_a), "{messages,[]}");
        EXPECT_TRUE(info("nonsense"_a).starts_with("{badrpc,{'EXIT',{badarg,"));
        EXPECT_TRUE(info(list("status"_a, "nonsense"_a)).starts_with("{badrpc,{'EXIT',{badarg,"));
        EXPECT_EQ(ask("erlang"_a, "process_info"_a, list(*seen)).value().view().list().size(), 17U);
        EXPECT_TRUE(erlang("process_info"_a, list(self())).starts_with("{badrpc,{'EXIT',{badarg,"))
            << "a process of another node";
        link(*seen);
        const auto links = ask("erlang"_a, "process_info"_a, list(*seen, "links"_a)).value();
        EXPECT_EQ(*links.tuple()[1].list().head().as<pid>(), self());
        unlink(*seen);
        const reference gone = monitor(*seen);
        send(*seen, "stop"_a);
        static_cast<void>(receive_if([&](term_view m) { return is_down(gone, m); }));
        EXPECT_EQ(info("status"_a), "undefined");
        EXPECT_EQ(erlang("process_info"_a, list(*seen)), "undefined");
    });
}

TEST_F(node_inspection, messages_that_wait_are_shown) {
    b.sys.spawn([] { static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); })); },
                {.name = "waits"_a});
    a.sys.run([&] {
        const registered_name waits{"waits"_a, b.name()};
        send(waits, term(tuple(1, "two")));
        const auto seen = ask("erlang"_a, "whereis"_a, list("waits"_a)).value();
        EXPECT_EQ(erlang("process_info"_a, list(seen, "messages"_a)), "{messages,[{1,<<\"two\">>}]}");
        EXPECT_EQ(erlang("process_info"_a, list(seen, list("messages"_a, "message_queue_len"_a))),
                  "[{messages,[{1,<<\"two\">>}]},{message_queue_len,1}]");
        send(waits, "go"_a);
    });
}

TEST_F(node_inspection, figures_are_those_of_the_system) {
    a.sys.run([&] {
        EXPECT_EQ(erlang("system_info"_a, list("schedulers"_a)), "2");
        EXPECT_EQ(erlang("system_info"_a, list("wordsize"_a)), "8");
        EXPECT_EQ(erlang("system_info"_a, list(term(tuple("wordsize"_a, "external"_a)))), "8");
        EXPECT_EQ(erlang("system_info"_a, list("process_limit"_a)), "1048576");
        EXPECT_EQ(erlang("system_info"_a, list("port_count"_a)), "0");
        EXPECT_EQ(erlang("system_info"_a, list("otp_release"_a)), "\"29\"");
        EXPECT_TRUE(erlang("system_info"_a, list("nonsense"_a)).starts_with("{badrpc,{'EXIT',{badarg,"));
        EXPECT_TRUE(erlang("statistics"_a, list("nonsense"_a)).starts_with("{badrpc,{'EXIT',{badarg,"));
        EXPECT_TRUE(erlang("memory"_a, list("nonsense"_a)).starts_with("{badrpc,{'EXIT',{badarg,"));
        const auto total = ask("erlang"_a, "memory"_a, list("total"_a)).value().as<std::uint64_t>();
        EXPECT_GT(*total, 1'000'000U);
        const auto both = ask("erlang"_a, "memory"_a, list(list("total"_a, "ets"_a))).value();
        EXPECT_TRUE(both.list().head().is_tagged("total"_a, 2));
        EXPECT_EQ(both.list().size(), 2U);
        // What has come in and gone out over this connection counts, and goes on counting when it is over.
        const auto input = [&] {
            const term io = ask("erlang"_a, "statistics"_a, list("io"_a)).value();
            return io.tuple()[0].tuple()[1].as<std::uint64_t>().value();
        };
        const auto before = input();
        EXPECT_GT(before, 0U);
        EXPECT_TRUE(a->disconnect(b.name()));
        // It is counted as over when the other side has noticed, which a new one may be quicker than.
        eventually("more has come in", [&] { return input() > before; });
        const auto reductions = ask("erlang"_a, "statistics"_a, list("reductions"_a)).value();
        EXPECT_GT(reductions.tuple()[0].as<std::uint64_t>().value(), 0U);
        EXPECT_EQ(ask("erlang"_a, "statistics"_a, list("scheduler_wall_time"_a)).value().view().list().size(),
                  2U);
    });
}

TEST_F(node_inspection, nodes_and_modules) {
    b->exports().add("mine"_a, "f"_a, 2, [](const auto&) { return term("ok"_a); });
    a.sys.run([&] {
        EXPECT_EQ(erlang("nodes"_a), "['a@127.0.0.1']");
        EXPECT_EQ(erlang("nodes"_a, list("this"_a)), "['b@127.0.0.1']");
        EXPECT_EQ(erlang("nodes"_a, list("hidden"_a)), "[]");
        EXPECT_EQ(erlang("nodes"_a, list(list("this"_a, "connected"_a))), "['b@127.0.0.1','a@127.0.0.1']");
        EXPECT_TRUE(erlang("nodes"_a, list("nonsense"_a)).starts_with("{badrpc,{'EXIT',{badarg,"));
        EXPECT_EQ(erlang("function_exported"_a, list("mine"_a, "f"_a, 2)), "true");
        EXPECT_EQ(erlang("function_exported"_a, list("mine"_a, "f"_a, 3)), "false");
        EXPECT_EQ(text("code"_a, "is_loaded"_a, list("mine"_a)), "{file,preloaded}");
        EXPECT_EQ(text("code"_a, "ensure_loaded"_a, list("mine"_a)), "{module,mine}");
        EXPECT_EQ(text("code"_a, "ensure_loaded"_a, list("other"_a)), "{error,nofile}");
        EXPECT_EQ(text("code"_a, "which"_a, list("other"_a)), "non_existing");
        EXPECT_EQ(text("net_adm"_a, "ping"_a, list(a.name())), "pong");
        EXPECT_EQ(text("net_adm"_a, "ping"_a, list("nobody@127.0.0.1"_a)), "pang");
        EXPECT_EQ(text("net_kernel"_a, "get_net_ticktime"_a), "60");
        EXPECT_EQ(text("os"_a, "type"_a), "{unix,linux}");
    });
    EXPECT_FALSE(b->exports().has_module("other"_a));
    EXPECT_TRUE(b->exports().has_module("mine"_a));
    b->exports().remove("mine"_a, "f"_a, 2);
    EXPECT_FALSE(b->exports().has_module("mine"_a));
}

TEST_F(node_inspection, observer_gets_all_processes) {
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        static_cast<void>(spawn_monitor(b.name(), "observer_backend"_a, "procs_info"_a, list(self())));
        const auto all = receive_if([](term_view m) { return m.is_tagged("procs_info"_a, 3); });
        EXPECT_EQ(receive_soon()->tuple()[4].to_string(), "normal");
        std::string names;
        for (const term_view record : all.tuple()[2].list()) {
            ASSERT_TRUE(record.is_tagged("etop_proc_info"_a, 8));
            names += record.tuple()[4].to_string() + " ";
        }
        for (const char* const name : {"echo ", "net_kernel ", "rex ", "user "})
            EXPECT_NE(names.find(name), std::string::npos) << name << "in " << names;
        const pid backend = spawn(b.name(), "observer_backend"_a, "etop_collect"_a, list(self()));
        const auto info = receive_soon();
        ASSERT_TRUE(info->is_tuple(2));
        EXPECT_EQ(*info->tuple()[0].as<pid>(), backend);
        EXPECT_TRUE(info->tuple()[1].is_tagged("etop_info"_a, 9));
    });
}

TEST_F(node_inspection, observer_gets_figures_until_it_says_stop) {
    a.sys.run([&] {
        const auto fetcher = spawn_monitor(b.name(), "observer_backend"_a, "fetch_stats"_a, list(self(), 10));
        for (int i = 0; i < 3; ++i)
            EXPECT_TRUE(receive_if([](term_view m) { return m.is_tagged("stats"_a, 5); }).has_value());
        send(fetcher.pid, "exit"_a);
        const auto down = receive_if([&](term_view m) { return is_down(fetcher.ref, m); });
        EXPECT_EQ(down.tuple()[4].to_string(), "normal");
    });
}

TEST_F(node_inspection, there_are_no_tables) {
    a.sys.run([&] {
        const atom backend = "observer_backend"_a;
        EXPECT_EQ(text(backend, "get_table_list"_a, list("ets"_a, list())), "[]");
        EXPECT_EQ(text(backend, "get_table_list"_a, list("mnesia"_a, list())),
                  "{error,\"Mnesia is not running on: b@127.0.0.1\"}");
        const auto reader = ask(backend, "get_table"_a, list(self(), "t"_a, "ets"_a)).value().as<pid>();
        ASSERT_TRUE(reader);
        const auto end = receive_soon();
        EXPECT_EQ(*end->tuple()[0].as<pid>(), *reader);
        EXPECT_TRUE(end->tuple()[1].is_atom("$end_of_table"_a));
    });
}

/// An application controller as otp/ may have one, with one application: a process with a child.
void run_applications() {
    const pid root = spawn(
        [] {
            trap_exit(true);
            spawn_link([] {
                set_label(term("the child"));
                static_cast<void>(receive());
            });
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("stop"_a); }));
        },
        {.name = "root"_a});
    while (true) {
        const term m = receive();
        const auto call = gen::as_request(m);
        if (!call) continue;
        if (call->body.is_atom("which_applications"_a)) {
            reply(call->sender, term(list(tuple("shop"_a, charlist("A shop"), charlist("1.2")))));
        } else {
            reply(call->sender, term(root));
        }
    }
}

TEST_F(node_inspection, applications_are_told_by_their_controller) {
    a.sys.run([&] { EXPECT_EQ(text("application"_a, "which_applications"_a), "[]"); });
    b.sys.spawn(run_applications, {.name = "application_controller"_a});
    eventually("the application runs", [&] { return b.sys.whereis("root"_a).has_value(); });
    a.sys.run([&] {
        EXPECT_EQ(text("application"_a, "which_applications"_a), "[{shop,\"A shop\",\"1.2\"}]");
        EXPECT_EQ(text("application"_a, "get_key"_a, list("shop"_a, "vsn"_a)), "{ok,\"1.2\"}");
        const term answer = ask("appmon_info"_a, "start_link2"_a, list(self(), self(), list())).value();
        const auto server = answer.tuple()[1].as<pid>();
        ASSERT_TRUE(server);
        const auto tell = [&](atom command, term about, bool on) {
            send(*server, term(tuple("$gen_cast"_a, tuple(self(), command, std::move(about), on,
                                                          list(tuple("timeout"_a, 20))))));
        };
        const auto delivered = [&](atom command) {
            return receive_if(
                [&](term_view m) { return m.is_tagged("delivery"_a, 5) && m.tuple()[2].is_atom(command); });
        };
        tell("app_ctrl"_a, "b"_a, true);
        const term running = delivered("app_ctrl"_a);
        EXPECT_TRUE(running.tuple()[4].to_string().ends_with(",shop,{shop,\"A shop\",\"1.2\"}}]"));
        tell("app"_a, "shop"_a, true);
        term tree = delivered("app"_a);
        // Its child may have been started since; what changes is told again.
        while (tree.tuple()[4].tuple()[2].is(kind::nil) ||
               tree.tuple()[4].to_string().find("the child") == std::string::npos)
            tree = delivered("app"_a);
        const auto parts = tree.share(tree.tuple()[4]);
        EXPECT_EQ(parts.tuple()[0].to_string(), "\"root\"");
        EXPECT_EQ(parts.tuple()[1].list().size(), 2U);
        EXPECT_TRUE(parts.tuple()[2].to_string().starts_with("[{\"root\",\"the child <"));
        tell("load"_a, "b"_a, true);
        EXPECT_TRUE(delivered("load"_a).view().tuple()[4].is_tuple(2));
        tell("pinfo"_a, parts.share(parts.tuple()[1].list().head().tuple()[0]), true);
        EXPECT_NE(delivered("pinfo"_a).view().tuple()[4].to_string().find("current_function"),
                  std::string::npos);
        // It ends with its client.
        const reference gone = monitor(*server);
        exit(*server, "normal"_a);
        const auto down = receive_if([&](term_view m) { return is_down(gone, m); });
        EXPECT_EQ(down.tuple()[4].to_string(), "normal");
    });
}

}  // namespace
}  // namespace rakka::testing
