// Events as text: OTP's layout, compared with what OTP itself has made (samples/log_reports.txt, written by
// scripts/make_log_samples.escript), and JSON.
#include "log/log_support.hpp"

#include <rakka/etf/parse.hpp>

#include <fstream>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;

struct sample {
    std::string name;
    std::string report;
    std::string lines;
    std::string line;
};

std::vector<sample> samples() {
    std::ifstream file(RAKKA_OTP_SAMPLES "/log_reports.txt");
    std::vector<sample> out;
    std::string* to = nullptr;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("@@@ ")) {
            out.push_back({line.substr(4), {}, {}, {}});
            to = &out.back().report;
        } else if (line == "--- lines") {
            to = &out.back().lines;
        } else if (line == "--- line") {
            to = &out.back().line;
        } else {
            *to += line + '\n';
        }
    }
    return out;
}

log_event at_a_time(log_level level = log_level::error) {
    log_event e{level};
    e.time = log_event{}.time + 1'700'000'000'123'456us;
    return e;
}

TEST(log_formatter, words_of_otp_for_its_reports) {
    rakka::system sys({.workers = 1});
    const auto in_lines = log::text_format({.single_line = false, .layout = "{msg}\n"});
    const auto in_a_line = log::text_format({.layout = "{msg}\n"});
    const auto all = samples();
    ASSERT_GE(all.size(), 40U);
    for (const sample& s : all) {
        log_event e = at_a_time();
        const auto report = parse_term(s.report, {.origin = sys.origin()});
        ASSERT_TRUE(report) << s.name << ": " << report.error().message();
        e.report = *report;
        EXPECT_EQ(in_lines(e), s.lines) << s.name;
        EXPECT_EQ(in_a_line(e), s.line) << s.name;
    }
}

TEST(log_formatter, reports_of_any_shape_have_words) {
    // What nobody has promised: labels of OTP with contents that are not.
    const auto in_lines = log::text_format({.single_line = false});
    const auto in_a_line = log::text_format();
    for (const char* const text :
         {"#{label => {gen_server,terminate}}",
          "#{label => {gen_statem,terminate}}",
          "#{label => {gen_event,terminate}}",
          "#{label => {proc_lib,crash}, report => []}",
          "#{label => {proc_lib,crash}, report => x}",
          "#{label => {proc_lib,crash}, report => [x|y]}",
          "#{label => {proc_lib,crash}, report => [[x,{error_info,1}],z]}",
          "#{label => {proc_lib,crash}, report => [[{error_info,{error,undef,[]}}],[{neighbour,x},y]]}",
          "#{label => {proc_lib,crash}, report => "
          "[[{error_info,{error,badarg,[x,y]}},{initial_call,{a,b,[]}}]]}",
          "#{label => {supervisor,x}, report => y}",
          "#{label => {supervisor,progress}, report => [{started,[]}]}",
          "#{label => {application_controller,exit}, report => #{}}",
          "#{label => {gen_server,x}}",
          "[{label,{a,b}}|x]",
          "#{label => {gen_server,terminate}, log => [a|b], client_info => {x,{y,z}}, reason => {undef,x}}",
          "#{label => {gen_statem,terminate}, queue => [a|b], reason => x, timeouts => {1,2}}",
          "{}",
          "[]",
          "[[]]",
          "\"\""}) {
        log_event e = at_a_time();
        e.report = parse_term(text).value();
        EXPECT_FALSE(in_lines(e).empty()) << text;
        EXPECT_TRUE(in_a_line(e).ends_with("\n")) << text;
    }
}

TEST(log_formatter, default_layouts_are_those_of_otp) {
    log_event e = at_a_time(log_level::notice);
    e.text = "  one,\n   two\r\n\n three  \n";
    EXPECT_EQ(log::text_format({.time_offset = "Z"})(e),
              "2023-11-14T22:13:20.123456Z notice: one, two, , three\n");
    e.text = "text\nof two lines";
    EXPECT_EQ(log::text_format({.single_line = false, .time_offset = "Z"})(e),
              "2023-11-14T22:13:20.123456Z notice:\ntext\nof two lines\n");
    EXPECT_EQ(log::text_format({.single_line = false, .legacy_header = true, .time_offset = "Z"})(e),
              "=NOTICE REPORT==== 14-Nov-2023::22:13:20.123456 UTC ===\ntext\nof two lines\n");
}

TEST(log_formatter, layouts_name_keys) {
    rakka::system sys({.workers = 1});
    log_event e = at_a_time(log_level::notice);
    e.text = "x";
    e.process = pid{{}, 9, 3, sys.origin()};
    e.module = "m"_a;
    e.function = "f";
    e.arity = 2;
    e.file = "a.erl";
    e.line = 3;
    e.domain = {"a"_a, "b"_a};
    e.more = {{"k"_a, term(charlist("str"))}, {"b"_a, term("bin")}};
    EXPECT_EQ(log::text_format(
                  {.layout = "{time} {pid} {mfa} {file}:{line} {domain} {k} {b} {nokey}|{{{msg}}}{gl}\n",
                   .time_designator = ' ',
                   .time_offset = "+02:00"})(e),
              "2023-11-15 00:13:20.123456+02:00 <0.9.3> m:f/2 a.erl:3 [a,b] str <<\"bin\">> |{x}\n");
}

