// What behaviours say when they crash, in words.
#include "log/log_support.hpp"
#include "log/report.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/proc_lib.hpp>

#include <stdexcept>

namespace rakka::testing {

[[gnu::noinline]] int divides(int by) {
    if (by == 0) throw std::domain_error("division by zero");
    return 1 / by;
}

class dividing_server final : public gen_server {
    result handle_call(const term& request, const from&) override {
        return reply(divides(static_cast<int>(*request.as<std::int64_t>())));
    }
    term state() const override { return "ready"_a; }
};

namespace {

class log_reports : public logged_system {
protected:
    log_reports() {
        EXPECT_TRUE(log::set_handler_format(
            sys, "test"_a, log::text_format({.single_line = false, .layout = "{level}|{domain}|{msg}\n"})));
    }
};

TEST_F(log_reports, a_server_that_crashes_has_its_last_words_and_a_crash_report) {
    sys.run([] {
        const pid server = gen_server::start<dividing_server>({.name = "divider"_a}).value();
        EXPECT_FALSE(gen_server::try_call(server, 0));
    });
    const std::string text = logged();
    EXPECT_NE(
        text.find(
            "error|[otp]|** Generic server divider terminating \n** Last message in was 0\n** When Server "
            "state == ready\n** Reason for termination ==\n** "
            "{{cpp_exception,<<\"std::domain_error\">>,<<\"division by zero\">>},[]}\n"),
        std::string::npos)
        << text;
    EXPECT_NE(text.find("error|[otp,sasl]|  crasher:\n    initial"), std::string::npos) << text;
    EXPECT_NE(text.find("    exception error: {cpp_exception,<<\"std::domain_error\">>,\n"
                        "                                    <<\"division by zero\">>}\n"
                        "      in function  cpp:'rakka::testing::divides'/1\n"
                        "      in call from cpp:'rakka::testing::dividing_server::handle_call'/2\n"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find("Error in process"), std::string::npos) << "it is told once";
}

TEST_F(log_reports, a_process_of_proc_lib_is_told_once_too) {
    sys.run([] {
        const pid p = proc_lib::spawn([] { static_cast<void>(divides(0)); });
        const reference ref = monitor(p);
        static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
    });
    const std::string text = logged();
    EXPECT_NE(text.find("  crasher:\n"), std::string::npos) << text;
    EXPECT_NE(text.find("in function  cpp:'rakka::testing::divides'/1\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("Error in process"), std::string::npos) << text;
}

[[gnu::noinline]] void refuses(int what) {
    error(tuple("no_such_thing"_a, what));
}

TEST_F(log_reports, an_error_of_ours_is_called_one_and_has_its_stack) {
    sys.run([] {
        const auto end_of = [](const pid& p) {
            const reference ref = monitor(p);
            static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
        };
        end_of(proc_lib::spawn([] { refuses(7); }));
        end_of(proc_lib::spawn([] { exit(tuple("looks_alike"_a, list())); }));
        end_of(proc_lib::spawn([] {
            put("$initial_call"_a, tuple("price"_a, "per"_a, 2));
            exit("wrong"_a);
        }));
    });
    const std::string text = logged();
    EXPECT_NE(text.find("    exception error: {no_such_thing,7}\n      in function  "
                        "cpp:'rakka::testing::(anonymous namespace)::refuses'/1\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("    exception exit: {looks_alike,[]}\n"), std::string::npos) << text;
    EXPECT_NE(text.find("    initial call: price:per/2\n"), std::string::npos) << text;
}

TEST_F(log_reports, a_restart_says_who_takes_whose_place) {
    log::set_primary_level(sys, log_level::info);
    sys.run([] { rakka::detail::log_restart("child"_a, "undefined"_a, self()); });
    EXPECT_NE(logged().find("info|[rakka,lifecycle]|process <0."), std::string::npos);
    EXPECT_TRUE(out.has(" takes the place of undefined as child child of <0."));
}

TEST(log_reports_without_logger, the_sink_of_the_system_gets_them_in_words) {
    std::mutex mutex;
    std::string text;
    {
        rakka::system sys({.workers = 1, .log = [&](const log_event& e) {
                               const std::lock_guard lock(mutex);
                               text += e.text;
                           }});
        sys.run([] {
            const pid server = gen_server::start<dividing_server>().value();
            EXPECT_FALSE(gen_server::try_call(server, 0));
        });
    }
    EXPECT_NE(text.find("** Generic server <0."), std::string::npos) << text;
}

}  // namespace
}  // namespace rakka::testing
