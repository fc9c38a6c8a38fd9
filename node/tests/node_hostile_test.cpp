// Peers that break the rules: each gets a log line and its connection closed, and nobody else notices.
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

std::size_t open_files() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// `target` is what the tests attack; `friend_` stays connected to it all the time and must not notice
/// anything.
class node_hostile : public cluster {
protected:
    void begin(node_options o) {
        target = &start(std::move(o));
        friend_ = &start("friend");
        start_echo(*target, "echo"_a);
        ASSERT_TRUE((*friend_)->connect(target->name()));
        connection = (*friend_)->connection_info(target->name())->id;
    }
    void TearDown() override {
        if (target == nullptr) return;
        // Still there, still the same connection, still answering.
        friend_->sys.run([&] {
            send(registered_name{"echo"_a, target->name()}, term(tuple(self(), 1)));
            EXPECT_TRUE(receive_soon());
        });
        const auto info = (*friend_)->connection_info(target->name());
        ASSERT_TRUE(info);
        EXPECT_EQ(info->id, connection);
    }
    raw_peer dial() { return raw_peer((*target)->port()); }

    /// What happens to a peer that shakes hands properly and then sends `bytes`.
    node_log_event after_handshake(const bytes& sent, const std::string& expected) {
        raw_peer evil = dial();
        EXPECT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
        evil.write(sent);
        EXPECT_TRUE(evil.wait_for_close());
        const auto e = target->log.wait_for(expected);
        EXPECT_EQ(e.peer, "evil@127.0.0.1");
        EXPECT_FALSE(e.address.empty());
        EXPECT_EQ(e.level, node_log_level::warning);
        return e;
    }

    member* target = nullptr;
    member* friend_ = nullptr;
    std::uint64_t connection = 0;
};

TEST_F(node_hostile, a_wrong_cookie_is_named_on_both_sides) {
    begin(options("target"));
    node_options o = options("stranger");
    o.cookie = *cookie::from_text("another");
    member& stranger = start(std::move(o));
    const auto refused = stranger->connect(target->name());
    ASSERT_FALSE(refused);
    EXPECT_EQ(target->log.wait_for("stranger@127.0.0.1").code, node_errc::wrong_cookie);
    EXPECT_NE(stranger.log.wait_for("target@127.0.0.1 at").text.find("cookie"), std::string::npos);
    EXPECT_EQ((*target)->nodes().size(), 1U);
}

