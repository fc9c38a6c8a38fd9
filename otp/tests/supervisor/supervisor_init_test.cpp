// Where a supervisor learns what to supervise: functions of the program, and exported ones with Erlang's
// terms.
#include "supervisor/changing_init.hpp"

#include <rakka/etf/native.hpp>

namespace rakka {
namespace {

using enum restart_strategy;
using setup = supervisor::setup;

class supervisor_init_test : public supervisor_fixture {
protected:
    static std::string started_by(const std::string& said) {
        export_init(changing<std::string>(said));
        const auto started = supervisor::start_exported("m"_a, list());
        if (started) shut_down(*started);
        return outcome(started);
    }
};

TEST_P(supervisor_init_test, a_function_says_what_to_supervise) {
    in_process([] {
        const pid top =
            supervisor::start_link(
                [] {
                    return setup{{.strategy = one_for_all}, {idle_child("a"_a), idle_child("b"_a)}};
                },
                {.name = "top"_a})
                .value();
        EXPECT_EQ(ids_of("top"_a), "b a");
        shut_down(top);
        EXPECT_EQ(outcome(supervisor::start_link([]() -> std::optional<setup> { return std::nullopt; })),
                  "ignore");
        EXPECT_EQ(outcome(supervisor::start_link([]() -> setup { exit("no"_a); })), "no");
        EXPECT_EQ(outcome(supervisor::start_link([]() -> setup { throw 7; })),
                  "{{cpp_exception,<<\"int\">>,<<>>},[]}");
        EXPECT_EQ(outcome(supervisor::start_link([]() -> setup { throw term("ball"_a); })),
                  "{bad_return_value,ball}");
    });
}

TEST_P(supervisor_init_test, an_exported_function_says_it_in_the_terms_of_erlang) {
    in_process([] {
        const std::string spec = "#{id => a, start => {idle, start_link, []}}";
        EXPECT_EQ(started_by("{ok, {#{}, [" + spec + "]}}"), "ok");
        EXPECT_EQ(started_by("{ok, {{rest_for_one, 3, 10}, []}}"), "ok");
        EXPECT_EQ(started_by("{ok, {#{hibernate_after => 100000000000000000000000}, []}}"), "ok");
        EXPECT_EQ(started_by("{ok, {#{intensity => 100000000000000000000000}, []}}"), "ok");
        EXPECT_EQ(started_by("ignore"), "ignore");
        EXPECT_EQ(started_by("nonsense"), "{bad_return,{m,init,nonsense}}");
        EXPECT_EQ(started_by("{ok, one, two}"), "{bad_return,{m,init,{ok,one,two}}}");
        const auto flags = [&](const std::string& f) { return started_by("{ok, {" + f + ", []}}"); };
        EXPECT_EQ(flags("flags"), "{supervisor_data,{invalid_type,flags}}");
        EXPECT_EQ(flags("#{strategy => all}"), "{supervisor_data,{invalid_strategy,all}}");
        EXPECT_EQ(flags("#{intensity => -1}"), "{supervisor_data,{invalid_intensity,-1}}");
        EXPECT_EQ(flags("#{intensity => 1.0}"), "{supervisor_data,{invalid_intensity,1.0}}");
        EXPECT_EQ(flags("{one_for_one, 1, 0}"), "{supervisor_data,{invalid_period,0}}");
        EXPECT_EQ(flags("#{auto_shutdown => some}"), "{supervisor_data,{invalid_auto_shutdown,some}}");
        EXPECT_EQ(flags("#{hibernate_after => soon}"), "{supervisor_data,{invalid_hibernate_after,soon}}");
        EXPECT_EQ(flags("#{strategy => simple_one_for_one}"), "{bad_start_spec,[]}");
        EXPECT_EQ(started_by("{ok, {#{strategy => simple_one_for_one}, oops}}"), "{bad_start_spec,oops}");
        EXPECT_EQ(started_by("{ok, {#{}, [" + spec + "," + spec + "]}}"),
                  "{start_spec,{duplicate_child_name,a}}");
        EXPECT_EQ(started_by("{ok, {#{}, [#{id => a}]}}"), "{start_spec,missing_start}");
        EXPECT_EQ(started_by("{ok, {#{}, oops}}").substr(0, 16), "{function_clause");
        EXPECT_EQ(outcome(supervisor::start_exported("nowhere"_a, 7)), "{undef,[{nowhere,init,[7],[]}]}");
    });
}

TEST_P(supervisor_init_test, its_specifications_may_be_objects_and_its_state_shows_what_it_was_asked_with) {
    in_process([] {
        this_system().exports().add("m"_a, "init"_a, [](const term& id) {
            return term(tuple("ok"_a, tuple(map(), list(make_native(idle_child(id))))));
        });
        const pid top = supervisor::start_exported("m"_a, "child"_a).value();
        EXPECT_EQ(ids_of(top), "child");
        const term state = sys::get_state(top);
        const std::size_t size = state.tuple().size();
        EXPECT_EQ(state.share(state.tuple()[size - 2]), term("m"_a));
        EXPECT_EQ(state.share(state.tuple()[size - 1]), term("child"_a));
        shut_down(top);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_init_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
