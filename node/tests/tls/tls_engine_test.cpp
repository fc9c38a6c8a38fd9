// Two TLS sessions in memory: handshakes, refusals, data, renegotiation, new keys, noise.
#include "transport/tls_engine.hpp"

#include "support/certificates.hpp"
#include "transport/tls_contexts.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <sys/uio.h>
#include <vector>

namespace rakka::transport {
namespace {

using testing::certificate_folder;
using testing::certificate_request;
using progress = tls_engine::progress;
using bytes = std::vector<std::byte>;

/// What has left one side and not yet reached the other, and what the other has read.
struct end {
    std::unique_ptr<tls_engine> engine;
    ssl_st* ssl = nullptr;
    bytes on_the_way;
    bytes got;
};

class tls_engine_pair : public ::testing::Test {
protected:
    tls_engine_pair() {
        const auto server = files.issue("server");
        const auto client = files.issue("client");
        for (tls_side_options* const o : {&options.server, &options.client})
            o->cacertfile = files.authority();
        options.server.certfile = server.certfile;
        options.server.keyfile = server.keyfile;
        options.client.certfile = client.certfile;
        options.client.keyfile = client.keyfile;
    }

    void begin(tls_engine_limits limits = {}, const std::string& host = "127.0.0.1") {
        auto made = tls_contexts::make(options, true);
        ASSERT_TRUE(made) << made.error();
        begin((*made)->server_session(), (*made)->client_session(host), limits);
    }
    void begin(tls_session s, tls_session c, tls_engine_limits limits) {
        server = {nullptr, s.ssl.get(), {}, {}};
        client = {nullptr, c.ssl.get(), {}, {}};
        server.engine = std::make_unique<tls_engine>(std::move(s), limits);
        client.engine = std::make_unique<tls_engine>(std::move(c), limits);
    }

    static void take_output(end& e) {
        const auto out = e.engine->output();
        e.on_the_way.insert(e.on_the_way.end(), out.begin(), out.end());
        e.engine->sent(out.size());
    }

    /// Whether both are done.
    bool shake_hands() {
        bool server_done = false;
        bool client_done = false;
        for (int i = 0; i < 20 && !(server_done && client_done); ++i) {
            client_done = client_done || step(client, server);
            server_done = server_done || step(server, client);
            if (client.engine->failure() != nullptr && server.engine->failure() != nullptr) break;
        }
        return server_done && client_done && server.engine->failure() == nullptr &&
               client.engine->failure() == nullptr;
    }
    static bool step(end& e, end& from) {
        if (e.engine->failure() != nullptr) return false;
        bytes in = std::exchange(from.on_the_way, {});
        e.engine->feed(in);
        const progress p = e.engine->shake_hands();
        take_output(e);
        if (p == progress::done && e.engine->has_input()) read(e, {});
        return p == progress::done;
    }

