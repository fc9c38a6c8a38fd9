// Tracing calls: of exported functions, and of the callbacks of behaviours.
#include "trace/trace_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/gen_statem.hpp>
#include <rakka/otp/sys.hpp>

#include <string>

namespace rakka {

// Not in an anonymous namespace: their names are written out.
class traced_counter : public gen_server {
    std::int64_t n_ = 0;

    result init() override { return noreply().then_continue("warm_up"_a); }
    result handle_continue(const term&) override { return noreply(); }
    result handle_call(const term& request, const from& sender) override {
        if (request.is_atom("later"_a)) {
            rakka::reply(sender, "soon"_a);
            return noreply();
        }
        if (request.is_atom("throw"_a)) throw reply("thrown"_a);
        if (request.is_atom("crash"_a)) exit("crashed"_a);
        if (request.is_atom("stop"_a)) return stop_with("normal"_a, "bye"_a);
        return reply(++n_);
    }
    result handle_cast(const term&) override { return noreply(); }
    result handle_info(const term&) override { return noreply().hibernate(); }
    [[nodiscard]] term state() const override { return term(n_); }
};

class traced_light : public gen_statem {
    result init() override { return next_state("red"_a); }
    result handle_event(const statem::event& e, const term& state) override {
        if (e.content().is_atom("switch"_a)) return next_state(state.is_atom("red"_a) ? "green"_a : "red"_a);
        return keep_state();
    }
    [[nodiscard]] term data() const override { return term(17); }
};

namespace {

using namespace std::chrono_literals;
using testing::wait_until;

class trace_calls : public trace_test {
protected:
    static constexpr const char* counter = "rakka::traced_counter";
    static term apply(atom module, atom function, const std::vector<term>& arguments) {
        return (*this_system().exports().find(module, function, arguments.size()))(arguments);
    }
    static void export_calc() {
        this_system().exports().add("calc"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
        this_system().exports().add("calc"_a, "fail"_a, []() -> term { rakka::error("failed"_a); });
        this_system().exports().add("other"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    }
    /// The lines, with pids and references of calls taken out.
    static lines without_tags(lines all) {
        for (std::string& line : all)
            if (const auto tag = line.find("{<"); tag != std::string::npos)
                line.replace(tag, line.find("]}", tag) + 2 - tag, "From");
        return all;
    }
    /// What this process calls, without its pid in front.
    static lines without_pid(lines all, const pid& p) {
        const std::string head = text(p) + " ";
        for (std::string& line : all)
            if (line.starts_with(head)) line.erase(0, head.size());
        return all;
    }
};
INSTANTIATE_TEST_SUITE_P(schedulers, trace_calls, in_each_shape(), name_of_shape);

/// A process that becomes a server when it is told to.
pid start_late_server() {
    return spawn([] {
        static_cast<void>(receive_if([](term_view m) { return m.is_atom("go"_a); }));
        gen_server::enter_loop(std::make_unique<traced_counter>());
    });
}

TEST_P(trace_calls, servers_that_have_entered_their_loop_are_seen) {
    in_process([] {
        for (const bool everybody : {true, false}) {
            const pid before = start_late_server(), meanwhile = start_late_server();
            send(before, "go"_a);
            EXPECT_EQ(gen_server::call(before, 1), term(1));
            const shown_lines shown;
            const trace::targets whose =
                everybody ? trace::targets(trace::group::all) : trace::targets({before, meanwhile});
            trace::calls({atom(counter), "handle_call"_a}, {2}, {.processes = whose, .to = shown.sink()});
            const auto tracer = trace::tracer();
            send(meanwhile, "go"_a);
            EXPECT_EQ(gen_server::call(before, 2), term(2));
            EXPECT_EQ(gen_server::call(meanwhile, 3), term(1));
            wait_for(tracer);
            EXPECT_EQ(without_tags(shown.all()),
                      (lines{text(before) + " 'rakka::traced_counter':handle_call(2, From, 1)",
                             text(meanwhile) + " 'rakka::traced_counter':handle_call(3, From, 0)"}))
                << everybody;
            for (const pid& p : {before, meanwhile})
                gen_server::stop(p);
        }
    });
}

TEST_P(trace_calls, they_are_of_their_class_once_they_have) {
    in_process([] {
        const pid before = start_late_server(), meanwhile = start_late_server();
        send(before, "go"_a);
        EXPECT_EQ(gen_server::call(before, 1), term(1));
        const shown_lines shown;
        trace::messages(trace::of_module(atom(counter)), {3}, {.sent = false, .to = shown.sink()});
        const auto tracer = trace::tracer();
        gen_server::cast(before, "a"_a);
        EXPECT_EQ(gen_server::call(before, 2), term(2));
        send(meanwhile, "go"_a);
        EXPECT_EQ(gen_server::call(meanwhile, 3), term(1));
        wait_for(tracer);
        const lines all = shown.all();
        ASSERT_EQ(all.size(), 3U);
        EXPECT_TRUE(all[0].starts_with(text(before) + " < {'$gen_cast',a}")) << all[0];
        EXPECT_TRUE(all[1].starts_with(text(before) + " < {'$gen_call',")) << all[1];
        EXPECT_TRUE(all[2].starts_with(text(meanwhile) + " < {'$gen_call',")) << all[2];
        for (const pid& p : {before, meanwhile})
            gen_server::stop(p);
    });
}

TEST_P(trace_calls, exported_functions_are_seen_with_arguments_and_values) {
    in_process([] {
        const shown_lines shown;
        export_calc();
        EXPECT_EQ(trace::calls({"calc"_a, "add"_a, 2}, {4}, {.return_values = true, .to = shown.sink()}), 1U);
        const auto tracer = trace::tracer();
        EXPECT_EQ(apply("calc"_a, "add"_a, {term(1), term(2)}), term(3));
        EXPECT_EQ(apply("other"_a, "add"_a, {term(1), term(2)}), term(3));
        EXPECT_EQ(exit_of([] { apply("calc"_a, "fail"_a, {}); }).substr(0, 8), "{failed,");
        EXPECT_EQ(apply("calc"_a, "add"_a, {term(3), term(4)}), term(7));
        EXPECT_EQ(apply("calc"_a, "add"_a, {term(5), term(6)}), term(11));
        wait_for(tracer);
        EXPECT_EQ(without_pid(shown.all(), self()),
                  (lines{"calc:add(1, 2)", "calc:add/2 --> 3", "calc:add(3, 4)", "calc:add/2 --> 7"}));
    });
}

TEST_P(trace_calls, exceptions_are_values_too) {
    in_process([] {
        const shown_lines shown;
        export_calc();
        EXPECT_EQ(trace::calls({"calc"_a}, {2}, {.return_values = true, .to = shown.sink()}), 2U);
        const auto tracer = trace::tracer();
        EXPECT_EQ(exit_of([] { apply("calc"_a, "fail"_a, {}); }).substr(0, 8), "{failed,");
        wait_for(tracer);
        const lines all = without_pid(shown.all(), self());
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all[0], "calc:fail()");
        EXPECT_TRUE(all[1].starts_with("calc:fail/0 error {failed,")) << all[1];
    });
}

TEST_P(trace_calls, only_of_chosen_processes_and_only_the_arity) {
    in_process([] {
        const shown_lines shown;
        export_calc();
        const pid me = self();
        const pid other = spawn([me] {
            static_cast<void>(receive());
            apply("calc"_a, "add"_a, {term(3), term(4)});
            send(me, "done"_a);
        });
        trace::calls({"calc"_a, "add"_a}, {1}, {.arguments = false, .processes = other, .to = shown.sink()});
        const auto tracer = trace::tracer();
        apply("calc"_a, "add"_a, {term(1), term(2)});
        send(other, "go"_a);
        EXPECT_EQ(next_message().to_string(), "done");
        wait_for(tracer);
        EXPECT_EQ(shown.all(), lines{text(other) + " calc:add/2"});
    });
}

TEST_P(trace_calls, functions_go_back_to_what_they_were) {
    in_process([] {
        export_calc();
        const auto before = this_system().exports().find("calc"_a, "add"_a, 2);
        trace::calls({"calc"_a, "add"_a, 2}, {100});
        const auto tracer = trace::tracer();
        EXPECT_NE(this_system().exports().find("calc"_a, "add"_a, 2), before);
        EXPECT_EQ(this_system().exports().find("calc"_a, "nothing"_a, 2), nullptr);
        trace::clear();
        wait_for(tracer);
        EXPECT_EQ(this_system().exports().find("calc"_a, "add"_a, 2), before);
    });
}

TEST_P(trace_calls, callbacks_of_a_server_are_calls_of_its_class) {
    in_process([] {
        const shown_lines shown;
        const pid server = gen_server::start<traced_counter>().value();
        trace::calls({atom(counter)}, {11}, {.return_values = true, .to = shown.sink()});
        const auto tracer = trace::tracer();
        EXPECT_EQ(gen_server::call(server, "next"_a), term(1));
        EXPECT_EQ(gen_server::call(server, "later"_a).to_string(), "soon");
        EXPECT_EQ(gen_server::call(server, "throw"_a).to_string(), "thrown");
        gen_server::cast(server, "word"_a);
        send(server, "info"_a);
        EXPECT_EQ(gen_server::call(server, "next"_a), term(2));
        wait_for(tracer);
        const std::string c = std::string("'") + counter + "':";
        EXPECT_EQ(without_tags(without_pid(shown.all(), server)),
                  (lines{c + "handle_call(next, From, 0)", c + "handle_call/3 --> {reply,1,1}",
                         c + "handle_call(later, From, 1)", c + "handle_call/3 --> {noreply,1}",
                         c + "handle_call(throw, From, 1)", c + "handle_call/3 --> {reply,thrown,1}",
                         c + "handle_cast(word, 1)", c + "handle_cast/2 --> {noreply,1}",
                         c + "handle_info(info, 1)", c + "handle_info/2 --> {noreply,1,hibernate}",
                         c + "handle_call(next, From, 1)"}));
        gen_server::stop(server);
    });
}

TEST_P(trace_calls, a_new_server_is_seen_from_its_init_to_its_end) {
    in_process([] {
        const shown_lines shown;
        trace::calls({atom(counter)}, {8}, {.return_values = true, .to = shown.sink()});
        const auto tracer = trace::tracer();
        const pid server = gen_server::start<traced_counter>().value();
        EXPECT_EQ(gen_server::call(server, "stop"_a).to_string(), "bye");
        wait_for(tracer);
        const std::string c = std::string("'") + counter + "':";
        EXPECT_EQ(without_tags(without_pid(shown.all(), server)),
                  (lines{c + "init([])", c + "init/1 --> {ok,0,{continue,warm_up}}",
                         c + "handle_continue(warm_up, 0)", c + "handle_continue/2 --> {noreply,0}",
                         c + "handle_call(stop, From, 0)", c + "handle_call/3 --> {stop,normal,bye,0}",
                         c + "terminate(normal, 0)", c + "terminate/2 --> ok"}));
    });
}

TEST_P(trace_calls, a_crash_is_seen_and_is_the_same_as_ever) {
    in_process([] {
        const shown_lines shown;
        const pid server = gen_server::start<traced_counter>().value();
        trace::calls({atom(counter), "handle_call"_a}, {2}, {.return_values = true, .to = shown.sink()});
        const auto tracer = trace::tracer();
        EXPECT_TRUE(
            exit_of([&] { gen_server::call(server, "crash"_a); }).starts_with("{crashed,{gen_server,"));
        wait_for(tracer);
        const lines all = without_pid(shown.all(), server);
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all[1], std::string("'") + counter + "':handle_call/3 error crashed");
    });
}

TEST_P(trace_calls, it_gets_along_with_sys) {
    in_process([] {
        const shown_lines shown;
        const pid server = gen_server::start<traced_counter>().value();
        sys::log(server, 10);
        trace::calls({atom(counter), "handle_cast"_a}, {2}, {.to = shown.sink()});
        const auto tracer = trace::tracer();
        gen_server::cast(server, 1);
        EXPECT_EQ(sys::log_get(server).size(), 2U) << "in, and what came of it";
        sys::no_debug(server);
        gen_server::cast(server, 2);
        wait_for(tracer);
        EXPECT_EQ(shown.size(), 2U);
        const term status = sys::get_status(server);
        EXPECT_EQ(status.tuple()[3].list().size(), 5U);
        gen_server::cast(server, 3);
        EXPECT_EQ(sys::log_get(server).size(), 0U);
        gen_server::stop(server);
    });
}

TEST_P(trace_calls, callbacks_of_a_state_machine_are_seen) {
    in_process([] {
        const shown_lines shown;
        trace::calls({"rakka::traced_light"_a}, {6}, {.return_values = true, .to = shown.sink()});
        const auto tracer = trace::tracer();
        const pid light = gen_statem::start<traced_light>().value();
        gen_statem::cast(light, "switch"_a);
        gen_statem::stop(light);
        wait_for(tracer);
        const std::string c = "'rakka::traced_light':";
        EXPECT_EQ(
            without_pid(shown.all(), light),
            (lines{c + "init([])", c + "init/1 --> {ok,red,17}", c + "handle_event(cast, switch, red, 17)",
                   c + "handle_event/4 --> {next_state,green,17}", c + "terminate(normal, green, 17)",
                   c + "terminate/3 --> ok"}));
    });
}

TEST_P(trace_calls, others_can_trace_by_exported_functions) {
    in_process([] {
        trace::export_to(this_system());
        export_calc();
        const pid me = self();
        const term to_me = list(tuple("process"_a, me));
        EXPECT_EQ(apply("rakka_trace"_a, "calls"_a, {tuple("calc"_a, "add"_a, "_"_a), term(1), to_me}),
                  term(1));
        EXPECT_TRUE(apply("rakka_trace"_a, "tracer"_a, {}).is(kind::pid));
        spawn([] { apply("calc"_a, "add"_a, {term(1), term(2)}); });  // who is told is not traced itself
        EXPECT_TRUE(next_message().to_string().find(",call,{calc,add,[1,2]},") != std::string::npos);
        EXPECT_EQ(next_message().to_string(), "{rakka_trace,stopped,limit,0}");

        const pid echo = start_echo();
        const term how =
            list(tuple("process"_a, me), tuple("sent"_a, "false"_a), tuple("match"_a, tuple("a"_a, "_"_a)));
        EXPECT_EQ(apply("rakka_trace"_a, "messages"_a, {echo, tuple(1, 60'000), how}), term(1));
        send(echo, tuple("b"_a, 1));
        send(echo, tuple("a"_a, 2));
        std::string all;
        for (int i = 0; i < 3; ++i)
            all += next_message().to_string();
        EXPECT_NE(all.find(",'receive',{a,2},"), std::string::npos) << all;
        EXPECT_EQ(apply("rakka_trace"_a, "clear"_a, {}).to_string(), "ok");
        EXPECT_EQ(next_message().to_string(), "{rakka_trace,stopped,cleared,0}");
        EXPECT_EQ(apply("rakka_trace"_a, "tracer"_a, {}).to_string(), "undefined");
        for (const term& nonsense :
             {term(1), term("x"_a), term(tuple("sent"_a, 1)), term(tuple("what"_a, 1))})
            EXPECT_TRUE(exit_of([&] {
                            apply("rakka_trace"_a, "messages"_a, {echo, term(1), list(nonsense)});
                        }).starts_with("{badarg,"))
                << nonsense.to_string();
        send(echo, "stop"_a);
    });
}

}  // namespace
}  // namespace rakka
