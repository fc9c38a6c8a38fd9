#include "epmd/server_session.hpp"

#include "support/byte_literals.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rakka::test {
namespace {

using namespace epmd;
using next = server_session::next;

constexpr std::uint32_t start = 0x6b032f5a;

bytes framed(const bytes& body) {
    bytes out;
    detail::put(out, body.size(), 2);
    return join({out, body});
}
bytes ask(std::string_view body) {
    return framed(text(body));
}
bytes registering(std::string_view name, std::uint16_t highest = 6) {
    return encode(
        alive2_request{{.name = std::string(name), .port = 40000, .highest_version = highest, .extra = {}}});
}

class EpmdServer : public testing::Test {
protected:
    std::unique_ptr<server_session> connect(peer_place place = peer_place::local,
                                            command_check check = command_check::strict) {
        return std::make_unique<server_session>(
            names_, session_options{place, check, 4369, connection_number{next_number_++}});
    }
    std::unique_ptr<server_session> registered(std::string_view name) {
        auto s = connect();
        EXPECT_EQ(s->received(registering(name)).then, next::keep_open);
        return s;
    }
    /// Asks on a connection of its own, with the request cut at every position; the answers must be the same.
    server_session::reaction asked(const bytes& request, peer_place place = peer_place::local,
                                   command_check check = command_check::strict) {
        const server_session::reaction whole = connect(place, check)->received(request);
        for (std::size_t at = 1; at < request.size(); ++at) {
            auto s = connect(place, check);
            const auto first = s->received(byte_view(request).first(at));
            EXPECT_TRUE(first.reply.empty());
            if (first.then != next::keep_open) continue;  // a bad length is seen at once
            const auto cut = s->received(byte_view(request).subspan(at));
            EXPECT_EQ(cut.reply, whole.reply) << at;
            EXPECT_EQ(cut.then, whole.then) << at;
        }
        return whole;
    }
    void expect_silent_close(const bytes& request, peer_place place = peer_place::local) {
        const auto r = asked(request, place);
        EXPECT_TRUE(r.reply.empty()) << to_text(r.reply);
        EXPECT_EQ(r.then, next::close);
    }

