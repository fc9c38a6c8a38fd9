// Functions of module global that programs of other nodes call on this one.
#include "support/cluster.hpp"

#include <rakka/etf/parse.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_global_exports : public cluster {
protected:
    node_global_exports() : a(start("a")), b(start("b")) {
        EXPECT_TRUE(a->connect(b.name()));
        a.sys.run([&] { global::sync({b.name()}); });
        b.sys.run([&] { global::sync({a.name()}); });
    }
    /// What a gets when it has `global:function(arguments)` called on b.
    std::string on_b(atom function, const term& arguments) {
        return a.sys.run([&] {
            const auto r = erpc::call(b.name(), "global"_a, function, arguments, 20s);
            return r ? r->to_string() : r.error().to_term().to_string();
        });
    }
    static pid start_sleeper(member& m) {
        return m.sys.spawn([] {
            while (!receive().is_atom("stop"_a)) {
            }
        });
    }
    static std::optional<pid> find(member& m, const term& name) {
        return m.sys.run([&] { return global::whereis_name(name); });
    }

    member& a;
    member& b;
};

TEST_F(node_global_exports, names) {
    const pid p = start_sleeper(a);
    const pid q = start_sleeper(a);
    const term method = global::resolve_method::notify_all_name().to_term();
    EXPECT_EQ(on_b("register_name"_a, list("x"_a, p)), "yes");
    EXPECT_EQ(find(a, "x"_a), p);
    EXPECT_EQ(on_b("whereis_name"_a, list("x"_a)), term(p).to_string());
    EXPECT_EQ(on_b("register_name"_a, list("x"_a, q)), "no");
    EXPECT_EQ(on_b("register_name"_a, list("y"_a, p)), "no") << "it has a name";
    EXPECT_EQ(on_b("register_name"_a, list("y"_a, q, method)), "yes");
    EXPECT_EQ(on_b("re_register_name"_a, list("x"_a, q)), "yes");
    EXPECT_EQ(find(b, "x"_a)->id, q.id);
    EXPECT_EQ(on_b("re_register_name"_a, list("x"_a, p, tuple("m"_a, "f"_a))), "yes");
    EXPECT_EQ(find(a, "x"_a), p);
    EXPECT_EQ(on_b("registered_names"_a, list()).size(), std::string("[x,y]").size());
    EXPECT_EQ(on_b("unregister_name"_a, list("x"_a)), "ok");
    EXPECT_EQ(on_b("whereis_name"_a, list("x"_a)), "undefined");
    EXPECT_EQ(on_b("unregister_name"_a, list("x"_a)), "ok");
    for (const atom f : {"register_name"_a, "re_register_name"_a}) {
        EXPECT_TRUE(on_b(f, list("z"_a, 1)).starts_with("{error,{exception,function_clause,")) << "no pid";
        EXPECT_TRUE(on_b(f, list("z"_a, p, 1)).starts_with("{error,{exception,function_clause,")) << "no fun";
    }
    EXPECT_EQ(on_b("send"_a, list("x"_a, 1)), "{exit,{exception,{badarg,{x,1}}}}");
    a.sys.run([&] {
        EXPECT_TRUE(global::register_name("me"_a, self()));
        const auto r = erpc::call(b.name(), "global"_a, "send"_a, list("me"_a, "hello"_a), 20s);
        EXPECT_EQ(*r->as<pid>(), self());
        EXPECT_EQ(receive_soon()->to_string(), "hello");
    });
}

TEST_F(node_global_exports, locks) {
    const term both = list(a.name(), b.name());
    EXPECT_EQ(on_b("set_lock"_a, list(tuple("r"_a, "one"_a))), "true");
    // The lock has gone with the process that made the call.
    EXPECT_EQ(on_b("set_lock"_a, list(tuple("r"_a, "two"_a), both)), "true");
    a.sys.run([&] {
        ASSERT_TRUE(global::set_lock({"r"_a, "mine"_a}));
        const auto called = [&](atom function, const term& arguments) {
            const auto r = erpc::call(b.name(), "global"_a, function, arguments, 20s);
            return r ? r->to_string() : r.error().to_term().to_string();
        };
        EXPECT_EQ(called("set_lock"_a, list(tuple("r"_a, "two"_a), both, 0)), "false");
        EXPECT_EQ(called("set_lock"_a, list(tuple("r"_a, "mine"_a), both, 0)), "true")
            << "the same requester";
        EXPECT_EQ(called("set_lock"_a, list(tuple("r"_a, "two"_a), list(), 0)), "true") << "nowhere";
        EXPECT_EQ(called("del_lock"_a, list(tuple("r"_a, "two"_a))), "true");
        EXPECT_EQ(called("del_lock"_a, list(tuple("r"_a, "two"_a), both)), "true");
        const auto of = [](atom m, atom f) { return term(tuple(m, f)); };
        EXPECT_EQ(called("trans"_a, list(tuple("r"_a, "two"_a), of("m"_a, "f"_a), both, 0)), "aborted");
        global::del_lock({"r"_a, "mine"_a});
    });
    const term id = tuple("r"_a, "two"_a);
    EXPECT_TRUE(on_b("set_lock"_a, list("r"_a)).starts_with("{error,{exception,function_clause,"));
    EXPECT_TRUE(on_b("set_lock"_a, list(id, 1)).starts_with("{error,{exception,function_clause,"));
    EXPECT_TRUE(on_b("set_lock"_a, list(id, both, -1)).starts_with("{error,{exception,function_clause,"));
    EXPECT_TRUE(on_b("set_lock"_a, list(id, both, 5'000'000'000)) == "true") << "very often";
}

TEST_F(node_global_exports, transactions) {
    const term id = tuple("r"_a, "two"_a);
    const term node = parse_term("fun erlang:node/0").value();
    const term absent = parse_term("fun no:such/0").value();
    EXPECT_EQ(on_b("trans"_a, list(id, node)), "'b@127.0.0.1'");
    EXPECT_EQ(on_b("trans"_a, list(id, node, list(b.name()))), "'b@127.0.0.1'");
    EXPECT_EQ(on_b("trans"_a, list(id, node, list(b.name()), "infinity"_a)), "'b@127.0.0.1'");
    EXPECT_EQ(on_b("trans"_a, list(id, absent)), "{error,{exception,undef,[{no,such,[],[]}]}}");
    EXPECT_TRUE(on_b("trans"_a, list(id, tuple("erlang"_a, "node"_a)))
                    .starts_with("{error,{exception,{badfun,{erlang,node}}"));
    a.sys.run([&] {
        EXPECT_TRUE(global::set_lock({"r"_a, self()}, {}, 0)) << "it is given up, whatever came of it";
    });
}

TEST_F(node_global_exports, the_cluster) {
    EXPECT_EQ(on_b("sync"_a, list()), "ok");
    EXPECT_EQ(on_b("sync"_a, list(list(a.name()))), "ok");
    EXPECT_TRUE(on_b("sync"_a, list(1)).starts_with("{error,{exception,function_clause,"));
    EXPECT_TRUE(on_b("info"_a, list()).starts_with("{state,")) << on_b("info"_a, list());
    b.sys.run([&] {
        // By way of itself: a would not hear of it.
        EXPECT_EQ(erpc::call(b.name(), "global"_a, "disconnect"_a, list(), 20s)->to_string(),
                  "['a@127.0.0.1']");
    });
    eventually("they part", [&] { return a->nodes().empty() && b->nodes().empty(); });
}

}  // namespace
}  // namespace rakka::testing
