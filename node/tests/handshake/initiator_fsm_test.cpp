#include "handshake/initiator_fsm.hpp"

#include "handshake_fixture.hpp"

namespace rakka::test {
namespace {

using namespace handshake;
using handshake::attempt;

TEST(InitiatorFsm, ConnectsToANodeAsInTheSpecification) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_ok).receives(their_challenge).sends(our_reply).receives(their_ack);
    const auto same = [](initiator_fsm& m) {
        const established e = m.take_result();
        EXPECT_EQ(e.own_name, name_of("cpp@localhost"));
        EXPECT_EQ(e.peer_name, name_of("a@localhost"));
        EXPECT_EQ(e.own_creation, creation{0x12345678});
        EXPECT_EQ(e.peer_creation, creation{0x6b029489});
        EXPECT_EQ(e.peer_flags, distribution_flags(0xd07df7fbd));
        EXPECT_EQ(e.effective_flags, distribution_flags(0xd03df7fbd));
        EXPECT_TRUE(e.leftover.empty());
    };
    initiator_fsm m = t.plays();
    same(m);
    t.plays_cut_everywhere(action_kind::done, same);
    t.breaks_at_every_step();
}

TEST(InitiatorFsm, HandsOverBytesThatBelongToTheFirstFrames) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_ok).receives(their_challenge).sends(our_reply);
    t.receives(join({their_ack, hex("00 00 00 00 00 00")}));
    EXPECT_EQ(t.plays().take_result().leftover, hex("00 00 00 00 00 00"));
}

TEST(InitiatorFsm, GoesOnAfterOkSimultaneous) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_bytes("ok_simultaneous")).receives(their_challenge);
    t.sends(our_reply).receives(their_ack);
    t.plays();
    t.breaks_at_every_step();
}

TEST(InitiatorFsm, ConfirmsAWantedAttemptWhenThePeerBelievesItIsConnected) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_bytes("alive")).asks(action_kind::check_attempt, attempt::wanted);
    t.sends(status_bytes("true")).receives(their_challenge).sends(our_reply).receives(their_ack);
    t.plays();
    t.breaks_at_every_step();
}

TEST(InitiatorFsm, GivesUpASupersededAttempt) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_bytes("alive")).asks(action_kind::check_attempt, attempt::superseded);
    t.sends(status_bytes("false"));
    t.plays_to_failure(node_errc::attempt_superseded);
}

struct refused_status {
    std::string_view text;
    node_errc code;
};

class InitiatorFsmRefused : public testing::TestWithParam<refused_status> {};

TEST_P(InitiatorFsmRefused, EndsWithTheReason) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_bytes(GetParam().text));
    t.plays_to_failure(GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Statuses, InitiatorFsmRefused,
                         testing::Values(refused_status{"nok", node_errc::simultaneous_connect},
                                         refused_status{"not_allowed", node_errc::handshake_not_allowed},
                                         refused_status{"true", node_errc::handshake_bad_message},
                                         refused_status{"false", node_errc::handshake_bad_message},
                                         refused_status{"okay", node_errc::handshake_bad_message},
                                         refused_status{"", node_errc::handshake_bad_message},
                                         refused_status{"named:", node_errc::handshake_bad_message}));

TEST(InitiatorFsm, RefusesANameItDidNotAskFor) {
    auto t = initiator_transcript();
    t.sends(our_name);
    t.receives(framed(join({text("snamed:"), hex("00 03"), text("x@h"), hex("00 00 00 07")})));
    t.plays_to_failure(node_errc::handshake_bad_message);
}

TEST(InitiatorFsm, TakesTheNameItAskedFor) {
    initiator_options o = dialling();
    o.own_name.reset();
    o.own_host = "localhost";
    auto t = initiator_transcript(o);
    t.sends(join({hex("00 18 4e 00 00 00 6f 07 df 7f bc 00 00 00 00 00 09"), text("localhost")}));
    t.receives(framed(join({text("snamed:"), hex("00 0e"), text("2KQ7@localhost"), hex("00 00 00 2a")})));
    t.receives(their_challenge).sends(our_reply).receives(their_ack);
    const auto same = [](initiator_fsm& m) {
        const established e = m.take_result();
        EXPECT_EQ(e.own_name, name_of("2KQ7@localhost"));
        EXPECT_EQ(e.own_creation, creation{42});
        EXPECT_FALSE(e.effective_flags.has(distribution_flag::published));
        EXPECT_FALSE(e.effective_flags.has(distribution_flag::name_me));
    };
    initiator_fsm m = t.plays();
    same(m);
    t.plays_cut_everywhere(action_kind::done, same);
    t.breaks_at_every_step();
}

TEST(InitiatorFsm, SaysThatThePeerGivesNoNames) {
    initiator_options o = dialling();
    o.own_name.reset();
    o.own_host = "localhost";
    auto t = initiator_transcript(o);
    t.sends(join({hex("00 18 4e 00 00 00 6f 07 df 7f bc 00 00 00 00 00 09"), text("localhost")}));
    t.receives(status_ok);
    t.plays_to_failure(node_errc::name_not_given);
}

TEST(InitiatorFsm, RefusesABadGivenName) {
    initiator_options o = dialling();
    o.own_name.reset();
    o.own_host = "localhost";
    auto t = initiator_transcript(o);
    t.sends(join({hex("00 18 4e 00 00 00 6f 07 df 7f bc 00 00 00 00 00 09"), text("localhost")}));
    t.receives(framed(join({text("snamed:"), hex("00 04"), text("nope"), hex("00 00 00 2a")})));
    t.plays_to_failure(node_errc::handshake_bad_message);
}

