// Nodes over TLS: who is let in, who is not and what both sides are told, and files that change.
#include "support/raw_peer.hpp"
#include "support/tls_cluster.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_tls : public tls_cluster {
protected:
    /// That a message gets from `a` to `b` and back.
    void expect_talk(member& a, member& b) {
        if (!b.sys.whereis("echo"_a)) start_echo(b, "echo"_a);
        a.sys.run([&] {
            send(registered_name{"echo"_a, b.name()}, term(tuple(self(), "hello"_a)));
            const auto answer = receive_soon();
            ASSERT_TRUE(answer);
            EXPECT_TRUE(answer->tuple()[1].is_atom("hello"_a));
        });
    }

    /// What `a` and `b` say when `a` dials `b` in vain.
    struct told {
        error_code connect;
        node_log_event dialler;
        node_log_event dialled;
    };
    told refuse(node_options a, node_options b) {
        member& from = start(std::move(a));
        member& to = start(std::move(b));
        const auto outcome = from->connect(to.name());
        EXPECT_FALSE(outcome);
        return {outcome ? error_code() : outcome.error(), from.log.wait_for("connecting to"),
                to.log.wait_for("connection from")};
    }
};

TEST_F(node_tls, nodes_talk_over_both_versions_and_need_one_in_common) {
    member& a = start(secure("a"));
    member& b = start(secure("b", {tls_version::tls_1_2}));
    member& c = start(secure("c", {tls_version::tls_1_3}));
    for (member* const m : {&b, &c}) {
        ASSERT_TRUE(a->connect(m->name()));
        expect_talk(a, *m);
        expect_talk(*m, a);
    }
    EXPECT_EQ(a->connection_info(b.name())->tls.substr(0, 9), "TLSv1.2, ");
    EXPECT_EQ(a->connection_info(c.name())->tls.substr(0, 9), "TLSv1.3, ");
    a.log.wait_for("with TLSv1.3, ");
    EXPECT_FALSE(b->connect(c.name()));
}

TEST_F(node_tls, a_message_alone_connects_and_a_disconnected_node_comes_back) {
    member& a = start(secure("a"));
    member& b = start(secure("b"));
    expect_talk(a, b);
    EXPECT_TRUE(a->disconnect(b.name()));
    eventually("gone", [&] { return b->nodes().empty(); });
    expect_talk(b, a);
}

TEST_F(node_tls, the_cookie_counts_inside_tls) {
    node_options o = secure("b");
    o.cookie = *cookie::from_text("another");
    const told t = refuse(secure("a"), std::move(o));
    EXPECT_EQ(t.dialled.code, node_errc::wrong_cookie);
}

TEST_F(node_tls, both_dialling_at_once_end_up_with_one_connection) {
    member& a = start(secure("a"));
    member& b = start(secure("b"));
    for (int i = 0; i < 20; ++i) {
        a.sys.spawn([&] { send(registered_name{"nobody"_a, b.name()}, term(1)); });
        EXPECT_TRUE(b->connect(a.name()));
        EXPECT_TRUE(a->connect(b.name()));
        EXPECT_EQ(a->nodes().size(), 1U);
        EXPECT_TRUE(a->disconnect(b.name()));
        eventually("gone", [&] { return b->nodes().empty(); });
    }
}

TEST_F(node_tls, tls_and_plain_nodes_do_not_mix_and_both_say_so) {
    {
        const told t = refuse(options("plain"), secure("b"));
        EXPECT_EQ(t.connect, node_errc::tls_mismatch);
        EXPECT_NE(t.dialler.text.find("the peer speaks TLS and this side does not"), std::string::npos)
            << t.dialler.text;
        EXPECT_EQ(t.dialled.code, node_errc::tls_mismatch);
        EXPECT_NE(t.dialled.text.find("a node that uses the plain carrier"), std::string::npos)
            << t.dialled.text;
    }
    const told t = refuse(secure("a"), options("plain2"));
    EXPECT_EQ(t.connect, node_errc::tls_mismatch);
    EXPECT_NE(t.dialler.text.find("closed the connection instead of answering in TLS"), std::string::npos)
        << t.dialler.text;
    EXPECT_EQ(t.dialled.code, node_errc::tls_mismatch);
    EXPECT_NE(t.dialled.text.find("the peer speaks TLS and this side does not"), std::string::npos)
        << t.dialled.text;
}

struct unwelcome {
    std::string name;
    std::function<void(certificate_folder&, tls_options& dialler, tls_options& dialled)> set;
    node_errc dialler;
    node_errc dialled;
};

class node_tls_refusal : public node_tls, public ::testing::WithParamInterface<unwelcome> {};

void use(tls_side_options& o, const credentials& c) {
    o.certfile = c.certfile;
    o.keyfile = c.keyfile;
}

