// What decoding accepts, normalises and refuses, tag by tag.
#include "block_pool.hpp"
#include "support/encoded_bytes.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

namespace rakka::testing {
namespace {

using etf::errc;

struct refused {
    const char* why;
    byte_string bytes;
    errc code;
    std::size_t offset;
};

const byte_string a_b = encoded({{119, 3}, "a@b"});

std::vector<refused> refusals() {
    const part big_e = std::string(256, 'e');
    return {
        {"nothing", {}, errc::truncated, 0},
        {"another version", encoded({{130, 106}}), errc::bad_version, 0},
        {"a version only", encoded({{131}}), errc::truncated, 1},
        {"an unknown tag", encoded({{131, 1}}), errc::bad_tag, 1},
        {"an internal tag", encoded({{131, 72, 0}}), errc::bad_tag, 1},
        {"LOCAL_EXT", encoded({{131, 121, 0, 0, 0, 0, 97, 1}}), errc::bad_tag, 1},
        {"FUN_EXT", encoded({{131, 117, 0, 0, 0, 0}}), errc::bad_tag, 1},
        {"a second version byte", encoded({{131, 131, 97, 1}}), errc::bad_tag, 1},
        {"a cache reference without a header", encoded({{131, 82, 0}}), errc::bad_tag, 1},
        {"the second element", encoded({{131, 104, 2, 106, 255}}), errc::bad_tag, 4},
        {"a NaN", encoded({{131, 70, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0}}), errc::bad_float, 1},
        {"an infinity", encoded({{131, 70, 0xff, 0xf0, 0, 0, 0, 0, 0, 0}}), errc::bad_float, 1},
        {"a float in words", encoded({{131, 99}, "inf", std::string(28, '\0')}), errc::bad_float, 1},
        {"a float without a point", encoded({{131, 99}, "1e5", std::string(28, '\0')}), errc::bad_float, 1},
        {"a float too large", encoded({{131, 99}, "1.0e400", std::string(24, '\0')}), errc::bad_float, 1},
        {"a float with a second one behind", encoded({{131, 99}, "1.5 2.5", std::string(24, '\0')}),
         errc::bad_float, 1},
        {"bits without bytes", encoded({{131, 77}, u32(0), {1}}), errc::bad_length, 1},
        {"no bits", encoded({{131, 77}, u32(1), {0, 1}}), errc::bad_length, 1},
        {"nine bits", encoded({{131, 77}, u32(1), {9, 1}}), errc::bad_length, 1},
        {"bad UTF-8", encoded({{131, 119, 1, 0xff}}), errc::bad_utf8, 1},
        {"a surrogate", encoded({{131, 119, 3, 0xed, 0xa0, 0x80}}), errc::bad_utf8, 1},
        {"an overlong character", encoded({{131, 119, 2, 0xc0, 0x80}}), errc::bad_utf8, 1},
        {"256 characters", encoded({{131, 118}, u16(256), big_e}), errc::atom_too_long, 1},
        {"256 Latin-1 characters", encoded({{131, 100}, u16(256), big_e}), errc::atom_too_long, 1},
        {"six words of reference", encoded({{131, 90}, u16(6), a_b, std::string(28, '\0')}), errc::bad_length,
         1},
        {"an old pid of creation 4", encoded({{131, 103}, a_b, u32(1), u32(1), {4}}), errc::out_of_range, 1},
        {"an old port of creation 4", encoded({{131, 102}, a_b, u32(1), {4}}), errc::out_of_range, 1},
        {"an old reference of 19 bits", encoded({{131, 101}, a_b, u32(1 << 18), {1}}), errc::out_of_range, 1},
        {"an older reference of 19 bits", encoded({{131, 114}, u16(1), a_b, {1}, u32(1 << 18)}),
         errc::out_of_range, 1},
        {"a pid of no atom", encoded({{131, 88, 97, 1}, std::string(12, '\0')}), errc::bad_tag, 1},
        {"a map with equal keys", encoded({{131, 116}, u32(2), {97, 1, 106, 98}, u32(1), {106}}),
         errc::duplicate_key, 1},
        {"a deeper map with equal keys", encoded({{131, 104, 1, 116}, u32(2), {106, 106, 106, 106}}),
         errc::duplicate_key, 3},
        {"a record with equal fields",
         encoded({{131, 67}, u32(2), {1, 119, 1, 'm', 119, 1, 'n', 119, 1, 'f', 115, 1, 'f', 106, 106}}),
         errc::duplicate_key, 1},
        {"a record with an unknown flag", encoded({{131, 67}, u32(0), {2, 119, 1, 'm', 119, 1, 'n'}}),
         errc::bad_length, 1},
        {"a fun of arity 256", encoded({{131, 113, 119, 1, 'm', 119, 1, 'f', 98}, u32(256)}), errc::bad_tag,
         1},
        {"a fun of a number", encoded({{131, 113, 97, 1, 119, 1, 'f', 97, 1}}), errc::bad_tag, 1},
        {"a tuple larger than its bytes", encoded({{131, 105}, u32(0xffffffff)}), errc::truncated, 1},
        {"a list larger than its bytes", encoded({{131, 108}, u32(0xffffffff)}), errc::truncated, 1},
        {"a map larger than its bytes", encoded({{131, 116}, u32(0xffffffff)}), errc::truncated, 1},
        {"a record larger than its bytes", encoded({{131, 67}, u32(0xffffffff), {0}}), errc::truncated, 1},
        {"a binary larger than its bytes", encoded({{131, 109}, u32(0xffffffff), "abc"}), errc::truncated, 1},
        {"an integer larger than its bytes", encoded({{131, 111}, u32(0xffffffff), {0, 1}}), errc::truncated,
         1},
        {"a compressed header cut short", encoded({{131, 80, 0, 0}}), errc::truncated, 1},
        {"compressed garbage", encoded({{131, 80}, u32(10), "garbage, all of it"}), errc::bad_compressed, 1},
        {"a compressed promise", encoded({{131, 80}, u32(60'000'000), "tiny"}), errc::bad_compressed, 1},
        {"compressed inside a term", encoded({{131, 104, 1, 80}, u32(1), "x"}), errc::bad_tag, 3},
    };
}

TEST(codec_decode, refuses_what_the_beam_refuses_and_says_where) {
    for (const refused& r : refusals()) {
        const auto d = etf::decode(r.bytes);
        ASSERT_FALSE(d) << r.why;
        EXPECT_EQ(d.error().code, r.code) << r.why << ": " << make_error_code(d.error().code).message();
        EXPECT_EQ(d.error().offset, r.offset) << r.why;
        if (r.code == errc::duplicate_key) continue;  // those show only in the built term
        EXPECT_FALSE(etf::validate(r.bytes)) << r.why;
    }
}

TEST(codec_decode, errors_throw_with_their_offset_when_the_value_is_taken_all_the_same) {
    const byte_string bad = encoded({{131, 104, 1, 255}});
    try {
        (void)etf::decode(bad).value();
        FAIL();
    } catch (const boost::system::system_error& e) {
        EXPECT_EQ(e.code(), errc::bad_tag);
        EXPECT_NE(std::string_view(e.what()).find("byte 3"), std::string_view::npos) << e.what();
    }
}

TEST(codec_decode, bytes_behind_the_term_are_left_alone) {
    const byte_string two = encoded({{131, 97, 5, 131, 97, 6}});
    const auto d = etf::decode(two).value();
    EXPECT_EQ(d.term, term(5));
    EXPECT_EQ(d.bytes_used, 3u);
    EXPECT_EQ(etf::validate(two).value(), 3u);
}

TEST(codec_decode, normalises_integers_of_any_width) {
    const auto value = [](std::initializer_list<part> parts) { return decode_bytes(encoded(parts)); };
    EXPECT_EQ(value({{131, 98}, u32(5)}), term(5));
    EXPECT_EQ(value({{131, 110, 1, 0, 5}}), term(5));
    EXPECT_EQ(value({{131, 110, 3, 1, 5, 0, 0}}), term(-5));
    EXPECT_EQ(value({{131, 110, 0, 1}}), term(0));
    EXPECT_EQ(value({{131, 110, 2, 1, 0, 0}}), term(0));
    EXPECT_EQ(value({{131, 111}, u32(1), {0, 9}}), term(9));
    EXPECT_EQ(value({{131, 110, 9, 0}, std::string(8, '\xff'), {0}}), term(~std::uint64_t{0}));
    for (const std::int64_t edge : {etf::detail::small_max, etf::detail::small_max + 1,
                                    etf::detail::small_min, etf::detail::small_min - 1}) {
        const term t = to_term(edge);
        const term back = decode_bytes(encode_bytes(t));
        EXPECT_EQ(back, t);
        EXPECT_EQ(back.owner() == nullptr, t.owner() == nullptr) << "the same value in two forms";
    }
}

TEST(codec_decode, lists_may_go_on_in_their_tail_in_any_encoding) {
    const term whole = list(1, 2, 3);
    const part elements[] = {{97, 1}, {97, 2}, {97, 3}};
    EXPECT_EQ(decode_bytes(
                  encoded({{131, 108}, u32(1), elements[0], {108}, u32(2), elements[1], elements[2], {106}})),
              whole);
    EXPECT_EQ(decode_bytes(encoded({{131, 108}, u32(1), elements[0], {107, 0, 2, 2, 3}})), whole);
    EXPECT_EQ(decode_bytes(encoded({{131, 108}, u32(3), elements[0], elements[1], elements[2], {107, 0, 0}})),
              whole);
    EXPECT_EQ(decode_bytes(
                  encoded({{131, 108}, u32(3), elements[0], elements[1], elements[2], {108}, u32(0), {106}})),
              whole);
    EXPECT_EQ(decode_bytes(encoded({{131, 108}, u32(0), {108}, u32(0), {107, 0, 3, 1, 2, 3}})), whole);
    EXPECT_EQ(decode_bytes(encoded({{131, 108}, u32(1), elements[0], {108}, u32(0), {97, 2}})),
              term(cons(1, 2)));
    EXPECT_EQ(decode_bytes(encoded({{131, 104, 2, 108}, u32(0), {97, 7, 97, 8}})), term(tuple(7, 8)));
}

TEST(codec_decode, a_million_levels_need_no_stack) {
    constexpr std::size_t deep = 1'000'000;
    byte_string tuples = encoded({{131}}), tails = tuples, heads = tuples;
    for (std::size_t i = 0; i < deep; ++i) {
        for (const unsigned b : {104, 1})
            tuples.push_back(std::byte(b));
        for (const unsigned b : {108, 0, 0, 0, 1, 97, 1})
            tails.push_back(std::byte(b));
        for (const unsigned b : {108, 0, 0, 0, 1})
            heads.push_back(std::byte(b));
    }
    tuples.push_back(std::byte{106});
    tails.push_back(std::byte{106});
    for (std::size_t i = 0; i < deep + 1; ++i)
        heads.push_back(std::byte{106});
    EXPECT_EQ(encode_bytes(decode_bytes(tuples)), tuples);
    EXPECT_EQ(encode_bytes(decode_bytes(heads)), heads);
    EXPECT_EQ(decode_bytes(tails).view().list().size(), deep);
    const term t = decode_bytes(heads), c = term::copy(t);
    EXPECT_EQ(encode_bytes(c), heads);
}

TEST(codec_decode, fills_one_arena_of_just_the_right_size) {
    const term t =
        decode_bytes(encode_bytes(tuple("ok"_a, list(1, 2, 300), std::string(20, 'x'), map(1, 2.5))));
    ASSERT_NE(t.owner(), nullptr);
    const std::size_t words = (1 + 4) + (3 + 1) + (1 + 3) + (1 + 2);
    EXPECT_EQ(t.owner()->bytes(),
              etf::detail::block_size(sizeof(etf::detail::arena) + words * sizeof(etf::detail::word)));
    for (const term& small : {term(1), term("ok"_a), term(list()), term(2.5)})
        EXPECT_EQ(decode_bytes(encode_bytes(small)).owner(), nullptr);
    EXPECT_EQ(decode_bytes(encode_bytes(tuple())).owner(), nullptr);
}

TEST(codec_decode, unused_bits_of_a_bit_string_are_cleared) {
    const term t = decode_bytes(encoded({{131, 77}, u32(1), {3, 0xff}}));
    EXPECT_EQ(t.view().bit_size(), 3u);
    EXPECT_EQ(t, decode_bytes(encoded({{131, 77}, u32(1), {3, 0xe0}})));
    EXPECT_EQ(decode_bytes(encoded({{131, 77}, u32(2), {8, 'h', 'i'}})), term(std::string_view("hi")));
}

class codec_in_a_buffer : public ::testing::Test {
protected:
    /// The bytes as a packet in a shared buffer, decoded so that large binaries refer to it.
    term decode_shared(const byte_string& bytes) {
        buffer = etf::shared_buffer::make(bytes.size());
        std::copy(bytes.begin(), bytes.end(), buffer->data());
        etf::decode_options options;
        options.buffer = buffer;
        return etf::decode({buffer->data(), bytes.size()}, options).value().term;
    }
    [[nodiscard]] bool inside(term_view t) const {
        const auto b = t.bytes();
        return b.data() >= buffer->data() && b.data() + b.size() <= buffer->data() + buffer->size();
    }
    etf::shared_buffer* buffer = nullptr;
};

TEST_F(codec_in_a_buffer, large_binaries_are_slices_and_small_ones_copies) {
    term t = decode_shared(
        encode_bytes(tuple(std::string(64, 'a'), std::string(65, 'b'), std::string(1000, 'c'))));
    EXPECT_FALSE(inside(t.tuple()[0]));
    EXPECT_TRUE(inside(t.tuple()[1]));
    EXPECT_TRUE(inside(t.tuple()[2]));
    EXPECT_EQ(t.owner()->bytes(),
              etf::detail::block_size(sizeof(etf::detail::arena) +
                                      (4 + 9 + 3 + 3 + etf::detail::attachment::words) * 8));
    EXPECT_FALSE(buffer->unique());
    EXPECT_EQ(t.tuple()[2].as<std::string>().value(), std::string(1000, 'c'));
    term copy = term::copy(t);
    t = {};
    EXPECT_FALSE(buffer->unique()) << "the copy refers to the bytes too";
    EXPECT_EQ(copy.tuple()[1].as<std::string>().value(), std::string(65, 'b'));
    copy = {};
    EXPECT_TRUE(buffer->unique());
    buffer->release();
}

TEST_F(codec_in_a_buffer, a_partial_last_byte_with_stray_bits_is_copied) {
    byte_string bits = encoded({{131, 77}, u32(70), {3}, std::string(69, 'x'), {0xff}});
    term dirty = decode_shared(bits);
    EXPECT_FALSE(inside(dirty));
    EXPECT_TRUE(buffer->unique());
    buffer->release();
    bits.back() = std::byte{0xe0};
    term clean = decode_shared(bits);
    EXPECT_TRUE(inside(clean));
    EXPECT_EQ(clean, dirty);
    clean = {};
    buffer->release();
}

TEST(codec_decode, large_binaries_of_a_compressed_term_keep_what_it_inflated_to) {
    const term t = tuple(std::string(5000, 'z'), "end"_a);
    const byte_string packed = encode_bytes(t, {.compression = 1});
    EXPECT_LT(packed.size(), 200u);
    EXPECT_EQ(packed[1], std::byte{80});
    const auto d = etf::decode(packed).value();
    EXPECT_EQ(d.term, t);
    EXPECT_EQ(d.bytes_used, packed.size());
    byte_string longer = packed;
    longer.push_back(std::byte{1});
    EXPECT_EQ(etf::decode(longer).value().bytes_used, packed.size());
    byte_string lying = packed;
    lying[5] ^= std::byte{1};  // the size
    EXPECT_EQ(decode_errc(lying), errc::bad_compressed);
}

TEST(codec_decode, distribution_terms_have_no_version_byte_and_are_never_compressed) {
    etf::decode_options options;
    options.envelope = etf::envelope::distribution;
    EXPECT_EQ(decode_bytes(encoded({{97, 5}}), options), term(5));
    EXPECT_EQ(decode_errc(encoded({{131, 97, 5}}), options), errc::bad_tag);
    EXPECT_EQ(
        decode_errc(encode_bytes(list("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), {.version = false}),
                    options),
        errc{});
    EXPECT_EQ(decode_errc(encoded({{80}, u32(2)}), options), errc::bad_tag);
}

TEST(codec_decode, cache_references_stand_for_the_atoms_of_the_header) {
    etf::atom_budget none(0);
    const term foreign = etf::resolve_atom("a foreign atom of the header", none).value();
    ASSERT_TRUE(foreign.view().is_foreign_atom());
    const etf::detail::word table[] = {term_view("ok"_a).word(), foreign.word(), etf::detail::no_word};
    etf::decode_options options;
    options.envelope = etf::envelope::distribution;
    options.cached_atoms = table;
    const term t =
        decode_bytes(encoded({{104, 3, 82, 0, 82, 1, 88, 82, 0}, u32(1), u32(2), u32(3)}), options);
    EXPECT_EQ(t.tuple()[0], "ok"_a);
    EXPECT_EQ(t.tuple()[1], foreign);
    EXPECT_NE(t.tuple()[1].word(), foreign.word()) << "copied: the table may go";
    EXPECT_EQ(t.tuple()[2].as<pid>().value(), (pid{"ok"_a, 1, 2, 3}));
    EXPECT_EQ(decode_errc(encoded({{82, 3}}), options), errc::bad_cache_reference);
    EXPECT_EQ(decode_errc(encoded({{82, 2}}), options), errc::bad_cache_reference);
    EXPECT_EQ(decode_errc(encoded({{82}}), options), errc::truncated);
}

class codec_with_a_node : public ::testing::Test {
protected:
    void SetUp() override { etf::local_origin::set_identity(origin, {"me@here"_a, 77}); }
    void TearDown() override { etf::local_origin::release(origin); }
    [[nodiscard]] etf::decode_options options() const {
        etf::decode_options o;
        o.own = {"me@here"_a, 77};
        o.origin = origin;
        return o;
    }
    const std::uint32_t origin = etf::local_origin::acquire();
};

TEST_F(codec_with_a_node, own_pids_and_references_come_home) {
    const pid local{{}, 1234, 56, origin};
    const reference ref{{}, origin, 3, {1, 2, 3}};
    const term t = tuple(local, ref);
    const byte_string bytes = encode_bytes(t);
    EXPECT_EQ(decode_bytes(bytes),
              term(tuple(pid{"me@here"_a, 1234, 56, 77}, reference{"me@here"_a, 77, 3, {1, 2, 3}})));
    const term back = decode_bytes(bytes, options());
    EXPECT_TRUE(back.tuple()[0].as<pid>()->is_local());
    EXPECT_EQ(back.tuple()[0].as<pid>().value(), local);
    EXPECT_EQ(back.tuple()[1].as<reference>().value(), ref);
    EXPECT_EQ(encode_bytes(back), bytes);
    EXPECT_EQ(back.owner()->bytes(), etf::detail::block_size(sizeof(etf::detail::arena) + (1 + 2 + 5) * 8))
        << "a local pid is an immediate";
}

TEST_F(codec_with_a_node, pids_of_another_creation_or_beyond_our_own_stay_external) {
    const std::uint32_t slots = 1u << etf::detail::pid_slot_bits,
                        serials = 1u << etf::detail::pid_serial_bits;
    for (const pid& p :
         {pid{"me@here"_a, 1, 1, 78}, pid{"me@there"_a, 1, 1, 77}, pid{"me@here"_a, slots, 1, 77},
          pid{"me@here"_a, 1, serials, 77}, pid{"me@here"_a, 1, 0, 77}}) {
        const byte_string bytes = encode_bytes(term(p));
        const term back = decode_bytes(bytes, options());
        EXPECT_EQ(back.as<pid>().value(), p);
        EXPECT_EQ(encode_bytes(back), bytes);
    }
    const pid last{"me@here"_a, slots - 1, serials - 1, 77};
    const term t(last);
    EXPECT_TRUE(decode_bytes(encode_bytes(t), options()).as<pid>()->is_local());
}

// The measuring pass must not take the bytes of a Latin-1 text for the UTF-8 that they happen to be as well.
TEST_F(codec_with_a_node, a_latin1_node_name_is_ours_as_text_not_as_bytes) {
    const std::string utf8 = "m\u00e9@here", latin1 = "m\xe9@here";
    etf::decode_options o = options();
    o.own.name = atom(utf8);
    const auto pid_of = [](unsigned tag, const std::string& name) {
        const part length{static_cast<unsigned>(name.size())};
        return encoded({{131, 88, tag}, length, name, u32(1), u32(1), u32(77)});
    };
    EXPECT_TRUE(decode_bytes(pid_of(119, utf8), o).as<pid>()->is_local());
    EXPECT_TRUE(decode_bytes(pid_of(115, latin1), o).as<pid>()->is_local());
    const term other = decode_bytes(pid_of(115, utf8), o);
    EXPECT_EQ(other.as<pid>().value(), (pid{atom("m\u00c3\u00a9@here"), 1, 1, 77}));
    EXPECT_EQ(other.owner()->bytes(), etf::detail::block_size(sizeof(etf::detail::arena) + 4 * 8));
}

}  // namespace
}  // namespace rakka::testing
