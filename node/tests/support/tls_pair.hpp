// Two TLS sessions in memory and the wire between them.
#pragma once

#include "support/certificates.hpp"
#include "transport/tls_contexts.hpp"
#include "transport/tls_engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <sys/uio.h>
#include <utility>
#include <vector>

namespace rakka::testing {

/// What has left one side and not yet reached the other, and what the other has read.
struct tls_end {
    std::unique_ptr<transport::tls_engine> engine;
    ssl_st* ssl = nullptr;
    std::vector<std::byte> on_the_way;
    std::vector<std::byte> got;
};

class tls_pair : public ::testing::Test {
protected:
    using tls_contexts = transport::tls_contexts;
    using tls_engine = transport::tls_engine;
    using tls_engine_limits = transport::tls_engine_limits;
    using tls_session = transport::tls_session;
    using progress = tls_engine::progress;
    using bytes = std::vector<std::byte>;

    tls_pair() {
        const auto of_server = files.issue("server");
        const auto of_client = files.issue("client");
        for (tls_side_options* const o : {&options.server, &options.client})
            o->cacertfile = files.authority();
        options.server.certfile = of_server.certfile;
        options.server.keyfile = of_server.keyfile;
        options.client.certfile = of_client.certfile;
        options.client.keyfile = of_client.keyfile;
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

    static void take_output(tls_end& e) {
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
    static bool step(tls_end& e, tls_end& from) {
        if (e.engine->failure() != nullptr) return false;
        bytes in = std::exchange(from.on_the_way, {});
        e.engine->feed(in);
        const progress p = e.engine->shake_hands();
        take_output(e);
        if (p == progress::done && e.engine->has_input()) read(e, {});
        return p == progress::done;
    }

    /// Feeds `in` and reads what there is; how reading ended.
    static progress read(tls_end& e, const bytes& in) {
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
    static progress carry(tls_end& from, tls_end& to, const bytes& data, std::size_t part) {
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
    tls_end server;
    tls_end client;
};

}  // namespace rakka::testing
