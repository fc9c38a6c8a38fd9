// Who may connect with whom: the list of allowed nodes, cookies for one peer, cookie files that change,
// connections that signals may make.
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

class node_access : public cluster {
protected:
    // Hidden, so that `global` does not connect again what a test disconnects.
    [[nodiscard]] node_options options(const std::string& alive) const {
        node_options o = cluster::options(alive);
        o.visibility = node_visibility::hidden;
        return o;
    }
    member& start(node_options o) { return cluster::start(std::move(o)); }
    member& start(const std::string& alive) { return cluster::start(options(alive)); }

    static std::string status_of(raw_peer& p) {
        const bytes m = p.read_message();
        return {m.begin(), m.end()};
    }
    static std::string greeted(std::uint16_t port, const std::string& name) {
        raw_peer p(port);
        p.write(raw_peer::send_name(name));
        return status_of(p);
    }
    static cookie secret(const char* text) { return *cookie::from_text(text); }
    /// Whoever dialled sees the connection a moment before the other one, and its end a moment after.
    static void part(member& a, member& b) {
        eventually("a sees it come", [&] { return !a->nodes().empty(); });
        EXPECT_TRUE(a->disconnect(b.name()));
        eventually("b sees it go", [&] { return b->nodes().empty(); });
    }
    /// What a process of `m` gets when it monitors a name on `peer`.
    static std::string monitored(member& m, atom peer) {
        return m.sys.run([&] {
            monitor(registered_name{"nobody"_a, peer});
            return receive_soon()->tuple()[4].to_string();
        });
    }
};

// ---- the list

TEST_F(node_access, who_is_not_on_the_list_is_refused_both_ways) {
    node_options o = options("a");
    o.allow = {"b@127.0.0.1"};
    member& a = start(std::move(o));
    member& b = start("b");
    member& c = start("c");
    EXPECT_EQ(greeted(a->port(), "c@127.0.0.1"), "snot_allowed");
    EXPECT_EQ(a.log.wait_for("node_options::allow").code, node_errc::handshake_refused);
    EXPECT_EQ(c->connect(a.name()).error(), node_errc::handshake_not_allowed);
    EXPECT_EQ(a->connect(c.name()).error(), node_errc::handshake_refused);
    EXPECT_EQ(monitored(a, c.name()), "noconnection");
    EXPECT_TRUE(b->connect(a.name()));
}

TEST_F(node_access, whole_hosts_may_be_on_the_list) {
    node_options o = options("a");
    o.allow = {"127.0.0.1"};
    member& a = start(std::move(o));
    EXPECT_EQ(greeted(a->port(), "c@127.0.0.2"), "snot_allowed");
    EXPECT_EQ(greeted(a->port(), "c@127.0.0.1"), "sok");
}

TEST_F(node_access, the_list_grows_while_the_node_runs) {
    member& a = start("a");
    member& b = start("b");
    EXPECT_EQ(a->allow({"b@127.0.0.1", "two@at@signs"}).error(), node_errc::bad_node_name);
    EXPECT_EQ(greeted(a->port(), "c@127.0.0.1"), "sok") << "nothing was added, so all are allowed";
    EXPECT_TRUE(a->allow({"x@127.0.0.1"}));
    EXPECT_EQ(b->connect(a.name()).error(), node_errc::handshake_not_allowed);
    EXPECT_TRUE(a->allow({"b@127.0.0.1"}));
    EXPECT_TRUE(b->connect(a.name()));
}

TEST_F(node_access, whoever_asks_for_a_name_needs_its_host_on_the_list) {
    using namespace handshake;
    for (const bool allowed : {false, true}) {
        node_options o = options("a");
        o.allow = {allowed ? "127.0.0.1" : "b@127.0.0.1"};
        member& a = start(std::move(o));
        raw_peer nameless(a->port());
        nameless.write(encode(
            name_message{flag_sets::wanted.with({distribution_flag::name_me}), creation(0), "127.0.0.1"},
            length_prefix::two_bytes));
        EXPECT_EQ(status_of(nameless).substr(0, 6), allowed ? "snamed" : "snot_a");
        remove(a);
    }
}

