// Events of processes whose group leader is on another node: what is sent there, and what stays here.
#include "log/log_remote.hpp"

#include "log/log_keys.hpp"
#include "log/log_support.hpp"

#include <rakka/actors/process.hpp>

namespace rakka::testing {
namespace {

const pid elsewhere{"b@host"_a, 40, 0, 7};

class log_remote : public ::testing::Test {
protected:
    rakka::system sys{{.workers = 1}};
};

TEST_F(log_remote, the_leader_decides_where_an_event_belongs) {
    log_event e;
    EXPECT_FALSE(log::has_remote_leader(sys, e)) << "without a leader it is ours";
    e.group_leader = sys.nobody();
    EXPECT_FALSE(log::has_remote_leader(sys, e));
    e.group_leader = elsewhere;
    e.process = sys.nobody();
    EXPECT_TRUE(log::has_remote_leader(sys, e));
    EXPECT_TRUE(log::is_of_another_node(sys, e));
    e.process = elsewhere;
    EXPECT_FALSE(log::is_of_another_node(sys, e)) << "its own node has sent it there";
}

TEST_F(log_remote, what_another_node_has_sent_is_not_sent_on) {
    log_event e;
    e.process = sys.nobody();
    e.group_leader = elsewhere;
    EXPECT_TRUE(log::is_of_another_node(sys, e));
    e.more = {{log::from_node_key(), "true"_a}};
    EXPECT_FALSE(log::is_of_another_node(sys, e));
    EXPECT_EQ(log::as_message(e).to_string().find("$from_node"), std::string::npos);
    e.text = "x";
    EXPECT_EQ(log::json_format()(e).find("$from_node"), std::string::npos);
}

TEST_F(log_remote, a_text_becomes_the_message_of_a_logger_proxy) {
    log_event e{log_level::warning, elsewhere, "late"};
    e.time = log_event{}.time + std::chrono::microseconds(12);
    e.group_leader = elsewhere;
    e.module = "m"_a;
    e.function = "f";
    e.arity = 1;
    e.file = "m.cpp";
    e.line = 3;
    e.domain = {"a"_a};
    e.more = {{"order"_a, term(7)}};
    const term expected =
        tuple("log"_a, "warning"_a, charlist("late"),
              map("pid"_a, elsewhere, "gl"_a, elsewhere, "time"_a, 12, "mfa"_a, tuple("m"_a, "f"_a, 1),
                  "file"_a, charlist("m.cpp"), "line"_a, 3, "domain"_a, list("a"_a), "order"_a, 7));
    EXPECT_EQ(log::as_message(e).to_string(), expected.to_string());
}

TEST_F(log_remote, a_report_of_otp_says_who_knows_its_words) {
    log_event e{log_level::error};
    e.report = map("label"_a, tuple("gen_server"_a, "terminate"_a));
    EXPECT_EQ(log::as_message(e).to_string(),
              "{log,error,#{label => {gen_server,terminate},process_label => undefined},#{report_cb => fun "
              "gen_server:format_log/2,time => 0}}");
    e.report = map("label"_a, tuple("proc_lib"_a, "crash"_a));
    EXPECT_NE(log::as_message(e).to_string().find("fun proc_lib:report_cb/2"), std::string::npos);
    e.report = map("what"_a, 1);
    EXPECT_EQ(log::as_message(e).to_string(), "{log,error,#{what => 1},#{time => 0}}");
}

TEST_F(log_remote, the_default_handler_leaves_it_to_the_other_node) {
    std::atomic<int> seen{0};
    ::testing::internal::CaptureStderr();
    ASSERT_TRUE(log::start(sys));
    ASSERT_TRUE(log::add_handler(sys, "all"_a, [&](const log_event&) { ++seen; }));
    sys.run([] {
        log::notice("of ours");
        group_leader(elsewhere, self());
        log::notice("of theirs");
    });
    EXPECT_TRUE(log::flush(sys));
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("of ours"), std::string::npos);
    EXPECT_EQ(text.find("of theirs"), std::string::npos);
    EXPECT_EQ(seen, 2) << "other handlers get both";
}

}  // namespace
}  // namespace rakka::testing
