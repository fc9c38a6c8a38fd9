// The limits of decoding, each with a tiny value, and what a peer's atoms may cost.
#include "atom_table.hpp"
#include "support/encoded_bytes.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using etf::errc;

TEST(codec_limits, depth_counts_containers_in_containers_but_not_tails) {
    etf::decode_options options;
    options.limits.max_depth = 2;
    EXPECT_EQ(decode_errc(encode_bytes(tuple(tuple(1))), options), errc{});
    const byte_string three = encode_bytes(tuple(tuple(tuple(1))));
    EXPECT_EQ(decode_errc(three, options), errc::too_deep);
    EXPECT_EQ(etf::validate(three, options).error(), (etf::decode_error{errc::too_deep, 5}));
    EXPECT_EQ(decode_errc(encoded({{131, 108}, u32(1), {106, 108}, u32(1), {106, 108}, u32(1), {106, 106}}),
                          options),
              errc{});
    options.limits.max_depth = 0;
    EXPECT_EQ(decode_errc(encode_bytes(term(1)), options), errc{});
    EXPECT_EQ(decode_errc(encode_bytes(map(1, 2)), options), errc::too_deep);
}

TEST(codec_limits, memory_is_counted_before_it_is_taken) {
    const struct {
        term value;
        std::size_t words;
    } cases[] = {{tuple(1, 2, 3), 4},
                 {list(1000, 2000), 3},
                 {charlist("abc"), 4},
                 {map(1, 2, 3, 4), 5},
                 {std::string(16, 'x'), 3},
                 {1e300, 2},
                 {~std::uint64_t{0}, 2},
                 {pid{"a@b"_a, 1, 2, 3}, 4},
                 {port{"a@b"_a, 1, 2}, 4},
                 {reference{"a@b"_a, 1, 3, {1, 2, 3}}, 5},
                 {cons(1, 2), 4}};
    for (const auto& [value, words] : cases) {
        const byte_string bytes = encode_bytes(value);
        etf::decode_options options;
        options.limits.max_words = words;
        EXPECT_EQ(decode_errc(bytes, options), errc{}) << hex(bytes);
        EXPECT_TRUE(etf::validate(bytes, options)) << hex(bytes);
        options.limits.max_words = words - 1;
        EXPECT_EQ(decode_errc(bytes, options), errc::too_large) << hex(bytes);
        EXPECT_EQ(etf::validate(bytes, options).error(), errc::too_large) << hex(bytes);
    }
}

