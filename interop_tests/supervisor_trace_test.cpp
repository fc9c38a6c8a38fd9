// The same scenarios played to a supervisor of the BEAM and to one of C++: what start functions and children
// see, what callers get, which children there are after each step, and how it ends must be the same.
//
// Both are started with Module:init/1, exported here and a function there, whose answers are in its argument,
// in Erlang's own terms: the first one at the start, the next ones for changes of code. The children of both
// are processes that do what their script says, one word for each start.
#include "supervisor_mirror.hpp"
#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <rakka/otp.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace rakka::interop {
namespace {

class supervisor_trace : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        const auto silent = [](const log_event&) {};  // many of them crash
        cpp = std::make_unique<rakka_peer>("cpp", options("any"), epmd(),
                                           system_options{.workers = 2, .log = silent});
        export_mirror(cpp->system());
        erl = std::make_unique<beam_node>(start_erlang("erl"));
        erl->load_module_source(sup_child_erl);
        erl->load_module_source(sup_mirror_erl);
    }
    /// `same`, or what each has done. `?` in the texts stands for a specification: `?(a)` for
    /// sup_mirror:c(a); `answers` are those of init, `#` before them: of a simple_one_for_one supervisor.
    std::string compare(std::string answers, const std::string& steps, const std::string& name = "none") {
        const bool sorted = answers[0] == '#';
        if (sorted) answers.erase(0, 1);
        std::string text = "sup_mirror:compare({factory, " + cpp->name() + "}, " + name + ", " +
                           (sorted ? "sorted" : "ordered") + ", [" + answers + "], [" + steps + "])";
        for (std::size_t at = 0; (at = text.find('?', at)) != std::string::npos;)
            text.replace(at, 1, "sup_mirror:c");
        return erl->eval(text, std::chrono::seconds(60));
    }
    /// Flags and children as init gives them.
    static std::string wants(const std::string& flags, const std::string& children) {
        return "{ok, {" + flags + ", [" + children + "]}}";
    }
    static std::string simple(const std::string& kind, const std::string& flags = "") {
        return "#{ok, {#{strategy => simple_one_for_one, intensity => 2" + flags + "}, [sup_mirror:kind(" +
               kind + ")]}}";
    }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
};
RAKKA_OTP_TEST_SUITE(supervisor_trace);

#define RAKKA_SAME(...) EXPECT_EQ(compare(__VA_ARGS__), "same") << "scenario: " << #__VA_ARGS__

TEST_P(supervisor_trace, starts) {
    RAKKA_SAME(wants("#{}", ""), "");
    RAKKA_SAME(wants("#{}", "?(a), ?(b), ?(c)"), "{sys, get_state, []}, {sys, get_status, []}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{sys, get_state, []}", "sup_named");
    RAKKA_SAME(wants("{one_for_all, 3, 7}",
                     "{a, {sup_child, start_link, [self(), a, [ok]]}, transient, 100, worker, "
                     "[sup_child]}"),
               "{spec, a}, {sys, get_state, []}");
    RAKKA_SAME(wants("#{}", "?(a, [{info, i}]), ?(b, [ignore]), ?(c, [ignore], #{restart => temporary})"),
               "");
    RAKKA_SAME(wants("#{}", "?({any, \"id\"}), ?(1), ?(1.0)"), "{terminate, 1}, {spec, 1.0}");
    RAKKA_SAME("ignore", "");
    RAKKA_SAME("nonsense", "");
    RAKKA_SAME("{ok, nonsense}", "");
    RAKKA_SAME("{ok, {#{}, nonsense}}", "");
    RAKKA_SAME("{error, why}", "");
    RAKKA_SAME("{raise, exit, why}", "");
    RAKKA_SAME("{raise, exit, normal}", "");
    RAKKA_SAME("{raise, error, why}", "");
    RAKKA_SAME("{raise, throw, why}", "");
}

