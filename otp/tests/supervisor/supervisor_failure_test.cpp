// Every function of the user's that runs for a supervisor, failing in every way C++ and Erlang know: what the
// starter, the caller and the other children see of it, and that nobody is left.
#include "supervisor/supervisor_support.hpp"

#include <rakka/otp/partition_supervisor.hpp>
#include <rakka/otp/sys.hpp>

#include <memory>

namespace rakka {
namespace {

using enum restart_type;
using enum restart_strategy;

struct custom : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return "custom"; }
};
struct no_exception {};

/// A way to fail, and its forms.
struct way {
    const char* name;
    void (*fail)();
    std::string reason;         ///< of the process that fails so
    std::string of_start = {};  ///< what a start function has said by it; empty: `{'EXIT', reason}`
    std::string of_init = {};   ///< why a server does not start whose init fails so; empty: the reason

    [[nodiscard]] std::string start() const {
        return of_start.empty() ? "{'EXIT'," + reason + "}" : of_start;
    }
    [[nodiscard]] std::string init() const { return of_init.empty() ? reason : of_init; }
};

std::string cpp_reason(const std::string& type, const std::string& what) {
    return "{{cpp_exception,<<\"" + type + "\">>," + (what.empty() ? "<<>>" : "<<\"" + what + "\">>") +
           "},[]}";
}

const std::vector<way>& all_ways() {
    static const std::vector<way> ways{
        {"std", [] { throw std::runtime_error("std"); }, cpp_reason("std::runtime_error", "std")},
        {"custom", [] { throw custom(); }, cpp_reason("rakka::(anonymous namespace)::custom", "custom")},
        {"none of std", [] { throw no_exception(); },
         cpp_reason("rakka::(anonymous namespace)::no_exception", "")},
        {"a number", [] { throw 7; }, cpp_reason("int", "")},
        {"exit", [] { exit("gone"_a); }, "gone"},
        {"exit with normal", [] { exit("normal"_a); }, "normal"},
        {"error", [] { error("broken"_a); }, "{broken,[]}"},
        {"a term", [] { throw term("ball"_a); }, "{{nocatch,ball},[]}", "ball", "{bad_return_value,ball}"},
    };
    return ways;
}

child_start failing(const way& w) {
    return [fail = w.fail]() -> start_answer {
        fail();
        return start_answer::ignore();
    };
}

/// Starts once, then fails `times`, then starts again.
child_start failing_restarts(const way& w, int times) {
    auto calls = std::make_shared<int>(0);
    return [fail = w.fail, times, calls]() -> start_answer {
        const int call = (*calls)++;
        if (call > 0 && call <= times) fail();
        return idle();
    };
}

/// A class of the user's that fails in its constructor or in init.
template <class Base>
class fails_early : public Base {
public:
    fails_early(void (*in_constructor)(), void (*in_init)()) : in_init_(in_init) {
        if (in_constructor != nullptr) in_constructor();
    }

protected:
    void fail_in_init() const {
        if (in_init_ != nullptr) in_init_();
    }

private:
    void (*in_init_)();
};
class bad_supervisor : public fails_early<supervisor> {
public:
    using fails_early::fails_early;

private:
    std::optional<setup> init() override {
        fail_in_init();
        return setup{};
    }
};
class bad_dynamic_supervisor : public fails_early<dynamic_supervisor> {
public:
    using fails_early::fails_early;

private:
    std::optional<dynamic_supervisor_options> init() override {
        fail_in_init();
        return dynamic_supervisor_options{};
    }
};
class bad_server : public fails_early<gen_server> {
public:
    bad_server(void (*in_constructor)(), void (*in_init)(), void (*in_terminate)())
        : fails_early(in_constructor, in_init), in_terminate_(in_terminate) {}

private:
    result init() override {
        trap_exit(true);
        fail_in_init();
        return noreply();
    }
    void terminate(term_view) override {
        if (in_terminate_ != nullptr) in_terminate_();
    }
    void (*in_terminate_)();
};
using function = void (*)();
constexpr function none = nullptr;

class supervisor_failure_test : public supervisor_fixture {
protected:
    /// The same for each way; nobody is left after it.
    void for_each_way(void (*test)(const way&)) {
        in_process([&] {
            const std::size_t before = processes().size();
            for (const way& w : all_ways()) {
                const bool failed_before = HasFailure();
                test(w);
                EXPECT_TRUE(testing::wait_until([&] { return processes().size() == before; }))
                    << processes().size() - before << " are left";
                if (!failed_before && HasFailure()) ADD_FAILURE() << "the way was: " << w.name;
            }
        });
    }
};

