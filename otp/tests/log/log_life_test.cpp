// Births, ends and crashes of processes in the log.
#include "log/log_support.hpp"

#include <rakka/actors/handler.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>

#include <atomic>
#include <stdexcept>

namespace rakka::testing {

// Not in an anonymous namespace: their names are looked for.
[[gnu::noinline]] void throws_deep_inside(int depth) {
    if (depth == 0) throw std::runtime_error("boom");
    throws_deep_inside(depth - 1);
    asm volatile("");  // not a jump
}
[[gnu::noinline]] void fails_with_error() {
    rakka::error("wrong"_a);
}

class crashing_handler final : public message_handler {
public:
    next handle(term message) override {
        if (message.is_atom("throw"_a)) throws_deep_inside(2);
        return next::stop("asked"_a);
    }
};

namespace {

class log_life : public kept_events {
protected:
    log_event crash_of(const pid& p) { return only(about(p)); }
};

TEST_F(log_life, spawns_and_exits_are_told_at_debug) {
    log::set_module_level(sys, "lifecycle"_a, log_level::debug);
    pid parent;
    pid child;
    sys.run([&] {
        parent = self();
        child = spawn([] { rakka::exit("enough"_a); }, {.name = "worker"_a});
        EXPECT_TRUE(wait_until([&] { return !is_alive(child); }));
    });
    const auto all = about(child);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].level, log_level::debug);
    EXPECT_EQ(value(all[0], "event"_a), term("spawn"_a));
    EXPECT_EQ(value(all[0], "parent"_a), term(parent));
    EXPECT_EQ(value(all[0], "registered_name"_a), term("worker"_a));
    EXPECT_EQ(all[0].domain, (std::vector<atom>{"rakka"_a, "lifecycle"_a}));
    EXPECT_NE(all[0].text.find("(worker) spawned by " + term(parent).to_string()), std::string::npos)
        << all[0].text;
    EXPECT_EQ(value(all[1], "event"_a), term("exit"_a));
    EXPECT_EQ(value(all[1], "reason"_a), term("enough"_a));
    EXPECT_TRUE(all[1].text.ends_with("(worker) ended with reason enough")) << all[1].text;
}

TEST_F(log_life, they_are_off_by_default) {
    pid child;
    sys.run([&] {
        child = spawn([] {});
        EXPECT_TRUE(wait_until([&] { return !is_alive(child); }));
    });
    EXPECT_TRUE(about(child).empty());
}

TEST_F(log_life, the_level_of_their_module_counts_more_than_the_primary_one) {
    log::set_primary_level(sys, log_level::debug);
    log::set_module_level(sys, "lifecycle"_a, log_level::error);
    EXPECT_EQ(crash_of(sys.spawn([] { fails_with_error(); })).level, log_level::error);
    log::set_module_level(sys, "lifecycle"_a, log_level::none);
    EXPECT_TRUE(about(sys.spawn([] { fails_with_error(); })).empty());
    log::unset_module_level(sys, "lifecycle"_a);
    EXPECT_EQ(about(sys.spawn([] {})).size(), 2U);
}

TEST_F(log_life, reasons_of_any_size_are_cut_in_texts) {
    const std::string large(std::size_t{1} << 20, 'x');
    const log_event e = crash_of(sys.spawn([&] { rakka::error(term(large)); }));
    EXPECT_LT(e.text.size(), std::size_t{100} << 10);
    EXPECT_NE(e.text.find("..."), std::string::npos);
}

TEST_F(log_life, a_function_of_the_system_that_throws_hides_nothing_from_the_logger) {
    rakka::system other({.workers = 1, .log = [](const log_event&) { throw 1; }});
    std::atomic<int> seen{0};
    EXPECT_TRUE(log::start(other, {.default_handler = std::nullopt}));
    EXPECT_TRUE(log::add_handler(other, "count"_a, [&](const log_event&) { ++seen; }));
    other.run([] { log::error("x"); });
    EXPECT_EQ(seen, 1);
}

TEST_F(log_life, a_crash_names_exception_message_and_functions) {
    const log_event e = crash_of(sys.spawn([] { throws_deep_inside(3); }));
    EXPECT_EQ(e.level, log_level::error);
    EXPECT_EQ(value(e, "event"_a), term("crash"_a));
    EXPECT_EQ(value(e, "exception"_a).to_string(), "<<\"std::runtime_error\">>");
    EXPECT_EQ(value(e, "message"_a).to_string(), "<<\"boom\">>");
    EXPECT_EQ(value(e, "reason"_a).to_string(),
              "{{cpp_exception,<<\"std::runtime_error\">>,<<\"boom\">>},[]}");
    EXPECT_TRUE(e.text.starts_with("Error in process <0.")) << e.text;
    EXPECT_NE(e.text.find("\nstd::runtime_error: boom\n    in rakka::testing::throws_deep_inside(int)"),
              std::string::npos)
        << e.text;
    const auto stack = value(e, "stacktrace"_a).as<std::vector<std::string>>();
    ASSERT_TRUE(stack);
    ASSERT_GE(stack->size(), 4U);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ((*stack)[i], "rakka::testing::throws_deep_inside(int)");
}

