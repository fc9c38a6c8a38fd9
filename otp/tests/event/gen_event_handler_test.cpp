// The rules of OTP's gen_event for the life of handlers: added, deleted, swapped, removed by themselves,
// crashed.
#include "event/gen_event_support.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace rakka {
namespace {

class gen_event_handler_test : public gen_event_test_base {
protected:
    /// The error of an addition that has failed, as text.
    static std::string error_of(const start_result<void>& r) {
        return r ? "added" : r.error().reason.to_string();
    }
};

class takes_a_move_only : public event_handler {
public:
    explicit takes_a_move_only(std::unique_ptr<int> n) : n_(std::move(n)) {}

private:
    std::unique_ptr<int> n_;
    result handle_event(const term&) override { return ok(); }
    answer handle_call(const term&) override { return reply(*n_); }
};

class throws_in_constructor : public event_handler {
public:
    throws_in_constructor() { throw std::runtime_error("not today"); }

private:
    result handle_event(const term&) override { return ok(); }
};

class needs_nothing : public event_handler {
    result handle_event(const term&) override { return ok(); }
    answer handle_call(const term& request) override {
        if (request.is_atom("pid"_a)) return reply(self());
        return event_handler::handle_call(request);
    }
};

class decides_nonsense : public event_handler {
    result init() override { return remove_handler(); }
    result handle_event(const term&) override { return ok(); }
};

// -- adding

TEST_P(gen_event_handler_test, a_class_is_added_under_its_name) {
    in_process([] {
        const pid p = manager();
        gen_event::add_handler<needs_nothing>(p).value();
        EXPECT_EQ(installed(p), "'rakka::(anonymous namespace)::needs_nothing'");
        EXPECT_EQ(gen_event::call(p, handler_id::of<needs_nothing>(), "pid"_a), term(p))
            << "runs in the manager";
        gen_event::add_handler(p, new_handler::of<needs_nothing>().as(handler_id::of<needs_nothing>(7)))
            .value();
        EXPECT_EQ(gen_event::which_handlers(p).front(), handler_id::of<needs_nothing>(7));
    });
}

TEST_P(gen_event_handler_test, arguments_are_copied_to_each_manager_and_moved_when_they_must_be) {
    in_process([] {
        const pid p = manager();
        const pid q = manager();
        const new_handler twice = obedient_handler::make("a"_a, self());
        gen_event::add_handler(p, twice).value();
        gen_event::add_handler(q, twice).value();
        EXPECT_EQ(heard(), "{a,init} {a,init}");
        gen_event::add_handler<takes_a_move_only>(p, std::make_unique<int>(17)).value();
        EXPECT_EQ(gen_event::call(p, handler_id::of<takes_a_move_only>(), 1), term(17));
    });
}

TEST_P(gen_event_handler_test, what_init_gives_instead_is_the_error) {
    in_process([] {
        const pid p = manager();
        const auto added = [&](atom name) {
            return error_of(gen_event::add_handler(p, obedient_handler::make(name, self())));
        };
        EXPECT_EQ(added("refuses"_a), "{error,no_way}");
        EXPECT_EQ(added("exits"_a), "{'EXIT',broken}");
        EXPECT_EQ(added("throws"_a), "a_term");
        EXPECT_EQ(error_of(gen_event::add_handler<throws_in_constructor>(p)),
                  "{'EXIT',{{cpp_exception,<<\"std::runtime_error\">>,<<\"not today\">>},[]}}");
        EXPECT_EQ(error_of(gen_event::add_handler<decides_nonsense>(p)), "remove_handler");
        EXPECT_EQ(heard(), "{refuses,init} {exits,init} {throws,init}") << "no terminate";
        EXPECT_EQ(installed(p), "");
    });
}

TEST_P(gen_event_handler_test, a_module_that_is_not_here_is_undef_and_a_non_module_badarg) {
    in_process([] {
        const pid p = manager();
        EXPECT_EQ(error_of(gen_event::add_handler(p, {{"nomod"_a, 1}, tuple("args"_a, 1)})),
                  "{'EXIT',{undef,[{nomod,init,[{args,1}],[]}]}}");
        EXPECT_EQ(gen::call(p, self(), tuple("add_handler"_a, 1, "x"_a), infinity)->to_string(),
                  "{'EXIT',{badarg,[{erlang,apply,[1,init,[x]],[]}]}}");
        EXPECT_EQ(gen::call(p, self(), tuple("add_handler"_a, tuple(1, 2), "x"_a), infinity)->to_string(),
                  "{'EXIT',{badarg,[{erlang,apply,[1,init,[x]],[]}]}}");
        EXPECT_EQ(installed(p), "");
    });
}

TEST_P(gen_event_handler_test, an_exported_class_is_added_by_name) {
    in_process([] {
        export_table& exports = this_system().exports();
        gen_event::export_handler<obedient_handler>(exports, "obedient"_a);
        gen_event::export_handler<needs_nothing>(exports, "easy"_a);
        exports.add("strange"_a, "init"_a, 1,
                    exported_function([](const std::vector<term>&) { return term("ok"_a); }));
        const pid p = manager();
        gen_event::add_handler(p, {{"obedient"_a, 1}, tuple("a"_a, self())}).value();
        EXPECT_EQ(heard(), "{a,init}");
        gen_event::add_handler(p, {"easy"_a, "whatever"_a}).value();
        EXPECT_EQ(installed(p), "easy {obedient,1}");
        EXPECT_EQ(error_of(gen_event::add_handler(p, {"strange"_a, 1})), "{'EXIT',{bad_return_value,ok}}");
        EXPECT_EQ(error_of(gen_event::add_handler(p, {"obedient"_a, 1})).substr(0, 8), "{'EXIT',")
            << "a constructor that does not like its arguments";
    });
}

TEST_P(gen_event_handler_test, a_class_cannot_be_added_to_a_manager_of_another_node) {
    in_process([] {
        const registered_name far{"x"_a, "far@away"_a};
        EXPECT_EQ(error_of(gen_event::add_handler<needs_nothing>(far)), "badarg");
        EXPECT_EQ(error_of(gen_event::swap_handler(far, "h"_a, 1, new_handler::of<needs_nothing>())),
                  "badarg");
        EXPECT_EQ(exit_of([&] { gen_event::add_handler(far, {"h"_a, 1}).value(); }), "{nodedown,far@away}");
    });
}

// -- deleting

TEST_P(gen_event_handler_test, delete_gives_what_terminate_gives) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        add(p, "c"_a);
        EXPECT_EQ(gen_event::delete_handler(p, h("a"_a), "args"_a).to_string(), "{bye_from,a}");
        EXPECT_EQ(heard(), "{a,{terminate,args}}");
        EXPECT_EQ(gen_event::delete_handler(p, h("b"_a), tuple("exit"_a, "oh"_a)).to_string(), "{'EXIT',oh}");
        EXPECT_EQ(gen_event::delete_handler(p, h("c"_a), tuple("throw"_a, "oh"_a)).to_string(), "oh");
        EXPECT_EQ(gen_event::delete_handler(p, h("a"_a), "args"_a).to_string(), "{error,module_not_found}");
        EXPECT_EQ(installed(p), "");
        gen_event::add_handler<needs_nothing>(p).value();
        EXPECT_EQ(gen_event::delete_handler(p, handler_id::of<needs_nothing>(), 1), term("ok"_a))
            << "no terminate of its own";
    });
}

