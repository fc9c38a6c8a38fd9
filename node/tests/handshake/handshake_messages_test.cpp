#include "handshake/handshake_messages.hpp"

#include "handshake_fixture.hpp"

namespace rakka::test {
namespace {

using namespace handshake;

constexpr length_prefix two = length_prefix::two_bytes;

bytes body_of(const bytes& message) {
    return {message.begin() + 2, message.end()};
}

TEST(ChallengeDigest, IsMd5OfCookieAndDecimalChallenge) {
    const digest d = make_digest(secret_of(), challenge{0x01020304});
    EXPECT_EQ(bytes(d.begin(), d.end()), hex("24 d9 22 02 cd 37 24 fb 37 80 8c 88 5f 4e 22 98"));
    const digest unsigned_challenge = make_digest(secret_of(), challenge{0xfffffffe});
    EXPECT_EQ(bytes(unsigned_challenge.begin(), unsigned_challenge.end()),
              hex("9c 87 db 90 f4 fa 40 df 94 b6 5a bd c0 36 a4 28"));
    EXPECT_TRUE(digests_match(d, d));
    EXPECT_FALSE(digests_match(d, unsigned_challenge));
}

TEST(HandshakeMessages, HaveTheBytesOfTheSpecification) {
    EXPECT_EQ(
        encode(name_message{distribution_flags(0x6d07df7fbd), creation{0x12345678}, "cpp@localhost"}, two),
        our_name);
    EXPECT_EQ(encode(status_message{status::ok, {}, creation{}}, two), status_ok);
    EXPECT_EQ(encode(challenge_message{distribution_flags(0xd07df7fbd), challenge{0x01020304},
                                       creation{0x6b029489}, "a@localhost"},
                     two),
              their_challenge);
    EXPECT_EQ(
        encode(reply_message{challenge{0xfffffffe}, make_digest(secret_of(), challenge{0x01020304})}, two),
        our_reply);
    EXPECT_EQ(encode(ack_message{make_digest(secret_of(), challenge{0xfffffffe})}, two), their_ack);
    EXPECT_EQ(encode(complement_message{0x0d, creation{4}}, two), hex("00 09 63 00 00 00 0d 00 00 00 04"));
    EXPECT_EQ(encode(status_message{status::alive, {}, creation{}}, length_prefix::four_bytes),
              join({hex("00 00 00 06"), text("salive")}));
}

TEST(HandshakeMessages, DecodeToWhatWasEncoded) {
    const name_message name = decode_name(body_of(our_name)).value();
    EXPECT_EQ(name.flags, distribution_flags(0x6d07df7fbd));
    EXPECT_EQ(name.creation, creation{0x12345678});
    EXPECT_EQ(name.name, "cpp@localhost");
    EXPECT_FALSE(name.old_form);
    const challenge_message asked = decode_challenge(body_of(their_challenge)).value();
    EXPECT_EQ(asked.challenge, challenge{0x01020304});
    EXPECT_EQ(asked.creation, creation{0x6b029489});
    EXPECT_EQ(decode_reply(body_of(our_reply)).value().challenge, challenge{0xfffffffe});
    EXPECT_EQ(decode_ack(body_of(their_ack)).value().digest, make_digest(secret_of(), challenge{0xfffffffe}));
    const name_message old{distribution_flags(0x7df7fbd), creation{}, "a@localhost", true};
    const name_message again = decode_name(body_of(encode(old, two))).value();
    EXPECT_TRUE(again.old_form);
    EXPECT_EQ(again.flags, old.flags);
    EXPECT_EQ(again.name, old.name);
}

TEST(HandshakeMessages, EveryStatusDecodesToItself) {
    for (int i = 0; i <= static_cast<int>(status::named); ++i) {
        const status_message m{static_cast<status>(i), "n@h", creation{9}};
        const status_message again = decode_status(body_of(encode(m, two))).value();
        EXPECT_EQ(again.status, m.status);
        EXPECT_EQ(again.creation, m.status == status::named ? creation{9} : creation{});
    }
}

TEST(HandshakeMessages, AreRefusedWhenAnyByteIsMissing) {
    const auto refused = [](const bytes& message, auto decode) {
        const bytes body = body_of(message);
        for (std::size_t size = 0; size < body.size(); ++size) {
            EXPECT_FALSE(decode(byte_view(body).first(size))) << size;
        }
        EXPECT_TRUE(decode(body));
    };
    refused(our_name, decode_name);
    refused(their_challenge, decode_challenge);
    refused(our_reply, decode_reply);
    refused(their_ack, decode_ack);
    refused(hex("00 09 63 00 00 00 0d 00 00 00 04"), decode_complement);
    refused(encode(status_message{status::named, "n@h", creation{9}}, two), decode_status);
}

TEST(HandshakeMessages, AreRefusedUnderAnotherTag) {
    for (int tag = 0; tag < 256; ++tag) {
        bytes body = body_of(our_reply);
        body[0] = static_cast<std::uint8_t>(tag);
        EXPECT_EQ(decode_reply(body).has_value(), tag == 'r');
        EXPECT_FALSE(decode_ack(body));
        body = body_of(our_name);
        body[0] = static_cast<std::uint8_t>(tag);
        EXPECT_EQ(decode_name(body).has_value(), tag == 'N') << tag;
    }
}

TEST(MessageBuffer, CutsMessagesWhateverThePieces) {
    const bytes all = join({status_ok, their_challenge, hex("00 00"), their_ack});
    for (std::size_t piece = 1; piece <= all.size(); ++piece) {
        message_buffer buffer(two, 4096);
        std::vector<bytes> messages;
        for (std::size_t from = 0; from < all.size(); from += piece) {
            buffer.append(byte_view(all).subspan(from, std::min(piece, all.size() - from)));
            while (auto m = buffer.next().value())
                messages.push_back(*m);
        }
        ASSERT_EQ(messages.size(), 4u);
        EXPECT_EQ(messages[0], text("sok"));
        EXPECT_TRUE(messages[2].empty());
        EXPECT_TRUE(buffer.pending().empty());
    }
}

TEST(MessageBuffer, RefusesALengthBeyondItsLimitBeforeTheBytesArrive) {
    message_buffer buffer(length_prefix::four_bytes, 100);
    buffer.append(hex("00 00 00 65"));
    EXPECT_EQ(buffer.next().error(), node_errc::handshake_too_large);
    message_buffer fits(length_prefix::four_bytes, 100);
    fits.append(hex("00 00 00 64"));
    EXPECT_FALSE(fits.next().value().has_value());
}

}  // namespace
}  // namespace rakka::test
