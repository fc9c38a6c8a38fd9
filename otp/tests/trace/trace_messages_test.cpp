// Tracing messages: whose, which, how many, and where they are shown.
#include "trace/trace_support.hpp"

#include <rakka/actors/handler.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/logger.hpp>

#include <algorithm>

namespace rakka {
namespace {

using namespace std::chrono_literals;

class trace_messages : public trace_test {};
INSTANTIATE_TEST_SUITE_P(schedulers, trace_messages, in_each_shape(), name_of_shape);

TEST_P(trace_messages, the_limit_ends_the_trace) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        const std::string me = text(self()), it = text(echo);
        EXPECT_EQ(trace::messages(echo, {3}, {.to = shown.sink()}), 1U);
        const auto tracer = trace::tracer();
        ASSERT_TRUE(tracer.has_value());
        for (int i = 0; i < 10; ++i)
            EXPECT_EQ(echo_of(echo, i), "{echo," + std::to_string(i) + "}");
        wait_for(tracer);
        EXPECT_EQ(shown.all(), (lines{it + " < 0", it + " > " + me + ": {echo,0}", it + " < 1"}));
        EXPECT_FALSE(trace::tracer().has_value());
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, a_rate_that_is_exceeded_ends_it) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        trace::messages(echo, {4, 3600s}, {.sent = false, .to = shown.sink()});
        const auto tracer = trace::tracer();
        for (int i = 0; i < 5; ++i)
            static_cast<void>(echo_of(echo, i));
        wait_for(tracer);
        const lines all = shown.whole();
        ASSERT_EQ(all.size(), 5U);
        EXPECT_EQ(all.back(), "rakka_trace: the rate limit was exceeded, the trace has ended\n");
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, names_groups_and_modules_are_targets) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        register_name("echo"_a, echo);
        EXPECT_EQ(trace::messages("echo"_a, {1}, {.to = shown.sink()}), 1U);
        auto tracer = trace::tracer();
        static_cast<void>(echo_of(echo, 1));
        wait_for(tracer);
        EXPECT_EQ(trace::messages("nobody"_a, {1}, {.to = shown.sink()}), 0U);
        EXPECT_EQ(trace::messages(trace::group::born, {1}, {.to = shown.sink()}), 0U);
        tracer = trace::tracer();
        static_cast<void>(echo_of(echo, 2));
        const pid born = start_echo();
        static_cast<void>(echo_of(born, 3));
        wait_for(tracer);
        EXPECT_GE(trace::messages(trace::group::existing, {1}, {.to = shown.sink()}), 2U);
        tracer = trace::tracer();
        static_cast<void>(echo_of(echo, 4));
        wait_for(tracer);
        const lines all = shown.all();
        ASSERT_EQ(all.size(), 3U);
        EXPECT_EQ(all[0], text(echo) + " < 1");
        EXPECT_EQ(all[1], text(born) + " < 3");
        EXPECT_TRUE(all[2] == text(self()) + " > " + text(echo) + ": 4" || all[2] == text(echo) + " < 4")
            << all[2];
        send(echo, "stop"_a);
        send(born, "stop"_a);
    });
}

class seen_server : public gen_server {
    result init() override {
        send(starter, "hello"_a);
        return noreply();
    }
    result handle_call(const term& request, const from&) override { return reply(request); }

public:
    explicit seen_server(pid p) : starter(p) {}
    pid starter;
};
class unseen_server : public gen_server {
    result handle_call(const term& request, const from&) override { return reply(request); }
};

TEST_P(trace_messages, processes_of_a_module_are_those_of_a_class_there_or_to_come) {
    in_process([] {
        const shown_lines shown;
        const pid before = gen_server::start<seen_server>({}, self()).value();
        const pid other = gen_server::start<unseen_server>().value();
        EXPECT_EQ(next_message().to_string(), "hello");
        trace::messages(trace::of_module(atom("rakka::(anonymous namespace)::seen_server")), {4},
                        {.to = shown.sink()});
        const auto tracer = trace::tracer();
        gen_server::call(other, 1);
        gen_server::call(before, 2);
        const pid after = gen_server::start<seen_server>({}, self()).value();
        EXPECT_EQ(next_message().to_string(), "hello");
        gen_server::call(after, 3);
        wait_for(tracer);
        const lines all = shown.all();
        ASSERT_EQ(all.size(), 4U);
        EXPECT_TRUE(all[0].starts_with(text(before) + " < {'$gen_call',")) << all[0];
        EXPECT_TRUE(all[1].starts_with(text(before) + " > ")) << all[1];
        EXPECT_EQ(all[2], text(after) + " > " + text(self()) + ": hello");
        for (const pid& p : {before, other, after})
            gen_server::stop(p);
    });
}