TEST_P(supervisor_trace, flags_that_are_wrong) {
    for (const char* flags :
         {"flags", "{one_for_one, 1}", "{one_for_one, 1, 0}", "{all, 1, 1}", "#{strategy => all}",
          "#{intensity => -1}", "#{intensity => many}", "#{period => 0}", "#{period => 1.0}",
          "#{auto_shutdown => some}", "#{intensity => -1, period => 0}", "#{more => keys}"})
        RAKKA_SAME(wants(flags, "?(a)"), "");
    RAKKA_SAME(wants("#{strategy => simple_one_for_one}", ""), "");
    RAKKA_SAME(wants("#{strategy => simple_one_for_one}", "a, b"), "");
    RAKKA_SAME("{ok, {#{strategy => simple_one_for_one}, oops}}", "");
    RAKKA_SAME(wants("#{strategy => simple_one_for_one}", "oops"), "");
    // OTP 25 does not look at these.
    if (release() >= 27) {
        for (const char* mode : {"any_significant", "all_significant"})
            RAKKA_SAME(wants("#{strategy => simple_one_for_one, auto_shutdown => " + std::string(mode) + "}",
                             "sup_mirror:kind(#{restart => temporary, significant => true})"),
                       "");
    }
    if (release() >= 28) {
        for (const char* time : {"-1", "soon", "1.0", "0", "infinity", "20"})
            RAKKA_SAME(wants("#{hibernate_after => " + std::string(time) + "}", "?(a)"),
                       "{wait, 40}, {kill, a}");
    }
}

TEST_P(supervisor_trace, specifications_that_are_wrong) {
    for (const char* spec :
         {"a", "#{id => a}", "#{start => {m, f, []}}", "#{id => a, start => {m, f}}",
          "#{id => a, start => {m, f, x}}", "?(a, [ok], #{restart => sometimes})",
          "?(a, [ok], #{shutdown => -1})", "?(a, [ok], #{shutdown => soon})", "?(a, [ok], #{type => boss})",
          "?(a, [ok], #{modules => m})", "?(a, [ok], #{modules => [\"m\"]})",
          "?(a, [ok], #{significant => perhaps})", "?(a, [ok], #{significant => true})",
          "?(a, [ok], #{restart => sometimes, shutdown => soon})", "{a, b, c}",
          "{a, {m, f, []}, permanent, 1, worker, m}"}) {
        RAKKA_SAME(wants("#{}", spec), "");
        RAKKA_SAME(wants("#{}", "?(z)"), "{start, " + std::string(spec) + "}");
    }
    RAKKA_SAME(wants("#{}", "?(a), ?(b), ?(a)"), "");
    RAKKA_SAME(wants("#{auto_shutdown => any_significant}", "?(a, [ok], #{significant => true})"), "");
}

TEST_P(supervisor_trace, starts_that_fail_in_the_middle) {
    for (const char* word : {"{error, why}", "nonsense", "{ok, no_pid}", "{raise, exit, why}",
                             "{raise, exit, normal}", "{raise, error, why}", "{raise, throw, why}",
                             "{raise, throw, {error, why}}", "{raise, throw, ignore}"}) {
        const std::string bad = "?(bad, [" + std::string(word) + "])";
        RAKKA_SAME(wants("#{}", "?(a), ?(b), " + bad + ", ?(c)"), "");
        RAKKA_SAME(wants("#{}", "?(a)"), "{start, " + bad + "}, {start, " + bad + "}");
        RAKKA_SAME(simple("#{}"), "{start, [bad, [" + std::string(word) + "]]}");
    }
    RAKKA_SAME(wants("#{}", "?(a, [deaf], #{shutdown => 20}), ?(b, [{ends, other}]), ?(bad, [{error, why}])"),
               "");
    RAKKA_SAME(wants("#{}", "?(a), #{id => n, start => {sup_child, no_such_function, [1]}}"), "");
    RAKKA_SAME(wants("#{}", ""), "{start, #{id => n, start => {no_such_module, f, []}}}");
}

