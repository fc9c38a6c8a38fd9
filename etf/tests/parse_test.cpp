#include "support/arbitrary_term.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/parse.hpp>
#include <rakka/etf/print.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace rakka {
namespace {

/// The text that the term read from `text` prints as, or the error.
std::string read(std::string_view text) {
    const auto t = parse_term(text);
    return t ? t->to_string() : "error " + t.error().message();
}

TEST(parse, reads_every_form_of_term) {
    const std::pair<const char*, const char*> forms[] = {
        {"1", "1"},
        {"-5.", "-5"},
        {"+5", "5"},
        {"- 5", "-5"},
        {"16#fF", "255"},
        {"-2#101", "-5"},
        {"1_000", "1000"},
        {"$a", "97"},
        {"$\\n", "10"},
        {"$\\x{3b1}", "945"},
        {"$ ", "32"},
        {"1.5e3", "1.5e3"},
        {"1.0E-5", "1.0e-5"},
        {"-0.0", "-0.0"},
        {"1_0.2_5", "10.25"},
        {"36#zz", "1295"},
        {"1152921504606846976", "1152921504606846976"},
        {"-18446744073709551616", "-18446744073709551616"},
        {"16#ffffffffffffffffffff", "1208925819614629174706175"},
        {"abc", "abc"},
        {"a@b_C1", "a@b_C1"},
        {"'A b'", "'A b'"},
        {"'it\\'s'", "'it\\'s'"},
        {"''", "''"},
        {"'end'", "'end'"},
        {"åb", "åb"},
        {"\"abc\"", "\"abc\""},
        {"\"a\" \"b\"\n\"c\"", "\"abc\""},
        {"\"\"", "[]"},
        {"\"\\x{3b1}\\^a\\101\\s\"", "[945,1,65,32]"},
        {"\"a\nb\"", "\"a\\nb\""},
        {"<<>>", "<<>>"},
        {"<<1,2,3>>", "<<1,2,3>>"},
        {"<<\"abc\">>", "<<\"abc\">>"},
        {"<<\"abc\",1:1>>", "<<97,98,99,1:1>>"},
        {"<<5:16>>", "<<0,5>>"},
        {"<<-1>>", "<<\"ÿ\">>"},
        {"<<\"å\"/utf8>>", "<<\"Ã¥\">>"},
        {"<<\"å\">>", "<<\"å\">>"},
        {"<<1:4,2:4>>", "<<18>>"},
        {"<<1:3,255:8>>", "<<63,7:3>>"},
        {"{}", "{}"},
        {"{a,{b},[]}", "{a,{b},[]}"},
        {" { a , 1 } . % done", "{a,1}"},
        {"[a|b]", "[a|b]"},
        {"[1,2|[3]]", "[1,2,3]"},
        {"[]", "[]"},
        {"#{}", "#{}"},
        {"#{a=>1,b=>#{c=>2}}", "#{a => 1,b => #{c => 2}}"},
        {"#{a=>1,a=>2}", "#{a => 2}"},
        {"fun lists:map/2", "fun lists:map/2"},
        {"fun 'A':'b c'/0", "fun 'A':'b c'/0"},
        {"#m:r{}", "#m:r{}"},
        {"#m:r{a=1,b = {x}}", "#m:r{a = 1,b = {x}}"},
        {"% first\n{a, % inner\n b}\n", "{a,b}"},
    };
    for (const auto& [text, expected] : forms)
        EXPECT_EQ(read(text), expected) << text;
}

TEST(parse, says_what_is_wrong_and_where) {
    const std::pair<const char*, const char*> wrong[] = {
        {"", "error 1:1: expected a term"},
        {"{a,", "error 1:4: expected a term"},
        {"{a b}", "error 1:4: expected ',' or '}'"},
        {"{a,}", "error 1:4: expected a term"},
        {"[a|b,c]", "error 1:5: expected ']'"},
        {"[|a]", "error 1:2: expected a term"},
        {"#{a,b}", "error 1:4: expected '=>'"},
        {"a b", "error 1:3: expected the end"},
        {"a. b.", "error 1:4: expected the end"},
        {"{a,\n  'b\n", "error 2:3: a quoted text without an end"},
        {"å ?", "error 1:3: unexpected character"},
        {"1.e5", "error 1:2: unexpected '.'"},
        {"1.0e400", "error 1:1: a float out of range"},
        {"99#1", "error 1:1: the base of an integer is 2 to 36"},
        {"X", "error 1:1: unexpected character"},
        {"fun a/1", "error 1:6: expected ':'"},
        {"fun a:b/256", "error 1:9: expected an arity of 0 to 255"},
        {"<<1:65>>", "error 1:5: expected a size of 0 to 64"},
        {"<<a>>", "error 1:3: expected an integer or a string"},
        {"-a", "error 1:2: expected a number"},
        {"<0.1.2>", "error 1:1: a pid of this node: parse_options::origin must say of which system"},
        {"{a,<7.38.0>}", "error 1:4: a pid of another node: its text does not tell of which"},
        {"#Ref<7.1.2.3>", "error 1:1: a reference of another node: its text does not tell of which"},
        {"#Port<7.1>", "error 1:1: a port of another node: its text does not tell of which"},
        {"<0.1>", "error 1:1: a pid is written <0.1.2>"},
        {"#Port<0.1.2>", "error 1:1: a port is written #Port<0.1>"},
        {"#Ref<0>", "error 1:1: a reference is written #Ref<0.1.2.3>"},
        {"<0.1.2", "error 1:7: a malformed identifier"},
        {"<0.1.>", "error 1:6: a malformed identifier"},
        {"<0.1.-2>", "error 1:6: a malformed identifier"},
        {"#Ref<0.1.2.3.4.5.6>", "error 1:18: a malformed identifier"},
        {"#Port<0.18446744073709551616>", "error 1:9: a malformed identifier"},
        {"[#Fun<m.1.2>]", "error 1:2: a local fun cannot be read back from its text"},
        {"#Resource<>", "error 1:1: this has no text to be read back from"},
        {"#Refs", "error 1:2: unexpected character"},
        {"\"\\x{110000}\"", "error 1:12: not a character"},
        {"#m:r{a=1,a=2}", "error 1:14: the same field twice"},
        {"#r{}", "error 1:3: expected ':'"},
    };
    for (const auto& [text, expected] : wrong)
        EXPECT_EQ(read(text), expected) << text;
    EXPECT_EQ(parse_term("\"\xff\"").error().code, etf::errc::bad_utf8);
    EXPECT_EQ(parse_term("{").error().code, etf::errc::syntax);
    EXPECT_THROW((void)parse_term("{").value(), boost::system::system_error);
}

TEST(parse, reads_files_of_terms) {
    const auto terms = parse_terms("%% config\n{port, 1234}.\n\n[{name, \"x\"}].\n#{a => 1.0}.%\n").value();
    ASSERT_EQ(terms.size(), 3u);
    EXPECT_EQ(terms[0], term(tuple("port"_a, 1234)));
    EXPECT_EQ(terms[2], term(map("a"_a, 1.0)));
    EXPECT_TRUE(parse_terms(" % nothing\n").value().empty());
    EXPECT_EQ(parse_terms("{a}.\n{b}").error().message(), "2:4: expected '.'");
}

TEST(parse, keeps_to_its_limits) {
    EXPECT_EQ(parse_term("[[[[]]]]", {.limits = {.max_depth = 3}}).error().code, etf::errc::too_deep);
    EXPECT_TRUE(parse_term("[[[]]]", {.limits = {.max_depth = 3}}));
    EXPECT_EQ(parse_term("12345", {.limits = {.max_digits = 4}}).error().code, etf::errc::too_large);
    EXPECT_EQ(parse_term("parse_test_atom_never_seen", {.limits = {.max_new_atoms = 0}}).error().code,
              etf::errc::atom_table_full);
    EXPECT_TRUE(parse_term("ok", {.limits = {.max_new_atoms = 0}}));
    EXPECT_EQ(parse_term("'" + std::string(300, 'a') + "'").error().code, etf::errc::atom_too_long);
    std::string deep(1'000'000, '{');
    EXPECT_EQ(parse_term(deep).error().code, etf::errc::too_deep);
    EXPECT_EQ(parse_term(deep, {.limits = {.max_depth = 2'000'000}}).error().code, etf::errc::syntax)
        << "no crash either";
}

TEST(parse, reads_identifiers_of_this_node) {
    const std::uint32_t origin = etf::local_origin::acquire();
    etf::local_origin::set_identity(origin, {"a@b"_a, 17});
    const parse_options of_this_node{.origin = origin};
    const auto read_one = [&](std::string_view text) { return parse_term(text, of_this_node).value(); };

    EXPECT_EQ(read_one("<0.7.3>").as<pid>().value(), (pid{{}, 7, 3, origin}));
    EXPECT_EQ(read_one("#Ref<0.3.2.1>").as<reference>().value(), (reference{{}, origin, 3, {1, 2, 3}}));
    EXPECT_EQ(read_one("#Port<0.5>").as<port>().value(), (port{"a@b"_a, 17, 5}));
    EXPECT_EQ(read_one("{<0.7.3>, [#Ref<0.5.4.3.2.1>|<0.33554431.268435455>]}").to_string(),
              "{<0.7.3>,[#Ref<0.5.4.3.2.1>|<0.33554431.268435455>]}");
    EXPECT_EQ(read_one("#Port<0.18446744073709551615>").as<port>()->id, ~std::uint64_t{0});

    for (const char* text : {"<0.33554432.1>", "<0.1.268435456>", "<0.1.0>", "#Ref<0.4294967296>"})
        EXPECT_EQ(parse_term(text, of_this_node).error().code, etf::errc::syntax) << text;
    etf::local_origin::release(origin);
}

RC_GTEST_PROP(parse_property, reads_back_identifiers_of_this_node, ()) {
    const auto below = [](std::uint64_t end) {
        return *rc::gen::resize(100, rc::gen::inRange<std::uint64_t>(0, end));
    };
    reference r{{}, 1, static_cast<std::uint32_t>(1 + below(5)), {}};
    for (std::size_t i = 0; i < r.size; ++i)
        r.words[i] = static_cast<std::uint32_t>(below(1ull << 32));
    const pid p{{},
                static_cast<std::uint32_t>(below(1 << 25)),
                static_cast<std::uint32_t>(1 + below((1 << 28) - 1)),
                1};
    const term t = map(p, list(r, p), r, tuple(p, "x"_a));
    const auto back = parse_term(to_string(t.view(), {.line_length = below(100)}), {.origin = 1});
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == t);
}

RC_GTEST_PROP(parse_property, reads_back_what_is_printed, ()) {
    const term t = *testing::arbitrary_term({.records = false, .funs = false, .identifiers = false});
    const auto length = static_cast<std::size_t>(*rc::gen::element(0, 10, 80));
    for (const auto style : {print_style::pretty, print_style::plain})
        for (const auto charset : {print_charset::latin1, print_charset::unicode}) {
            const std::string text =
                to_string(t.view(), {.style = style, .charset = charset, .line_length = length});
            const auto back = parse_term(text);
            if (!back) RC_FAIL(text + " -> " + back.error().message());
            RC_ASSERT(*back == t);
        }
}

}  // namespace
}  // namespace rakka