TEST(codec_limits, small_messages_with_any_byte_wrong_are_judged_as_by_decoding) {
    const term samples[] = {
        tuple("ok"_a, 42, "foo"_a),
        tuple("a"_a, tuple(), tuple("much_longer_atom"_a, "middle_long"_a), 100'000, list()),
        tuple("x"_a, "some bytes", tuple(std::string(20, 'y'), -1)),
        tuple(atom("\u00e9t\u00e9"), "b"_a),
        "alone"_a,
        tuple(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, ""_a)};
    const auto same = [](std::span<const std::byte> bytes, const etf::decode_options& options) {
        const auto length = etf::validate(bytes, options);
        const auto whole = etf::decode(bytes, options);
        ASSERT_EQ(length.has_value(), whole.has_value()) << hex(byte_string(bytes.begin(), bytes.end()));
        if (whole) {
            ASSERT_EQ(*length, whole->bytes_used);
        } else {
            ASSERT_EQ(length.error(), whole.error());
        }
    };
    etf::decode_options tight;
    tight.limits.max_words = 4;
    etf::atom_budget none(0);
    etf::decode_options usual;
    usual.new_atoms = tight.new_atoms = &none;  // thousands of atoms that nobody wants
    std::vector<byte_string> messages;
    for (const term& sample : samples)
        messages.push_back(encode_bytes(sample));
    // Atoms as OTP 25 writes them, and one binary alone with something behind it.
    messages.push_back(
        encoded({{131, 104, 3, 100}, u16(2), "ok", {100}, u16(3), {0xe9, 't', 0xe9, 100}, u16(0)}));
    messages.push_back(encoded({{131, 109}, u32(0)}));
    messages.push_back(encoded({{131, 109}, u32(9), "nine bytes"}));
    for (const byte_string& good : messages) {
        for (std::size_t at = 0; at < good.size(); ++at) {
            same(std::span(good).first(at), usual);
            byte_string bad = good;
            for (unsigned value = 0; value < 256; ++value) {
                bad[at] = std::byte(value);
                same(bad, usual);
                same(bad, tight);
                if (HasFatalFailure()) return;
            }
        }
    }
}

TEST(codec_limits, a_message_that_is_one_binary_is_looked_at_like_any_other) {
    byte_string bytes = encode_bytes(std::string(1000, 'x'));
    const std::size_t size = bytes.size();
    etf::decode_options options;
    EXPECT_EQ(etf::validate(bytes, options).value(), size);
    bytes.push_back(std::byte{1});
    EXPECT_EQ(etf::validate(bytes, options).value(), size);
    for (std::size_t cut = 0; cut < size; ++cut) {
        const std::span<const std::byte> part(bytes.data(), cut);
        ASSERT_EQ(etf::validate(part, options).error(), errc::truncated) << cut;
    }
    options.limits.max_words = 100;
    EXPECT_EQ(etf::validate(bytes, options).error(), errc::too_large);
    options.limits = {};
    options.envelope = etf::envelope::distribution;
    EXPECT_EQ(etf::validate(bytes, options).error(), (etf::decode_error{errc::bad_tag, 0}));
}

TEST(codec_limits, an_inflated_size_above_the_budget_is_refused_by_its_announcement) {
    const byte_string packed = encode_bytes(std::string(10'000, 'x'), {.compression = 9});
    etf::decode_options options;
    options.limits.max_inflated_bytes = 10'005;
    EXPECT_EQ(decode_errc(packed, options), errc{});
    options.limits.max_inflated_bytes = 10'004;
    EXPECT_EQ(decode_errc(packed, options), errc::inflate_limit);
}

byte_string list_of_new_atoms(const std::string& prefix, std::uint32_t n) {
    byte_string bytes = encoded({{131, 108}, u32(n)});
    for (std::uint32_t i = 0; i < n; ++i) {
        const std::string text = prefix + std::to_string(i);
        const byte_string atom = encoded({{119, static_cast<unsigned>(text.size())}, text});
        bytes.insert(bytes.end(), atom.begin(), atom.end());
    }
    bytes.push_back(std::byte{106});
    return bytes;
}

TEST(codec_limits, a_million_unknown_atoms_leave_the_atom_table_alone) {
    const byte_string flood = list_of_new_atoms("flood_", 1'000'000);
    etf::atom_budget budget(0);
    etf::decode_options options;
    options.new_atoms = &budget;
    const std::size_t before = atom::count();
    const term t = decode_bytes(flood, options);
    EXPECT_EQ(atom::count(), before);
    EXPECT_EQ(t.list().size(), 1'000'000u);
    EXPECT_TRUE(t.list().head().is(kind::atom));
    EXPECT_EQ(t.list().head().atom_text(), "flood_0");
    EXPECT_EQ(encode_bytes(t), flood);
    EXPECT_EQ(etf::validate(flood).value(), flood.size());
    EXPECT_EQ(atom::count(), before);
}

TEST(codec_limits, a_budget_is_spent_once_for_each_new_atom_over_all_messages) {
    etf::atom_budget budget(3);
    etf::decode_options options;
    options.new_atoms = &budget;
    const std::size_t before = atom::count();
    const byte_string two = list_of_new_atoms("spent_", 2);
    EXPECT_FALSE(decode_bytes(two, options).view().list().head().is_foreign_atom());
    EXPECT_FALSE(decode_bytes(two, options).view().list().head().is_foreign_atom());
    EXPECT_EQ(budget.left(), 1u);
    const term five = decode_bytes(list_of_new_atoms("spent_", 5), options);
    EXPECT_EQ(budget.left(), 0u);
    EXPECT_EQ(atom::count(), before + 3);
    std::size_t foreign = 0;
    for (const term_view a : five.list())
        foreign += a.is_foreign_atom();
    EXPECT_EQ(foreign, 2u);
}

// Peers with many names, or endless calls of decode(), once could fill the table of the whole program.
TEST(codec_limits, what_is_decoded_takes_half_of_the_table_at_most_whatever_the_budgets) {
    struct lowered {
        explicit lowered(std::size_t n) { etf::detail::most_atoms_from_outside = n; }
        ~lowered() { etf::detail::most_atoms_from_outside = atom::max_from_outside; }
    };
    const byte_string many = list_of_new_atoms("outside_", 10);
    const std::size_t before = atom::count();
    const auto foreign = [](const term& list) {
        std::size_t n = 0;
        for (const term_view a : list.list())
            n += a.is_foreign_atom();
        return n;
    };
    {
        const lowered limit(before + 4);
        for (int call = 0; call < 3; ++call) {
            etf::atom_budget budget(100);
            etf::decode_options options;
            if (call != 0) options.new_atoms = &budget;
            const term t = decode_bytes(many, options);
            EXPECT_EQ(foreign(t), 6u);
            EXPECT_EQ(encode_bytes(t), many);
            EXPECT_EQ(atom::count(), before + 4);
        }
        EXPECT_TRUE(atom::make("of the program itself")) << "which has the other half";
    }
    EXPECT_EQ(foreign(decode_bytes(many)), 0u);
}

TEST(codec_limits, without_a_budget_each_call_has_its_own) {
    etf::decode_options options;
    options.limits.max_new_atoms = 1;
    const std::size_t before = atom::count();
    const term t = decode_bytes(list_of_new_atoms("own_", 3), options);
    EXPECT_EQ(atom::count(), before + 1);
    EXPECT_EQ(t, decode_bytes(list_of_new_atoms("own_", 3), options))
        << "interned or foreign: the same atoms";
}

TEST(codec_limits, foreign_atoms_stand_wherever_atoms_do) {
    etf::atom_budget none(0);
    etf::decode_options options;
    options.new_atoms = &none;
    const part node{119, 8}, text = std::string_view("stranger");
    for (const byte_string& bytes :
         {encoded({{131, 88}, node, text, u32(1), u32(2), u32(3)}),
          encoded({{131, 120}, node, text, u32(0), u32(2), u32(3)}),
          encoded({{131, 90}, u16(1), node, text, u32(1), u32(3)}),
          encoded({{131, 113}, node, text, node, text, {97, 3}}),
          encoded({{131, 67}, u32(1), {1}, node, text, node, text, node, text, {106}}),
          encoded({{131, 116}, u32(1), node, text, {106}})}) {
        const term t = decode_bytes(bytes, options);
        EXPECT_EQ(encode_bytes(t), bytes);
        const term c = term::copy(t);
        EXPECT_EQ(encode_bytes(c), bytes);
    }
    EXPECT_FALSE(atom::existing("stranger"));
    EXPECT_EQ(decode_errc(encoded({{131, 116}, u32(2), node, text, {106}, node, text, {106}}), options),
              errc::duplicate_key);
    EXPECT_EQ(
        decode_errc(
            encoded({{131, 67}, u32(2), {1}, node, text, node, text, node, text, node, text, {106, 106}}),
            options),
        errc::duplicate_key);
}

TEST(codec_limits, a_key_interned_after_its_foreign_form_was_cached_is_still_the_same_key) {
    etf::atom_budget none(0);
    const term foreign = etf::resolve_atom("twin_key", none).value();
    ASSERT_TRUE(foreign.view().is_foreign_atom());
    const atom interned("twin_key");
    const etf::detail::word cache[] = {foreign.word()};
    etf::decode_options options;
    options.envelope = etf::envelope::distribution;
    options.cached_atoms = cache;
    const part cached{82, 0}, written = encoded({{119, 8}, interned.text()});
    EXPECT_EQ(decode_errc(encoded({{116}, u32(2), cached, {97, 1}, written, {97, 2}}), options),
              errc::duplicate_key);
    EXPECT_EQ(
        decode_errc(encoded({{67}, u32(2), {1}, written, written, cached, written, {106, 106}}), options),
        errc::duplicate_key);
    EXPECT_EQ(decode_errc(encoded({{116}, u32(2), cached, {97, 1}, {119, 2}, "ok", {97, 2}}), options),
              errc{});
}

/// In a process of its own: whether identifiers of ever new nodes leave half of the atom table to us.
bool half_of_the_table_stays_ours() {
    for (std::size_t i = 0; atom::count() < atom::max_atoms / 2 - 1; ++i)
        static_cast<void>(atom("filler_" + std::to_string(i)));
    etf::atom_budget none(0);
    etf::decode_options options;
    options.new_atoms = &none;
    const auto from = [&](const char* node) {
        const part length{static_cast<unsigned>(std::string_view(node).size())};
        return decode_bytes(encoded({{131, 88, 119}, length, node, u32(1), u32(2), u32(3)}), options);
    };
    const bool last = from("last@half").as<pid>().has_value();
    return last && from("one@more").as<pid>().error() == errc::atom_table_full &&
           from("last@half").as<pid>().has_value() && !atom::existing("one@more");
}

TEST(codec_limits, reading_identifiers_of_made_up_nodes_fills_half_of_the_atom_table_at_most) {
    EXPECT_EXIT(std::_Exit(half_of_the_table_stays_ours() ? 0 : 1), ::testing::ExitedWithCode(0), "");
}

TEST(codec_limits, resolve_atom_interns_within_the_budget_and_checks_the_text) {
    etf::atom_budget budget(1);
    EXPECT_FALSE(etf::resolve_atom("resolved first", budget)->view().is_foreign_atom());
    EXPECT_TRUE(etf::resolve_atom("resolved second", budget)->view().is_foreign_atom());
    EXPECT_FALSE(etf::resolve_atom("ok", budget)->view().is_foreign_atom());
    EXPECT_EQ(etf::resolve_atom("\xff", budget).error(), errc::bad_utf8);
    EXPECT_EQ(etf::resolve_atom(std::string(256, 'x'), budget).error(), errc::atom_too_long);
}

}  // namespace
}  // namespace rakka::testing
