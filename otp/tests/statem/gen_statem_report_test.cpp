// What a state machine says when it crashes, in words.
#include "log/log_support.hpp"

#include <rakka/otp/gen_statem.hpp>

namespace rakka::testing {

/// Keeps numbers, and breaks when told.
class fragile_machine final : public gen_statem {
    statem::callback_mode callback_mode() const override { return {.state_enter = true}; }
    result init() override { return next_state("whole"_a); }
    result handle_event(const event& e, const term&) override {
        if (e.is_cast() && e.content().is(kind::integer)) return keep_state(postpone());
        if (e.is_cast("break"_a)) {
            return keep_state(next_event(event::internal("break"_a)), next_event(event::internal("more"_a)),
                              generic_timeout("glue"_a, std::chrono::hours(1), "dry"_a));
        }
        if (e.is_internal("break"_a)) error("broken"_a);
        if (e.is_cast("stop"_a)) return stop_with(tuple("shutdown"_a, "calm"_a));
        return keep_state();
    }
    term data() const override { return "secret"_a; }
    shown_status format_status(shown_status s) const override {
        s.data = "hidden"_a;
        return s;
    }
};

namespace {

class gen_statem_report : public logged_system {
protected:
    gen_statem_report() {
        EXPECT_TRUE(log::set_handler_format(
            sys, "test"_a, log::text_format({.single_line = false, .layout = "{level}|{domain}|{msg}\n"})));
    }
    /// Starts one and casts these to it; returns when it has ended.
    void end_of(std::vector<term> casts) {
        sys.run([&] {
            const auto [machine, ref] =
                gen_statem::start_monitor<fragile_machine>({.name = "vase"_a}).value();
            for (const term& what : casts)
                gen_statem::cast(machine, what);
            static_cast<void>(receive_if([r = ref](term_view m) { return is_down(r, m); }));
        });
    }
};

TEST_F(gen_statem_report, a_crash_tells_the_event_the_state_and_all_that_waited) {
    end_of({1, 2, "break"_a});
    const std::string text = logged();
    EXPECT_NE(text.find("error|[otp]|** State machine vase terminating\n** Last event = {internal,break}\n"
                        "** When server state  = {whole,hidden}\n** Reason for termination = error:broken\n"
                        "** Callback modules = ['rakka::testing::fragile_machine']\n"
                        "** Callback mode = [handle_event_function,state_enter]\n"
                        "** Queued = [{internal,more}]\n** Postponed = [{cast,2},{cast,1}]\n"
                        "** Time-outs: {1,[{{timeout,glue},dry}]}\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("error|[otp,sasl]|  crasher:\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

TEST_F(gen_statem_report, an_end_that_is_no_crash_tells_nothing) {
    end_of({"stop"_a});
    EXPECT_EQ(logged(), "");
}

}  // namespace
}  // namespace rakka::testing
