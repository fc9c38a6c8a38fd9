// The terms of the reports that supervisors send to the log: those of OTP.
#include "supervisor/supervisor_report.hpp"

#include "supervisor/supervisor_support.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace rakka::detail {
namespace {

child_kind kind_of(const char* spec) {
    return check_spec(parse_term(spec).value(), std::nullopt).value();
}

TEST(supervisor_report_test, an_error_names_supervisor_context_reason_and_offender) {
    const child_kind k =
        kind_of("#{id => a, start => {m, f, [1]}, restart => transient, shutdown => brutal_kill}");
    EXPECT_EQ(error_report(tuple("local"_a, "top"_a), report_context::child_terminated, "crash"_a,
                           offender(k, "p"_a)),
              parse_term("#{label => {supervisor, child_terminated}, report => [{supervisor, {local, top}}, "
                         "{errorContext, child_terminated}, {reason, crash}, {offender, [{pid, p}, {id, a}, "
                         "{mfargs, {m, f, [1]}}, {restart_type, transient}, {significant, false}, "
                         "{shutdown, brutal_kill}, {child_type, worker}]}]}")
                  .value());
}

TEST(supervisor_report_test, children_that_ended_alike_are_counted) {
    const child_kind k = kind_of("#{id => a, start => {m, f, []}, type => supervisor}");
    EXPECT_EQ(offenders(k, 7),
              parse_term("[{nb_children, 7}, {id, a}, {mfargs, {m, f, []}}, {restart_type, permanent}, "
                         "{significant, false}, {shutdown, infinity}, {child_type, supervisor}]")
                  .value());
}

TEST(supervisor_report_test, progress_names_who_was_started) {
    const child_kind k = kind_of("#{id => a, start => {m, f, []}}");
    EXPECT_EQ(
        progress_report("top"_a, offender(k, "p"_a)),
        parse_term(
            "#{label => {supervisor, progress}, report => [{supervisor, top}, {started, [{pid, p}, {id, a}, "
            "{mfargs, {m, f, []}}, {restart_type, permanent}, {significant, false}, {shutdown, 5000}, "
            "{child_type, worker}]}]}")
            .value());
}

TEST(supervisor_report_test, a_dynamic_one_has_no_id_and_all_arguments) {
    const child_kind k = kind_of("#{id => a, start => {m, f, []}}");
    EXPECT_EQ(dynamic_offender(k, "p"_a, list(1, 2)),
              parse_term("[{pid, p}, {id, undefined}, {mfargs, {m, f, [1, 2]}}, {restart_type, permanent}, "
                         "{shutdown, 5000}, {child_type, worker}]")
                  .value());
}

/// What a system tells its log while `body` runs in it, of level error and louder.
std::vector<std::string> told_while(const std::function<void()>& body) {
    std::mutex mutex;
    std::vector<std::string> told;
    system_options options{.workers = 1};
    options.log = [&](const log_event& e) {
        const std::lock_guard lock(mutex);
        if (e.level >= log_level::error) told.push_back(e.text);
    };
    rakka::system s(options);
    s.run([&] {
        trap_exit(true);
        body();
    });
    s.stop();
    return told;
}

bool any_has(const std::vector<std::string>& told, const std::vector<std::string>& words) {
    return std::any_of(told.begin(), told.end(), [&](const std::string& text) {
        return std::all_of(words.begin(), words.end(),
                           [&](const std::string& w) { return text.find(w) != std::string::npos; });
    });
}

TEST(supervisor_report_test, the_log_is_told_of_crashes_of_failed_restarts_and_of_too_many) {
    auto starts = std::make_shared<int>(0);
    const auto told = told_while([=] {
        const auto start = [=]() -> start_answer {
            return (*starts)++ == 0 ? idle() : start_answer::failed("no_luck"_a);
        };
        const pid top =
            supervisor::start_link({}, {{.id = "child_a"_a, .start = start}}, {.name = "top"_a}).value();
        crash(process_of(top, "child_a"_a), "because"_a);
        EXPECT_EQ(exit_of(top), "shutdown");
    });
    EXPECT_TRUE(any_has(told, {"{local,top}", "child_terminated", "because", "child_a"}))
        << ::testing::PrintToString(told);
    EXPECT_TRUE(any_has(told, {"start_error", "no_luck", "child_a"}));
    EXPECT_TRUE(any_has(told, {"shutdown", "reached_max_restart_intensity", "child_a"}));
}

TEST(supervisor_report_test, the_log_is_told_of_children_that_end_otherwise_than_asked) {
    const auto told = told_while([] {
        const pid top =
            supervisor::start_link({}, {{.id = "child_a"_a, .start = deaf, .shutdown = 1ms}}).value();
        shut_down(top);
        const pid pool = supervisor::start_link({.strategy = restart_strategy::simple_one_for_one},
                                                {{.id = "child_b"_a, .start = deaf, .shutdown = 1ms}})
                             .value();
        for (int i = 0; i < 3; ++i)
            supervisor::start_child(pool, list()).value();
        shut_down(pool);
    });
    EXPECT_TRUE(any_has(told, {"shutdown_error", "killed", "child_a"})) << ::testing::PrintToString(told);
    EXPECT_TRUE(any_has(told, {"shutdown_error", "killed", "{nb_children,3}", "child_b"}));
}

TEST(supervisor_report_test, the_log_is_told_of_messages_nobody_expects) {
    const auto told = told_while([] {
        const pid top = supervisor::start_link({}, {}).value();
        send(top, "hello"_a);
        EXPECT_EQ(supervisor::count_children(top).specs, 0U);
        shut_down(top);
    });
    EXPECT_TRUE(any_has(told, {"Supervisor received unexpected message: hello"}))
        << ::testing::PrintToString(told);
}

TEST(supervisor_report_test, of_a_message_nobody_expects_no_more_than_a_part_is_printed) {
    const auto told = told_while([] {
        const pid top = supervisor::start_link({}, {}).value();
        send(top, std::vector<int>(100'000, 1000));
        EXPECT_EQ(supervisor::count_children(top).specs, 0U);
        shut_down(top);
    });
    ASSERT_EQ(told.size(), 1U);
    EXPECT_LT(told[0].size(), 5000U);
    EXPECT_TRUE(told[0].starts_with("Supervisor received unexpected message: [1000,1000,"));
}

}  // namespace
}  // namespace rakka::detail
