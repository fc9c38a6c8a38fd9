// Sequential tracing between processes of one system. What a token counts was seen on OTP 25, 27 and 29,
// where the interop tests look again.
#include "actors_support.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(seq_traces);

/// A token that has counted nothing yet.
void begin(std::int64_t previous = 0, std::int64_t current = 0) {
    seq_trace::set_token(list());
    seq_trace::set_token("label"_a, 17);
    seq_trace::set_token("serial"_a, tuple(previous, current));
}

std::string counts() {
    const term s = seq_trace::get_token("serial"_a);
    return s.is(kind::nil) ? "none" : s.share(s.tuple()[1]).to_string();
}

bool traced() {
    return !seq_trace::get_token().is(kind::nil);
}

// -- the token of a process
// -------------------------------------------------------------------------------------------

TEST_P(seq_traces, a_token_begins_with_its_first_component) {
    in_process([] {
        EXPECT_EQ(text(seq_trace::get_token()), "[]");
        EXPECT_EQ(text(seq_trace::get_token("label"_a)), "[]");
        EXPECT_EQ(text(seq_trace::get_token("serial"_a)), "[]");
        EXPECT_EQ(text(seq_trace::get_token("send"_a)), "{send,false}");
        EXPECT_EQ(text(seq_trace::set_token("label"_a, tuple("any"_a, "term"_a))), "0");
        EXPECT_EQ(text(seq_trace::get_token("label"_a)), "{label,{any,term}}");
        EXPECT_EQ(text(seq_trace::get_token()), text(tuple(0, tuple("any"_a, "term"_a), 0, self(), 0)));
        EXPECT_EQ(text(seq_trace::set_token("serial"_a, tuple(3, 4))), "{0,0}");
        EXPECT_EQ(text(seq_trace::get_token("serial"_a)), "{serial,{3,4}}");
        EXPECT_EQ(text(process_info(self())->sequential_trace_token), text(seq_trace::get_token()));
    });
}

TEST_P(seq_traces, flags_are_those_of_erlang) {
    in_process([] {
        const std::vector<std::pair<const char*, int>> all{{"send", 1},
                                                           {"receive", 2},
                                                           {"print", 4},
                                                           {"timestamp", 8},
                                                           {"strict_monotonic_timestamp", 16},
                                                           {"monotonic_timestamp", 32}};
        for (const auto& [name, bit] : all) {
            EXPECT_EQ(text(seq_trace::set_token(atom(name), true)), "false") << name;
            EXPECT_EQ(text(seq_trace::set_token(atom(name), true)), "true") << name;
            EXPECT_EQ(element<int>(seq_trace::get_token(), 0), bit) << name;
            EXPECT_EQ(text(seq_trace::set_token(atom(name), false)), "true") << name;
        }
        EXPECT_EQ(element<int>(seq_trace::get_token(), 0), 0);
    });
}

TEST_P(seq_traces, a_whole_token_is_set_and_gives_the_one_before) {
    in_process([] {
        EXPECT_EQ(text(seq_trace::set_token(tuple(7, "lab"_a, 5, "whoever"_a, 3))), "ok");
        EXPECT_EQ(text(seq_trace::get_token()), text(tuple(7, "lab"_a, 5, self(), 3)));
        EXPECT_EQ(text(seq_trace::set_token(tuple(1, "x"_a, 9, self(), 8))), "ok");
        EXPECT_EQ(text(seq_trace::set_token(list())), text(tuple(1, "x"_a, 9, self(), 8)));
        EXPECT_EQ(text(seq_trace::set_token(list())), "[]");
        seq_trace::set_token(tuple(7, "lab"_a, 5, self(), 3));
        EXPECT_EQ(text(seq_trace::set_token(list())), text(tuple(7, "lab"_a, 5, self(), 3)));
        EXPECT_FALSE(traced());
    });
}

