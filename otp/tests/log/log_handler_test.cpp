// Handlers at work: floods, sinks that are slow, hang or fail, files.
#include "log/log_keys.hpp"
#include "log/log_support.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/spawn.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

log::handler_counts counts_of(rakka::system& sys, atom id) {
    for (const auto& h : log::get_config(sys).handlers)
        if (h.id == id) return h.counts;
    ADD_FAILURE() << "no such handler";
    return {};
}

class log_handlers : public logged_system {
protected:
    // Nobody watches for long slices: that a flood takes one is no news here.
    log_handlers() : logged_system({.workers = 2, .long_schedule = 0ns}) {
        EXPECT_TRUE(log::remove_handler(sys, "test"_a));
    }
    void add(std::function<void()> before, log::overload limits = {}) {
        EXPECT_TRUE(log::add_handler(sys, "h"_a, std::make_unique<test_sink>(out, std::move(before)),
                                     {.format = only_message(), .limits = limits}));
    }
    static log::overload no_burst() {
        log::overload o;
        o.burst_limit_enable = false;
        return o;
    }
};

TEST_F(log_handlers, lines_come_in_the_order_of_one_process) {
    log::overload none = no_burst();
    none.sync_mode_qlen = none.drop_mode_qlen = none.flush_qlen = 1000;
    add({}, none);
    sys.run([] {
        for (int i = 0; i < 300; ++i)
            log::notice("{}", i);
    });
    std::string expected;
    for (int i = 0; i < 300; ++i)
        expected += std::to_string(i) + '\n';
    EXPECT_EQ(logged(), expected);
}

TEST_F(log_handlers, ids_are_unique_and_options_checked) {
    add({});
    EXPECT_FALSE(log::add_handler(sys, "h"_a, std::make_unique<test_sink>(out)));
    EXPECT_FALSE(
        log::add_handler(sys, "i"_a, std::make_unique<test_sink>(out), {.limits = {.flush_qlen = 0}}));
    EXPECT_FALSE(log::add_handler(sys, "i"_a, std::unique_ptr<log::sink>()));
    EXPECT_TRUE(log::remove_handler(sys, "h"_a));
    EXPECT_FALSE(log::remove_handler(sys, "h"_a));
    EXPECT_FALSE(log::set_handler_level(sys, "h"_a, log_level::all));
}

TEST_F(log_handlers, a_flood_is_dropped_and_counted_and_others_are_served) {
    gate door;
    door.close();
    add([&] { door.pass(); }, no_burst());
    constexpr int events = 100'000;
    const pid flooder = sys.spawn([] {
        for (int i = 0; i < events; ++i)
            log::error("flood {}", i);
    });
    // The sink hangs all the while: the flood must end nevertheless, and others be served.
    EXPECT_TRUE(wait_until(sys, [&] { return !sys.is_alive(flooder); }));
    const auto begin = std::chrono::steady_clock::now();
    sys.run([] { log::error("another"); });
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    const auto blocked = counts_of(sys, "h"_a);
    EXPECT_EQ(blocked.waiting, 200U);
    EXPECT_EQ(blocked.dropped, events + 1U - 200U);
    door.open();
    const std::string text = logged();
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("were dropped"); }));
    EXPECT_TRUE(out.has("Handler h switched to drop mode\n"));
    EXPECT_TRUE(out.has("Handler h switched from drop to async mode: " + std::to_string(events + 1 - 200) +
                        " log events were dropped\n"));
    EXPECT_EQ(counts_of(sys, "h"_a).written, 200U);
}

TEST_F(log_handlers, a_sink_that_hangs_holds_a_worker_once) {
    gate door;
    door.close();
    log::overload limits = no_burst();
    limits.sync_timeout = 200ms;
    add([&] { door.pass(); }, limits);
    const auto begin = std::chrono::steady_clock::now();
    sys.run([] {
        for (int i = 0; i < 150; ++i)
            log::error("x");
    });
    // 140 of them would have waited, 28 s together.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    EXPECT_FALSE(log::flush(sys, 10ms));
    door.open();
    EXPECT_TRUE(log::flush(sys));
    EXPECT_EQ(counts_of(sys, "h"_a).written, 150U);
}

