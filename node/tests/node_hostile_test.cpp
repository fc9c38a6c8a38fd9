// Peers that break the rules: each gets a log line and its connection closed, and nobody else notices.
#include "support/hostile_peers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_hostile : public hostile_peers {};

/// The bytes of a handshake message, as a message of its own.
bytes cut_message(const bytes& all, std::size_t from, std::size_t to) {
    bytes out{0, static_cast<std::uint8_t>(to - from)};
    out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(from),
               all.begin() + static_cast<std::ptrdiff_t>(to));
    return out;
}

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
    using namespace handshake;
    raw_peer silent = dial();
    raw_peer half = dial();
    half.write(byte_view(raw_peer::send_name("half@127.0.0.1")).first(10));
    raw_peer stops = dial();
    stops.write(raw_peer::send_name("stops@127.0.0.1"));
    raw_peer half_reply = dial();
    half_reply.write(raw_peer::send_name("half_reply@127.0.0.1"));
    half_reply.write(byte_view(encode(reply_message{}, length_prefix::two_bytes)).first(7));
    raw_peer alive = dial();  // is told that it is connected, and does not say whether it wants to be
    alive.write(raw_peer::send_name(std::string(friend_->name().text())));
    raw_peer nameless = dial();
    nameless.write(
        encode(name_message{flag_sets::wanted.with({distribution_flag::name_me}), creation(0), "127.0.0.1"},
               length_prefix::two_bytes));
    for (raw_peer* const p : {&silent, &half, &stops, &half_reply, &alive, &nameless}) {
        EXPECT_TRUE(p->wait_for_close());
        EXPECT_EQ(target->log.wait_for("connection from " + p->address() + " refused").code,
                  node_errc::handshake_timeout);
    }
    EXPECT_NE(target->log.wait_for("half_reply@127.0.0.1").text.find("stopped in the middle of a message"),
              std::string::npos);
}

TEST_F(node_hostile, garbage_and_wrong_messages_in_the_handshake_are_refused_at_each_step) {
    begin(options("target"));
    using namespace handshake;
    const bytes name = raw_peer::send_name("evil@127.0.0.1");
    const auto framed = [](const std::string& text) {
        bytes out{0, static_cast<std::uint8_t>(text.size())};
        out.insert(out.end(), text.begin(), text.end());
        return out;
    };
    struct bad {
        bool named;  ///< after a proper name
        bytes sent;
        node_errc code;
    };
    const std::vector<bad> all{
        {false, {0, 0}, node_errc::handshake_bad_message},
        {false, {0xff, 0xff}, node_errc::handshake_too_large},
        {false, framed("?garbage"), node_errc::handshake_bad_message},
        {false, framed("sok"), node_errc::handshake_bad_message},
        {false, cut_message(name, 2, 20), node_errc::handshake_bad_message},
        {true, {0, 0}, node_errc::handshake_bad_message},
        {true, {0xff, 0xff}, node_errc::handshake_too_large},
        {true, framed("?garbage"), node_errc::handshake_bad_message},
        {true, name, node_errc::handshake_bad_message},
        {true, encode(ack_message{}, length_prefix::two_bytes), node_errc::handshake_bad_message},
        {true, encode(reply_message{}, length_prefix::two_bytes), node_errc::wrong_cookie},
    };
    for (const bad& b : all) {
        raw_peer evil = dial();
        if (b.named) evil.write(name);
        evil.write(b.sent);
        EXPECT_TRUE(evil.wait_for_close());
        const auto e = target->log.wait_for("connection from " + evil.address() + " refused");
        EXPECT_EQ(e.code, b.code) << e.text;
        EXPECT_EQ(e.peer, b.named ? "evil@127.0.0.1" : "");
        EXPECT_NE(e.text.find("Received: "), std::string::npos) << e.text;
        EXPECT_NE(e.text.find("Likely cause: "), std::string::npos) << e.text;
    }
}

