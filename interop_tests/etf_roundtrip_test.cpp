// Random terms of every kind, sent to a real BEAM and back: compared there with =:= and here as terms and as
// bytes.
#include "support/arbitrary_term.hpp"
#include "support/encoded_bytes.hpp"
#include "support/otp_test.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::testing {
namespace {

constexpr std::string_view counterpart = R"(
-module(rakka_etf_roundtrip).
-export([back/2, different/2, same_as_text/2]).

terms(Hex) -> [Bin || <<Size:32, Bin:Size/binary>> <= binary:decode_hex(Hex)].
hex(Bins) -> binary:encode_hex(<< <<(byte_size(B)):32, B/binary>> || B <- Bins >>).

%% What this release writes for each of the terms, or why it cannot read it.
back(Hex, Options) ->
    hex([try term_to_binary(binary_to_term(B), Options)
         catch Class:Reason -> unicode:characters_to_binary(io_lib:format("~0tp:~0tp", [Class, Reason])) end
         || B <- terms(Hex)]).

%% The numbers of the terms that are not =:= in the two lists. OTP 25 reads large maps with funs among their
%% keys twice and says that they differ; such terms tell nothing and are counted instead.
different(HexA, HexB) ->
    Pairs = lists:zip3(lists:seq(0, length(terms(HexA)) - 1), terms(HexA), terms(HexB)),
    Equal = fun(A, B) -> binary_to_term(A) =:= binary_to_term(B) end,
    {[N || {N, A, B} <- Pairs, not Equal(A, B), Equal(A, A)],
     case length([N || {N, A, _} <- Pairs, not Equal(A, A)]) of
         Few when Few * 50 =< length(Pairs) -> few;
         Many -> Many
     end}.

%% The numbers of the terms that are not =:= to what the compiler's parser reads from their texts.
same_as_text(HexTerms, HexTexts) ->
    [N || {N, B, Text} <- lists:zip3(lists:seq(0, length(terms(HexTerms)) - 1), terms(HexTerms), terms(HexTexts)),
          not same(B, unicode:characters_to_list(Text))].

same(Bin, Text) ->
    try
        {ok, Tokens, _} = erl_scan:string(Text ++ "."),
        {ok, Term} = erl_parse:parse_term(Tokens),
        Term =:= binary_to_term(Bin)
    catch _:_ -> false
    end.
)";

std::string hex_of(const std::vector<byte_string>& pieces) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    const auto add = [&](std::byte b) {
        out += digits[static_cast<unsigned>(b) >> 4];
        out += digits[static_cast<unsigned>(b) & 15];
    };
    for (const byte_string& p : pieces) {
        for (const std::byte b : u32(static_cast<std::uint32_t>(p.size())).bytes)
            add(b);
        for (const std::byte b : p)
            add(b);
    }
    return out;
}

/// Reads what hex() of the counterpart made, printed as <<"…">>.
std::vector<byte_string> pieces_of(std::string_view printed) {
    byte_string all;
    const std::string_view digits = printed.substr(3, printed.size() - 6);
    const auto value = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'A' + 10); };
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        all.push_back(static_cast<std::byte>(value(digits[i]) << 4 | value(digits[i + 1])));
    std::vector<byte_string> pieces;
    for (std::size_t at = 0; at + 4 <= all.size();) {
        std::size_t n = 0;
        for (int i = 0; i < 4; ++i)
            n = n << 8 | static_cast<std::size_t>(all[at++]);
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
        pieces.emplace_back(from, from + static_cast<std::ptrdiff_t>(n));
        at += n;
    }
    return pieces;
}

std::string printable(const byte_string& b) {
    return std::string(reinterpret_cast<const char*>(b.data()), b.size()).substr(0, 200);
}