// ---- how fast

TEST_F(node_access, too_many_new_sockets_in_a_second_are_closed_and_logged_once) {
    node_options o = options("a");
    o.accept_rate_per_address = {1, 3};
    member& a = start(std::move(o));
    std::size_t closed = 0;
    for (int i = 0; i < 10; ++i) {
        raw_peer p(a->port());
        p.write(raw_peer::send_name("c@127.0.0.1"));
        closed += p.read_message().empty() ? 1 : 0;
    }
    EXPECT_GE(closed, 5U);
    EXPECT_LE(closed, 7U);
    EXPECT_EQ(a.log.wait_for("accept_rate_per_address").code, node_errc::limit_exceeded);
    std::size_t lines = 0;
    for (const auto& e : a.log.events())
        lines += e.text.find("accept_rate_per_address") != std::string::npos ? 1 : 0;
    EXPECT_EQ(lines, 1U);
}

// ---- cookies

TEST_F(node_access, a_peer_may_have_a_cookie_of_its_own) {
    member& a = start("a");
    node_options o = options("b");
    o.cookie = secret("other");
    member& b = start(std::move(o));
    EXPECT_FALSE(a->connect(b.name()));
    a->set_cookie(b.name(), secret("other"));
    EXPECT_TRUE(a->connect(b.name())) << "dialling";
    part(a, b);
    EXPECT_TRUE(b->connect(a.name())) << "being dialled";
    member& c = start("c");
    EXPECT_TRUE(c->connect(a.name())) << "others need the own cookie";
}

TEST_F(node_access, the_own_cookie_can_change) {
    member& a = start("a");
    member& b = start("b");
    a->set_cookie(secret("new"));
    EXPECT_FALSE(b->connect(a.name()));
    b->set_cookie(secret("new"));
    EXPECT_TRUE(b->connect(a.name()));
}

class node_cookie_file : public node_access {
protected:
    node_cookie_file() {
        std::string pattern = (std::filesystem::temp_directory_path() / "rakka-cookie-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~node_cookie_file() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::filesystem::path file() const { return folder_ / "cookie"; }
    void write(const std::string& text) const {
        std::filesystem::remove(file());
        std::ofstream(file()) << text;
        std::filesystem::permissions(file(), std::filesystem::perms::owner_read);
    }

private:
    std::filesystem::path folder_;
};

TEST_F(node_cookie_file, counts_as_it_is_when_a_connection_is_made) {
    write("first\n");
    node_options o = options("a");
    o.cookie.reset();
    o.cookie_file = file();
    member& a = start(std::move(o));
    member& b = start("b");  // whose cookie is cluster
    EXPECT_FALSE(b->connect(a.name()));
    write("cluster\n");
    EXPECT_TRUE(b->connect(a.name()));
    EXPECT_EQ(a.log.wait_for("read the cookie again").level, node_log_level::info);
}

TEST_F(node_cookie_file, that_has_become_useless_leaves_the_cookie_as_it_was) {
    write("cluster\n");
    node_options o = options("a");
    o.cookie.reset();
    o.cookie_file = file();
    member& a = start(std::move(o));
    member& b = start("b");
    std::filesystem::permissions(file(), std::filesystem::perms::all);
    std::ofstream(file()) << "everybody may read this\n";
    EXPECT_TRUE(b->connect(a.name()));
    EXPECT_EQ(a.log.wait_for("the old cookie stays in use").code, node_errc::cookie_file_permissions);
    // Told once, and forgotten when the program says what the cookie is.
    part(a, b);
    EXPECT_TRUE(b->connect(a.name()));
    a->set_cookie(secret("cluster"));
    std::filesystem::remove(file());
    part(a, b);
    EXPECT_TRUE(b->connect(a.name()));
    std::size_t told = 0;
    for (const auto& e : a.log.events())
        told += e.text.find("the old cookie stays in use") != std::string::npos ? 1 : 0;
    EXPECT_EQ(told, 1U);
}

// ---- who makes connections

TEST_F(node_access, signals_of_a_node_that_never_dials_connect_nothing) {
    node_options o = options("a");
    o.auto_connect = auto_connect::never;
    member& a = start(std::move(o));
    member& b = start("b");
    start_echo(b, "echo"_a);
    EXPECT_EQ(monitored(a, b.name()), "noconnection");
    a.sys.run([&] {
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), 1)));
        a->monitor_node(self(), b.name());
        EXPECT_EQ(receive_soon()->to_string(), "{nodedown,'b@127.0.0.1'}");
        EXPECT_TRUE(a->nodes().empty());
        ASSERT_TRUE(a->connect(b.name()));
        send(registered_name{"echo"_a, b.name()}, term(tuple(self(), 2)));
        EXPECT_EQ(receive_soon()->tuple()[1].to_string(), "2");
    });
}

