// The calls of a supervisor whose children have ids, with every documented answer.
#include "supervisor/supervisor_support.hpp"

#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/parse.hpp>

namespace rakka {
namespace {

using enum restart_type;
using state = child_info::state;

class supervisor_calls_test : public supervisor_fixture {
protected:
    /// A child that fails from its second start on.
    static child_spec once(term id) {
        auto starts = std::make_shared<int>(0);
        return {.id = std::move(id), .start = [starts]() -> start_answer {
                    return (*starts)++ == 0 ? idle() : start_answer::failed("only_once"_a);
                }};
    }
    static std::string pid_text(const pid& p) { return term(p).to_string(); }
};

TEST_P(supervisor_calls_test, start_child_adds_behind_all_others) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = "a"_a, .start = idle}}).value();
        const started_child b = supervisor::start_child(top, {.id = "b"_a, .start = idle}).value();
        EXPECT_TRUE(is_alive(b.process));
        EXPECT_FALSE(b.info.has_value());
        const auto all = supervisor::which_children(top);
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all[0].id, term("b"_a)) << "the last started first";
        EXPECT_EQ(all[0].process, b.process);
        EXPECT_EQ(all[0].type, child_type::worker);
        EXPECT_EQ(all[0].modules, term(list("cpp"_a)));
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, start_child_gives_the_information_of_the_start_function) {
    in_process([] {
        const pid top = supervisor::start_link({}, {}).value();
        const auto started = supervisor::start_child(
            top, {.id = 1, .start = [] { return start_answer::with_info(*idle().child(), "extra"_a); }});
        EXPECT_EQ(started.value().info, term("extra"_a));
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, start_child_refuses_an_id_that_is_there) {
    in_process([] {
        const pid top = supervisor::start_link({}, {}).value();
        const child_spec spec{.id = "a"_a, .start = idle};
        const pid child = supervisor::start_child(top, spec).value().process;
        EXPECT_EQ(outcome(supervisor::start_child(top, spec)), "{already_started," + pid_text(child) + "}");
        EXPECT_EQ(outcome(supervisor::terminate_child(top, "a"_a)), "ok");
        EXPECT_EQ(outcome(supervisor::start_child(top, spec)), "already_present");
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, start_child_does_not_keep_what_did_not_start) {
    in_process([] {
        const pid top = supervisor::start_link({}, {}).value();
        EXPECT_EQ(
            outcome(supervisor::start_child(
                top, {.id = "a"_a,
                      .start = child_start("m"_a, "f"_a, [] { return start_answer::failed("sorry"_a); })})),
            "{sorry,{child,undefined,a,{m,f,[]},permanent,false,5000,worker,[m]}}");
        const pid me = self();
        EXPECT_EQ(outcome(supervisor::start_child(
                      top, {.id = "a"_a,
                            .start = [me] { return start_answer::failed(tuple("already_started"_a, me)); }})),
                  "{already_started," + pid_text(me) + "}")
            << "as it is, without the specification";
        EXPECT_EQ(outcome(supervisor::start_child(top, {.id = "a"_a, .start = idle, .shutdown = -1ms})),
                  "{invalid_shutdown,-1}");
        EXPECT_EQ(outcome(supervisor::start_child(top, "nonsense"_a)), "{invalid_child_spec,nonsense}");
        EXPECT_EQ(outcome(supervisor::start_child(
                      top, {.id = "a"_a, .start = idle, .restart = transient, .significant = true})),
                  "{bad_combination,[{auto_shutdown,never},{significant,true}]}");
        EXPECT_EQ(supervisor::count_children(top).specs, 0U);
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, start_child_of_one_that_is_ignored_keeps_it_unless_temporary) {
    in_process([] {
        const pid top = supervisor::start_link({}, {}).value();
        const auto ignored = [] { return start_answer::ignore(); };
        EXPECT_FALSE(supervisor::start_child(top, {.id = 1, .start = ignored}).value().process);
        EXPECT_FALSE(
            supervisor::start_child(top, {.id = 2, .start = ignored, .restart = temporary}).value().process);
        EXPECT_EQ(supervisor::count_children(top).specs, 1U);
        EXPECT_EQ(outcome(supervisor::start_child(top, {.id = 1, .start = ignored})), "already_present");
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, terminate_child_stops_it_and_keeps_its_specification) {
    in_process([] {
        const pid me = self();
        const pid top = supervisor::start_link({}, {reporter_spec("a"_a, me)}).value();
        EXPECT_EQ(outcome(supervisor::terminate_child(top, "a"_a)), "ok");
        const term ended = *receive_if([](term_view m) { return m.is_tagged("ended"_a, 3); }, 20s);
        EXPECT_EQ(ended.tuple()[2].to_string(), "shutdown");
        EXPECT_EQ(supervisor::which_children(top).at(0).what, state::stopped);
        EXPECT_EQ(outcome(supervisor::terminate_child(top, "a"_a)), "ok") << "not running: nothing to do";
        EXPECT_EQ(outcome(supervisor::terminate_child(top, "b"_a)), "not_found");
        EXPECT_EQ(supervisor::count_children(top).specs, 1U);
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, a_temporary_child_is_forgotten_when_it_ends) {
    in_process([] {
        const child_spec spec{.id = "a"_a, .start = idle, .restart = temporary};
        const pid top = supervisor::start_link({}, {spec}).value();
        EXPECT_EQ(outcome(supervisor::terminate_child(top, "a"_a)), "ok");
        EXPECT_EQ(supervisor::count_children(top).specs, 0U);
        EXPECT_EQ(outcome(supervisor::restart_child(top, "a"_a)), "not_found");
        crash(supervisor::start_child(top, spec).value().process);
        EXPECT_TRUE(testing::wait_until([&] { return supervisor::count_children(top).specs == 0; }));
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, restart_child_starts_only_what_does_not_run) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = "a"_a, .start = idle}}).value();
        const pid first = process_of(top, "a"_a);
        EXPECT_EQ(outcome(supervisor::restart_child(top, "a"_a)), "running");
        EXPECT_EQ(outcome(supervisor::restart_child(top, "b"_a)), "not_found");
        supervisor::terminate_child(top, "a"_a);
        const pid second = supervisor::restart_child(top, "a"_a).value().process;
        EXPECT_NE(first, second);
        EXPECT_EQ(process_of(top, "a"_a), second);
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, restart_child_gives_the_bare_reason_when_it_does_not_start) {
    in_process([] {
        const pid top = supervisor::start_link({}, {once("a"_a)}).value();
        supervisor::terminate_child(top, "a"_a);
        EXPECT_EQ(outcome(supervisor::restart_child(top, "a"_a)), "only_once");
        EXPECT_EQ(supervisor::which_children(top).at(0).what, state::stopped);
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, delete_child_forgets_only_what_does_not_run) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = "a"_a, .start = idle}}).value();
        EXPECT_EQ(outcome(supervisor::delete_child(top, "a"_a)), "running");
        EXPECT_EQ(outcome(supervisor::delete_child(top, "b"_a)), "not_found");
        supervisor::terminate_child(top, "a"_a);
        EXPECT_EQ(outcome(supervisor::delete_child(top, "a"_a)), "ok");
        EXPECT_EQ(outcome(supervisor::delete_child(top, "a"_a)), "not_found");
        EXPECT_TRUE(supervisor::which_children(top).empty());
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, get_childspec_gives_the_specification_with_all_keys) {
    in_process([] {
        const pid top = supervisor::start_link(
                            {.auto_shutdown = auto_shutdown_mode::any_significant},
                            {{.id = "a"_a,
                              .start = child_start("m"_a, "f"_a, idle),
                              .restart = transient,
                              .significant = true,
                              .shutdown = child_shutdown::brutal_kill(),
                              .modules = "dynamic"_a},
                             {.id = 2, .start = idle, .shutdown = 7ms, .type = child_type::supervisor}})
                            .value();
        EXPECT_EQ(supervisor::get_childspec(top, "a"_a).value(),
                  parse_term("#{id => a, start => {m, f, []}, restart => transient, significant => true, "
                             "shutdown => brutal_kill, type => worker, modules => dynamic}")
                      .value());
        EXPECT_EQ(
            supervisor::get_childspec(top, 2).value(),
            parse_term("#{id => 2, start => {cpp, start, []}, restart => permanent, significant => false, "
                       "shutdown => 7, type => supervisor, modules => [cpp]}")
                .value());
        EXPECT_EQ(outcome(supervisor::get_childspec(top, "b"_a)), "not_found");
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, which_child_gives_one_of_which_children) {
    in_process([] {
        const pid top =
            supervisor::start_link({}, {{.id = "a"_a, .start = idle}, {.id = "b"_a, .start = idle}}).value();
        const child_info a = supervisor::which_child(top, "a"_a).value();
        EXPECT_EQ(a.process, process_of(top, "a"_a));
        EXPECT_EQ(a.what, state::running);
        EXPECT_EQ(outcome(supervisor::which_child(top, "c"_a)), "not_found");
        shut_down(top);
    });
}

/// Sends a call without waiting for the answer, `{Tag, Reply}`.
void ask(const pid& server, atom tag, const term& request) {
    send(server, tuple("$gen_call"_a, tuple(self(), tag), request));
}
std::string answer_to(atom tag) {
    const auto m = receive_if([&](term_view v) { return v.is_tagged(tag, 2); }, 20s);
    return m ? m->tuple()[1].to_string() : "no answer";
}

TEST_P(supervisor_calls_test, a_child_whose_restart_has_failed_is_restarting_until_its_turn_comes_again) {
    in_process([] {
        const pid me = self();
        auto starts = std::make_shared<int>(0);
        const auto start = [=]() -> start_answer {
            if ((*starts)++ != 1) return idle();
            // The calls of the test get into the mailbox before the next attempt does.
            send(me, "trying"_a);
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("go_on"_a); }));
            return start_answer::failed("not_yet"_a);
        };
        const pid top = supervisor::start_link({.intensity = 10}, {{.id = "a"_a, .start = start}}).value();
        const pid first = process_of(top, "a"_a);
        exit(first, "crash"_a);
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("trying"_a); }));
        ask(top, "which"_a, "which_children"_a);
        ask(top, "restart"_a, tuple("restart_child"_a, "a"_a));
        ask(top, "delete"_a, tuple("delete_child"_a, "a"_a));
        ask(top, "start"_a, tuple("start_child"_a, parse_term("#{id => a, start => {m, f, []}}").value()));
        ask(top, "count"_a, "count_children"_a);
        send(top, "go_on"_a);
        EXPECT_EQ(answer_to("which"_a), "[{a,restarting,worker,[cpp]}]");
        EXPECT_EQ(answer_to("restart"_a), "{error,restarting}");
        EXPECT_EQ(answer_to("delete"_a), "{error,restarting}");
        EXPECT_EQ(answer_to("start"_a), "{error,already_present}");
        EXPECT_EQ(answer_to("count"_a), "[{specs,1},{active,0},{supervisors,0},{workers,1}]");
        EXPECT_TRUE(successor_of(first, top, "a"_a));
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, a_child_that_is_terminated_while_restarting_is_not_started_again) {
    in_process([] {
        const pid me = self();
        auto starts = std::make_shared<int>(0);
        const auto start = [=]() -> start_answer {
            if ((*starts)++ == 0) return idle();
            send(me, "trying"_a);
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("go_on"_a); }));
            return start_answer::failed("not_yet"_a);
        };
        const pid top = supervisor::start_link({.intensity = 10}, {{.id = "a"_a, .start = start}}).value();
        exit(process_of(top, "a"_a), "crash"_a);
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("trying"_a); }));
        ask(top, "terminate"_a, tuple("terminate_child"_a, "a"_a));
        send(top, "go_on"_a);
        EXPECT_EQ(answer_to("terminate"_a), "ok");
        EXPECT_EQ(supervisor::which_children(top).at(0).what, state::stopped);
        EXPECT_EQ(*starts, 2);
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, an_unknown_call_ends_it_as_in_erlang_and_its_children_too) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = "a"_a, .start = idle}}).value();
        const pid child = process_of(top, "a"_a);
        const auto answer = gen_server::try_call(top, "what"_a);
        ASSERT_FALSE(answer);
        EXPECT_TRUE(answer.error().reason.is_tagged("function_clause"_a, 2)) << answer.error().reason;
        EXPECT_EQ(end_of(child), "noproc");
    });
}

