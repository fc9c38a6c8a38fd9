#include "epmd/epmd_messages.hpp"

#include "support/byte_literals.hpp"

#include <rakka/node/errc.hpp>

#include <gtest/gtest.h>

#include <string>

namespace rakka::test {
namespace {

using namespace epmd;

byte_view body_of(const bytes& request) {
    return byte_view(request).subspan(2);
}

const node_entry cpp_node{.name = "cpp", .port = 40000, .extra = {}};

TEST(EpmdMessages, RequestsHaveTheBytesOfTheSpecification) {
    EXPECT_EQ(encode(alive2_request{cpp_node}), hex("00 10 78 9c 40 4d 00 00 06 00 06 00 03 63 70 70 00 00"));
    EXPECT_EQ(encode(port2_request{"cpp"}), hex("00 04 7a 63 70 70"));
    EXPECT_EQ(encode(names_request{}), hex("00 01 6e"));
    EXPECT_EQ(encode(dump_request{}), hex("00 01 64"));
    EXPECT_EQ(encode(kill_request{}), hex("00 01 6b"));
    EXPECT_EQ(encode(stop_request{"cpp"}), hex("00 04 73 63 70 70"));
}

TEST(EpmdMessages, RequestsDecodeToWhatWasEncoded) {
    node_entry n{.name = "a",
                 .port = 1,
                 .type = 72,
                 .protocol = 9,
                 .highest_version = 5,
                 .lowest_version = 4,
                 .extra = "xy"};
    const request r = decode_request(body_of(encode(alive2_request{n}))).value();
    EXPECT_EQ(std::get<alive2_request>(r).node, n);
    EXPECT_EQ(std::get<port2_request>(decode_request(text("zcpp")).value()).name, "cpp");
    EXPECT_EQ(std::get<stop_request>(decode_request(text("scpp")).value()).name, "cpp");
    EXPECT_TRUE(std::holds_alternative<names_request>(decode_request(text("n")).value()));
    EXPECT_TRUE(std::holds_alternative<dump_request>(decode_request(text("d")).value()));
    EXPECT_TRUE(std::holds_alternative<kill_request>(decode_request(text("k")).value()));
}

TEST(EpmdMessages, ALookupNameMayEndWithNul) {
    EXPECT_EQ(std::get<port2_request>(decode_request(hex("7a 63 70 70 00")).value()).name, "cpp");
}

TEST(EpmdMessages, RequestsThatAreNoneAreRefused) {
    for (const bytes& body :
         {bytes(), text("z"), text("s"), hex("7a 00"), text("A"), hex("00"), text("x"),
          hex("78 9c 40 4d 00 00 06 00 06 00 00 00 00"),           // empty name
          hex("78 9c 40 4d 00 00 06 00 06 00 00 00 01 78"),        // empty name, extra
          hex("78 9c 40 4d 00 00 06 00 06 00 03 61 00 62 00 00"),  // NUL in the name
          hex("78 9c 40 4d 00 00 06 00 06 00 14 61 62 63 00 00"),  // name longer than the request
          hex("78 9c 40 4d 00 00 06 00 06 00 02 65 65 00 05")}) {  // extra longer than the request
        EXPECT_EQ(decode_request(body).error(), node_errc::epmd_bad_request) << to_text(body);
    }
}

TEST(EpmdMessages, RepliesHaveTheBytesOfTheSpecification) {
    EXPECT_EQ(encode_alive2_reply({0, 0x6b032f5a}, 6), hex("76 00 6b 03 2f 5a"));
    EXPECT_EQ(encode_alive2_reply({1, 99}, 6), hex("76 01 00 00 00 63"));
    EXPECT_EQ(encode_alive2_reply({0, 2}, 5), hex("79 00 00 02"));
    EXPECT_EQ(encode_port2_reply(cpp_node), hex("77 00 9c 40 4d 00 00 06 00 06 00 03 63 70 70 00 00"));
    EXPECT_EQ(encode_port2_reply(std::nullopt), hex("77 01"));
    EXPECT_EQ(names_line(cpp_node), "name cpp at port 40000\n");
}

TEST(EpmdMessages, RepliesAreCompleteOnlyWithTheirLastByte) {
    const auto complete_at_end = [](const bytes& reply, auto decode) {
        for (std::size_t size = 0; size < reply.size(); ++size) {
            EXPECT_FALSE(decode(byte_view(reply).first(size)).value().has_value()) << size;
        }
        EXPECT_TRUE(decode(reply).value().has_value());
    };
    complete_at_end(hex("76 00 6b 03 2f 5a"), decode_alive2_reply);
    complete_at_end(hex("79 00 00 02"), decode_alive2_reply);
    complete_at_end(hex("77 00 9c 40 4d 00 00 06 00 06 00 03 63 70 70 00 02 78 79"), decode_port2_reply);
    complete_at_end(hex("77 01"), decode_port2_reply);
}

TEST(EpmdMessages, RepliesDecodeToWhatWasEncoded) {
    EXPECT_EQ(decode_alive2_reply(hex("76 00 6b 03 2f 5a")).value()->creation, 0x6b032f5au);
    EXPECT_EQ(decode_alive2_reply(hex("79 00 00 02")).value()->creation, 2u);
    EXPECT_EQ(decode_port2_reply(encode_port2_reply(cpp_node)).value()->node, cpp_node);
}

TEST(EpmdMessages, ForeignRepliesAreRefused) {
    EXPECT_EQ(decode_alive2_reply(text("HTTP")).error(), node_errc::epmd_bad_reply);
    EXPECT_EQ(decode_alive2_reply(hex("76 00 6b 03 2f 5a 00")).error(), node_errc::epmd_bad_reply);
    EXPECT_EQ(decode_port2_reply(text("HTTP")).error(), node_errc::epmd_bad_reply);
}

TEST(EpmdMessages, NamesAreReadLineByLine) {
    const bytes reply =
        join({hex("00 00 11 11"), text("name bbb at port 1\nname a at port at port 65535\n")});
    const names_reply r = decode_names_reply(reply).value();
    EXPECT_EQ(r.epmd_port, 4369u);
    const std::vector<named_port> expected{{"bbb", 1}, {"a at port", 65535}};
    EXPECT_EQ(r.nodes, expected);
    EXPECT_TRUE(decode_names_reply(hex("00 00 11 11")).value().nodes.empty());
    EXPECT_EQ(decode_names_reply(hex("00 00 11")).error(), node_errc::epmd_closed);
    EXPECT_EQ(decode_names_reply(byte_view(reply).first(20)).error(), node_errc::epmd_closed);
    for (const auto* line : {"\n", "name a\n", "name a at port \n", "name a at port 65536\n",
                             "name a at port 1x\n", "nome a at port 1\n", "name  at port 1\n name"}) {
        EXPECT_FALSE(decode_names_reply(join({hex("00 00 11 11"), text(line)}))) << line;
    }
}

TEST(EpmdMessages, CharactersAreCountedAsUtf8) {
    EXPECT_EQ(count_characters(""), 0u);
    EXPECT_EQ(count_characters("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4u);
    for (const auto* bad :
         {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
        EXPECT_EQ(count_characters(bad), std::nullopt);
    }
}

}  // namespace
}  // namespace rakka::test
