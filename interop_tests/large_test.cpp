// Messages of a gibibyte, the largest that nodes send and take by default: both ways with each BEAM, as the
// message that makes the connection and on one that is there, and between two nodes of ours. What arrives is
// compared by its hash; small messages get past; and nobody holds a second copy.
//
// Each takes some GiB of memory, so that they have the label `large` and run alone.
#include "support/otp_test.hpp"
#include "support/peak_memory.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t gibibyte_size = std::size_t{1} << 30;
constexpr std::size_t some_memory = std::size_t{64} << 20;
constexpr std::chrono::seconds long_enough{250};

/// A gibibyte, or a quarter of one where that would not leave the machine enough.
std::size_t message_size() {
    if (bytes_told("/proc/meminfo", "MemAvailable") >= 8 * gibibyte_size) return gibibyte_size;
    std::cout << "less than 8 GiB of memory are free: sends 256 MiB instead of 1 GiB\n";
    return gibibyte_size / 4;
}

std::string hash_of(std::span<const std::byte> data) {
    std::string hash(32, '\0');
    if (EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
                   EVP_sha256(), nullptr) != 1)
        return "no hash";
    return hash;
}
std::string text_of(std::span<const std::byte> data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Without a period, so that no two pieces of it are equal.
std::string random_bytes(std::size_t size) {
    std::string out(size, '\0');
    std::uint64_t x = 88'172'645'463'325'252;
    for (std::size_t i = 0; i + sizeof x <= size; i += sizeof x) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        std::memcpy(out.data() + i, &x, sizeof x);
    }
    return out;
}

/// Answers each pid with `pong`.
void pong() {
    while (true)
        send(*receive().as<pid>(), "pong"_a);
}

/// In a process: sends `{self(), Binary}` to `to`, and meanwhile asks `small` again and again; gives the
/// answer to the large one, and how many of the small ones were there while it was under way, as `sent` tells
/// by its bytes.
template <class Sent>
std::pair<term, int> send_with_small_ones(const registered_name& to, const registered_name& small,
                                          const term& binary, Sent sent) {
    const std::size_t size = binary.view().bytes().size();
    const std::uint64_t before = sent();
    spawn([to, binary, me = self()] { send(to, term(tuple(me, binary))); });
    int past = 0;
    while (true) {
        send(small, term(self()));
        const auto m = receive_if([](term_view) { return true; }, long_enough);
        if (!m) return {term(), past};
        if (!m->is_atom("pong"_a)) return {*m, past};
        const std::uint64_t now = sent() - before;
        past += now > (std::size_t{1} << 20) && now < size ? 1 : 0;
    }
}

class gibibyte : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        erl = std::make_unique<beam_node>(start_erlang("erl"));
    }
    std::uint64_t bytes_in() {
        const auto info = cpp->node().connection_info(peer);
        return info ? info->bytes_in : 0;
    }

    std::atomic<std::uint64_t> begun_at{UINT64_MAX};
    std::atomic<int> past{0};
    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
    const atom peer = "erl@127.0.0.1"_a;
};
RAKKA_OTP_TEST_SUITE(gibibyte);

// The first one arrives in a single frame, as the BEAM does not know yet what we can do; the other in
// fragments.
TEST_P(gibibyte, comes_from_a_beam_as_it_was) {
    const std::size_t size = message_size();
    cpp->system().spawn(
        [] {
            while (true) {
                const term m = receive();
                const auto data = m.tuple()[1].bytes();
                send(*m.tuple()[0].as<pid>(), term(tuple("arrived"_a, data.size(), hash_of(data))));
            }
        },
        {.name = "sink"_a});
    cpp->system().spawn(
        [this, size] {
            while (true) {
                const pid from = *receive().as<pid>();
                const std::uint64_t in = bytes_in();
                if (in > begun_at + (1 << 20) && in < begun_at + size) ++past;
                send(from, "pong"_a);
            }
        },
        {.name = "small"_a});
    beam_shell shell = erl->new_shell();
    shell.eval("B = list_to_binary([crypto:strong_rand_bytes(1 bsl 24) || _ <- lists:seq(1, " +
                   std::to_string(size >> 24) + ")]), H = crypto:hash(sha256, B), garbage_collect()",
               long_enough);
    const auto send_it = [&](const std::string& n) {
        return shell.eval("{sink,'cpp@127.0.0.1'} ! {self(), B}, receive {arrived, S" + n + ", H" + n +
                              "} -> {S" + n + ", binary_to_list(H" + n + ") =:= binary_to_list(H)} end",
                          long_enough);
    };
    const std::string as_it_was = "{" + std::to_string(size) + ",true}";
    const std::uint64_t memory = forget_peak_memory();
    EXPECT_EQ(send_it("1"), as_it_was);
    EXPECT_LT(cpp->node().connection_info(peer)->frames_in, 1000U);
    EXPECT_LT(peak_memory() - memory, size + some_memory);
    shell.eval(
        "spawn(fun() -> F = fun F() -> {small,'cpp@127.0.0.1'} ! self(), receive pong -> F() end end, F() "
        "end), "
        "ok");
    begun_at = bytes_in();
    EXPECT_EQ(send_it("2"), as_it_was);
    EXPECT_GT(cpp->node().connection_info(peer)->frames_in, size / (128 << 10));
    EXPECT_LT(peak_memory() - memory, size + some_memory);
    EXPECT_GT(past, 3);
    RecordProperty("small_ones_past_it", past);
}

