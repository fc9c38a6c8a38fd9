// The rules of OTP's gen_server, one test a rule, on one worker, several, and in a shuffled simulation.
#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/match.hpp>
#include <rakka/otp/gen_server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>

namespace rakka {
namespace {

using namespace std::chrono_literals;

/// Does what it is asked to: the requests name the callback results.
class obedient : public gen_server {
public:
    explicit obedient(pid observer = {}) : observer_(observer) {}

private:
    pid observer_;
    std::int64_t count_ = 0;
    std::vector<from> waiting_;

    void tell(term what) {
        if (observer_) send(observer_, std::move(what));
    }

    result handle_call(const term& request, const from& sender) override {
        if (request.is_tagged("add"_a, 3))
            return reply(request.tuple()[1].as<std::int64_t>().value() +
                         request.tuple()[2].as<std::int64_t>().value());
        if (request.is_atom("count"_a)) return reply(count_);
        if (request.is_atom("later"_a)) {
            waiting_.push_back(sender);
            return noreply();
        }
        if (request.is_atom("release"_a)) {
            for (const from& f : waiting_)
                rakka::reply(f, term("released"_a));
            waiting_.clear();
            return reply("ok"_a);
        }
        if (request.is_atom("stop_and_reply"_a)) return stop_with("normal"_a, "bye"_a);
        if (request.is_atom("stop"_a)) return stop_with("asked_to"_a);
        if (request.is_atom("throw"_a)) throw std::runtime_error("broken");
        if (request.is_atom("continue"_a)) return reply("ok"_a).then_continue(tuple("go_on"_a, 3));
        if (request.is_atom("timeout"_a)) return reply("ok"_a).timeout_after(20ms);
        if (request.is_atom("long timeout"_a)) return reply("ok"_a).timeout_after(300ms);
        if (request.is_atom("endless timeout"_a))
            return reply("ok"_a).timeout_after(std::chrono::milliseconds::max());
        if (request.is_atom("block, then timeout"_a)) {
            tell("blocked"_a);
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("unblock"_a); }));
            return reply("ok"_a).timeout_after(20ms);
        }
        if (request.is_atom("hibernate"_a)) return reply("ok"_a).hibernate();
        if (request.is_atom("trap"_a)) {
            trap_exit(true);
            return reply("ok"_a);
        }
        if (request.is_atom("block"_a)) {
            tell("blocked"_a);
            static_cast<void>(receive_if([](term_view m) { return m.is_atom("unblock"_a); }));
            return reply("unblocked"_a);
        }
        return gen_server::handle_call(request, sender);
    }
    result handle_cast(const term& request) override {
        if (request.is_atom("increment"_a)) ++count_;
        if (request.is_atom("for ever"_a)) return noreply().then_continue("for ever"_a);
        if (request.is_atom("block"_a)) {
            tell("blocked"_a);
            const term then = receive_if([](term_view m) { return m.is_tagged("unblock and stop"_a, 2); });
            return stop_with(then.share(then.tuple()[1]));
        }
        return noreply();
    }
    result handle_info(const term& message) override {
        tell(tuple("info"_a, message));
        return noreply();
    }
    result handle_continue(const term& what) override {
        if (what.is_atom("for ever"_a)) return noreply().then_continue(what);
        const auto n = what.tuple()[1].as<std::int64_t>().value();
        tell(tuple("continued"_a, n));
        return n > 1 ? noreply().then_continue(tuple("go_on"_a, n - 1)) : noreply();
    }
    void terminate(term_view reason) override { tell(tuple("terminated"_a, term::copy(reason))); }
    [[nodiscard]] term state() const override { return term(count_); }
};

class refuses : public gen_server {
    result init() override { return stop_with("no_way"_a); }
};
class throws_in_init : public gen_server {
    result init() override { throw std::logic_error("not today"); }
};
class declines : public gen_server {
    result init() override { return ignore(); }
};
class fails_quietly : public gen_server {
    result init() override { return fail_with("not now"_a); }
};
class keeps_its_state_to_itself : public gen_server {
    [[nodiscard]] term state() const override { throw std::runtime_error("private"); }
};
class slow_to_start : public gen_server {
    result init() override {
        static_cast<void>(receive_if([](term_view) { return false; }));
        return noreply();
    }
};

class gen_server_test : public behaviour_test {};

