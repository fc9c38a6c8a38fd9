// A recorded session of a real node, broken at every byte: flipped, cut off, repeated. Each broken session
// ends, and nobody else notices.
#include "support/hostile_peers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

namespace rakka::testing {
namespace {

class node_hostile_walk : public hostile_peers {
protected:
    void SetUp() override {
        node_options o = options("b");
        // A flipped byte in the name of a node is the name of another one, perhaps on another machine.
        o.auto_connect = auto_connect::never;
        o.accept_rate_per_address = {};
        begin(std::move(o));
        files_ = open_files();
    }

    /// What a@127.0.0.1 said to b@127.0.0.1 after the handshake, for this incarnation of b.
    bytes session(const std::string& file) const {
        std::ifstream in(std::string(RAKKA_NODE_SAMPLES "/") + file, std::ios::binary);
        bytes all{std::istreambuf_iterator<char>(in), {}};
        EXPECT_GT(all.size(), 1000U);
        constexpr std::uint8_t recorded[] = {0x12, 0x34, 0x56, 0x79};
        bytes own;
        detail::put(own, (*target)->creation().value(), 4);
        std::size_t found = 0;
        for (auto at = all.begin();; ++found) {
            at = std::search(at, all.end(), std::begin(recorded), std::end(recorded));
            if (at == all.end()) break;
            at = std::copy(own.begin(), own.end(), at);
        }
        EXPECT_GT(found, 0U);
        return all;
    }

    void say(const bytes& sent, std::size_t at) {
        raw_peer a = dial();
        ASSERT_TRUE(a.shake_hands("a@127.0.0.1", "cluster")) << at;
        a.write(sent);
        a.finish_writing();
        ASSERT_TRUE(a.wait_for_close()) << at;
    }

    /// `broken` makes a session from the whole one, for each position in it.
    void walk(const std::string& file, const std::function<bytes(const bytes&, std::size_t)>& broken) {
        const bytes whole = session(file);
        say(whole, 0);
        for (std::size_t at = 0; at < whole.size() && !HasFatalFailure(); ++at)
            say(broken(whole, at), at);
        expect_nothing_left(files_);
    }

    /// The same for the handshake: what a dialler with the cookie would say, broken.
    void walk_handshake(const std::function<bytes(const bytes&, std::size_t)>& broken) {
        const bytes name = raw_peer::send_name("a@127.0.0.1");
        for (std::size_t at = 0; at < name.size() && !HasFatalFailure(); ++at) {
            raw_peer a = dial();
            a.write(broken(name, at));
            a.finish_writing();
            ASSERT_TRUE(a.wait_for_close()) << at;
        }
        const std::size_t reply_size = 23;
        for (std::size_t at = 0; at < reply_size && !HasFatalFailure(); ++at) {
            raw_peer a = dial();
            a.write(name);
            ASSERT_EQ(a.read_message(), (bytes{'s', 'o', 'k'})) << at;
            const auto challenge = handshake::decode_challenge(a.read_message());
            ASSERT_TRUE(challenge);
            const bytes reply = handshake::encode(
                handshake::reply_message{
                    handshake::challenge(1),
                    handshake::make_digest(*cookie::from_text("cluster"), challenge->challenge)},
                handshake::length_prefix::two_bytes);
            ASSERT_EQ(reply.size(), reply_size);
            a.write(broken(reply, at));
            a.finish_writing();
            ASSERT_TRUE(a.wait_for_close()) << at;
        }
        expect_nothing_left(files_);
    }

    static bytes with_flipped_bit(const bytes& whole, std::size_t at) {
        bytes all = whole;
        all[at] = static_cast<std::uint8_t>(all[at] ^ (1U << (at % 8)));
        return all;
    }
    static bytes with_inverted_byte(const bytes& whole, std::size_t at) {
        bytes all = whole;
        all[at] = static_cast<std::uint8_t>(~all[at]);
        return all;
    }
    static bytes cut_off(const bytes& whole, std::size_t at) {
        return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at)};
    }
    /// The bytes before `at` once more, as many as a frame may have.
    static bytes with_repetition(const bytes& whole, std::size_t at) {
        bytes all = cut_off(whole, at);
        const std::size_t again = std::min<std::size_t>(at, 1 + at % 61);
        all.insert(all.end(), whole.begin() + static_cast<std::ptrdiff_t>(at - again), whole.end());
        return all;
    }

private:
    std::size_t files_ = 0;
};

TEST_F(node_hostile_walk, a_flipped_bit_anywhere) {
    walk("otp25_29_dialler.bin", with_flipped_bit);
}
TEST_F(node_hostile_walk, an_inverted_byte_anywhere) {
    walk("otp29_29_dialler.bin", with_inverted_byte);
}
TEST_F(node_hostile_walk, an_end_anywhere) {
    walk("otp29_29_dialler.bin", cut_off);
}
TEST_F(node_hostile_walk, a_repetition_anywhere) {
    walk("otp25_25_dialler.bin", with_repetition);
}
TEST_F(node_hostile_walk, anything_in_the_handshake) {
    for (const auto broken : {with_flipped_bit, with_inverted_byte, cut_off})
        walk_handshake(broken);
}

}  // namespace
}  // namespace rakka::testing
