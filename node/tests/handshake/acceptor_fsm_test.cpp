#include "handshake/acceptor_fsm.hpp"

#include "handshake_fixture.hpp"

namespace rakka::test {
namespace {

using namespace handshake;

peer_allowed related(peer_relation r) {
    return {r, std::nullopt};
}

bytes name_with_flags(const bytes& flags) {
    return framed(join({text("N"), flags, hex("6b 02 94 89 00 0b"), text("a@localhost")}));
}

TEST(AcceptorFsm, AcceptsANodeAsInTheSpecification) {
    auto t = acceptor_transcript();
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::none)).sends(status_ok);
    t.sends(our_challenge).receives(their_reply).asks(action_kind::take_over, taken_over{}).sends(our_ack);
    const auto same = [](acceptor_fsm& m) {
        const established e = m.take_result();
        EXPECT_EQ(e.own_name, name_of("cpp@localhost"));
        EXPECT_EQ(e.peer_name, name_of("a@localhost"));
        EXPECT_EQ(e.own_creation, creation{0x12345678});
        EXPECT_EQ(e.peer_creation, creation{0x6b029489});
        EXPECT_EQ(e.peer_flags, distribution_flags(0xd07df7fbd));
        EXPECT_EQ(e.effective_flags, distribution_flags(0xd03df7fbd));
        EXPECT_TRUE(e.leftover.empty());
    };
    acceptor_fsm m = t.plays();
    same(m);
    t.plays_cut_everywhere(action_kind::done, same);
    t.breaks_at_every_step();
}

TEST(AcceptorFsm, TellsItsOwnerWhoAsks) {
    acceptor_fsm m = make_acceptor(accepting());
    (void)m.resume(started{});
    EXPECT_EQ(m.resume(received{their_name}).kind, action_kind::check_peer);
    EXPECT_EQ(m.peer_name(), name_of("a@localhost"));
    EXPECT_EQ(m.peer_flags(), distribution_flags(0xd07df7fbd));
}

TEST(AcceptorFsm, HandsOverBytesThatBelongToTheFirstFrames) {
    auto t = acceptor_transcript();
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::none)).sends(status_ok);
    t.sends(our_challenge)
        .receives(join({their_reply, hex("00 00 00 00")}))
        .asks(action_kind::take_over, taken_over{})
        .sends(our_ack);
    EXPECT_EQ(t.plays().take_result().leftover, hex("00 00 00 00"));
}

TEST(AcceptorFsm, UsesTheCookieItsOwnerHasForThatPeer) {
    acceptor_options o = accepting();
    o.own_cookie = secret_of("another");
    auto t = acceptor_transcript(o);
    t.receives(their_name).asks(action_kind::check_peer, peer_allowed{peer_relation::none, secret_of()});
    t.sends(status_ok)
        .sends(our_challenge)
        .receives(their_reply)
        .asks(action_kind::take_over, taken_over{})
        .sends(our_ack);
    t.plays();
}

TEST(AcceptorFsm, RefusesAPeerTheOwnerDoesNotAllow) {
    auto t = acceptor_transcript();
    t.receives(their_name).asks(action_kind::check_peer, peer_refused{}).sends(status_bytes("not_allowed"));
    t.plays_to_failure(node_errc::handshake_refused);
}

TEST(AcceptorFsm, RefusesAPeerWithoutMandatoryFlagsAndNamesThem) {
    auto t = acceptor_transcript();
    t.receives(name_with_flags(hex("00 00 00 0d 03 df 7e 3d"))).sends(status_bytes("not_allowed"));
    const handshake_error e = t.plays_to_failure(node_errc::missing_flags).error();
    EXPECT_NE(e.cause.find("NEW_FUN_TAGS|EXTENDED_PIDS_PORTS:"), std::string::npos) << e.cause;
}

TEST(AcceptorFsm, AnswersItselfWithNok) {
    auto t = acceptor_transcript(accepting("a@localhost"));
    t.receives(their_name).sends(status_bytes("nok"));
    t.plays_to_failure(node_errc::connected_to_self);
}

TEST(AcceptorFsm, KeepsItsOwnAttemptWhenItsNameIsGreater) {
    auto t = acceptor_transcript();
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::attempt_pending));
    t.sends(status_bytes("nok"));
    t.plays_to_failure(node_errc::simultaneous_connect);
}

TEST(AcceptorFsm, GivesUpItsOwnAttemptWhenThePeersNameIsGreaterAndItHasProvenItself) {
    auto t = acceptor_transcript(accepting("A@localhost"));
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::attempt_pending));
    t.sends(status_bytes("ok_simultaneous"));
    t.sends(
        framed(join({hex("4e 00 00 00 6d 07 df 7f bd ff ff ff fe 12 34 56 78 00 0b"), text("A@localhost")})));
    t.receives(their_reply).asks(action_kind::take_over, taken_over{}).sends(our_ack);
    t.plays();
    t.breaks_at_every_step();
}

TEST(AcceptorFsm, AlwaysGivesUpAnAttemptThatHasNotReachedThePeer) {
    auto t = acceptor_transcript();
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::attempt_not_dialled));
    t.sends(status_bytes("ok_simultaneous"));
    t.sends(our_challenge).receives(their_reply).asks(action_kind::take_over, taken_over{}).sends(our_ack);
    t.plays();
}

TEST(AcceptorFsm, ClosesTheOldConnectionBeforeTheAck) {
    auto t = acceptor_transcript();
    t.receives(their_name)
        .asks(action_kind::check_peer, related(peer_relation::up))
        .sends(status_bytes("alive"));
    t.receives(status_bytes("true")).sends(our_challenge).receives(their_reply);
    t.asks(action_kind::take_over, taken_over{}).sends(our_ack);
    t.plays();
    t.plays_cut_everywhere(action_kind::done, [](acceptor_fsm&) {});
    t.breaks_at_every_step();
}

TEST(AcceptorFsm, NeverTouchesTheOldConnectionForAWrongCookie) {
    auto t = acceptor_transcript();
    bytes wrong = their_reply;
    wrong.back() ^= 1;
    t.receives(their_name)
        .asks(action_kind::check_peer, related(peer_relation::up))
        .sends(status_bytes("alive"));
    t.receives(status_bytes("true")).sends(our_challenge).receives(wrong);
    t.plays_to_failure(node_errc::wrong_cookie);
}

TEST(AcceptorFsm, KeepsTheOldConnectionWhenThePeerSaysFalse) {
    auto t = acceptor_transcript();
    t.receives(their_name)
        .asks(action_kind::check_peer, related(peer_relation::up))
        .sends(status_bytes("alive"));
    t.receives(status_bytes("false"));
    t.plays_to_failure(node_errc::already_connected);
}

TEST(AcceptorFsm, TakesNothingButTrueAndFalseAsAnswerToAlive) {
    auto t = acceptor_transcript();
    t.receives(their_name)
        .asks(action_kind::check_peer, related(peer_relation::up))
        .sends(status_bytes("alive"));
    t.receives(status_bytes("ok"));
    t.plays_to_failure(node_errc::handshake_bad_message);
}

TEST(AcceptorFsm, ClosesWithoutAnAckWhenAnotherConnectionCameUpMeanwhile) {
    auto t = acceptor_transcript();
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::none)).sends(status_ok);
    t.sends(our_challenge).receives(their_reply);
    t.asks(action_kind::take_over, peer_refused{node_errc::already_connected, "another came up"});
    t.plays_to_failure(node_errc::already_connected);
}

TEST(AcceptorFsm, NeverGivesUpItsOwnAttemptForAWrongCookie) {
    auto t = acceptor_transcript();
    bytes wrong = their_reply;
    wrong.back() ^= 1;
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::attempt_not_dialled));
    t.sends(status_bytes("ok_simultaneous")).sends(our_challenge).receives(wrong);
    t.plays_to_failure(node_errc::wrong_cookie);
}

