// The two forms of decoding's first pass must agree: the quick one on what it knows, and a scanner.
#include "quick_scan.hpp"
#include "scan.hpp"
#include "support/arbitrary_term.hpp"
#include "support/encoded_bytes.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rakka::testing {
namespace {

using etf::detail::measured;

/// What the quick pass says is what a scanner says; it may say nothing.
::testing::AssertionResult agree(std::span<const std::byte> body, const etf::decode_options& options) {
    measured quick;
    if (!etf::detail::quick_scan(quick, body, options)) return ::testing::AssertionSuccess() << "not known";
    etf::detail::scanner scan(body, options);
    if (!scan.run()) return ::testing::AssertionFailure() << "let through what is wrong";
    if (quick.bytes_used == scan.bytes_used() && quick.words == scan.words() &&
        quick.has_slices == scan.has_slices())
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << quick.bytes_used << " bytes, " << quick.words << " words, not "
                                         << scan.bytes_used() << ", " << scan.words();
}

bool is_known(std::span<const std::byte> body, const etf::decode_options& options = {}) {
    measured quick;
    return etf::detail::quick_scan(quick, body, options);
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
    const auto flips = *rc::gen::inRange<std::size_t>(0, 4);
    for (std::size_t i = 0; i < flips; ++i) {
        auto& byte = bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())];
        byte = std::byte(*rc::gen::weightedOneOf<int>(
            {{1, rc::gen::inRange(0, 256)}, {1, rc::gen::inRange(97, 121)}, {1, rc::gen::inRange(0, 5)}}));
        RC_ASSERT(agree(bytes, options));
    }
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    RC_ASSERT(agree(bytes, options));
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
            EXPECT_TRUE(agree(pid, options)) << hex(pid);
            EXPECT_TRUE(agree(in_tuple, options)) << hex(in_tuple);
        }
    EXPECT_TRUE(is_known(encoded({{88}, ours, u32(1), u32(2), u32(77)}), options));
}

}  // namespace
}  // namespace rakka::testing
