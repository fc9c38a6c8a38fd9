// Looking names up in DNS, at a server on loopback.
#include "discovery/dns_lookup.hpp"

#include "discovery/tiny_dns.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rakka::discovery {
namespace {

using testing::tiny_dns;
using texts = std::vector<std::string>;

class dns_lookup : public ::testing::Test {
protected:
    dns_answer ask(const std::string& name, record_type type) {
        return ask_dns(name, type, {"127.0.0.1", dns.port(), std::chrono::seconds(1)});
    }
    tiny_dns dns;
};

TEST_F(dns_lookup, finds_addresses_of_both_kinds) {
    dns.set("nodes.test", tiny_dns::a, {tiny_dns::address("10.0.0.1"), tiny_dns::address("10.0.0.2")});
    dns.set("nodes.test", tiny_dns::aaaa, {tiny_dns::address("2001:db8::1")});
    const dns_answer v4 = ask("nodes.test", record_type::a);
    EXPECT_EQ(v4.records, (texts{"10.0.0.1", "10.0.0.2"}));
    EXPECT_EQ(v4.failure, "");
    EXPECT_EQ(ask("nodes.test", record_type::aaaa).records, texts{"2001:db8::1"});
}

TEST_F(dns_lookup, finds_the_targets_of_services) {
    dns.set(
        "app.default.svc.test", tiny_dns::srv,
        {tiny_dns::service("app-0.app.default.svc.test"), tiny_dns::service("app-1.app.default.svc.test")});
    EXPECT_EQ(ask("app.default.svc.test", record_type::srv).records,
              (texts{"app-0.app.default.svc.test", "app-1.app.default.svc.test"}));
}

TEST_F(dns_lookup, of_a_name_that_is_not_there_finds_nothing_for_sure) {
    dns.set("nodes.test", tiny_dns::a, {tiny_dns::address("10.0.0.1")});
    for (const auto& [name, type] :
         {std::pair("others.test", record_type::a), std::pair("nodes.test", record_type::aaaa)}) {
        const dns_answer found = ask(name, type);
        EXPECT_EQ(found.records, texts{}) << name;
        EXPECT_EQ(found.failure, "") << name;
    }
}

TEST_F(dns_lookup, that_fails_says_so) {
    dns.fail_with(tiny_dns::server_failure);
    const dns_answer found = ask("nodes.test", record_type::a);
    EXPECT_EQ(found.records, texts{});
    EXPECT_NE(found.failure, "");
}

TEST_F(dns_lookup, passes_over_records_that_make_no_sense) {
    dns.set("nodes.test", tiny_dns::a, {{1, 2, 3}, tiny_dns::address("10.0.0.1"), {}});
    EXPECT_EQ(ask("nodes.test", record_type::a).records, texts{"10.0.0.1"});
    dns.set("nodes.test", tiny_dns::srv, {{0, 1, 0}, {0, 1, 0, 1, 0, 1, 0xC0, 0xFF}});
    EXPECT_EQ(ask("nodes.test", record_type::srv).records, texts{});
}

TEST(dns_server_option, is_an_address_of_ipv4) {
    EXPECT_EQ(explain_bad_server({}), "");
    EXPECT_EQ(explain_bad_server({"127.0.0.1"}), "");
    EXPECT_NE(explain_bad_server({"::1"}).find("::1"), std::string::npos);
    EXPECT_NE(explain_bad_server({"dns.example"}), "");
}

TEST(dns_records, of_nonsense_are_none) {
    const std::vector<std::uint8_t> nonsense(40, 0xFF);
    for (std::size_t size = 0; size <= nonsense.size(); ++size)
        EXPECT_EQ(read_records(std::span(nonsense).first(size), record_type::a), texts{});
}

}  // namespace
}  // namespace rakka::discovery
