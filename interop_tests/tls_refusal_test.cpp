// BEAMs and Rakka nodes that must not get together over TLS, whoever dials: both say no, and we say why.
#include "support/tls_test.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

class tls_refused : public tls_test {
protected:
    /// We dial a BEAM: the code that connect() gives and that the log has.
    void expect_dialling_fails(tls_peer& cpp, node_errc code, const std::string& said) {
        const auto outcome = cpp.node().connect("erl@127.0.0.1"_a);
        ASSERT_FALSE(outcome) << said;
        EXPECT_EQ(outcome.error(), code) << outcome.error().message();
        const auto e = cpp.log().wait_for("connecting to erl@127.0.0.1");
        EXPECT_EQ(e.code, code) << e.text;
        EXPECT_NE(e.text.find(said), std::string::npos) << e.text;
    }
    /// A BEAM dials us.
    void expect_turned_away(tls_peer& cpp, beam_node& erl, node_errc code, const std::string& said) {
        EXPECT_EQ(erl.eval("net_adm:ping('cpp@127.0.0.1')"), "pang") << said;
        const auto e = cpp.log().wait_for("connection from");
        EXPECT_EQ(e.code, code) << e.text;
        EXPECT_NE(e.text.find(said), std::string::npos) << e.text;
        EXPECT_TRUE(cpp.node().nodes().empty());
    }
};
RAKKA_OTP_TEST_SUITE(tls_refused);

TEST_P(tls_refused, a_certificate_that_we_do_not_accept) {
    const testing::certificate_request stranger{.issuer = "others"};
    const testing::certificate_request expired{.from = -48h, .until = -24h};
    const testing::certificate_request elsewhere{.hosts = "DNS:elsewhere.example"};
    {
        tls_peer cpp(rakka_options(own_tls()));
        beam_node erl{beam("erl", {.server_certificate = stranger, .client_certificate = stranger})};
        expect_dialling_fails(cpp, node_errc::tls_untrusted, "is not trusted");
        expect_turned_away(cpp, erl, node_errc::tls_untrusted, "is not trusted");
    }
    {
        tls_peer cpp(rakka_options(own_tls()));
        beam_node erl{beam("erl", {.server_certificate = expired, .client_certificate = expired})};
        expect_dialling_fails(cpp, node_errc::tls_certificate_expired, "expired on");
        expect_turned_away(cpp, erl, node_errc::tls_certificate_expired, "expired on");
    }
    tls_peer cpp(rakka_options(own_tls()));
    beam_node erl{beam("erl", {.server_certificate = elsewhere})};
    expect_dialling_fails(cpp, node_errc::tls_wrong_host, "DNS:elsewhere.example");
}

TEST_P(tls_refused, our_certificate_if_they_do_not_accept_it) {
    for (const testing::certificate_request& r :
         {testing::certificate_request{.issuer = "others"},
          testing::certificate_request{.from = -48h, .until = -24h},
          testing::certificate_request{.hosts = "DNS:elsewhere.example"}}) {
        tls_peer cpp(rakka_options(own_tls(r)));
        beam_node erl{beam("erl")};
        const bool only_the_host = r.issuer == "ca" && r.until > 0s;
        if (!only_the_host) expect_dialling_fails(cpp, node_errc::tls_refused, "our certificate");
        expect_turned_away(cpp, erl, node_errc::tls_refused, "our certificate");
    }
}

TEST_P(tls_refused, who_shows_no_certificate) {
    tls_options own = own_tls();
    own.client.certfile = own.client.keyfile = "";
    for (const std::string version : {"1.2", "1.3"}) {
        tls_peer cpp(rakka_options(own));
        const std::string only = ", {versions, ['tlsv" + version + "']}";
        beam_tls t;
        t.server += only;
        t.client += only;
        t.client_has_certificate = false;
        beam_node erl{beam("erl", t)};
        expect_dialling_fails(cpp, node_errc::tls_refused, "we have none");
        expect_turned_away(cpp, erl, node_errc::tls_no_certificate, "shows no certificate");
    }
}

TEST_P(tls_refused, no_common_version) {
    tls_options own = own_tls();
    own.server.versions = own.client.versions = {tls_version::tls_1_3};
    tls_peer cpp(rakka_options(own));
    beam_tls t;
    t.server += ", {versions, ['tlsv1.2']}";
    t.client += ", {versions, ['tlsv1.2']}";
    beam_node erl{beam("erl", t)};
    expect_dialling_fails(cpp, node_errc::tls_no_common_version, "versions of TLS");
    expect_turned_away(cpp, erl, node_errc::tls_no_common_version, "versions of TLS");
}

TEST_P(tls_refused, a_plain_beam) {
    auto own = rakka_options(own_tls());
    own.net_setuptime = 1s;  // a plain BEAM waits for the rest of what it takes for a long message
    tls_peer cpp(std::move(own));
    auto erl = start_erlang("erl");
    expect_dialling_fails(cpp, node_errc::tls_mismatch, "plain carrier");
    expect_turned_away(cpp, erl, node_errc::tls_mismatch, "a node that uses the plain carrier");
}

TEST_P(tls_refused, a_plain_node_of_ours_by_a_beam_with_tls) {
    tls_peer cpp(rakka_options(std::nullopt));
    beam_node erl{beam("erl")};
    expect_dialling_fails(cpp, node_errc::tls_mismatch, "speaks TLS and this side does not");
    expect_turned_away(cpp, erl, node_errc::tls_mismatch, "speaks TLS and this side does not");
}

TEST_P(tls_refused, a_wrong_cookie_inside_tls) {
    auto own = rakka_options(own_tls());
    own.cookie = cookie::from_text("another").value();
    tls_peer cpp(std::move(own));
    beam_node erl{beam("erl")};
    EXPECT_FALSE(cpp.node().connect("erl@127.0.0.1"_a));
    expect_turned_away(cpp, erl, node_errc::wrong_cookie, "cookie");
}

}  // namespace
}  // namespace rakka::interop