TEST_F(log_life, so_does_that_of_a_handler) {
    const pid p = sys.spawn(std::make_unique<crashing_handler>());
    sys.send(p, "throw"_a);
    const log_event e = crash_of(p);
    EXPECT_NE(e.text.find("    in rakka::testing::throws_deep_inside(int)\n    in "), std::string::npos)
        << e.text;
    EXPECT_NE(e.text.find("crashing_handler::handle"), std::string::npos) << e.text;
}

TEST_F(log_life, exceptions_that_are_caught_leave_no_trace) {
    const log_event e = crash_of(sys.spawn([] {
        try {
            throws_deep_inside(3);
        } catch (const std::exception&) {
            // as if nothing had been
        }
        throw 7;
    }));
    EXPECT_EQ(value(e, "exception"_a).to_string(), "<<\"int\">>");
    EXPECT_EQ(e.text.find("throws_deep_inside"), std::string::npos) << e.text;
}

TEST_F(log_life, one_that_is_thrown_again_keeps_its_first_trace) {
    // As run() does it.
    EXPECT_THROW(sys.run([] { throws_deep_inside(1); }), std::runtime_error);
    pid p;
    EXPECT_THROW(sys.run([&] {
        p = self();
        throws_deep_inside(1);
    }),
                 std::runtime_error);
    EXPECT_NE(crash_of(p).text.find("throws_deep_inside"), std::string::npos);
}

TEST_F(log_life, errors_and_throws_are_crashes_exits_are_not) {
    const log_event error = crash_of(sys.spawn([] { fails_with_error(); }));
    EXPECT_EQ(value(error, "reason"_a).to_string(), "{wrong,[]}");
    EXPECT_NE(error.text.find("    in rakka::error(rakka::term)"), std::string::npos) << error.text;
    EXPECT_NE(error.text.find("    in rakka::testing::fails_with_error()"), std::string::npos) << error.text;
    const log_event thrown = crash_of(sys.spawn([] { throw term("ball"_a); }));
    EXPECT_EQ(value(thrown, "reason"_a).to_string(), "{{nocatch,ball},[]}");
    EXPECT_TRUE(about(sys.spawn([] { rakka::exit("bye"_a); })).empty());
    EXPECT_TRUE(about(sys.spawn([] {})).empty());
    const pid stopped = sys.spawn(std::make_unique<crashing_handler>());
    sys.send(stopped, "stop"_a);
    EXPECT_TRUE(about(stopped).empty());
}

TEST_F(log_life, the_end_by_a_signal_is_none) {
    const pid p = sys.spawn([] { receive_if([](term_view) { return false; }); });
    sys.exit(p, "kill"_a);
    EXPECT_TRUE(about(p).empty());
}

/// Counts what it is given, and wants to hear of one process.
class picky_receiver final : public rakka::detail::log_receiver {
public:
    void take(log_event& event) noexcept override {
        ++taken;
        last = event.process;
    }
    [[nodiscard]] bool wants(log_level, atom module, const pid& process) const noexcept override {
        return module == "lifecycle"_a && process == wanted;
    }
    std::atomic<int> taken{0};
    pid wanted, last;
};

TEST(log_life_of_one, the_level_of_one_process_makes_no_texts_of_others) {
    rakka::system sys({.workers = 1});
    auto made = std::make_unique<picky_receiver>();
    picky_receiver& receiver = *made;
    ASSERT_TRUE(rakka::detail::attach_log(sys, std::move(made), log_level::notice));
    rakka::detail::limit_log(sys, log_level::debug);
    rakka::detail::limit_log_of_life(sys, log_level::debug, log_level::notice);
    sys.run([&] {
        receiver.wanted = spawn([] { static_cast<void>(receive()); });
        for (int i = 0; i < 10; ++i) {
            const pid other = spawn([] {});
            EXPECT_TRUE(wait_until([&] { return !is_alive(other); }));
        }
        EXPECT_EQ(receiver.taken, 0);
        send(receiver.wanted, "go"_a);
        EXPECT_TRUE(wait_until([&] { return receiver.taken == 1; }));
    });
    EXPECT_EQ(receiver.last, receiver.wanted);
}

TEST_F(log_life, the_end_of_a_process_with_a_level_of_its_own_is_told) {
    pid chosen, other;
    sys.run([&] {
        chosen = spawn([] { static_cast<void>(receive()); });
        log::set_process_level(sys, chosen, log_level::debug);
        other = spawn([] {});
        EXPECT_TRUE(wait_until([&] { return !is_alive(other); }));
        send(chosen, "go"_a);
    });
    EXPECT_EQ(value(only(about(chosen)), "event"_a), term("exit"_a));
    EXPECT_TRUE(about(other).empty());
}

}  // namespace
}  // namespace rakka::testing
