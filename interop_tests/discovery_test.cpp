// libcluster's gossip between C++ nodes and real BEAMs, which send and read the packets as libcluster does.
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/node/discovery.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <unistd.h>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

/// What libcluster's strategy does with a socket, in Erlang. `heartbeat` makes its packet; `loop` answers a
/// packet of another node as it does, by connecting.
constexpr std::string_view gossiper = R"(
-module(gossiper).
-export([start/2, heartbeat/2, read/2, hear/2]).

open(Port) ->
    {ok, S} = gen_udp:open(Port, [binary, {active, false}, {ip, {0, 0, 0, 0}}, {reuseaddr, true},
        {broadcast, true}, {multicast_if, {127, 0, 0, 1}}, {multicast_ttl, 1}, {multicast_loop, true},
        {add_membership, {{233, 252, 1, 32}, {127, 0, 0, 1}}}]),
    S.

heartbeat(Node, none) -> iolist_to_binary(["heartbeat::", term_to_binary(#{node => Node})]);
heartbeat(Node, Secret) ->
    Plain = heartbeat(Node, none),
    Size = 16 - byte_size(Plain) rem 16,
    Padded = <<Plain/binary, (binary:copy(<<Size>>, Size))/binary>>,
    IV = crypto:strong_rand_bytes(16),
    Key = crypto:hash(sha256, Secret),
    iolist_to_binary([IV, crypto:crypto_one_time(aes_256_cbc, Key, IV, Padded, true)]).

read(<<"heartbeat::", Rest/binary>>, none) ->
    #{node := N} = binary_to_term(Rest),
    N;
read(_, none) -> nobody;
read(<<IV:16/binary, Encrypted/binary>>, Secret) ->
    Key = crypto:hash(sha256, Secret),
    Padded = crypto:crypto_one_time(aes_256_cbc, Key, IV, Encrypted, false),
    Size = binary:last(Padded),
    true = binary:part(Padded, byte_size(Padded), -Size) =:= binary:copy(<<Size>>, Size),
    read(binary:part(Padded, 0, byte_size(Padded) - Size), none).

%% The first packet of another node.
hear(Port, Secret) ->
    S = open(Port),
    {ok, {_, _, Packet}} = gen_udp:recv(S, 0, 20000),
    gen_udp:close(S),
    {read(Packet, Secret), Packet}.

%% Tells of this node until it is connected.
start(Port, Secret) ->
    S = open(Port),
    tell(S, Port, Secret, 2000).
tell(_, _, _, 0) -> never;
tell(S, Port, Secret, N) ->
    case nodes(hidden) of
        [] ->
            ok = gen_udp:send(S, {233, 252, 1, 32}, Port, heartbeat(node(), Secret)),
            timer:sleep(10),
            tell(S, Port, Secret, N - 1);
        Nodes -> Nodes
    end.
)";

class discovery_interop : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        erl->load_module_source(gossiper);
    }

    /// Ports of this test alone: others of the same machine run meanwhile.
    discovery::gossip_options gossiping() const {
        discovery::gossip_options o;
        o.port = static_cast<std::uint16_t>(40'000 + ::getpid() % 20'000);
        o.multicast_if = "127.0.0.1";
        o.longest_pause = 50ms;
        return o;
    }
    /// `function(Port, Secret)` in the BEAM.
    std::string run(const std::string& function, const discovery::gossip_options& o) {
        const std::string secret = o.secret ? "<<\"" + *o.secret + "\">>" : "none";
        return erl->eval("gossiper:" + function + "(" + std::to_string(o.port) + ", " + secret + ")");
    }
    bool has_crypto() { return erl->eval("element(1, application:ensure_all_started(crypto))") == "ok"; }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(discovery_interop);

TEST_P(discovery_interop, a_beam_reads_our_gossip) {
    auto searching = discovery::start(cpp->system(), {discovery::gossip(gossiping())});
    ASSERT_TRUE(searching);
    const std::string heard = run("hear", gossiping());
    EXPECT_EQ(heard.substr(0, heard.find(',')), "{" + cpp->name());
    EXPECT_EQ(erl->eval("net_kernel:connect_node(" + cpp->name() + ")"), "true");
}

TEST_P(discovery_interop, we_read_the_gossip_of_a_beam_and_connect) {
    auto searching = discovery::start(cpp->system(), {discovery::gossip(gossiping())});
    ASSERT_TRUE(searching);
    EXPECT_EQ(run("start", gossiping()), "[" + cpp->name() + "]");
}

TEST_P(discovery_interop, both_with_a_secret) {
    if (!has_crypto()) GTEST_SKIP() << "this Erlang has no crypto";
    auto o = gossiping();
    o.secret = "somepassword";
    auto searching = discovery::start(cpp->system(), {discovery::gossip(o)});
    ASSERT_TRUE(searching);
    const std::string heard = run("hear", o);
    EXPECT_EQ(heard.substr(0, heard.find(',')), "{" + cpp->name());
    EXPECT_EQ(run("start", o), "[" + cpp->name() + "]");
}

}  // namespace
}  // namespace rakka::interop