TEST_P(supervisor_calls_test, an_unknown_message_is_only_told_to_the_log) {
    in_process([] {
        const pid top = supervisor::start_link({}, {{.id = "a"_a, .start = idle}}).value();
        send(top, "hello"_a);
        static_cast<void>(end_of(spawn([top] { exit(top, "from_a_stranger"_a); })));
        EXPECT_EQ(supervisor::count_children(top).active, 1U);
        shut_down(top);
    });
}

TEST_P(supervisor_calls_test, a_cpp_specification_for_another_node_is_refused_at_once) {
    in_process([] {
        try {
            static_cast<void>(
                supervisor::start_child(registered_name{"top"_a, "far@away"_a}, {.id = 1, .start = idle}));
            ADD_FAILURE() << "it was sent";
        } catch (const process_exit& e) {
            EXPECT_TRUE(e.reason.tuple()[0].is_atom("badarg"_a)) << e.reason;
        }
    });
}

TEST_P(supervisor_calls_test, the_name_of_no_node_means_here_as_for_a_message) {
    in_process([] {
        const pid top = supervisor::start_link({}, {}, {.name = "top"_a}).value();
        EXPECT_TRUE(
            supervisor::start_child(registered_name{"top"_a, "nonode@nohost"_a}, {.id = 1, .start = idle}));
        etf::local_origin::set_identity(this_system().origin(), {"named@here"_a, 7});
        EXPECT_TRUE(
            supervisor::start_child(registered_name{"top"_a, "nonode@nohost"_a}, {.id = 2, .start = idle}));
        EXPECT_TRUE(
            supervisor::start_child(registered_name{"top"_a, "named@here"_a}, {.id = 3, .start = idle}));
        EXPECT_EQ(supervisor::count_children("top"_a).active, 3U);
        etf::local_origin::set_identity(this_system().origin(), {"nonode@nohost"_a, 0});
        shut_down(top);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, supervisor_calls_test, all_shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka
