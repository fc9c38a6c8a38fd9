// Whom to tell when a peer is lost: a peer can neither add made-up entries nor take ours away.
#include "connection/relations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

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

std::optional<wire::wire_error> receive(relations& r, control_message m) {
    return r.received(m);
}

TEST(relations, a_monitor_of_ours_ends_by_its_own_down_alone) {
    relations r(100);
    r.sent(about(control_kind::monitor, local(1), remote(1), made_here(1)));
    EXPECT_FALSE(receive(r, about(control_kind::down, remote(1), local(2), made_here(1))));
    EXPECT_FALSE(receive(r, about(control_kind::demonitor, remote(1), local(2), made_here(1))));
    EXPECT_TRUE(receive(r, about(control_kind::monitor, remote(1), local(2), made_here(1))));
    EXPECT_FALSE(receive(r, about(control_kind::spawn_reply, remote(1), local(2), made_here(1))));
    EXPECT_EQ(r.take_local(), std::vector<pid>{local(1)});
    r.sent(about(control_kind::monitor, local(1), remote(1), made_here(1)));
    EXPECT_FALSE(receive(r, about(control_kind::down, remote(1), local(1), made_here(1))));
    EXPECT_EQ(r.size(), 0U);
}

TEST(relations, a_monitor_of_the_peer_ends_by_its_demonitor) {
    relations r(100);
    EXPECT_FALSE(receive(r, about(control_kind::monitor, remote(1), local(1), made_there(1))));
    EXPECT_EQ(r.size(), 1U);
    EXPECT_FALSE(receive(r, about(control_kind::demonitor, remote(1), {}, made_there(1))));
    EXPECT_EQ(r.size(), 0U);
}

TEST(relations, spawn_replies_count_only_when_asked_for) {
    relations r(100);
    control_message reply = about(control_kind::spawn_reply, remote(9), local(1), made_here(1));
    reply.id = wire::spawn_reply_flag::link | wire::spawn_reply_flag::monitor;
    for (std::uint32_t n = 0; n < 100; ++n) {
        reply.from = remote(n);
        EXPECT_FALSE(receive(r, reply));
    }
    EXPECT_EQ(r.size(), 0U);
    r.sent(about(control_kind::spawn_request, local(1), {}, made_here(1)));
    EXPECT_FALSE(receive(r, reply));
    EXPECT_EQ(r.size(), 2U);
}

TEST(relations, the_end_of_a_monitor_goes_to_the_process_that_is_monitored) {
    relations r(100);
    EXPECT_FALSE(receive(r, about(control_kind::monitor, remote(1), local(1), made_there(1))));
    r.add_monitor(made_there(2), local(2));  // found by its name
    for (const std::uint32_t n : {1U, 2U}) {
        control_message m =
            about(control_kind::demonitor, remote(1), n == 1 ? local(9) : pid{}, made_there(n));
        EXPECT_FALSE(r.received(m));
        EXPECT_EQ(m.to, local(n));
        EXPECT_FALSE(r.received(m));
        EXPECT_EQ(m.to, pid{}) << "once is enough";
    }
    EXPECT_EQ(r.size(), 0U);
}

TEST(relations, a_peer_may_ask_for_so_many_at_a_time) {
    relations r(4);
    const auto link = [&](std::uint32_t n) {
        return receive(r, about(control_kind::link, remote(n), local(1), {}));
    };
    const auto monitor = [&](std::uint32_t n) {
        return receive(r, about(control_kind::monitor, remote(1), local(1), made_there(n)));
    };
    const auto spawn = [&](std::uint32_t n) {
        return receive(r, about(control_kind::spawn_request, remote(1), {}, made_there(n)));
    };
    EXPECT_FALSE(link(1));
    EXPECT_FALSE(link(1)) << "the same one again";
    EXPECT_FALSE(link(2));
    EXPECT_FALSE(monitor(1));
    EXPECT_EQ(spawn(9)->code, node_errc::limit_exceeded) << "may become two";
    EXPECT_FALSE(monitor(2));
    EXPECT_EQ(r.asked_for(), 4U);
    EXPECT_EQ(link(3)->code, node_errc::limit_exceeded);
    EXPECT_EQ(monitor(3)->code, node_errc::limit_exceeded);
    EXPECT_EQ(link(3)->text,
              "it holds 4 links and monitors of processes here already (limit "
              "peer_limits::max_relations)");
    EXPECT_EQ(r.size(), 4U);
    // Ours do not count.
    r.sent(about(control_kind::link, local(5), remote(5), {}));
    r.sent(about(control_kind::monitor, local(5), remote(5), made_here(5)));
    EXPECT_EQ(r.asked_for(), 4U);
    EXPECT_EQ(r.size(), 6U);
    // Whatever ends one makes room.
    r.sent(about(control_kind::exit, local(1), remote(1), {}));
    EXPECT_FALSE(link(3));
    r.sent(about(control_kind::down, {}, remote(1), made_there(1)));
    EXPECT_FALSE(monitor(3));
    control_message unlink = about(control_kind::unlink_id, remote(3), local(1), {});
    unlink.id = 7;
    EXPECT_FALSE(r.received(unlink));
    EXPECT_FALSE(receive(r, about(control_kind::demonitor, remote(1), {}, made_there(2))));
    EXPECT_FALSE(spawn(9));
    EXPECT_EQ(r.asked_for(), 2U);
    static_cast<void>(r.take_local());
    EXPECT_EQ(r.asked_for(), 0U);
}

TEST(relations, a_monitor_needs_a_reference_of_the_peer_that_is_not_in_use) {
    relations r(100);
    EXPECT_FALSE(receive(r, about(control_kind::monitor, remote(1), local(1), made_there(1))));
    EXPECT_EQ(receive(r, about(control_kind::monitor, remote(1), local(2), made_there(1)))->code,
              node_errc::bad_control_message);
    EXPECT_EQ(receive(r, about(control_kind::spawn_request, remote(1), {}, made_here(1)))->code,
              node_errc::bad_control_message);
    EXPECT_EQ(r.size(), 1U);
}

TEST(relations, processes_of_an_earlier_incarnation_have_none) {
    relations r(100);
    const pid old{atom("me@host"), 1, 1, 5};
    EXPECT_FALSE(receive(r, about(control_kind::link, remote(1), old, {})));
    EXPECT_FALSE(receive(r, about(control_kind::monitor, remote(1), old, made_there(1))));
    EXPECT_EQ(r.size(), 0U);
}

}  // namespace
}  // namespace rakka::detail