TEST_P(supervisor_trace, children_come_and_go_on_demand) {
    RAKKA_SAME(wants("#{}", "?(a)"),
               "{start, ?(b)}, {start, ?(c, [{info, i}])}, {start, ?(d, [ignore])}, {start, "
               "?(e, [ignore], #{restart => temporary})}");
    RAKKA_SAME(wants("#{}", "?(a)"),
               "{start, ?(a)}, {terminate, a}, {start, ?(a)}, {restart, a}, {restart, a}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"),
               "{delete, a}, {terminate, a}, {delete, a}, {delete, a}, {restart, a}");
    RAKKA_SAME(wants("#{}", "?(a)"),
               "{terminate, nobody}, {restart, nobody}, {delete, nobody}, {spec, nobody}");
    RAKKA_SAME(wants("#{}", "?(a, [ok], #{restart => temporary})"), "{terminate, a}, {restart, a}");
    RAKKA_SAME(wants("#{}", "?(a, [ok, {error, why}, ignore, {info, i}])"),
               "{terminate, a}, {restart, a}, {restart, a}, {restart, a}, {spec, a}");
    RAKKA_SAME(wants("#{}", "?(a, [ok, {raise, error, why}])"),
               "{terminate, a}, {restart, a}, {terminate, a}");
    RAKKA_SAME(wants("#{}", ""),
               "{start, ?(t, [ok], #{restart => temporary})}, {spec, t}, {crash, t, why}, {spec, t}");
    RAKKA_SAME(wants("#{}", "?(a, [ok], #{type => supervisor, modules => dynamic}), ?(b)"), "{spec, a}");
    if (release() >= 27) {  // OTP 25 gives the record as well
        RAKKA_SAME(wants("#{}", "?(a)"), "{start, ?(b, [{error, {already_started, self()}}])}");
    }
    if (release() >= 28) {
        RAKKA_SAME(wants("#{}", "?(a), ?(b, [ignore])"),
                   "{call, {which_child, b}}, {call, {which_child, nobody}}, {call, {which_child, a}}");
    }
}

TEST_P(supervisor_trace, one_for_one_and_kinds_of_restart) {
    for (const char* restart : {"permanent", "transient", "temporary"}) {
        const std::string children = "?(a, [ok], #{restart => " + std::string(restart) + "}), ?(b)";
        for (const char* reason : {"normal", "shutdown", "{shutdown, why}", "why"})
            RAKKA_SAME(wants("#{intensity => 5}", children), "{crash, a, " + std::string(reason) + "}");
        RAKKA_SAME(wants("#{intensity => 5}", children), "{kill, a}, {terminate, a}");
        RAKKA_SAME(wants("#{intensity => 0}", children), "{kill, a}");
    }
}

TEST_P(supervisor_trace, groups) {
    for (const char* strategy : {"one_for_all", "rest_for_one"}) {
        const std::string flags = "#{strategy => " + std::string(strategy) + ", intensity => 6}";
        RAKKA_SAME(wants(flags, "?(a), ?(b), ?(c), ?(d)"), "{crash, b, why}, {kill, d}, {crash, a, why}");
        RAKKA_SAME(
            wants(flags,
                  "?(a), ?(b, [ok], #{restart => temporary}), ?(c), ?(d, [ok], #{restart => transient})"),
            "{crash, c, why}, {crash, a, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b, [ok], #{restart => temporary}), ?(c)"), "{crash, b, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b, [ok], #{restart => transient}), ?(c)"),
                   "{crash, b, normal}, {crash, a, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b), ?(c)"), "{terminate, b}, {crash, a, why}, {crash, c, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b, [ok, {error, why}, ok]), ?(c)"), "{crash, a, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b, [ok, {error, why}, ok]), ?(c)"), "{crash, b, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b), ?(c, [ok, {raise, error, why}, ok])"),
                   "{crash, b, why}, {crash, c, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b, [ok, {error, why}]), ?(c)"), "{crash, b, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b, [ok, ignore]), ?(c)"), "{crash, b, why}, {crash, c, why}");
        RAKKA_SAME(wants(flags, "?(a), ?(b), ?(c, [deaf], #{shutdown => 20}), ?(d, [{ends, other}])"),
                   "{crash, b, why}");
    }
}