TEST_P(seq_traces, what_is_no_token_or_component_is_badarg) {
    in_process([] {
        const auto reason = [](const std::function<void()>& f) {
            try {
                f();
            } catch (const process_exit& e) {
                return text(e.reason);
            }
            return std::string("nothing");
        };
        const std::string badarg = "{badarg,[]}";
        EXPECT_EQ(reason([] { seq_trace::set_token("colour"_a, 1); }), badarg);
        EXPECT_EQ(reason([] { seq_trace::set_token("send"_a, 1); }), badarg);
        EXPECT_EQ(reason([] { seq_trace::set_token("serial"_a, 1); }), badarg);
        EXPECT_EQ(reason([] { seq_trace::set_token("serial"_a, tuple(1, "x"_a)); }), badarg);
        EXPECT_EQ(reason([] { seq_trace::set_token("serial"_a, tuple(1, std::int64_t{1} << 60)); }), badarg);
        EXPECT_EQ(reason([] { static_cast<void>(seq_trace::get_token("colour"_a)); }), badarg);
        EXPECT_EQ(reason([] { seq_trace::set_token("colour"_a); }), badarg);
        EXPECT_EQ(reason([] { seq_trace::set_token(tuple("x"_a, 1, 1, self(), 1)); }), badarg);
        EXPECT_EQ(reason([] { static_cast<void>(seq_trace::set_system_tracer(pid())); }), badarg);
        struct object {
            int n;
        };
        EXPECT_EQ(reason([] { seq_trace::set_token("label"_a, make_native(object{1})); }), badarg);
        EXPECT_EQ(reason([] { seq_trace::set_token(tuple(0, make_native(object{1}), 0, self(), 0)); }),
                  badarg);
        EXPECT_FALSE(traced());
    });
}

// -- messages
// ---------------------------------------------------------------------------------------------------------

TEST_P(seq_traces, a_message_brings_its_token_and_counts) {
    in_process([] {
        begin();
        send(self(), "a"_a);
        EXPECT_EQ(counts(), "{0,1}");
        EXPECT_TRUE(receive().is_atom("a"_a));
        EXPECT_EQ(counts(), "{0,1}");
        send(self(), "b"_a);
        EXPECT_EQ(counts(), "{1,2}");
        EXPECT_TRUE(receive().is_atom("b"_a));
        seq_trace::set_token(list());
        seq_trace::set_token("label"_a, 1);
        EXPECT_EQ(counts(), "{2,0}");
        send(self(), "c"_a);
        EXPECT_EQ(counts(), "{2,3}") << "the clock goes on";
    });
}

TEST_P(seq_traces, a_message_without_a_token_ends_the_trace) {
    in_process([] {
        const pid me = self();
        const pid other = spawn([me] {
            static_cast<void>(receive());
            send(me, "plain"_a);
        });
        send(other, "go"_a);
        begin();
        EXPECT_TRUE(receive().is_atom("plain"_a));
        EXPECT_FALSE(traced());
    });
}

TEST_P(seq_traces, what_is_received_first_decides) {
    in_process([] {
        const pid me = self();
        await_end(spawn([me] {
            send(me, "one"_a);
            begin();
            send(me, "two"_a);
            send(me, tuple("three"_a, 3));
        }));
        receive(on("two"_a, [] {}));
        EXPECT_EQ(counts(), "{0,1}");
        receive(on("one"_a, [] {}));
        EXPECT_FALSE(traced());
        EXPECT_TRUE(next_message().is_tagged("three"_a, 2));
        EXPECT_EQ(counts(), "{0,2}");
    });
}

