// Erlang's option file for TLS: what is understood, what is refused by name.
#include "transport/tls_optfile.hpp"

#include "support/tls_cluster.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::transport {
namespace {

tls_options parse(const std::string& text) {
    const auto parsed = parse_tls_optfile(text);
    EXPECT_TRUE(parsed) << parsed.error();
    return parsed ? *parsed : tls_options{};
}

TEST(tls_optfile, every_option_that_there_is_finds_its_field) {
    const tls_options t = parse(R"(%% comments as well
        [{server, [{certfile, "/c/s.pem"}, {keyfile, <<"/c/s.key">>}, {password, "pw"},
                   {cacertfile, "/c/ca.pem"}, {verify, verify_peer}, {fail_if_no_peer_cert, true},
                   {depth, 2}, {versions, ['tlsv1.3', 'tlsv1.2']}, {dhfile, "/c/dh.pem"},
                   {ciphers, ["ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"]},
                   {honor_cipher_order, true}, {client_renegotiation, false},
                   {supported_groups, [x25519, secp256r1]}]},
         {client, [{cacertfile, "/c/ca2.pem"}, {verify, verify_none}, {versions, ['tlsv1.2']},
                   {ciphers, "A:B"}, {eccs, [secp384r1]}, {server_name_indication, "host.example"}]}].)");
    EXPECT_EQ(t.server.certfile, "/c/s.pem");
    EXPECT_EQ(t.server.keyfile, "/c/s.key");
    EXPECT_EQ(t.server.password, "pw");
    EXPECT_EQ(t.server.cacertfile, "/c/ca.pem");
    EXPECT_EQ(t.server.verify, tls_verify::peer);
    EXPECT_TRUE(t.server.fail_if_no_peer_cert);
    EXPECT_EQ(t.server.depth, 2U);
    EXPECT_EQ(t.server.versions, (std::vector{tls_version::tls_1_3, tls_version::tls_1_2}));
    EXPECT_EQ(t.server.dhfile, "/c/dh.pem");
    EXPECT_EQ(t.server.ciphers,
              (std::vector<std::string>{"ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"}));
    EXPECT_TRUE(t.server.honor_cipher_order);
    EXPECT_FALSE(t.server.client_renegotiation);
    EXPECT_EQ(t.server.groups, (std::vector<std::string>{"x25519", "secp256r1"}));
    EXPECT_EQ(t.client.cacertfile, "/c/ca2.pem");
    EXPECT_EQ(t.client.verify, tls_verify::none);
    EXPECT_EQ(t.client.versions, std::vector{tls_version::tls_1_2});
    EXPECT_EQ(t.client.ciphers, (std::vector<std::string>{"A", "B"}));
    EXPECT_EQ(t.client.groups, std::vector<std::string>{"secp384r1"});
    EXPECT_EQ(t.client.server_name, "host.example");
    EXPECT_TRUE(t.client.check_hostname);
}

TEST(tls_optfile, what_is_not_said_is_as_erlang_has_it) {
    const tls_options t = parse("[{server, [{certfile, \"x\"}]}].");
    EXPECT_EQ(t.server.verify, tls_verify::none);
    EXPECT_FALSE(t.server.fail_if_no_peer_cert);
    EXPECT_EQ(t.client.verify, tls_verify::peer);
    EXPECT_TRUE(t.client.check_hostname);
    EXPECT_EQ(t.client.depth, 10U);
}

TEST(tls_optfile, the_first_of_several_counts_and_harmless_options_are_taken) {
    const tls_options t = parse(R"([{server, [{depth, 1}, {depth, 3}, {secure_renegotiate, true},
        {reuse_sessions, false}, {hibernate_after, 100}, {ktls, true}, {crl_check, false},
        {crl_cache, {ssl_crl_cache, {internal, []}}}, {log_level, debug}, {protocol, tls}]},
        {client, [{server_name_indication, disable}, {crl_check, false}]}].)");
    EXPECT_EQ(t.server.depth, 1U);
    EXPECT_FALSE(t.client.check_hostname);
}

TEST(tls_optfile, what_is_not_supported_or_wrong_is_named) {
    const std::vector<std::pair<std::string, std::string>> all{
        {"[{server, [{verify_fun, {inet_tls_dist, verify_client, []}}]}].",
         "server: option verify_fun is not"},
        {"[{client, [{crl_check, peer}]}].", "client: option crl_check: peer is not supported"},
        {"[{server, [{cacerts, []}]}].", "option cacerts is not supported by Rakka: use certfile"},
        {"[{server, [{whatever, 1}]}].", "option whatever is not supported"},
        {"[{server, [{versions, ['tlsv1.1']}]}].", "'tlsv1.1' is not a version"},
        {"[{server, [{versions, []}]}].", "option versions"},
        {"[{server, [{verify, yes}]}].", "option verify: verify_none or verify_peer is expected"},
        {"[{server, [{depth, -1}]}].", "option depth: a number"},
        {"[{server, [{certfile, 17}]}].", "option certfile: the name of a file"},
        {"[{server, [{fail_if_no_peer_cert, 1}]}].", "option fail_if_no_peer_cert: true or false"},
        {"[{server, [{ciphers, [#{cipher => aes}]}]}].", "option ciphers: #{cipher => aes}: only names"},
        {"[{server, [inet6]}].", "inet6 is not an option"},
        {"[{server, [{password, fun a:b/0}]}].", "option password: a string"},
        {"[{early_data, []}].", "early_data is neither server nor client"},
        {"{server, []}.", "one term is expected"},
        {"[{server, []}]. [{client, []}].", "one term is expected"},
        {"[{server, [}].", "at 1:"},
        {"", "one term is expected"},
    };
    for (const auto& [text, said] : all) {
        const auto parsed = parse_tls_optfile(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().find(said), std::string::npos) << text << "\n" << parsed.error();
    }
}

class node_tls_optfile : public testing::tls_cluster {};

TEST_F(node_tls_optfile, a_node_starts_from_one_and_says_what_is_wrong_with_it) {
    const auto c = files.issue("both");
    const std::string common = "{certfile, \"" + c.certfile.string() + "\"}, {keyfile, \"" +
                               c.keyfile.string() + "\"}, {cacertfile, \"" + files.authority().string() +
                               "\"}, {verify, verify_peer}";
    node_options o = options("a");
    o.tls = tls_options{};
    o.tls->optfile = files.write("dist.conf", "[{server, [" + common +
                                                  ", {fail_if_no_peer_cert, true}]}, "
                                                  "{client, [" +
                                                  common + "]}].");
    node_options p = options("b");
    p.tls = o.tls;
    testing::member& a = start(std::move(o));
    testing::member& b = start(std::move(p));
    EXPECT_TRUE(a->connect(b.name()));

    for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
             {"[{server, [{verify_fun, x}]}].", "verify_fun"}, {"[", "at 1:"}}) {
        node_options q = options("c");
        q.tls = tls_options{};
        q.tls->optfile = files.write("bad.conf", text);
        system s({.workers = 1});
        const auto started = node::start(s, std::move(q));
        ASSERT_FALSE(started);
        EXPECT_NE(started.error().message.find("bad.conf"), std::string::npos) << started.error().message;
        EXPECT_NE(started.error().message.find(said), std::string::npos) << started.error().message;
    }
    node_options q = options("c");
    q.tls = tls_options{};
    q.tls->optfile = files.path() / "missing.conf";
    system s({.workers = 1});
    const auto started = node::start(s, std::move(q));
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("missing.conf cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace rakka::transport
