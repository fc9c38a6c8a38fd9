// A node as a part of its system: its figures, no new peers, its end; and what a peer's init:stop() does.
#include "support/cluster.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/node/rpc.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rakka::testing {
namespace {

using labels = std::vector<std::pair<std::string, std::string>>;

class node_part : public cluster {
protected:
    static std::shared_ptr<system_part> part_of(member& m) {
        const auto all = parts_of(m.sys);
        EXPECT_EQ(all.size(), 1U);
        return all.at(0);
    }
    /// Nothing: there is no such figure.
    static std::optional<double> value(member& m, const std::string& name, const labels& with = {}) {
        std::vector<figure> all;
        part_of(m)->figures(all);
        for (const figure& f : all)
            if (f.name == name && f.labels == with) return f.value;
        return std::nullopt;
    }
    [[nodiscard]] static std::string call(member& from, member& to, atom function, term given) {
        return from.sys.run([&] {
            const auto answer =
                rpc::call(to.name(), "init"_a, function, std::move(given), std::chrono::seconds(20));
            return answer ? answer->to_string() : answer.error().to_term().to_string();
        });
    }

    member& a = start("a");
    member& b = start("b");
};

TEST_F(node_part, tells_of_its_connections_and_what_goes_over_them) {
    EXPECT_EQ(part_of(b)->name(), "node b@127.0.0.1");
    EXPECT_EQ(value(b, "rakka_connections", {{"type", "visible"}}), 0);
    start_echo(b, "echo"_a);
    const auto exchange = [&] {
        a.sys.run([&] {
            for (int i = 0; i < 10; ++i) {
                send(registered_name{"echo"_a, b.name()}, term(tuple(self(), std::string(100, 'x'))));
                ASSERT_TRUE(receive_soon());
            }
        });
    };
    exchange();
    EXPECT_EQ(value(b, "rakka_connections", {{"type", "visible"}}), 1);
    EXPECT_EQ(value(b, "rakka_connections", {{"type", "hidden"}}), 0);
    const labels in{{"peer", "a@127.0.0.1"}, {"direction", "in"}};
    const labels out{{"peer", "a@127.0.0.1"}, {"direction", "out"}};
    const double messages_in = value(b, "rakka_peer_messages_total", in).value();
    const double messages_out = value(b, "rakka_peer_messages_total", out).value();
    const double bytes_in = value(b, "rakka_peer_bytes_total", in).value();
    EXPECT_GE(messages_in, 10);
    EXPECT_GE(messages_out, 10);
    EXPECT_GE(bytes_in, 10 * 100);
    exchange();
    eventually("ten more have come in", [&] {
        return value(b, "rakka_peer_messages_total", in).value() >= messages_in + 10 &&
               value(b, "rakka_peer_messages_total", out).value() >= messages_out + 10;
    });
    EXPECT_GE(value(b, "rakka_peer_bytes_total", in).value(), bytes_in + 10 * 100);
    EXPECT_EQ(value(b, "rakka_peer_suspended_senders", {{"peer", "a@127.0.0.1"}}), 0);
    const double of_all = value(b, "rakka_distribution_bytes_total", {{"direction", "in"}}).value();
    EXPECT_GE(of_all, bytes_in + 10 * 100);
    EXPECT_TRUE(a->disconnect(b.name()));
    eventually("b has noticed", [&] { return value(b, "rakka_connections", {{"type", "visible"}}) == 0.0; });
    EXPECT_FALSE(value(b, "rakka_peer_bytes_total", in)) << "the connection is gone";
    EXPECT_GE(value(b, "rakka_distribution_bytes_total", {{"direction", "in"}}).value(), of_all)
        << "not what it was";
}

TEST_F(node_part, that_accepts_no_more_keeps_the_peers_it_has) {
    ASSERT_TRUE(a->connect(b.name()));
    start_echo(b, "echo"_a);
    part_of(b)->stop_accepting();
    part_of(b)->stop_accepting();
    a.sys.run([&] {
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), 1)));
        EXPECT_TRUE(receive_soon());
    });
    member& c = start("c");
    EXPECT_FALSE(c->connect(b.name()));
    EXPECT_TRUE(b->connect(c.name())) << "it may dial itself";
}

TEST_F(node_part, is_drained_when_nothing_waits_to_be_written) {
    ASSERT_TRUE(a->connect(b.name()));
    eventually("all is written", [&] { return part_of(a)->unfinished() == 0; });
}

TEST_F(node_part, closes_as_stop_does) {
    ASSERT_TRUE(a->connect(b.name()));
    eventually("b is connected", [&] { return b->nodes().size() == 1; });
    a.sys.run([&] { part_of(a)->close(); });
    EXPECT_EQ(a.sys.node_name(), "nonode@nohost"_a);
    eventually("b has noticed", [&] { return b->nodes().empty(); });
    std::vector<figure> none;
    part_of(a)->figures(none);
    EXPECT_TRUE(none.empty());
}

TEST_F(node_part, goes_with_the_node) {
    b.self->stop();
    b.self.reset();
    EXPECT_TRUE(parts_of(b.sys).empty());
}

TEST_F(node_part, init_stop_asks_whoever_ends_the_program) {
    EXPECT_TRUE(call(a, b, "stop"_a, list()).starts_with("{badrpc,{'EXIT',{undef,")) << "there is nobody";
    std::mutex mutex;
    std::vector<stop_request> asked;
    set_stop_handler(b.sys, [&](const stop_request& r) {
        const std::lock_guard lock(mutex);
        asked.push_back(r);
    });
    EXPECT_EQ(call(a, b, "stop"_a, list()), "ok");
    EXPECT_EQ(call(a, b, "stop"_a, list(3)), "ok");
    EXPECT_EQ(call(a, b, "stop"_a, list(charlist("broken"))), "ok");
    for (const term& wrong : {term(-1), term("abort"_a), term(tuple(1))})
        EXPECT_TRUE(call(a, b, "stop"_a, list(wrong)).starts_with("{badrpc,{'EXIT',{badarg,"))
            << wrong.to_string();
    const std::lock_guard lock(mutex);
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(asked[0].status, 0);
    EXPECT_EQ(asked[0].reason, "init:stop/0 called by a peer");
    EXPECT_EQ(asked[1].status, 3);
    EXPECT_EQ(asked[2].status, 1);
    EXPECT_EQ(asked[2].reason, "init:stop/1 called by a peer: broken");
}

}  // namespace
}  // namespace rakka::testing