TEST(AcceptorFsm, SaysThatTheCookiesDifferWithoutShowingThem) {
    auto t = acceptor_transcript();
    bytes wrong = their_reply;
    wrong[7] ^= 0x80;
    t.receives(their_name).asks(action_kind::check_peer, related(peer_relation::none)).sends(status_ok);
    t.sends(our_challenge).receives(wrong);
    const std::string message = t.plays_to_failure(node_errc::wrong_cookie).error().message();
    EXPECT_NE(message.find("a@localhost uses another cookie"), std::string::npos) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
    EXPECT_NE(message.find("digest not shown"), std::string::npos) << message;
}

TEST(AcceptorFsm, GivesANameToANamelessNodeAndTreatsItAsHidden) {
    auto t = acceptor_transcript();
    t.receives(framed(join({hex("4e 00 00 00 0f 07 df 7f bc 00 00 00 00 00 09"), text("localhost")})));
    t.asks(action_kind::assign_name, name_assigned{name_of("2KQ7@localhost"), creation{42}});
    t.sends(framed(join({text("snamed:"), hex("00 0e"), text("2KQ7@localhost"), hex("00 00 00 2a")})));
    t.sends(framed(
        join({hex("4e 00 00 00 6f 07 df 7f bc ff ff ff fe 12 34 56 78 00 0d"), text("cpp@localhost")})));
    t.receives(their_reply).asks(action_kind::take_over, taken_over{}).sends(our_ack);
    const auto same = [](acceptor_fsm& m) {
        EXPECT_EQ(m.peer_host(), "localhost");
        const established e = m.take_result();
        EXPECT_EQ(e.peer_name, name_of("2KQ7@localhost"));
        EXPECT_EQ(e.peer_creation, creation{42});
        EXPECT_FALSE(e.effective_flags.has(distribution_flag::published));
    };
    acceptor_fsm m = t.plays();
    same(m);
    t.plays_cut_everywhere(action_kind::done, same);
    t.breaks_at_every_step();
}

TEST(AcceptorFsm, MayRefuseToGiveAName) {
    auto t = acceptor_transcript();
    t.receives(framed(join({hex("4e 00 00 00 0f 07 df 7f bc 00 00 00 00 00 09"), text("localhost")})));
    t.asks(action_kind::assign_name, peer_refused{}).sends(status_bytes("not_allowed"));
    t.plays_to_failure(node_errc::handshake_refused);
}

TEST(AcceptorFsm, AcceptsTheOldSendNameWithItsComplement) {
    auto t = acceptor_transcript();
    t.receives(framed(join({hex("6e 00 05 07 df 7f bd"), text("a@localhost")})));
    t.asks(action_kind::check_peer, related(peer_relation::none)).sends(status_ok).sends(our_challenge);
    t.receives(hex("00 09 63 00 00 00 0d 6b 02 94 89"))
        .receives(their_reply)
        .asks(action_kind::take_over, taken_over{})
        .sends(our_ack);
    const auto same = [](acceptor_fsm& m) {
        const established e = m.take_result();
        EXPECT_EQ(e.peer_creation, creation{0x6b029489});
        EXPECT_EQ(e.peer_flags, distribution_flags(0xd07df7fbd));
    };
    acceptor_fsm m = t.plays();
    same(m);
    t.plays_cut_everywhere(action_kind::done, same);
    t.breaks_at_every_step();
}

TEST(AcceptorFsm, ChecksTheUpperFlagsOfTheComplementToo) {
    auto t = acceptor_transcript();
    t.receives(framed(join({hex("6e 00 05 07 df 7f bd"), text("a@localhost")})));
    t.asks(action_kind::check_peer, related(peer_relation::none)).sends(status_ok).sends(our_challenge);
    t.receives(hex("00 09 63 00 00 00 09 6b 02 94 89"));
    EXPECT_NE(t.plays_to_failure(node_errc::missing_flags).error().cause.find("V4_NC"), std::string::npos);
}