TEST_F(node_hostile, bytes_of_another_protocol_are_refused_at_once) {
    begin(options("target"));
    raw_peer evil = dial();
    evil.write("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(evil.wait_for_close());
    EXPECT_NE(target->log.wait_for("connection from 127.0.0.1").text.find("GET"), std::string::npos);
}

TEST_F(node_hostile, another_handshake_version_is_refused) {
    begin(options("target"));
    raw_peer evil = dial();
    const std::string old(
        "\x00\x0f"
        "n\x00\x04\x00\x00\x00\x00x@host00",
        17);
    evil.write(old);
    EXPECT_TRUE(evil.wait_for_close());
    EXPECT_EQ(target->log.wait_for("connection from 127.0.0.1").code, node_errc::unsupported_version);
}

TEST_F(node_hostile, silence_in_the_handshake_ends_after_the_setup_time) {
    node_options o = options("target");
    o.net_setuptime = 300ms;
    begin(std::move(o));
    raw_peer silent = dial();
    raw_peer half = dial();
    const bytes name = raw_peer::send_name("half@127.0.0.1");
    half.write(byte_view(name).first(10));
    raw_peer stops = dial();
    stops.write(raw_peer::send_name("stops@127.0.0.1"));
    EXPECT_TRUE(silent.wait_for_close());
    EXPECT_TRUE(half.wait_for_close());
    EXPECT_TRUE(stops.wait_for_close());
    EXPECT_EQ(target->log.wait_for("stops@127.0.0.1").code, node_errc::handshake_timeout);
}

TEST_F(node_hostile, too_many_handshakes_at_once_are_turned_away) {
    node_options o = options("target");
    o.max_handshakes = 2;
    begin(std::move(o));
    raw_peer first = dial();
    raw_peer second = dial();
    raw_peer third = dial();
    EXPECT_TRUE(third.wait_for_close());
    EXPECT_EQ(target->log.wait_for("max_handshakes").code, node_errc::limit_exceeded);
}

TEST_F(node_hostile, garbage_after_the_handshake_closes_the_connection) {
    begin(options("target"));
    const bytes garbage{1, 2, 3, 4, 5, 6, 7, 8};
    EXPECT_EQ(after_handshake(raw_peer::frame(garbage), "closing the connection to evil").code,
              node_errc::bad_frame);
}

TEST_F(node_hostile, an_oversized_frame_closes_the_connection_before_it_is_read) {
    node_options o = options("target");
    o.limits.max_frame_size = 1 << 20;
    begin(std::move(o));
    const bytes huge{0x7f, 0xff, 0xff, 0xff, 131, 68};
    EXPECT_EQ(after_handshake(huge, "closing the connection to evil").code, node_errc::frame_too_large);
}

TEST_F(node_hostile, an_unknown_control_message_closes_the_connection) {
    begin(options("target"));
    EXPECT_EQ(
        after_handshake(raw_peer::message(term(tuple(99, "x"_a))), "closing the connection to evil").code,
        node_errc::bad_control_message);
}

TEST_F(node_hostile, a_broken_payload_for_a_living_process_closes_the_connection) {
    begin(options("target"));
    bytes sent = raw_peer::message(term(tuple(6, pid{"evil@127.0.0.1"_a, 1, 1, 77}, ""_a, "echo"_a)));
    sent.push_back(109);  // a binary whose length is cut off
    sent[3] = static_cast<std::uint8_t>(sent[3] + 1);
    EXPECT_EQ(after_handshake(sent, "closing the connection to evil").code, node_errc::bad_frame);
}

TEST_F(node_hostile, a_frame_cut_short_by_the_end_of_the_connection_is_only_the_end) {
    begin(options("target"));
    {
        raw_peer evil = dial();
        ASSERT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
        evil.write(bytes{0, 0, 0, 100, 131, 68, 0});
    }
    const auto e = target->log.wait_for("connection to evil@127.0.0.1");
    EXPECT_NE(e.text.find("ended"), std::string::npos) << e.text;
}

TEST_F(node_hostile, an_atom_flood_leaves_the_atom_table_alone) {
    node_options o = options("target");
    o.limits.max_new_atoms = 100;
    begin(std::move(o));
    raw_peer evil = dial();
    ASSERT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
    const std::size_t before = atom::count();
    for (int i = 0; i < 3000; ++i) {
        // {Pid, Atom} for echo, written by hand: the sender of this test shares the atom table with the
        // target.
        const std::string text = "flood_" + std::to_string(i);
        bytes m = raw_peer::message(term(tuple(6, pid{"evil@127.0.0.1"_a, 1, 1, 77}, ""_a, "echo"_a)),
                                    term(pid{"evil@127.0.0.1"_a, 1, 1, 77}));
        const bytes pid_bytes(m.end() - 29, m.end());
        m.resize(m.size() - 29);
        m.insert(m.end(), {104, 2});
        m.insert(m.end(), pid_bytes.begin(), pid_bytes.end());
        m.insert(m.end(), {119, static_cast<std::uint8_t>(text.size())});
        m.insert(m.end(), text.begin(), text.end());
        const std::size_t size = m.size() - 4;
        for (int b = 0; b < 4; ++b)
            m[b] = static_cast<std::uint8_t>(size >> (24 - 8 * b));
        evil.write(m);
    }
    evil.write(raw_peer::message(term(tuple(99))));
    EXPECT_TRUE(evil.wait_for_close());
    EXPECT_EQ(target->log.wait_for("closing the connection to evil").code, node_errc::bad_control_message);
    EXPECT_LT(atom::count(), before + 200);
}

TEST_F(node_hostile, a_peer_that_asks_for_too_many_links_and_monitors_is_disconnected) {
    node_options o = options("target");
    o.limits.max_relations = 10;
    begin(std::move(o));
    raw_peer evil = dial();
    ASSERT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
    const pid from{"evil@127.0.0.1"_a, 1, 1, 77};
    const auto ref = [](std::uint32_t n) {
        reference r;
        r.node = "evil@127.0.0.1"_a;
        r.creation = 77;
        r.size = 3;
        r.words = {1, 2, n};
        return r;
    };
    // As many as it likes one after the other.
    for (std::uint32_t n = 0; n < 100; ++n) {
        evil.write(raw_peer::message(term(tuple(19, from, "echo"_a, ref(n)))));
        evil.write(raw_peer::message(term(tuple(20, from, "echo"_a, ref(n)))));
    }
    for (std::uint32_t n = 0; n < 11; ++n)
        evil.write(raw_peer::message(term(tuple(19, from, "echo"_a, ref(1000 + n)))));
    EXPECT_TRUE(evil.wait_for_close());
    const auto e = target->log.wait_for("closing the connection to evil");
    EXPECT_EQ(e.code, node_errc::limit_exceeded);
    EXPECT_NE(e.text.find("it holds 10 links and monitors"), std::string::npos) << e.text;
}

TEST_F(node_hostile, a_conversation_may_break_off_at_any_byte) {
    begin(options("target"));
    const bytes name = raw_peer::send_name("evil@127.0.0.1");
    const bytes frame = raw_peer::message(term(tuple(6, pid{"evil@127.0.0.1"_a, 1, 1, 77}, ""_a, "echo"_a)),
                                          term(tuple(pid{"evil@127.0.0.1"_a, 1, 1, 77}, 1)));
    {
        raw_peer first = dial();  // lazily made things exist from now on
        ASSERT_TRUE(first.shake_hands("evil@127.0.0.1", "cluster"));
    }
    target->log.wait_for("connection to evil@127.0.0.1");
    const std::size_t files = open_files();
    for (std::size_t i = 0; i <= name.size(); ++i)
        dial().write(byte_view(name).first(i));
    for (std::size_t i = 0; i <= frame.size(); ++i) {
        const std::string who = "evil" + std::to_string(i) + "@127.0.0.1";
        {
            raw_peer evil = dial();
            ASSERT_TRUE(evil.shake_hands(who, "cluster"));
            evil.write(byte_view(frame).first(i));
        }
        target->log.wait_for("connection to " + who);
    }
    EXPECT_EQ((*target)->nodes().size(), 1U);
    // The node closes a socket a moment after it has told of its end, and opens some in vain: it wants to
    // answer evil.
    const auto end = std::chrono::steady_clock::now() + 20s;
    bool settled = false;
    while (!settled && std::chrono::steady_clock::now() < end)
        settled = open_files() <= files;
    EXPECT_TRUE(settled) << open_files() << " descriptors, " << files << " before";
}

}  // namespace
}  // namespace rakka::testing
