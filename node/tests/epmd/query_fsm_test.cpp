#include "epmd/query_fsm.hpp"

#include "support/byte_literals.hpp"

#include <gtest/gtest.h>

namespace rakka::test {
namespace {

using namespace epmd;

const bytes found = hex("77 00 9c 40 4d 00 00 06 00 06 00 03 63 70 70 00 00");
const bytes listed = join({hex("00 00 11 11"), text("name cpp at port 40000\n")});

query_fsm looking_up() {
    query_fsm m = query_fsm::lookup("cpp", "host:4369");
    EXPECT_EQ(m.resume(started{}), action{action_kind::connect});
    EXPECT_EQ(m.resume(connected{}), (action{action_kind::write, hex("00 04 7a 63 70 70")}));
    EXPECT_EQ(m.resume(written{}), action{action_kind::read});
    return m;
}

query_fsm listing() {
    query_fsm m = query_fsm::names(4369, "host:4369");
    EXPECT_EQ(m.resume(started{}), action{action_kind::connect});
    EXPECT_EQ(m.resume(connected{}), (action{action_kind::write, hex("00 01 6e")}));
    EXPECT_EQ(m.resume(written{}), action{action_kind::read});
    return m;
}

void expect_failure(query_fsm& m, const event& last, node_errc code) {
    EXPECT_EQ(m.resume(last), action{action_kind::fail});
    EXPECT_EQ(m.error().code, code) << m.error().message();
    EXPECT_NE(m.error().message().find("host:4369"), std::string::npos);
}

TEST(EpmdQuery, FindsANodeWhereverTheReplyIsCut) {
    for (std::size_t at = 1; at < found.size(); ++at) {
        query_fsm m = looking_up();
        EXPECT_EQ(m.resume(received{byte_view(found).first(at)}), action{action_kind::read});
        EXPECT_EQ(m.resume(received{byte_view(found).subspan(at)}), action{action_kind::done});
        EXPECT_EQ(m.node().port, 40000);
    }
}

TEST(EpmdQuery, SaysThatANameIsUnknown) {
    query_fsm m = looking_up();
    expect_failure(m, received{hex("77 01")}, node_errc::node_not_registered);
    EXPECT_NE(m.error().message().find("looking up cpp"), std::string::npos);
}

TEST(EpmdQuery, RefusesTheEntryOfAnotherNode) {
    query_fsm m = looking_up();
    bytes other = found;
    other[13] = 'x';
    expect_failure(m, received{other}, node_errc::epmd_bad_reply);
}

TEST(EpmdQuery, FailsAtEveryBrokenStep) {
    query_fsm m = query_fsm::lookup("cpp", "host:4369");
    (void)m.resume(started{});
    expect_failure(m, connect_failed{"Connection refused"}, node_errc::epmd_unreachable);
    m = query_fsm::lookup("cpp", "host:4369");
    (void)m.resume(started{});
    expect_failure(m, timed_out{}, node_errc::epmd_unreachable);
    m = query_fsm::lookup("cpp", "host:4369");
    (void)m.resume(started{});
    (void)m.resume(connected{});
    expect_failure(m, closed{}, node_errc::epmd_closed);
    for (std::size_t size = 0; size < found.size(); ++size) {
        m = looking_up();
        (void)m.resume(received{byte_view(found).first(size)});
        expect_failure(m, closed{}, node_errc::epmd_closed);
        m = looking_up();
        (void)m.resume(received{byte_view(found).first(size)});
        expect_failure(m, timed_out{}, node_errc::epmd_timeout);
    }
    m = looking_up();
    expect_failure(m, received{text("SSH-2.0")}, node_errc::epmd_bad_reply);
}

TEST(EpmdQuery, ListsNamesWhenTheConnectionEnds) {
    for (std::size_t at = 1; at < listed.size(); ++at) {
        query_fsm m = listing();
        EXPECT_EQ(m.resume(received{byte_view(listed).first(at)}), action{action_kind::read});
        EXPECT_EQ(m.resume(received{byte_view(listed).subspan(at)}), action{action_kind::read});
        EXPECT_EQ(m.resume(closed{}), action{action_kind::done});
        const std::vector<named_port> expected{{"cpp", 40000}};
        EXPECT_EQ(m.all_names().nodes, expected);
    }
}

TEST(EpmdQuery, RefusesAListThatIsCutShortOrNoList) {
    query_fsm m = listing();
    (void)m.resume(received{byte_view(listed).first(10)});
    expect_failure(m, closed{}, node_errc::epmd_closed);
    m = listing();
    (void)m.resume(received{text("HTTP/1.1 400 Bad Request\n")});
    expect_failure(m, closed{}, node_errc::epmd_bad_reply);
}

TEST(EpmdQuery, RefusesAListOfAnotherEpmd) {
    query_fsm m = listing();
    bytes other = listed;
    other[3] = 0x12;
    (void)m.resume(received{other});
    expect_failure(m, closed{}, node_errc::epmd_wrong_address);
}

TEST(EpmdQuery, RefusesAListWithoutEnd) {
    query_fsm m = listing();
    const bytes chunk(1 << 16, 'n');
    action a{action_kind::read};
    for (int i = 0; i < 16; ++i) {
        a = m.resume(received{chunk});
        EXPECT_EQ(a.kind, action_kind::read);
    }
    expect_failure(m, received{chunk}, node_errc::epmd_bad_reply);
}

}  // namespace
}  // namespace rakka::test