// -- swapping

TEST_P(gen_event_handler_test, a_swap_hands_the_last_words_to_the_new_one) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        gen_event::swap_handler(p, h("a"_a), "args"_a, obedient_handler::make("c"_a, self())).value();
        EXPECT_EQ(heard(), "{a,{terminate,args}} {c,{took_over,{bye_from,a}}} {c,init}");
        EXPECT_EQ(installed(p), "{h,c} {h,b}") << "in front";
    });
}

TEST_P(gen_event_handler_test, a_swap_goes_on_when_there_is_no_old_one_or_it_fails) {
    in_process([] {
        const pid p = manager();
        gen_event::swap_handler(p, h("nobody"_a), 1, obedient_handler::make("a"_a, self())).value();
        EXPECT_EQ(heard(), "{a,{took_over,error}} {a,init}");
        gen_event::swap_handler(p, h("a"_a), tuple("exit"_a, "oh"_a), obedient_handler::make("b"_a, self()))
            .value();
        EXPECT_EQ(heard(), "{a,{terminate,{exit,oh}}} {b,{took_over,{'EXIT',oh}}} {b,init}");
        EXPECT_EQ(installed(p), "{h,b}");
    });
}

TEST_P(gen_event_handler_test, the_old_one_is_gone_even_if_the_new_one_fails) {
    in_process([] {
        const pid p = manager();
        const auto swap_to = [&](const new_handler& by) {
            add(p, "a"_a);
            const std::string error = error_of(gen_event::swap_handler(p, h("a"_a), "x"_a, by));
            EXPECT_EQ(installed(p), "");
            return error;
        };
        EXPECT_EQ(swap_to(obedient_handler::make("refuses"_a, self())), "{error,no_way}");
        EXPECT_EQ(swap_to(obedient_handler::make("exits"_a, self())), "{'EXIT',broken}");
        EXPECT_EQ(swap_to(obedient_handler::make("throws"_a, self())), "a_term");
        EXPECT_EQ(swap_to({"nomod"_a, "q"_a}), "{'EXIT',{undef,[{nomod,init,[{q,{bye_from,a}}],[]}]}}");
    });
}

