// What `rex` and `net_kernel` answer to peers. [protocol §6.1, §6.2]
#include "services/stdout_leader.hpp"
#include "support/cluster.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::testing {
namespace {

class node_rex : public cluster {
protected:
    node_rex() : a(start("a")), b(start("b")) {
        auto& exports = b->exports();
        exports.add("m"_a, "leader"_a, 0, [](const auto&) { return term(group_leader()); });
        exports.add("m"_a, "same"_a, 1, [](const std::vector<term>& x) { return x[0]; });
        exports.add("m"_a, "fail"_a, 1, [](const std::vector<term>& x) -> term { exit(x[0]); });
        exports.add("m"_a, "killed"_a, 0, [](const auto&) {
            exit(self(), term("kill"_a));
            return term("not reached"_a);
        });
        exports.add("m"_a, "wait"_a, 1, [](const std::vector<term>& x) {
            send(*x[0].as<pid>(), term(tuple("waits"_a, self())));
            return receive();
        });
        exports.add("m"_a, "print"_a, 1, [](const std::vector<term>& x) {
            const reference tag = make_reference();
            send(group_leader(), term(tuple("io_request"_a, self(), tag, x[0])));
            const term answer = receive();
            return answer.share(answer.tuple()[2]);
        });
    }

    [[nodiscard]] registered_name rex() const { return {"rex"_a, b.name()}; }
    [[nodiscard]] registered_name net_kernel() const { return {"net_kernel"_a, b.name()}; }
    static term call(atom kind, atom function, term arguments, term leader = "user"_a) {
        return term(tuple(kind, "m"_a, function, std::move(arguments), std::move(leader)));
    }
    static term plain(term request) { return term(tuple(self(), std::move(request))); }
    static term gen_call(term request, atom tag) {
        return term(tuple("$gen_call"_a, tuple(self(), tag), std::move(request)));
    }
    static std::string next_text() {
        const auto t = receive_soon();
        return t ? t->to_string() : "nothing";
    }