TEST_P(gen_server_test, answers_calls_and_takes_casts_in_order) {
    in_process([] {
        const pid server = gen_server::start<obedient>().value();
        EXPECT_EQ(gen_server::call(server, tuple("add"_a, 1, 2)).as<int>().value(), 3);
        for (int i = 0; i < 100; ++i)
            gen_server::cast(server, "increment"_a);
        EXPECT_EQ(gen_server::call(server, "count"_a).as<int>().value(), 100);
    });
}

TEST_P(gen_server_test, a_reply_may_come_later_and_from_elsewhere) {
    in_process([] {
        const pid server = gen_server::start<obedient>().value();
        const pid me = self();
        spawn([=] { send(me, tuple("got"_a, gen_server::call(server, "later"_a))); });
        while (gen_server::call(server, "release"_a).is_atom("ok"_a)) {
            const auto got = receive_if([](term_view m) { return m.is_tagged("got"_a, 2); }, 5ms);
            if (!got) continue;
            EXPECT_TRUE(got->tuple()[1].is_atom("released"_a));
            break;
        }
    });
}

TEST_P(gen_server_test, a_call_without_an_answer_times_out_and_the_late_reply_never_arrives) {
    in_process([] {
        const pid server = gen_server::start<obedient>().value();
        try {
            gen_server::call(server, "later"_a, 10ms);
            ADD_FAILURE() << "the call returned";
        } catch (const process_exit& e) {
            EXPECT_EQ(e.reason,
                      term(tuple("timeout"_a, tuple("gen_server"_a, "call"_a, list(server, "later"_a, 10)))));
        }
        gen_server::call(server, "release"_a);
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0ms)) << "a late reply reached the mailbox";
    });
}

TEST_P(gen_server_test, a_call_to_nobody_fails_at_once_with_noproc) {
    in_process([] {
        const auto by_name = gen_server::try_call("nobody"_a, "hello"_a);
        ASSERT_FALSE(by_name);
        EXPECT_TRUE(by_name.error().reason.is_atom("noproc"_a));
        const pid dead = spawn([] {});
        const reference ref = monitor(dead);
        static_cast<void>(receive_if(ref, [](term_view m) { return m.is_tagged("DOWN"_a, 5); }));
        EXPECT_TRUE(gen_server::try_call(dead, "hello"_a).error().reason.is_atom("noproc"_a));
    });
}

TEST_P(gen_server_test, calling_oneself_is_refused_instead_of_waiting_for_ever) {
    in_process(
        [] { EXPECT_TRUE(gen_server::try_call(self(), "x"_a).error().reason.is_atom("calling_self"_a)); });
}

TEST_P(gen_server_test, the_caller_learns_the_reason_when_the_server_ends_during_its_call) {
    in_process([] {
        const pid server = gen_server::start<obedient>().value();
        EXPECT_TRUE(gen_server::try_call(server, "stop"_a).error().reason.is_atom("asked_to"_a));
    });
}

TEST_P(gen_server_test, stop_with_a_reply_answers_after_terminate_has_run) {
    in_process([] {
        const pid server = gen_server::start<obedient>({}, self()).value();
        EXPECT_TRUE(gen_server::call(server, "stop_and_reply"_a).is_atom("bye"_a));
        const auto terminated = receive_if([](term_view m) { return m.is_tagged("terminated"_a, 2); }, 0ms);
        ASSERT_TRUE(terminated);
        EXPECT_TRUE(terminated->tuple()[1].is_atom("normal"_a));
    });
}

TEST_P(gen_server_test, an_exception_is_the_exit_reason_and_terminate_sees_it) {
    in_process([] {
        const pid server = gen_server::start<obedient>({}, self()).value();
        const reference ref = monitor(server);
        const auto failed = gen_server::try_call(server, "throw"_a);
        ASSERT_FALSE(failed);
        const term down = *receive_if(ref, [](term_view m) { return m.is_tagged("DOWN"_a, 5); });
        EXPECT_EQ(down.share(down.tuple()[4]), failed.error().reason);
        const term cause = failed.error().reason.share(failed.error().reason.view().tuple()[0]);
        EXPECT_TRUE(cause.is_tagged("cpp_exception"_a, 3)) << cause.to_string();
        EXPECT_EQ(cause.tuple()[2].as<std::string_view>().value(), "broken");
        EXPECT_TRUE(receive_if([](term_view m) { return m.is_tagged("terminated"_a, 2); }, 0ms));
    });
}