std::vector<unwelcome> all_unwelcome() {
    using enum node_errc;
    const certificate_request expired{.from = -48h, .until = -24h};
    return {
        {"server_untrusted",
         [](auto& f, auto&, auto& b) { use(b.server, f.issue("x", {.issuer = "others"})); }, tls_untrusted,
         tls_refused},
        {"server_expired", [=](auto& f, auto&, auto& b) { use(b.server, f.issue("x", expired)); },
         tls_certificate_expired, tls_refused},
        {"server_of_another_host",
         [](auto& f, auto&, auto& b) { use(b.server, f.issue("x", {.hosts = "DNS:example.org"})); },
         tls_wrong_host, tls_refused},
        {"server_with_the_host_as_common_name_beside_other_names",
         [](auto& f, auto&, auto& b) {
             use(b.server,
                 f.issue("x", {.subject = "127.0.0.1", .hosts = "IP:10.9.8.7,email:a@example.org"}));
         },
         tls_wrong_host, tls_refused},
        {"client_untrusted",
         [](auto& f, auto& a, auto&) { use(a.client, f.issue("x", {.issuer = "others"})); }, tls_refused,
         tls_untrusted},
        {"client_expired", [=](auto& f, auto& a, auto&) { use(a.client, f.issue("x", expired)); },
         tls_refused, tls_certificate_expired},
        {"client_without_certificate",
         [](auto&, auto& a, auto&) { a.client.certfile = a.client.keyfile = ""; }, tls_refused,
         tls_no_certificate},
        {"no_common_version",
         [](auto&, auto& a, auto& b) {
             a.client.versions = {tls_version::tls_1_2};
             b.server.versions = {tls_version::tls_1_3};
         },
         tls_no_common_version, tls_no_common_version},
    };
}

TEST_P(node_tls_refusal, is_told_in_the_log_of_both_and_by_connect) {
    node_options a = secure("a");
    node_options b = secure("b");
    GetParam().set(files, *a.tls, *b.tls);
    const told t = refuse(std::move(a), std::move(b));
    EXPECT_EQ(t.connect, GetParam().dialler);
    EXPECT_EQ(t.dialler.code, GetParam().dialler) << t.dialler.text;
    EXPECT_EQ(t.dialled.code, GetParam().dialled) << t.dialled.text;
    for (const node_log_event* const e : {&t.dialler, &t.dialled}) {
        EXPECT_EQ(e->level, node_log_level::warning);
        EXPECT_EQ(e->text.find('\n'), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(, node_tls_refusal, ::testing::ValuesIn(all_unwelcome()),
                         [](const auto& i) { return i.param.name; });

TEST_F(node_tls, a_client_need_not_show_a_certificate_where_none_is_asked_for) {
    node_options a = secure("a");
    a.tls->client.certfile = a.tls->client.keyfile = "";
    node_options b = secure("b");
    b.tls->server.verify = tls_verify::none;
    node_options c = secure("c");
    c.tls->server.fail_if_no_peer_cert = false;
    member& from = start(std::move(a));
    for (node_options* const o : {&b, &c}) {
        member& to = start(std::move(*o));
        EXPECT_TRUE(from->connect(to.name()));
        expect_talk(from, to);
    }
}

TEST_F(node_tls, silence_before_and_within_tls_ends_after_the_setup_time) {
    node_options o = secure("target");
    o.net_setuptime = 300ms;
    o.max_handshakes = 2;
    member& target = start(std::move(o));
    raw_peer silent(target->port());
    raw_peer half(target->port());
    half.write(bytes{0x16, 0x03, 0x01, 0x02, 0x00, 0x01});
    eventually("both are being heard", [&] {
        raw_peer third(target->port());
        return third.wait_for_close();
    });
    EXPECT_EQ(target.log.wait_for("max_handshakes").code, node_errc::limit_exceeded);
    for (raw_peer* const p : {&silent, &half}) {
        EXPECT_TRUE(p->wait_for_close());
        const auto e = target.log.wait_for("connection from " + p->address() + " refused");
        EXPECT_EQ(e.code, node_errc::handshake_timeout) << e.text;
    }
    member& a = start(secure("a"));
    EXPECT_TRUE(a->connect(target.name()));
}

TEST_F(node_tls, dialling_a_peer_that_says_nothing_is_called_what_it_most_likely_is) {
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(::listen(listening, 1), 0);
    ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size), 0);
    node_options o = secure("a");
    o.epmd = epmd_mode::none;
    o.epmd_port = 0;
    o.peer_port = [port = ntohs(at.sin_port)](const std::string&) { return port; };
    o.net_setuptime = 300ms;
    member& a = start(std::move(o));
    const auto outcome = a->connect("silent@127.0.0.1"_a);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), node_errc::tls_mismatch);
    EXPECT_NE(a.log.wait_for("connecting to").text.find("plain carrier"), std::string::npos);
    ::close(listening);
}

