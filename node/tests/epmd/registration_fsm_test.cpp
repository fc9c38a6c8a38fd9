#include "epmd/registration_fsm.hpp"

#include "support/byte_literals.hpp"

#include <gtest/gtest.h>

namespace rakka::test {
namespace {

using namespace epmd;

const node_entry cpp_node{.name = "cpp", .port = 40000, .extra = {}};
const bytes alive2 = hex("00 10 78 9c 40 4d 00 00 06 00 06 00 03 63 70 70 00 00");
const bytes accepted = hex("76 00 6b 03 2f 5a");

class EpmdRegistration : public testing::Test {
protected:
    registration_fsm m_{cpp_node, "127.0.0.1:4369"};

    /// Up to the point where the reply is due.
    void ask(const event& first) {
        EXPECT_EQ(m_.resume(first), action{action_kind::connect});
        EXPECT_EQ(m_.resume(connected{}), (action{action_kind::write, alive2}));
        EXPECT_EQ(m_.resume(written{}), action{action_kind::read});
    }
    void register_first() {
        ask(started{});
        EXPECT_EQ(m_.resume(received{accepted}), (action{action_kind::read, {}, news::registered}));
    }
    void expect_failure(const event& last, node_errc code) {
        EXPECT_EQ(m_.resume(last), action{action_kind::fail});
        EXPECT_EQ(m_.error().code, code);
        EXPECT_NE(m_.error().message().find("registering cpp"), std::string::npos);
        EXPECT_NE(m_.error().message().find("127.0.0.1:4369"), std::string::npos);
    }
};

TEST_F(EpmdRegistration, YieldsACreationWhereverTheReplyIsCut) {
    for (std::size_t at = 1; at < accepted.size(); ++at) {
        m_ = registration_fsm(cpp_node, "127.0.0.1:4369");
        ask(started{});
        EXPECT_EQ(m_.resume(received{byte_view(accepted).first(at)}), action{action_kind::read});
        EXPECT_EQ(m_.resume(received{byte_view(accepted).subspan(at)}),
                  (action{action_kind::read, {}, news::registered}));
        EXPECT_EQ(m_.creation(), creation{0x6b032f5a});
    }
}

TEST_F(EpmdRegistration, UnderstandsTheSmallReplyOfAnOldEpmd) {
    ask(started{});
    EXPECT_EQ(m_.resume(received{hex("79 00 00 02")}).news, news::registered);
    EXPECT_EQ(m_.creation(), creation{2});
}

TEST_F(EpmdRegistration, IsTriedAgainAfterLossAndKeepsItsFirstCreation) {
    register_first();
    EXPECT_EQ(m_.resume(closed{}), (action{action_kind::wait, {}, news::lost}));
    EXPECT_EQ(m_.resume(delay_over{}), action{action_kind::connect});
    EXPECT_EQ(m_.resume(connect_failed{"Connection refused"}),
              (action{action_kind::wait, {}, news::retry_failed}));
    EXPECT_EQ(m_.error().code, node_errc::epmd_unreachable);
    ask(delay_over{});
    EXPECT_EQ(m_.resume(received{hex("76 01 00 00 00 63")}),
              (action{action_kind::wait, {}, news::retry_failed}));
    EXPECT_EQ(m_.error().code, node_errc::node_name_taken);
    ask(delay_over{});
    EXPECT_EQ(m_.resume(timed_out{}), (action{action_kind::wait, {}, news::retry_failed}));
    ask(delay_over{});
    EXPECT_EQ(m_.resume(received{hex("76 00 00 00 00 09")}),
              (action{action_kind::read, {}, news::registered_again}));
    EXPECT_EQ(m_.creation(), creation{0x6b032f5a});
    EXPECT_EQ(m_.resume(closed{}).news, news::lost);
}

TEST_F(EpmdRegistration, TakesFurtherBytesForALoss) {
    register_first();
    EXPECT_EQ(m_.resume(received{text("x")}), (action{action_kind::wait, {}, news::lost}));
}

TEST_F(EpmdRegistration, FailsWhenTheNameIsTaken) {
    ask(started{});
    expect_failure(received{hex("76 01 00 00 00 63")}, node_errc::node_name_taken);
}

TEST_F(EpmdRegistration, FailsWhenEpmdIsUnreachable) {
    EXPECT_EQ(m_.resume(started{}), action{action_kind::connect});
    expect_failure(connect_failed{"Connection refused"}, node_errc::epmd_unreachable);
    EXPECT_NE(m_.error().message().find("Connection refused"), std::string::npos);
}

TEST_F(EpmdRegistration, FailsAtEveryOtherBrokenStep) {
    EXPECT_EQ(m_.resume(started{}), action{action_kind::connect});
    expect_failure(timed_out{}, node_errc::epmd_unreachable);
    m_ = registration_fsm(cpp_node, "127.0.0.1:4369");
    (void)m_.resume(started{});
    (void)m_.resume(connected{});
    expect_failure(closed{}, node_errc::epmd_closed);
    m_ = registration_fsm(cpp_node, "127.0.0.1:4369");
    ask(started{});
    expect_failure(closed{}, node_errc::epmd_closed);
    m_ = registration_fsm(cpp_node, "127.0.0.1:4369");
    ask(started{});
    EXPECT_EQ(m_.resume(received{hex("76 00")}), action{action_kind::read});
    expect_failure(timed_out{}, node_errc::epmd_timeout);
    m_ = registration_fsm(cpp_node, "127.0.0.1:4369");
    ask(started{});
    expect_failure(received{text("HTTP/1.1 400\r\n")}, node_errc::epmd_bad_reply);
}

}  // namespace
}  // namespace rakka::test