TEST_F(log_handlers, events_of_other_nodes_wait_for_nobody) {
    gate door;
    door.close();
    log::overload limits = no_burst();
    limits.sync_timeout = 60s;
    add([&] { door.pass(); }, limits);
    log_event e{log_level::error, {}, "x"};
    e.more = {{log::from_node_key(), "true"_a}};
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i)
        tell(sys, e);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
    EXPECT_EQ(counts_of(sys, "h"_a).waiting, 10U);
    EXPECT_EQ(counts_of(sys, "h"_a).dropped, 40U);
    door.open();
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("Handler h dropped 40 log events of other nodes"); }));
    EXPECT_TRUE(log::remove_handler(sys, "h"_a));
}

TEST_F(log_handlers, who_logs_too_fast_waits_for_the_sink) {
    std::atomic<std::size_t> most{0};
    log::overload limits = no_burst();
    limits.sync_timeout = 10s;
    add(
        [&] {
            most = std::max(most.load(), counts_of(sys, "h"_a).waiting);
            std::this_thread::sleep_for(1ms);
        },
        limits);
    sys.run([] {
        for (int i = 0; i < 100; ++i)
            log::error("x");
    });
    EXPECT_EQ(counts_of(sys, "h"_a).dropped, 0U);
    EXPECT_LE(most, 11U) << "ten, and the one whose process waits";
    EXPECT_TRUE(log::flush(sys));
}

TEST_F(log_handlers, a_burst_is_cut) {
    add({}, {.sync_mode_qlen = 1000,
             .drop_mode_qlen = 1000,
             .burst_limit_max_count = 20,
             .burst_limit_window_time = 300ms});
    sys.run([] {
        for (int i = 0; i < 100; ++i)
            log::error("burst {}", i);
    });
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("Handler h dropped"); }))
        << "told without a further event";
    const auto counts = counts_of(sys, "h"_a);
    EXPECT_EQ(counts.written + counts.burst, 100U);
    EXPECT_GE(counts.burst, 1U);
    EXPECT_TRUE(out.has("more than 20 within 300 ms"));
}

TEST_F(log_handlers, a_full_queue_is_flushed_where_that_is_wanted) {
    gate door;
    door.close();
    log::overload limits = no_burst();
    limits.sync_mode_qlen = limits.drop_mode_qlen = limits.flush_qlen = 50;
    add([&] { door.pass(); }, limits);
    sys.run([] { log::error("first"); });
    door.wait_for_somebody();
    sys.run([] {
        for (int i = 0; i < 50; ++i)
            log::error("x");
    });
    EXPECT_EQ(counts_of(sys, "h"_a).flushed, 50U);  // 49 that waited, and the one that was too many
    door.open();
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("Handler h flushed 50 log events"); }));
    EXPECT_TRUE(log::flush(sys));
    EXPECT_EQ(counts_of(sys, "h"_a).written, 1U);
}

TEST_F(log_handlers, an_overloaded_one_is_ended_and_comes_back) {
    gate door;
    door.close();
    log::overload limits = no_burst();
    limits.sync_timeout = 1ms;
    limits.overload_kill_enable = true;
    limits.overload_kill_qlen = 20;
    limits.overload_kill_restart_after = 50ms;
    add([&] { door.pass(); }, limits);
    const auto fill = [] {
        for (int i = 0; i < 30; ++i)
            log::error("flood");
    };
    sys.run(fill);
    const auto killed = counts_of(sys, "h"_a);
    EXPECT_EQ(killed.kills, 1U);
    EXPECT_LE(killed.waiting, 21U);
    EXPECT_GE(killed.flushed, 20U);
    door.open();
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("Handler h overloaded and stopping\n"); }));
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("Handler h was restarted: "); }));
    sys.run([] { log::error("back"); });
    EXPECT_TRUE(log::flush(sys));
    EXPECT_TRUE(out.has("back\n"));
}

TEST_F(log_handlers, an_overloaded_one_is_removed_when_it_is_not_to_come_back) {
    gate door;
    door.close();
    log::overload limits = no_burst();
    limits.sync_timeout = 1ms;
    limits.overload_kill_enable = true;
    limits.overload_kill_qlen = 20;
    limits.overload_kill_restart_after = std::nullopt;
    written others;
    EXPECT_TRUE(
        log::add_handler(sys, "other"_a, std::make_unique<test_sink>(others), {.format = only_message()}));
    add([&] { door.pass(); }, limits);
    sys.run([] {
        for (int i = 0; i < 30; ++i)
            log::error("flood");
    });
    EXPECT_FALSE(log::set_handler_level(sys, "h"_a, log_level::all)) << "it is gone";
    door.open();
    EXPECT_TRUE(log::flush(sys));
    EXPECT_TRUE(others.has("Handler h was removed: it was overloaded\n"));
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("Handler h overloaded and stopping\n"); }));
    EXPECT_TRUE(log::remove_handler(sys, "other"_a));
}

