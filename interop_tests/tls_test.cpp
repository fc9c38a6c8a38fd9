// Distribution over TLS with real BEAMs: whoever dials, both versions, IPv6, data, new keys, peers that
// stall.
#include "support/tls_test.hpp"

#include <rakka/etf/convert.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class tls : public tls_test {
protected:
    static std::optional<term> receive_soon() {
        return receive_if([](term_view) { return true; }, 20s);
    }

    /// The answer of a process named echo.
    static void start_echo(tls_peer& cpp) {
        cpp.system().spawn(
            [] {
                while (true) {
                    const term m = receive();
                    send(*m.tuple()[0].as<pid>(), term(tuple("echo"_a, m.share(m.tuple()[1]))));
                }
            },
            {.name = "echo"_a});
    }
    static void start_echo(beam_node& erl) {
        erl.eval(
            "register(echo, spawn(fun Loop() -> receive {From, M} -> From ! {echo, M}, Loop() end end))");
    }

    /// Waits until the BEAM has noticed that we have disconnected.
    static void expect_gone(beam_node& erl) {
        EXPECT_EQ(erl.eval("(fun Gone() -> case nodes(connected) of [] -> gone; _ -> timer:sleep(5), Gone() end "
                           "end)()"),
                  "gone");
    }

    /// Messages of many sizes, there and back, from both sides.
    static void expect_echoes(tls_peer& cpp, beam_node& erl, const char* own_name = "'cpp@127.0.0.1'") {
        const auto name = std::string(own_name);
        EXPECT_EQ(erl.eval("lists:all(fun(N) -> B = binary:copy(<<\"abcdefg\">>, N), {echo, " + name +
                           "} ! {self(), B}, receive {echo, A} -> A =:= B after 15000 -> false end end, "
                           "[0, 1, 10, 1000, 3000, 100000, 1000000])"),
                  "true");
        const atom peer = atom::make(erl.name()).value();
        cpp.system().run([&] {
            for (const std::size_t size : {0U, 1U, 100U, 16'000U, 70'000U, 5'000'000U}) {
                const std::string text(size, 'z');
                send(registered_name{"echo"_a, peer}, term(tuple(self(), std::string_view(text))));
                const auto answer = receive_soon();
                ASSERT_TRUE(answer);
                EXPECT_EQ(answer->tuple()[1].as<std::string>().value(), text);
            }
        });
    }
};
RAKKA_OTP_TEST_SUITE(tls);

TEST_P(tls, both_versions_whoever_dials_with_both_certificates_checked) {
    tls_peer cpp(rakka_options(own_tls()));
    start_echo(cpp);
    for (const std::string version : {"1.2", "1.3"}) {
        const std::string only = ", {versions, ['tlsv" + version + "']}";
        beam_tls t;
        t.server += only;
        t.client += only;
        t.server_certificate.rsa = t.client_certificate.rsa = version == "1.2";
        beam_node erl{beam("erl", t)};
        start_echo(erl);
        EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong") << version;
        EXPECT_FALSE(cpp.node().connection_info("erl@127.0.0.1"_a)->outgoing);
        expect_echoes(cpp, erl);
        EXPECT_TRUE(cpp.node().disconnect("erl@127.0.0.1"_a));
        expect_gone(erl);
        EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a)) << version;
        EXPECT_TRUE(cpp.node().connection_info("erl@127.0.0.1"_a)->outgoing);
        expect_echoes(cpp, erl);
    }
}

TEST_P(tls, as_a_file_of_options_has_it_by_default) {
    // The same file for both, but for where the files are: no versions, a server that verifies nobody.
    const auto c = files().issue("ours");
    const std::string common = "{certfile, \"" + c.certfile.string() + "\"}, {keyfile, \"" +
                               c.keyfile.string() + "\"}, {secure_renegotiate, true}, {reuse_sessions, true}";
    tls_options own;
    own.optfile = files().write(
        "own.conf", "[{server, [" + common + "]}, {client, [" + common + ", {verify, verify_none}]}].");
    tls_peer cpp(rakka_options(own));
    start_echo(cpp);
    beam_node erl{beam("erl", {.server = "{secure_renegotiate, true}, {reuse_sessions, true}",
                               .client = "{secure_renegotiate, true}, {verify, verify_none}"})};
    start_echo(erl);
    EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
    expect_echoes(cpp, erl);
    EXPECT_TRUE(cpp.node().disconnect("erl@127.0.0.1"_a));
    expect_gone(erl);
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
}

TEST_P(tls, over_ipv6_both_ways) {
    if (!machine_has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
    auto o = beam("erl", {.carrier = "inet6_tls"});
    o.name = "erl@::1";
    beam_node erl{o};
    start_echo(erl);
    auto own = rakka_options(own_tls(), "::1");
    own.listen_address = "::";
    tls_peer cpp(std::move(own));
    start_echo(cpp);
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@::1')"), "pong");
    EXPECT_EQ(cpp.node().connection_info("erl@::1"_a)->address.substr(0, 6), "[::1]:");
    EXPECT_TRUE(cpp.node().disconnect("erl@::1"_a));
    expect_gone(erl);
    EXPECT_TRUE(cpp.node().ping("erl@::1"_a));
    expect_echoes(cpp, erl, "'cpp@::1'");
}

TEST_P(tls, both_dialling_at_once_end_up_with_one_connection) {
    tls_peer cpp(rakka_options(own_tls()));
    beam_node erl{beam("erl")};
    for (int i = 0; i < 10; ++i) {
        auto theirs = erl.eval_async("net_adm:ping('cpp@127.0.0.1')");
        EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a)) << i;
        EXPECT_EQ(theirs.get(), "pong") << i;
        erl.eval("erlang:disconnect_node('cpp@127.0.0.1')");
        while (!cpp.node().nodes().empty())
            std::this_thread::sleep_for(1ms);
    }
}

TEST_P(tls, floods_keep_their_order_in_both_directions) {
    tls_peer cpp(rakka_options(own_tls()));
    beam_node erl{beam("erl")};
    constexpr int count = 50'000;
    std::atomic<int> in_order{0};
    std::atomic<bool> done{false};
    cpp.system().spawn(
        [&] {
            for (int i = 1; i <= count; ++i)
                if (*receive().as<int>() == i) ++in_order;
            done = true;
        },
        {.name = "sink"_a});
    erl.load_module_source(
        "-module(flood). -export([send/1, take/2]).\n"
        "send(Last) -> [{sink,'cpp@127.0.0.1'} ! N || N <- lists:seq(1, Last)], sent.\n"
        "take(N, Last) when N > Last -> in_order;\n"
        "take(N, Last) -> receive N -> take(N + 1, Last); M -> {N, M} after 15000 -> {missing, N} end.\n");
    auto shell = erl.new_shell();
    shell.eval("register(sink, self())");
    auto theirs = erl.eval_async("flood:send(50000)");
    cpp.system().run([&] {
        for (int i = 1; i <= count; ++i)
            send(registered_name{"sink"_a, "erl@127.0.0.1"_a}, term(i));
    });
    EXPECT_EQ(theirs.get(), "sent");
    EXPECT_EQ(shell.eval("flood:take(1, 50000)"), "in_order");
    while (!done)
        std::this_thread::sleep_for(1ms);
    EXPECT_EQ(in_order, count);
}

// A BEAM renegotiates (TLS 1.2) or renews keys (TLS 1.3) by itself, in the middle of traffic.
TEST_P(tls, a_beam_renegotiates_or_renews_its_keys_and_nothing_is_lost) {
    for (const std::string options : {"{versions, ['tlsv1.2']}, {renegotiate_at, 300}",
                                      "{versions, ['tlsv1.3']}, {key_update_at, 20000}"}) {
        for (const bool we_dial : {true, false}) {
            tls_peer cpp(rakka_options(own_tls()));
            start_echo(cpp);
            beam_tls t;
            t.server += ", " + options;
            t.client += ", " + options;
            beam_node erl{beam("erl", t)};
            start_echo(erl);
            if (we_dial) {
                EXPECT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
            } else {
                EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
            }
            const auto id = cpp.node().connection_info("erl@127.0.0.1"_a)->id;
            EXPECT_EQ(erl.eval("lists:all(fun(N) -> {echo, 'cpp@127.0.0.1'} ! {self(), {N, "
                               "binary:copy(<<0>>, 100)}}, receive {echo, {A, _}} -> A =:= N after 15000 -> "
                               "false end end, lists:seq(1, 500))"),
                      "true")
                << options;
            const auto now = cpp.node().connection_info("erl@127.0.0.1"_a);
            ASSERT_TRUE(now) << options << we_dial;
            EXPECT_EQ(now->id, id) << options << we_dial;
        }
    }
}

// Why clients may renegotiate by default.
TEST_P(tls, a_beam_that_may_not_renegotiate_loses_its_connection) {
    tls_options own = own_tls();
    own.server.client_renegotiation = false;
    tls_peer cpp(rakka_options(own));
    start_echo(cpp);
    beam_tls t;
    t.client += ", {versions, ['tlsv1.2']}, {renegotiate_at, 300}";
    beam_node erl{beam("erl", t)};
    EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pong");
    EXPECT_EQ(
        erl.eval("monitor_node('cpp@127.0.0.1', true), [{echo, 'cpp@127.0.0.1'} ! {self(), N} || N <- "
                 "lists:seq(1, 500), timer:sleep(1) =:= ok], receive {nodedown, _} -> down after 15000 -> "
                 "up end"),
        "down");
}

TEST_P(tls, a_frozen_beam_suspends_those_who_send_to_it_and_gets_everything_when_it_thaws) {
    auto own = rakka_options(own_tls());
    own.dist_buf_busy_limit = 64 << 10;
    tls_peer cpp(std::move(own));
    beam_node erl{beam("erl")};
    auto shell = erl.new_shell();
    shell.eval("register(sink, self())");
    ASSERT_TRUE(cpp.node().ping("erl@127.0.0.1"_a));
    erl.freeze();
    constexpr int count = 30'000;
    std::atomic<bool> ended{false};
    cpp.system().spawn([&] {
        const std::string text(1000, 'x');
        for (int i = 0; i < count; ++i)
            send(registered_name{"sink"_a, "erl@127.0.0.1"_a}, term(std::string_view(text)));
        ended = true;
    });
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (cpp.node().connection_info("erl@127.0.0.1"_a)->senders_suspended == 0 &&
           std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(1ms);
    EXPECT_EQ(cpp.node().connection_info("erl@127.0.0.1"_a)->senders_suspended, 1U);
    EXPECT_LT(cpp.node().connection_info("erl@127.0.0.1"_a)->bytes_waiting, 200'000U);
    EXPECT_FALSE(ended);
    erl.thaw();
    EXPECT_EQ(
        shell.eval("(fun All(0) -> all; All(N) -> receive B when byte_size(B) =:= 1000 -> All(N - 1) after "
                   "15000 -> {missing, N} end end)(30000)"),
        "all");
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace rakka::interop
