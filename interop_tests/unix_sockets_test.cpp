// Distribution over Unix sockets with BEAMs whose carrier is unix_sockets/rakka_uds_dist.erl.
#include "support/otp_test.hpp"

#include <rakka/rakka.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// One folder, seen by the BEAM as `inside` and by us as `outside`.
class unix_sockets : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        inside = "/tmp/rakka_uds_" + std::to_string(::getpid()) + "_" + std::to_string(release());
        outside = otp_root(release()) + inside;
        fs::create_directory(outside);
        beam_options o = options("unused");
        o.name.clear();
        o.flags = {"-proto_dist", "rakka_uds", "-rakka_uds_directory", inside};
        erl = std::make_unique<beam_node>(o);
        erl->load_module(RAKKA_UNIX_SOCKETS_DIR "/rakka_uds_dist.erl");
        node_options n{.name = "cpp@127.0.0.1", .cookie = cookie::from_text(o.cookie).value()};
        n.unix_sockets.emplace().directory = outside;
        auto started = node::start(system, std::move(n));
        ASSERT_TRUE(started) << started.error().message;
        cpp.emplace(std::move(*started));
        distribute(o.cookie);
    }
    void TearDown() override {
        cpp.reset();
        erl.reset();
        if (!outside.empty()) fs::remove_all(outside);
    }
    void distribute(const std::string& secret) const {
        EXPECT_EQ(erl->eval("{ok, _} = net_kernel:start('erl@127.0.0.1', #{name_domain => longnames}), "
                            "erlang:set_cookie(node(), '" +
                            secret + "')"),
                  "true");
    }

    std::string inside;
    std::string outside;
    rakka::system system{{.workers = 2}};
    std::optional<node> cpp;
    std::unique_ptr<beam_node> erl;
    const atom peer = "erl@127.0.0.1"_a;
};
RAKKA_OTP_TEST_SUITE(unix_sockets);

TEST_P(unix_sockets, a_node_dials_a_beam) {
    const auto done = cpp->connect(peer);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(cpp->connection_info(peer)->address, outside + "/erl");
    // A moment later, it may be.
    EXPECT_EQ(erl->eval("F = fun F([]) -> timer:sleep(10), F(nodes()); F(N) -> N end, F(nodes())"),
              "['cpp@127.0.0.1']");
    system.run([&] { EXPECT_EQ(rpc::call(peer, "erlang"_a, "abs"_a, list(-7)).value().to_string(), "7"); });
}

TEST_P(unix_sockets, a_beam_dials_a_node_and_what_is_large_goes_both_ways) {
    system.spawn(
        [] {
            const term m = receive();
            send(*m.tuple()[0].as<pid>(), m.share(m.tuple()[1]));
        },
        {.name = "back"_a});
    EXPECT_EQ(erl->eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
    EXPECT_EQ(
        erl->eval("B = rand:bytes(5000000), {back,'cpp@127.0.0.1'} ! {self(), B}, receive X -> X =:= B end"),
        "true");
    EXPECT_EQ(cpp->nodes().size(), 1U);
}

TEST_P(unix_sockets, the_end_of_either_is_seen_by_the_other) {
    ASSERT_TRUE(cpp->connect(peer));
    system.run([&] {
        const reference ref = monitor(registered_name{"kernel_sup"_a, peer});
        erl->eval("spawn(fun() -> timer:sleep(100), erlang:disconnect_node('cpp@127.0.0.1') end)");
        const auto down = receive_if([](term_view) { return true; }, 20s);
        ASSERT_TRUE(down);
        EXPECT_EQ(down->tuple()[1].as<reference>().value(), ref);
        EXPECT_TRUE(down->tuple()[4].is_atom("noconnection"_a));
    });
    EXPECT_EQ(erl->eval("net_adm:ping('cpp@127.0.0.1')"), "pong");  // a socket that was used before
    auto seen =
        erl->eval_async("monitor_node('cpp@127.0.0.1', true), receive X -> X after 20000 -> late end");
    cpp.reset();
    EXPECT_EQ(seen.get(), "{nodedown,'cpp@127.0.0.1'}");
}

TEST_P(unix_sockets, a_wrong_cookie_is_refused_both_ways) {
    erl->eval("erlang:set_cookie('cpp@127.0.0.1', other)");
    EXPECT_FALSE(cpp->connect(peer));
    EXPECT_EQ(erl->eval("net_adm:ping('cpp@127.0.0.1')"), "pang");
}

}  // namespace
}  // namespace rakka::interop
