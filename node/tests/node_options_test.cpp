// Options that make no sense: each is refused with a sentence that names the field and says what to write.
#include "services/options_check.hpp"
#include "support/cluster.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

struct bad_option {
    std::string name;
    std::function<void(node_options&)> set;
    std::vector<std::string> said;  ///< parts of the sentence
};

const std::vector<bad_option>& bad_options() {
    static const std::vector<bad_option> all{
        {"ticktime_0", [](auto& o) { o.net_ticktime = 0ms; }, {"net_ticktime is 0 ms", "from 4 to"}},
        {"ticktime_negative", [](auto& o) { o.net_ticktime = -1s; }, {"net_ticktime is -1000 ms"}},
        {"ticktime_of_ages",
         [](auto& o) { o.net_ticktime = std::chrono::milliseconds::max(); },
         {"net_ticktime"}},
        {"intensity_0",
         [](auto& o) { o.net_tickintensity = 0; },
         {"net_tickintensity is 0", "from 4 to 1000"}},
        {"intensity_too_high", [](auto& o) { o.net_tickintensity = 1001; }, {"net_tickintensity is 1001"}},
        {"setuptime_0", [](auto& o) { o.net_setuptime = 0ms; }, {"net_setuptime is 0 ms", "to 120000 ms"}},
        {"setuptime_too_long", [](auto& o) { o.net_setuptime = 121s; }, {"net_setuptime is 121000 ms"}},
        {"backoff_negative", [](auto& o) { o.dial_backoff = -1ms; }, {"dial_backoff is -1 ms"}},
        {"address_of_letters",
         [](auto& o) { o.listen_address = "localhost"; },
         {"listen_address is \"localhost\"", "0.0.0.0"}},
        {"address_empty", [](auto& o) { o.listen_address.clear(); }, {"listen_address is \"\""}},
        {"address_unprintable", [](auto& o) { o.listen_address = "1.2.3.4\n"; }, {"\\x0a"}},
        {"ports_reversed",
         [](auto& o) {
             o.first_port = 9001;
             o.last_port = 9000;
         },
         {"first_port is 9001 and last_port 9000"}},
        {"port_without_first", [](auto& o) { o.last_port = 9000; }, {"first_port is 0 and last_port 9000"}},
        {"port_without_last", [](auto& o) { o.first_port = 9000; }, {"first_port is 9000 and last_port 0"}},
        {"peer_port_with_epmd",
         [](auto& o) { o.peer_port = [](const std::string&) { return std::optional<std::uint16_t>(); }; },
         {"peer_port is given but epmd is not none"}},
        {"busy_limit_0", [](auto& o) { o.dist_buf_busy_limit = 0; }, {"dist_buf_busy_limit is 0"}},
        {"outbound_below_busy",
         [](auto& o) { o.max_outbound_bytes = o.dist_buf_busy_limit - 1; },
         {"max_outbound_bytes is 1048575, less than dist_buf_busy_limit"}},
        {"nothing_to_send",
         [](auto& o) { o.max_sent_message = 1000; },
         {"max_sent_message is 1000: it must be at least 131072"}},
        {"pending_0", [](auto& o) { o.max_pending_signals = 0; }, {"max_pending_signals is 0"}},
        {"handshakes_0", [](auto& o) { o.max_handshakes = 0; }, {"max_handshakes is 0"}},
        {"dials_0", [](auto& o) { o.max_dials = 0; }, {"max_dials is 0", "auto_connect"}},
        {"allow_no_name",
         [](auto& o) {
             o.allow = {"fine@here", "what@is@this"};
         },
         {"node_options::allow", "what@is@this", "name@host"}},
        {"peer_names_0", [](auto& o) { o.max_peer_names = 0; }, {"max_peer_names is 0"}},
        {"frame_0", [](auto& o) { o.limits.max_frame_size = 0; }, {"max_frame_size is 0", "131072"}},
        {"frame_below_a_fragment",
         [](auto& o) { o.limits.max_frame_size = 65'536; },
         {"max_frame_size is 65536"}},
        {"message_0", [](auto& o) { o.limits.max_message_size = 0; }, {"max_message_size is 0"}},
        {"fragments_0", [](auto& o) { o.limits.max_fragmented_total = 0; }, {"max_fragmented_total is 0"}},
        {"sequences_0", [](auto& o) { o.limits.max_sequences = 0; }, {"max_sequences is 0"}},
        {"nesting_0", [](auto& o) { o.limits.max_nesting = 0; }, {"max_nesting is 0"}},
        {"relations_0", [](auto& o) { o.limits.max_relations = 0; }, {"max_relations is 0"}},
    };
    return all;
}

const std::vector<bad_option>& bad_unix_sockets() {
    static const std::vector<bad_option> all{
        {"unix_sockets_with_tls",
         [](auto& o) {
             o.unix_sockets.emplace();
             o.tls.emplace();
         },
         {"node_options::tls", "unix_sockets"}},
        {"unix_sockets_with_ports",
         [](auto& o) {
             o.unix_sockets.emplace();
             o.epmd = epmd_mode::none;
             o.peer_port = [](const std::string&) { return std::nullopt; };
         },
         {"peer_port", "unix_sockets"}},
        {"unix_sockets_nowhere",
         [](auto& o) { o.unix_sockets.emplace().directory = ""; },
         {"unix_socket_options::directory is empty"}},
        {"unix_sockets_nobody_may_use",
         [](auto& o) { o.unix_sockets.emplace().mode = 0066; },
         {"unix_socket_options::mode is 066", "0600"}},
    };
    return all;
}

class bad_node_option : public ::testing::TestWithParam<bad_option> {};

TEST_P(bad_node_option, is_named_with_what_to_write_instead) {
    node_options o;
    GetParam().set(o);
    const auto problem = detail::explain_bad_option(o);
    ASSERT_TRUE(problem);
    for (const std::string& part : GetParam().said)
        EXPECT_NE(problem->find(part), std::string::npos) << *problem;
    EXPECT_NE(problem->find(':'), std::string::npos) << "does not say what to do: " << *problem;
}

INSTANTIATE_TEST_SUITE_P(, bad_node_option, ::testing::ValuesIn(bad_options()),
                         [](const auto& which) { return which.param.name; });
INSTANTIATE_TEST_SUITE_P(of, bad_node_option, ::testing::ValuesIn(bad_unix_sockets()),
                         [](const auto& which) { return which.param.name; });

TEST(node_options, are_fine_by_default_and_at_their_edges) {
    EXPECT_FALSE(detail::explain_bad_option({}));
    node_options o;
    o.net_ticktime = 4ms;
    o.net_setuptime = 120s;
    o.dial_backoff = 0ms;
    o.max_waiting_dials = 0;
    o.first_port = o.last_port = 9000;
    o.listen_address = "::";
    o.limits.max_new_atoms = 0;
    o.limits.max_frame_size = 131'072;
    o.limits.max_relations = 2;
    EXPECT_EQ(detail::explain_bad_option(o).value_or(""), "");
}

class node_start : public cluster {
protected:
    node_start()
        : folder_(std::filesystem::temp_directory_path() /
                  ("rakka_node_start_" + std::to_string(::getpid()) + "_" +
                   std::to_string(reinterpret_cast<std::uintptr_t>(this)))) {
        std::filesystem::create_directory(folder_);
    }
    ~node_start() override { std::filesystem::remove_all(folder_); }

    /// Why the node does not start. A node with good options starts on the same system afterwards.
    node_start_error failure(node_options o) {
        member m(1);
        o.log = m.log.sink();
        auto started = node::start(m.sys, std::move(o));
        EXPECT_FALSE(started);
        if (started) return {};
        node_options good = options("good");
        good.epmd = epmd_mode::none;
        auto next = node::start(m.sys, std::move(good));
        EXPECT_TRUE(next) << next.error().message;
        if (next) m.self.emplace(std::move(*next));
        return started.error();
    }
    std::filesystem::path cookie_file(const std::string& content, std::filesystem::perms perms) {
        const auto file = folder_ / "cookie";
        std::filesystem::remove(file);
        std::ofstream(file) << content;
        std::filesystem::permissions(file, perms);
        return file;
    }
    node_options with_cookie_file(std::filesystem::path file) {
        node_options o = options("a");
        o.cookie.reset();
        o.cookie_file = std::move(file);
        return o;
    }

    std::filesystem::path folder_;
};

constexpr auto owner_only = std::filesystem::perms::owner_read;

TEST_F(node_start, with_an_option_that_makes_no_sense_starts_nothing) {
    node_options o = options("a");
    o.net_ticktime = 0ms;
    const auto e = failure(std::move(o));
    EXPECT_EQ(e.code, node_errc::bad_option);
    EXPECT_NE(e.message.find("net_ticktime"), std::string::npos) << e.message;
}

TEST_F(node_start, with_a_bad_name_says_what_a_name_looks_like) {
    for (const auto& [name, code] : std::vector<std::pair<std::string, node_errc>>{
             {"", node_errc::bad_node_name},
             {"a", node_errc::bad_node_name},
             {"a@b@c", node_errc::bad_node_name},
             {"a b@127.0.0.1", node_errc::bad_node_name_character},
             {"a.b@127.0.0.1", node_errc::bad_node_name_character},
             {std::string(300, 'a') + "@host", node_errc::node_name_too_long}}) {
        node_options o = options("x");
        o.name = name;
        const auto e = failure(std::move(o));
        EXPECT_EQ(e.code, code) << name;
        EXPECT_NE(e.message.find(':'), std::string::npos) << e.message;
    }
}

TEST_F(node_start, with_an_address_of_another_machine_says_so) {
    node_options o = options("a");
    o.listen_address = "192.0.2.1";  // of no machine at all
    const auto e = failure(std::move(o));
    EXPECT_EQ(e.code, boost::system::errc::address_not_available);
    EXPECT_NE(e.message.find("must be an IP address of this machine"), std::string::npos) << e.message;
}

TEST_F(node_start, with_a_range_of_ports_takes_the_first_free_one) {
    member& a = start("a");
    node_options o = options("b");
    o.first_port = a->port();
    o.last_port = static_cast<std::uint16_t>(a->port() + 20);
    member& b = start(std::move(o));
    EXPECT_GT(b->port(), a->port());
}

TEST_F(node_start, with_a_cookie_file_that_others_can_read_says_how_to_change_that) {
    const auto file = cookie_file("SECRET", owner_only | std::filesystem::perms::group_read);
    const auto e = failure(with_cookie_file(file));
    EXPECT_EQ(e.code, node_errc::cookie_file_permissions);
    EXPECT_NE(e.message.find("chmod 400 '" + file.string() + "'"), std::string::npos) << e.message;
    EXPECT_EQ(e.message.find("SECRET"), std::string::npos);
}

TEST_F(node_start, with_a_cookie_file_that_is_none_says_what_it_is) {
    const auto e = failure(with_cookie_file(folder_));
    EXPECT_EQ(e.code, node_errc::cookie_file_not_regular);
    EXPECT_NE(e.message.find(folder_.string()), std::string::npos) << e.message;
    for (const char* const content : {"", "two\nlines", "  \x01"}) {
        const auto bad = failure(with_cookie_file(cookie_file(content, owner_only)));
        EXPECT_EQ(bad.code, node_errc::bad_cookie) << content;
        EXPECT_NE(bad.message.find("printable"), std::string::npos) << bad.message;
    }
}

TEST_F(node_start, reads_its_cookie_from_a_file_of_its_owner) {
    member& a = start(with_cookie_file(cookie_file("cluster\n", owner_only)));
    member& b = start("b");
    EXPECT_TRUE(a->ping(b.name()));
}

TEST_F(node_start, with_something_else_on_epmds_port_says_so) {
    raw_listener imposter;
    for (const epmd_mode mode : {epmd_mode::running, epmd_mode::embedded_if_absent}) {
        for (const bool speaks : {false, true}) {
            std::thread other([&] {
                raw_peer client = imposter.accept();
                static_cast<void>(client.read(10));
                if (speaks) client.write("HTTP/1.0 400 Bad Request\r\n\r\n");
            });
            node_options o = options("a");
            o.epmd = mode;
            o.epmd_port = imposter.port();
            const auto e = failure(std::move(o));
            other.join();
            EXPECT_EQ(e.code, speaks ? node_errc::epmd_bad_reply : node_errc::epmd_closed);
            EXPECT_NE(e.message.find(std::to_string(imposter.port())), std::string::npos) << e.message;
        }
    }
}

bool machine_has_ipv6() {
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    const bool yes = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    return yes;
}

TEST_F(node_start, listens_on_both_kinds_of_addresses_when_asked) {
    if (!machine_has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
    node_options o = options("a");
    o.listen_address = "::";
    o.epmd = epmd_mode::embedded_if_absent;
    epmd_->stop();  // which knows IPv4 alone
    node_options p = o;
    p.name = "b@::1";
    p.epmd = epmd_mode::running;
    member& a = start(std::move(o));
    member& b = start(std::move(p));
    EXPECT_TRUE(a->ping(b.name()));  // over IPv6, by that epmd
    EXPECT_EQ(a->connection_info(b.name())->address, "[::1]:" + std::to_string(b->port()));
    // Who has dialled is connected a moment before the other side.
    eventually("connected", [&] { return b->nodes().size() == 1; });
    EXPECT_TRUE(b->disconnect(a.name()));
    EXPECT_TRUE(b->ping(a.name()));  // over IPv4
    EXPECT_EQ(b->connection_info(a.name())->address, "127.0.0.1:" + std::to_string(a->port()));
    eventually("connected by IPv4", [&] {
        const auto seen = a->connection_info(b.name());
        return seen && seen->address.starts_with("127.0.0.1:");
    });
}

}  // namespace
}  // namespace rakka::testing
