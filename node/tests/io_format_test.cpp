// io_lib:format/2. The expected texts are those of Erlang/OTP.
#include "services/io_format.hpp"

#include "services/io_requests.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/parse.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka::testing {
namespace {

using namespace rakka::literals;

std::string format(const std::string& f, const std::string& arguments) {
    const auto given = parse_term(arguments);
    EXPECT_TRUE(given) << arguments;
    const term text(f);
    return detail::io_lib_format(text, *given).value_or("badarg");
}

TEST(io_format, terms_and_text) {
    EXPECT_EQ(format("~p and ~w~n", R"([{a, "text"}, "text"])"), "{a,\"text\"} and [116,101,120,116]\n");
    EXPECT_EQ(format("~s|~10s|~-10s|~.3s", R"([abc, "def", <<"ghi">>, "jklm"])"),
              "abc|       def|ghi       |jkl");
    EXPECT_EQ(format("~ts", "[[8364, <<226,130,172>>]]"), "\xE2\x82\xAC\xE2\x82\xAC");
    EXPECT_EQ(format("~tp ~p", "[[1024], [1024]]"), "\"\xD0\x80\" [1024]");
    EXPECT_EQ(format("~s", "[[1024]]"), "badarg");
    EXPECT_EQ(format("~5w|~-5w|~2w", "[a, b, abc]"), "    a|b    |**");
    EXPECT_EQ(format("~P ~W", "[[a,b,c,d,e], 3, {a,b,c}, 2]"), "[a,b|...] {a,...}");
    EXPECT_EQ(format("~c~3c~tc", "[97, 98, 1024]"), "abbb\xD0\x80");
    EXPECT_EQ(format("~~ ~i~w", "[skipped, x]"), "~ x");
    EXPECT_EQ(format("~*w", "[4, x]"), "   x");
    EXPECT_EQ(format("~4..0w", "[17]"), "0017");
    EXPECT_EQ(format("~2n", "[]"), "\n\n");
    EXPECT_EQ(format("~kp ~Kp ~lw", "[1, 2, 3]"), "badarg") << "K takes an argument of its own";
}

TEST(io_format, numbers) {
    EXPECT_EQ(format("~b ~.16b ~.16B ~.2b", "[10, 255, 255, 5]"), "10 ff FF 101");
    EXPECT_EQ(format("~.16x ~.16X ~.16# ~.16+", R"([31, "0x", -31, "0x", 31, -31])"),
              "0x1f -0x1F 16#1F -16#1f");
    EXPECT_EQ(format("~8.16.0b", "[255]"), "000000ff");
    EXPECT_EQ(format("~f ~.2f ~8.3f", "[1.5, 2.345, 3.14159]"), "1.500000 2.35    3.142");
    EXPECT_EQ(format("~e ~.3e", "[12345.678, 0.00012]"), "1.23457e+4 1.20e-4");
    EXPECT_EQ(format("~g ~.3g ~.3g", "[0.5, 123.456, 1.0e10]"), "0.5 1.23e+2 1.00e+10");
    EXPECT_EQ(format("~b", "[a]"), "badarg");
    EXPECT_EQ(format("~f", "[1]"), "badarg");
    EXPECT_EQ(format("~b", "[123456789012345678901234567890]"), "123456789012345678901234567890");
}

TEST(io_format, what_does_not_fit_is_badarg) {
    EXPECT_EQ(format("~p", "[]"), "badarg");
    EXPECT_EQ(format("x", "[1]"), "badarg");
    EXPECT_EQ(format("~y", "[1]"), "badarg");
    EXPECT_EQ(format("~", "[]"), "badarg");
    EXPECT_EQ(format("~999999999999999999999n", "[]").size(), 1'000'000U) << "and no more";
}

std::string outcome(const std::string& request) {
    const auto made = detail::io_outcome_of(*parse_term(request));
    return made.reply.to_string() + " " + made.printed;
}

TEST(io_requests, are_answered_as_by_a_device_that_only_prints) {
    EXPECT_EQ(outcome("{put_chars, unicode, <<\"text\">>}"), "ok text");
    EXPECT_EQ(outcome("{put_chars, unicode, [8364]}"), "ok \xE2\x82\xAC");
    EXPECT_EQ(outcome("{put_chars, latin1, <<228>>}"), "ok \xC3\xA4");
    EXPECT_EQ(outcome("{put_chars, \"old\"}"), "ok old");
    EXPECT_EQ(outcome("{put_chars, latin1, [1024]}"), "{error,put_chars} ");
    EXPECT_EQ(outcome("{put_chars, unicode, io_lib, format, [\"~p~n\", [{a}]]}"), "ok {a}\n");
    EXPECT_EQ(outcome("{put_chars, unicode, io_lib, format, [\"~p\", []]}"), "{error,format} ");
    EXPECT_EQ(outcome("{put_chars, unicode, other, function, []}"), "{error,function} ");
    EXPECT_EQ(outcome("{put_chars, ebcdic, \"x\"}"), "{error,request} ");
    EXPECT_EQ(outcome("{get_line, unicode, \"> \"}"), "eof ");
    EXPECT_EQ(outcome("{get_chars, unicode, \"> \", 3}"), "eof ");
    EXPECT_EQ(outcome("{get_until, unicode, \"> \", erl_scan, tokens, [1]}"), "eof ");
    EXPECT_EQ(outcome("{get_geometry, columns}"), "{error,enotsup} ");
    EXPECT_EQ(outcome("{setopts, [binary, {encoding, unicode}]}"), "ok ");
    EXPECT_EQ(outcome("{setopts, [{encoding, latin1}]}"), "{error,enotsup} ");
    EXPECT_EQ(outcome("getopts"), "[{binary,false},{encoding,unicode}] ");
    EXPECT_EQ(outcome("{requests, [{put_chars, unicode, \"a\"}, {put_chars, unicode, \"b\"}, getopts]}"),
              "[{binary,false},{encoding,unicode}] ab");
    EXPECT_EQ(outcome("{requests, [{put_chars, unicode, \"a\"}, x, {put_chars, unicode, \"b\"}]}"),
              "{error,request} a");
    EXPECT_EQ(outcome("{requests, [{requests, []}]}"), "{error,request} ");
    EXPECT_EQ(outcome("{requests, []}"), "ok ");
    EXPECT_EQ(outcome("nonsense"), "{error,request} ");
}

}  // namespace
}  // namespace rakka::testing