    member& a;
    member& b;
};

TEST_F(node_rex, makes_calls_and_answers_in_the_form_they_came_in) {
    a.sys.run([&] {
        send(rex(), plain(call("call"_a, "same"_a, term(list(5)))));
        EXPECT_EQ(next_text(), "{rex,5}");
        send(rex(), gen_call(call("call"_a, "same"_a, term(list(6))), "tag"_a));
        EXPECT_EQ(next_text(), "{tag,6}");
        send(rex(), gen_call(call("block_call"_a, "same"_a, term(list(7))), "tag"_a));
        EXPECT_EQ(next_text(), "{tag,7}");
        send(rex(), term(tuple("$gen_cast"_a, call("cast"_a, "wait"_a, term(list(self()))))));
        EXPECT_TRUE(receive_soon()->is_tagged("waits"_a, 2));
    });
}

TEST_F(node_rex, tells_how_a_call_failed) {
    a.sys.run([&] {
        const auto outcome = [&](const term& request) {
            send(rex(), plain(request));
            return next_text();
        };
        EXPECT_EQ(outcome(call("call"_a, "fail"_a, term(list("why"_a)))), "{rex,{badrpc,{'EXIT',why}}}");
        EXPECT_EQ(outcome(call("call"_a, "killed"_a, term(list()))), "{rex,{badrpc,{'EXIT',killed}}}");
        EXPECT_EQ(outcome(call("call"_a, "none"_a, term(list(1)))),
                  "{rex,{badrpc,{'EXIT',{undef,[{m,none,[1],[]}]}}}}");
        EXPECT_EQ(outcome(term(tuple("call"_a, 1, 2, 3, "user"_a))), "{rex,{badrpc,{'EXIT',{badarg,[]}}}}");
        // One block call that is killed does not hold up the next.
        send(rex(), gen_call(call("block_call"_a, "killed"_a, term(list())), "one"_a));
        send(rex(), gen_call(call("block_call"_a, "same"_a, term(list(1))), "two"_a));
        EXPECT_EQ(next_text(), "{one,{badrpc,{'EXIT',killed}}}");
        EXPECT_EQ(next_text(), "{two,1}");
    });
}

TEST_F(node_rex, serves_nothing_else_during_a_block_call) {
    a.sys.run([&] {
        // A call that has begun before goes on, and ends.
        send(rex(), gen_call(call("call"_a, "wait"_a, term(list(self()))), "before"_a));
        const auto before = receive_soon();
        ASSERT_TRUE(before->is_tagged("waits"_a, 2));
        send(rex(), gen_call(call("block_call"_a, "wait"_a, term(list(self()))), "first"_a));
        const auto first = receive_soon();
        ASSERT_TRUE(first->is_tagged("waits"_a, 2));
        send(rex(), gen_call(call("block_call"_a, "wait"_a, term(list(self()))), "second"_a));
        send(rex(), gen_call(call("call"_a, "same"_a, term(list(1))), "behind"_a));
        send(rex(), plain(term("features_request"_a)));
        send(*before->tuple()[1].as<pid>(), term("done"_a));
        EXPECT_EQ(next_text(), "{before,done}");
        // What b does after all that: had rex served them, its answers would be here before this one's.
        EXPECT_EQ(erpc::call(b.name(), "m"_a, "same"_a, list(7)).value().to_string(), "7");
        EXPECT_FALSE(receive_if([](term_view) { return true; }, std::chrono::milliseconds(1)));
        send(*first->tuple()[1].as<pid>(), term("go"_a));
        // Either may come first: the answer of the first, or the second that has begun.
        std::optional<term> second;
        bool answered = false;
        for (int i = 0; i < 2; ++i) {
            const auto m = receive_soon();
            if (m->is_tagged("waits"_a, 2)) second = m;
            answered = answered || m->to_string() == "{first,go}";
        }
        ASSERT_TRUE(second && answered);
        send(*second->tuple()[1].as<pid>(), term("on"_a));
        int seen = 0;
        for (int i = 0; i < 3; ++i) {
            const std::string text = next_text();
            if (text == "{second,on}") seen |= 1;
            if (text == "{behind,1}") seen |= 2;
            if (text.starts_with("{features_reply,")) seen |= 4;
        }
        EXPECT_EQ(seen, 7);
    });
}

TEST_F(node_rex, gives_calls_the_group_leader_they_ask_for) {
    a.sys.run([&] {
        for (const char* const kind : {"call", "block_call"}) {
            send(rex(), gen_call(call(atom(kind), "leader"_a, term(list()), term(self())), "tag"_a));
            const auto answer = receive_soon();
            EXPECT_EQ(*answer->tuple()[1].as<pid>(), self());
        }
    });
    const auto user = b.sys.whereis("user"_a);
    ASSERT_TRUE(user) << "every node has this one";
    a.sys.run([&] {
        send(rex(), plain(call("call"_a, "leader"_a, term(list()))));
        EXPECT_EQ(receive_soon()->tuple()[1].as<pid>()->id, user->id);
    });
}

TEST_F(node_rex, sends_what_is_printed_to_a_c_node_that_asks_for_it) {
    a.sys.run([&] {
        const auto print = [&](term request) {
            send(rex(),
                 plain(call("call"_a, "print"_a, term(list(std::move(request))), "send_stdout_to_caller"_a)));
        };
        print(term(tuple("put_chars"_a, "unicode"_a, "hello")));
        EXPECT_EQ(next_text(), "{rex_stdout,<<\"hello\">>}");
        EXPECT_EQ(next_text(), "{rex,ok}");
        print(term(tuple("requests"_a, list(tuple("put_chars"_a, "latin1"_a, list(104, list(105), "!")),
                                            tuple("put_chars"_a, "unicode"_a, list(0x20AC))))));
        EXPECT_EQ(receive_soon()->tuple()[1].as<std::string>().value(), "hi!\xE2\x82\xAC");
        EXPECT_EQ(next_text(), "{rex,ok}");
        print(term(tuple("get_line"_a, "unicode"_a, "prompt")));
        EXPECT_EQ(next_text(), "{rex,{error,request}}");
    });
}

TEST_F(node_rex, forwards_broadcasts_and_messages_to_names) {
    start_echo(b, "echo"_a);
    a.sys.run([&] {
        send(rex(), plain(term(tuple("sbcast"_a, "echo"_a, tuple(self(), 1)))));
        int seen = 0;
        for (int i = 0; i < 2; ++i) {
            const std::string text = next_text();
            if (text == "{rex,'b@127.0.0.1','b@127.0.0.1'}") seen |= 1;
            if (text.ends_with(",1}")) seen |= 2;
        }
        EXPECT_EQ(seen, 3);
        send(rex(), plain(term(tuple("sbcast"_a, "nobody"_a, 1))));
        EXPECT_EQ(next_text(), "{rex,'b@127.0.0.1',{nonexisting_name,nobody}}");
        send(rex(), plain(term(tuple("send"_a, "echo"_a, "hello"_a))));  // echo gets {From, hello}
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "hello");
        send(rex(), plain(term(tuple("send"_a, "nobody"_a, 1))));
        EXPECT_EQ(next_text(), "{rex,'b@127.0.0.1',{nonexisting_name,nobody}}");
        send(rex(), plain(term(tuple("sbcast"_a, 17, 1))));
        EXPECT_EQ(next_text(), "{rex,'b@127.0.0.1',{nonexisting_name,17}}");
        // To a process of another node too, and in order to one here.
        send(rex(), plain(term(tuple("sbcast"_a, self(), "round_trip"_a))));
        seen = 0;
        for (int i = 0; i < 2; ++i) {
            const std::string text = next_text();
            if (text == "{rex,'b@127.0.0.1','b@127.0.0.1'}") seen |= 1;
            if (text == "round_trip") seen |= 2;
        }
        EXPECT_EQ(seen, 3);
        for (int i = 0; i < 100; ++i)
            send(rex(), plain(term(tuple("send"_a, "echo"_a, i))));
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(receive_soon()->tuple()[1].as<int>().value(), i);
    });
}

