// What a gen_event says to the log of handlers that crash, and of messages that nobody handles.
#include "log/log_support.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/otp/gen_event.hpp>

#include <stdexcept>

namespace rakka::testing {

[[gnu::noinline]] int weighs(int by) {
    if (by == 0) throw std::domain_error("division by zero");
    return 1 / by;
}

class scales : public event_handler {
    result handle_event(const term& event) override {
        if (event.is_atom("leave"_a)) return remove_handler();
        if (event.is_atom("exit"_a)) rakka::exit("weary"_a);
        static_cast<void>(weighs(static_cast<int>(*event.as<std::int64_t>())));
        return ok();
    }
    [[nodiscard]] term state() const override { return "secret"_a; }
    [[nodiscard]] shown_status format_status(shown_status s) const override {
        s.state = "hidden"_a;
        if (s.reason.is_atom("weary"_a)) s.reason = "tired"_a;
        return s;
    }
};

namespace {

class gen_event_reports : public logged_system {
protected:
    gen_event_reports() {
        EXPECT_TRUE(log::set_handler_format(
            sys, "test"_a, log::text_format({.single_line = false, .layout = "{level}|{domain}|{msg}\n"})));
    }
    std::string report_of(const term& event) {
        sys.run([&] {
            const pid p = gen_event::start({.name = "scale"_a}).value();
            gen_event::add_handler(p, new_handler::of<scales>().as({"s"_a, 1})).value();
            gen_event::sync_notify(p, event);
            gen_event::stop(p);
        });
        return logged();
    }
};

TEST_F(gen_event_reports, a_handler_that_crashes_is_told_in_otps_words_with_its_stack) {
    const std::string text = report_of(term(0));
    EXPECT_EQ(text.find("error|[otp]|** gen_event handler {s,1} crashed.\n** Was installed in scale\n** Last "
                        "event was: 0\n"
                        "** When handler state == hidden\n** Reason == "),
              0U)
        << text;
    EXPECT_NE(text.find("{cpp_exception,<<\"std::domain_error\">>"), std::string::npos) << text;
    EXPECT_NE(text.find("rakka::testing::weighs"), std::string::npos) << text;
}

TEST_F(gen_event_reports, the_handler_may_change_the_reason_for_the_log) {
    const std::string text = report_of("exit"_a);
    EXPECT_NE(text.find("** Reason == tired"), std::string::npos) << text;
}

TEST_F(gen_event_reports, a_handler_that_leaves_is_no_news) {
    EXPECT_EQ(report_of("leave"_a), "");
    EXPECT_EQ(report_of(term(1)), "");
}

TEST_F(gen_event_reports, a_message_that_nobody_handles_is_a_warning) {
    sys.run([] {
        const pid p = gen_event::start().value();
        gen_event::add_handler<scales>(p).value();
        send(p, "what"_a);
        gen_event::sync_notify(p, 1);
    });
    EXPECT_EQ(
        logged(),
        "warning|[otp]|** Undefined handle_info in 'rakka::testing::scales'\n** Unhandled message: what\n\n");
}

TEST_F(gen_event_reports, a_manager_that_ends_with_a_reason_has_a_crash_report) {
    sys.run([] {
        const pid p = gen_event::start({.name = "scale"_a}).value();
        gen_event::stop(p, "broken"_a);
    });
    const std::string text = logged();
    EXPECT_EQ(text.find("error|[otp,sasl]|  crasher:\n    initial call: gen_event:init_it/6\n"), 0U) << text;
}

}  // namespace
}  // namespace rakka::testing
