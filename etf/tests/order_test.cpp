#include <rakka/etf/build.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/order.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace rakka {
namespace {

term foreign(std::string_view text) {
    etf::builder b;
    const auto w = b.put_foreign_atom(text);
    return b.finish(w);
}

term big(std::vector<std::uint64_t> limbs, bool negative = false) {
    etf::builder b;
    const auto w = b.put_big(limbs, negative);
    return b.finish(w);
}

term bits(std::vector<int> bytes, std::size_t bit_size) {
    std::vector<std::byte> data;
    for (int b : bytes)
        data.push_back(static_cast<std::byte>(b));
    etf::builder b;
    const auto w = b.put_binary(std::span<const std::byte>(data), bit_size);
    return b.finish(w);
}

term export_fun(std::string_view m, std::string_view f, std::uint64_t arity) {
    using namespace etf::detail;
    etf::builder b;
    word* p = b.allocate(export_layout::words);
    p[0] = make_header(box::export_fun, 0);
    p[export_layout::module] = make_atom(atom(m).id());
    p[export_layout::function] = make_atom(atom(f).id());
    p[export_layout::arity] = arity;
    return b.finish(boxed(p));
}

reference remote_ref(std::uint32_t size, std::array<std::uint32_t, 5> words) {
    return {"a@h"_a, 1, size, words};
}

/// Every term is less than all that follow it, in the order given.
void expect_ascending(const std::vector<term>& terms, bool exact = false) {
    for (std::size_t i = 0; i < terms.size(); ++i)
        for (std::size_t j = 0; j < terms.size(); ++j) {
            const auto o = exact ? compare_exact(terms[i].view(), terms[j].view())
                                 : compare(terms[i].view(), terms[j].view());
            EXPECT_TRUE(o == (i <=> j)) << i << " and " << j;
            EXPECT_EQ(terms[i] == terms[j], i == j) << i << " and " << j;
        }
}

TEST(order, types_follow_each_other_as_in_erlang) {
    expect_ascending({term(1), term("a"_a), term(remote_ref(3, {1, 2, 3})), export_fun("m", "f", 1),
                      term(port{"a@h"_a, 1, 1}), term(pid{"a@h"_a, 1, 1, 1}), tuple(), tuple(1), map(),
                      list(), list(1), term("binary")});
}

TEST(order, integers_and_floats_compare_by_exact_value) {
    const std::int64_t edge = std::int64_t{1} << 53;
    expect_ascending({big({0, 1}, true), term(-1e19), big({std::uint64_t{1} << 63}, true), term(-1.5),
                      term(-1), term(0), term(0.5), term(1), term(1.5), term(9007199254740992.0),
                      term(edge + 1), term(0x1p60 + 256), big({(std::uint64_t{1} << 60) + 257}),
                      big({~std::uint64_t{0}}), term(0x1p64), big({1, 1}), term(1e300)});
    EXPECT_TRUE(compare(term(1).view(), term(1.0).view()) == 0);
    EXPECT_TRUE(compare(term(0x1p64).view(), big({0, 1}).view()) == 0);
    EXPECT_TRUE(compare(big({0, 0, 1}, true).view(), term(-0x1p128).view()) == 0);
    EXPECT_TRUE(compare(big({1, 0, 1}).view(), term(0x1p128).view()) > 0);
    EXPECT_FALSE(term(1) == term(1.0));
}

TEST(order, negative_zero_equals_zero_only_as_a_number) {
    EXPECT_TRUE(equal_as_numbers(term(-0.0).view(), term(0.0).view()));
    EXPECT_TRUE(equal_as_numbers(term(-0.0).view(), term(0).view()));
    EXPECT_FALSE(term(-0.0) == term(0.0));
    expect_ascending({term(1), term(-0.0), term(0.0), term(0.5)}, true);
}

TEST(order, atoms_compare_by_text) {
    expect_ascending(
        {term(""_a), term("A"_a), term("a"_a), term("aa"_a), term("b"_a), term("å"_a), term("€"_a)});
}

TEST(order, a_foreign_atom_is_the_atom_of_its_text) {
    const term f = foreign("peer made this up"), same = foreign("peer made this up");
    EXPECT_EQ(f, same);
    EXPECT_EQ(hash_value(f.view()), hash_value(same.view()));
    const term interned{atom("peer made this up")};
    EXPECT_EQ(f, interned);
    EXPECT_EQ(interned, f);
    EXPECT_EQ(hash_value(f.view()), hash_value(interned.view()));
    EXPECT_TRUE(compare(f.view(), term("peer"_a).view()) > 0);
    EXPECT_FALSE(f == foreign("peer made that up"));
}

TEST(order, maps_with_foreign_keys_equal_those_with_interned_ones) {
    const term with_foreign = map(foreign("zz one"), 1, "zz two"_a, 2, foreign("aa three"), 3, 4, 5);
    const term interned = map("zz one"_a, 1, "zz two"_a, 2, "aa three"_a, 3, 4, 5);
    EXPECT_EQ(with_foreign, interned);
    EXPECT_EQ(hash_value(with_foreign.view()), hash_value(interned.view()));
    EXPECT_TRUE(compare(with_foreign.view(), interned.view()) == 0);
    EXPECT_EQ(with_foreign.map().find("zz one"_a).value(), term(1).view());
    EXPECT_EQ(with_foreign.map().find("aa three"_a).value(), term(3).view());
    EXPECT_EQ(interned.map().find(foreign("zz one").view()).value(), term(1).view());
    EXPECT_EQ(with_foreign.map().find(foreign("zz one").view()).value(), term(1).view());
    EXPECT_FALSE(with_foreign.map().find("zz"_a));
}

TEST(order, references_compare_from_the_last_word_and_missing_words_are_zero) {
    const term two = remote_ref(2, {1, 2}), three = remote_ref(3, {1, 2, 0});
    EXPECT_EQ(two, three);
    EXPECT_EQ(hash_value(two.view()), hash_value(three.view()));
    expect_ascending({two, term(remote_ref(3, {2, 2, 0})), term(remote_ref(3, {0, 3, 0})),
                      term(remote_ref(3, {0, 0, 1})), term(reference{"a@h"_a, 2, 1, {0}}),
                      term(reference{"b@h"_a, 1, 1, {0}})});
}

TEST(order, pids_compare_by_serial_then_id_then_node_then_creation) {
    expect_ascending({term(pid{"b@h"_a, 5, 0, 9}), term(pid{"a@h"_a, 1, 1, 9}), term(pid{"a@h"_a, 2, 1, 1}),
                      term(pid{"a@h"_a, 2, 1, 2}), term(pid{"b@h"_a, 2, 1, 1}), term(pid{"a@h"_a, 1, 2, 1})});
}

TEST(order, a_local_pid_stands_where_its_node_name_puts_it) {
    const std::uint32_t origin = etf::local_origin::acquire();
    etf::local_origin::set_identity(origin, {"m@h"_a, 7});
    const term local = pid{{}, 3, 1, origin};
    expect_ascending({term(pid{"a@h"_a, 3, 1, 1}), local, term(pid{"z@h"_a, 3, 1, 1})});
    etf::local_origin::set_identity(origin, {"zz@h"_a, 7});
    expect_ascending({term(pid{"a@h"_a, 3, 1, 1}), term(pid{"z@h"_a, 3, 1, 1}), local});
    etf::local_origin::release(origin);
}

TEST(order, tuples_by_arity_lists_by_elements) {
    expect_ascending({tuple(9), tuple(1, 1), tuple(1, 2), tuple(0, 0, 0)});
    expect_ascending({list(), list(1), list(1, 1), cons(1, list(2)), list(2), cons(list(), 1)});
    expect_ascending({cons(1, 0), cons(1, "a"_a), list(1), list(1, 0), cons(1, "bin")});
}

TEST(order, lists_with_links_equal_lists_without) {
    term chained = list();
    for (int i = 3; i > 0; --i)
        chained = cons(i, chained);
    EXPECT_EQ(chained, term(list(1, 2, 3)));
    EXPECT_TRUE(compare(chained.view(), term(list(1, 2, 3)).view()) == 0);
    EXPECT_EQ(hash_value(chained.view()), hash_value(term(list(1, 2, 3)).view()));
}

TEST(order, maps_by_size_then_keys_in_exact_order_then_values) {
    // erl: #{1=>a} < #{0.5=>a}, because integers come before floats among keys.
    expect_ascending({map(9, 9), map(1, "a"_a, 2, "z"_a), map(1, "b"_a, 2, "a"_a), map(1, 0, 0.5, 0),
                      map("a"_a, 0, "b"_a, 0), map("a"_a, 0, "c"_a, 0), map(1, 1, 2, 2, 3, 3)});
    EXPECT_TRUE(compare(term(map(1, 1)).view(), term(map(1, 1.0)).view()) == 0)
        << "values compare as numbers";
    EXPECT_TRUE(compare(term(map(1, 1)).view(), term(map(1.0, 1)).view()) < 0) << "keys do not";
}

TEST(order, bit_strings_by_bits_then_length) {
    expect_ascending({term(""), bits({0x80}, 1), bits({0x80}, 3), term("\x80"), bits({0xa0}, 3),
                      bits({0xa0, 0}, 12), term(std::string("\xa0\x00", 2)), term("\xff")});
}

TEST(order, find_gets_every_key_of_maps_small_and_large) {
    for (const int n : {0, 1, 5, 32, 33, 1000}) {
        etf::builder b;
        etf::detail::word* cells = nullptr;
        auto w = b.put_map(static_cast<std::size_t>(4 * n), cells);
        const auto put = [&](int at, const term& key, int value) {
            cells[at] = b.put_term(key);
            cells[4 * n + at] = etf::detail::make_small(value);
        };
        for (int i = 0; i < n; ++i) {
            put(4 * i, term(i), i);
            put(4 * i + 1, term(atom("key" + std::to_string(i))), i);
            put(4 * i + 2, term("key" + std::to_string(i)), i);
            put(4 * i + 3, tuple(i, 1.0), i);
        }
        const term t = b.finish(b.finish_map(w, etf::builder::duplicates::refuse).value());
        for (int i = 0; i < n; ++i) {
            const term keys[] = {term(i), term(atom("key" + std::to_string(i))),
                                 term("key" + std::to_string(i)), tuple(i, 1.0)};
            for (const term& key : keys)
                EXPECT_EQ(t.map().find(key.view()).value().as<int>().value(), i);
        }
        EXPECT_FALSE(t.map().find(term(-1).view()));
        EXPECT_FALSE(t.map().find(term(1.0).view()));
        EXPECT_FALSE(t.map().find(term(tuple(1, 1)).view()));
    }
}

TEST(order, deep_terms_need_no_call_stack) {
    const auto nest = [](term leaf) {
        term t = std::move(leaf);
        for (int i = 0; i < 300'000; ++i)
            t = i % 3 == 0 ? term(tuple(t)) : i % 3 == 1 ? term(list(t)) : term(map(t, 1, 0, 0));
        return t;
    };
    const term a = nest(1), b = nest(1), c = nest(2);
    EXPECT_EQ(a, b);
    EXPECT_FALSE(a == c);
    EXPECT_TRUE(compare(a.view(), b.view()) == 0);
    EXPECT_TRUE(compare(a.view(), c.view()) < 0);
    EXPECT_EQ(hash_value(a.view()), hash_value(b.view()));
}

}  // namespace
}  // namespace rakka