TEST_F(log_handlers, what_a_sink_could_not_write_is_told_when_it_can) {
    std::atomic<bool> broken{true};
    add([&] {
        if (broken) throw std::runtime_error("disk full");
    });
    ::testing::internal::CaptureStderr();
    sys.run([] {
        log::error("lost 1");
        log::error("lost 2");
    });
    EXPECT_TRUE(log::flush(sys));
    EXPECT_EQ(counts_of(sys, "h"_a).failed, 2U);
    broken = false;
    sys.run([] { log::error("kept"); });
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("could not write") && out.has("kept"); }));
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("log handler h cannot write: disk full\n"),
              std::string::npos);
    EXPECT_TRUE(out.has("Handler h could not write 2 log events: disk full\n"));
    EXPECT_FALSE(out.has("lost"));
}

TEST_F(log_handlers, a_format_that_throws_costs_its_line_only) {
    EXPECT_TRUE(
        log::add_handler(sys, "h"_a, std::make_unique<test_sink>(out), {.format = [](const log_event&) {
                             throw std::runtime_error("no words");
                             return std::string();
                         }}));
    sys.run([] { log::error("an event"); });
    EXPECT_EQ(logged(), "FORMATTER CRASH: no words: an event\n");
    EXPECT_TRUE(log::set_handler_format(sys, "h"_a, only_message()));
    sys.run([] { log::error("another"); });
    EXPECT_TRUE(logged().ends_with("\nanother\n"));
}

TEST_F(log_handlers, a_function_is_a_handler_until_it_throws) {
    std::atomic<int> calls{0};
    add({});
    EXPECT_TRUE(log::add_handler(sys, "f"_a, [&](const log_event& e) {
        EXPECT_FALSE(in_process());
        ++calls;
        if (e.text == "bad") throw std::runtime_error("refused");
    }));
    sys.run([] {
        log::error("good");
        log::error("bad");
        log::error("good");
    });
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(logged(), "good\nbad\nHandler f was removed: it threw refused\ngood\n");
    EXPECT_FALSE(log::remove_handler(sys, "f"_a));
}

TEST_F(log_handlers, what_is_accepted_is_written_before_a_handler_ends) {
    add([] { std::this_thread::sleep_for(1ms); }, no_burst());
    sys.run([] {
        for (int i = 0; i < 50; ++i)
            log::error("x");
    });
    EXPECT_TRUE(log::remove_handler(sys, "h"_a));
    EXPECT_EQ(out.count("x"), 50U);
}

TEST_F(log_handlers, a_log_call_in_a_noexcept_end_or_under_a_lock_is_fine) {
    add({});
    struct logs_at_end {
        ~logs_at_end() { log::error("destroyed"); }
    };
    const pid p = sys.spawn([] {
        const logs_at_end last;
        log::error("begun");
        receive_if([](term_view) { return false; });
    });
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("begun"); }));
    sys.exit(p, "kill"_a);
    EXPECT_TRUE(wait_until(sys, [&] { return !sys.is_alive(p) && out.has("destroyed"); }));
}

TEST_F(log_handlers, files_are_put_aside_when_they_are_full) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::temp_directory_path() / ("rakka_log_" + std::to_string(::getpid()));
    const std::string path = (folder / "calc.log").string();
    EXPECT_TRUE(log::add_handler(sys, "file"_a,
                                 log::rotating_file(path, {.max_no_bytes = 1024, .max_no_files = 2}),
                                 {.format = only_message(), .limits = no_burst()}));
    sys.run([] {
        for (int i = 100; i < 250; ++i)
            log::notice("{} {}", i, std::string(20, 'x'));
    });
    EXPECT_TRUE(log::remove_handler(sys, "file"_a));
    const auto read = [&](const char* name) {
        std::ifstream in(folder / name);
        std::stringstream all;
        all << in.rdbuf();
        return all.str();
    };
    EXPECT_TRUE(read("calc.log").ends_with("249 " + std::string(20, 'x') + "\n"));
    for (const char* const name : {"calc.log", "calc.1.log", "calc.2.log"}) {
        EXPECT_GT(fs::file_size(folder / name), 0U);
        EXPECT_LE(fs::file_size(folder / name), 1024U);
    }
    EXPECT_FALSE(fs::exists(folder / "calc.3.log"));
    fs::remove_all(folder);
    EXPECT_THROW(static_cast<void>(log::rotating_file("/proc/none/x.log")), std::runtime_error);
}

