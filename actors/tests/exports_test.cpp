// Functions with types as functions of terms.
#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rakka {
namespace {

std::int64_t twice(std::int64_t x) {
    return 2 * x;
}

struct counter {
    int start;
    int operator()(int by) const noexcept { return start + by; }
};

class typed_exports : public ::testing::Test {
protected:
    [[nodiscard]] std::string call(atom function, const std::vector<term>& arguments) const {
        const auto f = table.find("m"_a, function, arguments.size());
        if (!f) return "undef";
        try {
            return (*f)(arguments).to_string();
        } catch (const process_exit& e) {
            return (e.raised == process_exit::kind::error ? "error:" : "exit:") + e.reason.to_string();
        }
    }

    export_table table;
};

TEST_F(typed_exports, convert_arguments_and_result) {
    table.add("m"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    table.add("m"_a, "twice"_a, twice);
    table.add("m"_a, "counter"_a, counter{40});
    table.add("m"_a, "none"_a, [] { return "text"; });
    table.add("m"_a, "nothing"_a, [](bool) {});
    table.add("m"_a, "length"_a, [](std::string_view s) { return s.size(); });
    table.add("m"_a, "any"_a, [](const term& t, term u) { return term(tuple(t, std::move(u))); });
    table.add("m"_a, "keys"_a, [](const std::map<std::string, int>& m) {
        std::vector<std::string> keys;
        for (const auto& [key, value] : m)
            keys.push_back(key);
        return keys;
    });
    table.add("m"_a, "maybe"_a, [](std::optional<int> x) { return x; });
    EXPECT_EQ(call("add"_a, {term(1), term(2)}), "3");
    EXPECT_EQ(call("twice"_a, {term(21)}), "42");
    EXPECT_EQ(call("counter"_a, {term(2)}), "42");
    EXPECT_EQ(call("none"_a, {}), "<<\"text\">>");
    EXPECT_EQ(call("nothing"_a, {term(true)}), "ok");
    EXPECT_EQ(call("length"_a, {term("four")}), "4");
    EXPECT_EQ(call("any"_a, {term("x"_a), term(list(1))}), "{x,[1]}");
    EXPECT_EQ(call("keys"_a, {term(map("a", 1, "b", 2))}), "[<<\"a\">>,<<\"b\">>]");
    EXPECT_EQ(call("maybe"_a, {term("undefined"_a)}), "undefined");
    EXPECT_EQ(call("maybe"_a, {term(7)}), "7");
}

TEST_F(typed_exports, have_no_clause_for_other_types) {
    table.add("m"_a, "add"_a, [](std::int32_t a, double b) { return a + b; });
    EXPECT_EQ(call("add"_a, {term(1), term(0.5)}), "1.5");
    EXPECT_EQ(call("add"_a, {term("x"_a), term(0.5)}), "error:{function_clause,[{m,add,[x,0.5],[]}]}");
    EXPECT_EQ(call("add"_a, {term(1), term(1)}), "error:{function_clause,[{m,add,[1,1],[]}]}");
    EXPECT_EQ(call("add"_a, {term(std::int64_t{1} << 40), term(0.5)}),
              "error:{function_clause,[{m,add,[1099511627776,0.5],[]}]}")
        << "a number that does not fit";
    EXPECT_EQ(call("add"_a, {term(1)}), "undef");
}

TEST_F(typed_exports, are_replaced_and_removed_by_arity) {
    table.add("m"_a, "f"_a, [] { return 0; });
    table.add("m"_a, "f"_a, [](int) { return 1; });
    table.add("m"_a, "f"_a, 1, [](const std::vector<term>&) { return term(2); });
    EXPECT_EQ(call("f"_a, {}), "0");
    EXPECT_EQ(call("f"_a, {term(7)}), "2");
    EXPECT_TRUE(table.remove("m"_a, "f"_a, 1));
    EXPECT_EQ(call("f"_a, {term(7)}), "undef");
    EXPECT_EQ(call("f"_a, {}), "0");
}

static_assert(!detail::exportable<int>);
static_assert(!detail::exportable<decltype([](auto) {})>, "its parameters are not known");
static_assert(!detail::exportable<decltype([](int&) {})>, "an argument cannot be changed");
static_assert(!detail::exportable<decltype([](void*) {})>, "no such term");
static_assert(!detail::exportable<decltype([x = 0]() mutable { return ++x; })>, "calls share it");

}  // namespace
}  // namespace rakka
