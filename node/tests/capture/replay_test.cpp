#include "recorded_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rakka::capture {
namespace {

using namespace test;
using namespace handshake;
using ::testing::HasSubstr;

replay::outcome<replay> make(const std::string& recorded, std::uint32_t connection = 1,
                             std::string_view secret = "secret") {
    std::istringstream in(recorded);
    return replay::of(in, connection, secret_of(secret));
}

acceptor_options peer_options() {
    acceptor_options o = accepting("a@localhost");
    o.own_flags = distribution_flags(0xd07df7fbd);
    return o;
}

/// What the peer gets to hear after the handshake; nothing when that fails, and why.
struct heard {
    std::optional<bytes> frames;
    std::string failure;
    std::optional<established> peer;
};

bytes plain(const std::vector<std::byte>& from) {
    const auto* const p = reinterpret_cast<const std::uint8_t*>(from.data());
    return {p, p + from.size()};
}

heard play(replay& r, acceptor_options o) {
    acceptor_fsm peer = make_acceptor(std::move(o));
    heard h;
    const auto first = r.start();
    if (!first) {
        h.failure = first.error();
        return h;
    }
    bytes to_peer = plain(*first);
    for (action a = peer.resume(started{});;) {
        switch (a.kind) {
            case action_kind::read: {
                const bytes data = std::exchange(to_peer, {});
                a = data.empty() ? peer.resume(closed{}) : peer.resume(received{data});
                break;
            }
            case action_kind::write: {
                auto more = r.received(as_bytes(a.data));
                if (!more) {
                    h.failure = more.error();
                    return h;
                }
                const bytes data = plain(*more);
                to_peer.insert(to_peer.end(), data.begin(), data.end());
                a = peer.resume(written{});
                break;
            }
            case action_kind::check_peer:
                a = peer.resume(peer_allowed{});
                break;
            case action_kind::take_over:
                a = peer.resume(taken_over{});
                break;
            case action_kind::done:
                h.peer = peer.take_result();
                h.frames = join({h.peer->leftover, to_peer});
                return h;
            default:
                h.failure = peer.error().message();
                return h;
        }
    }
}

TEST(Replay, SaysWhatWasSaidAfterAHandshakeOfItsOwn) {
    const bytes frames = sample("otp25_25_dialler.bin");
    auto r = make(recording(dialler_bytes(frames), acceptor_bytes({})));
    ASSERT_TRUE(r) << r.error();
    EXPECT_EQ(r->acceptor(), "a@localhost");
    EXPECT_EQ(r->dialler(), "cpp@localhost");
    EXPECT_FALSE(r->connected());
    const heard h = play(*r, peer_options());
    ASSERT_TRUE(h.frames) << h.failure;
    EXPECT_EQ(*h.frames, frames);
    EXPECT_TRUE(r->connected());
    EXPECT_EQ(h.peer->peer_name.text(), "cpp@localhost");
    EXPECT_EQ(h.peer->peer_creation, creation{0x12345678});
    EXPECT_TRUE(r->received(as_bytes(hex("00 00 00 00")))->empty());
}

TEST(Replay, NeedsTheCookieOfTheNode) {
    auto r = make(recording(dialler_bytes({}), acceptor_bytes({})), 1, "another");
    ASSERT_TRUE(r);
    const heard h = play(*r, peer_options());
    EXPECT_FALSE(h.frames);
    EXPECT_FALSE(r->connected());
    EXPECT_THAT(h.failure, HasSubstr("cookie"));
}

TEST(Replay, ANodeThatTalksInAnotherFormIsLeftAlone) {
    auto r = make(recording(dialler_bytes(sample("otp25_25_dialler.bin")), acceptor_bytes({})));
    ASSERT_TRUE(r);
    acceptor_options o = peer_options();
    o.own_flags = o.own_flags.without({distribution_flag::fragments});
    const heard h = play(*r, std::move(o));
    EXPECT_FALSE(h.frames);
    EXPECT_THAT(h.failure, HasSubstr("another form"));
}

// Found by the fuzzer: what came after that was given to a handshake that was over.
TEST(Replay, ADiallerWithTheNameOfTheOtherNodeFailsAtOnceAndForGood) {
    const bytes name =
        encode(name_message{peer_options().own_flags, creation(77), "a@localhost"}, length_prefix::two_bytes);
    auto r = make(recording(join({name, our_reply}), acceptor_bytes({})));
    ASSERT_TRUE(r) << r.error();
    const auto first = r->start();
    ASSERT_FALSE(first);
    EXPECT_FALSE(first.error().empty());
    const auto next = r->received(as_bytes(status_ok));
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error(), first.error());
}

TEST(Replay, WhatCannotBeSaidAgainIsRefused) {
    const auto why = [](const std::string& recorded, std::uint32_t connection = 1) {
        const auto r = make(recorded, connection);
        return r ? std::string("nothing") : r.error();
    };
    const std::string good = recording(dialler_bytes({}), acceptor_bytes({}));
    EXPECT_THAT(why("nonsense"), HasSubstr("no recording"));
    EXPECT_THAT(why(good.substr(0, good.size() - 1)), HasSubstr("damaged"));
    EXPECT_THAT(why(good, 3), HasSubstr("no connection 3"));
    EXPECT_THAT(why(good, 2), HasSubstr("not completed"));
    EXPECT_THAT(why(recording(our_name, join({status_ok, their_challenge}))), HasSubstr("not completed"));
    EXPECT_THAT(why(recording(hex("16 03 01 00 05 01 02 03"), hex("16 03 03 00 01 02"))),
                HasSubstr("encrypted"));
    bytes nameless = our_name;
    nameless[6] |= 0x02;  // NAME_ME
    EXPECT_THAT(why(recording(join({nameless, our_reply}), acceptor_bytes({}))), HasSubstr("name"));
}

}  // namespace
}  // namespace rakka::capture