TEST_P(supervisor_trace, intensity) {
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{crash, a, why}, {crash, b, why}");
    RAKKA_SAME(wants("#{intensity => 3, period => 100}", "?(a), ?(b)"),
               "{crash, a, 1}, {crash, b, 2}, {crash, a, 3}, {crash, b, 4}");
    RAKKA_SAME(wants("#{intensity => 2, period => 100}", "?(a, [ok, {error, why}]), ?(b)"), "{crash, a, 1}");
    RAKKA_SAME(wants("#{intensity => 3, period => 100}", "?(a, [ok, {error, 1}, {error, 2}, ok]), ?(b)"),
               "{crash, a, 1}, {crash, b, 2}");
    RAKKA_SAME(wants("#{intensity => 1, period => 1}", "?(a)"), "{crash, a, 1}, {wait, 2200}, {crash, a, 2}");
    RAKKA_SAME(wants("#{intensity => 1}", "?(a, [ok, ignore])"), "{crash, a, why}, {restart, a}");
}

TEST_P(supervisor_trace, shutdowns) {
    RAKKA_SAME(wants("#{}", "?(a), ?(b), ?(c)"), "{parent, shutdown}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{parent, normal}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{parent, why}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{parent, kill}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{stop, normal}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{stop, shutdown}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{stop, why}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{signal, why}, {signal, normal}");
    RAKKA_SAME(wants("#{}", "?(a, [plain]), ?(b, [plain])"), "{signal, kill}");
    RAKKA_SAME(wants("#{}",
                     "?(a, [ok], #{shutdown => brutal_kill}), ?(b, [deaf], #{shutdown => brutal_kill}), ?(c, "
                     "[plain])"),
               "{terminate, b}, {terminate, a}");
    RAKKA_SAME(
        wants("#{}",
              "?(a, [deaf], #{shutdown => 20}), ?(b, [deaf], #{shutdown => 0}), ?(c, [ok], #{shutdown => "
              "infinity})"),
        "{terminate, a}, {restart, a}, {terminate, c}");
    RAKKA_SAME(wants("#{}",
                     "?(a, [{ends, other}]), ?(b, [{ends, normal}], #{restart => transient}), ?(c, [{ends, "
                     "{shutdown, x}}])"),
               "{terminate, a}, {terminate, b}, {terminate, c}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{unlink, a}, {terminate, a}, {unlink, b}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)"), "{unlink, a}, {kill, b}, {terminate, a}");
}

TEST_P(supervisor_trace, significant_children) {
    const std::string significant = "#{restart => transient, significant => true}";
    for (const char* mode : {"any_significant", "all_significant"}) {
        const std::string flags = "#{auto_shutdown => " + std::string(mode) + ", intensity => 5}";
        const std::string children = "?(a, [ok], " + significant + "), ?(b, [ok], " + significant + "), ?(c)";
        RAKKA_SAME(wants(flags, children), "{crash, a, normal}, {crash, b, {shutdown, x}}");
        RAKKA_SAME(wants(flags, children), "{crash, a, why}, {kill, c}, {crash, a, shutdown}");
        RAKKA_SAME(wants(flags, children),
                   "{terminate, a}, {terminate, b}, {restart, a}, {crash, a, normal}");
        RAKKA_SAME(wants(flags, "?(a, [ok], #{restart => temporary, significant => true}), ?(c)"),
                   "{crash, a, why}");
        RAKKA_SAME(wants(flags, children),
                   "{start, ?(d, [ok], " + significant +
                       ")}, {spec, d}, {crash, a, normal}, {crash, b, normal}, {crash, d, normal}");
    }
    RAKKA_SAME(wants("#{auto_shutdown => any_significant, strategy => one_for_all}",
                     "?(a, [ok], " + significant + "), ?(b)"),
               "{crash, b, why}, {crash, a, normal}");
}