TEST_F(node_rex, ignores_what_it_does_not_know_and_goes_on) {
    a.sys.run([&] {
        for (const term& odd :
             {term("x"_a), term(tuple()), plain(term("x"_a)), plain(term(tuple("call"_a, 1))),
              gen_call(term("stop"_a), "tag"_a), term(tuple("$gen_cast"_a, "x"_a)),
              term(tuple(1, "features_request"_a)), term(tuple("DOWN"_a, 1, 2, 3, 4))})
            send(rex(), odd);
        send(rex(), plain(term("features_request"_a)));
        EXPECT_EQ(next_text(), "{features_reply,'b@127.0.0.1',[erpc]}");
    });
}

TEST_F(node_rex, a_net_kernel_spawns_for_old_nodes) {
    a.sys.run([&] {
        trap_exit(true);
        const term mfa_leader[] = {term("m"_a), term("wait"_a), term(list(self())), term(self())};
        const auto& [m, f, arguments, leader] = mfa_leader;
        for (const bool link_it : {false, true}) {
            const term request = link_it ? term(tuple("spawn_link"_a, m, f, arguments, leader))
                                         : term(tuple("spawn"_a, m, f, arguments, leader));
            send(net_kernel(), gen_call(request, "tag"_a));
            const auto answer = receive_soon();
            EXPECT_EQ(answer->tuple()[0].to_string(), "tag");
            const pid child = *answer->tuple()[1].as<pid>();
            EXPECT_EQ(*receive_soon()->tuple()[1].as<pid>(), child);
            if (link_it) {
                exit(child, term("over"_a));
                EXPECT_EQ(next_text(), term(tuple("EXIT"_a, child, "over"_a)).to_string());
            } else {
                send(child, term("over"_a));
            }
        }
        send(net_kernel(),
             gen_call(term(tuple("spawn_opt"_a, m, "fail"_a, list("why"_a), list(), "link"_a, leader)),
                      "tag"_a));
        const pid child = *receive_soon()->tuple()[1].as<pid>();
        EXPECT_EQ(next_text(), term(tuple("EXIT"_a, child, "why"_a)).to_string());
        send(net_kernel(), gen_call(term(tuple("spawn"_a, 1, f, arguments, leader)), "tag"_a));
        EXPECT_EQ(next_text(), "{tag,{'EXIT',{badarg,[]}}}");
    });
}

TEST(chardata, becomes_utf8_by_its_encoding) {
    const auto characters_of = [](const term& t, bool latin1) { return detail::characters_of(t, latin1); };
    EXPECT_EQ(characters_of(term(list()), false), "");
    EXPECT_EQ(characters_of(term("caf\xC3\xA9"), false), "caf\xC3\xA9");
    EXPECT_EQ(characters_of(term("\xE9"), true), "\xC3\xA9");
    EXPECT_EQ(characters_of(term(list(65, list(66, "C", list()), "D")), true), "ABCD");
    EXPECT_EQ(characters_of(term(list(0x1F600)), false), "\xF0\x9F\x98\x80");
    EXPECT_FALSE(characters_of(term(list(256)), true));
    EXPECT_FALSE(characters_of(term(list(0xD800)), false));
    EXPECT_FALSE(characters_of(term(list(0x110000)), false));
    EXPECT_FALSE(characters_of(term(list("a"_a)), false));
    EXPECT_FALSE(characters_of(term(tuple(1)), false));
    // However deep, no C++ stack is used.
    term deep = term("x");
    for (int i = 0; i < 2000; ++i)
        deep = term(list(65, deep));
    EXPECT_EQ(characters_of(deep, false)->size(), 2001U);
}

}  // namespace
}  // namespace rakka::testing
