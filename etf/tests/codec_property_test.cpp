#include "support/arbitrary_term.hpp"
#include "support/encoded_bytes.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>

namespace rakka::testing {
namespace {

RC_GTEST_PROP(codec_property, any_term_comes_back_equal, ()) {
    const term t = *arbitrary_term();
    const byte_string bytes = encode_bytes(t);
    const auto d = etf::decode(bytes);
    RC_ASSERT(d.has_value());
    RC_ASSERT(d->bytes_used == bytes.size());
    RC_ASSERT(d->term == t);
    RC_ASSERT(etf::validate(bytes).value() == bytes.size());
    RC_ASSERT(etf::encoded_size(t).value() == bytes.size());
}

RC_GTEST_PROP(codec_property, equal_terms_have_equal_deterministic_bytes, ()) {
    const term t = *arbitrary_term();
    const byte_string bytes = encode_bytes(t, {.deterministic = true});
    const term again = decode_bytes(bytes), copy = term::copy(t);
    RC_ASSERT(encode_bytes(again, {.deterministic = true}) == bytes);
    RC_ASSERT(encode_bytes(copy, {.deterministic = true}) == bytes);
}

RC_GTEST_PROP(codec_property, atom_tables_and_gathering_change_nothing, ()) {
    const term t = *arbitrary_term();
    etf::message_atoms atoms;
    etf::byte_buffer out;
    out.gather_from(100);
    RC_ASSERT(etf::encode_to(out, t, {.version = false, .atoms = &atoms}).has_value());
    byte_string bytes;
    out.for_each_piece(
        [&](std::span<const std::byte> piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
    RC_ASSERT(bytes.size() == out.total_size());
    std::vector<etf::detail::word> table;
    for (const atom a : atoms.atoms())
        table.push_back(term_view(a).word());
    etf::shared_buffer* const buffer = etf::shared_buffer::make(bytes.size());
    std::copy(bytes.begin(), bytes.end(), buffer->data());
    etf::decode_options options;
    options.envelope = etf::envelope::distribution;
    options.cached_atoms = table;
    options.buffer = buffer;
    const auto d = etf::decode({buffer->data(), bytes.size()}, options);
    buffer->release();
    RC_ASSERT(d.has_value());
    RC_ASSERT(d->term == t);
    RC_ASSERT(encode_bytes(d->term, {.deterministic = true}) == encode_bytes(t, {.deterministic = true}));
}

RC_GTEST_PROP(codec_property, compressed_terms_come_back_equal, ()) {
    const term t = *arbitrary_term();
    const byte_string bytes = encode_bytes(t, {.compression = 9});
    RC_ASSERT(bytes.size() <= etf::encoded_size(t).value());
    RC_ASSERT(decode_bytes(bytes) == t);
}

RC_GTEST_PROP(codec_property, a_copy_is_equal_and_outlives_the_original, ()) {
    term t = *arbitrary_term();
    const byte_string bytes = encode_bytes(t);
    const term c = term::copy(t);
    RC_ASSERT(c == t);
    t = {};
    RC_ASSERT(decode_bytes(bytes) == c);
}

TEST(codec_property, the_generator_makes_every_kind_of_term) {
    std::map<kind, int> seen;
    std::size_t bytes = 0;
    const auto gen = arbitrary_term();
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        const term t = gen(rc::Random(seed)).value();
        ++seen[t.kind()];
        bytes += etf::encoded_size(t.view()).value();
    }
    for (const kind k :
         {kind::integer, kind::real, kind::atom, kind::reference, kind::fun, kind::port, kind::pid,
          kind::tuple, kind::record, kind::map, kind::nil, kind::list, kind::binary, kind::bitstring})
        EXPECT_GT(seen[k], 5) << static_cast<int>(k);
    EXPECT_GT(bytes / 2000, 100u);
}

}  // namespace
}  // namespace rakka::testing
