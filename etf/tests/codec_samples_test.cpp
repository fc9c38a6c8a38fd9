// Every tag as a real BEAM wrote it: scripts/make_samples.escript made the files.
#include "support/encoded_bytes.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace rakka::testing {
namespace {

struct sample {
    std::string name;
    std::string how;
    std::string text;
};

byte_string read_file(const std::string& name) {
    std::ifstream in(std::filesystem::path(RAKKA_ETF_SAMPLES) / name, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    return part(std::string_view(content)).bytes;
}

std::vector<sample> samples() {
    std::ifstream in(std::filesystem::path(RAKKA_ETF_SAMPLES) / "samples.txt");
    std::vector<sample> all;
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields(line);
        sample s;
        std::getline(fields, s.name, '\t');
        std::getline(fields, s.how, '\t');
        std::getline(fields, s.text);
        if (s.how != "private") all.push_back(s);
    }
    return all;
}

class codec_sample : public ::testing::TestWithParam<sample> {};
void PrintTo(const sample& s, std::ostream* out) {
    *out << s.name;
}

TEST_P(codec_sample, decodes_whole_and_encodes_to_what_the_beam_writes) {
    const sample& s = GetParam();
    const byte_string bytes = read_file(s.name + ".bin");
    ASSERT_FALSE(bytes.empty());
    const auto d = etf::decode(bytes);
    ASSERT_TRUE(d) << make_error_code(d.error().code).message();
    EXPECT_EQ(d->bytes_used, bytes.size());
    EXPECT_EQ(etf::validate(bytes).value(), bytes.size());
    if (s.text != "-") {
        EXPECT_EQ(to_string(d->term.view(), {.charset = print_charset::unicode}), s.text);
    }

    etf::encode_options options;
    options.deterministic = s.how == "deterministic";
    options.compression = s.name == "compressed" ? 6 : 0;
    const byte_string again = encode_bytes(d->term, options);
    if (s.how != "legacy") {
        EXPECT_EQ(hex(again), hex(bytes));
    } else {
        EXPECT_NE(hex(again), hex(bytes));
        EXPECT_EQ(decode_bytes(again), d->term);
    }
}

TEST_P(codec_sample, is_refused_when_cut_at_any_byte) {
    const byte_string bytes = read_file(GetParam().name + ".bin");
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const byte_string cut(bytes.begin(),
                              bytes.begin() + static_cast<std::ptrdiff_t>(n));  // exact: ASan sees overreads
        EXPECT_FALSE(etf::decode(cut)) << n;
    }
}

/// Any answer will do but a crash, an overread or a term that does not survive another round.
TEST_P(codec_sample, survives_the_flip_of_any_byte) {
    byte_string bytes = read_file(GetParam().name + ".bin");
    etf::decode_options options;
    options.limits.max_words = 100'000;
    options.limits.max_new_atoms = 0;
    const std::size_t step = 1 + bytes.size() / 400;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
        for (const unsigned mask : {0x01u, 0x80u, 0xffu, 0x13u}) {
            bytes[i] ^= static_cast<std::byte>(mask);
            if (const auto d = etf::decode(bytes, options)) {
                const byte_string again = encode_bytes(d->term);
                EXPECT_EQ(decode_bytes(again), d->term) << hex(bytes);
            }
            bytes[i] ^= static_cast<std::byte>(mask);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(beam, codec_sample, ::testing::ValuesIn(samples()),
                         [](const auto& given) { return given.param.name; });

const reference them_ref(std::uint32_t words) {
    return {"them@example"_a,
            9,
            words,
            {1, words > 1 ? 2u : 0, words > 2 ? 3u : 0, words > 3 ? 4u : 0, words > 4 ? 5u : 0}};
}

TEST(codec_samples, mean_what_the_beam_says) {
    const std::map<std::string, term> expected = {
        {"integer_min", std::int64_t{-0x80000000ll}},
        {"small_big_int64_min", std::numeric_limits<std::int64_t>::min()},
        {"small_big_uint64_max", std::numeric_limits<std::uint64_t>::max()},
        {"new_float_tiny", 5.0e-324},
        {"float_text_negative", -1.0e-300},
        {"small_atom_utf8_latin1", "åäö"_a},
        {"atom_latin1_accents", "åäö"_a},
        {"small_atom_latin1", "åäö"_a},
        {"small_tuple", tuple("add"_a, 1, tuple(2))},
        {"string", charlist("hello")},
        {"list_improper", cons("alias"_a, 5)},
        {"list_improper_bytes", cons(1, cons(2, 3))},
        {"list_nested", list(list(list(list())), list(list("a"_a)))},
        {"binary", std::string_view("hello")},
        {"map_atoms", map("b"_a, 1, "a"_a, 2, "zz"_a, 3, "Z"_a, 4)},
        {"map_mixed", map(1, "a"_a, 1.0, "b"_a, "a"_a, "c"_a, "k", "d"_a, tuple("t"_a), "e"_a, list(), "f"_a,
                          charlist("l"), "g"_a)},
        {"new_pid", pid{"them@example"_a, 1, 2, 0x12345678}},
        {"new_pid_wide", pid{"them@example"_a, 0xffffffff, 0xfffffffe, 0xffffffff}},
        {"pid", pid{"them@example"_a, 77, 1, 3}},
        {"v4_port", port{"them@example"_a, 7, 0x123456789abcdef0}},
        {"new_port", port{"them@example"_a, 7, 5}},
        {"port", port{"them@example"_a, 3, 77}},
        {"newer_reference_1", them_ref(1)},
        {"newer_reference_3", them_ref(3)},
        {"newer_reference_5", them_ref(5)},
        {"reference", reference{"them@example"_a, 3, 1, {77}}},
        {"new_reference", reference{"them@example"_a, 3, 3, {1, 2, 3}}},
        {"list_of_tail_only", 7},
        {"small_big_zero_bytes", 0},
        {"large_tuple_small", tuple(1)},
    };
    for (const auto& [name, value] : expected)
        EXPECT_EQ(decode_bytes(read_file(name + ".bin")), value) << name;
}

/// LOCAL_EXT: what term_to_binary(T, [local]) writes for the very node that runs it.
TEST(codec_samples, what_only_its_own_node_reads_is_refused) {
    const byte_string bytes = read_file("local.bin");
    ASSERT_EQ(bytes.at(1), std::byte{121});
    EXPECT_EQ(decode_errc(bytes), etf::errc::bad_tag);
}

/// ATOM_CACHE_REF stands only in frames: see node/tests/wire/recorded_traffic_test.cpp.
TEST(codec_samples, cover_every_tag) {
    std::map<int, int> seen;
    for (const sample& s : samples())
        ++seen[static_cast<int>(read_file(s.name + ".bin").at(1))];
    for (const int tag : {67,  70,  77,  80,  88,  89,  90,  97,  98,  99,  100, 101, 102, 103, 104,
                          105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 118, 119, 120})
        EXPECT_TRUE(seen.contains(tag)) << tag;
}

}  // namespace
}  // namespace rakka::testing