TEST_P(supervisor_failure_test, a_start_function_of_the_beginning) {
    for_each_way([](const way& w) {
        const pid me = self();
        for (const auto strategy : {one_for_one, one_for_all, rest_for_one}) {
            const auto started = supervisor::start_link(
                {.strategy = strategy},
                {reporter_spec("a"_a, me), {.id = "bad"_a, .start = failing(w)}, reporter_spec("c"_a, me)});
            EXPECT_EQ(outcome(started), "{shutdown,{failed_to_start_child,bad," + w.start() + "}}");
            EXPECT_EQ(next_labels("started"_a, 1), labels{"a"});
            EXPECT_EQ(next_labels("ended"_a, 1), labels{"a"});
            EXPECT_TRUE(nothing_from("started"_a));
        }
    });
}

TEST_P(supervisor_failure_test, a_start_function_of_start_child_and_restart_child) {
    for_each_way([](const way& w) {
        const pid top = supervisor::start_link({}, {{.id = 1, .start = idle}}).value();
        const pid other = process_of(top, 1);
        const std::string refused = outcome(supervisor::start_child(top, {.id = 2, .start = failing(w)}));
        EXPECT_EQ(refused,
                  "{" + w.start() + ",{child,undefined,2,{cpp,start,[]},permanent,false,5000,worker,[cpp]}}");
        EXPECT_EQ(supervisor::count_children(top).specs, 1U);
        EXPECT_TRUE(supervisor::start_child(top, {.id = 3, .start = failing_restarts(w, 1)}));
        EXPECT_TRUE(supervisor::terminate_child(top, 3));
        EXPECT_EQ(outcome(supervisor::restart_child(top, 3)), w.start());
        EXPECT_EQ(outcome(supervisor::restart_child(top, 3)), "ok");
        EXPECT_EQ(process_of(top, 1), other);
        EXPECT_EQ(shut_down(top), "shutdown");
    });
}

TEST_P(supervisor_failure_test, a_start_function_of_a_restart) {
    for_each_way([](const way& w) {
        for (const auto strategy : {one_for_one, one_for_all, rest_for_one}) {
            const pid top = supervisor::start_link({.strategy = strategy, .intensity = 3, .period = 1000s},
                                                   {{.id = 1, .start = idle},
                                                    {.id = 2, .start = failing_restarts(w, 2)},
                                                    {.id = 3, .start = idle}})
                                .value();
            const pid old = process_of(top, 2);
            crash(old);
            EXPECT_TRUE(successor_of(old, top, 2)) << "the third attempt succeeds";
            EXPECT_TRUE(testing::wait_until([&] { return supervisor::count_children(top).active == 3; }));
            crash(process_of(top, 2));
            EXPECT_EQ(exit_of(top), "shutdown") << "three of them have been counted";
        }
    });
}

TEST_P(supervisor_failure_test, a_start_function_that_never_succeeds_again) {
    for_each_way([](const way& w) {
        const pid me = self();
        const pid top = supervisor::start_link(
                            {.intensity = 5, .period = 1000s},
                            {reporter_spec("a"_a, me), {.id = 2, .start = failing_restarts(w, 1'000'000)}})
                            .value();
        EXPECT_EQ(next_labels("started"_a, 1), labels{"a"});
        crash(process_of(top, 2));
        EXPECT_EQ(exit_of(top), "shutdown");
        EXPECT_EQ(next_labels("ended"_a, 1), labels{"a"});
    });
}

TEST_P(supervisor_failure_test, a_start_function_of_many_children) {
    for_each_way([](const way& w) {
        const auto kind_of = [](const child_start& start) {
            return supervisor::start_link({.strategy = simple_one_for_one, .intensity = 3, .period = 1000s},
                                          {{.id = 1, .start = start}})
                .value();
        };
        pid top = kind_of(failing(w));
        EXPECT_EQ(outcome(supervisor::start_child(top, list())), w.start());
        EXPECT_EQ(supervisor::count_children(top).workers, 0U);
        EXPECT_EQ(shut_down(top), "shutdown");
        top = kind_of(failing_restarts(w, 2));
        const pid old = supervisor::start_child(top, list()).value().process;
        crash(old);
        EXPECT_TRUE(testing::wait_until([&] {
            const auto all = supervisor::which_children(top);
            return all.size() == 1 && all[0].process && all[0].process != old;
        }));
        crash(supervisor::which_children(top).at(0).process);
        EXPECT_EQ(exit_of(top), "shutdown");
    });
}

TEST_P(supervisor_failure_test, a_start_function_of_a_dynamic_supervisor) {
    for_each_way([](const way& w) {
        const pid top = dynamic_supervisor::start_link({.max_seconds = 1000s}).value();
        EXPECT_EQ(outcome(dynamic_supervisor::start_child(top, {.start = failing(w)})), w.reason);
        EXPECT_EQ(dynamic_supervisor::count_children(top).specs, 0U);
        const pid old =
            dynamic_supervisor::start_child(top, {.start = failing_restarts(w, 2)}).value().process;
        crash(old);
        EXPECT_TRUE(testing::wait_until([&] {
            const auto all = dynamic_supervisor::which_children(top);
            return all.size() == 1 && all[0].process && all[0].process != old;
        }));
        crash(dynamic_supervisor::which_children(top).at(0).process);
        EXPECT_EQ(exit_of(top), "shutdown") << "three restarts have been counted";
    });
}

