// The parts of a trace that need no process: limits, patterns, words.
#include "trace/term_pattern.hpp"
#include "trace/trace_session.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/parse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using detail::trace_gate;
using decision = trace_gate::decision;
using ::testing::MatchesRegex;

TEST(trace_gate, a_count_lets_so_many_through) {
    trace_gate g({2});
    EXPECT_EQ(g.admit(0s), decision::pass);
    EXPECT_EQ(g.admit(5s), decision::pass_as_last);
    EXPECT_EQ(g.admit(9s), decision::stop);
}

TEST(trace_gate, a_rate_lets_as_many_through_in_each_window) {
    trace_gate g({2, 1000ms});
    EXPECT_EQ(g.admit(7s), decision::pass);
    EXPECT_EQ(g.admit(8s), decision::pass) << "the same window, to its end";
    EXPECT_EQ(g.admit(8001ms), decision::pass) << "another";
    EXPECT_EQ(g.admit(8002ms), decision::pass);
    EXPECT_EQ(g.admit(9001ms), decision::stop);
}

TEST(trace_gate, a_window_may_be_as_long_as_it_can_be_said) {
    trace_gate g({1, std::chrono::milliseconds::max()});
    EXPECT_EQ(g.admit(0s), decision::pass);
    EXPECT_EQ(g.admit(1h), decision::stop);
}

bool matches(const char* pattern, const char* t) {
    const term p = parse_term(pattern).value(), given = parse_term(t).value();
    return trace::detail::matches(p, given);
}

TEST(trace_patterns, underscores_stand_for_anything) {
    EXPECT_TRUE(matches("'_'", "{a, [1]}"));
    EXPECT_TRUE(matches("{'_', b}", "{[1, 2], b}"));
    EXPECT_FALSE(matches("{'_', b}", "{a, c}"));
    EXPECT_FALSE(matches("{'_', b}", "{a, b, c}"));
    EXPECT_TRUE(matches("[1, '_' | '_']", "[1, 2, 3]"));
    EXPECT_FALSE(matches("[1, '_']", "[1, 2, 3]"));
    EXPECT_TRUE(matches("{'$gen_call', '_', {add, '_'}}", "{'$gen_call', {a, b}, {add, 1}}"));
    EXPECT_TRUE(matches("[]", "[]"));
    EXPECT_FALSE(matches("1", "1.0"));
    EXPECT_TRUE(matches("#{a => 1}", "#{a => 1}"));
}

TEST(trace_patterns, depth_is_no_problem) {
    term deep = list();
    for (int i = 0; i < 100'000; ++i)
        deep = list(deep);
    EXPECT_TRUE(trace::detail::matches(deep, deep));
}

struct object {};

trace::event event_of(trace::event::kind what, const term& message, const term& to = {}) {
    trace::event e;
    e.what = what;
    e.message = message;
    e.to = to;
    e.time = std::chrono::system_clock::time_point(std::chrono::microseconds(1'700'000'000'000'042));
    e.module = "calc"_a;
    e.function = "add"_a;
    e.arity = 2;
    return e;
}

TEST(trace_words, they_are_those_of_recon) {
    using kind = trace::event::kind;
    const term hello = parse_term("{hello, \"you\"}").value();
    const term to = "box"_a;
    const std::string head = "[0-9]+:[0-9]+:20\\.000042 <[0-9.]+> ";
    EXPECT_THAT(trace::format(event_of(kind::received, hello)), MatchesRegex(head + "< \\{hello,\"you\"\\}"));
    EXPECT_THAT(trace::format(event_of(kind::sent, hello, to)),
                MatchesRegex(head + "> box: \\{hello,\"you\"\\}"));
    EXPECT_THAT(trace::format(event_of(kind::sent_to_nobody, hello, to)),
                MatchesRegex(head + "> \\(non_existing\\) box: \\{hello,\"you\"\\}"));
    trace::event call = event_of(kind::called, term());
    EXPECT_THAT(trace::format(call), MatchesRegex(head + "calc:add/2"));
    const std::vector<term> arguments{term(1), hello};
    call.arguments = &arguments;
    EXPECT_THAT(trace::format(call), MatchesRegex(head + "calc:add\\(1, \\{hello,\"you\"\\}\\)"));
    EXPECT_THAT(trace::format(event_of(kind::returned, hello)),
                MatchesRegex(head + "calc:add/2 --> \\{hello,\"you\"\\}"));
    EXPECT_THAT(trace::format(event_of(kind::failed, to)), MatchesRegex(head + "calc:add/2 error box"));
}

TEST(trace_words, long_ones_are_cut) {
    const term text = std::string(100'000, 'x');
    const std::string cut = trace::format(event_of(trace::event::kind::received, text), 100);
    EXPECT_LE(cut.size(), 110U);
    EXPECT_TRUE(cut.ends_with("...")) << cut;
}

TEST(trace_words, terms_are_those_of_erlangs_tracer) {
    using kind = trace::event::kind;
    const term m = 7, to = "box"_a;
    const std::string who = term(pid()).to_string(), when = ",{1700,0,42}}";
    const auto shown = [](const trace::event& e) { return trace::to_term(e).to_string(); };
    EXPECT_EQ(shown(event_of(kind::received, m)), "{trace_ts," + who + ",'receive',7" + when);
    EXPECT_EQ(shown(event_of(kind::sent, m, to)), "{trace_ts," + who + ",send,7,box" + when);
    EXPECT_EQ(shown(event_of(kind::sent_to_nobody, m, to)),
              "{trace_ts," + who + ",send_to_non_existing_process,7,box" + when);
    trace::event call = event_of(kind::called, term());
    EXPECT_EQ(shown(call), "{trace_ts," + who + ",call,{calc,add,2}" + when);
    const std::vector<term> arguments{term(1), term(2)};
    call.arguments = &arguments;
    EXPECT_EQ(shown(call), "{trace_ts," + who + ",call,{calc,add,[1,2]}" + when);
    EXPECT_EQ(shown(event_of(kind::returned, m)), "{trace_ts," + who + ",return_from,{calc,add,2},7" + when);
    EXPECT_EQ(shown(event_of(kind::failed, to)),
              "{trace_ts," + who + ",exception_from,{calc,add,2},{error,box}" + when);
    EXPECT_EQ(shown(event_of(kind::received, make_native(object{}))),
              "{trace_ts," + who + ",'receive',cpp_object" + when);
}

}  // namespace
}  // namespace rakka
