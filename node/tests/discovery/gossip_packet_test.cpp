// The packets of libcluster's gossip: those of Erlang are read, ours are the same, and nothing else is taken.
#include "discovery/gossip_packet.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/encode.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::discovery {
namespace {

using packet = std::vector<std::byte>;
using namespace std::string_literals;

packet bytes(std::string_view text) {
    const auto all = std::as_bytes(std::span(text));
    return {all.begin(), all.end()};
}
packet heartbeat_of(const term& t) {
    packet p = bytes("heartbeat::");
    const auto encoded = etf::encode(t).value();
    p.insert(p.end(), encoded.bytes().begin(), encoded.bytes().end());
    return p;
}

const gossip_codec plain{std::nullopt};
const gossip_codec secret{"somepassword"};

TEST(gossip_packet, plain_ones_are_what_erlang_writes) {
    // ["heartbeat::", term_to_binary(#{node => 'a@10.0.0.1'})] of OTP 27
    EXPECT_EQ(plain.heartbeat("a@10.0.0.1"_a), bytes("heartbeat::\x83t\0\0\0\1w\4nodew\na@10.0.0.1"s));
    EXPECT_EQ(plain.node_of(plain.heartbeat("a@10.0.0.1"_a)), "a@10.0.0.1");
    // and of OTP 25, which has the older form of atoms
    EXPECT_EQ(plain.node_of(bytes("heartbeat::\x83t\0\0\0\1d\0\4noded\0\na@10.0.0.1"s)), "a@10.0.0.1");
}

TEST(gossip_packet, others_in_the_map_do_not_matter) {
    EXPECT_EQ(plain.node_of(heartbeat_of(term(map("more"_a, 1, "node"_a, "a@h"_a)))), "a@h");
}

TEST(gossip_packet, names_make_no_atoms) {
    const packet p = bytes("heartbeat::\x83t\0\0\0\1w\4nodew\x15never_heard_of@nowhere"s);
    EXPECT_EQ(plain.node_of(p), "never_heard_of@nowher");
    EXPECT_FALSE(atom::existing("never_heard_of@nowher"));
}

TEST(gossip_packet, anything_else_is_nobody) {
    for (const packet& p :
         {packet(), bytes("heartbeat:"), bytes("heartbeat::"), bytes("heartbeat::\x83"),
          bytes("HEARTBEAT::\x83t\0\0\0\1w\4nodew\3a@h"s), heartbeat_of(term(map("node"_a, 17))),
          heartbeat_of(term(map("nodes"_a, "a@h"_a))), heartbeat_of(term("node"_a)),
          heartbeat_of(term(list("node"_a, "a@h"_a)))})
        EXPECT_EQ(plain.node_of(p), std::nullopt);
    packet cut = plain.heartbeat("a@h"_a);
    while (!cut.empty()) {
        cut.pop_back();
        EXPECT_EQ(plain.node_of(cut), std::nullopt);
    }
    EXPECT_EQ(plain.node_of(packet(max_packet + 1, std::byte{0})), std::nullopt);
}

TEST(gossip_packet, with_a_secret_is_read_by_who_knows_it) {
    const packet p = secret.heartbeat("a@10.0.0.1"_a);
    EXPECT_EQ(p.size() % 16, 0U);
    EXPECT_NE(p, secret.heartbeat("a@10.0.0.1"_a));
    EXPECT_EQ(secret.node_of(p), "a@10.0.0.1");
    EXPECT_EQ(gossip_codec("another").node_of(p), std::nullopt);
    EXPECT_EQ(plain.node_of(p), std::nullopt);
    EXPECT_EQ(secret.node_of(plain.heartbeat("a@10.0.0.1"_a)), std::nullopt);
}

TEST(gossip_packet, that_was_changed_or_cut_does_no_harm) {
    const packet whole = secret.heartbeat("a@10.0.0.1"_a);
    for (std::size_t i = 0; i <= whole.size(); ++i)
        static_cast<void>(secret.node_of(std::span(whole).first(i)));
    for (std::size_t i = 16; i < whole.size(); ++i) {
        packet changed = whole;
        changed[i] ^= std::byte{0x40};
        EXPECT_NE(secret.node_of(changed), "a@10.0.0.1") << i;
    }
}

TEST(gossip_packet, of_libcluster_with_a_secret_is_read) {
    // libcluster's own encryption, run on OTP 25 with the secret "somepassword" and an initialisation vector
    // of 0 to 15:
    //   Key = crypto:hash(sha256, <<"somepassword">>), IV = list_to_binary(lists:seq(0, 15)),
    //   crypto:crypto_one_time(aes_256_cbc, Key, IV, pkcs7_pad(Heartbeat), true)
    const std::string_view hex =
        "000102030405060708090a0b0c0d0e0f0293fcf646d248542d82eea283216c7332e79c8023f5cd81"
        "5368ec6fb6144a3806eaf7d3f89a4568ddb1145c18bdd778";
    packet p;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        p.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    EXPECT_EQ(secret.node_of(p), "elixir@10.0.0.2");
}

}  // namespace
}  // namespace rakka::discovery