TEST_P(supervisor_failure_test, a_start_function_and_a_specification_of_a_partition) {
    for_each_way([](const way& w) {
        const auto third_fails = [&w](std::size_t n) {
            return child_spec{.start = n == 2 ? failing(w) : child_start(idle)};
        };
        EXPECT_EQ(
            outcome(partition_supervisor::start_link(third_fails, {.name = "parts"_a}, {.partitions = 4})),
            "{shutdown,{failed_to_start_child,2," + w.start() + "}}");
        EXPECT_FALSE(whereis("parts"_a));
        const pid starter = spawn([fail = w.fail] {
            static_cast<void>(partition_supervisor::start_link(
                [fail](std::size_t) -> child_spec {
                    fail();
                    return {.start = idle};
                },
                {.name = "parts"_a}, {.partitions = 1}));
        });
        const std::string end = end_of(starter);
        EXPECT_TRUE(end == w.reason || end == "noproc") << end << ": it fails in the caller";
    });
}

TEST_P(supervisor_failure_test, the_constructor_and_init_of_a_supervisor) {
    for_each_way([](const way& w) {
        EXPECT_EQ(outcome(supervisor::start_link<bad_supervisor>({.name = "top"_a}, w.fail, none)), w.init());
        EXPECT_EQ(outcome(supervisor::start_link<bad_supervisor>({.name = "top"_a}, none, w.fail)), w.init());
        EXPECT_EQ(outcome(supervisor::start_link(
                      [fail = w.fail] {
                          fail();
                          return supervisor::setup{};
                      },
                      {.name = "top"_a})),
                  w.init());
        EXPECT_EQ(
            outcome(dynamic_supervisor::start_link<bad_dynamic_supervisor>({.name = "top"_a}, w.fail, none)),
            w.init());
        EXPECT_EQ(
            outcome(dynamic_supervisor::start_link<bad_dynamic_supervisor>({.name = "top"_a}, none, w.fail)),
            w.init());
        EXPECT_FALSE(whereis("top"_a));
    });
}

TEST_P(supervisor_failure_test, a_supervisor_and_a_server_below_a_supervisor) {
    for_each_way([](const way& w) {
        const auto failed = "{shutdown,{failed_to_start_child,below," + w.init() + "}}";
        const auto start = [](const child_spec& below) {
            return outcome(supervisor::start_link({}, {{.id = 1, .start = idle}, below}));
        };
        EXPECT_EQ(start(child_of<bad_supervisor>("below"_a, {}, w.fail, none)), failed);
        EXPECT_EQ(start(child_of<bad_supervisor>("below"_a, {}, none, w.fail)), failed);
        EXPECT_EQ(start(child_of<bad_dynamic_supervisor>("below"_a, {}, none, w.fail)), failed);
        EXPECT_EQ(start(child_of<bad_server>("below"_a, {}, w.fail, none, none)), failed);
        EXPECT_EQ(start(child_of<bad_server>("below"_a, {}, none, w.fail, none)), failed);
    });
}

TEST_P(supervisor_failure_test, a_child_that_fails_as_it_is_stopped) {
    for_each_way([](const way& w) {
        const pid me = self();
        const pid top = supervisor::start_link({}, {reporter_spec("a"_a, me),
                                                    child_of<bad_server>("bad"_a, {}, none, none, w.fail),
                                                    reporter_spec("c"_a, me)})
                            .value();
        EXPECT_EQ(next_labels("started"_a, 2), (labels{"a", "c"}));
        EXPECT_TRUE(supervisor::terminate_child(top, "bad"_a));
        EXPECT_TRUE(supervisor::restart_child(top, "bad"_a));
        EXPECT_EQ(shut_down(top), "shutdown");
        EXPECT_EQ(next_labels("ended"_a, 2), (labels{"c", "a"}));
        const pid pool = dynamic_supervisor::start_link().value();
        for (int i = 0; i < 3; ++i)
            EXPECT_TRUE(
                dynamic_supervisor::start_child(pool, child_of<bad_server>("bad"_a, {}, none, none, w.fail)));
        EXPECT_EQ(shut_down(pool), "shutdown");
    });
}

TEST_P(supervisor_failure_test, init_when_the_code_changes) {
    for_each_way([](const way& w) {
        class later : public supervisor {
        public:
            explicit later(void (*fail)()) : fail_(fail) {}

        private:
            std::optional<setup> init() override {
                if (asked_++ > 0) fail_();
                return setup{{}, {{.id = 1, .start = idle}}};
            }
            void (*fail_)();
            int asked_ = 0;
        };
        const pid top = supervisor::start_link<later>({}, w.fail).value();
        const pid child = process_of(top, 1);
        sys::suspend(top);
        EXPECT_EQ(sys::change_code(top, "m"_a, 1, list()).value().to_string(), w.start());
        sys::resume(top);
        EXPECT_EQ(process_of(top, 1), child);
        EXPECT_EQ(shut_down(top), "shutdown");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_failure_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
