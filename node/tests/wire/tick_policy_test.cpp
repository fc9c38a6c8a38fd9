#include "wire/tick_policy.hpp"

#include <gtest/gtest.h>

namespace rakka::wire {
namespace {

using enum tick_action;

TEST(TickPolicy, TicksWhenNothingWasWrittenSinceTheLastWake) {
    tick_policy p;
    p.frame_read();
    EXPECT_EQ(p.wake(false), send_tick);
    p.frame_read();
    p.written();
    EXPECT_EQ(p.wake(false), nothing);
    p.frame_read();
    EXPECT_EQ(p.wake(false), send_tick);
}

TEST(TickPolicy, TicksAlsoWhenItOnlyReceives) {
    tick_policy p;
    for (int i = 0; i < 100; ++i) {
        p.frame_read();
        EXPECT_EQ(p.wake(false), send_tick);
    }
}

TEST(TickPolicy, DoesNotTickBehindAQueueThatThePeerDoesNotTake) {
    tick_policy p;
    p.frame_read();
    EXPECT_EQ(p.wake(true), nothing);
}

TEST(TickPolicy, GivesASilentPeerUpAfterIntensityWakes) {
    tick_policy p(peer_visibility::visible, 4);
    EXPECT_EQ(p.wake(false), send_tick);
    EXPECT_EQ(p.wake(false), send_tick);
    EXPECT_EQ(p.wake(false), send_tick);
    EXPECT_EQ(p.wake(false), peer_dead);
    EXPECT_EQ(p.wake(false), peer_dead);
}

TEST(TickPolicy, OneFrameInTheLastIntervalKeepsThePeer) {
    tick_policy p(peer_visibility::visible, 4);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(p.wake(false), send_tick);
    p.frame_read();
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(p.wake(false), send_tick);
    EXPECT_EQ(p.wake(false), peer_dead);
}

TEST(TickPolicy, OwnWritesAreNoSignOfThePeersLife) {
    tick_policy p(peer_visibility::visible, 2);
    p.written();
    EXPECT_EQ(p.wake(false), nothing);
    p.written();
    EXPECT_EQ(p.wake(false), peer_dead);
}

TEST(TickPolicy, AHiddenPeerGetsATickWheneverNothingWasRead) {
    tick_policy hidden(peer_visibility::hidden);
    tick_policy visible(peer_visibility::visible);
    for (tick_policy* p : {&hidden, &visible})
        p->written();
    EXPECT_EQ(hidden.wake(false), send_tick);
    EXPECT_EQ(visible.wake(false), nothing);
    for (tick_policy* p : {&hidden, &visible}) {
        p->written();
        p->frame_read();
    }
    EXPECT_EQ(hidden.wake(false), nothing);
    EXPECT_EQ(visible.wake(false), nothing);
}

TEST(TickPolicy, IntensityZeroCountsAsOne) {
    tick_policy p(peer_visibility::visible, 0);
    p.frame_read();
    EXPECT_EQ(p.wake(false), send_tick);
    EXPECT_EQ(p.wake(false), peer_dead);
}

}  // namespace
}  // namespace rakka::wire
