// Which rule is about whom, and what it lets them call.
#include "connection/peer_rules.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::detail {
namespace {

using texts = std::vector<std::string>;

node_name name(const char* text) {
    return *node_name::parse(text);
}

bool calls(const compiled_rights& r, atom module, atom function, std::size_t arity) {
    return r.may_call(term(module).view(), term(function).view(), arity);
}
bool spawns(const compiled_rights& r, atom module, atom function, std::size_t arity) {
    return r.may_spawn(term(module).view(), term(function).view(), arity);
}

TEST(peer_rules, the_most_exact_one_counts_alone) {
    const peer_rules rules({{"*", {.call = texts{"all"}}},
                            {"10.0.0.1", {.call = texts{"host"}}},
                            {"a@10.0.0.1", {.call = texts{"node"}}}});
    EXPECT_TRUE(calls(*rules.of(name("a@10.0.0.1")), "node"_a, "f"_a, 0));
    EXPECT_FALSE(calls(*rules.of(name("a@10.0.0.1")), "host"_a, "f"_a, 0));
    EXPECT_TRUE(calls(*rules.of(name("b@10.0.0.1")), "host"_a, "f"_a, 0));
    EXPECT_TRUE(calls(*rules.of(name("b@10.0.0.2")), "all"_a, "f"_a, 0));
    EXPECT_FALSE(calls(*rules.of(name("b@10.0.0.2")), "node"_a, "f"_a, 0));
}

TEST(peer_rules, whoever_none_is_about_has_no_bounds) {
    peer_rules rules({{"a@10.0.0.1", {.link = false}}});
    EXPECT_EQ(rules.of(name("b@10.0.0.1")), nullptr);
    ASSERT_NE(rules.of(name("a@10.0.0.1")), nullptr);
    EXPECT_FALSE(rules.of(name("a@10.0.0.1"))->link);
    rules.set({});
    EXPECT_EQ(rules.of(name("a@10.0.0.1")), nullptr);
}

TEST(peer_rules, functions_are_named_whole_or_by_module) {
    const compiled_rights r(
        {.call = texts{"calc", "stats:read", "erlang:node/0", "erlang://2", "Elixir.A:run!/1"}});
    EXPECT_TRUE(calls(r, "calc"_a, "anything"_a, 7));
    EXPECT_TRUE(calls(r, "stats"_a, "read"_a, 0));
    EXPECT_TRUE(calls(r, "stats"_a, "read"_a, 3));
    EXPECT_FALSE(calls(r, "stats"_a, "write"_a, 3));
    EXPECT_TRUE(calls(r, "erlang"_a, "node"_a, 0));
    EXPECT_FALSE(calls(r, "erlang"_a, "node"_a, 1));
    EXPECT_TRUE(calls(r, "erlang"_a, "/"_a, 2));
    EXPECT_TRUE(calls(r, "Elixir.A"_a, "run!"_a, 1));
    EXPECT_FALSE(calls(r, "calculator"_a, "f"_a, 0));
    EXPECT_FALSE(calls(compiled_rights({.call = texts{}}), "calc"_a, "f"_a, 0)) << "an empty list: none";
    EXPECT_TRUE(calls(compiled_rights({}), "calc"_a, "f"_a, 0)) << "no list: all";
}

TEST(peer_rules, spawns_are_bound_by_what_may_be_called_unless_they_have_a_list) {
    EXPECT_FALSE(spawns(compiled_rights({.call = texts{"a"}}), "b"_a, "f"_a, 0));
    EXPECT_TRUE(spawns(compiled_rights({.call = texts{"a"}, .spawn = texts{"b"}}), "b"_a, "f"_a, 0));
    EXPECT_FALSE(spawns(compiled_rights({.call = texts{"a"}, .spawn = texts{"b"}}), "a"_a, "f"_a, 0));
}

TEST(peer_rules, what_makes_no_sense_is_explained) {
    EXPECT_EQ(explain_bad_rules({{"*", {.call = texts{"a", "a:b", "a:b/3", "a:/"}}}}), "");
    EXPECT_NE(explain_bad_rules({{"two@at@signs", {}}}).find("two@at@signs"), std::string::npos);
    EXPECT_NE(explain_bad_rules({{"", {}}}), "");
    EXPECT_NE(explain_bad_rules({{"a@b", {}}, {"a@b", {}}}).find("two rules"), std::string::npos);
    for (const char* const bad : {"", ":f", "m:", "m:f/", "m:f/x", "m:f/1000", "m/1"}) {
        EXPECT_NE(explain_bad_rules({{"*", {.call = texts{bad}}}}).find("peer_rights::call"),
                  std::string::npos)
            << bad;
        EXPECT_NE(explain_bad_rules({{"*", {.spawn = texts{bad}}}}).find("peer_rights::spawn"),
                  std::string::npos)
            << bad;
    }
}

}  // namespace
}  // namespace rakka::detail