TEST_P(gen_server_test, an_unknown_request_ends_the_server_so_that_nobody_hangs) {
    in_process([] {
        const pid server = gen_server::start<obedient>().value();
        EXPECT_EQ(gen_server::try_call(server, "what"_a).error().reason, term(tuple("bad_call"_a, "what"_a)));
    });
}

TEST_P(gen_server_test, continue_runs_before_any_other_message) {
    in_process([] {
        const pid server = gen_server::start<obedient>({}, self()).value();
        spawn([=] { send(server, "noise"_a); });
        gen_server::call(server, "continue"_a);
        std::vector<std::int64_t> seen;
        while (seen.size() < 3) {
            const term m = next_message();
            if (m.is_tagged("continued"_a, 2)) seen.push_back(m.tuple()[1].as<std::int64_t>().value());
        }
        EXPECT_EQ(seen, (std::vector<std::int64_t>{3, 2, 1}));
    });
}

TEST_P(gen_server_test, a_timeout_fires_once_and_any_message_cancels_it) {
    in_process([] {
        const pid server = gen_server::start<obedient>({}, self()).value();
        gen_server::call(server, "timeout"_a);
        EXPECT_EQ(next_message(), term(tuple("info"_a, "timeout"_a)));
        // The message is there before the timeout starts, however slow we are.
        const pid me = self();
        spawn([=] { send(me, tuple("done"_a, gen_server::call(server, "block, then timeout"_a))); });
        EXPECT_TRUE(next_message().is_atom("blocked"_a));
        send(server, "hello"_a);
        send(server, "unblock"_a);
        const auto is_done = [](term_view m) { return m.is_tagged("done"_a, 2); };
        EXPECT_TRUE(receive_if(is_done, 20s));
        EXPECT_EQ(next_message(), term(tuple("info"_a, "hello"_a)));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 60ms)) << "the timeout was not cancelled";
    });
}

TEST_P(gen_server_test, a_name_is_taken_while_the_server_lives_and_free_afterwards) {
    in_process([] {
        const pid first = gen_server::start<obedient>({.name = "server"_a}).value();
        EXPECT_EQ(whereis("server"_a), first);
        EXPECT_EQ(gen_server::call("server"_a, tuple("add"_a, 2, 2)).as<int>().value(), 4);
        const auto second = gen_server::start<obedient>({.name = "server"_a});
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().reason, term(tuple("already_started"_a, first)));
        gen_server::stop("server"_a);
        EXPECT_FALSE(whereis("server"_a));
        EXPECT_TRUE(gen_server::start<obedient>({.name = "server"_a}));
    });
}

TEST_P(gen_server_test, a_failed_init_is_told_to_the_starter_and_leaves_nothing_behind) {
    in_process([] {
        trap_exit(true);
        EXPECT_TRUE(gen_server::start<refuses>({.name = "r"_a}).error().reason.is_atom("no_way"_a));
        EXPECT_TRUE(gen_server::start_link<refuses>().error().reason.is_atom("no_way"_a));
        EXPECT_TRUE(gen_server::start<declines>().error().reason.is_atom("ignore"_a));
        const term thrown = gen_server::start<throws_in_init>().error().reason;
        EXPECT_TRUE(thrown.tuple()[0].is_tagged("cpp_exception"_a, 3)) << thrown.to_string();
        EXPECT_FALSE(whereis("r"_a));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0ms)) << "a message was left behind";
    });
}