TEST_P(supervisor_trace, simple_one_for_one) {
    RAKKA_SAME(simple("#{}"),
               "{sys, get_state, []}, {start, [a, [ok]]}, {start, [b, [ok], more]}, {start, [c, [{info, "
               "i}]]}, {start, [d, [ignore]]}");
    RAKKA_SAME(simple("#{}"), "{start, [a, [ok], x]}, {crash, a, why}, {crash, a, normal}, {crash, a, why}");
    for (const char* restart : {"transient", "temporary"})
        for (const char* reason : {"normal", "shutdown", "{shutdown, x}", "why"})
            RAKKA_SAME(simple("#{restart => " + std::string(restart) + "}"),
                       "{start, [a, [ok]]}, {start, [b, [ok]]}, {crash, a, " + std::string(reason) +
                           "}, {sys, get_state, []}");
    RAKKA_SAME(simple("#{}"),
               "{start, [a, [ok]]}, {terminate, a}, {terminate_pid, a}, {terminate_pid, a}, {restart, "
               "k}, {delete, k}, {spec, k}, {spec, a}");
    RAKKA_SAME(simple("#{}"), "{start, [a, [ok]]}, {spec_pid, a}, {terminate_pid, a}, {spec_pid, a}");
    RAKKA_SAME(simple("#{}"), "{start, [a, [ok, {error, why}, ok]]}, {crash, a, why}");
    RAKKA_SAME(simple("#{}"), "{start, [a, [ok, {raise, throw, why}]]}, {start, [b, [ok]]}, {crash, a, why}");
    RAKKA_SAME(simple("#{shutdown => 20}"),
               "{start, [a, [deaf]]}, {start, [b, [ok]]}, {start, [c, [{ends, x}]]}");
    RAKKA_SAME(simple("#{shutdown => brutal_kill}"),
               "{start, [a, [deaf]]}, {start, [b, [ok]]}, {terminate_pid, b}");
    RAKKA_SAME(simple("#{type => supervisor, modules => dynamic}"), "{start, [a, [ok]]}, {start, [b, [ok]]}");
    RAKKA_SAME(simple("#{}"), "{start, []}, {start, [one]}, {start, [1, 2, 3, 4, 5]}");
    RAKKA_SAME(simple("#{}"), "{start, oops}");
    if (release() >= 27) {  // before, an entry without a process was left
        RAKKA_SAME(simple("#{}"), "{start, [a, [ok, ignore]]}, {crash, a, why}");
    }
    if (release() >= 28) {
        RAKKA_SAME(simple("#{}"),
                   "{start, [a, [ok]]}, {call, {which_child, k}}, {call_pid, which_child, a}, {kill, "
                   "a}");
    }
}

TEST_P(supervisor_trace, messages_and_sys) {
    RAKKA_SAME(wants("#{}", "?(a)"), "{call, nonsense}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{call, {start_child}}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{cast, nonsense}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{send, nonsense}, {send, {'EXIT', self(), why}}, {send, timeout}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{suspended, [{sys, get_state, []}, {sys, get_status, []}]}, {kill, a}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{sys, terminate, [why]}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{sys, terminate, [shutdown]}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{suspended, [{parent, why}]}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{sys, resume, []}, {sys, statistics, [false]}");
    RAKKA_SAME(wants("#{}", "?(a)"), "{sys, change_code, [sup_mirror, 1, x]}");
}

