// What OTP refuses in flags and specifications, and the terms with which it does.
#include "supervisor/supervisor_support.hpp"

#include <rakka/etf/parse.hpp>

namespace rakka {
namespace {

using namespace std::chrono_literals;
using enum restart_type;
using mode = auto_shutdown_mode;

child_spec spec(term id = "a"_a) {
    return {.id = std::move(id), .start = idle};
}

std::string check(const char* text, std::optional<mode> m = std::nullopt) {
    return outcome(supervisor::check_childspecs(parse_term(text).value(), m));
}

struct row {
    const char* specs;
    const char* outcome;
};

TEST(supervisor_spec_test, terms_are_checked_with_the_errors_of_erlang) {
    const std::vector<row> table{
        {"[]", "ok"},
        {"[#{id => a, start => {m, f, []}}]", "ok"},
        {"[#{id => a, start => {m, f, []}, restart => transient, shutdown => brutal_kill, type => "
         "supervisor, modules => "
         "dynamic, significant => true}]",
         "ok"},
        {"[{a, {m, f, [1, 2]}, permanent, 5000, worker, [m]}]", "ok"},
        {"[{a, {m, f, []}, permanent, infinity, supervisor, dynamic}]", "ok"},
        {"[#{id => a, start => {m, f, []}, shutdown => 0}]", "ok"},
        {"a", "{badarg,a}"},
        {"[a]", "{invalid_child_spec,a}"},
        {"[{a, b}]", "{invalid_child_spec,{a,b}}"},
        {"[#{start => {m, f, []}}]", "missing_id"},
        {"[#{id => a}]", "missing_start"},
        {"[#{id => a, start => {m, f}}]", "{invalid_mfa,{m,f}}"},
        {"[#{id => a, start => {m, f, x}}]", "{invalid_mfa,{m,f,x}}"},
        {"[#{id => a, start => {1, f, []}}]", "{invalid_mfa,{1,f,[]}}"},
        {"[#{id => a, start => {m, f, []}, restart => sometimes}]", "{invalid_restart_type,sometimes}"},
        {"[#{id => a, start => {m, f, []}, type => boss}]", "{invalid_child_type,boss}"},
        {"[#{id => a, start => {m, f, []}, shutdown => -1}]", "{invalid_shutdown,-1}"},
        {"[#{id => a, start => {m, f, []}, shutdown => soon}]", "{invalid_shutdown,soon}"},
        {"[#{id => a, start => {m, f, []}, modules => m}]", "{invalid_modules,m}"},
        {"[#{id => a, start => {m, f, []}, modules => [m, 1]}]", "{invalid_module,1}"},
        {"[#{id => a, start => {m, f, []}, significant => maybe_so}]", "{invalid_significant,maybe_so}"},
        {"[#{id => a, start => {m, f, []}}, #{id => b, start => {m, f, []}}, #{id => a, start => {n, g, "
         "[]}}]",
         "{duplicate_child_name,a}"},
    };
    for (const row& r : table)
        EXPECT_EQ(check(r.specs), r.outcome) << r.specs;
}

TEST(supervisor_spec_test, one_and_one_point_zero_are_two_ids) {
    EXPECT_EQ(check("[#{id => 1, start => {m, f, []}}, #{id => 1.0, start => {m, f, []}}]"), "ok");
}

TEST(supervisor_spec_test, significant_children_need_a_mode_and_may_not_be_permanent) {
    const char* const significant =
        "[#{id => a, start => {m, f, []}, significant => true, restart => transient}]";
    EXPECT_EQ(check(significant, mode::any_significant), "ok");
    EXPECT_EQ(check(significant, mode::all_significant), "ok");
    EXPECT_EQ(check(significant, mode::never),
              "{bad_combination,[{auto_shutdown,never},{significant,true}]}");
    const char* const permanent_one = "[#{id => a, start => {m, f, []}, significant => true}]";
    EXPECT_EQ(check(permanent_one, mode::any_significant),
              "{bad_combination,[{restart,permanent},{significant,true}]}");
    EXPECT_EQ(check(permanent_one), "{bad_combination,[{restart,permanent},{significant,true}]}");
    EXPECT_EQ(check(permanent_one, mode::never),
              "{bad_combination,[{auto_shutdown,never},{significant,true}]}");
}

TEST(supervisor_spec_test, specifications_in_cpp_are_checked_alike) {
    const auto check_one = [](child_spec s, std::optional<mode> m = std::nullopt) {
        return outcome(supervisor::check_childspecs(std::vector{std::move(s)}, m));
    };
    EXPECT_EQ(check_one(spec()), "ok");
    EXPECT_EQ(check_one({.id = {}, .start = idle}), "missing_id");
    EXPECT_EQ(check_one({.id = "a"_a, .start = idle, .shutdown = -1ms}), "{invalid_shutdown,-1}");
    EXPECT_EQ(check_one({.id = "a"_a, .start = idle, .modules = "m"_a}), "{invalid_modules,m}");
    EXPECT_EQ(check_one({.id = "a"_a, .start = idle, .modules = list(7)}), "{invalid_module,7}");
    EXPECT_EQ(check_one({.id = "a"_a, .start = mfargs{"m"_a, "f"_a, "x"_a}}), "{invalid_mfa,{m,f,x}}");
    EXPECT_EQ(check_one({.id = "a"_a, .start = idle, .significant = true}),
              "{bad_combination,[{restart,permanent},{significant,true}]}");
    EXPECT_EQ(check_one({.id = "a"_a, .start = idle, .restart = temporary, .significant = true}, mode::never),
              "{bad_combination,[{auto_shutdown,never},{significant,true}]}");
    EXPECT_EQ(outcome(supervisor::check_childspecs(std::vector{spec("a"_a), spec("b"_a), spec("a"_a)})),
              "{duplicate_child_name,a}");
}

class supervisor_flags_test : public supervisor_fixture {};

TEST_P(supervisor_flags_test, wrong_flags_and_specifications_are_why_it_does_not_start) {
    in_process([] {
        const auto start = [](supervisor_flags flags, std::vector<child_spec> children) {
            return outcome(supervisor::start_link(flags, std::move(children)));
        };
        EXPECT_EQ(start({.intensity = -1}, {}), "{supervisor_data,{invalid_intensity,-1}}");
        EXPECT_EQ(start({.period = 0s}, {}), "{supervisor_data,{invalid_period,0}}");
        EXPECT_EQ(start({.hibernate_after = -1ms}, {}), "{supervisor_data,{invalid_hibernate_after,-1}}");
        EXPECT_EQ(start({}, {spec(), spec()}), "{start_spec,{duplicate_child_name,a}}");
        EXPECT_EQ(start({}, {{.id = "a"_a, .start = idle, .shutdown = -1ms}}),
                  "{start_spec,{invalid_shutdown,-1}}");
        EXPECT_EQ(start({.strategy = restart_strategy::simple_one_for_one}, {}), "{bad_start_spec,[]}");
        EXPECT_EQ(start({.strategy = restart_strategy::simple_one_for_one}, {spec("a"_a), spec("b"_a)})
                      .substr(0, 16),
                  "{bad_start_spec,");
        EXPECT_EQ(outcome(dynamic_supervisor::start_link({.max_restarts = -1})),
                  "{supervisor_data,{invalid_intensity,-1}}");
        EXPECT_EQ(outcome(dynamic_supervisor::start_link({.max_seconds = 0s})),
                  "{supervisor_data,{invalid_period,0}}");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_flags_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