TEST_P(seq_traces, by_name_alias_and_with_options) {
    in_process([] {
        begin();
        static_cast<void>(register_name("mine"_a, self()));
        const term shared = tuple("kept"_a, "by us as well");
        send("mine"_a, shared);
        send(alias(), shared);
        send(registered_name{"mine"_a, this_system().node_name()}, shared);
        EXPECT_EQ(send(self(), shared, {.nosuspend = true}), send_result::ok);
        EXPECT_TRUE(this_system().send("mine"_a, shared));
        EXPECT_TRUE(this_system().send(self(), shared));
        EXPECT_FALSE(this_system().send("nobody_has_it"_a, shared));
        EXPECT_EQ(counts(), "{0,6}");
        for (int i = 1; i <= 6; ++i) {
            EXPECT_EQ(next_message(), shared);
            EXPECT_EQ(counts(), "{0," + std::to_string(i) + "}");
        }
    });
}

TEST_P(seq_traces, nothing_is_counted_for_the_dead) {
    in_process([] {
        const pid gone = spawn([] {});
        await_end(gone);
        begin();
        send(gone, "x"_a);
        EXPECT_EQ(counts(), "{0,0}");
    });
}

TEST_P(seq_traces, a_serial_that_was_received_late_does_not_set_the_clock_back) {
    in_process([] {
        const pid me = self();
        const pid other = spawn([me] {
            static_cast<void>(receive());
            begin(1, 2);
            send(me, "late"_a);
        });
        send(other, "go"_a);
        begin(0, 100);
        EXPECT_TRUE(receive().is_atom("late"_a));
        EXPECT_EQ(counts(), "{1,3}");
        send(me, "next"_a);
        EXPECT_EQ(counts(), "{3,101}");
    });
}