TEST_P(trace_messages, what_is_shown_is_chosen) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        trace::messages(echo, {2},
                        {.received = false,
                         .match =
                             [](const trace::event& e) {
                                 if (e.message.tuple()[1].is_atom("throw"_a)) throw std::runtime_error("no");
                                 return e.message.tuple()[1].as<int>().value() % 2 == 0;
                             },
                         .formatter =
                             [](const trace::event& e) {
                                 if (e.message.tuple()[1].as<int>().value() == 2)
                                     throw std::runtime_error("two");
                                 return "x " + e.message.to_string();
                             },
                         .to = shown.sink()});
        const auto tracer = trace::tracer();
        static_cast<void>(echo_of(echo, "throw"_a));
        for (int i = 1; i < 6; ++i)
            static_cast<void>(echo_of(echo, i));
        wait_for(tracer);
        EXPECT_EQ(shown.whole(), (lines{"FORMATTER CRASH: two\n", "x {echo,4}\n"}));
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, a_process_gets_terms_and_is_told_of_the_end) {
    in_process([] {
        const pid echo = start_echo();
        trace::messages({echo, self()}, {2}, {.sent = false, .to = trace::to_process{self()}});
        send(echo, 1);
        send(echo, 2);
        lines got;
        while (got.size() < 5)
            got.push_back(next_message().to_string().substr(0, 40));
        std::sort(got.begin(), got.end());
        EXPECT_EQ(got[0], "{echo,1}");
        EXPECT_EQ(got[1], "{echo,2}");
        EXPECT_EQ(got[2], "{rakka_trace,stopped,limit,0}");
        EXPECT_TRUE(got[3].starts_with("{trace_ts," + text(echo) + ",'receive',1,")) << got[3];
        EXPECT_TRUE(got[4].starts_with("{trace_ts," + text(echo) + ",'receive',2,")) << got[4];
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, by_default_they_go_to_the_log) {
    rakka::system s(GetParam().options);
    std::mutex mutex;
    std::vector<log_event> events;
    ASSERT_TRUE(log::start(s, {.default_handler = std::nullopt}));
    ASSERT_TRUE(log::add_handler(s, "keep"_a, [&](const log_event& e) {
        const std::lock_guard lock(mutex);
        events.push_back(e);
    }));
    pid echo;
    s.run([&] {
        echo = start_echo();
        trace::messages(echo, {1});
        const auto tracer = trace::tracer();
        static_cast<void>(echo_of(echo, 1));
        wait_for(tracer);
        send(echo, "stop"_a);
    });
    const std::lock_guard lock(mutex);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].level, log_level::notice);
    EXPECT_EQ(events[0].process, echo);
    EXPECT_EQ(events[0].domain, (std::vector<atom>{"rakka"_a, "trace"_a}));
    EXPECT_TRUE(events[0].text.ends_with(text(echo) + " < 1")) << events[0].text;
}

TEST_P(trace_messages, a_new_trace_takes_the_place_of_the_old_one) {
    in_process([] {
        const shown_lines first, second;
        const pid echo = start_echo();
        trace::messages(echo, {100}, {.sent = false, .to = first.sink()});
        const auto old = trace::tracer();
        static_cast<void>(echo_of(echo, 1));
        EXPECT_TRUE(testing::wait_until([&] { return first.size() == 1; }));
        trace::messages(echo, {1}, {.sent = false, .to = second.sink()});
        const auto tracer = trace::tracer();
        static_cast<void>(echo_of(echo, 2));
        wait_for(old);
        wait_for(tracer);
        EXPECT_EQ(first.size(), 1U);
        EXPECT_EQ(second.all(), lines{text(echo) + " < 2"});
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, clear_ends_it) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        trace::messages(echo, {100}, {.to = shown.sink()});
        const auto tracer = trace::tracer();
        trace::clear();
        EXPECT_FALSE(trace::tracer().has_value());
        static_cast<void>(echo_of(echo, 1));
        wait_for(tracer);
        EXPECT_EQ(shown.size(), 0U);
        trace::clear();
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, clear_ends_one_that_has_reached_its_limit_and_is_still_shown) {
    in_process([] {
        const shown_lines shown;
        const pid echo = start_echo();
        trace::messages(
            echo, {50},
            {.sent = false, .to = [sink = shown.sink(), first = true](std::string_view line) mutable {
                 if (std::exchange(first, false))
                     static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); }));
                 sink(line);
             }});
        const auto tracer = trace::tracer();
        for (int i = 0; i < 60; ++i)
            static_cast<void>(echo_of(echo, i));
        trace::clear();
        EXPECT_FALSE(trace::tracer().has_value());
        send(*tracer, "go"_a);
        wait_for(tracer);
        EXPECT_LE(shown.size(), 1U) << "the one that was being shown";
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, a_process_that_is_named_twice_is_one) {
    in_process([] {
        const pid echo = start_echo();
        register_name("echo"_a, echo);
        EXPECT_EQ(trace::messages({echo, "echo"_a, echo}, {1}), 1U);
        EXPECT_EQ(trace::messages({echo, self()}, {1}), 2U);
        trace::clear();
        send(echo, "stop"_a);
    });
}

TEST_P(trace_messages, limits_that_make_no_sense_are_refused) {
    in_process([] {
        EXPECT_TRUE(exit_of([] { trace::messages(self(), {0}); }).starts_with("{badarg,"));
        EXPECT_TRUE(exit_of([] { trace::messages(self(), {1, 0ms}); }).starts_with("{badarg,"));
        EXPECT_TRUE(exit_of([] {
                        trace::messages(self(), {1}, {.to = trace::to_function()});
                    }).starts_with("{badarg,"));
        EXPECT_TRUE(exit_of([] { trace::calls(trace::functions{}, {1}); }).starts_with("{badarg,"));
        EXPECT_FALSE(trace::tracer().has_value());
    });
}

}  // namespace
}  // namespace rakka