TEST_F(node_access, a_node_that_dials_once_does_not_come_back_by_itself) {
    node_options o = options("a");
    o.auto_connect = auto_connect::once;
    o.dial_backoff = 0ms;
    member& a = start(std::move(o));
    EXPECT_EQ(monitored(a, "b@127.0.0.1"_a), "noconnection") << "it is not there yet";
    member& b = start("b");
    EXPECT_EQ(monitored(a, b.name()), "noproc") << "which is the first connection";
    a->disconnect(b.name());
    EXPECT_EQ(monitored(a, b.name()), "noconnection");
    a.sys.run([&] {
        a->monitor_node(self(), b.name());
        EXPECT_EQ(receive_soon()->to_string(), "{nodedown,'b@127.0.0.1'}");
    });
    eventually("b sees it go", [&] { return b->nodes().empty(); });
    EXPECT_TRUE(a->connect(b.name()));
    EXPECT_EQ(monitored(a, b.name()), "noproc");
    part(a, b);
    EXPECT_TRUE(b->connect(a.name())) << "the peer may";
    eventually("a sees it come", [&] { return !a->nodes().empty(); });
    EXPECT_EQ(monitored(a, b.name()), "noproc");
}

// ---- who is told

TEST_F(node_access, subscribers_hear_of_nodes_in_the_form_they_ask_for) {
    member& a = start("a");
    member& b = start("b");
    const std::vector<std::pair<monitor_nodes_options, std::string>> forms{
        {{}, "{nodeup,'b@127.0.0.1'}"},
        {{.form = node_info_form::list}, "{nodeup,'b@127.0.0.1',[{node_type,hidden}]}"},
        {{.connection_id = true}, "{nodeup,'b@127.0.0.1',[{connection_id,1},{node_type,hidden}]}"},
        {{.nodedown_reason = true, .form = node_info_form::map},
         "{nodeup,'b@127.0.0.1',#{node_type => hidden}}"}};
    a.sys.run([&] {
        for (const auto& [form, text] : forms)
            a->monitor_nodes(self(), form);
        EXPECT_TRUE(a->connect(b.name()));
        for (const auto& [form, text] : forms)
            EXPECT_EQ(receive_soon()->to_string(), text);
        a->disconnect(b.name());
        for (const char* const rest :
             {"}", ",[{node_type,hidden}]}", ",[{connection_id,1},{node_type,hidden}]}",
              ",#{node_type => hidden,nodedown_reason => disconnect}}"})
            EXPECT_EQ(receive_soon()->to_string(), std::string("{nodedown,'b@127.0.0.1'") + rest);
        for (const auto& [form, text] : forms)
            EXPECT_TRUE(a->demonitor_nodes(self(), form));
    });
}

}  // namespace
}  // namespace rakka::testing