TEST_P(gen_event_handler_test, a_callback_swaps_its_handler_in_place) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        add(p, "c"_a);
        gen_event::sync_notify(p, to("b"_a, tuple("swap"_a, "d"_a)));
        EXPECT_EQ(installed(p), "{h,c} {h,d} {h,a}");
        const std::string all = heard();
        EXPECT_NE(all.find("{b,{terminate,swap_args}} {d,{took_over,{bye_from,b}}} {d,init} {a,{event,"),
                  std::string::npos)
            << all;
        EXPECT_EQ(all.find("{d,{event"), std::string::npos) << "the new one has not seen the event";
        EXPECT_EQ(gen_event::call(p, h("d"_a), tuple("swap"_a, "e"_a)).to_string(), "{did,{swap,e}}");
        send(p, to("e"_a, tuple("swap"_a, "f"_a)));
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(installed(p), "{h,c} {h,f} {h,a}");
    });
}

TEST_P(gen_event_handler_test, a_swap_of_a_callback_that_fails_leaves_neither) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        add(p, "b"_a);
        gen_event::sync_notify(p, to("b"_a, tuple("swap"_a, "refuses"_a)));
        EXPECT_EQ(installed(p), "{h,a}");
        EXPECT_EQ(gen_event::call(p, h("a"_a), tuple("swap"_a, "exits"_a)).to_string(), "{did,{swap,exits}}")
            << "the reply was given before";
        EXPECT_EQ(installed(p), "");
    });
}

// -- by its own decision

TEST_P(gen_event_handler_test, a_handler_removes_itself_from_every_callback) {
    in_process([] {
        const pid p = manager();
        for (const atom name : {"a"_a, "b"_a, "c"_a, "d"_a})
            add(p, name);
        gen_event::sync_notify(p, to("b"_a, "remove"_a));
        EXPECT_EQ(installed(p), "{h,d} {h,c} {h,a}");
        send(p, to("c"_a, "remove"_a));
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(installed(p), "{h,d} {h,a}");
        EXPECT_EQ(gen_event::call(p, h("a"_a), "remove"_a).to_string(), "{did,remove}");
        EXPECT_EQ(installed(p), "{h,d}");
        const std::string all = heard();
        for (const char* name : {"a", "b", "c"})
            EXPECT_NE(all.find(std::string("{") + name + ",{terminate,remove_handler}}"), std::string::npos)
                << all;
    });
}

TEST_P(gen_event_handler_test, one_that_wants_to_hibernate_is_enough_and_the_next_message_is_handled) {
    in_process([] {
        const pid p = manager();
        add(p, "sleepy"_a);
        add(p, "a"_a);
        add(p, "b"_a);
        gen_event::sync_notify(p, to("b"_a, "hibernate"_a));
        EXPECT_EQ(gen_event::call(p, h("a"_a), "hibernate"_a).to_string(), "{did,hibernate}");
        EXPECT_EQ(gen_event::which_handlers(p).size(), 3U);
        static_cast<void>(heard());
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(heard(), "{b,{event,1}} {a,{event,1}} {sleepy,{event,1}}");
    });
}