TEST_F(log_handlers, flush_waits_for_that_of_the_sink) {
    struct flushed_sink final : log::sink {
        explicit flushed_sink(std::atomic<int>& n) : upto(n) {}
        void write(std::string_view) override { ++lines; }
        void flush() override { upto = lines; }
        std::atomic<int>& upto;
        int lines = 0;
    };
    std::atomic<int> upto{0};
    EXPECT_TRUE(log::add_handler(sys, "h"_a, std::make_unique<flushed_sink>(upto), {.limits = no_burst()}));
    for (int i = 1; i <= 100; ++i) {
        log::error(sys, "x");
        EXPECT_TRUE(log::flush(sys));
        EXPECT_EQ(upto, i);
    }
    EXPECT_TRUE(log::remove_handler(sys, "h"_a));
}

TEST_F(log_handlers, a_formatter_may_ask_its_handler_also_for_news) {
    gate door;
    door.close();
    log::overload limits = no_burst();
    limits.sync_mode_qlen = limits.drop_mode_qlen = limits.flush_qlen = 5;
    std::atomic<int> asked{0};
    EXPECT_TRUE(log::add_handler(sys, "h"_a, std::make_unique<test_sink>(out, [&] { door.pass(); }),
                                 {.format =
                                      [&](const log_event& e) {
                                          static_cast<void>(counts_of(sys, "h"_a));
                                          ++asked;
                                          return e.text + '\n';
                                      },
                                  .limits = limits}));
    for (int i = 0; i < 10; ++i)
        log::error(sys, "x");
    door.open();
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("flushed"); }));
    EXPECT_GE(asked, 6);
    EXPECT_TRUE(log::remove_handler(sys, "h"_a));
}

TEST_F(log_handlers, the_operator_hears_of_a_failure_once_each_time_it_begins) {
    std::atomic<bool> broken{true};
    add([&] {
        if (broken) throw std::runtime_error("disk full");
    });
    ::testing::internal::CaptureStderr();
    for (int i = 0; i < 20; ++i) {
        log::error(sys, "lost");
        EXPECT_TRUE(log::flush(sys));  // the handler comes to rest, and tries to say so
    }
    broken = false;
    log::error(sys, "kept");
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("could not write 20 log events"); }));
    broken = true;
    log::error(sys, "lost");
    EXPECT_TRUE(log::flush(sys));
    const std::string text = ::testing::internal::GetCapturedStderr();
    const auto first = text.find("cannot write");
    ASSERT_NE(first, std::string::npos);
    const auto second = text.find("cannot write", first + 1);
    ASSERT_NE(second, std::string::npos);
    EXPECT_EQ(text.find("cannot write", second + 1), std::string::npos) << text;
    EXPECT_TRUE(log::remove_handler(sys, "h"_a));
}

TEST_F(log_handlers, a_line_that_is_too_long_is_dropped_and_told) {
    add({}, {.burst_limit_enable = false, .max_bytes = 1000});
    log::error(sys, "{}", std::string(1000, 'x'));
    EXPECT_EQ(counts_of(sys, "h"_a).dropped, 1U);
    EXPECT_TRUE(wait_until(sys, [&] { return out.has("1 log events were dropped"); }));
}

TEST_F(log_handlers, removal_waits_for_a_function_that_is_at_work) {
    gate door;
    door.close();
    std::atomic<bool> left{false};
    EXPECT_TRUE(log::add_handler(sys, "f"_a, [&](const log_event&) {
        door.pass();
        left = true;
    }));
    std::thread logs([&] { log::error(sys, "x"); });
    door.wait_for_somebody();
    std::thread opens([&] {
        EXPECT_TRUE(wait_until(sys, [&] { return log::get_config(sys).handlers.empty(); }));
        door.open();
    });
    EXPECT_TRUE(log::remove_handler(sys, "f"_a));
    EXPECT_TRUE(left);
    opens.join();
    logs.join();
}