TEST(AcceptorFsm, RefusesTheOldSendNameOfAnotherVersion) {
    auto t = acceptor_transcript();
    t.receives(framed(join({hex("6e 00 04 07 df 7f bd"), text("a@localhost")})));
    t.plays_to_failure(node_errc::unsupported_version);
}

TEST(AcceptorFsm, IgnoresBytesAfterTheName) {
    auto t = acceptor_transcript();
    const bytes body(their_name.begin() + 2, their_name.end());
    t.receives(framed(join({body, text("new in OTP 40")})));
    t.asks(action_kind::check_peer, related(peer_relation::none)).sends(status_ok);
    t.sends(our_challenge).receives(their_reply).asks(action_kind::take_over, taken_over{}).sends(our_ack);
    t.plays();
}

class AcceptorFsmBadName : public testing::TestWithParam<std::string_view> {};

TEST_P(AcceptorFsmBadName, IsClosedWithoutAStatus) {
    auto t = acceptor_transcript();
    bytes length;
    detail::put(length, GetParam().size(), 2);
    t.receives(framed(join({hex("4e 00 00 00 0d 07 df 7f bd 6b 02 94 89"), length, text(GetParam())})));
    t.plays_to_failure(node_errc::bad_node_name);
}

INSTANTIATE_TEST_SUITE_P(Names, AcceptorFsmBadName,
                         testing::Values("", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n"));

TEST(AcceptorFsm, RefusesANameLongerThanItsMessage) {
    auto t = acceptor_transcript();
    t.receives(framed(join({hex("4e 00 00 00 0d 07 df 7f bd 6b 02 94 89 00 0c"), text("a@localhost")})));
    t.plays_to_failure(node_errc::handshake_bad_message);
}

struct foreign_client {
    std::string_view bytes;
    std::string_view words;
};

class AcceptorFsmForeignClient : public testing::TestWithParam<foreign_client> {};

TEST_P(AcceptorFsmForeignClient, IsRecognised) {
    acceptor_fsm m = make_acceptor(accepting());
    (void)m.resume(started{});
    EXPECT_EQ(m.resume(received{text(GetParam().bytes)}).kind, action_kind::fail);
    EXPECT_NE(m.error().message().find(GetParam().words), std::string::npos) << m.error().message();
}

INSTANTIATE_TEST_SUITE_P(Protocols, AcceptorFsmForeignClient,
                         testing::Values(foreign_client{"\x16\x03\x01 hello", "speaks TLS"},
                                         foreign_client{"GET / HTTP/1.1\r\n", "HTTP client"},
                                         foreign_client{std::string_view("\0\1n", 3), "epmd client"}));

TEST(AcceptorFsm, CountsLengthsInFourBytesInsideTls) {
    acceptor_options o = accepting();
    o.carrier.prefix = length_prefix::four_bytes;
    auto t = acceptor_transcript(o);
    const bytes more = hex("00 00");
    t.receives(join({more, their_name})).asks(action_kind::check_peer, related(peer_relation::none));
    t.sends(join({more, status_ok})).sends(join({more, our_challenge})).receives(join({more, their_reply}));
    t.asks(action_kind::take_over, taken_over{}).sends(join({more, our_ack}));
    t.plays();
    t.plays_cut_everywhere(action_kind::done, [](acceptor_fsm&) {});
    t.breaks_at_every_step(4);
}

TEST(AcceptorFsm, MakesDynamicNamesThatDiffer) {
    const auto a = make_dynamic_name("localhost");
    const auto b = make_dynamic_name("localhost");
    ASSERT_TRUE(a && b);
    EXPECT_NE(*a, *b);
    EXPECT_EQ(a->host(), "localhost");
    EXPECT_FALSE(make_dynamic_name("local host"));
}

}  // namespace
}  // namespace rakka::test