TEST_P(gen_server_test, a_failed_linked_init_ends_a_starter_that_does_not_trap_exits) {
    in_process([] {
        const auto starter = spawn_monitor([] {
            static_cast<void>(gen_server::start_link<refuses>());
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        const term down = *receive_if(starter.ref, [](term_view m) { return m.is_tagged("DOWN"_a, 5); });
        EXPECT_TRUE(down.tuple()[4].is_atom("no_way"_a));
    });
}

TEST_P(gen_server_test, a_server_that_does_not_start_in_time_is_killed) {
    in_process([] {
        EXPECT_TRUE(gen_server::start<slow_to_start>({.timeout = 10ms}).error().reason.is_atom("timeout"_a));
    });
}

TEST_P(gen_server_test, the_exit_of_its_parent_ends_a_server_that_traps_exits_through_terminate) {
    in_process([] {
        const pid me = self();
        const pid parent = spawn([=] {
            const pid server = gen_server::start_link<obedient>({}, me).value();
            gen_server::call(server, "trap"_a);
            send(me, "up"_a);
            rakka::exit("gone"_a);
        });
        static_cast<void>(parent);
        EXPECT_TRUE(next_message().is_atom("up"_a));
        EXPECT_EQ(next_message(), term(tuple("terminated"_a, "gone"_a)));
    });
}

TEST_P(gen_server_test, an_exit_that_is_not_trapped_and_a_kill_leave_no_time_for_last_words) {
    in_process([] {
        for (const atom reason : {"boom"_a, "kill"_a}) {
            const auto [server, ref] = gen_server::start_monitor<obedient>({}, self()).value();
            rakka::exit(server, reason);
            const reference r = ref;
            const term down = *receive_if(r, [](term_view m) { return m.is_tagged("DOWN"_a, 5); });
            EXPECT_TRUE(down.tuple()[4].is_atom(reason == "kill"_a ? "killed"_a : reason));
            EXPECT_FALSE(receive_if([](term_view m) { return m.is_tagged("terminated"_a, 2); }, 0ms));
        }
    });
}

TEST_P(gen_server_test, a_callback_may_block_and_messages_wait_meanwhile) {
    in_process([] {
        const pid server = gen_server::start<obedient>({}, self()).value();
        const pid me = self();
        spawn([=] { send(me, tuple("done"_a, gen_server::call(server, "block"_a))); });
        EXPECT_TRUE(next_message().is_atom("blocked"_a));
        gen_server::cast(server, "increment"_a);
        send(server, "unblock"_a);
        const term done = *receive_if([](term_view m) { return m.is_tagged("done"_a, 2); }, 20s);
        EXPECT_TRUE(done.tuple()[1].is_atom("unblocked"_a));
        EXPECT_EQ(gen_server::call(server, "count"_a).as<int>().value(), 1);
    });
}

TEST_P(gen_server_test, stop_waits_for_the_end_and_reports_another_reason) {
    in_process([] {
        const auto [server, ref] = gen_server::start_monitor<obedient>({}, self()).value();
        gen_server::stop(server, "shutdown"_a);
        EXPECT_FALSE(is_alive(server));
        EXPECT_EQ(next_message(), term(tuple("terminated"_a, "shutdown"_a)));
        EXPECT_EQ(exit_of([server = server] { gen_server::stop(server); }), "noproc");
        EXPECT_EQ(exit_of([&] { gen_server::stop("nobody"_a); }), "noproc");
        static_cast<void>(ref);
    });
}

// The shapes are those of OTP 25.
TEST_P(gen_server_test, stop_tells_how_a_server_ended_that_did_not_obey) {
    in_process([] {
        const auto blocked = [] {
            const pid server = gen_server::start<obedient>({}, self()).value();
            gen_server::cast(server, "block"_a);
            // Behind the last words of the one before.
            EXPECT_TRUE(receive_if([](term_view m) { return m.is_atom("blocked"_a); }, 20s));
            return server;
        };
        const pid slow = blocked();
        EXPECT_EQ(exit_of([&] { gen_server::stop(slow, "normal"_a, 10ms); }), "timeout");
        for (const atom reason : {"boom"_a, "normal"_a}) {
            const pid server = blocked();
            spawn([=] {
                // Once it has been asked to stop, and is still blocked.
                while (process_info(server)->message_queue_len == 0)
                    yield();
                send(server, tuple("unblock and stop"_a, reason));
            });
            EXPECT_EQ(
                exit_of([&] { gen_server::stop(server); }),
                term(tuple(reason, tuple("sys"_a, "terminate"_a, list(server, "normal"_a, "infinity"_a))))
                    .to_string());
        }
        EXPECT_EQ(exit_of([] { gen_server::stop(self()); }),
                  term(tuple("calling_self"_a,
                             tuple("sys"_a, "terminate"_a, list(self(), "normal"_a, "infinity"_a))))
                      .to_string());
    });
}

TEST_P(gen_server_test, a_failed_call_names_its_arguments_as_they_were_given) {
    in_process([] {
        EXPECT_EQ(exit_of([] { gen_server::call("nobody"_a, "x"_a); }),
                  "{noproc,{gen_server,call,[nobody,x]}}");
        EXPECT_EQ(exit_of([] { gen_server::call("nobody"_a, "x"_a, 7ms); }),
                  "{noproc,{gen_server,call,[nobody,x,7]}}");
        EXPECT_EQ(exit_of([] { gen_server::call("nobody"_a, "x"_a, infinity); }),
                  "{noproc,{gen_server,call,[nobody,x,infinity]}}");
    });
}

TEST_P(gen_server_test, a_linked_init_may_fail_without_ending_the_starter) {
    in_process([] {
        EXPECT_TRUE(gen_server::start_link<fails_quietly>().error().reason.is_atom("not now"_a));
        EXPECT_TRUE(gen_server::start_link<declines>().error().reason.is_atom("ignore"_a));
        trap_exit(true);
        EXPECT_TRUE(
            gen_server::start_link<fails_quietly>({.name = "quiet"_a}).error().reason.is_atom("not now"_a));
        EXPECT_FALSE(whereis("quiet"_a));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0ms));
    });
}

