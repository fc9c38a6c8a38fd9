#include "recorded_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rakka::capture {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::string> texts(conversation_reader& r, side from, const bytes& data, std::size_t piece = 0) {
    std::vector<std::string> out;
    const auto all = as_bytes(data);
    if (piece == 0) piece = std::max<std::size_t>(1, all.size());
    for (std::size_t at = 0; at < all.size(); at += piece) {
        for (const statement& s :
             r.read(from, std::span(all).subspan(at, std::min(piece, all.size() - at)))) {
            EXPECT_EQ(s.from, from);
            out.push_back(s.text);
        }
    }
    return out;
}

/// Both sides of a connection, in the order in which they must speak.
std::vector<std::string> whole(conversation_reader& r, const bytes& dialler, const bytes& acceptor,
                               std::size_t piece = 0) {
    std::vector<std::string> out;
    const auto more = [&](side from, const bytes& data) {
        for (std::string& t : texts(r, from, data, piece))
            out.push_back(std::move(t));
    };
    more(side::dialler, our_name);
    more(side::acceptor, join({status_ok, their_challenge}));
    more(side::dialler, our_reply);
    more(side::acceptor, join({their_ack, acceptor}));
    more(side::dialler, dialler);
    return out;
}

TEST(ConversationReader, TellsTheHandshake) {
    conversation_reader r;
    EXPECT_EQ(r.name(side::dialler), "");
    EXPECT_THAT(whole(r, {}, {}),
                ElementsAre(AllOf(StartsWith("name: cpp@localhost"), HasSubstr("creation 305419896"),
                                  HasSubstr("0x6d07df7fbd")),
                            "status: ok", AllOf(StartsWith("challenge: a@localhost"), HasSubstr("FRAGMENTS")),
                            StartsWith("reply"), StartsWith("ack")));
    EXPECT_EQ(r.name(side::dialler), "cpp@localhost");
    EXPECT_EQ(r.name(side::acceptor), "a@localhost");
}

TEST(ConversationReader, ShowsNothingThatTheCookieCouldBeGuessedFrom) {
    conversation_reader r;
    for (const std::string& t : whole(r, {}, {})) {
        EXPECT_EQ(t.find("24d922"), std::string::npos) << t;
        EXPECT_EQ(t.find(std::to_string(0xfffffffe)), std::string::npos) << t;
    }
}

TEST(ConversationReader, TellsWhatRealNodesSaidInAnyPieces) {
    const bytes dialler = sample("otp25_29_dialler.bin"), acceptor = sample("otp25_29_listener.bin");
    conversation_reader at_once;
    const auto all = whole(at_once, dialler, acceptor);
    const std::string text = ::testing::PrintToString(all);
    EXPECT_EQ(text.find("cannot be read"), std::string::npos) << text;
    for (const char* const part : {"REG_SEND", "SPAWN_REQUEST", "mfa {", "UNLINK_ID", "PAYLOAD_EXIT"})
        EXPECT_NE(text.find(part), std::string::npos) << part << text;
    for (const std::size_t piece : {1U, 3U, 100U}) {
        conversation_reader r;
        EXPECT_EQ(whole(r, dialler, acceptor, piece), all) << piece;
    }
}

TEST(ConversationReader, ShortensLongContents) {
    conversation_reader all({.max_text = 0}), some({.max_text = 10});
    const bytes dialler = sample("otp25_25_dialler.bin");
    const auto long_ones = whole(all, dialler, {}), short_ones = whole(some, dialler, {});
    ASSERT_EQ(long_ones.size(), short_ones.size());
    std::size_t shortened = 0;
    for (std::size_t i = 0; i < long_ones.size(); ++i) {
        if (short_ones[i] == long_ones[i]) continue;
        ++shortened;
        EXPECT_LT(short_ones[i].size(), long_ones[i].size());
        EXPECT_NE(short_ones[i].find("..."), std::string::npos);
    }
    EXPECT_GT(shortened, 3U);
}

TEST(ConversationReader, EncryptedConnectionsAreNamed) {
    conversation_reader r;
    EXPECT_THAT(texts(r, side::dialler, hex("16 03 01 02 00 01")), ElementsAre(HasSubstr("TLS")));
    EXPECT_THAT(texts(r, side::acceptor, hex("16 03 03 00 10")), SizeIs(0));
    EXPECT_THAT(texts(r, side::dialler, hex("16 03 01 02 00 01")), SizeIs(0));
}

TEST(ConversationReader, BytesThatBreakTheProtocolEndOneSide) {
    conversation_reader r;
    EXPECT_THAT(texts(r, side::dialler, framed(text("?garbage"))), ElementsAre(HasSubstr("cannot be read")));
    EXPECT_THAT(texts(r, side::dialler, our_name), SizeIs(0));
    EXPECT_THAT(texts(r, side::acceptor, status_ok), ElementsAre("status: ok"));

    conversation_reader connected;
    whole(connected, {}, {});
    EXPECT_THAT(texts(connected, side::dialler, hex("00 00 00 02 01 02")),
                ElementsAre(HasSubstr("cannot be read")));
    EXPECT_THAT(texts(connected, side::acceptor, hex("00 00 00 00")), ElementsAre("tick"));
}

TEST(ConversationReader, NoFlippedByteDoesHarm) {
    const bytes dialler = sample("otp25_25_dialler.bin");
    for (std::size_t at = 0; at < dialler.size(); at += 3) {
        bytes broken = dialler;
        broken[at] ^= 0x55;
        conversation_reader r;
        EXPECT_FALSE(whole(r, broken, {}).empty());
    }
}

}  // namespace
}  // namespace rakka::capture
