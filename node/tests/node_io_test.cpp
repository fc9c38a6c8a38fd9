// Printing through group leaders of other nodes, the devices of a node, and log events of other nodes.
#include "support/cluster.hpp"

#include <rakka/actors/process_info.hpp>
#include <rakka/actors/reductions.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/testing.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/node/io.hpp>
#include <rakka/node/rpc.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka::testing {
namespace {

class node_io : public cluster {
protected:
    node_io() : a(start("a")), b(start("b")) {
        auto& exports = b->exports();
        exports.add("m"_a, "print"_a, 1, [](const std::vector<term>& x) {
            io::put_chars(x[0].as<std::string>().value());
            return term("printed"_a);
        });
        exports.add("m"_a, "format"_a, 2, [](const std::vector<term>& x) {
            io::format(x[0].as<std::string>().value(), x[1].as<std::vector<term>>().value());
            return term("printed"_a);
        });
    }

    /// The next `{io_request, From, ReplyAs, Request}`, which is answered with `outcome`: the request.
    static std::string serve_one(const term& outcome) {
        const auto m = receive_if([](term_view t) { return t.is_tagged("io_request"_a, 4); });
        const auto p = m.tuple();
        send(*p[1].as<pid>(), term(tuple("io_reply"_a, m.share(p[2]), outcome)));
        return p[3].to_string();
    }
    /// What the device `name` of b answers.
    [[nodiscard]] std::string answer_of(atom name, const term& request) const {
        const reference tag = make_reference();
        send(registered_name{name, b.name()}, term(tuple("io_request"_a, self(), tag, request)));
        const auto m = receive_soon();
        return m ? m->tuple()[2].to_string() : "nothing";
    }

    member& a;
    member& b;
};

TEST_F(node_io, what_a_function_prints_goes_to_the_group_leader_of_its_caller) {
    a.sys.run([&] {
        group_leader(self(), self());
        const auto call = rpc::async_call(b.name(), "m"_a, "print"_a, list("hello"));
        EXPECT_EQ(serve_one("ok"_a), "{put_chars,unicode,<<\"hello\">>}");
        EXPECT_EQ(rpc::yield(call).value().to_string(), "printed");
        const auto formatted = rpc::async_call(b.name(), "m"_a, "format"_a, list("~p~n", list(tuple(1))));
        EXPECT_EQ(serve_one("ok"_a), "{put_chars,unicode,<<\"{1}\\n\">>}");
        EXPECT_EQ(rpc::yield(formatted).value().to_string(), "printed");
        const auto refused = rpc::async_call(b.name(), "m"_a, "print"_a, list("x"));
        serve_one(tuple("error"_a, "full"_a));
        EXPECT_TRUE(rpc::yield(refused).error().reason.to_string().starts_with("{'EXIT',{full,"));
        const auto bad = rpc::call(b.name(), "m"_a, "format"_a, list("~p", list()));
        EXPECT_TRUE(bad.error().reason.to_string().starts_with("{'EXIT',{badarg,"));
    });
}

TEST_F(node_io, nobody_waits_for_a_leader_that_is_gone) {
    a.sys.run([&] {
        const pid dead = spawn([] {});
        const reference gone = monitor(dead);
        static_cast<void>(receive_if([&](term_view m) { return is_down(gone, m); }));
        group_leader(dead, self());
        const auto answer = rpc::call(b.name(), "m"_a, "print"_a, list("x"), std::chrono::seconds(20));
        ASSERT_FALSE(answer);
        EXPECT_TRUE(answer.error().reason.to_string().starts_with("{'EXIT',{terminated,"));
        EXPECT_THROW(io::put_chars(registered_name{"nobody"_a, b.name()}, "x"), process_exit);
    });
}

TEST_F(node_io, every_node_has_its_devices) {
    ::testing::internal::CaptureStdout();
    a.sys.run([&] {
        EXPECT_EQ(answer_of("user"_a, term(tuple("put_chars"_a, "unicode"_a, "to the user\n"))), "ok");
        EXPECT_EQ(answer_of("user"_a, term(tuple("put_chars"_a, "unicode"_a, "io_lib"_a, "format"_a,
                                                 list("~w~n", list(17))))),
                  "ok");
        EXPECT_EQ(answer_of("user"_a, term(tuple("get_line"_a, "unicode"_a, "> "))), "eof");
        EXPECT_EQ(answer_of("user"_a, "nonsense"_a), "{error,request}");
        EXPECT_EQ(answer_of("standard_error"_a, "getopts"_a), "[{binary,false},{encoding,unicode}]");
        io::put_chars(registered_name{"user"_a, b.name()}, "by name\n");
    });
    a.sys.run([] { io::put_chars("without a leader\n"); });
    EXPECT_EQ(::testing::internal::GetCapturedStdout(), "to the user\n17\nby name\nwithout a leader\n");
}

TEST_F(node_io, log_events_of_other_nodes_are_put_into_the_log) {
    a.sys.run([&] {
        const registered_name proxy{"logger_proxy"_a, b.name()};
        const term meta = map("pid"_a, self(), "time"_a, 1);
        send(proxy, term(tuple("log"_a, "error"_a, charlist("It is ~p~nbroken"), list("very"_a), meta)));
        send(proxy, term(tuple("log"_a, "notice"_a, charlist("a string"), meta)));
        send(proxy, term(tuple("log"_a, "warning"_a, map("what"_a, "report"_a), meta)));
        send(proxy, term(tuple("log"_a, "critical"_a, charlist("~p ~p"), list(1), map())));
        send(proxy, term(tuple("log"_a, "no_level"_a, charlist("x"), map())));
        send(proxy, "nonsense"_a);
    });
    const auto event = b.log.wait_for("It is very broken");
    EXPECT_EQ(event.level, node_log_level::error);
    EXPECT_EQ(event.peer, "a@127.0.0.1");
    EXPECT_EQ(b.log.wait_for("a string").level, node_log_level::info);
    EXPECT_EQ(b.log.wait_for("#{what => report}").level, node_log_level::warning);
    EXPECT_EQ(b.log.wait_for("FORMAT ERROR: \"~p ~p\" - [1]").level, node_log_level::error);
}

TEST_F(node_io, what_a_logger_proxy_loses_is_counted) {
    b.sys.run([] {
        EXPECT_TRUE(wait_until([] { return whereis("logger_proxy"_a).has_value(); }));
        const term event = tuple("log"_a, "debug"_a, charlist("x"), map());
        const no_preempt all_at_once;
        for (int i = 0; i < 20'000; ++i)
            send("logger_proxy"_a, event);
    });
    const auto said = b.log.wait_for("log events of other nodes");
    EXPECT_EQ(said.level, node_log_level::warning);
    EXPECT_NE(said.text.find("logger_proxy has dropped "), std::string::npos) << said.text;
}

TEST_F(node_io, what_waits_for_a_logger_proxy_is_bounded) {
    b.sys.run([] {
        EXPECT_TRUE(wait_until([] {
            const auto proxy = whereis("logger_proxy"_a);
            const auto info = proxy ? process_info(*proxy) : std::nullopt;
            return info && info->max_mailbox && info->max_mailbox->policy == mailbox_policy::drop;
        }));
    });
}

}  // namespace
}  // namespace rakka::testing
