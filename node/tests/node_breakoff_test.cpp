// Whole conversations that end at each of their bytes, whoever dialled: a line of log with the peer and the
// reason, nothing left behind, and nobody else notices.
#include "epmd/epmd_messages.hpp"
#include "support/hostile_peers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <string>
#include <thread>

namespace rakka::testing {
namespace {

constexpr const char* evil_name = "evil@127.0.0.1";

/// A peer's half of a conversation, of which only the first bytes are said.
class half {
public:
    half(raw_peer& peer, std::size_t bytes_to_say) : peer_(peer), left_(bytes_to_say) {}

    /// False when the last byte that may be said has been.
    bool say(byte_view data) {
        const std::size_t n = std::min(left_, data.size());
        peer_.write(data.first(n));
        left_ -= n;
        said_ += n;
        return n == data.size() && left_ != 0;
    }
    [[nodiscard]] std::size_t said() const noexcept { return said_; }

private:
    raw_peer& peer_;
    std::size_t left_;
    std::size_t said_ = 0;
};

class node_breakoff : public hostile_peers {
protected:
    void begin_with_victim() {
        begin(options("target"));
        victim = target->sys.spawn(
            [] {
                trap_exit(true);
                while (true)
                    static_cast<void>(receive());
            },
            {.name = "victim"_a});
    }

    /// What a peer says when it is connected: each kind of thing that the node keeps something for.
    [[nodiscard]] bytes frames() const {
        const pid from{atom(evil_name), 1, 1, 77};
        const pid leader{atom(evil_name), 2, 1, 77};
        const auto ref = [](std::uint32_t n) {
            reference r;
            r.node = atom(evil_name);
            r.creation = 77;
            r.size = 3;
            r.words = {1, 2, n};
            return term(r);
        };
        bytes all{0, 0, 0, 0};  // a tick
        const auto add = [&](const bytes& frame) { all.insert(all.end(), frame.begin(), frame.end()); };
        add(raw_peer::message(term(tuple(1, from, victim))));
        add(raw_peer::message(term(tuple(19, from, "victim"_a, ref(1)))));
        add(raw_peer::message(term(tuple(19, from, victim, ref(2)))));
        add(raw_peer::message(term(tuple(6, from, ""_a, "victim"_a)),
                              term(tuple("hello"_a, list(1, 2.5, "x")))));
        add(raw_peer::message(
            term(tuple(29, ref(3), from, leader, tuple("no"_a, "such"_a, 0), list("monitor"_a, "link"_a))),
            term(list())));
        // A message in two fragments: the second is another frame.
        bytes message = raw_peer::message(term(tuple(6, from, ""_a, "victim"_a)), term("in two pieces"));
        bytes first{131, 69, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0};
        first.insert(first.end(), message.begin() + 7, message.end() - 5);
        add(raw_peer::frame(first));
        bytes second{131, 70, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1};
        second.insert(second.end(), message.end() - 5, message.end());
        add(raw_peer::frame(second));
        return all;
    }

    /// As dialler.
    static void converse(raw_peer& peer, half& speaker, byte_view frames) {
        using namespace handshake;
        if (!speaker.say(raw_peer::send_name(evil_name))) return;
        if (peer.read_message().empty()) return;
        const auto challenge = decode_challenge(peer.read_message());
        if (!challenge) return;
        const reply_message reply{handshake::challenge(1),
                                  make_digest(*cookie::from_text("cluster"), challenge->challenge)};
        if (!speaker.say(encode(reply, length_prefix::two_bytes))) return;
        if (peer.read_message().empty()) return;
        speaker.say(frames);
    }
    /// As the one dialled.
    static void answer(raw_peer& peer, half& speaker, byte_view frames) {
        using namespace handshake;
        if (peer.read_message().empty()) return;
        if (!speaker.say(encode(status_message{status::ok, {}, {}}, length_prefix::two_bytes))) return;
        if (!speaker.say(encode(challenge_message{flag_sets::wanted, challenge(1), creation(77), evil_name},
                                length_prefix::two_bytes)))
            return;
        const auto reply = decode_reply(peer.read_message());
        if (!reply) return;
        if (!speaker.say(encode(ack_message{make_digest(*cookie::from_text("cluster"), reply->challenge)},
                                length_prefix::two_bytes)))
            return;
        speaker.say(frames);
    }

    void expect_victim_is_free() {
        target->sys.run([&] {
            const auto info = process_info(victim);
            ASSERT_TRUE(info);
            EXPECT_TRUE(info->links.empty());
            EXPECT_TRUE(info->monitored_by.empty());
        });
    }