TEST_F(node_tls, new_certificates_are_used_without_a_restart_and_broken_ones_are_not) {
    member& a = start(secure("a"));
    member& b = start(secure("b"));
    const auto reconnect = [&] {
        if (!a->nodes().empty()) a->disconnect(b.name());
        eventually("gone", [&] { return b->nodes().empty(); });
        return a->connect(b.name());
    };
    EXPECT_TRUE(reconnect());
    // One of another authority: used at once, and refused.
    files.issue("b", {.issuer = "others"});
    EXPECT_EQ(reconnect().error(), node_errc::tls_untrusted);
    EXPECT_NE(b.log.wait_for("read TLS files again").text.find("b.pem"), std::string::npos);
    files.issue("b");
    EXPECT_TRUE(reconnect());
    // A broken one: told of once, and the old one goes on.
    files.write("b.pem", "not a certificate");
    EXPECT_TRUE(reconnect());
    EXPECT_TRUE(reconnect());
    const auto e = b.log.wait_for("old contents stay in use");
    EXPECT_EQ(e.level, node_log_level::error);
    EXPECT_NE(e.text.find("b.pem"), std::string::npos) << e.text;
    std::size_t told = 0;
    for (const auto& event : b.log.events())
        told += event.text.find("old contents stay in use") != std::string::npos ? 1 : 0;
    EXPECT_EQ(told, 1U);
    // Gone is broken as well; a good one heals it.
    std::filesystem::remove(files.path() / "b.pem");
    EXPECT_TRUE(reconnect());
    files.issue("b");
    EXPECT_TRUE(reconnect());
    b.log.wait_for("read TLS files again", 3);
}

TEST_F(node_tls, options_that_cannot_work_make_the_start_fail_with_their_names) {
    const auto refused = [&](const std::function<void(tls_options&)>& set) {
        node_options o = secure("a");
        set(*o.tls);
        system s({.workers = 1});
        const auto started = node::start(s, std::move(o));
        EXPECT_FALSE(started);
        if (started) return std::string();
        EXPECT_EQ(started.error().code, node_errc::bad_option);
        return started.error().message;
    };
    const auto other = files.issue("other");
    files.issue("locked", {}, "secret");
    files.write("junk", "junk");
    const std::vector<std::pair<std::function<void(tls_options&)>, std::string>> all{
        {[](auto& t) { t.server.certfile = ""; }, "keyfile is given but no certfile"},
        {[](auto& t) { t.server.certfile = t.server.keyfile = ""; }, "no certfile for the TLS server"},
        {[](auto& t) { t.server.certfile = "/nowhere/x.pem"; }, "/nowhere/x.pem"},
        {[&](auto& t) { t.server.certfile = files.path() / "junk"; }, "no certificate in PEM form"},
        {[&](auto& t) { t.client.keyfile = other.keyfile; }, "key"},
        {[&](auto& t) { t.client.keyfile = files.path() / "junk"; }, "no private key"},
        {[&](auto& t) {
             use(t.server, {files.path() / "locked.pem", files.path() / "locked.key"});
         },
         "password"},
        {[](auto& t) { t.client.cacertfile = ""; }, "verify is peer but there is no cacertfile"},
        {[&](auto& t) { t.client.cacertfile = files.path() / "junk"; }, "cacertfile"},
        {[](auto& t) { t.client.versions = {}; }, "versions is empty"},
        {[](auto& t) { t.client.ciphers = {"NO-SUCH-CIPHER"}; }, "NO-SUCH-CIPHER"},
        {[](auto& t) { t.client.ciphers = {"TLS_NO_SUCH"}; }, "TLS_NO_SUCH"},
        {[](auto& t) { t.client.groups = {"no_such_curve"}; }, "no_such_curve"},
        {[&](auto& t) { t.server.dhfile = files.path() / "junk"; }, "dhfile"},
    };
    for (const auto& [set, said] : all) {
        const std::string message = refused(set);
        EXPECT_NE(message.find("node_options::tls"), std::string::npos) << message;
        EXPECT_NE(message.find(said), std::string::npos) << message;
    }
}

TEST_F(node_tls, encrypted_keys_ciphers_and_groups_are_used) {
    node_options o = secure("a");
    use(o.tls->server, files.issue("locked", {}, "secret"));
    o.tls->server.password = "secret";
    o.tls->server.ciphers = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"};
    o.tls->server.groups = {"secp256r1", "x25519"};
    o.tls->server.honor_cipher_order = true;
    member& a = start(std::move(o));
    member& b = start(secure("b"));
    EXPECT_TRUE(b->connect(a.name()));
    node_options only_1_3 = secure("c", {tls_version::tls_1_3});  // for which no cipher is listed
    member& c = start(std::move(only_1_3));
    EXPECT_FALSE(c->connect(a.name()));
}

TEST_F(node_tls, a_node_that_does_not_listen_needs_no_server_side) {
    node_options o = secure("quiet");
    o.listen = node_listen::no;
    o.tls->server = {};
    member& quiet = start(std::move(o));
    member& b = start(secure("b"));
    EXPECT_TRUE(quiet->connect(b.name()));
}

}  // namespace
}  // namespace rakka::testing
