// The forms of decoding's passes must agree: the quick first one on what it knows, and a scanner; the single
// pass over small messages, and the two passes.
#include "quick_scan.hpp"
#include "quick_small.hpp"
#include "scan.hpp"
#include "support/arbitrary_term.hpp"
#include "support/encoded_bytes.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rakka::testing {
namespace {

using etf::detail::measured;

/// What the quick pass says is what a scanner says; it may say nothing.
::testing::AssertionResult agree(std::span<const std::byte> body, const etf::decode_options& options) {
    const measured quick = etf::detail::quick_scan(body, options);
    if (!quick) return ::testing::AssertionSuccess() << "not known";
    etf::detail::scanner scan(body, options);
    if (!scan.run()) return ::testing::AssertionFailure() << "let through what is wrong";
    if (quick.bytes_used() == scan.bytes_used() && quick.words() == scan.words() &&
        quick.has_slices() == scan.has_slices())
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << quick.bytes_used() << " bytes, " << quick.words()
                                         << " words, not " << scan.bytes_used() << ", " << scan.words();
}

etf::decode_result<etf::decoded> small(std::span<const std::byte> body, const etf::decode_options& options) {
    return etf::detail::decode_small(body, 0, options, etf::detail::atom_memo::here());
}

/// What the single pass says is what the two say; it may say nothing.
::testing::AssertionResult small_agrees(const byte_string& body, etf::decode_options options) {
    options.envelope = etf::envelope::distribution;
    const auto one = small(body, options);
    if (!one) return ::testing::AssertionResult(one.error() == etf::decode_error{}) << "an error of its own";
    byte_string longer = body;  // too long to be small
    longer.resize(body.size() + etf::detail::most_small_bytes + 1);
    const auto two = etf::decode(longer, options);
    if (!two) return ::testing::AssertionFailure() << "let through what is wrong";
    const auto memory = [](const term& t) { return t.owner() ? t.owner()->bytes() : 0; };
    if (one->bytes_used == two->bytes_used && one->term == two->term &&
        memory(one->term) == memory(two->term) && encode_bytes(one->term) == encode_bytes(two->term))
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << one->bytes_used << " bytes, " << rakka::to_string(one->term.view(), {}) << ", not "
           << two->bytes_used << ", " << rakka::to_string(two->term.view(), {});
}

bool is_small(std::span<const std::byte> body, const etf::decode_options& options = {}) {
    return small(body, options).has_value();
}

bool is_known(std::span<const std::byte> body, const etf::decode_options& options = {}) {
    return bool(etf::detail::quick_scan(body, options));
}

byte_string body_of(const term& t) {
    return encode_bytes(t, {.version = false});
}

RC_GTEST_PROP(codec_passes, agree_on_any_term_and_on_what_damage_makes_of_it, ()) {
    byte_string bytes = body_of(*arbitrary_term());
    etf::shared_buffer* const buffer = etf::shared_buffer::make(1);
    etf::decode_options options;
    if (*rc::gen::arbitrary<bool>()) options.buffer = buffer;
    options.min_slice = *rc::gen::inRange<std::size_t>(0, 10);
    options.limits.max_words = *rc::gen::element<std::size_t>(std::size_t{1} << 27, 5, 50);
    options.limits.max_depth = *rc::gen::element<std::size_t>(std::size_t{1} << 22, 0, 1, 3);
    RC_ASSERT(agree(bytes, options));
    RC_ASSERT(small_agrees(bytes, options));
    const auto flips = *rc::gen::inRange<std::size_t>(0, 4);
    for (std::size_t i = 0; i < flips; ++i) {
        auto& byte = bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())];
        byte = std::byte(*rc::gen::weightedOneOf<int>(
            {{1, rc::gen::inRange(0, 256)}, {1, rc::gen::inRange(97, 121)}, {1, rc::gen::inRange(0, 5)}}));
        RC_ASSERT(agree(bytes, options));
        RC_ASSERT(small_agrees(bytes, options));
    }
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    RC_ASSERT(agree(bytes, options));
    RC_ASSERT(small_agrees(bytes, options));
    buffer->release();
}