TEST(log_formatter, sizes_are_limited) {
    log_event e = at_a_time(log_level::notice);
    e.text = std::string(100, 'x');
    const std::string limited = log::text_format({.time_offset = "Z", .max_size = 60})(e);
    EXPECT_EQ(limited, "2023-11-14T22:13:20.123456Z notice: xxxxxxxxxxxxxxxxxxxx...\n");
    EXPECT_EQ(log::text_format({.layout = "{msg}", .chars_limit = 10})(e), "xxxxxxx...");
    e.text = "äöüäöüäöüäöü";
    EXPECT_EQ(log::text_format({.layout = "{msg}", .chars_limit = 10})(e), "äöüäöüä...");
    e.report = map("k"_a, list(1, 2, 3, 4, 5, 6, 7));
    EXPECT_EQ(log::text_format({.layout = "{msg}", .depth = 5})(e), "k: [1,2,3,4|...]");
}

TEST(log_formatter, json_has_what_is_known) {
    rakka::system sys({.workers = 1});
    log_event e = at_a_time();
    e.text = "two\nlines \"quoted\" \x01 ä \xff";
    EXPECT_EQ(log::json_format()(e),
              "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"error\","
              "\"msg\":\"two\\nlines \\\"quoted\\\" \\u0001 ä \\ufffd\"}\n");
    e.text = "x";
    e.process = pid{{}, 9, 3, sys.origin()};
    e.module = "m"_a;
    e.function = "f";
    e.arity = 2;
    e.file = "a.cpp";
    e.line = 3;
    e.domain = {"a"_a, "b"_a};
    e.more = {
        {"order"_a, term(7)}, {"user"_a, term("Ann")}, {"ok"_a, term("true"_a)}, {"none"_a, term("null"_a)}};
    EXPECT_EQ(
        log::json_format()(e),
        "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"error\",\"msg\":\"x\",\"pid\":\"<0.9.3>\","
        "\"node\":\"nonode@nohost\",\"mfa\":\"m:f/2\",\"file\":\"a.cpp\",\"line\":3,\"domain\":[\"a\",\"b\"],"
        "\"order\":7,\"user\":\"Ann\",\"ok\":true,\"none\":null}\n");
}

std::string json_of(const char* text) {
    log_event e = at_a_time();
    e.more = {{"x"_a, parse_term(text).value()}};
    const std::string all = log::json_format()(e);
    const auto from = all.find("\"x\":") + 4;
    return all.substr(from, all.size() - from - 2);
}

TEST(log_formatter, json_of_terms) {
    EXPECT_EQ(json_of("[1,2.5,a,<<\"b\">>,\"c\"]"), "[1,2.5,\"a\",\"b\",\"c\"]");
    EXPECT_EQ(json_of("#{a => 1, <<\"b\">> => [], 3 => {x,y}}"), "{\"3\":\"{x,y}\",\"a\":1,\"b\":[]}");
    EXPECT_EQ(json_of("[{a,1},{b,[{c,2}]}]"), "{\"a\":1,\"b\":{\"c\":2}}");
    EXPECT_EQ(json_of("[{a,1},{2,b}]"), "[\"{a,1}\",\"{2,b}\"]");
    EXPECT_EQ(json_of("[a|b]"), "\"[a|b]\"");
    EXPECT_EQ(json_of("<<255>>"), "\"<<\\\"ÿ\\\">>\"");
    EXPECT_EQ(json_of("123456789012345678901234567890"), "123456789012345678901234567890");
    std::string deep;
    for (int i = 0; i < 1000; ++i)
        deep = "[" + deep + "]";
    EXPECT_TRUE(json_of(deep.c_str()).starts_with("[[[[[[[[[[[[[[[[\"[["));
}

TEST(log_formatter, json_of_a_report_has_words_and_the_report) {
    log_event e = at_a_time();
    e.report = map("label"_a, tuple("supervisor"_a, "progress"_a), "report"_a,
                   list(tuple("supervisor"_a, "sup"_a),
                        tuple("started"_a, list(tuple("id"_a, 1), tuple("pid"_a, "p"_a)))));
    EXPECT_EQ(log::json_format()(e),
              "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"error\",\"msg\":\"Supervisor: sup. "
              "Started: id=1,pid=p.\","
              "\"report\":{\"label\":\"{supervisor,progress}\",\"report\":{\"supervisor\":\"sup\","
              "\"started\":{\"id\":1,"
              "\"pid\":\"p\"}}}}\n");
}

TEST(log_formatter, json_of_any_size_is_cut_and_whole) {
    rakka::system sys({.workers = 1});
    log_event e = at_a_time();
    e.text = "x";
    e.process = pid{{}, 9, 3, sys.origin()};
    for (int i = 0; i < 50; ++i)
        e.more.emplace_back(atom("key" + std::to_string(i)), term(std::string(60, 'y')));
    const std::string cut = log::json_format({.chars_limit = 100})(e);
    EXPECT_TRUE(cut.starts_with(
        "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"error\",\"msg\":\"x\",\"pid\":\"<0.9.3>\""))
        << cut;
    EXPECT_TRUE(cut.ends_with("\"key1\":\"" + std::string(21, 'y') + "...\",\"...\":\"...\"}\n")) << cut;
    e.more.clear();
    e.report =
        parse_term("#{list => [" + std::string(40, '1') + ",{a,b},{c,d},{e,f},{g,h},{i,j},{k,l}], z => 1}")
            .value();
    EXPECT_NE(log::json_format({.chars_limit = 60})(e).find("\"report\":{\"list\":[" + std::string(40, '1') +
                                                            ",\"...\"],\"...\":\"...\"},\"pid\":\"<0.9.3>\""),
              std::string::npos)
        << log::json_format({.chars_limit = 60})(e);
}

}  // namespace
}  // namespace rakka::testing
