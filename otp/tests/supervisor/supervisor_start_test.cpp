// How a supervisor starts: its children in order, and nothing left of them when one does not.
#include "supervisor/supervisor_support.hpp"

#include <rakka/actors/exports.hpp>

namespace rakka {
namespace {

using enum restart_type;

class supervisor_start_test : public supervisor_fixture {};

TEST_P(supervisor_start_test, children_start_in_order_and_end_in_reverse) {
    in_process([] {
        const pid me = self();
        const pid top = supervisor::start_link({}, {reporter_spec("a"_a, me), reporter_spec("b"_a, me),
                                                    reporter_spec("c"_a, me)})
                            .value();
        EXPECT_EQ(next_labels("started"_a, 3), (labels{"a", "b", "c"}));
        EXPECT_EQ(shut_down(top), "shutdown");
        EXPECT_EQ(next_labels("ended"_a, 3), (labels{"c", "b", "a"}));
    });
}

TEST_P(supervisor_start_test, it_has_started_when_all_children_have) {
    in_process([] {
        const pid top =
            supervisor::start_link({}, {{.id = 1, .start = idle}, {.id = 2, .start = idle}}).value();
        const child_counts n = supervisor::count_children(top);
        EXPECT_EQ(n.specs, 2U);
        EXPECT_EQ(n.active, 2U);
        EXPECT_EQ(n.workers, 2U);
        EXPECT_EQ(n.supervisors, 0U);
        shut_down(top);
    });
}

TEST_P(supervisor_start_test, a_child_that_does_not_start_is_the_reason_and_those_before_it_end) {
    in_process([] {
        const pid me = self();
        const auto started = supervisor::start_link(
            {}, {reporter_spec("a"_a, me),
                 reporter_spec("b"_a, me),
                 {.id = "bad"_a, .start = [] { return start_answer::failed("no_disk"_a); }},
                 reporter_spec("d"_a, me)});
        EXPECT_EQ(outcome(started), "{shutdown,{failed_to_start_child,bad,no_disk}}");
        EXPECT_EQ(next_labels("started"_a, 2), (labels{"a", "b"}));
        EXPECT_EQ(next_labels("ended"_a, 2), (labels{"b", "a"}));
        EXPECT_TRUE(nothing_from("started"_a));
        EXPECT_TRUE(nothing_from("EXIT"_a)) << "the start failed: no message of the link stays";
    });
}

struct failure {
    const char* what;
    child_start start;
    const char* reason;
};

class fails_in_init : public gen_server {
    result init() override { return stop_with("broken"_a); }
};
class throws_in_init : public gen_server {
    result init() override { throw term("thrown"_a); }
};

TEST_P(supervisor_start_test, whatever_goes_wrong_in_a_start_function_is_a_term) {
    in_process([] {
        const std::vector<failure> table{
            {"an error of a behaviour", [] { return gen_server::start_link<fails_in_init>(); }, "broken"},
            {"a throw in init", [] { return gen_server::start_link<throws_in_init>(); },
             "{bad_return_value,thrown}"},
            {"exit/1", []() -> start_answer { exit("gone"_a); }, "{'EXIT',gone}"},
            {"error/1", []() -> start_answer { error("broken"_a); }, "{'EXIT',{broken,[]}}"},
            {"a thrown term is the answer", []() -> start_answer { throw term("what"_a); }, "what"},
            {"a thrown error", []() -> start_answer { throw term(tuple("error"_a, "sorry"_a)); }, "sorry"},
            {"an exception", []() -> start_answer { throw std::runtime_error("oh"); },
             "{'EXIT',{{cpp_exception,<<\"std::runtime_error\">>,<<\"oh\">>},[]}}"},
            {"an exception of another kind", []() -> start_answer { throw 7; },
             "{'EXIT',{{cpp_exception,<<\"int\">>,<<>>},[]}}"},
            {"a function that is not there", mfargs{"no"_a, "where"_a, list(1)},
             "{'EXIT',{undef,[{no,where,[1],[]}]}}"},
        };
        for (const failure& f : table)
            EXPECT_EQ(outcome(supervisor::start_link({}, {{.id = 1, .start = f.start}})),
                      "{shutdown,{failed_to_start_child,1," + std::string(f.reason) + "}}")
                << f.what;
    });
}

TEST_P(supervisor_start_test, exported_functions_start_children) {
    in_process([] {
        this_system().exports().add("m"_a, "start_link"_a, [](std::int64_t n) {
            return start_answer::with_info(*idle().child(), n);
        });
        this_system().exports().add("m"_a, "odd"_a, [] { return 7; });
        const pid top =
            supervisor::start_link({}, {{.id = 1, .start = mfargs{"m"_a, "start_link"_a, list(7)}}}).value();
        const auto second =
            supervisor::start_child(top, {.id = 2, .start = mfargs{"m"_a, "start_link"_a, list(8)}});
        EXPECT_EQ(second.value().info, term(8));
        EXPECT_EQ(supervisor::count_children(top).active, 2U);
        EXPECT_EQ(outcome(supervisor::start_child(top, {.id = 3, .start = mfargs{"m"_a, "odd"_a}})),
                  "{7,{child,undefined,3,{m,odd,[]},permanent,false,5000,worker,[m]}}");
        EXPECT_EQ(outcome(supervisor::start_child(
                      top, {.id = 3, .start = mfargs{"m"_a, "start_link"_a, list("x"_a)}})),
                  "{{'EXIT',{function_clause,[{m,start_link,[x],[]}]}},"
                  "{child,undefined,3,{m,start_link,[x]},permanent,false,5000,worker,[m]}}");
        shut_down(top);
    });
}

TEST_P(supervisor_start_test, a_child_that_is_ignored_is_kept_without_a_process_unless_it_is_temporary) {
    in_process([] {
        const auto ignored = [](restart_type restart) {
            return child_spec{
                .id = to_atom(restart), .start = [] { return start_answer::ignore(); }, .restart = restart};
        };
        const pid top =
            supervisor::start_link({}, {ignored(permanent), ignored(transient), ignored(temporary)}).value();
        const auto all = supervisor::which_children(top);
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all[0].id, term("transient"_a));
        EXPECT_EQ(all[1].id, term("permanent"_a));
        for (const child_info& c : all) {
            EXPECT_EQ(c.what, child_info::state::stopped);
            EXPECT_FALSE(c.process);
        }
        EXPECT_EQ(supervisor::count_children(top).active, 0U);
        shut_down(top);
    });
}

class store : public gen_server {};

class my_supervisor : public supervisor {
public:
    explicit my_supervisor(int n) : n_(n) {}

private:
    std::optional<setup> init() override {
        if (n_ == 0) return std::nullopt;
        if (n_ < 0) throw std::runtime_error("not today");
        return setup{{.strategy = restart_strategy::one_for_all, .intensity = 3},
                     {child_of<store>("store"_a)}};
    }
    int n_;
};

TEST_P(supervisor_start_test, a_class_says_what_to_supervise) {
    in_process([] {
        const pid top = supervisor::start_link<my_supervisor>({.name = "top"_a}, 1).value();
        EXPECT_EQ(whereis("top"_a), top);
        EXPECT_TRUE(process_of("top"_a, "store"_a));
        EXPECT_EQ(outcome(supervisor::start_link<my_supervisor>({.name = "top"_a}, 1)),
                  "{already_started," + term(top).to_string() + "}");
        EXPECT_EQ(outcome(supervisor::start_link<my_supervisor>({}, 0)), "ignore");
        EXPECT_EQ(outcome(supervisor::start_link<my_supervisor>({}, -1)),
                  "{{cpp_exception,<<\"std::runtime_error\">>,<<\"not today\">>},[]}");
        shut_down(top);
    });
}

TEST_P(supervisor_start_test, supervisors_are_children_of_supervisors) {
    in_process([] {
        const pid top =
            supervisor::start_link({}, {child_of<my_supervisor>("below"_a, {.name = "below"_a}, 1)}).value();
        const auto all = supervisor::which_children(top);
        ASSERT_EQ(all.size(), 1U);
        EXPECT_EQ(all[0].type, child_type::supervisor);
        EXPECT_EQ(supervisor::count_children(top).supervisors, 1U);
        const term spec = supervisor::get_childspec(top, "below"_a).value();
        EXPECT_EQ(spec.map().find("shutdown"_a).value().to_string(), "infinity");
        const pid grandchild = process_of("below"_a, "store"_a);
        EXPECT_EQ(shut_down(top), "shutdown");
        EXPECT_EQ(end_of(grandchild), "noproc");
    });
}

TEST_P(supervisor_start_test, a_child_knows_its_supervisor_as_its_ancestor) {
    in_process([] {
        const pid top = supervisor::start_link({}, {child_of<store>("store"_a)}).value();
        const auto about = process_info(process_of(top, "store"_a)).value();
        EXPECT_EQ(about.parent, top);
        EXPECT_EQ(about.links, std::vector{top});
        shut_down(top);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_start_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
