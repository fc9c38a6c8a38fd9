// dynamic_supervisor: the rules of Elixir's DynamicSupervisor.
#include "supervisor/supervisor_support.hpp"

#include <rakka/etf/native.hpp>
#include <rakka/etf/parse.hpp>

namespace rakka {
namespace {

using enum restart_type;

class dynamic_supervisor_test : public supervisor_fixture {
protected:
    static child_spec one(restart_type restart = permanent) { return {.start = idle, .restart = restart}; }
    static std::size_t count(const pid& top) { return dynamic_supervisor::which_children(top).size(); }
    static pid only_child(const pid& top, const pid& old) {
        pid now;
        EXPECT_TRUE(testing::wait_until([&] {
            const auto all = dynamic_supervisor::which_children(top);
            if (all.size() != 1 || !all[0].process || all[0].process == old) return false;
            now = all[0].process;
            return true;
        }));
        return now;
    }
};

TEST_P(dynamic_supervisor_test, children_of_several_kinds_come_and_go) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link().value();
        const pid worker = dynamic_supervisor::start_child(top, one()).value().process;
        const pid boss =
            dynamic_supervisor::start_child(top, child_spec{.start = idle, .type = child_type::supervisor})
                .value()
                .process;
        const child_counts c = dynamic_supervisor::count_children(top);
        EXPECT_EQ(c.specs, 2U);
        EXPECT_EQ(c.active, 2U);
        EXPECT_EQ(c.supervisors, 1U);
        EXPECT_EQ(c.workers, 1U);
        EXPECT_EQ(outcome(dynamic_supervisor::terminate_child(top, boss)), "ok");
        EXPECT_EQ(outcome(dynamic_supervisor::terminate_child(top, boss)), "not_found");
        EXPECT_EQ(end_of(boss), "noproc");
        const auto all = dynamic_supervisor::which_children(top);
        ASSERT_EQ(all.size(), 1U);
        EXPECT_EQ(all[0].process, worker);
        EXPECT_TRUE(all[0].id.is_atom("undefined"_a));
        EXPECT_EQ(shut_down(top), "shutdown");
        EXPECT_EQ(end_of(worker), "noproc");
    });
}

TEST_P(dynamic_supervisor_test, arguments_are_the_extra_ones_then_those_of_the_kind_and_of_the_child) {
    in_process([] {
        this_system().exports().add("m"_a, "f"_a, [](std::int64_t a, std::int64_t b, std::int64_t c) {
            return start_answer::with_info(*idle().child(), a * 100 + b * 10 + c);
        });
        const pid top = dynamic_supervisor::start_link({.extra_arguments = {term(1)}}).value();
        const term spec = parse_term("{{m, f, [2, 3]}, permanent, 5000, worker, [m]}").value();
        EXPECT_EQ(dynamic_supervisor::start_child(top, spec).value().info, term(123));
        const auto kind =
            std::make_shared<const child_spec>(child_spec{.start = [](std::int64_t a, std::int64_t b) {
                return start_answer::with_info(*idle().child(), a * 10 + b);
            }});
        EXPECT_EQ(dynamic_supervisor::start_child(top, kind, {term(4)}).value().info, term(14));
        EXPECT_EQ(dynamic_supervisor::start_child(top, kind, {term(5)}).value().info, term(15));
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, functions_of_this_program_are_not_taken_for_each_other) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link().value();
        for (const int n : {1, 2}) {
            const child_spec spec{.id = "a"_a,
                                  .start = [n] { return start_answer::with_info(*idle().child(), n); }};
            const term started = gen_server::call(top, tuple("start_child"_a, make_native(spec)));
            ASSERT_TRUE(started.is_tagged("ok"_a, 3)) << started.to_string();
            EXPECT_EQ(started.tuple()[2].as<int>().value(), n);
        }
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, an_argument_may_be_an_object_that_cannot_be_copied) {
    struct recipe {
        int n;
    };
    in_process([] {
        this_system().exports().add("m"_a, "f"_a, [](const term& given) {
            const auto* const r = native_cast<recipe>(given);
            return start_answer::with_info(*idle().child(), r == nullptr ? 0 : r->n).to_term();
        });
        const pid top = dynamic_supervisor::start_link().value();
        const term spec = tuple(tuple("m"_a, "f"_a, list(make_native(recipe{7}))), "permanent"_a, 5000,
                                "worker"_a, list("m"_a));
        EXPECT_EQ(dynamic_supervisor::start_child(top, spec).value().info, term(7));
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, what_fails_is_told_as_in_elixir) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link().value();
        const auto start = [&](const char* m) {
            return outcome(dynamic_supervisor::start_child(
                top, parse_term("{{m, " + std::string(m) + ", []}, permanent, 5000, worker, [m]}").value()));
        };
        auto& exports = this_system().exports();
        exports.add("m"_a, "exits"_a, []() -> term { exit("gone"_a); });
        exports.add("m"_a, "throws"_a, []() -> term { throw term("x"_a); });
        exports.add("m"_a, "errs"_a, [] { return tuple("error"_a, "sorry"_a); });
        exports.add("m"_a, "odd"_a, [] { return 7; });
        exports.add("m"_a, "ignores"_a, [] { return "ignore"_a; });
        EXPECT_EQ(start("exits"), "gone");
        EXPECT_EQ(start("throws"), "{{nocatch,x},[]}");
        EXPECT_EQ(start("errs"), "sorry");
        EXPECT_EQ(start("odd"), "7");
        EXPECT_EQ(start("nowhere"), "{undef,[{m,nowhere,[],[]}]}");
        EXPECT_EQ(start("ignores"), "ok");
        EXPECT_EQ(outcome(dynamic_supervisor::start_child(top, "nonsense"_a)),
                  "{invalid_child_spec,nonsense}");
        EXPECT_EQ(outcome(dynamic_supervisor::start_child(top, child_spec{.start = idle, .shutdown = -1ms})),
                  "{invalid_shutdown,-1}");
        EXPECT_EQ(count(top), 0U);
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, no_more_than_max_children) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link({.max_children = 2}).value();
        dynamic_supervisor::start_child(top, one(temporary)).value();
        const pid second = dynamic_supervisor::start_child(top, one(temporary)).value().process;
        EXPECT_EQ(outcome(dynamic_supervisor::start_child(top, one())), "max_children");
        crash(second);
        EXPECT_TRUE(testing::wait_until([&] { return count(top) == 1; }));
        EXPECT_EQ(outcome(dynamic_supervisor::start_child(top, one())), "ok");
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, restart_types_are_those_of_all_supervisors) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link({.max_restarts = 10}).value();
        crash(dynamic_supervisor::start_child(top, one(temporary)).value().process);
        crash(dynamic_supervisor::start_child(top, one(transient)).value().process, "shutdown"_a);
        EXPECT_TRUE(testing::wait_until([&] { return count(top) == 0; }));
        const pid t = dynamic_supervisor::start_child(top, one(transient)).value().process;
        crash(t);
        dynamic_supervisor::terminate_child(top, only_child(top, t)).value();
        const pid p = dynamic_supervisor::start_child(top, one()).value().process;
        crash(p, "shutdown"_a);
        only_child(top, p);
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, three_restarts_in_five_seconds_are_allowed) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link().value();
        pid child = dynamic_supervisor::start_child(top, one()).value().process;
        for (int i = 0; i < 3; ++i) {
            crash(child);
            child = only_child(top, child);
        }
        crash(child);
        EXPECT_EQ(exit_of(top), "shutdown");
    });
}

