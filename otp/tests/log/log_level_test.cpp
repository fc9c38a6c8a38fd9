// What passes: levels of the logger, of modules and processes; filters; what an event holds.
#include "log/log_support.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/spawn.hpp>

#include <atomic>

namespace rakka::testing {
namespace {

using log::verdict;

class log_levels : public kept_events {
protected:
    std::string texts() {
        std::string out;
        for (const log_event& e : take())
            out += e.text + ' ';
        return out;
    }
    log_event only() { return kept_events::only(take()); }
};

void log_at_each_level() {
    log::emergency("emergency");
    log::alert("alert");
    log::critical("critical");
    log::error("error");
    log::warning("warning");
    log::notice("notice");
    log::info("info");
    log::debug("debug");
}

TEST_F(log_levels, from_notice_on_events_pass_by_default) {
    EXPECT_EQ(log::primary_level(sys), log_level::notice);
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "emergency alert critical error warning notice ");
}

TEST_F(log_levels, the_primary_level_decides) {
    log::set_primary_level(sys, log_level::none);
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "");
    log::set_primary_level(sys, log_level::alert);
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "emergency alert ");
    log::set_module_level(sys, "lifecycle"_a, log_level::none);
    log::set_primary_level(sys, log_level::all);
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "emergency alert critical error warning notice info debug ");
}

TEST_F(log_levels, a_module_has_a_level_of_its_own) {
    log::set_primary_level(sys, log_level::error);
    log::set_module_level(sys, "log_level_test"_a, log_level::info);
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "emergency alert critical error warning notice info ");
    log::set_module_level(sys, "log_level_test"_a, log_level::none);
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "");
    log::set_module_level(sys, "another"_a, log_level::debug);
    log::unset_module_level(sys, "log_level_test"_a);
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "emergency alert critical error ");
}

TEST_F(log_levels, so_has_a_process_and_it_counts_most) {
    log::set_module_level(sys, "log_level_test"_a, log_level::none);
    sys.run([&] {
        log::set_process_level(sys, self(), log_level::warning);
        log_at_each_level();
        const pid other = spawn(log_at_each_level);
        EXPECT_TRUE(wait_until([&] { return !is_alive(other); }));
        log::unset_process_level(sys, self());
        log::error("not shown");
    });
    EXPECT_EQ(texts(), "emergency alert critical error warning ");
}

TEST_F(log_levels, levels_of_processes_that_have_ended_are_forgotten) {
    for (int i = 0; i < 100; ++i)
        sys.run([&] { log::set_process_level(sys, self(), log_level::debug); });
    sys.run([&] {
        log::set_process_level(sys, self(), log_level::debug);
        EXPECT_EQ(log::get_config(sys).process_levels.size(), 1U);
    });
}

TEST_F(log_levels, allow_tells_what_would_pass) {
    log::set_module_level(sys, "chatty"_a, log_level::debug);
    EXPECT_TRUE(log::allow(sys, log_level::notice));
    EXPECT_FALSE(log::allow(sys, log_level::info));
    EXPECT_TRUE(log::allow(sys, log_level::debug, "chatty"_a));
    sys.run([&] {
        log::set_process_level(sys, self(), log_level::error);
        EXPECT_FALSE(log::allow(sys, log_level::notice));
    });
}

TEST_F(log_levels, what_nobody_wants_is_not_made) {
    int made = 0;
    const auto report = [&] {
        ++made;
        return map("n"_a, made);
    };
    sys.run([&] {
        log::debug(report);
        EXPECT_EQ(made, 0);
        log::notice(report);
        EXPECT_EQ(made, 1);
        log::set_module_level(sys, "log_level_test"_a, log_level::error);
        log::notice(report);
        EXPECT_EQ(made, 1);
    });
    EXPECT_EQ(only().report.to_string(), "#{n => 1}");
}