TEST(InitiatorFsm, NamesBothNodesWhenAnotherOneAnswers) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_ok);
    t.receives(
        join({hex("00 1e 4e 00 00 00 0d 07 df 7f bd 01 02 03 04 6b 02 94 89 00 0b"), text("b@localhost")}));
    const std::string message = t.plays_to_failure(node_errc::wrong_peer_name).error().message();
    EXPECT_NE(message.find("dialled a@localhost"), std::string::npos) << message;
    EXPECT_NE(message.find("b@localhost"), std::string::npos) << message;
}

TEST(InitiatorFsm, NamesTheFlagsThePeerLacks) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_ok);
    t.receives(
        join({hex("00 1e 4e 00 00 00 09 05 df 7f bd 01 02 03 04 6b 02 94 89 00 0b"), text("a@localhost")}));
    const handshake_error e = t.plays_to_failure(node_errc::missing_flags).error();
    EXPECT_NE(e.cause.find("UNLINK_ID|V4_NC"), std::string::npos) << e.cause;
}

TEST(InitiatorFsm, AcceptsTheDigestFlagInPlaceOfTheFlagsItStandsFor) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_ok);
    t.receives(
        join({hex("00 1e 4e 00 00 00 04 06 00 00 00 01 02 03 04 6b 02 94 89 00 0b"), text("a@localhost")}));
    t.sends(our_reply).receives(their_ack);
    const established e = t.plays().take_result();
    EXPECT_EQ(e.effective_flags, flag_sets::mandatory);
}

TEST(InitiatorFsm, IgnoresBytesAfterTheNameInTheChallenge) {
    auto t = initiator_transcript();
    bytes body(their_challenge.begin() + 2, their_challenge.end());
    t.sends(our_name).receives(status_ok).receives(framed(join({body, text("new in OTP 40")})));
    t.sends(our_reply).receives(their_ack);
    t.plays();
}

TEST(InitiatorFsm, SaysThatAnOldNodeIsTooOld) {
    auto t = initiator_transcript();
    t.sends(our_name).receives(status_ok);
    t.receives(framed(join({hex("6e 00 05 00 03 7f bd 01 02 03 04"), text("a@localhost")})));
    t.plays_to_failure(node_errc::unsupported_version);
}

TEST(InitiatorFsm, RefusesAWrongAck) {
    auto t = initiator_transcript();
    bytes wrong = their_ack;
    wrong.back() ^= 1;
    t.sends(our_name).receives(status_ok).receives(their_challenge).sends(our_reply).receives(wrong);
    const std::string message = t.plays_to_failure(node_errc::wrong_cookie).error().message();
    EXPECT_EQ(message.find("secret"), std::string::npos);
    EXPECT_NE(message.find("digest not shown"), std::string::npos) << message;
}

TEST(InitiatorFsm, NamesTheCookieWhenThePeerClosesAfterOurDigest) {
    initiator_fsm m = make_initiator(dialling());
    (void)m.resume(started{});
    (void)m.resume(written{});
    (void)m.resume(received{status_ok});
    (void)m.resume(received{their_challenge});
    (void)m.resume(written{});
    EXPECT_EQ(m.resume(closed{}).kind, action_kind::fail);
    EXPECT_NE(m.error().message().find("the cookies differ"), std::string::npos);
    EXPECT_NE(m.error().message().find("waiting for the peer's last message"), std::string::npos);
}

struct foreign_peer {
    std::string_view bytes;
    std::string_view words;
};

class InitiatorFsmForeignPeer : public testing::TestWithParam<foreign_peer> {};

TEST_P(InitiatorFsmForeignPeer, IsRecognised) {
    initiator_fsm m = make_initiator(dialling());
    (void)m.resume(started{});
    (void)m.resume(written{});
    EXPECT_EQ(m.resume(received{text(GetParam().bytes)}).kind, action_kind::fail);
    EXPECT_NE(m.error().message().find(GetParam().words), std::string::npos) << m.error().message();
}

INSTANTIATE_TEST_SUITE_P(Protocols, InitiatorFsmForeignPeer,
                         testing::Values(foreign_peer{"\x15\x03\x01 alert", "speaks TLS"},
                                         foreign_peer{"HTTP/1.1 400 Bad Request\r\n", "HTTP server"},
                                         foreign_peer{"SSH-2.0-x\r\n", "SSH"},
                                         foreign_peer{std::string_view("\0\0\0\x03sok", 7),
                                                      "4 bytes (TLS carrier)"}));

TEST(InitiatorFsm, CountsLengthsInFourBytesInsideTls) {
    initiator_options o = dialling();
    o.carrier.prefix = length_prefix::four_bytes;
    auto t = initiator_transcript(o);
    const bytes more = hex("00 00");
    t.sends(join({more, our_name})).receives(join({more, status_ok})).receives(join({more, their_challenge}));
    t.sends(join({more, our_reply})).receives(join({more, their_ack}));
    t.plays();
    t.plays_cut_everywhere(action_kind::done, [](initiator_fsm&) {});
    t.breaks_at_every_step(4);
}

TEST(InitiatorFsm, KeepsItsLimitOnMessages) {
    initiator_options o = dialling();
    o.carrier.max_message_size = 3;
    auto t = initiator_transcript(o);
    t.sends(our_name).receives(status_ok).receives(their_challenge);
    t.plays_to_failure(node_errc::handshake_too_large);
}

}  // namespace
}  // namespace rakka::test