TEST_P(supervisor_trace, changes_of_code) {
    const std::string first = wants("#{}", "?(a), ?(b), ?(c)");
    RAKKA_SAME(first, "change, {sys, get_state, []}");
    RAKKA_SAME(first + ", " + wants("#{intensity => 7, period => 9}", "?(n), ?(c), ?(m), ?(a)"),
               "change, {sys, get_state, []}, {restart, n}, {crash, a, why}, {terminate, b}, {delete, b}");
    RAKKA_SAME(first + ", " + wants("#{strategy => one_for_all}", "?(c), ?(n), ?(a)"),
               "change, {crash, c, why}");
    RAKKA_SAME(first + ", " + wants("#{strategy => rest_for_one}", "?(c), ?(n), ?(a)"),
               "change, {crash, n, why}");
    RAKKA_SAME(first + ", " + wants("#{}", ""), "change, {sys, get_state, []}, {kill, a}");
    RAKKA_SAME(first + ", " +
                   wants("#{}", "?(a, [x, plain], #{restart => transient, shutdown => brutal_kill}), ?(b)"),
               "change, {spec, a}, {kill, a}, {crash, a, normal}");
    RAKKA_SAME(wants("#{}", "?(a, [ok], #{restart => temporary}), ?(b)") + ", " + wants("#{}", "?(b), ?(a)"),
               "change, {kill, a}, {crash, b, why}");
    RAKKA_SAME(wants("#{}", "?(a), ?(b)") + ", " +
                   wants("#{auto_shutdown => all_significant}",
                         "?(a, [ok], #{restart => transient, significant => true}), ?(b, [ok], #{restart => "
                         "transient, significant => true})"),
               "change, {crash, a, normal}, {crash, b, normal}");
    RAKKA_SAME(first + ", " + wants("#{}", "?(a)"),
               "{terminate, a}, {terminate, c}, change, {restart, a}, {restart, c}");
    for (const char* next : {"ignore", "{error, why}", "{raise, exit, why}", "{raise, error, why}"})
        RAKKA_SAME(first + ", " + next, "change, {sys, get_state, []}, {kill, a}");
    RAKKA_SAME(first + ", " + wants("flags", "?(a)"), "change");
    RAKKA_SAME(first + ", " + wants("#{intensity => -1}", "?(a)"), "change, {sys, get_state, []}");
    RAKKA_SAME(first + ", " + wants("#{intensity => 9}", "?(a, [ok], #{shutdown => soon})"),
               "change, {sys, get_state, []}");
    RAKKA_SAME(first + ", " + wants("#{}", "?(a), ?(a)"), "change");
    RAKKA_SAME(first + ", {ok, {#{}, oops}}", "change");
}

TEST_P(supervisor_trace, changes_of_code_of_simple_one_for_one) {
    const std::string flags = "#{strategy => simple_one_for_one, intensity => 9}";
    const std::string first = "#" + wants(flags, "sup_mirror:kind(#{})");
    RAKKA_SAME(first, "{start, [a, [ok], x]}, change, {kill, a}");
    RAKKA_SAME(first + ", " + wants(flags, "sup_mirror:kind(other, #{restart => transient, shutdown => 20})"),
               "{start, [a, [ok], x]}, change, {sys, get_state, []}, {spec, k}, {spec, other}, {kill, a}, "
               "{crash, a, "
               "normal}, {start, [b, [deaf]]}");
    RAKKA_SAME(
        first + ", " + wants("#{strategy => simple_one_for_one, intensity => 0}", "sup_mirror:kind(#{})"),
        "{start, [a, [ok], x]}, change, {kill, a}");
    RAKKA_SAME(first + ", " + wants(flags, "sup_mirror:kind(#{restart => temporary})"),
               "{start, [a, [ok], x]}, change, {kill, a}");
    RAKKA_SAME(first + ", " + wants(flags, "sup_mirror:kind(#{type => supervisor, modules => [m]})"),
               "{start, [a, [ok]]}, change, {start, [b, [ok]]}");
    RAKKA_SAME(first + ", " + wants(flags, "sup_mirror:kind(a, #{}), sup_mirror:kind(b, #{})"), "change");
    RAKKA_SAME(first + ", " + wants(flags, ""), "change, {start, [a, [ok]]}");
    RAKKA_SAME(first + ", " + wants(flags, "oops"), "change, {start, [a, [ok]]}");
}

}  // namespace
}  // namespace rakka::interop
