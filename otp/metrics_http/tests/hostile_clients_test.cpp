// Clients that are slow, greedy or no HTTP clients at all hold nothing for long, and keep nobody else out.
#include "web_client.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/metrics_http/server.hpp>
#include <rakka/otp/metrics.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using testing::get;
using testing::web_client;

class hostile_clients : public ::testing::Test {
protected:
    [[nodiscard]] metrics_server start(metrics_server_options options) {
        return metrics_server::start(sys, std::move(options)).value();
    }
    void expect_alive(const metrics_server& web) { EXPECT_EQ(get(web.port(), "/healthz").body, "ok\n"); }

    /// The connection may be closed at any moment.
    static testing::web_response try_get(std::uint16_t port) {
        try {
            return get(port, "/healthz");
        } catch (const boost::system::system_error&) {
            return {};
        }
    }

    system sys{{.workers = 1}};
};

TEST_F(hostile_clients, a_request_without_end_is_cut_off) {
    const auto web = start({.max_request_size = 1'000});
    web_client client(web.port());
    client.send("GET /metrics HTTP/1.1\r\nX: " + std::string(20'000, 'a'));
    EXPECT_EQ(client.receive().status, 431);
    client.shutdown_send();
    EXPECT_TRUE(client.is_closed());
    web_client target(web.port());
    target.send("GET /" + std::string(20'000, 'a'));
    EXPECT_EQ(target.receive().status, 431);
    web_client many(web.port());
    many.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 1'000 && many.send("A: b\r\n"); ++i) {
    }
    EXPECT_EQ(many.receive().status, 431);
    expect_alive(web);
}

TEST_F(hostile_clients, bodies_are_not_taken) {
    const auto web = start({});
    web_client client(web.port());
    client.send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc");
    EXPECT_EQ(client.receive().status, 413);
    web_client chunked(web.port());
    chunked.send("GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc");
    const int status = chunked.receive().status;
    EXPECT_TRUE(status == 413 || status == 400) << status;
    expect_alive(web);
}

TEST_F(hostile_clients, what_is_not_http_is_answered_so) {
    const auto web = start({});
    for (const char* const bytes :
         {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n\r\nX\r\n\r\n",
          "GET / HTTP/1.1\r\nbad header\r\n\r\n", "\x16\x03\x01\x02\x01\x03\xfc\x03\x03"}) {
        web_client client(web.port());
        client.send(bytes);
        client.shutdown_send();
        const int status = client.receive().status;
        EXPECT_TRUE(status == 400 || status == 0) << bytes << status;
    }
    expect_alive(web);
}

TEST_F(hostile_clients, random_bytes_do_no_harm) {
    const auto web = start({.max_request_size = 500});
    std::minstd_rand engine(7);
    const auto random = [&] { return static_cast<unsigned>(engine()); };
    for (int round = 0; round < 200; ++round) {
        std::string bytes = round % 2 == 0 ? "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" : "";
        for (unsigned n = random() % 600; n > 0; --n)
            bytes += static_cast<char>(random());
        if (round % 4 == 0) bytes[random() % bytes.size()] = static_cast<char>(random());
        web_client client(web.port());
        client.send(bytes);
    }
    expect_alive(web);
}

TEST_F(hostile_clients, silence_is_hung_up_on) {
    const auto web = start({.request_timeout = 200ms});
    web_client silent(web.port());
    web_client slow(web.port());
    const auto begun = std::chrono::steady_clock::now();
    for (const char c : std::string("GET /metrics HTTP/1.1\r\nHost: a-long-one"))
        if (!slow.send({&c, 1}) || std::chrono::steady_clock::now() - begun > 250ms) break;
    EXPECT_TRUE(silent.is_closed());
    EXPECT_TRUE(slow.is_closed());
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
    expect_alive(web);
}

TEST_F(hostile_clients, a_connection_that_is_used_no_more_is_closed) {
    const auto web = start({.request_timeout = 200ms});
    web_client client(web.port());
    EXPECT_EQ(client.get("/healthz").status, 200);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(hostile_clients, who_takes_no_answer_is_hung_up_on) {
    const auto web = start({.max_connections = 1, .response_timeout = 200ms});
    const std::string long_value(2'000, 'x');
    for (int i = 0; i < 5'000; ++i)
        static_cast<void>(metrics::of(sys).gauge("large", {}, {{"a", long_value}, {"b", std::to_string(i)}}));
    web_client client(web.port());
    client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    // Ten megabytes do not fit into the sockets' buffers; nobody reads them, and nobody else is let in
    // meanwhile.
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (try_get(web.port()).status != 200 && std::chrono::steady_clock::now() < until) {
    }
    expect_alive(web);
    EXPECT_LT(client.receive().body.size(), 9'000'000U);
}

TEST_F(hostile_clients, those_that_hold_connections_keep_nobody_out) {
    const auto web = start({.max_connections = 4, .request_timeout = 1h});
    std::list<web_client> idle;
    for (int i = 0; i < 40; ++i)
        idle.emplace_back(web.port());
    for (int i = 0; i < 10; ++i)
        expect_alive(web);
    EXPECT_TRUE(idle.front().is_closed()) << "the one that has waited longest gave way";
}

TEST_F(hostile_clients, those_that_linger_after_a_refusal_keep_nobody_out) {
    const auto web = start({.max_connections = 4, .request_timeout = 1h});
    std::list<web_client> lingering;
    for (int i = 0; i < 40; ++i) {
        lingering.emplace_back(web.port());
        lingering.back().send("hello\r\n\r\n");
        EXPECT_EQ(lingering.back().receive().status, 400) << i;  // and does not close
        expect_alive(web);
    }
}

TEST_F(hostile_clients, those_that_linger_go_before_those_that_may_ask) {
    const auto web = start({.max_connections = 2, .request_timeout = 1h});
    web_client idle(web.port());
    EXPECT_EQ(idle.get("/healthz").status, 200);
    web_client refused(web.port());
    refused.send("hello\r\n\r\n");
    EXPECT_EQ(refused.receive().status, 400);
    EXPECT_TRUE(refused.is_closed()) << "for sending";  // it lingers
    web_client other(web.port());
    EXPECT_EQ(other.get("/healthz").status, 200);
    EXPECT_EQ(idle.get("/healthz").status, 200) << "though it has been waiting for longer";
}

TEST_F(hostile_clients, requests_that_come_together_are_answered_one_by_one) {
    const auto web = start({});
    web_client client(web.port());
    std::string requests;
    for (int i = 0; i < 50; ++i)
        requests += "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    client.send(requests);
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(client.receive().body, "ok\n") << i;
    client.send("GET /healthz HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.receive().body, "ok\n");
    client.shutdown_send();
    EXPECT_TRUE(client.is_closed()) << "as HTTP/1.0 has it";
}

}  // namespace
}  // namespace rakka