TEST_P(gen_server_test, a_name_that_cannot_be_registered_is_a_badarg) {
    in_process([] {
        EXPECT_TRUE(gen_server::start<obedient>({.name = "undefined"_a}).error().reason.is_atom("badarg"_a));
    });
}

TEST_P(gen_server_test, a_name_can_be_taken_over_at_once_and_again) {
    in_process([] {
        for (int i = 0; i < 50; ++i) {
            const pid server = gen_server::start<obedient>({.name = "heir"_a}).value();
            rakka::exit(server, "kill"_a);
            while (is_alive(server)) {
            }
            // It may still be unwinding, but then the name says so.
            const auto next = gen_server::start<obedient>({.name = "heir"_a});
            if (!next) {
                EXPECT_EQ(next.error().reason, term(tuple("already_started"_a, server)));
                const reference ref = monitor(server);
                static_cast<void>(receive_if(ref, [&](term_view m) { return is_down(ref, m); }));
            } else {
                gen_server::stop("heir"_a);
            }
        }
    });
}

TEST_P(gen_server_test, a_system_message_restarts_a_timeout_and_does_not_end_it) {
    in_process([] {
        const pid server = gen_server::start<obedient>({}, self()).value();
        gen_server::call(server, "long timeout"_a);
        EXPECT_TRUE(gen::call(server, "system"_a, term("get_state"_a), 20s));
        EXPECT_EQ(next_message(), term(tuple("info"_a, "timeout"_a)));
        gen_server::call(server, "long timeout"_a);
        EXPECT_TRUE(gen::call(server, "system"_a, term("suspend"_a), 20s));
        EXPECT_TRUE(gen::call(server, "system"_a, term("resume"_a), 20s));
        EXPECT_EQ(next_message(), term(tuple("info"_a, "timeout"_a)));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0ms));
    });
}

TEST_P(gen_server_test, the_longest_times_do_not_end_at_once) {
    in_process([] {
        constexpr auto longest = std::chrono::milliseconds::max();
        const pid server =
            gen_server::start<obedient>({.timeout = longest, .hibernate_after = longest}, self()).value();
        EXPECT_TRUE(gen_server::call(server, "endless timeout"_a, longest).is_atom("ok"_a));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 10ms));
        gen_server::stop(server, "normal"_a, longest);
        EXPECT_TRUE(next_message().is_tagged("terminated"_a, 2));
    });
}

TEST_P(gen_server_test, a_state_that_cannot_be_shown_does_not_end_the_server) {
    in_process([] {
        const pid server = gen_server::start<keeps_its_state_to_itself>().value();
        const auto answer = gen::call(server, "system"_a, term("get_state"_a), 20s);
        ASSERT_TRUE(answer);
        EXPECT_TRUE(answer->is_tagged("error"_a, 2)) << answer->to_string();
        EXPECT_TRUE(is_alive(server));
    });
}