TEST_F(log_handlers, who_holds_a_share_of_a_removed_handler_does_not_wait) {
    gate door;
    door.close();
    // An event on its way through a handler before has a share of all.
    EXPECT_TRUE(log::add_handler(sys, "first"_a, [&](const log_event&) { door.pass(); }));
    add({});
    std::thread logs([&] { log::error(sys, "x"); });
    door.wait_for_somebody();
    EXPECT_TRUE(log::remove_handler(sys, "h"_a));
    door.open();
    logs.join();
    EXPECT_EQ(out.text(), "") << "nothing is let in any more";
    EXPECT_TRUE(log::remove_handler(sys, "first"_a));
}

TEST_F(log_handlers, a_handler_may_remove_itself) {
    EXPECT_TRUE(log::add_handler(sys, "f"_a,
                                 [&](const log_event&) { EXPECT_TRUE(log::remove_handler(sys, "f"_a)); }));
    std::atomic<bool> removed{false};
    add([&] { removed = log::remove_handler(sys, "h"_a); });
    const auto begin = std::chrono::steady_clock::now();
    log::error(sys, "x");
    EXPECT_TRUE(wait_until(sys, [&] { return removed.load() && out.has("x"); }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    EXPECT_TRUE(log::get_config(sys).handlers.empty());
}

TEST_F(log_handlers, one_that_fails_does_not_take_away_another_that_has_its_name_by_now) {
    written second;
    ASSERT_TRUE(log::add_handler(sys, "f"_a, [&](const log_event&) {
        EXPECT_TRUE(log::remove_handler(sys, "f"_a));
        EXPECT_TRUE(log::add_handler(sys, "f"_a, [&](const log_event& e) { second.add(e.text); }));
        throw std::runtime_error("the first fails");
    }));
    sys.run([] {
        log::notice("one");
        log::notice("two");
    });
    EXPECT_EQ(second.text(), "two");
}

TEST_F(log_handlers, a_filter_may_log_as_it_goes) {
    struct logs_at_end {
        explicit logs_at_end(rakka::system& s) : sys(s) {}
        ~logs_at_end() { log::error(sys, "gone"); }
        rakka::system& sys;
    };
    add({});
    const auto made = [&]() -> log::filter {
        return [last = std::make_shared<logs_at_end>(sys)](log_event&) { return log::verdict::ignore; };
    };
    EXPECT_TRUE(log::add_primary_filter(sys, "p"_a, made()));
    EXPECT_TRUE(log::add_handler_filter(sys, "h"_a, "q"_a, made()));
    log::set_primary_filter_default(sys, log::verdict::log);
    EXPECT_TRUE(log::remove_primary_filter(sys, "p"_a));
    EXPECT_TRUE(log::remove_handler_filter(sys, "h"_a, "q"_a));
    EXPECT_EQ(logged(), "gone\ngone\n");
}

TEST_F(log_handlers, a_file_is_opened_anew_after_a_failure) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::temp_directory_path() / ("rakka_log_anew_" + std::to_string(::getpid()));
    const fs::path path = folder / "calc.log";
    const auto file = log::rotating_file(path.string(), {.max_no_bytes = 1024, .max_no_files = 1});
    file->write(std::string(1000, 'a') + '\n');
    fs::remove_all(folder);
    std::ofstream(folder) << "in its way";
    EXPECT_ANY_THROW(file->write(std::string(1000, 'b') + '\n')) << "it is time for another file";
    EXPECT_ANY_THROW(file->write("c\n"));
    fs::remove_all(folder);
    file->write("d\n");
    file->flush();
    std::ifstream in(path);
    std::stringstream all;
    all << in.rdbuf();
    EXPECT_EQ(all.str(), "d\n");
    fs::remove_all(folder);
}

TEST(log_console, lines_go_to_a_standard_stream) {
    ::testing::internal::CaptureStderr();
    {
        rakka::system sys({.workers = 1});
        ASSERT_TRUE(log::start(sys));
        EXPECT_FALSE(log::start(sys)) << "it has one";
        sys.run([] {
            log::info("not shown");
            log::notice("shown {}\n  in one line", 1);
        });
        EXPECT_TRUE(log::flush(sys));
    }
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(text.ends_with(" notice: shown 1, in one line\n")) << text;
    EXPECT_EQ(text.find("not shown"), std::string::npos);
}

}  // namespace
}  // namespace rakka::testing