TEST(codec_passes, the_quick_one_knows_what_messages_are_made_of) {
    const pid p{"a@b"_a, 1, 2, 3};
    const reference r{"a@b"_a, 1, 3, {1, 2, 3}};
    for (const term& t :
         {term(tuple("ok"_a, 42, "foo"_a)), term(tuple("$gen_call"_a, tuple(p, cons("alias"_a, r)))),
          term(map("id"_a, -1, "name"_a, "user1", "score"_a, 1.25)), term(charlist("bytes")),
          term(list(1.5, 1e300, ~std::uint64_t{0}, list(), tuple(), map())), term(port{"a@b"_a, 1, 2})})
        EXPECT_TRUE(is_known(body_of(t))) << hex(body_of(t));
    EXPECT_FALSE(is_known(encoded({{113, 119, 1, 'm', 119, 1, 'f', 97, 0}}))) << "an external fun";
}

TEST(codec_passes, the_single_one_knows_what_small_messages_are_made_of) {
    const pid p{"a@b"_a, 1, 2, 3};
    const reference r{"a@b"_a, 1, 3, {1, 2, 3}};
    const atom long_name("a name of more than fifteen characters");
    for (const term& t : {term(tuple("ok"_a, 42, "foo"_a)),
                          term(tuple("$gen_call"_a, tuple(p, cons("alias"_a, r)), tuple("add"_a, 1))),
                          term(tuple()), term(42), term("ok"_a), term(-70000), term(list()),
                          term(list(1.5, -1000, tuple(list("a"_a)))), term(charlist("bytes")),
                          term(long_name), term(list("", "0123456789abcdef", "12345678", "123456789"))}) {
        const byte_string body = body_of(t);
        EXPECT_EQ(is_small(body), t != term(tuple())) << rakka::to_string(t.view(), {});
        EXPECT_TRUE(small_agrees(body, {})) << rakka::to_string(t.view(), {});
        if (!is_small(body)) continue;
        EXPECT_EQ(small(body, {})->term, t);
        for (std::size_t n = 0; n < body.size(); ++n)
            EXPECT_FALSE(is_small(std::span(body).first(n)))
                << "the first " << n << " bytes of " << hex(body);
    }
    EXPECT_FALSE(is_small(encoded({{82, 0}}))) << "there are no cached atoms outside of frames";
    EXPECT_FALSE(is_small(encoded({{119, 5}, "nobody made this"}))) << "an atom that is not in the table";
}

TEST(codec_passes, the_single_one_leaves_slices_to_the_two_and_pads_what_it_copies) {
    etf::shared_buffer* const buffer = etf::shared_buffer::make(1);
    etf::decode_options options;
    options.buffer = buffer;
    options.min_slice = 3;
    EXPECT_TRUE(is_small(body_of(list("ab", "")), options));
    EXPECT_FALSE(is_small(body_of(list("abc")), options));
    buffer->release();
    const byte_string no_zeros = body_of(tuple(list(charlist(std::string(100, 'x')), -1)));
    for (const std::string text : {"1", "12345678", "123456789", "123456789012345"}) {
        const byte_string body = body_of(tuple(text));
        const bool left_behind = is_small(no_zeros);
        const auto d = small(body, {});
        EXPECT_TRUE(left_behind && d && d->term == term(tuple(text))) << text;
        const auto* const binary = etf::detail::pointer(etf::detail::pointer(d->term.word())[1]);
        const std::size_t last = etf::detail::words_for_bytes(text.size()), used = (text.size() - 1) % 8 + 1;
        EXPECT_EQ(used == 8 ? 0 : binary[last] >> 8 * used, 0u) << text;
    }
}

