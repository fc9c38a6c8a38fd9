// `/metrics`, `/healthz` and `/readyz` over a real socket.
#include "text_format.hpp"
#include "web_client.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/metrics_http/server.hpp>
#include <rakka/otp/metrics.hpp>
#include <rakka/otp/readiness.hpp>
#include <rakka/otp/shutdown.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <string>
#include <thread>
#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using testing::get;
using testing::text_format;
using testing::web_client;

class metrics_server_of : public ::testing::Test {
protected:
    system sys{{.workers = 2}};
    metrics_server web = metrics_server::start(sys, {.readiness_timeout = 300ms}).value();
};

TEST_F(metrics_server_of, metrics_are_scraped) {
    const auto orders = metrics::of(sys).counter("orders_total", "Orders.", {{"country", "se"}});
    orders.inc(7);
    const auto r = get(web.port(), "/metrics");
    EXPECT_EQ(r.status, 200);
    EXPECT_NE(r.head.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos)
        << r.head;
    const auto families = text_format::parse(r.body);
    EXPECT_EQ(families.at("orders_total").samples.at(0).value, 7);
    EXPECT_EQ(families.at("orders_total").samples.at(0).labels.at("country"), "se");
    EXPECT_GE(families.at("process_threads").samples.at(0).value, 3);
}

TEST_F(metrics_server_of, the_same_connection_is_used_again_and_sees_what_is_new) {
    const auto orders = metrics::of(sys).counter("orders_total");
    web_client client(web.port());
    for (int i = 1; i <= 20; ++i) {
        orders.inc();
        const auto r = client.get("/metrics?name[]=orders_total");
        ASSERT_EQ(r.status, 200);
        EXPECT_EQ(text_format::parse(r.body).at("orders_total").samples.at(0).value, i);
    }
}

TEST_F(metrics_server_of, scrapes_while_processes_work_are_well_formed) {
    std::atomic<bool> over{false};
    for (int i = 0; i < 4; ++i) {
        sys.spawn([&, i] {
            const auto h = metrics::here().histogram("work_seconds", {}, {{"who", std::to_string(i)}});
            while (!over) {
                h.observe(0.02);
                metrics::inc("turns_total", {{"who", std::to_string(i)}});
                send(self(), "again"_a);
                static_cast<void>(receive());
                yield();
            }
        });
    }
    web_client client(web.port());
    double last = 0;
    for (int i = 0; i < 30; ++i) {
        const auto families = text_format::parse(client.get("/metrics").body);
        const double messages = families.at("rakka_messages_total").samples.at(0).value;
        EXPECT_GE(messages, last);
        last = messages;
    }
    over = true;
    sys.run_until_done();
    EXPECT_GT(last, 0);
}

TEST_F(metrics_server_of, head_has_no_body_and_other_methods_are_refused) {
    web_client client(web.port());
    const auto head = client.get("/metrics", "HEAD");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.head.find("Content-Length: 0\r\n"), std::string::npos);
    EXPECT_EQ(client.get("/healthz").body, "ok\n") << "the connection is in order";
    for (const char* const method : {"PUT", "DELETE", "OPTIONS", "PATCH"}) {
        const auto r = client.get("/metrics", method);
        EXPECT_EQ(r.status, 405) << method;
        EXPECT_NE(r.head.find("Allow: GET, HEAD\r\n"), std::string::npos);
        EXPECT_EQ(client.get("/readyz", method).status, 405);
    }
}

TEST_F(metrics_server_of, other_paths_are_not_there) {
    for (const char* const path : {"/", "/metric", "/metrics/", "/../metrics", "/healthz/x", "*"})
        EXPECT_EQ(get(web.port(), path).status, 404) << path;
}

TEST_F(metrics_server_of, health_is_that_of_the_system) {
    EXPECT_EQ(get(web.port(), "/healthz").status, 200);
    sys.stop();
    EXPECT_EQ(get(web.port(), "/healthz").status, 503);
    EXPECT_EQ(get(web.port(), "/readyz").status, 503);
    EXPECT_EQ(get(web.port(), "/metrics").status, 200) << "the last figures";
}

TEST_F(metrics_server_of, readiness_is_what_the_checks_say) {
    EXPECT_EQ(get(web.port(), "/readyz").body, "ready\n");
    std::atomic<bool> up{false};
    on_readiness(sys, "database", [&] { return up.load(); });
    const auto no = get(web.port(), "/readyz");
    EXPECT_EQ(no.status, 503);
    EXPECT_EQ(no.body, "[-]database failed: not ready\nnot ready\n");
    up = true;
    const auto yes = get(web.port(), "/readyz");
    EXPECT_EQ(yes.status, 200);
    EXPECT_EQ(yes.body, "[+]database ok\nready\n");
}

