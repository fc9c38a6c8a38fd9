#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rakka {
namespace {

TEST(term, is_sixteen_bytes_and_a_view_eight) {
    static_assert(sizeof(term) == 16);
    static_assert(sizeof(term_view) == 8);
}

TEST(term, immediates_own_nothing) {
    const pid local{{}, 7, 3, 1};
    for (const term& t : {term(1), term(-5), term(1.5), term("ok"_a), term(list()), term(true), term(local)})
        EXPECT_EQ(t.owner(), nullptr) << static_cast<int>(t.kind());
}

TEST(term, integers_keep_their_value_at_every_edge) {
    const std::int64_t edges[] = {0,
                                  1,
                                  -1,
                                  255,
                                  256,
                                  etf::detail::small_max,
                                  etf::detail::small_max + 1,
                                  etf::detail::small_min,
                                  etf::detail::small_min - 1,
                                  std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min()};
    for (const std::int64_t v : edges) {
        const term t = to_term(v);
        EXPECT_EQ(t.kind(), kind::integer);
        EXPECT_EQ(t.as<std::int64_t>().value(), v);
    }
    EXPECT_EQ(to_term(std::numeric_limits<std::uint64_t>::max()).as<std::uint64_t>().value(),
              std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(to_term(300).as<std::uint8_t>().error(), etf::errc::out_of_range);
    EXPECT_EQ(to_term(-1).as<unsigned>().error(), etf::errc::out_of_range);
    EXPECT_EQ(to_term(std::numeric_limits<std::uint64_t>::max()).as<std::int64_t>().error(),
              etf::errc::out_of_range);
}

TEST(term, floats_keep_every_bit_boxed_or_not) {
    const double values[] = {0.0,
                             -0.0,
                             1.0,
                             -1.0,
                             3.14,
                             1e300,
                             -1e-300,
                             std::ldexp(1.0, -127),
                             std::ldexp(1.0, 128),
                             std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::denorm_min()};
    for (const double v : values) {
        const double back = to_term(v).as<double>().value();
        EXPECT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(v)) << v;
    }
    EXPECT_THROW((void)to_term(std::nan("")), std::domain_error);
}

TEST(term, nested_expressions_build_one_term) {
    const reference ref{{}, 1, 3, {1, 2, 3}};
    const term t = tuple("$gen_call"_a, tuple(pid{{}, 1, 1, 1}, cons("alias"_a, ref)), tuple("add"_a, 1, 2));
    ASSERT_TRUE(t.is_tagged("$gen_call"_a, 3));
    const auto from = t.tuple()[1].tuple();
    EXPECT_EQ(from[0].as<pid>().value(), (pid{{}, 1, 1, 1}));
    const auto tag = from[1].list();
    EXPECT_EQ(tag.head(), "alias"_a);
    EXPECT_EQ(tag.tail().as<reference>().value(), ref);
    EXPECT_FALSE(tag.proper());
    EXPECT_TRUE(t.tuple()[2].is_tagged("add"_a, 3));
}

TEST(term, a_part_keeps_the_whole_alive) {
    term part;
    {
        const term whole = tuple("big"_a, std::string(1000, 'x'));
        part = whole.share(whole.tuple()[1]);
    }
    EXPECT_EQ(part.as<std::string_view>().value(), std::string(1000, 'x'));
}

TEST(term, cons_shares_the_tail_and_a_million_of_them_free_without_recursion) {
    term t = list();
    for (int i = 0; i < 1'000'000; ++i)
        t = cons(i, t);
    EXPECT_EQ(t.list().size(), 1'000'000u);
    EXPECT_EQ(t.list().head().as<int>().value(), 999'999);
}

TEST(term, lists_of_empty_lists_are_not_mistaken_for_their_end) {
    const term t = list(list(), list(), 1);
    EXPECT_EQ(t.list().size(), 3u);
    EXPECT_TRUE(t.list().head().is(kind::nil));
    EXPECT_TRUE(t.list().proper());
}

TEST(atom, equal_texts_are_one_atom_and_bad_texts_are_refused) {
    EXPECT_EQ(atom("hello"), "hello"_a);
    EXPECT_EQ("ok"_a, atoms::known<"ok">);
    EXPECT_EQ(atom("ok").text(), "ok");
    EXPECT_EQ(atom::make("\xff").error(), etf::errc::bad_utf8);
    std::string long_text;
    for (int i = 0; i < 255; ++i)
        long_text += "å";
    EXPECT_TRUE(atom::make(long_text));
    EXPECT_EQ(atom::make(long_text + "x").error(), etf::errc::atom_too_long);
    EXPECT_FALSE(atom::existing("never made by anybody"));
    EXPECT_EQ(atom("").text(), "");
}

TEST(term, a_short_tuple_inside_another_term_is_copied_and_anything_else_is_shared) {
    const term flat(tuple("add"_a, 1, 2)), nested(tuple("add"_a, tuple(1))), bytes(tuple("k"_a, "text")),
        longer(tuple(1, 2, 3, 4, 5, 6, 7)), numbers(list(1, 2));
    EXPECT_EQ(term(tuple("call"_a, flat)), term(tuple("call"_a, tuple("add"_a, 1, 2))));
    {
        const term outer(tuple("call"_a, flat));
        EXPECT_TRUE(flat.owner()->unique());
        EXPECT_NE(outer.tuple()[1].word(), flat.word());
    }
    for (const term* t : {&nested, &bytes, &longer, &numbers}) {
        const term outer(tuple("call"_a, std::cref(*t)));
        EXPECT_EQ(outer.tuple()[1].word(), t->word()) << t->to_string();
        EXPECT_FALSE(t->owner()->unique());
    }
}

TEST(term, narrowing_takes_the_memory_over_unless_it_needs_none) {
    term whole(tuple("a"_a, tuple(1, 2), 7));
    const auto* const memory = whole.owner();
    const term_view part = whole.tuple()[1];
    const term seven = std::move(whole).narrowed(whole.tuple()[2]);
    EXPECT_EQ(seven, term(7));
    EXPECT_EQ(whole.owner(), memory);  // NOLINT(bugprone-use-after-move): an immediate takes nothing
    const term pair = std::move(whole).narrowed(part);
    EXPECT_EQ(pair, term(tuple(1, 2)));
    EXPECT_EQ(pair.owner(), memory);
    EXPECT_TRUE(pair.owner()->unique());
    EXPECT_FALSE(whole.has_value());  // NOLINT(bugprone-use-after-move): that is what is tested
}

}  // namespace
}  // namespace rakka