TEST_F(node_hostile, random_bytes_do_no_harm_before_or_after_the_handshake) {
    begin(options("target"));
    const std::size_t files = open_files();
    std::mt19937 random(20240229);
    for (int i = 0; i < 200; ++i) {
        raw_peer evil = dial();
        const bool connected = i % 2 == 1;
        if (connected) {
            ASSERT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
        }
        bytes noise(random() % 300);
        for (auto& b : noise)
            b = static_cast<std::uint8_t>(random());
        if (connected) {  // else nearly all of it would be the beginning of a frame of some GiB
            noise = raw_peer::frame(noise);
            if (noise.size() > 6 && i % 3 != 0) {
                noise[4] = 131;
                noise[5] = static_cast<std::uint8_t>(68 + i % 3);
            }
        }
        evil.write(noise);
        evil.finish_writing();
        EXPECT_TRUE(evil.wait_for_close());
    }
    expect_nothing_left(files);
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

// Neither memory nor addresses: with strict accounting of memory a few such peers would end the program.
TEST_F(node_hostile, what_is_announced_and_never_sent_takes_no_memory) {
    begin(options("target"));
    const auto addresses = [] {
        std::ifstream status("/proc/self/statm");
        std::size_t pages = 0;
        status >> pages;
        return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    };
    const std::size_t before = addresses();
    std::vector<raw_peer> evil;
    bytes many_fragments{131, 69, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0};
    const bytes control =
        raw_peer::message(term(tuple(6, pid{"evil@127.0.0.1"_a, 1, 1, 77}, ""_a, "echo"_a)));
    many_fragments.insert(many_fragments.end(), control.begin() + 7, control.end());
    many_fragments.resize(many_fragments.size() + (16 << 10));
    for (int i = 0; i < 16; ++i) {
        evil.push_back(dial());
        ASSERT_TRUE(evil.back().shake_hands("evil" + std::to_string(i) + "@127.0.0.1", "cluster"));
        if (i % 2 == 0) {
            evil.back().write(bytes{0x40, 0, 0, 0, 131, 68, 0});  // 1 GiB
        } else {
            evil.back().write(raw_peer::frame(many_fragments));  // 65,536 pieces of 16 KiB
        }
    }
    const auto end = std::chrono::steady_clock::now() + 20s;
    const auto all_read = [&] {
        std::size_t read = 0;
        for (int i = 0; i < 16; ++i) {
            const auto info = (*target)->connection_info(atom("evil" + std::to_string(i) + "@127.0.0.1"));
            read += info && info->bytes_in >= 7 ? 1 : 0;
        }
        return read == 16;
    };
    while (!all_read() && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    EXPECT_TRUE(all_read());
    EXPECT_LT(addresses(), before + (std::size_t{1} << 30));
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

TEST_F(node_hostile, a_message_beyond_a_limit_closes_the_connection) {
    node_options o = options("target");
    o.limits.max_message_size = 128 << 10;
    o.limits.max_fragmented_total = 192 << 10;
    o.limits.max_sequences = 4;
    o.limits.max_nesting = 32;
    begin(std::move(o));
    const pid from{"evil@127.0.0.1"_a, 1, 1, 77};
    const bytes control = raw_peer::message(term(tuple(6, from, ""_a, "echo"_a)));
    const auto fragment = [&](std::uint8_t tag, std::uint8_t sequence, std::uint8_t number,
                              std::size_t size) {
        bytes f{131, tag, 0, 0, 0, 0, 0, 0, 0, sequence, 0, 0, 0, 0, 0, 0, 0, number};
        if (tag == 69) {
            f.push_back(0);
            f.insert(f.end(), control.begin() + 7, control.end());
        }
        f.resize(f.size() + size);
        return raw_peer::frame(f);
    };
    const auto all = [](std::vector<bytes> frames) {
        bytes out;
        for (const bytes& f : frames)
            out.insert(out.end(), f.begin(), f.end());
        return out;
    };
    const auto closed_for = [&](const bytes& sent, node_errc code) {
        raw_peer evil = dial();
        EXPECT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
        const std::string address = evil.address();
        evil.write(sent);
        EXPECT_TRUE(evil.wait_for_close());
        const auto e = target->log.wait_for("closing the connection to evil@127.0.0.1 (" + address + ")");
        EXPECT_EQ(e.code, code) << e.text;
        target->log.wait_for("connection to evil@127.0.0.1 (" + address + ") ended");
    };
    const std::size_t piece = 64 << 10;
    closed_for(all({fragment(69, 1, 9, piece), fragment(70, 1, 8, piece), fragment(70, 1, 7, piece)}),
               node_errc::limit_exceeded);
    closed_for(all({fragment(69, 1, 9, piece), fragment(69, 2, 9, piece), fragment(69, 3, 9, piece)}),
               node_errc::limit_exceeded);
    closed_for(all({fragment(69, 1, 9, 1), fragment(69, 2, 9, 1), fragment(69, 3, 9, 1),
                    fragment(69, 4, 9, 1), fragment(69, 5, 9, 1)}),
               node_errc::limit_exceeded);
    closed_for(fragment(70, 1, 1, 1), node_errc::bad_frame);
    bytes deep = control;
    for (int i = 0; i < 33; ++i)
        deep.insert(deep.end(), {104, 1});
    deep.push_back(106);
    closed_for(raw_peer::frame(byte_view(deep).subspan(4)), node_errc::bad_frame);
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

TEST_F(node_hostile, an_atom_flood_in_headers_names_and_identifiers_leaves_the_atom_table_alone) {
    node_options o = options("target");
    o.limits.max_new_atoms = 100;
    begin(std::move(o));
    raw_peer evil = dial();
    ASSERT_TRUE(evil.shake_hands("evil@127.0.0.1", "cluster"));
    const std::size_t before = atom::count();
    const auto put_atom = [](bytes& out, const std::string& text) {
        out.insert(out.end(), {119, static_cast<std::uint8_t>(text.size())});
        out.insert(out.end(), text.begin(), text.end());
    };
    const auto put_pid = [&](bytes& out, const std::string& node) {
        out.push_back(88);
        put_atom(out, node);
        out.insert(out.end(), {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 77});
    };
    for (int i = 0; i < 2000; ++i) {
        const std::string n = std::to_string(i);
        // A header with a new atom for the cache, then {6, From, '', a new name}, and pids of made-up nodes.
        const std::string cached = "cached_" + n;
        bytes body{131, 68, 1, 0x08, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(cached.size())};
        body.insert(body.end(), cached.begin(), cached.end());
        body.insert(body.end(), {104, 4, 97, 6});
        put_pid(body, "made_up_" + n + "@host");
        put_atom(body, "");
        put_atom(body, i % 2 == 0 ? "echo" : "name_" + n);
        body.insert(body.end(), {104, 2});
        put_pid(body, "evil@127.0.0.1");
        put_pid(body, "also_made_up_" + n + "@host");
        evil.write(raw_peer::frame(body));
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

}  // namespace
}  // namespace rakka::testing