    registry names_{{}, [] { return start; }};
    int next_number_ = 5;
};

TEST_F(EpmdServer, RegistersForAsLongAsTheConnectionLives) {
    auto s = connect();
    EXPECT_TRUE(s->awaits_request());
    const auto r = s->received(registering("cpp"));
    EXPECT_EQ(r.reply, hex("76 00 6b 03 2f 5a"));
    EXPECT_EQ(r.then, next::keep_open);
    EXPECT_FALSE(s->awaits_request());
    EXPECT_EQ(s->timed_out().then, next::keep_open);
    EXPECT_NE(names_.find("cpp"), nullptr);
    s.reset();
    EXPECT_EQ(names_.find("cpp"), nullptr);
    EXPECT_EQ(connect()->received(registering("cpp")).reply, hex("76 00 6b 03 2f 5b"));
}

TEST_F(EpmdServer, UnregistersOnAnyFurtherByte) {
    auto s = registered("cpp");
    EXPECT_EQ(s->received(text("x")).then, next::close);
    EXPECT_EQ(names_.find("cpp"), nullptr);
}

TEST_F(EpmdServer, RegistersWhereverTheRequestIsCut) {
    const bytes request = registering("cpp");
    for (std::size_t at = 1; at < request.size(); ++at) {
        auto s = connect();
        EXPECT_TRUE(s->received(byte_view(request).first(at)).reply.empty());
        EXPECT_EQ(s->received(byte_view(request).subspan(at)).reply.size(), 6u);
    }
}

TEST_F(EpmdServer, AnswersOldNodesWithASmallCreation) {
    EXPECT_EQ(connect()->received(registering("cpp", 5)).reply, hex("79 00 00 02"));
}

TEST_F(EpmdServer, RefusesATakenNameButKeepsTheConnection) {
    const auto owner = registered("cpp");
    auto s = connect();
    const auto r = s->received(registering("cpp"));
    EXPECT_EQ(r.reply, hex("76 01 00 00 00 63"));
    EXPECT_EQ(r.then, next::keep_open);
    EXPECT_EQ(s->received(text("x")).then, next::close);
    s.reset();
    EXPECT_NE(names_.find("cpp"), nullptr) << "the owner's registration stands";
    EXPECT_EQ(connect()->received(registering("cpp", 5)).reply, hex("79 01 00 63"));
}

TEST_F(EpmdServer, RefusesANameThatIsNotUtf8) {
    EXPECT_EQ(connect()->received(registering("\xff\xfe")).reply, hex("76 01 00 00 00 63"));
}

TEST_F(EpmdServer, LooksNamesUp) {
    const auto owner = registered("cpp");
    const auto r = asked(ask("zcpp"));
    EXPECT_EQ(r.reply, hex("77 00 9c 40 4d 00 00 06 00 06 00 03 63 70 70 00 00"));
    EXPECT_EQ(r.then, next::close);
    EXPECT_EQ(asked(framed(hex("7a 63 70 70 00"))).reply, r.reply);
    EXPECT_EQ(asked(ask("znone")).reply, hex("77 01"));
    EXPECT_EQ(asked(ask("znone")).then, next::close);
}

TEST_F(EpmdServer, ReturnsEveryFieldAsRegistered) {
    const node_entry odd{.name = "b",
                         .port = 1,
                         .type = 72,
                         .protocol = 9,
                         .highest_version = 5,
                         .lowest_version = 4,
                         .extra = "xy"};
    auto s = connect();
    (void)s->received(encode(alive2_request{odd}));
    EXPECT_EQ(decode_port2_reply(asked(ask("zb")).reply).value()->node, odd);
}

TEST_F(EpmdServer, ListsNamesNewestFirst) {
    EXPECT_EQ(asked(ask("n")).reply, hex("00 00 11 11"));
    const auto a = registered("cpp");
    const auto b = registered("bbb");
    const auto r = asked(ask("n"));
    EXPECT_EQ(to_text(byte_view(r.reply).subspan(4)), "name bbb at port 40000\nname cpp at port 40000\n");
    EXPECT_EQ(r.then, next::close);
    EXPECT_EQ(asked(ask("nXYZ")).reply, r.reply) << "bytes after the tag do not matter";
}

TEST_F(EpmdServer, DumpsTheLivingAndTheOldWithANulAfterEveryLine) {
    const auto living = registered("cpp");
    registered("gone").reset();
    const auto r = asked(ask("d"));
    EXPECT_EQ(to_text(byte_view(r.reply).subspan(4)),
              std::string("active name     <cpp> at port 40000, fd = 5\n\0"
                          "old/unused name <gone>, port = 40000, fd = 6 \n\0",
                          45 + 47));
    EXPECT_EQ(r.then, next::close);
}

TEST_F(EpmdServer, IsKilledOnlyWithoutLivingNodes) {
    auto s = registered("cpp");
    EXPECT_EQ(to_text(asked(ask("k")).reply), "NO");
    EXPECT_EQ(asked(ask("k")).then, next::close);
    EXPECT_EQ(asked(ask("k"), peer_place::local, command_check::relaxed).then, next::stop_server);
    s.reset();
    EXPECT_EQ(to_text(asked(ask("k")).reply), "OK");
    EXPECT_EQ(asked(ask("k")).then, next::stop_server);
}

TEST_F(EpmdServer, StopsNamesOnlyWhenRelaxed) {
    const auto s = registered("cpp");
    expect_silent_close(ask("scpp"));
    EXPECT_NE(names_.find("cpp"), nullptr);
    const auto unknown = asked(ask("snone"), peer_place::local, command_check::relaxed);
    EXPECT_EQ(to_text(unknown.reply), "NOEXISTSTOPPED");
    const auto r = connect(peer_place::local, command_check::relaxed)->received(ask("scpp"));
    EXPECT_EQ(to_text(r.reply), "STOPPED");
    EXPECT_EQ(r.also_close, connection_number{5});
    EXPECT_EQ(names_.find("cpp"), nullptr);
}

TEST_F(EpmdServer, AnswersOtherMachinesOnlyWithLookups) {
    const auto s = registered("cpp");
    EXPECT_EQ(asked(ask("zcpp"), peer_place::remote).reply.size(), 17u);
    EXPECT_EQ(asked(ask("n"), peer_place::remote).reply.size(), 27u);
    expect_silent_close(registering("other"), peer_place::remote);
    EXPECT_EQ(names_.find("other"), nullptr);
    for (const auto* request : {"d", "k", "scpp"})
        expect_silent_close(ask(request), peer_place::remote);
}

TEST_F(EpmdServer, HangsUpOnWhateverIsNoRequest) {
    for (const bytes& request :
         {hex("00 00"), ask("z"), ask("s"), ask("A"), framed(hex("00")),
          framed(hex("78 9c 40 4d 00 00 06 00 06 00 00 00 00")),
          framed(hex("78 9c 40 4d 00 00 06 00 06 00 03 61 00 62 00 00")),
          framed(hex("78 9c 40 4d 00 00 06 00 06 00 02 61 62 63 00 00")), text("GET / HTTP/1.1\r\n\r\n")}) {
        expect_silent_close(request);
    }
}

TEST_F(EpmdServer, KeepsTheSizeLimitOfEpmd) {
    EXPECT_EQ(connect()->received(hex("0b f1")).then, next::keep_open) << "3057 bytes";
    EXPECT_EQ(connect()->received(hex("0b f2")).then, next::close) << "3058 bytes";
}

TEST_F(EpmdServer, RefusesASecondRequestThatComesWithTheFirst) {
    const auto r = connect()->received(join({ask("n"), ask("n")}));
    EXPECT_TRUE(r.reply.empty());
    EXPECT_EQ(r.then, next::close);
    auto s = connect();
    const bytes both = join({registering("cpp"), ask("n")});
    EXPECT_EQ(s->received(both).then, next::close);
    EXPECT_EQ(names_.find("cpp"), nullptr);
}

TEST_F(EpmdServer, HangsUpOnAConnectionThatAsksNothing) {
    auto s = connect();
    (void)s->received(hex("00"));
    EXPECT_TRUE(s->awaits_request());
    EXPECT_EQ(s->timed_out().then, next::close);
}

}  // namespace
}  // namespace rakka::test