TEST_F(log_levels, an_event_says_where_it_is_from) {
    std::uint32_t line = 0;
    pid who;
    pid leader;
    const auto before = std::chrono::system_clock::now();
    sys.run([&] {
        who = self();
        leader = group_leader();
        line = __LINE__ + 1;
        log::warning("{} and {}", "text"_a, term(tuple(1, 2)));
    });
    const log_event e = only();
    EXPECT_EQ(e.level, log_level::warning);
    EXPECT_EQ(e.text, "text and {1,2}");
    EXPECT_FALSE(e.report.has_value());
    EXPECT_EQ(e.process, who);
    EXPECT_EQ(e.group_leader, leader);
    EXPECT_EQ(e.module, "log_level_test"_a);
    EXPECT_TRUE(e.file.ends_with("otp/tests/log/log_level_test.cpp"));
    EXPECT_EQ(e.line, line);
    EXPECT_FALSE(e.function.empty());
    EXPECT_TRUE(e.domain.empty());
    EXPECT_GE(e.time, before);
    EXPECT_LE(e.time, std::chrono::system_clock::now());
}

void of_two(int a, const std::string& b) {
    log::error("{}{}", a, b);
}

TEST_F(log_levels, functions_have_a_name_and_an_arity) {
    sys.run([] { of_two(1, "x"); });
    const log_event e = only();
    EXPECT_TRUE(e.function.ends_with("of_two")) << e.function;
#if !defined(__clang__)
    EXPECT_EQ(e.arity, 2U);
#endif
}

TEST_F(log_levels, keys_are_metadata) {
    const std::string name = "Ann";
    sys.run([&] {
        log::error(log::with("order", 7, "user", name, "kind", "large", "domain", std::vector{"shop"_a}),
                   "late by {} s", 3);
        log::error(log::with("order", 8), map("what"_a, "late"_a));
    });
    const auto all = take();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].text, "late by 3 s");
    EXPECT_EQ(value(all[0], "order"_a).to_string(), "7");
    EXPECT_EQ(value(all[0], "user"_a).to_string(), "<<\"Ann\">>");
    EXPECT_EQ(value(all[0], "kind"_a).to_string(), "<<\"large\">>");
    EXPECT_EQ(all[0].domain, std::vector<atom>{"shop"_a});
    EXPECT_EQ(value(all[1], "order"_a).to_string(), "8");
    EXPECT_EQ(all[1].report.to_string(), "#{what => late}");
}

TEST_F(log_levels, a_process_adds_its_metadata_and_the_call_counts_more) {
    log::set_primary_metadata(sys, {{"service"_a, "shop"_a}, {"a"_a, 0}, {"b"_a, 0}});
    sys.run([] {
        log::set_process_metadata(map("a"_a, 1, "request"_a, 5));
        log::update_process_metadata(map("request"_a, 6, "c"_a, 1));
        EXPECT_EQ(log::get_process_metadata().to_string(), "#{a => 1,c => 1,request => 6}");
        log::error(log::with("c", 2), "x");
        log::unset_process_metadata();
        EXPECT_FALSE(log::get_process_metadata().has_value());
        log::error("y");
        EXPECT_THROW(log::set_process_metadata(term(1)), process_exit);
    });
    const auto all = take();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(value(all[0], "service"_a).to_string(), "shop");
    EXPECT_EQ(value(all[0], "a"_a).to_string(), "1");
    EXPECT_EQ(value(all[0], "b"_a).to_string(), "0");
    EXPECT_EQ(value(all[0], "c"_a).to_string(), "2");
    EXPECT_EQ(value(all[0], "request"_a).to_string(), "6");
    EXPECT_FALSE(value(all[1], "request"_a).has_value());
}

TEST_F(log_levels, filters_accept_stop_ignore_and_change) {
    EXPECT_TRUE(log::add_primary_filter(sys, "f"_a, [](log_event& e) {
        if (e.text == "stopped") return verdict::stop;
        if (e.text == "ignored") return verdict::ignore;
        e.text += "!";
        return verdict::log;
    }));
    EXPECT_FALSE(log::add_primary_filter(sys, "f"_a, [](log_event&) { return verdict::stop; }));
    log::set_primary_filter_default(sys, verdict::stop);
    const auto events = [] {
        log::error("stopped");
        log::error("ignored");
        log::error("accepted");
    };
    sys.run(events);
    EXPECT_EQ(texts(), "accepted! ");
    log::set_primary_filter_default(sys, verdict::log);
    sys.run(events);
    EXPECT_EQ(texts(), "ignored accepted! ");
    EXPECT_TRUE(log::remove_primary_filter(sys, "f"_a));
    EXPECT_FALSE(log::remove_primary_filter(sys, "f"_a));
    sys.run(events);
    EXPECT_EQ(texts(), "stopped ignored accepted ");
}

TEST_F(log_levels, a_handler_has_level_and_filters_of_its_own) {
    EXPECT_TRUE(log::set_handler_level(sys, "keep"_a, log_level::error));
    EXPECT_TRUE(log::add_handler_filter(
        sys, "keep"_a, "no_alerts"_a,
        log::filters::level(verdict::stop, log::filters::level_relation::eq, log_level::alert)));
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "emergency critical error ");
    EXPECT_TRUE(log::set_handler_filter_default(sys, "keep"_a, verdict::stop));
    sys.run(log_at_each_level);
    EXPECT_EQ(texts(), "");
    EXPECT_TRUE(log::remove_handler_filter(sys, "keep"_a, "no_alerts"_a));
    const auto config = log::get_config(sys);
    ASSERT_EQ(config.handlers.size(), 1U);
    EXPECT_EQ(config.handlers[0].id, "keep"_a);
    EXPECT_EQ(config.handlers[0].level, log_level::error);
    EXPECT_EQ(config.handlers[0].filter_default, verdict::stop);
    EXPECT_TRUE(config.handlers[0].filters.empty());
}

TEST_F(log_levels, a_filter_that_throws_is_removed) {
    EXPECT_TRUE(log::add_primary_filter(sys, "bad"_a,
                                        [](log_event&) -> verdict { throw std::runtime_error("oops"); }));
    EXPECT_TRUE(log::add_handler_filter(sys, "keep"_a, "worse"_a, [](log_event&) -> verdict { throw 1; }));
    sys.run([] {
        log::error("first");
        log::error("second");
    });
    const std::string all = texts();
    EXPECT_NE(all.find("Filter bad was removed: it threw oops"), std::string::npos) << all;
    EXPECT_NE(all.find("Filter worse of handler keep was removed"), std::string::npos) << all;
    EXPECT_NE(all.find("first "), std::string::npos);
    EXPECT_TRUE(all.ends_with("second "));
    EXPECT_TRUE(log::get_config(sys).filters.empty());
}

// The relations of logger_filters, on OTP's own examples.
TEST(log_filters, domains) {
    using log::filters::domain_relation;
    log_event e;
    const auto says = [&](domain_relation r, std::vector<atom> domain) {
        return log::filters::domain(verdict::stop, r, std::move(domain))(e) == verdict::stop;
    };
    e.domain = {"otp"_a, "sasl"_a};
    EXPECT_TRUE(says(domain_relation::super, {"otp"_a}));
    EXPECT_TRUE(says(domain_relation::super, {"otp"_a, "sasl"_a}));
    EXPECT_FALSE(says(domain_relation::super, {"sasl"_a}));
    EXPECT_TRUE(says(domain_relation::sub, {"otp"_a, "sasl"_a, "more"_a}));
    EXPECT_FALSE(says(domain_relation::sub, {"otp"_a}));
    EXPECT_TRUE(says(domain_relation::equal, {"otp"_a, "sasl"_a}));
    EXPECT_FALSE(says(domain_relation::equal, {"otp"_a}));
    EXPECT_TRUE(says(domain_relation::not_equal, {"otp"_a}));
    EXPECT_FALSE(says(domain_relation::undefined, {}));
    e.domain = {};
    EXPECT_TRUE(says(domain_relation::undefined, {}));
    EXPECT_TRUE(says(domain_relation::not_equal, {"otp"_a}));
    EXPECT_FALSE(says(domain_relation::super, {"otp"_a}));
    EXPECT_FALSE(says(domain_relation::sub, {"otp"_a}));
}

TEST(log_filters, levels_and_progress) {
    using log::filters::level_relation;
    log_event e{log_level::warning};
    const auto says = [&](level_relation r, log_level l) {
        return log::filters::level(verdict::log, r, l)(e) == verdict::log;
    };
    EXPECT_TRUE(says(level_relation::eq, log_level::warning));
    EXPECT_TRUE(says(level_relation::neq, log_level::error));
    EXPECT_TRUE(says(level_relation::gt, log_level::notice));
    EXPECT_FALSE(says(level_relation::gt, log_level::warning));
    EXPECT_TRUE(says(level_relation::lt, log_level::error));
    EXPECT_TRUE(says(level_relation::gteq, log_level::warning));
    EXPECT_TRUE(says(level_relation::lteq, log_level::warning));
    EXPECT_FALSE(says(level_relation::lteq, log_level::info));
    const auto progress = log::filters::progress(verdict::stop);
    EXPECT_EQ(progress(e), verdict::ignore);
    e.report = map("label"_a, tuple("supervisor"_a, "progress"_a), "report"_a, list());
    EXPECT_EQ(progress(e), verdict::stop);
    e.report = map("label"_a, tuple("supervisor"_a, "child_terminated"_a), "report"_a, list());
    EXPECT_EQ(progress(e), verdict::ignore);
}

TEST(log_systems, each_has_its_own_logger) {
    rakka::system a({.workers = 1});
    rakka::system b({.workers = 1});
    std::atomic<int> of_a{0};
    std::atomic<int> of_b{0};
    ASSERT_TRUE(log::start(a, {.level = log_level::debug, .default_handler = std::nullopt}));
    ASSERT_TRUE(log::start(b, {.default_handler = std::nullopt}));
    log::set_module_level(a, "lifecycle"_a, log_level::none);
    EXPECT_TRUE(log::add_handler(a, "n"_a, [&](const log_event&) { ++of_a; }));
    EXPECT_TRUE(log::add_handler(b, "n"_a, [&](const log_event&) { ++of_b; }));
    a.run([] { log::debug("x"); });
    b.run([] { log::debug("x"); });
    b.run([&] {
        log::notice("x");
        log::info(a, "from a process of another system");
    });
    log::notice(b, "from outside");
    EXPECT_EQ(of_a, 2);
    EXPECT_EQ(of_b, 2);
}

TEST(log_systems, without_a_logger_the_sink_of_the_system_is_told) {
    std::vector<log_event> events;
    rakka::system sys({.workers = 1, .log = [&](const log_event& e) { events.push_back(e); }});
    const auto body = [] {
        log::notice("told");
        log::info("not told");
        throw std::runtime_error("nor is that it crashed");
    };
    EXPECT_THROW(sys.run(body), std::runtime_error);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].text, "told");
}

TEST(log_systems, outside_of_any_system_warnings_go_to_standard_error) {
    ::testing::internal::CaptureStderr();
    log::notice("not shown");
    log::warning("shown {}", 1);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "[rakka warning] shown 1\n");
}

TEST(log_systems, a_simulation_writes_at_once_in_its_own_time) {
    written out;
    rakka::system sys({.simulation = true, .seed = 7});
    ASSERT_TRUE(log::start(sys, {.default_handler = std::nullopt}));
    ASSERT_TRUE(log::add_handler(sys, "test"_a, std::make_unique<test_sink>(out),
                                 {.format = log::text_format({.time_offset = "Z"})}));
    sys.run([] {
        log::notice("begin");
        static_cast<void>(receive_if([](term_view) { return false; }, std::chrono::hours(1)));
        log::notice("end");
    });
    const auto lines = out.lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[0].starts_with("1970-01-01T00:")) << lines[0];
    EXPECT_TRUE(lines[1].starts_with("1970-01-01T01:")) << lines[1];
    EXPECT_TRUE(log::flush(sys));
}

TEST(log_levels_text, names) {
    EXPECT_EQ(to_string(log_level::emergency), "emergency");
    EXPECT_EQ(log_level_of("notice"), log_level::notice);
    EXPECT_EQ(log_level_of("none"), log_level::none);
    EXPECT_FALSE(log_level_of("loud"));
}

}  // namespace
}  // namespace rakka::testing
