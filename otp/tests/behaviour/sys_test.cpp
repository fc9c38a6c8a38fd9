// Looking into servers with sys: one test a rule of its documentation.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/match.hpp>
#include <rakka/otp/gen_server.hpp>
#include <rakka/otp/sys.hpp>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace rakka {
namespace {

using namespace std::chrono_literals;

/// Its state is an integer: `{add, N}` adds, casts set it.
class sum : public gen_server {
    std::int64_t n_ = 0;

    result handle_call(const term& request, const from&) override {
        if (request.is_tagged("add"_a, 2)) n_ += request.tuple()[1].as<std::int64_t>().value();
        return reply(n_);
    }
    result handle_cast(const term& request) override {
        n_ = request.as<std::int64_t>().value();
        return noreply();
    }
    [[nodiscard]] term state() const override { return term(n_); }
    void replace_state(const term& state) override { n_ = state.as<std::int64_t>().value(); }
    [[nodiscard]] shown_status format_status(shown_status s) const override {
        s.state = tuple("sum"_a, s.state);
        return s;
    }
    void code_change(const term& old_version, const term& extra) override {
        if (extra.is_atom("refuse"_a)) exit("not like this"_a);
        n_ = old_version.as<std::int64_t>().value();
    }
};
class bare : public gen_server {};

class sys_test : public behaviour_test {
protected:
    static pid start() { return gen_server::start<sum>({.name = "sum"_a}).value(); }
    static term add(int n) { return tuple("add"_a, n); }
    static std::string text_of_log(const pid& p) {
        std::string all;
        for (const term& event : sys::log_get(p))
            all += event.to_string() + "\n";
        return all;
    }
};

TEST_P(sys_test, get_and_replace_state) {
    in_process([] {
        const pid p = start();
        gen_server::cast(p, term(20));
        EXPECT_EQ(sys::get_state(p), term(20));
        EXPECT_EQ(sys::replace_state(p, [](const term& s) { return term(s.as<int>().value() + 1); }),
                  term(21));
        EXPECT_EQ(gen_server::call(p, add(1)), term(22));
    });
}

TEST_P(sys_test, a_failing_replacement_leaves_the_server_as_it_was) {
    in_process([] {
        const pid p = start();
        gen_server::cast(p, term(5));
        const std::string failed =
            exit_of([&] { sys::replace_state(p, [](const term&) -> term { exit("no"_a); }); });
        EXPECT_TRUE(failed.starts_with("{{callback_failed,")) << failed;
        const std::string bad =
            exit_of([&] { sys::replace_state(p, [](const term&) { return term("text"_a); }); });
        EXPECT_TRUE(bad.starts_with("{{callback_failed,")) << bad;
        EXPECT_EQ(sys::get_state(p), term(5));
        const pid other = gen_server::start<bare>().value();
        EXPECT_TRUE(exit_of([&] {
                        sys::replace_state(other, [](const term& s) { return s; });
                    }).starts_with("{{callback_failed,"));
    });
}

TEST_P(sys_test, get_status_has_otps_shape) {
    in_process([] {
        const pid p = start();
        const term status = sys::get_status(p);
        ASSERT_TRUE(status.is_tagged("status"_a, 4));
        EXPECT_EQ(status.tuple()[1].as<pid>().value(), p);
        EXPECT_EQ(status.tuple()[2].to_string(), "{module,gen_server}");
        std::vector<term_view> parts;
        for (const term_view part : status.tuple()[3].list())
            parts.push_back(part);
        ASSERT_EQ(parts.size(), 5U);
        EXPECT_NE(parts[0].to_string().find("'$ancestors',[" + term(self()).to_string() + "]"),
                  std::string::npos);
        EXPECT_NE(parts[0].to_string().find("'$initial_call'"), std::string::npos);
        EXPECT_TRUE(parts[1].is_atom("running"_a));
        EXPECT_EQ(parts[2].as<pid>().value(), p) << "started without a link: its own parent, as in OTP";
        EXPECT_EQ(parts[3].to_string(), "[]");
        EXPECT_EQ(parts[4].to_string(),
                  "[{header,\"Status for generic server sum\"},{data,[{\"Status\",running},"
                  "{\"Parent\"," +
                      term(p).to_string() +
                      "},{\"Logged events\",[]}]},"
                      "{data,[{\"State\",{sum,0}}]}]");
    });
}

TEST_P(sys_test, while_suspended_only_system_messages_are_answered) {
    in_process([] {
        const pid p = start();
        sys::suspend(p);
        sys::suspend(p);
        EXPECT_FALSE(gen_server::try_call(p, add(1), 10ms));
        EXPECT_EQ(sys::get_state(p), term(0));
        EXPECT_NE(sys::get_status(p).to_string().find(",suspended,"), std::string::npos);
        sys::resume(p);
        EXPECT_EQ(gen_server::call(p, add(1)), term(2)) << "the first call has waited";
    });
}

TEST_P(sys_test, code_changes_while_suspended_only) {
    in_process([] {
        const pid p = start();
        const auto running = sys::change_code(p, "sum"_a, term(7), term("ok"_a));
        ASSERT_TRUE(running);
        EXPECT_TRUE(running->is_tagged("unknown_system_msg"_a, 2)) << running->to_string();
        sys::suspend(p);
        EXPECT_FALSE(sys::change_code(p, "sum"_a, term(7), term("ok"_a)));
        EXPECT_EQ(sys::change_code(p, "sum"_a, term(9), term("refuse"_a)), term("not like this"_a));
        sys::resume(p);
        EXPECT_EQ(sys::get_state(p), term(7));
    });
}

TEST_P(sys_test, terminate_ends_the_server_with_the_reason) {
    in_process([] {
        const auto p = gen_server::start_monitor<sum>().value();
        sys::terminate(p.first, "enough"_a);
        const term down = next_message();
        EXPECT_TRUE(is_down(p.second, down));
        EXPECT_TRUE(down.tuple()[4].is_atom("enough"_a));
        EXPECT_EQ(exit_of([&] { static_cast<void>(sys::get_state(p.first)); }),
                  "{noproc,{sys,get_state,[" + term(p.first).to_string() + "]}}");
        EXPECT_EQ(exit_of([&] { sys::suspend(p.first, 100ms); }),
                  "{noproc,{sys,suspend,[" + term(p.first).to_string() + ",100]}}");
    });
}

TEST_P(sys_test, the_log_keeps_the_last_events) {
    in_process([] {
        const pid p = start();
        EXPECT_TRUE(sys::log_get(p).empty());
        sys::log(p, 3);
        gen_server::call(p, add(1));
        gen_server::cast(p, term(40));
        send(p, "hello"_a);
        EXPECT_EQ(text_of_log(p), "{noreply,40}\n{in,hello}\n{noreply,40}\n");
        EXPECT_NE(
            sys::get_status(p).to_string().find("{\"Logged events\",[{noreply,40},{in,hello},{noreply,40}]}"),
            std::string::npos);
        sys::log(p, 0);
        EXPECT_TRUE(sys::log_get(p).empty());
    });
}

TEST_P(sys_test, the_events_of_a_call_are_the_request_and_the_reply) {
    in_process([] {
        const pid p = start();
        sys::log(p);
        gen_server::call(p, add(3));
        const auto events = sys::log_get(p);
        ASSERT_EQ(events.size(), 2U);
        EXPECT_TRUE(events[0].is_tagged("in"_a, 2));
        EXPECT_TRUE(events[0].tuple()[1].is_tagged("$gen_call"_a, 3));
        ASSERT_TRUE(events[1].is_tagged("out"_a, 4)) << events[1].to_string();
        EXPECT_EQ(events[1].tuple()[1], term(3).view());
        EXPECT_EQ(events[1].tuple()[2].tuple()[0].as<pid>().value(), self());
        EXPECT_EQ(events[1].tuple()[3], term(3).view());
    });
}

TEST_P(sys_test, statistics_count_messages) {
    in_process([] {
        const pid p = start();
        EXPECT_TRUE(sys::statistics_get(p).is_atom("no_statistics"_a));
        sys::statistics(p, true);
        gen_server::call(p, add(1));
        gen_server::cast(p, term(1));
        send(p, "hello"_a);
        const std::string text = sys::statistics_get(p).to_string();
        EXPECT_NE(text.find("{messages_in,3},{messages_out,1}]"), std::string::npos) << text;
        EXPECT_TRUE(text.starts_with("[{start_time,{{")) << text;
        sys::statistics(p, false);
        EXPECT_TRUE(sys::statistics_get(p).is_atom("no_statistics"_a));
    });
}

TEST_P(sys_test, an_installed_function_sees_events_until_it_is_done) {
    in_process([] {
        const pid p = start();
        const pid me = self();
        const auto watch = [me](const term& left, const term& event, const term& name) -> term {
            send(me, tuple("event"_a, event, name));
            const auto n = left.as<int>().value();
            return n == 1 ? term("done"_a) : term(n - 1);
        };
        sys::install(p, {"watch"_a, watch, term(3)});
        sys::install(p, {"watch"_a, watch, term(100)});  // is there already
        for (int i = 0; i < 5; ++i)
            gen_server::cast(p, term(i));
        gen_server::call(p, add(0));
        EXPECT_EQ(next_message().to_string(), "{event,{in,{'$gen_cast',0}},sum}");
        EXPECT_EQ(next_message().to_string(), "{event,{noreply,0},sum}");
        EXPECT_EQ(next_message().to_string(), "{event,{in,{'$gen_cast',1}},sum}");
        EXPECT_TRUE(no_message());
    });
}

TEST_P(sys_test, functions_are_removed_by_id_when_they_throw_and_with_everything_else) {
    in_process([] {
        const pid p = start();
        const pid me = self();
        const auto tell = [me](const term& s, const term&, const term&) {
            send(me, s);
            return s;
        };
        sys::install(p, {"a"_a, tell, "a"_a});
        sys::install(p, {"b"_a, tell, "b"_a});
        sys::install(
            p, {"c"_a, [](const term&, const term&, const term&) -> term { throw std::runtime_error("c"); },
                "c"_a});
        sys::remove(p, "a"_a);
        send(p, "x"_a);
        gen_server::call(p, add(0));
        EXPECT_TRUE(next_message().is_atom("b"_a));
        while (!no_message()) {
        }
        sys::no_debug(p);
        send(p, "x"_a);
        gen_server::call(p, add(0));
        EXPECT_TRUE(no_message());
    });
}

TEST_P(sys_test, debug_options_of_the_start_are_on_from_the_first_message) {
    in_process([] {
        const pid p = gen_server::start<sum>({.debug = {sys::log_events{2}, sys::count_events{}}}).value();
        gen_server::cast(p, term(1));
        gen_server::cast(p, term(2));
        EXPECT_EQ(text_of_log(p), "{in,{'$gen_cast',2}}\n{noreply,2}\n");
        EXPECT_FALSE(sys::statistics_get(p).is_atom("no_statistics"_a));
    });
}

TEST_P(sys_test, events_go_to_a_file_in_otps_words) {
    const std::string path = testing::TempDir() + "rakka_sys_" + GetParam().name + ".txt";
    in_process([&] {
        const pid p = start();
        EXPECT_TRUE(sys::log_to_file(p, path));
        gen_server::call(p, add(3));
        gen_server::cast(p, term(4));
        send(p, tuple("hello"_a, "w"_a));
        EXPECT_TRUE(sys::log_to_file(p, ""));
        EXPECT_FALSE(sys::log_to_file(p, "/no/such/folder/file"));
        std::ifstream in(path);
        std::stringstream text;
        text << in.rdbuf();
        const std::string me = term(self()).to_string();
        EXPECT_EQ(text.str(), "*DBG* sum got call {add,3} from " + me + "\n*DBG* sum sent 3 to " + me +
                                  ", new state 3\n*DBG* sum got cast 4\n*DBG* sum new state 4\n"
                                  "*DBG* sum got {hello,w}\n*DBG* sum new state 4\n");
    });
    std::remove(path.c_str());
}

TEST_P(sys_test, a_trace_is_printed_by_the_group_leader) {
    in_process([] {
        const pid me = self();
        spawn_options with;
        with.group_leader = me;
        const pid p = gen_server::start<sum>({.name = "traced"_a, .spawn = with}).value();
        const request_id on = send_request(p, add(0));
        EXPECT_TRUE(receive_response(on));
        sys::trace(p, true);
        gen_server::cast(p, term(9));
        for (const char* const line : {"*DBG* traced got cast 9\n", "*DBG* traced new state 9\n"}) {
            const term request = next_message();
            ASSERT_TRUE(request.is_tagged("io_request"_a, 4)) << request.to_string();
            EXPECT_EQ(request.tuple()[3].tuple()[2].as<std::string>().value(), line);
            send(p, tuple("io_reply"_a, request.share(request.tuple()[2]), "ok"_a));
        }
        sys::trace(p, false);
    });
}

TEST_P(sys_test, what_it_does_not_know_is_an_error) {
    in_process([] {
        const pid p = start();
        const auto ask = [&](const term& what) {
            return gen::call(p, "system"_a, what, 5s).value().to_string();
        };
        EXPECT_EQ(ask("dance"_a), "{error,{unknown_system_msg,dance}}");
        EXPECT_EQ(ask(tuple("debug"_a, "dance"_a)), "unknown_debug");
        EXPECT_EQ(ask(tuple("debug"_a, tuple("log"_a, tuple("true"_a, 0)))), "unknown_debug");
        EXPECT_EQ(ask(tuple("debug"_a, tuple("install"_a, tuple("f"_a, 1)))),
                  "{error,{callback_failed,f,{error,undef}}}");
    });
}

TEST_P(sys_test, a_server_that_fails_to_show_itself_goes_on) {
    class secretive : public gen_server {
    public:
        explicit secretive(bool state) : state_(state) {}

    private:
        result handle_call(const term& request, const from&) override { return reply(request); }
        [[nodiscard]] term state() const override {
            if (state_) throw std::runtime_error("private");
            return 1;
        }
        [[nodiscard]] shown_status format_status(shown_status) const override { exit("private"_a); }
        bool state_;
    };
    in_process([] {
        for (const bool state : {true, false}) {
            const pid p = gen_server::start<secretive>({}, state).value();
            EXPECT_NE(sys::get_status(p).to_string().find("'format_status failed'"), std::string::npos);
            sys::log(p, 10);
            EXPECT_EQ(gen_server::call(p, 1), term(1));
            const std::string events = text_of_log(p);
            EXPECT_EQ(events.find("'format_status failed'") != std::string::npos, state) << events;
            gen_server::stop(p);
        }
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, sys_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