TEST_P(gibibyte, goes_to_a_beam_as_it_was) {
    const std::size_t size = message_size();
    EXPECT_EQ(
        erl->eval(
            "register(small, spawn(fun() -> F = fun F() -> receive P -> P ! pong, F() end end, F() end)), "
            "register(sink, spawn(fun() -> F = fun F() -> receive {P, B} -> P ! {arrived, byte_size(B), "
            "crypto:hash(sha256, B)} end, garbage_collect(), F() end, F() end))"),
        "true");
    cpp->system().run([&] {
        const term binary(random_bytes(size));
        const std::string hash = hash_of(binary.view().bytes());
        const std::uint64_t memory = forget_peak_memory();
        const registered_name sink{"sink"_a, peer};
        const registered_name small{"small"_a, peer};
        const auto out = [&]() -> std::uint64_t {
            const auto info = cpp->node().connection_info(peer);
            return info ? info->bytes_out : 0;
        };
        for (const char* const when : {"it makes the connection", "the connection is there"}) {
            const auto [answer, overtaken] = send_with_small_ones(sink, small, binary, out);
            ASSERT_TRUE(answer.has_value()) << when;
            EXPECT_EQ(answer.tuple()[1].as<std::uint64_t>().value(), size) << when;
            EXPECT_TRUE(text_of(answer.tuple()[2].bytes()) == hash) << when;
            EXPECT_GT(overtaken, 3) << when;
        }
        EXPECT_LT(peak_memory() - memory, some_memory);
    });
}

// Over Unix sockets, which need no epmd.
TEST(gibibyte_between_nodes, goes_over_as_it_was) {
    const std::size_t size = message_size();
    std::string folder = (std::filesystem::temp_directory_path() / "rakka_large_XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    {
        const auto options = [&](const char* name) {
            node_options o{.name = name, .cookie = cookie::from_text("large").value()};
            o.unix_sockets.emplace().directory = folder;
            return o;
        };
        rakka::system here({.workers = 2});
        rakka::system there({.workers = 2});
        auto a = node::start(here, options("a@127.0.0.1"));
        auto b = node::start(there, options("b@127.0.0.1"));
        ASSERT_TRUE(a && b);
        there.spawn(pong, {.name = "small"_a});
        there.spawn(
            [] {
                const term m = receive();
                const auto data = m.tuple()[1].bytes();
                send(*m.tuple()[0].as<pid>(), term(tuple("arrived"_a, data.size(), hash_of(data))));
            },
            {.name = "sink"_a});
        here.run([&] {
            const atom peer = b->name();
            const term binary(random_bytes(size));
            const std::string hash = hash_of(binary.view().bytes());
            const std::uint64_t memory = forget_peak_memory();
            const auto out = [&]() -> std::uint64_t {
                const auto info = a->connection_info(peer);
                return info ? info->bytes_out : 0;
            };
            const auto [answer, overtaken] =
                send_with_small_ones({"sink"_a, peer}, {"small"_a, peer}, binary, out);
            ASSERT_TRUE(answer.has_value());
            EXPECT_EQ(answer.tuple()[1].as<std::uint64_t>().value(), size);
            EXPECT_TRUE(text_of(answer.tuple()[2].bytes()) == hash);
            EXPECT_GT(overtaken, 3);
            EXPECT_LT(peak_memory() - memory, size + some_memory);  // what has arrived, and no more
        });
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rakka::interop