TEST_P(gen_server_test, a_hibernating_server_answers_as_any_other) {
    in_process([] {
        const pid server = gen_server::start<obedient>({.hibernate_after = 0ms}).value();
        for (int i = 0; i < 5; ++i) {
            gen_server::call(server, "hibernate"_a);
            EXPECT_EQ(gen_server::call(server, tuple("add"_a, i, 1)).as<int>().value(), i + 1);
        }
        const pid idle = gen_server::start<obedient>({.hibernate_after = 1ms}, self()).value();
        EXPECT_EQ(gen_server::call(idle, tuple("add"_a, 1, 1)).as<int>().value(), 2);
        gen_server::call(idle, "timeout"_a);
        EXPECT_EQ(next_message(), term(tuple("info"_a, "timeout"_a)));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 10ms)) << "idle time is no timeout";
        EXPECT_EQ(gen_server::call(idle, tuple("add"_a, 2, 2)).as<int>().value(), 4);
    });
}

TEST_P(gen_server_test, a_server_that_only_continues_hears_exit_signals) {
    in_process([] {
        const auto [server, ref] = gen_server::start_monitor<obedient>().value();
        const reference r = ref;
        gen_server::cast(server, "for ever"_a);
        rakka::exit(server, "enough"_a);
        const term down = *receive_if(r, [&](term_view m) { return is_down(r, m); });
        EXPECT_TRUE(down.tuple()[4].is_atom("enough"_a));
    });
}

TEST_P(gen_server_test, while_suspended_only_system_messages_are_served) {
    in_process([] {
        const pid server = gen_server::start<obedient>().value();
        const auto ask = [&](atom what) { return gen::call(server, "system"_a, term(what), 20s); };
        EXPECT_TRUE(ask("suspend"_a)->is_atom("ok"_a));
        gen_server::cast(server, "increment"_a);
        EXPECT_TRUE(gen_server::try_call(server, "count"_a, 10ms).error().reason.is_atom("timeout"_a));
        EXPECT_EQ(*ask("get_state"_a), term(tuple("ok"_a, 0)));
        EXPECT_TRUE(ask("resume"_a)->is_atom("ok"_a));
        EXPECT_EQ(gen_server::call(server, "count"_a).as<int>().value(), 1);
        EXPECT_EQ(*ask("nonsense"_a), term(tuple("error"_a, tuple("unknown_system_msg"_a, "nonsense"_a))));
    });
}

/// Starts well and crashes in the first handle_continue.
class crashes_later final : public gen_server {
public:
    explicit crashes_later(pid observer) : observer_(observer) {}

private:
    result init() override { return noreply().then_continue("go_on"_a); }
    result handle_continue(const term&) override { throw process_exit{"too_late"_a}; }
    void terminate(term_view reason) override { send(observer_, tuple("terminated"_a, term::copy(reason))); }
    pid observer_;
};

TEST_P(gen_server_test, a_crash_in_the_first_continue_is_no_failure_to_start) {
    in_process([] {
        const auto [server, ref] = gen_server::start_monitor<crashes_later>({}, self()).value();
        const reference r = ref;
        const term down = *receive_if(r, [](term_view m) { return m.is_tagged("DOWN"_a, 5); });
        EXPECT_TRUE(down.tuple()[4].is_atom("too_late"_a));
        // terminate has run, and the starter hears nothing else.
        EXPECT_EQ(next_message(), term(tuple("terminated"_a, "too_late"_a)));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 0ms));
    });
}

TEST_P(gen_server_test, an_exit_of_another_than_the_parent_waits_while_suspended) {
    in_process([] {
        const pid server = gen_server::start_link<obedient>({}, self()).value();
        gen_server::call(server, "trap"_a);
        const auto ask = [&](atom what) { return gen::call(server, "system"_a, term(what), 20s); };
        EXPECT_TRUE(ask("suspend"_a)->is_atom("ok"_a));
        const auto [other, ref] = spawn_monitor([=] {
            link(server);
            exit("gone"_a);
        });
        const reference r = ref;
        static_cast<void>(receive_if(r, [](term_view m) { return m.is_tagged("DOWN"_a, 5); }));
        EXPECT_TRUE(ask("get_state"_a).has_value());  // has looked at its mailbox since
        EXPECT_TRUE(ask("resume"_a)->is_atom("ok"_a));
        const auto seen = receive_if([](term_view m) { return m.is_tagged("info"_a, 2); }, 20s);
        ASSERT_TRUE(seen);
        EXPECT_EQ(seen->share(seen->tuple()[1]), term(tuple("EXIT"_a, other, "gone"_a)));
        unlink(server);
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_server_test, in_each_shape(), name_of_shape);

}  // namespace
}  // namespace rakka