class etf_roundtrip : public interop::otp_test {
protected:
    static constexpr int count = 400;

    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        beam = std::make_unique<interop::beam_node>(options("codec"));
        beam->load_module_source(counterpart);
    }

    /// The same every time: see property_seed().
    std::vector<term> random_terms(term_choices choices) {
        choices.records = choices.records && release() >= 29;
        choices.minus_zero = release() >= 26;  // before, 0.0 and -0.0 are one map key
        const auto gen = arbitrary_term(choices);
        const auto seed = property_seed() * 1000 + 1;
        std::vector<term> terms;
        for (int i = 0; i < count; ++i)
            terms.push_back(gen(rc::Random(seed + static_cast<std::uint64_t>(i))).value());
        return terms;
    }

    std::vector<byte_string> back(const std::vector<byte_string>& encoded, const std::string& how) {
        return pieces_of(
            beam->eval("rakka_etf_roundtrip:back(<<\"" + hex_of(encoded) + "\">>, " + how + ")"));
    }

    std::unique_ptr<interop::beam_node> beam;
};
RAKKA_OTP_TEST_SUITE(etf_roundtrip);

TEST_P(etf_roundtrip, terms_of_every_kind_come_back_equal) {
    const std::vector<term> terms = random_terms({});
    std::vector<byte_string> bytes;
    for (const term& t : terms)
        bytes.push_back(encode_bytes(t));
    const auto answers = back(bytes, "[]");
    ASSERT_EQ(answers.size(), terms.size());
    for (std::size_t i = 0; i < terms.size(); ++i) {
        const auto d = etf::decode(answers[i]);
        ASSERT_TRUE(d) << "BEAM: " << printable(answers[i]) << "\nterm: " << terms[i].to_string() << '\n'
                       << hex(bytes[i]);
        EXPECT_EQ(d->term, terms[i]) << hex(bytes[i]);
        EXPECT_EQ(d->bytes_used, answers[i].size());
    }
}

// What the BEAM was sent is to it the same term as what it gets back once we have read and written its own
// answer.
TEST_P(etf_roundtrip, terms_of_every_kind_are_the_same_to_the_beam_after_a_round_through_us) {
    const std::vector<term> terms = random_terms({});
    std::vector<byte_string> sent;
    for (const term& t : terms)
        sent.push_back(encode_bytes(t));
    std::vector<byte_string> returned;
    for (const byte_string& answer : back(sent, "[{minor_version, 1}]"))
        returned.push_back(encode_bytes(decode_bytes(answer)));
    ASSERT_EQ(returned.size(), terms.size());
    EXPECT_EQ(beam->eval("rakka_etf_roundtrip:different(<<\"" + hex_of(sent) + "\">>, <<\"" +
                         hex_of(returned) + "\">>)"),
              "{[],few}")
        << "numbers of terms that differ, and how many differ from themselves";
}

// Funs are left out: from OTP 26 on the BEAM puts a pid of its own in the place of their creator.
TEST_P(etf_roundtrip, our_bytes_are_the_bytes_the_beam_writes) {
    const std::vector<term> terms = random_terms({.funs = false});
    std::vector<byte_string> bytes;
    for (const term& t : terms)
        bytes.push_back(encode_bytes(t, {.deterministic = true}));
    const auto answers = back(bytes, "[deterministic, {minor_version, 2}]");
    ASSERT_EQ(answers.size(), terms.size());
    const bool old_ports = release() < 26;
    for (std::size_t i = 0; i < terms.size(); ++i) {
        // OTP 25 writes NEW_PORT_EXT while a port's number fits: decoding and encoding makes both the same.
        const byte_string theirs =
            old_ports ? encode_bytes(decode_bytes(answers[i]), {.deterministic = true}) : answers[i];
        EXPECT_EQ(hex(theirs), hex(bytes[i])) << terms[i].to_string();
    }
}

TEST_P(etf_roundtrip, our_terms_are_what_erlang_reads_from_their_text) {
    const std::vector<term> terms = random_terms({.records = false, .funs = false, .identifiers = false});
    std::vector<byte_string> bytes, texts;
    for (const term& t : terms) {
        bytes.push_back(encode_bytes(t));
        texts.push_back(part(t.to_string()).bytes);
    }
    const std::string different = beam->eval("rakka_etf_roundtrip:same_as_text(<<\"" + hex_of(bytes) +
                                             "\">>, <<\"" + hex_of(texts) + "\">>)");
    EXPECT_EQ(different, "[]") << "numbers of terms that differ";
}

}  // namespace
}  // namespace rakka::testing