    pid victim;
};

// name and reply of the dialler; status, challenge and ack of the other side
constexpr std::size_t dialler_says = 2 + 15 + 14 + 2 + 21;
constexpr std::size_t dialled_says = 5 + 2 + 19 + 14 + 2 + 17;

TEST_F(node_breakoff, a_peer_that_dials_us_may_close_at_any_byte) {
    begin_with_victim();
    const bytes all = frames();
    const std::size_t files = open_files();
    const std::size_t processes = target->sys.process_count();
    for (std::size_t n = 0; n <= dialler_says + all.size(); ++n) {
        SCOPED_TRACE("after " + std::to_string(n) + " bytes");
        std::string address;
        {
            raw_peer evil = dial();
            address = evil.address();
            half speaker(evil, n);
            converse(evil, speaker, all);
            ASSERT_EQ(speaker.said(), n);
        }
        const bool connected = n >= dialler_says;
        const auto e = target->log.wait_for(connected ? "connection to evil@127.0.0.1 (" + address + ") ended"
                                                      : "connection from " + address + " refused");
        EXPECT_EQ(e.code, connected ? node_errc::connection_lost : node_errc::handshake_closed) << e.text;
        EXPECT_EQ(e.address, address);
        EXPECT_EQ(e.peer, n < dialler_says - 23 ? "" : evil_name) << e.text;
        if (!connected) {
            EXPECT_NE(e.text.find("Likely cause: "), std::string::npos) << e.text;
        }
        if (HasFailure()) return;
    }
    expect_nothing_left(files);
    expect_victim_is_free();
    EXPECT_EQ(target->sys.process_count(), processes);
}

TEST_F(node_breakoff, a_peer_that_we_dial_may_close_at_any_byte) {
    begin_with_victim();
    raw_listener listener;
    raw_peer registration(epmd_->port());
    epmd::node_entry entry;
    entry.name = "evil";
    entry.port = listener.port();
    registration.write(epmd::encode(epmd::alive2_request{entry}));
    ASSERT_EQ(registration.read(6).size(), 6U);
    const bytes all = frames();
    const std::size_t files = open_files();
    const std::size_t processes = target->sys.process_count();
    std::size_t failed = 0;
    std::size_t ended = 0;
    for (std::size_t n = 0; n <= dialled_says + all.size(); ++n) {
        SCOPED_TRACE("after " + std::to_string(n) + " bytes");
        auto connecting = std::async(std::launch::async, [&] { return (*target)->connect(atom(evil_name)); });
        std::string address = "127.0.0.1:" + std::to_string(listener.port());
        {
            raw_peer evil = listener.accept();
            half speaker(evil, n);
            answer(evil, speaker, all);
            ASSERT_EQ(speaker.said(), n);
        }
        const auto outcome = connecting.get();
        if (n < dialled_says) {
            ASSERT_FALSE(outcome);
            const auto e =
                target->log.wait_for("connecting to evil@127.0.0.1 at " + address + " failed", ++failed);
            EXPECT_EQ(e.code, node_errc::handshake_closed) << e.text;
            EXPECT_NE(e.text.find("Likely cause: "), std::string::npos) << e.text;
        } else {
            const auto e =
                target->log.wait_for("connection to evil@127.0.0.1 (" + address + ") ended", ++ended);
            EXPECT_EQ(e.code, node_errc::connection_lost) << e.text;
        }
        if (HasFailure()) return;
    }
    expect_nothing_left(files);
    expect_victim_is_free();
    EXPECT_EQ(target->sys.process_count(), processes);
}

TEST_F(node_breakoff, an_epmd_may_close_at_any_byte_of_its_answer) {
    raw_listener not_epmd;
    node_options o = options("lonely");
    o.listen = node_listen::no;  // so that it does not register
    o.epmd_port = not_epmd.port();
    member& us = start(std::move(o));
    epmd::node_entry entry;
    entry.name = "evil";
    entry.port = 1;  // nobody is there
    const bytes whole = epmd::encode_port2_reply(entry);
    for (std::size_t n = 0; n <= whole.size(); ++n) {
        SCOPED_TRACE("after " + std::to_string(n) + " bytes");
        auto connecting = std::async(std::launch::async, [&] { return us->connect(atom(evil_name)); });
        {
            raw_peer asking = not_epmd.accept();
            EXPECT_EQ(asking.read(7).size(), 7U);  // PORT2 evil
            asking.write(byte_view(whole).first(n));
        }
        const auto outcome = connecting.get();
        ASSERT_FALSE(outcome);
        const auto e = us.log.wait_for("connecting to evil@127.0.0.1", n + 1);
        if (n < whole.size()) {
            EXPECT_EQ(e.code, node_errc::epmd_closed) << e.text;
            EXPECT_NE(e.text.find("looking up evil with the epmd at 127.0.0.1:"), std::string::npos)
                << e.text;
        }
    }
    // And one that is none at all.
    auto connecting = std::async(std::launch::async, [&] { return us->connect(atom(evil_name)); });
    {
        raw_peer asking = not_epmd.accept();
        EXPECT_EQ(asking.read(7).size(), 7U);
        asking.write("HTTP/1.0 400 Bad Request\r\n\r\n");
        EXPECT_TRUE(asking.wait_for_close());
    }
    EXPECT_EQ(connecting.get().error(), node_errc::epmd_bad_reply);
}

TEST_F(node_breakoff, a_client_of_our_epmd_may_close_at_any_byte) {
    begin(options("target"));
    epmd::node_entry entry;
    entry.name = "evil";
    entry.port = 1;
    const bytes whole = epmd::encode(epmd::alive2_request{entry});
    const std::size_t files = open_files();
    for (std::size_t n = 0; n <= whole.size(); ++n) {
        raw_peer client(epmd_->port());
        client.write(byte_view(whole).first(n));
        if (n == whole.size()) {
            EXPECT_EQ(client.read(6).size(), 6U);
        }
    }
    for (const char* const garbage : {"GET / HTTP/1.0\r\n\r\n", "\x00\x01?", "\xff\xff"}) {
        raw_peer client(epmd_->port());
        client.write(std::string(garbage));
    }
    expect_nothing_left(files);
    // The name is free, and everybody else's is still there.
    member& evil = start("evil");
    EXPECT_TRUE((*friend_)->ping(evil.name()));
    EXPECT_TRUE(evil->ping(target->name()));
}

}  // namespace
}  // namespace rakka::testing
