#include <rakka/etf/build.hpp>
#include <rakka/etf/match.hpp>
#include <rakka/etf/order.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka {
namespace {

TEST(match, runs_the_first_clause_that_fits_and_gives_its_result) {
    const auto answer = [](const term& t) {
        return match(
            t, on(tuple_of("add"_a, x<std::int64_t>, x<std::int64_t>), [](auto a, auto b) { return a + b; }),
            on(tuple_of("neg"_a, x<std::int64_t>), [](std::int64_t a) { return -a; }),
            on("stop"_a, [] { return 0; }));
    };
    static_assert(std::is_same_v<decltype(answer(term())), std::optional<std::int64_t>>);
    EXPECT_EQ(answer(tuple("add"_a, 1, 2)), 3);
    EXPECT_EQ(answer(tuple("neg"_a, 7)), -7);
    EXPECT_EQ(answer("stop"_a), 0);
    EXPECT_EQ(answer(tuple("add"_a, 1, 2.0)), std::nullopt) << "a float is not an integer";
    EXPECT_EQ(answer(tuple("add"_a, 1)), std::nullopt);
    EXPECT_EQ(answer(tuple("add"_a, 1, std::numeric_limits<std::uint64_t>::max())), std::nullopt)
        << "does not fit";
}

TEST(match, handlers_without_result_tell_whether_one_ran) {
    int seen = 0;
    const term t = list(1, 2);
    static_assert(std::is_same_v<decltype(match(t, on(any, [] {}))), bool>);
    EXPECT_FALSE(match(t, on("a"_a, [&] { seen = 1; }), on(list_of(x<int>), [&](int) { seen = 2; })));
    EXPECT_EQ(seen, 0);
    EXPECT_TRUE(
        match(t, on(list_of(any, x<int>), [&](int n) { seen = n * 10; }), on(any, [&] { seen = 3; })));
    EXPECT_EQ(seen, 20);
}

TEST(match, literals_match_by_exact_equality) {
    const auto is = [](const term& t, auto literal) { return match(t, on(literal, [] {})); };
    EXPECT_TRUE(is(1, 1));
    EXPECT_TRUE(is(1, std::uint8_t{1}));
    EXPECT_FALSE(is(257, std::uint8_t{1}));
    EXPECT_FALSE(is(1.0, 1));
    EXPECT_TRUE(is(1.0, 1.0));
    EXPECT_FALSE(is(-0.0, 0.0));
    EXPECT_TRUE(is("text", "text"));
    EXPECT_TRUE(is("text", std::string("text")));
    EXPECT_FALSE(is("text", "text"_a));
    EXPECT_TRUE(is(true, true));
    EXPECT_TRUE(is("true"_a, true));
    EXPECT_FALSE(is(true, false));
    EXPECT_TRUE(is(tuple(1, list("a"_a)), tuple(1, list("a"_a))));
    EXPECT_TRUE(is(list(), list()));
    EXPECT_TRUE(is(std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()));
}

TEST(match, identifiers_are_literals_too) {
    const pid local{{}, 1, 2, 3}, remote{"a@h"_a, 1, 2, 3};
    const reference ref{{}, 1, 3, {1, 2, 3}}, far{"a@h"_a, 1, 2, {1, 2}}, padded{"a@h"_a, 1, 3, {1, 2, 0}};
    const auto is = [](const term& t, auto literal) { return match(t, on(tuple_of(literal), [] {})); };
    EXPECT_TRUE(is(tuple(local), local));
    EXPECT_FALSE(is(tuple(local), remote));
    EXPECT_TRUE(is(tuple(remote), remote));
    EXPECT_FALSE(is(tuple(remote), local));
    EXPECT_TRUE(is(tuple(ref), ref));
    EXPECT_FALSE(is(tuple(ref), far));
    EXPECT_TRUE(is(tuple(far), far));
    EXPECT_TRUE(is(tuple(far), padded));
    EXPECT_FALSE(is(tuple(far), reference({"b@h"_a, 1, 2, {1, 2}})));
}

TEST(match, captures_follow_the_order_of_the_pattern_through_every_nesting) {
    const term t = tuple("$gen_call"_a, tuple(pid{{}, 9, 1, 1}, cons("alias"_a, 5)),
                         map("id"_a, 7, "who"_a, "Ann"), list(1.5, "x"_a));
    const bool ran =
        match(t, on(tuple_of("$gen_call"_a, tuple_of(x<pid>, cons_of("alias"_a, x<int>)),
                             map_of("who"_a, x<std::string>, "id"_a, x<int>), list_of(x<double>, x<atom>)),
                    [](pid p, int tag, const std::string& who, int id, double d, atom a) {
                        EXPECT_EQ(p.id, 9u);
                        EXPECT_EQ(tag, 5);
                        EXPECT_EQ(who, "Ann");
                        EXPECT_EQ(id, 7);
                        EXPECT_EQ(d, 1.5);
                        EXPECT_EQ(a, "x"_a);
                    }));
    EXPECT_TRUE(ran);
}

TEST(match, cons_walks_lists_and_stops_at_nil) {
    std::int64_t sum = 0;
    const term numbers = list(1, 2, 3);
    for (term_view rest = numbers.view();
         match(rest,
               on(cons_of(x<int>, x<term_view>), [&](int n, term_view tail) { sum += n, rest = tail; }));) {
    }
    EXPECT_EQ(sum, 6);
    EXPECT_FALSE(match(numbers, on(list_of(1, 2), [] {}), on(list_of(1, 2, 3, any), [] {})));
    EXPECT_FALSE(match(term(cons(1, 2)), on(list_of(1), [] {}))) << "improper";
    EXPECT_TRUE(match(term(cons(1, 2)), on(cons_of(1, 2), [] {})));
    EXPECT_TRUE(match(term(list()), on(list_of(), [] {})));
    EXPECT_FALSE(match(term(list()), on(cons_of(any, any), [] {})));
}

TEST(match, map_patterns_allow_further_keys_but_miss_none) {
    const term t = map("a"_a, 1, 2, "two", "c"_a, list());
    EXPECT_EQ(match(t, on(map_of(2, x<std::string_view>), [](auto s) { return std::string(s); })), "two");
    EXPECT_TRUE(match(t, on(map_of(), [] {})));
    EXPECT_FALSE(match(t, on(map_of("b"_a, any), [] {})));
    EXPECT_FALSE(match(t, on(map_of("a"_a, 2), [] {})));
    EXPECT_FALSE(match(term(1), on(map_of(), [] {})));
}

TEST(match, guards_see_the_captures_of_their_pattern) {
    const auto grown_up = [](const term& t) {
        return match(
            t, on(tuple_of(x<std::string>, when(tuple_of("age"_a, x<int>), [](int n) { return n >= 18; })),
                  [](std::string name, int) { return name; }));
    };
    EXPECT_EQ(grown_up(tuple("Ann", tuple("age"_a, 30))), "Ann");
    EXPECT_EQ(grown_up(tuple("Bob", tuple("age"_a, 3))), std::nullopt);
}

TEST(match, a_captured_term_shares_the_memory_of_a_term_and_copies_from_a_view) {
    const term t = tuple("data"_a, list(1, 2, 3));
    const auto keep = on(tuple_of(any, x<term>), [](term part) { return part; });
    const term shared = match(t, keep).value(), copied = match(t.view(), keep).value();
    EXPECT_EQ(shared.owner(), t.owner());
    EXPECT_NE(copied.owner(), t.owner());
    EXPECT_EQ(shared, copied);
}

TEST(match, a_clause_set_selects_first_and_runs_later_and_can_be_entered_again) {
    int depth = 0;
    auto clauses = on(tuple_of("n"_a, x<int>), [&](int n) { return depth = n; });
    etf::clause_set set(clauses, on("x"_a, [] { return -1; }));
    EXPECT_FALSE(set.selected());
    const term first = tuple("n"_a, 4);
    ASSERT_TRUE(set.select(first));
    EXPECT_EQ(set.selected(), 0u);
    EXPECT_EQ(depth, 0) << "nothing runs before run()";
    EXPECT_EQ(set.run(), 4);
    EXPECT_FALSE(set.selected());
    EXPECT_TRUE(set.select("x"_a));
    EXPECT_EQ(set.selected(), 1u);
    EXPECT_FALSE(set.select("y"_a));
    EXPECT_FALSE(set.selected());
}

TEST(match, a_foreign_atom_matches_its_literal_without_entering_the_table) {
    etf::builder b;
    const term t = b.finish(b.put_foreign_atom("never interned by this test"));
    const std::size_t before = atom::count();
    EXPECT_FALSE(match(t, on("ok"_a, [] {})));
    EXPECT_EQ(atom::count(), before);
}

}  // namespace
}  // namespace rakka