TEST_P(seq_traces, cpp_objects_and_limits_on_the_mailbox) {
    in_process([] {
        struct box {
            int n;
        };
        max_mailbox(mailbox_limit{.messages = 2, .policy = mailbox_policy::drop});
        begin();
        send(self(), box{4});
        send(self(), "b"_a);
        send(self(), "dropped"_a);
        EXPECT_EQ(receive(on<box>([](box b) { return b.n; })), 4);
        EXPECT_EQ(counts(), "{0,1}");
        EXPECT_TRUE(receive().is_atom("b"_a));
        send(self(), "let in again"_a);
        EXPECT_TRUE(receive().is_atom("let in again"_a));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

// -- signals that become messages
// -----------------------------------------------------------------------------------------

TEST_P(seq_traces, timers_and_downs_leave_the_token_alone) {
    in_process([] {
        static_cast<void>(register_name("mine"_a, self()));
        const auto idle =
            spawn_monitor([] { static_cast<void>(receive_if([](term_view) { return false; })); });
        const pid timekeeper = spawn([me = self()] {
            send_after(1ms, me, "theirs"_a);
            static_cast<void>(receive_if([](term_view) { return false; }));
        });
        begin();
        send_after(1ms, self(), "own"_a);
        receive(on("own"_a, [] {}));
        receive(on("theirs"_a, [] {}));
        send_after(1ms, "mine"_a, "named"_a);
        receive(on("named"_a, [] {}));
        exit(idle.pid, "gone"_a);
        EXPECT_EQ(text(down_reason(idle.ref)), "gone");
        EXPECT_EQ(counts(), "{0,0}");
        exit(timekeeper, "kill"_a);
    });
}

TEST_P(seq_traces, the_exit_of_a_linked_process_brings_its_token) {
    in_process([] {
        trap_exit(true);
        const pid child = spawn(
            [] {
                begin(5, 6);
                exit("bye"_a);
            },
            {.link = true});
        EXPECT_EQ(text(next_message()), text(tuple("EXIT"_a, child, "bye"_a)));
        EXPECT_EQ(counts(), "{5,7}");
    });
}

TEST_P(seq_traces, exit_does_not_carry_it) {
    in_process([] {
        trap_exit(true);
        const pid me = self();
        const pid other = spawn([me] {
            begin(5, 6);
            exit(me, "x"_a);
            EXPECT_EQ(counts(), "{5,6}");
        });
        EXPECT_EQ(text(next_message()), text(tuple("EXIT"_a, other, "x"_a)));
        EXPECT_FALSE(traced());
    });
}

// -- processes
// --------------------------------------------------------------------------------------------------------

TEST_P(seq_traces, a_child_inherits_and_its_start_counts_twice) {
    in_process([] {
        const pid me = self();
        begin();
        const auto code = [me] { send(me, tuple("child"_a, seq_trace::get_token())); };
        const pid child = spawn(code);
        EXPECT_EQ(counts(), "{0,1}");
        const term m = next_message();
        EXPECT_EQ(text(m.share(m.tuple()[1])), text(tuple(0, 17, 2, child, 1)));
        EXPECT_EQ(counts(), "{1,3}");
        const pid second = this_system().spawn(code);
        const term n = next_message();
        EXPECT_EQ(text(n.share(n.tuple()[1])), text(tuple(0, 17, 5, second, 4)));
    });
}

TEST_P(seq_traces, the_answer_to_a_spawn_request_brings_the_childs_token) {
    in_process([] {
        begin();
        const reference ref = spawn_request([] {});
        EXPECT_EQ(counts(), "{0,1}");
        EXPECT_EQ(element<reference>(next_message(), 1), ref);
        EXPECT_EQ(counts(), "{1,2}");
        static_cast<void>(register_name("taken"_a, self()));
        const reference bad = spawn_request([] {}, {.name = "taken"_a});
        EXPECT_EQ(element<reference>(next_message(), 1), bad);
        EXPECT_EQ(counts(), "{1,2}") << "an error is from nobody";
    });
}

TEST_P(seq_traces, a_new_process_in_an_old_slot_has_none) {
    in_process([] {
        for (int i = 0; i < 300; ++i) {
            await_end(spawn([] {
                EXPECT_FALSE(traced());
                begin();
            }));
        }
    });
}

// -- servers
// ----------------------------------------------------------------------------------------------------------

/// Forwards to a collector, and hibernates on request.
struct forwarder final : message_handler {
    explicit forwarder(const pid& to) : to_(to) {}
    next handle(term message) override {
        send(to_, tuple("forwarded"_a, message, seq_trace::get_token("serial"_a)));
        return message.is_atom("sleep"_a) ? next::hibernate() : next::wait();
    }
    pid to_;
};

TEST_P(seq_traces, a_handler_has_the_token_of_the_message_it_handles) {
    in_process([] {
        const pid server = spawn(std::make_unique<forwarder>(self()));
        send(server, "plain"_a);
        EXPECT_EQ(text(next_message()), "{forwarded,plain,[]}");
        EXPECT_FALSE(traced());
        begin();
        send(server, "sleep"_a);
        EXPECT_EQ(text(next_message()), "{forwarded,sleep,{serial,{0,1}}}");
        EXPECT_EQ(counts(), "{1,2}");
        send(server, "again"_a);
        EXPECT_EQ(text(next_message()), "{forwarded,again,{serial,{2,3}}}");
        EXPECT_EQ(counts(), "{3,4}");
        seq_trace::set_token(list());
        send(server, "plain"_a);
        EXPECT_EQ(text(next_message()), "{forwarded,plain,[]}");
    });
}

/// A gen_server's side of a call, traced or not as its reply should be.
void answer_calls(bool drops_token) {
    while (true) {
        const auto r = gen::as_request(receive());
        if (!r) return;
        if (drops_token) seq_trace::set_token(list());
        reply(r->sender, tuple("got"_a, r->body));
    }
}

TEST_P(seq_traces, a_call_and_its_reply_count) {
    in_process([] {
        const pid server = spawn([] { answer_calls(false); });
        const auto call = [&](auto timeout) {
            return text(gen::call(server, "$gen_call"_a, "x"_a, timeout).value());
        };
        EXPECT_EQ(call(5s), "{got,x}");
        EXPECT_FALSE(traced());
        begin();
        EXPECT_EQ(call(5s), "{got,x}");
        EXPECT_EQ(counts(), "{1,2}");
        EXPECT_EQ(call(5s), "{got,x}");
        EXPECT_EQ(counts(), "{3,4}");
        const pid forgetful = spawn([] { answer_calls(true); });
        EXPECT_EQ(counts(), "{4,5}");
        EXPECT_EQ(text(gen::call(forgetful, "$gen_call"_a, "x"_a, 20s).value()), "{got,x}");
        EXPECT_FALSE(traced());
    });
}

TEST_P(seq_traces, a_reply_may_begin_a_trace) {
    in_process([] {
        const pid server = spawn([] {
            const auto r = gen::as_request(receive());
            begin();
            reply(r->sender, "traced"_a);
        });
        EXPECT_EQ(text(gen::call(server, "$gen_call"_a, "x"_a, 20s).value()), "traced");
        EXPECT_EQ(counts(), "{0,1}");
    });
}

TEST_P(seq_traces, a_call_that_fails_leaves_the_token) {
    in_process([] {
        const pid gone = spawn([] {});
        await_end(gone);
        begin();
        EXPECT_FALSE(gen::call(gone, "$gen_call"_a, "x"_a, 20s));
        EXPECT_EQ(counts(), "{0,0}");
        const pid fails = spawn([] {
            seq_trace::set_token(list());
            static_cast<void>(receive());
            exit("because"_a);
        });
        EXPECT_FALSE(gen::call(fails, "$gen_call"_a, "x"_a, 20s));
        EXPECT_TRUE(traced());
    });
}

// -- reset_trace, print and the system tracer
// ----------------------------------------------------------------------------

TEST_P(seq_traces, reset_trace_takes_all_tokens_at_once) {
    in_process([] {
        begin();
        send(self(), "waits"_a);
        const pid me = self();
        const pid other = spawn([me] {
            static_cast<void>(receive());
            send(me, seq_trace::get_token());
        });
        seq_trace::reset_trace();
        EXPECT_FALSE(traced());
        EXPECT_TRUE(receive().is_atom("waits"_a));
        EXPECT_FALSE(traced());
        send(other, "go"_a);
        EXPECT_EQ(text(next_message()), "[]");
        seq_trace::set_token("label"_a, 1);
        send(me, "x"_a);
        EXPECT_EQ(counts(), "{0,1}") << "and the clocks";
    });
}

TEST_P(seq_traces, the_system_tracer_is_told_of_what_the_flags_say) {
    in_process([] {
        const pid me = self();
        const pid observed = spawn([me] {
            static_cast<void>(receive());
            seq_trace::set_token("label"_a, "lab"_a);
            seq_trace::set_token("send"_a, true);
            seq_trace::set_token("receive"_a, true);
            send(self(), "a"_a);
            static_cast<void>(receive());
            seq_trace::set_token("receive"_a, false);
            seq_trace::print("not wanted"_a);
            seq_trace::set_token("print"_a, true);
            seq_trace::print("wanted"_a);
            seq_trace::print("other"_a, "another label's"_a);
            seq_trace::print("lab"_a, "its label's"_a);
            EXPECT_EQ(counts(), "{1,4}");
        });
        EXPECT_FALSE(seq_trace::get_system_tracer());
        EXPECT_FALSE(seq_trace::set_system_tracer(me));
        EXPECT_EQ(seq_trace::get_system_tracer(), me);
        send(observed, "go"_a);
        const auto event = [&](const char* what, int previous, int current, const term& to, const char* m) {
            return text(tuple("seq_trace"_a, "lab"_a,
                              tuple(atom(what), tuple(previous, current), observed, to, atom(m))));
        };
        EXPECT_EQ(text(next_message()), event("send", 0, 1, observed, "a"));
        EXPECT_EQ(text(next_message()), event("receive", 0, 1, observed, "a"));
        EXPECT_EQ(text(next_message()), event("print", 1, 3, list(), "wanted"));
        EXPECT_EQ(text(next_message()), event("print", 1, 4, list(), "its label's"));
        await_end(observed);
        EXPECT_EQ(seq_trace::set_system_tracer(std::nullopt), me);
        EXPECT_FALSE(seq_trace::get_system_tracer());
    });
}

TEST_P(seq_traces, the_system_tracer_sees_calls_spawns_and_exits) {
    in_process([] {
        const pid me = self();
        static_cast<void>(seq_trace::set_system_tracer(me));
        const pid server = spawn([] { answer_calls(false); });
        const pid observed = spawn([=] {
            static_cast<void>(receive());
            seq_trace::set_token("send"_a, true);
            static_cast<void>(gen::call(server, "$gen_call"_a, "x"_a, 20s).value());
            link(spawn([] { static_cast<void>(receive_if([](term_view) { return false; })); }));
            exit("done"_a);
        });
        send(observed, "go"_a);
        std::vector<std::string> kinds;
        std::vector<std::string> serials;
        for (int i = 0; i < 5; ++i) {
            const term m = next_message();
            const tuple_view info = m.tuple()[2].tuple();
            const term_view what = info[4];
            kinds.emplace_back(what.is(kind::tuple) ? what.tuple()[0].to_string() : what.to_string());
            serials.push_back(info[1].to_string());
        }
        EXPECT_EQ(serials, (std::vector<std::string>{"{0,1}", "{1,2}", "{2,3}", "{3,4}", "{4,5}"}));
        EXPECT_EQ(kinds[0], "'$gen_call'");
        EXPECT_TRUE(kinds[1].starts_with("[alias|#Ref<")) << kinds[1];
        EXPECT_EQ(kinds[2], "spawn_request");
        EXPECT_EQ(kinds[3], "spawn_reply");
        EXPECT_EQ(kinds[4], "'EXIT'");
    });
}

TEST_P(seq_traces, times_come_with_what_the_tracer_is_told) {
    in_process([] {
        const pid me = self();
        static_cast<void>(seq_trace::set_system_tracer(me));
        const pid observed = spawn([] {
            static_cast<void>(receive());
            seq_trace::set_token("print"_a, true);
            seq_trace::set_token("monotonic_timestamp"_a, true);
            seq_trace::print(1);
            seq_trace::set_token("strict_monotonic_timestamp"_a, true);
            seq_trace::print(2);
            seq_trace::print(3);
            seq_trace::set_token("timestamp"_a, true);
            seq_trace::print(4);
        });
        send(observed, "go"_a);
        const auto time = [] {
            const term m = next_message();
            return m.is_tuple(4) ? m.share(m.tuple()[3]) : term();
        };
        EXPECT_TRUE(time().is(kind::integer));
        const term second = time();
        const term third = time();
        ASSERT_TRUE(second.is_tuple(2) && third.is_tuple(2));
        EXPECT_LT(element<std::int64_t>(second, 1), element<std::int64_t>(third, 1));
        EXPECT_TRUE(time().is_tuple(3));
    });
}

TEST_P(seq_traces, what_the_tracer_itself_does_is_not_counted) {
    in_process([] {
        static_cast<void>(seq_trace::set_system_tracer(self()));
        begin();
        seq_trace::set_token("send"_a, true);
        send(self(), "x"_a);
        EXPECT_EQ(counts(), "{0,0}");
        EXPECT_TRUE(receive().is_atom("x"_a));
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(seq_traces, a_tracer_that_has_ended_is_none) {
    in_process([] {
        const pid tracer = spawn_idle();
        static_cast<void>(seq_trace::set_system_tracer(tracer));
        exit(tracer, "kill"_a);
        await_end(tracer);
        EXPECT_FALSE(seq_trace::get_system_tracer());
        begin();
        send(self(), "x"_a);
        EXPECT_EQ(counts(), "{0,1}");
    });
}

}  // namespace
}  // namespace rakka::testing