TEST(codec_passes, the_single_one_keeps_the_pointers_of_maps_whose_keys_change_places) {
    const part two = {97, 2}, text = encoded({{109}, u32(1), "x"}), pair = encoded({{104, 2}, text, {97, 1}});
    const auto map_of = [](std::initializer_list<part> cells) {
        byte_string b = encoded({{116}, u32(static_cast<std::uint32_t>(cells.size() / 2))});
        for (const part& p : cells)
            b.insert(b.end(), p.bytes.begin(), p.bytes.end());
        return b;
    };
    const byte_string in_order = map_of({{97, 1}, text, {97, 2}, pair, {97, 3}, two});
    const byte_string reversed = map_of({{97, 3}, two, {97, 2}, pair, {97, 1}, text});
    const byte_string boxed_keys = map_of({pair, text, text, pair, {97, 1}, two});
    const byte_string nested = map_of({{97, 2}, reversed, boxed_keys, in_order, {97, 1}, pair});
    for (const byte_string& m : {in_order, reversed, boxed_keys, nested})
        for (const byte_string& body :
             {m, encoded({{104, 3}, text, m, pair}), encoded({{108}, u32(1), m, text})}) {
            EXPECT_TRUE(is_small(body)) << hex(body);
            EXPECT_TRUE(small_agrees(body, {})) << hex(body);
        }
    EXPECT_EQ(small(in_order, {})->term, small(reversed, {})->term);
    EXPECT_FALSE(is_small(map_of({{97, 1}, two, {97, 2}, two, {97, 1}, text}))) << "equal keys";
    EXPECT_FALSE(is_small(map_of({text, two, text, two}))) << "equal keys";
}

TEST(codec_passes, the_single_one_ends_where_its_words_its_depth_or_a_limit_do) {
    const byte_string nils(126, std::byte{106});
    EXPECT_TRUE(is_small(encoded({{104, 126}, nils})));
    EXPECT_FALSE(is_small(encoded({{104, 127}, nils, {106}}))) << "a word more than there are";
    byte_string deep{std::byte{106}};
    for (int i = 0; i < 9; ++i)
        deep = encoded({{104, 2}, deep, {106}});
    EXPECT_TRUE(is_small(deep));
    EXPECT_FALSE(is_small(encoded({{104, 2}, deep, {106}})));
    EXPECT_TRUE(small_agrees(deep, {}));
    const byte_string one = body_of(tuple(1));
    etf::decode_options options;
    options.limits.max_words = 127;
    EXPECT_FALSE(is_small(one, options));
    options.limits = {.max_depth = 127};
    EXPECT_FALSE(is_small(one, options));
}

TEST(codec_passes, agree_on_where_an_identifier_is_ours) {
    etf::decode_options options;
    options.envelope = etf::envelope::distribution;
    options.own = {"me@here"_a, 77};
    options.origin = 1;
    const etf::detail::word cache[] = {term_view("me@here"_a).word(), term_view("ok"_a).word()};
    options.cached_atoms = cache;
    const part ours = encoded({{119, 7}, "me@here"}), theirs = encoded({{119, 3}, "a@b"});
    const part ours_old = encoded({{100}, u16(7), "me@here"});
    for (const part& node : {ours, theirs, ours_old, part{82, 0}, part{82, 1}, part{82, 2}, part{97, 1}})
        for (const std::uint32_t creation : {77u, 78u}) {
            const byte_string pid = encoded({{88}, node, u32(1), u32(2), u32(creation)});
            const byte_string in_tuple = encoded({{104, 2, 88}, node, u32(1), u32(0), u32(creation), node});
            const byte_string reference =
                encoded({{108}, u32(1), {90}, u16(3), node, u32(creation), u32(1), u32(2), u32(3), node});
            for (const byte_string& bytes : {pid, in_tuple, reference}) {
                EXPECT_TRUE(agree(bytes, options)) << hex(bytes);
                EXPECT_TRUE(small_agrees(bytes, options)) << hex(bytes);
            }
        }
    const byte_string own_pid = encoded({{88}, ours, u32(1), u32(2), u32(77)});
    EXPECT_TRUE(is_known(own_pid, options));
    EXPECT_TRUE(small(own_pid, options)->term.as<pid>()->is_local());
}

}  // namespace
}  // namespace rakka::testing