TEST_P(gen_event_handler_test, a_thrown_result_counts_as_returned) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        gen_event::sync_notify(p, to("a"_a, "throw result"_a));
        EXPECT_EQ(heard(), "{a,{event,{a,'throw result'}}} {a,{terminate,remove_handler}}");
    });
}

// -- crashes

TEST_P(gen_event_handler_test, a_handler_that_fails_in_an_event_goes_and_the_others_see_it) {
    const std::pair<const char*, std::string> table[] = {
        {"exit", "{'EXIT',on_request}"},
        {"error", "{'EXIT',{on_request,[]}}"},
        {"exception", "{'EXIT',{{cpp_exception,<<\"std::runtime_error\">>,<<\"broken\">>},[]}}"},
        {"odd exception", "{'EXIT',{{cpp_exception,<<\"int\">>,<<>>},[]}}"},
        {"throw", "on_request"},
        {"fail", "{error,odd}"},
    };
    for (const auto& [how, why] : table) {
        in_process([&, how = how, why = why] {
            const pid p = manager();
            for (const atom name : {"a"_a, "b"_a, "c"_a})
                add(p, name);
            gen_event::sync_notify(p, to("b"_a, atom(how)));
            const std::string event = "{b," + term(atom(how)).to_string() + "}";
            EXPECT_EQ(heard(), "{c,{event," + event + "}} {b,{event," + event + "}} {b,{terminate,{error," +
                                   why + "}}} {a,{event," + event + "}}");
            EXPECT_EQ(installed(p), "{h,c} {h,a}");
        });
    }
}

TEST_P(gen_event_handler_test, a_handler_that_fails_in_a_call_answers_with_its_error) {
    in_process([] {
        const pid p = manager();
        const auto call = [&](const term& what) {
            add(p, "a"_a);
            const term answer = gen_event::call(p, h("a"_a), what);
            EXPECT_EQ(installed(p), "");
            return answer.to_string();
        };
        EXPECT_EQ(call("exit"_a), "{error,{'EXIT',on_request}}");
        EXPECT_EQ(call("throw"_a), "{error,on_request}");
        EXPECT_EQ(call("exception"_a),
                  "{error,{'EXIT',{{cpp_exception,<<\"std::runtime_error\">>,<<\"broken\">>},[]}}}");
        EXPECT_EQ(call("unknown"_a), "{error,{'EXIT',{bad_call,unknown}}}");
    });
}

TEST_P(gen_event_handler_test, a_handler_that_fails_in_a_message_goes) {
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        send(p, to("a"_a, "exit"_a));
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(heard(), "{a,{info,{a,exit}}} {a,{terminate,{error,{'EXIT',on_request}}}}");
    });
}

TEST_P(gen_event_handler_test, last_words_that_fail_change_nothing_for_the_others) {
    class fails_twice : public event_handler {
        result handle_event(const term&) override { throw term("first"_a); }
        term terminate(const term&) override { throw std::runtime_error("second"); }
        [[nodiscard]] term state() const override { throw std::runtime_error("third"); }
        [[nodiscard]] shown_status format_status(shown_status) const override {
            throw std::runtime_error("fourth");
        }
    };
    in_process([] {
        const pid p = manager();
        add(p, "a"_a);
        gen_event::add_handler<fails_twice>(p).value();
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(heard(), "{a,{event,1}}");
        EXPECT_EQ(installed(p), "{h,a}");
    });
}

TEST_P(gen_event_handler_test, the_default_callbacks_take_messages_and_refuse_calls) {
    in_process([] {
        const pid p = manager();
        gen_event::add_handler<needs_nothing>(p).value();
        send(p, "whatever"_a);
        gen_event::sync_notify(p, 1);
        EXPECT_EQ(gen_event::which_handlers(p).size(), 1U) << "a message that nobody handles is no crash";
        EXPECT_EQ(gen_event::call(p, handler_id::of<needs_nothing>(), 17).to_string(),
                  "{error,{'EXIT',{bad_call,17}}}");
        EXPECT_EQ(installed(p), "");
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_event_handler_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
