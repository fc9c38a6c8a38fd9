// Two TLS sessions in memory that must not come about: what both sides say.
#include "support/tls_pair.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace rakka::transport {
namespace {

using testing::certificate_folder;

/// A session that both sides set up differently, and what each of them says then.
struct refusal {
    std::string name;
    std::function<void(certificate_folder&, tls_options&)> set;
    node_errc at_server;
    std::string server_says;
    node_errc at_client;
    std::string client_says;
};

class tls_refusal : public testing::tls_pair, public ::testing::WithParamInterface<refusal> {};

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

class tls_no_session : public testing::tls_pair {};

TEST_F(tls_no_session, certificates_in_between_have_to_be_shown_and_may_not_be_too_many) {
    const auto between = files.authority("between", "ca");
    const auto leaf = files.issue("leaf", {.issuer = "between"});
    const auto text = [](const std::filesystem::path& file) {
        std::ifstream in(file);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    options.server.keyfile = leaf.keyfile;
    options.server.certfile = leaf.certfile;
    begin();
    EXPECT_FALSE(shake_hands());
    EXPECT_EQ(client.engine->failure()->code, node_errc::tls_untrusted);
    options.server.certfile = files.write("chain.pem", text(leaf.certfile) + text(between));
    begin();
    EXPECT_TRUE(shake_hands());
    options.client.depth = 1;
    begin();
    EXPECT_TRUE(shake_hands());
    options.client.depth = 0;
    begin();
    EXPECT_FALSE(shake_hands());
    EXPECT_EQ(client.engine->failure()->code, node_errc::tls_untrusted);
}

TEST_F(tls_no_session, no_common_version_is_said_so) {
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

TEST_F(tls_no_session, no_common_cipher_is_said_so) {
    options.server.ciphers = {"TLS_AES_128_GCM_SHA256"};
    options.client.ciphers = {"TLS_AES_256_GCM_SHA384"};
    begin();
    EXPECT_FALSE(shake_hands());
    ASSERT_NE(server.engine->failure(), nullptr);
    EXPECT_EQ(server.engine->failure()->code, node_errc::tls_failed);
    EXPECT_NE(server.engine->failure()->text.find("no cipher"), std::string::npos);
    EXPECT_NE(client.engine->failure()->text.find("no cipher in common"), std::string::npos);
}

TEST_F(tls_no_session, a_name_is_checked_with_wildcards_and_told_to_the_server) {
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

}  // namespace
}  // namespace rakka::transport
