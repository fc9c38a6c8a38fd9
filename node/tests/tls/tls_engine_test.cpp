// Two TLS sessions in memory: data, renegotiation, new keys, noise.
#include "support/tls_pair.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <sys/uio.h>
#include <vector>

namespace rakka::transport {
namespace {

using testing::tls_end;

class tls_engine_test : public testing::tls_pair {};

TEST_F(tls_engine_test, data_of_all_sizes_goes_both_ways_under_both_versions) {
    for (const tls_version v : {tls_version::tls_1_2, tls_version::tls_1_3}) {
        options.server.versions = {v};
        begin();
        ASSERT_TRUE(shake_hands());
        EXPECT_EQ(server.engine->encryption().substr(0, 7),
                  v == tls_version::tls_1_2 ? "TLSv1.2" : "TLSv1.3");
        for (const std::size_t size : {1U, 100U, 16'384U, 16'385U, 5'000'000U}) {
            for (const std::size_t part : {std::size_t{10'000'000}, size / 3 + 1, std::size_t{1000}}) {
                if (size / part > 20'000) continue;
                const bytes data = noise(size);
                server.got.clear();
                client.got.clear();
                EXPECT_EQ(carry(client, server, data, part), progress::want_bytes);
                EXPECT_EQ(carry(server, client, data, part), progress::want_bytes);
                EXPECT_EQ(server.got, data) << size << " in parts of " << part;
                EXPECT_EQ(client.got, data) << size << " in parts of " << part;
            }
        }
    }
}

TEST_F(tls_engine_test, what_is_encrypted_ahead_is_bounded_and_small_parts_share_records) {
    begin();
    ASSERT_TRUE(shake_hands());
    const bytes data = noise(1'000'000);
    std::vector<iovec> parts;
    for (std::size_t at = 0; at < data.size(); at += 100)
        parts.push_back({const_cast<std::byte*>(data.data() + at), 100});
    EXPECT_EQ(client.engine->encrypt(parts, 0), std::size_t{64} << 10);
    EXPECT_GT(client.engine->output().size(), std::size_t{64} << 10);
    EXPECT_LT(client.engine->output().size(), (std::size_t{64} << 10) + 5 * 50);
}

TEST_F(tls_engine_test, the_proper_end_is_told_from_a_broken_one) {
    begin();
    ASSERT_TRUE(shake_hands());
    SSL_shutdown(client.ssl);
    take_output(client);
    EXPECT_EQ(read(server, std::exchange(client.on_the_way, {})), progress::closed);
    EXPECT_TRUE(server.engine->may_read());
}

TEST_F(tls_engine_test, bytes_that_are_not_tls_are_refused_in_words) {
    const std::vector<std::pair<std::string, std::string>> all{
        {std::string("\x00\x1fN\x00\x00\x00\x0d", 7), "plain carrier"},
        {"GET / HTTP/1.0\r\n", "HTTP client"},
        {"SSH-2.0-x\r\n", "SSH"},
        {std::string(5, '\xff'), "not an Erlang node"},
    };
    for (const auto& [text, said] : all) {
        begin();
        bytes in(text.size());
        std::memcpy(in.data(), text.data(), text.size());
        server.engine->feed(in);
        EXPECT_EQ(server.engine->shake_hands(), progress::failed);
        EXPECT_EQ(server.engine->failure()->code, node_errc::tls_mismatch);
        EXPECT_NE(server.engine->failure()->text.find(said), std::string::npos)
            << server.engine->failure()->text;
    }
}

TEST_F(tls_engine_test, noise_in_the_middle_is_a_failure_at_every_position) {
    begin();
    ASSERT_TRUE(shake_hands());
    for (int i = 0; i < 60; ++i) {
        begin();
        ASSERT_TRUE(shake_hands());
        const bytes data = noise(20);
        const iovec part{const_cast<std::byte*>(data.data()), data.size()};
        ASSERT_EQ(client.engine->encrypt(std::span(&part, 1), 0), data.size());
        take_output(client);
        const auto at = static_cast<std::size_t>(i) % client.on_the_way.size();
        client.on_the_way[at] ^= std::byte{0x40};
        bytes in = std::exchange(client.on_the_way, {});
        in.resize(in.size() + 40'000);  // a changed length must not make it wait for ever
        EXPECT_EQ(read(server, in), progress::failed) << i;
        EXPECT_EQ(server.engine->failure()->code, node_errc::tls_failed);
        EXPECT_FALSE(server.engine->failure()->text.empty());
        EXPECT_TRUE(server.got.empty());
    }
}

// Which of the bytes matter is OpenSSL's business; that nothing breaks but the session is ours.
TEST_F(tls_engine_test, any_byte_of_the_handshakes_may_be_wrong_or_missing) {
    const auto spoil = [&](tls_end& from, std::size_t flight, std::size_t at, bool cut) {
        begin();
        std::size_t seen_flights = 0;
        bool spoilt = false;
        for (int i = 0; i < 8; ++i) {
            for (tls_end* const e : {&client, &server}) {
                tls_end& other = e == &client ? server : client;
                step(*e, other);
                if (e != &from || e->on_the_way.empty() || seen_flights++ != flight) continue;
                if (at >= e->on_the_way.size()) return false;
                spoilt = true;
                if (cut) {
                    e->on_the_way.resize(at);
                } else {
                    e->on_the_way[at] ^= std::byte{0x55};
                }
            }
        }
        return spoilt;
    };
    for (const tls_version v : {tls_version::tls_1_2, tls_version::tls_1_3}) {
        options.server.versions = {v};
        for (tls_end* const from : {&client, &server}) {
            for (const bool cut : {false, true}) {
                for (std::size_t flight = 0; flight < 2; ++flight) {
                    std::size_t at = 0;
                    while (spoil(*from, flight, at, cut))
                        at += at < 100 ? 7 : 31;
                    EXPECT_TRUE(at > 30 || flight > 0);
                }
            }
        }
    }
}

TEST_F(tls_engine_test, renegotiation_works_whoever_asks_but_not_without_end) {
    options.server.versions = {tls_version::tls_1_2};
    for (const bool by_client : {true, false}) {
        auto made = tls_contexts::make(options, true);
        ASSERT_TRUE(made);
        begin((*made)->server_session(), (*made)->client_session("127.0.0.1"), {});
        // Who asks is not limited: only nodes that are asked are.
        tls_end& asks = by_client ? client : server;
        tls_session again = by_client ? (*made)->client_session("127.0.0.1") : (*made)->server_session();
        asks.ssl = again.ssl.get();
        asks.engine =
            std::make_unique<tls_engine>(std::move(again), tls_engine_limits{.renegotiations = 100});
        ASSERT_TRUE(shake_hands());
        tls_end& other = by_client ? server : client;
        for (int i = 1; i <= 4; ++i) {
            ASSERT_EQ(SSL_renegotiate(asks.ssl), 1);
            static_cast<void>(SSL_do_handshake(asks.ssl));
            take_output(asks);
            progress p = progress::want_bytes;
            for (int k = 0; k < 10 && p == progress::want_bytes; ++k) {
                p = read(other, std::exchange(asks.on_the_way, {}));
                if (asks.engine->failure() == nullptr) read(asks, std::exchange(other.on_the_way, {}));
            }
            if (i == 4) {
                EXPECT_EQ(p, progress::failed);
                EXPECT_NE(other.engine->failure()->text.find("again and again"), std::string::npos);
                break;
            }
            ASSERT_EQ(p, progress::want_bytes);
            ASSERT_FALSE(asks.engine->shaking_hands());
            ASSERT_FALSE(other.engine->shaking_hands());
            const bytes data = noise(50'000);
            client.got.clear();
            server.got.clear();
            carry(client, server, data, 7000);
            carry(server, client, data, 7000);
            EXPECT_EQ(server.got, data);
            EXPECT_EQ(client.got, data);
        }
    }
}

TEST_F(tls_engine_test, a_client_may_be_forbidden_to_renegotiate) {
    options.server.versions = {tls_version::tls_1_2};
    options.server.client_renegotiation = false;
    begin();
    ASSERT_TRUE(shake_hands());
    ASSERT_EQ(SSL_renegotiate(client.ssl), 1);
    static_cast<void>(SSL_do_handshake(client.ssl));
    take_output(client);
    EXPECT_EQ(read(server, std::exchange(client.on_the_way, {})), progress::want_bytes);
    EXPECT_EQ(read(client, std::exchange(server.on_the_way, {})), progress::failed);
}

TEST_F(tls_engine_test, keys_are_renewed_after_so_many_records_and_when_the_peer_asks) {
    begin({.records_per_key = 10});
    ASSERT_TRUE(shake_hands());
    const bytes data = noise(100'000);
    for (int i = 0; i < 20; ++i) {
        server.got.clear();
        client.got.clear();
        if (i % 3 == 0) {
            ASSERT_EQ(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
            ASSERT_EQ(SSL_do_handshake(client.ssl), 1);
            take_output(client);
            read(server, std::exchange(client.on_the_way, {}));
        }
        carry(client, server, data, 16'384);
        carry(server, client, data, 16'384);
        ASSERT_EQ(server.got, data);
        ASSERT_EQ(client.got, data);
    }
}

TEST_F(tls_engine_test, a_peer_that_asks_for_new_keys_and_does_not_read_makes_nothing_grow) {
    begin({.ahead = 16 << 10, .out = 40 << 10});
    ASSERT_TRUE(shake_hands());
    progress p = progress::want_bytes;
    for (int i = 0; i < 10'000 && p == progress::want_bytes; ++i) {
        ASSERT_EQ(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        ASSERT_EQ(SSL_do_handshake(client.ssl), 1);
        take_output(client);
        bytes in = std::exchange(client.on_the_way, {});
        server.engine->feed(in);
        bytes into(100);
        std::size_t n = 0;
        p = server.engine->read(into, n);
        ASSERT_LE(server.engine->output().size(), 40U << 10);
    }
    if (p == progress::want_room) {
        server.engine->sent(server.engine->output().size());
        bytes into(100);
        std::size_t n = 0;
        EXPECT_EQ(server.engine->read(into, n), progress::want_bytes);
    }
}

// One that reads slowly leaves a rest each time.
TEST_F(tls_engine_test, output_that_is_never_all_sent_does_not_grow) {
    begin();
    ASSERT_TRUE(shake_hands());
    std::size_t sent = 0;
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_EQ(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        ASSERT_EQ(SSL_do_handshake(client.ssl), 1);
        take_output(client);
        const bytes in = std::exchange(client.on_the_way, {});
        server.engine->feed(in);
        bytes into(100);
        std::size_t n = 0;
        ASSERT_EQ(server.engine->read(into, n), progress::want_bytes);
        const std::size_t out = server.engine->output().size();
        if (out > 1) server.engine->sent(out - 1);
        sent += out;
        ASSERT_LT(server.engine->output_memory(), 128U << 10);
    }
    EXPECT_GT(sent, 256U << 10);
}

}  // namespace
}  // namespace rakka::transport