TEST_F(metrics_server_of, a_check_that_hangs_is_named_and_asked_once_only) {
    std::atomic<int> asked{0};
    std::atomic<bool> hangs{true};
    on_readiness(sys, "quick", [] { return true; });
    on_readiness(sys, "hangs", [&] {
        ++asked;
        while (hangs)
            static_cast<void>(receive_if([](term_view) { return false; }, 1ms));
        return true;
    });
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            const auto r = get(web.port(), "/readyz");
            EXPECT_EQ(r.status, 503);
            EXPECT_EQ(r.body, "[+]quick ok\n[-]hangs failed: no answer yet\nnot ready\n");
        });
    }
    for (std::thread& t : clients)
        t.join();
    EXPECT_EQ(asked, 1);
    hangs = false;
    int status = 0;
    for (int i = 0; i < 100 && status != 200; ++i)
        status = get(web.port(), "/readyz").status;
    EXPECT_EQ(status, 200);
}

TEST_F(metrics_server_of, answers_while_every_worker_is_held) {
    std::atomic<bool> over{false};
    for (int i = 0; i < 2; ++i)
        sys.spawn([&] {
            while (!over)
                std::this_thread::yield();
        });
    EXPECT_EQ(get(web.port(), "/healthz").status, 200);
    EXPECT_EQ(get(web.port(), "/metrics").status, 200);
    EXPECT_EQ(get(web.port(), "/readyz").status, 503) << "nothing would be done";
    over = true;
    sys.run_until_done();
}

TEST_F(metrics_server_of, a_system_that_shuts_down_is_not_ready_but_answers) {
    std::atomic<bool> over{false};
    on_shutdown(sys, [&] {
        while (!over)
            std::this_thread::sleep_for(1ms);
    });
    graceful_shutdown(sys, {.timeout = 60s});
    const auto r = get(web.port(), "/readyz");
    EXPECT_EQ(r.status, 503);
    EXPECT_EQ(r.body, "[-]system failed: shutting down\nnot ready\n");
    EXPECT_EQ(get(web.port(), "/metrics").status, 200);
    over = true;
    EXPECT_EQ(run_until_shutdown(sys, {.signals = false}), 0);
}

TEST_F(metrics_server_of, stops_and_may_be_moved) {
    metrics_server other = std::move(web);
    const auto port = other.port();
    web_client idle(port);
    EXPECT_EQ(idle.get("/healthz").status, 200);
    other.stop();
    other.stop();
    EXPECT_TRUE(idle.is_closed());
    EXPECT_THROW(web_client refused(port), boost::system::system_error);
    web = metrics_server::start(sys, {.port = port}).value();
    EXPECT_EQ(get(port, "/healthz").status, 200) << "the port is free again";
}

TEST_F(metrics_server_of, may_be_stopped_by_several_at_once) {
    web_client idle(web.port());
    EXPECT_EQ(idle.get("/healthz").status, 200);
    std::vector<std::thread> others;
    for (int i = 0; i < 3; ++i) {
        others.emplace_back([&] {
            web.stop();
            EXPECT_THROW(web_client refused(web.port()), boost::system::system_error);
        });
    }
    for (std::thread& t : others)
        t.join();
    EXPECT_TRUE(idle.is_closed());
}

TEST_F(metrics_server_of, goes_on_whatever_collectors_throw) {
    class exits final : public prometheus::Collectable {
        std::vector<prometheus::MetricFamily> Collect() const override { exit("enough"_a); }
    };
    auto own = metrics_server::start(sys, {.more = {std::make_shared<exits>()}}).value();
    const auto process_exits =
        metrics::of(sys).add_collector([](std::vector<figure>&) { error("badarg"_a); });
    const auto outside =
        metrics::of(sys).add_collector([](std::vector<figure>&) { static_cast<void>(self()); });
    const auto number = metrics::of(sys).add_collector([](std::vector<figure>&) { throw 7; });
    const auto good = metrics::of(sys).add_collector([](std::vector<figure>& out) {
        out.push_back({"fuel", "Litres.", figure::kind::gauge, {}, 1});
    });
    web_client client(own.port());
    for (int i = 0; i < 3; ++i) {
        const auto r = client.get("/metrics");
        EXPECT_EQ(r.status, 200);
        EXPECT_EQ(text_format::parse(r.body).at("fuel").samples.at(0).value, 1);
    }
}

TEST_F(metrics_server_of, a_place_that_cannot_be_had_is_named) {
    const auto taken = metrics_server::start(sys, {.port = web.port()});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, boost::system::errc::address_in_use);
    EXPECT_NE(taken.error().message.find("127.0.0.1 port " + std::to_string(web.port())), std::string::npos);
    const auto nonsense = metrics_server::start(sys, {.address = "localhost"});
    ASSERT_FALSE(nonsense);
    EXPECT_EQ(nonsense.error().code, boost::system::errc::invalid_argument);
    EXPECT_THROW(static_cast<void>(nonsense.value()), boost::system::system_error);
}

TEST_F(metrics_server_of, ends_while_a_check_is_being_made) {
    on_readiness(sys, "hangs", []() -> bool {
        static_cast<void>(receive());
        return true;
    });
    web_client client(web.port());
    client.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    web_client second(web.port());
    EXPECT_EQ(second.get("/healthz").status, 200);
    web.stop();
    EXPECT_TRUE(client.is_closed());
}

}  // namespace
}  // namespace rakka
