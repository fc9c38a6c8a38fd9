// Whom to tell when a peer is lost: a peer can neither add made-up entries nor take ours away.
#include "connection/relations.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rakka::detail {
namespace {

using wire::control_kind;
using wire::control_message;

const atom peer("peer@host");

pid local(std::uint32_t id) {
    return {{}, id, 1, 1};
}
pid remote(std::uint32_t id) {
    return {peer, id, 1, 77};
}
reference made_here(std::uint32_t n) {
    reference r;
    r.creation = 1;
    r.size = 3;
    r.words[0] = n;
    return r;
}
reference made_there(std::uint32_t n) {
    reference r = made_here(n);
    r.node = peer;
    return r;
}
control_message about(control_kind kind, const pid& from, const pid& to, const reference& ref) {
    control_message m;
    m.kind = kind;
    m.from = from;
    m.to = to;
    m.ref = ref;
    return m;
}

TEST(relations, a_monitor_of_ours_ends_by_its_own_down_alone) {
    relations r;
    r.sent(about(control_kind::monitor, local(1), remote(1), made_here(1)));
    r.received(about(control_kind::down, remote(1), local(2), made_here(1)));
    r.received(about(control_kind::demonitor, remote(1), local(2), made_here(1)));
    r.received(about(control_kind::monitor, remote(1), local(2), made_here(1)));
    r.received(about(control_kind::spawn_reply, remote(1), local(2), made_here(1)));
    EXPECT_EQ(r.take_local(), std::vector<pid>{local(1)});
    r.sent(about(control_kind::monitor, local(1), remote(1), made_here(1)));
    r.received(about(control_kind::down, remote(1), local(1), made_here(1)));
    EXPECT_EQ(r.size(), 0U);
}

TEST(relations, a_monitor_of_the_peer_ends_by_its_demonitor) {
    relations r;
    r.received(about(control_kind::monitor, remote(1), local(1), made_there(1)));
    EXPECT_EQ(r.size(), 1U);
    r.received(about(control_kind::demonitor, remote(1), {}, made_there(1)));
    EXPECT_EQ(r.size(), 0U);
}

TEST(relations, spawn_replies_count_only_when_asked_for) {
    relations r;
    control_message reply = about(control_kind::spawn_reply, remote(9), local(1), made_here(1));
    reply.id = wire::spawn_reply_flag::link | wire::spawn_reply_flag::monitor;
    for (std::uint32_t n = 0; n < 100; ++n) {
        reply.from = remote(n);
        r.received(reply);
    }
    EXPECT_EQ(r.size(), 0U);
    r.sent(about(control_kind::spawn_request, local(1), {}, made_here(1)));
    r.received(reply);
    EXPECT_EQ(r.size(), 2U);
}

TEST(relations, processes_of_an_earlier_incarnation_have_none) {
    relations r;
    const pid old{atom("me@host"), 1, 1, 5};
    r.received(about(control_kind::link, remote(1), old, {}));
    r.received(about(control_kind::monitor, remote(1), old, made_there(1)));
    EXPECT_EQ(r.size(), 0U);
}

}  // namespace
}  // namespace rakka::detail