TEST_P(dynamic_supervisor_test, a_restart_that_is_ignored_forgets_the_child) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link().value();
        auto starts = std::make_shared<int>(0);
        const auto start = [=]() -> start_answer {
            return (*starts)++ == 0 ? idle() : start_answer::ignore();
        };
        crash(dynamic_supervisor::start_child(top, child_spec{.start = start}).value().process);
        EXPECT_TRUE(testing::wait_until([&] { return count(top) == 0; }));
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, a_restart_that_fails_is_tried_again) {
    in_process([] {
        const pid top = dynamic_supervisor::start_link().value();
        auto starts = std::make_shared<int>(0);
        const auto start = [=]() -> start_answer {
            const int n = (*starts)++;
            return n == 1 || n == 2 ? start_answer::failed("not_yet"_a) : idle();
        };
        const pid first = dynamic_supervisor::start_child(top, child_spec{.start = start}).value().process;
        crash(first);
        only_child(top, first);
        EXPECT_EQ(*starts, 4);
        shut_down(top);
    });
}

TEST_P(dynamic_supervisor_test, each_child_is_stopped_as_its_own_specification_says) {
    in_process([] {
        const pid me = self();
        const pid top = dynamic_supervisor::start_link().value();
        const auto start = [&](const char* label, child_shutdown how) {
            child_spec spec = reporter_spec(atom(label), me);
            spec.shutdown = how;
            const pid child = dynamic_supervisor::start_child(top, spec).value().process;
            return std::pair{child, monitor(child)};
        };
        const auto asked = start("asked", infinity);
        const auto killed = start("killed", child_shutdown::brutal_kill());
        const auto late = start("late", 20ms);
        const auto later = start("later", 60ms);
        gen_server::cast(late.first, "wait"_a);
        gen_server::cast(later.first, "wait"_a);
        EXPECT_EQ(shut_down(top), "shutdown");
        const auto reason = [](const reference& ref) {
            const auto down = receive_if([&](term_view m) { return is_down(ref, m); }, 20s);
            return down ? down->tuple()[4].to_string() : "is alive";
        };
        EXPECT_EQ(reason(asked.second), "shutdown");
        EXPECT_EQ(reason(killed.second), "killed");
        EXPECT_EQ(reason(late.second), "killed");
        EXPECT_EQ(reason(later.second), "killed");
    });
}

class my_pool : public dynamic_supervisor {
public:
    explicit my_pool(std::size_t most) : most_(most) {}

private:
    std::optional<dynamic_supervisor_options> init() override {
        if (most_ == 0) return std::nullopt;
        return dynamic_supervisor_options{.max_children = most_};
    }
    std::size_t most_;
};

TEST_P(dynamic_supervisor_test, a_class_is_a_child_of_a_supervisor) {
    in_process([] {
        const pid top =
            supervisor::start_link({}, {child_of<my_pool>("pool"_a, {.name = "pool"_a}, std::size_t{1})})
                .value();
        EXPECT_EQ(supervisor::count_children(top).supervisors, 1U);
        EXPECT_EQ(outcome(dynamic_supervisor::start_child("pool"_a, one())), "ok");
        EXPECT_EQ(outcome(dynamic_supervisor::start_child("pool"_a, one())), "max_children");
        EXPECT_EQ(outcome(dynamic_supervisor::start_link<my_pool>({}, std::size_t{0})), "ignore");
        shut_down(top);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, dynamic_supervisor_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