    /// Feeds `in` and reads what there is; how reading ended.
    static progress read(end& e, const bytes& in) {
        if (!in.empty()) e.engine->feed(in);
        bytes into(100'000);
        while (true) {
            std::size_t n = 0;
            const progress p = e.engine->read(into, n);
            e.got.insert(e.got.end(), into.begin(), into.begin() + static_cast<std::ptrdiff_t>(n));
            take_output(e);
            if (p != progress::done) return p;
        }
    }

    /// Writes `data` at `from` in parts of `part` bytes and lets `to` read it all; how that ended.
    static progress carry(end& from, end& to, const bytes& data, std::size_t part) {
        std::vector<iovec> parts;
        for (std::size_t at = 0; at < data.size(); at += part) {
            parts.push_back({const_cast<std::byte*>(data.data() + at), std::min(part, data.size() - at)});
        }
        std::size_t done = 0;
        progress p = progress::want_bytes;
        for (int i = 0; i < 10'000 && done < data.size() && p == progress::want_bytes; ++i) {
            done += from.engine->encrypt(parts, done);
            take_output(from);
            p = read(to, std::exchange(from.on_the_way, {}));
            if (!to.on_the_way.empty()) read(from, std::exchange(to.on_the_way, {}));
        }
        return p;
    }

    static bytes noise(std::size_t size) {
        std::mt19937 random(static_cast<unsigned>(size));
        bytes data(size);
        for (auto& b : data)
            b = static_cast<std::byte>(random());
        return data;
    }

    certificate_folder files;
    tls_options options;
    end server;
    end client;
};

TEST_F(tls_engine_pair, data_of_all_sizes_goes_both_ways_under_both_versions) {
    for (const tls_version v : {tls_version::tls_1_2, tls_version::tls_1_3}) {
        options.server.versions = {v};
        begin();
        ASSERT_TRUE(shake_hands());
        EXPECT_EQ(server.engine->description().substr(0, 7),
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

TEST_F(tls_engine_pair, what_is_encrypted_ahead_is_bounded_and_small_parts_share_records) {
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

TEST_F(tls_engine_pair, the_proper_end_is_told_from_a_broken_one) {
    begin();
    ASSERT_TRUE(shake_hands());
    SSL_shutdown(client.ssl);
    take_output(client);
    EXPECT_EQ(read(server, std::exchange(client.on_the_way, {})), progress::closed);
    EXPECT_TRUE(server.engine->may_read());
}

/// A session that both sides set up differently, and what each of them says then.
struct refusal {
    std::string name;
    std::function<void(certificate_folder&, tls_options&)> set;
    node_errc at_server;
    std::string server_says;
    node_errc at_client;
    std::string client_says;
};

class tls_refusal : public tls_engine_pair, public ::testing::WithParamInterface<refusal> {};

std::vector<refusal> refusals() {
    using enum node_errc;
    const auto use = [](tls_side_options& o, const testing::credentials& c) {
        o.certfile = c.certfile;
        o.keyfile = c.keyfile;
    };
    return {
        {"server_untrusted", [=](auto& f, auto& o) { use(o.server, f.issue("other", {.issuer = "others"})); },
         tls_refused, "does not trust", tls_untrusted, "is not trusted"},
        {"server_expired",
         [=](auto& f, auto& o) {
             use(o.server,
                 f.issue("old", {.from = -std::chrono::hours(48), .until = -std::chrono::hours(24)}));
         },
         tls_refused, "not valid now", tls_certificate_expired, "expired on"},
        {"server_of_the_future",
         [=](auto& f, auto& o) { use(o.server, f.issue("new", {.from = std::chrono::hours(24)})); },
         tls_refused, "does not accept our certificate", tls_certificate_expired, "is not valid before"},
        {"wrong_host",
         [=](auto& f, auto& o) {
             use(o.server, f.issue("other", {.hosts = "IP:10.9.8.7,DNS:elsewhere.example"}));
         },
         tls_refused, "does not accept our certificate", tls_wrong_host,
         "not for the host 127.0.0.1, only for IP Address:10.9.8.7, DNS:elsewhere.example"},
        {"client_untrusted", [=](auto& f, auto& o) { use(o.client, f.issue("other", {.issuer = "others"})); },
         tls_untrusted, "is not trusted", tls_refused, "does not trust"},
        {"client_expired",
         [=](auto& f, auto& o) {
             use(o.client,
                 f.issue("old", {.from = -std::chrono::hours(48), .until = -std::chrono::hours(24)}));
         },
         tls_certificate_expired, "expired on", tls_refused, "not valid now"},
        {"client_without_certificate", [](auto&, auto& o) { o.client.certfile = o.client.keyfile = ""; },
         tls_no_certificate, "shows no certificate", tls_refused, "we have none"},
        {"self_signed", [=](auto& f, auto& o) { use(o.server, f.issue("self", {.issuer = ""})); },
         tls_refused, "trust", tls_untrusted, "self-signed"},
    };
}

class tls_refusal_1_2 : public tls_refusal {};
class tls_refusal_1_3 : public tls_refusal {};

TEST_P(tls_refusal_1_2, is_told_by_both_sides) {
    const refusal& r = GetParam();
    r.set(files, options);
    options.server.versions = {tls_version::tls_1_2};
    begin();
    EXPECT_FALSE(shake_hands());
    ASSERT_NE(server.engine->failure(), nullptr);
    EXPECT_EQ(server.engine->failure()->code, r.at_server) << server.engine->failure()->text;
    EXPECT_NE(server.engine->failure()->text.find(r.server_says), std::string::npos)
        << server.engine->failure()->text;
    ASSERT_NE(client.engine->failure(), nullptr);
    EXPECT_EQ(client.engine->failure()->code, r.at_client) << client.engine->failure()->text;
    EXPECT_NE(client.engine->failure()->text.find(r.client_says), std::string::npos)
        << client.engine->failure()->text;
}

TEST_P(tls_refusal_1_3, is_told_by_both_sides) {
    const refusal& r = GetParam();
    r.set(files, options);
    begin();
    static_cast<void>(shake_hands());
    // The client is done before the server has looked at its certificate, and hears of it when it reads.
    if (client.engine->failure() == nullptr) {
        EXPECT_EQ(read(client, std::exchange(server.on_the_way, {})), progress::failed);
    }
    ASSERT_NE(server.engine->failure(), nullptr);
    ASSERT_NE(client.engine->failure(), nullptr);
    EXPECT_EQ(server.engine->failure()->code, r.at_server) << server.engine->failure()->text;
    EXPECT_NE(server.engine->failure()->text.find(r.server_says), std::string::npos)
        << server.engine->failure()->text;
    EXPECT_EQ(client.engine->failure()->code, r.at_client) << client.engine->failure()->text;
    EXPECT_NE(client.engine->failure()->text.find(r.client_says), std::string::npos)
        << client.engine->failure()->text;
}

INSTANTIATE_TEST_SUITE_P(, tls_refusal_1_2, ::testing::ValuesIn(refusals()),
                         [](const auto& i) { return i.param.name; });
INSTANTIATE_TEST_SUITE_P(, tls_refusal_1_3, ::testing::ValuesIn(refusals()),
                         [](const auto& i) { return i.param.name; });

TEST_F(tls_engine_pair, no_common_version_is_said_so) {
    options.server.versions = {tls_version::tls_1_3};
    options.client.versions = {tls_version::tls_1_2};
    begin();
    EXPECT_FALSE(shake_hands());
    ASSERT_NE(server.engine->failure(), nullptr);
    ASSERT_NE(client.engine->failure(), nullptr);
    EXPECT_EQ(server.engine->failure()->code, node_errc::tls_no_common_version)
        << server.engine->failure()->text;
    EXPECT_EQ(client.engine->failure()->code, node_errc::tls_no_common_version)
        << client.engine->failure()->text;
}

TEST_F(tls_engine_pair, no_common_cipher_is_said_so) {
    options.server.ciphers = {"TLS_AES_128_GCM_SHA256"};
    options.client.ciphers = {"TLS_AES_256_GCM_SHA384"};
    begin();
    EXPECT_FALSE(shake_hands());
    ASSERT_NE(server.engine->failure(), nullptr);
    EXPECT_EQ(server.engine->failure()->code, node_errc::tls_failed);
    EXPECT_NE(server.engine->failure()->text.find("no cipher"), std::string::npos);
    EXPECT_NE(client.engine->failure()->text.find("no cipher in common"), std::string::npos);
}

TEST_F(tls_engine_pair, a_name_is_checked_with_wildcards_and_told_to_the_server) {
    const auto c = files.issue("star", {.hosts = "DNS:*.example.org"});
    options.server.certfile = c.certfile;
    options.server.keyfile = c.keyfile;
    begin({}, "one.example.org");
    EXPECT_TRUE(shake_hands());
    EXPECT_STREQ(SSL_get_servername(server.ssl, TLSEXT_NAMETYPE_host_name), "one.example.org");
    begin({}, "two.one.example.org");
    EXPECT_FALSE(shake_hands());
    options.client.server_name = "two.example.org";
    begin({}, "127.0.0.1");
    EXPECT_TRUE(shake_hands());
    options.client.check_hostname = false;
    begin({}, "elsewhere.org");
    EXPECT_TRUE(shake_hands());
    EXPECT_EQ(SSL_get_servername(server.ssl, TLSEXT_NAMETYPE_host_name), nullptr);
}

TEST_F(tls_engine_pair, bytes_that_are_not_tls_are_refused_in_words) {
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

TEST_F(tls_engine_pair, noise_in_the_middle_is_a_failure_at_every_position) {
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

TEST_F(tls_engine_pair, renegotiation_works_whoever_asks_but_not_without_end) {
    options.server.versions = {tls_version::tls_1_2};
    for (const bool by_client : {true, false}) {
        auto made = tls_contexts::make(options, true);
        ASSERT_TRUE(made);
        begin((*made)->server_session(), (*made)->client_session("127.0.0.1"), {});
        // Who asks is not limited: only nodes that are asked are.
        end& asks = by_client ? client : server;
        tls_session again = by_client ? (*made)->client_session("127.0.0.1") : (*made)->server_session();
        asks.ssl = again.ssl.get();
        asks.engine =
            std::make_unique<tls_engine>(std::move(again), tls_engine_limits{.renegotiations = 100});
        ASSERT_TRUE(shake_hands());
        end& other = by_client ? server : client;
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

TEST_F(tls_engine_pair, a_client_may_be_forbidden_to_renegotiate) {
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

TEST_F(tls_engine_pair, keys_are_renewed_after_so_many_records_and_when_the_peer_asks) {
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

TEST_F(tls_engine_pair, a_peer_that_asks_for_new_keys_and_does_not_read_makes_nothing_grow) {
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

}  // namespace
}  // namespace rakka::transport
