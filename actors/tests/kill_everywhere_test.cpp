// A process that is ended at any point of any operation leaves nothing behind: no slot, stack, timer, name,
// link, monitor or object. In a simulation that gives way at every reduction, so that every point is tried.
#include "kill_everywhere_support.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <stdexcept>

namespace rakka::testing {
namespace {

void rest(stage&) {
    receive_for_ever();
}

/// Waits without a limit, which would be a timer.
void until_down(const reference& ref) {
    static_cast<void>(receive_if(ref, [&](term_view m) { return is_down(ref, m); }));
}

/// Answers calls, in the form of a body.
void serve(stage& s) {
    for (;;) {
        const counted here(s);
        const term m = receive();
        if (const auto request = gen::as_request(m)) reply(request->sender, tuple("echo"_a, request->body));
    }
}

std::optional<term> call(const destination& server, std::chrono::milliseconds limit = 1h) {
    const auto answer = gen::call(server, "$gen_call"_a, tuple("question"_a, "some bytes to carry"), limit);
    return answer ? std::optional(*answer) : std::nullopt;
}

class child_handler final : public message_handler {
public:
    explicit child_handler(stage& s) : counted_(s) {}
    next handle(term) override { return next::wait(); }

private:
    counted counted_;
};

class busy_handler final : public message_handler {
public:
    explicit busy_handler(stage& s) : stage_(s), counted_(s) {}
    next init() override {
        put("key"_a, list(1, 2, 3));
        return next::timeout(1h);
    }
    next handle(term m) override {
        const counted here(stage_);
        if (const auto request = gen::as_request(m)) {
            send(stage_.other, "asked"_a);
            reply(request->sender, request->body);
        } else if (m.is_atom("inner"_a)) {
            static_cast<void>(receive_if([](term_view v) { return v.is_atom("done"_a); }, 2ms));
            static_cast<void>(call(stage_.other));
        } else if (m.is_atom("sleep"_a)) {
            return next::hibernate();
        }
        return next::timeout(3ms);
    }
    next handle_timeout() override {
        send(stage_.other, "timeout"_a);
        return next::wait();
    }
    void terminate(term_view) noexcept override {
        const counted here(stage_);
        send(stage_.other, "terminated"_a);
        static_cast<void>(receive_if([](term_view) { return false; }, 1ms));
    }

private:
    stage& stage_;
    counted counted_;
};

const operation operations[] = {
    {"spawn",
     [](stage& s) {
         s.child = spawn([&s, here = counted(s)] { rest(s); }, {.name = "a_child"_a});
         spawn([&s, here = counted(s)] { call(s.one, 5ms); });
         spawn(std::make_unique<child_handler>(s));
     },
     &rest, true},
    {"spawn_link",
     [](stage& s) {
         s.child = spawn_link([&s, here = counted(s)] { rest(s); }, {.name = "a_child"_a});
         spawn_link(std::make_unique<child_handler>(s));
         rest(s);
     },
     &rest, false, false, "killed"},
    {"spawn_monitor",
     [](stage& s) {
         const auto p = spawn_monitor([&s, here = counted(s)] { rest(s); }, {},
                                      {.alias = monitor_alias::reply_demonitor});
         s.child = p.pid;
         const auto q = spawn_monitor([here = counted(s)] {});
         until_down(q.ref);
         until_down(spawn_monitor(std::make_unique<child_handler>(s)).ref);
     },
     &rest},
    {"send and receive",
     [](stage& s) {
         register_name("pinger"_a, self()).value();
         for (int i = 0; i < 3; ++i) {
             const term shared = tuple(self(), "some bytes to carry", i);
             send(s.other, shared);
             static_cast<void>(receive());
             send(registered_name{"pinger"_a, this_system().node_name()}, shared);
             static_cast<void>(receive());
         }
     },
     [](stage&) {
         for (;;)
             send(element<pid>(receive(), 0), tuple("pong"_a, "some bytes to carry"));
     }},
    {"receive with a limit",
     [](stage& s) {
         const counted here(s);
         static_cast<void>(receive_if([](term_view) { return false; }, 5ms));
         static_cast<void>(receive_if([](term_view) { return false; }, 0ns));
         static_cast<void>(receive_if([](term_view m) { return m.is_atom("b"_a); }, 1h));
         static_cast<void>(receive_if([](term_view) { return false; }, 1h));
     },
     [](stage& s) {
         send(s.one, "a"_a);
         send(s.one, "b"_a);
     }},
    {"selective receive",
     [](stage& s) {
         for (int i = 5; i-- > 0;)
             receive(on(tuple_of(i, x<std::string>), [&](const std::string&) {
                 const counted here(s);
                 send(self(), "noise"_a);
                 receive(on("noise"_a, [] {}), after(1h, [] {}));
             }));
     },
     [](stage& s) {
         for (int i = 0; i < 5; ++i)
             send(s.one, tuple(i, "some bytes to carry"));
     }},
    {"calls",
     [](stage& s) {
         for (int i = 0; i < 2; ++i)
             static_cast<void>(call(s.other));
         static_cast<void>(call("nobody"_a));
         static_cast<void>(call(s.other, 200ms));
     },
     &serve},
    {"a call that is not answered",
     [](stage& s) {
         static_cast<void>(call(s.other, 3ms));
         static_cast<void>(call(s.other));
     },
     &rest},
    {"calls to a handler",
     [](stage& s) -> std::unique_ptr<message_handler> { return std::make_unique<busy_handler>(s); },
     [](stage& s) {
         static_cast<void>(call(s.one));
         send(s.one, "inner"_a);
         serve(s);
     },
     true},
    {"a handler's timeouts",
     [](stage& s) -> std::unique_ptr<message_handler> { return std::make_unique<busy_handler>(s); },
     [](stage& s) {
         send(s.one, "inner"_a);
         send(s.one, "done"_a);
         receive(on("timeout"_a, [] {}));
         send(s.one, "sleep"_a);
         send(s.one, "wake"_a);
     },
     true},
    {"monitor",
     [](stage& s) {
         const reference first = monitor(s.other);
         demonitor(first);
         const reference second = monitor(s.other, {.alias = monitor_alias::demonitor});
         demonitor(monitor("nobody"_a), {.flush = true});
         demonitor(second, {.flush = true, .info = true});
         until_down(monitor(s.other));
     },
     [](stage& s) {
         static_cast<void>(monitor(s.one));
         static_cast<void>(demonitor(monitor(s.one), {.flush = true}));
         rest(s);
     }},
    {"link and unlink",
     [](stage& s) {
         link(s.other);
         unlink(s.other);
         link(s.other);
         link(s.other);
         rest(s);
     },
     [](stage& s) {
         link(s.one);
         unlink(s.one);
         unlink(s.one);
         rest(s);
     },
     false, false, "killed"},
    {"aliases",
     [](stage& s) {
         const reference a = alias();
         const reference b = alias({.reply = true});
         send(s.other, tuple(a, b));
         static_cast<void>(receive());
         unalias(a);
         const reference c = monitor(s.other, {.alias = monitor_alias::reply_demonitor});
         send(s.other, tuple(c, c));
         static_cast<void>(receive());
     },
     [](stage&) {
         for (;;) {
             const term m = receive();
             send(element<reference>(m, 0), "first"_a);
             send(element<reference>(m, 1), tuple("second"_a, "some bytes to carry"));
             send(element<reference>(m, 1), "third"_a);
         }
     }},
    {"exit by alias",
     [](stage& s) {
         send(s.other, alias());
         rest(s);
     },
     [](stage&) { exit(*receive().as<reference>(), "by_alias"_a); }, false, false, "by_alias"},
    {"names",
     [](stage& s) {
         register_name("a_name"_a, self()).value();
         static_cast<void>(register_name("b_name"_a, s.other));
         static_cast<void>(register_name("a_name"_a, s.other));
         unregister_name("a_name"_a).value();
         static_cast<void>(whereis("b_name"_a));
         register_name("a_name"_a, self()).value();
         static_cast<void>(registered());
         send("a_name"_a, tuple("to"_a, "myself"));
         static_cast<void>(receive());
         until_down(monitor("b_name"_a));
     },
     [](stage& s) {
         static_cast<void>(register_name("b_name"_a, self()));
         rest(s);
     }},
    {"timers of one's own",
     [](stage& s) {
         static_cast<void>(send_after(1h, self(), tuple("never"_a, "some bytes to carry")));
         static_cast<void>(start_timer(2h, self(), "never"_a));
         const reference soon = send_after(1ms, self(), "soon"_a);
         static_cast<void>(cancel_timer(start_timer(3h, self(), "never"_a)));
         receive(on("soon"_a, [] {}));
         static_cast<void>(cancel_timer(soon));
         static_cast<void>(read_timer(make_reference()));
         rest(s);
     },
     &rest},
    {"timers for another",
     [](stage& s) {
         static_cast<void>(send_after(1h, s.other, tuple("later"_a, "some bytes to carry")));
         const reference ref = start_timer(2h, s.other, "never"_a);
         send(s.other, ref);
         static_cast<void>(send_after(1ms, "nobody"_a, "lost"_a));
         static_cast<void>(read_timer(ref));
         rest(s);
     },
     [](stage& s) {
         const reference ref = *receive().as<reference>();
         static_cast<void>(read_timer(ref));
         static_cast<void>(cancel_timer(ref));
         static_cast<void>(cancel_timer(ref));
         rest(s);
     },
     true},
    {"hibernate",
     [](stage& s) {
         link(s.other);
         hibernate();
         static_cast<void>(receive());
         unlink(s.other);
         hibernate();
     },
     [](stage& s) { send(s.one, "wake"_a); }},
    {"looks at others",
     [](stage& s) {
         static_cast<void>(is_alive(s.other));
         static_cast<void>(process_info(s.other));
         static_cast<void>(process_info(self()));
         static_cast<void>(processes());
         static_cast<void>(is_alive(s.other));
     },
     [](stage& s) {
         for (int i = 0; i < 3; ++i) {
             static_cast<void>(process_info(s.one));
             yield();
         }
     }},
    {"group leader and dictionary",
     [](stage& s) {
         group_leader(s.other, self());
         group_leader(s.one, s.other);
         put("key"_a, tuple("value"_a, "some bytes to carry"));
         put("key"_a, get("key"_a));
         static_cast<void>(erase("key"_a));
         put("other"_a, list(1, 2));
         bump_reductions(5);
         yield();
     },
     &rest},
    {"blocking",
     [](stage& s) {
         const counted here(s);
         blocking([&] { const counted there(s); });
         try {
             blocking([] { throw std::runtime_error("inside"); });
         } catch (const std::runtime_error&) {
             for (int i = 0; i < 5; ++i)
                 yield();
         }
     },
     &rest},
    {"objects as messages",
     [](stage& s) {
         for (int i = 0; i < 3; ++i)
             send(s.other, counted(s));
         receive(on<counted>([](counted&&) { yield(); }));
     },
     [](stage& s) {
         for (;;)
             receive(on<counted>([&](counted&& c) { send(s.one, std::move(c)); }));
     }},
    {"a flood of exits",
     [](stage&) {
         trap_exit(true);
         for (int i = 0; i < 6; ++i)
             static_cast<void>(receive());
     },
     [](stage& s) {
         for (int i = 0; i < 6; ++i)
             exit(s.one, tuple("flood"_a, i));
     },
     false, true, "{flood,0}"},
    {"exit to another",
     [](stage& s) {
         const counted here(s);
         exit(s.other, "normal"_a);
         exit(s.other, "shot"_a);
         until_down(monitor(s.other));
         exit(s.other, "shot"_a);
     },
     &rest, false, false, "shot"},
    {"exit of one's own",
     [](stage& s) {
         try {
             const counted here(s);
             exit("caught"_a);
         } catch (const process_exit&) {
             yield();
         }
         link(s.other);
         exit("own"_a);
     },
     &rest, false, false, "own"},
    {"an exception",
     [](stage& s) {
         try {
             const cleans_up here(s);
             throw std::runtime_error("own trouble");
         } catch (const std::runtime_error&) {
             const counted handling(s);
             yield();
             static_cast<void>(receive_if([](term_view) { return false; }, 1ms));
         }
     },
     &rest, true},
    {"spawn with a stack and a limit of its own",
     [](stage& s) {
         const spawn_options own{.name = "a_child"_a,
                                 .max_mailbox = mailbox_limit{1, mailbox_policy::drop, s.other},
                                 .stack_size = 1U << 20};
         s.child = spawn_link([&s, here = counted(s)] { rest(s); }, own);
         for (int i = 0; i < 4; ++i)
             send(s.child, tuple(i, "some bytes to carry"));
         spawn_link(std::make_unique<child_handler>(s), {.stack_size = 1U << 20});
         rest(s);
     },
     &rest, false, false, "killed"},
    {"spawn_request",
     [](stage& s) {
         const reference ref = spawn_request([&s, here = counted(s)] { rest(s); }, {.link = true},
                                             {.monitor = true, .reply = spawn_reply::yes});
         s.child = element<pid>(*receive_if(ref, [](term_view m) { return m.is_tuple(4); }), 3);
         spawn_request([here = counted(s)] {}, {.name = "a_child"_a}, {.reply = spawn_reply::error_only});
         static_cast<void>(spawn_request_abandon(spawn_request([here = counted(s)] {})));
         rest(s);
     },
     &rest, false, false, "killed"},
    {"a limited mailbox",
     [](stage& s) {
         static_cast<void>(max_mailbox(mailbox_limit{2, mailbox_policy::drop, s.other}));
         for (int i = 0; i < 3; ++i) {
             send(s.other, tuple(self(), "some bytes to carry"));
             static_cast<void>(receive_if([](term_view m) { return m.is_atom("last"_a); }, 1ms));
             while (receive_if([](term_view) { return true; }, 0ns)) {
             }
         }
         static_cast<void>(max_mailbox(std::nullopt));
     },
     [](stage& s) {
         for (;;) {
             static_cast<void>(receive_if([](term_view m) { return m.is_tuple(2); }));
             for (int i = 0; i < 4; ++i)
                 send(s.one, tuple(i, "some bytes to carry"));
         }
     }},
    {"spawn_request without a node",
     [](stage&) {
         const reference ref = spawn_request("no@where"_a, "m"_a, "f"_a, list(1), {.link = true});
         static_cast<void>(receive_if(ref, [](term_view) { return true; }));
         static_cast<void>(spawn_request("no@where"_a, "m"_a, "f"_a, list(1), {.monitor = true}));
     },
     &rest},
};

system_options one_reduction_at_a_time(std::uint64_t seed) {
    system_options o{.simulation = true, .seed = seed, .reorder_signals = seed % 2 == 1, .reductions = 1};
    o.log = [](const log_event&) {};  // full mailboxes are what is tried here
    return o;
}

class kill_everywhere : public ::testing::TestWithParam<std::uint64_t> {
protected:
    static void try_all(const ending_kind& how) {
        for (const operation& what : operations) {
            if (what.traps && how.reason != "kill"_a) continue;
            if (how.victim == who::child && std::string_view(what.name).substr(0, 5) != "spawn") continue;
            try_every_point(what, how, [](const auto& body) {
                rakka::system sys(one_reduction_at_a_time(GetParam()));
                theatre where(sys);
                body(where);
                EXPECT_EQ(sys.stop(), 0U);
            });
        }
    }
};
/// 0: in order. Odd ones reorder signals.
INSTANTIATE_TEST_SUITE_P(seeds, kill_everywhere, ::testing::Range(std::uint64_t{0}, std::uint64_t{4}));

TEST_P(kill_everywhere, kill) {
    try_all({who::one, "kill"_a, false});
}

TEST_P(kill_everywhere, kill_of_the_other_side) {
    try_all({who::other, "kill"_a, false});
}

TEST_P(kill_everywhere, kill_of_a_child) {
    try_all({who::child, "kill"_a, false});
}

TEST_P(kill_everywhere, an_exit_signal) {
    try_all({who::one, "stop"_a, false});
}

TEST_P(kill_everywhere, an_exit_signal_to_the_other_side) {
    try_all({who::other, "stop"_a, false});
}

TEST_P(kill_everywhere, kill_of_one_whose_destructors_send_and_wait) {
    try_all({who::one, "kill"_a, true});
}

TEST_P(kill_everywhere, kill_of_the_other_side_when_destructors_send_and_wait) {
    try_all({who::other, "kill"_a, true});
}

TEST(kill_everywhere_again, takes_no_further_stack) {
    for (const operation& what : operations) {
        for (std::size_t slices = 0; slices < 60; ++slices) {
            SCOPED_TRACE(std::string(what.name) + ", cut off after " + std::to_string(slices) + " slices");
            rakka::system sys(one_reduction_at_a_time(0));
            theatre where(sys);
            std::size_t stacks = 0;
            bool more = false;
            for (int round = 0; round < 4; ++round) {
                performance show(where, what, {who::one, "kill"_a, false});
                more = show.run(slices);
                show.cut_off();
                const std::size_t now = sys.core().scheduling().stacks().stacks;
                if (round == 0) stacks = now;
                EXPECT_EQ(now, stacks);
            }
            if (!more || ::testing::Test::HasFailure()) break;
        }
    }
}

TEST(kill_everywhere_again, before_the_first_slice) {
    for (const atom reason : {"kill"_a, "stop"_a}) {
        rakka::system sys(one_reduction_at_a_time(0));
        stage s(sys);
        const std::array<pid, 2> both{sys.spawn([here = counted(s)] {}, {.name = "body"_a}),
                                      sys.spawn(std::make_unique<child_handler>(s), {.name = "handler"_a})};
        for (const pid& p : both) {
            sys.send(p, tuple("message"_a, "some bytes to carry"));
            sys.exit(p, reason);
        }
        sys.run_until_idle();
        EXPECT_EQ(sys.process_count(), 0U);
        EXPECT_EQ(s.objects, 0);
        EXPECT_TRUE(sys.registered().empty());
    }
}

}  // namespace
}  // namespace rakka::testing
