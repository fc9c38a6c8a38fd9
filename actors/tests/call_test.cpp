// gen::call, the client's half of every call to a behaviour. Rules from gen.erl's protocol [protocol §7.1].
#include "actors_support.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <optional>
#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(calls);

const atom label = "$gen_call"_a;

/// Answers `echo` at once; keeps the sender of `later` and answers it before the next one; has other words
/// for each way a server may behave.
class echo_server final : public message_handler {
public:
    next handle(term message) override {
        const auto request = gen::as_request(message);
        if (!request) return message.is_atom("stop"_a) ? next::stop("stopped"_a) : next::wait();
        if (request->body.is_atom("stop"_a)) return next::stop(term(tuple("asked"_a, 1)));
        if (request->body.is_atom("nothing"_a)) return next::wait();
        if (request->body.is_atom("later"_a)) {
            waiting_ = request->sender;
        } else if (request->body.is_atom("by_another"_a)) {
            spawn([to = request->sender] { reply(to, "from_another"_a); });
        } else if (request->body.is_atom("by_message"_a)) {
            send(request->sender.client, tuple(request->sender.tag, "plain"_a));
        } else if (request->body.is_atom("twice"_a)) {
            reply(request->sender, "first"_a);
            reply(request->sender, "second"_a);
        } else {
            if (waiting_) reply(*std::exchange(waiting_, std::nullopt), "at_last"_a);
            reply(request->sender, tuple("echo"_a, request->body));
        }
        return next::wait();
    }

private:
    std::optional<from> waiting_;
};

pid start_server() {
    return spawn(std::make_unique<echo_server>());
}

std::string ask(const destination& server, const term& what,
                std::optional<std::chrono::milliseconds> limit = 20s) {
    const auto answer = gen::call(server, label, what, limit);
    return answer ? text(*answer) : "failed: " + text(answer.error().reason);
}

/// How many processes watch `p`.
std::size_t watchers_of(const pid& p) {
    const auto about = process_info(p);
    return about ? about->monitored_by.size() : 999;
}

TEST_P(calls, are_answered_and_leave_no_monitor) {
    in_process([] {
        const pid server = start_server();
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(ask(server, term(i)), "{echo," + std::to_string(i) + "}");
        EXPECT_EQ(watchers_of(server), 0U);
        EXPECT_TRUE(process_info(self())->monitors.empty());
        EXPECT_TRUE(mailbox_is_empty());
        exit(server, "kill"_a);
    });
}

TEST_P(calls, may_be_answered_by_another_process_or_by_a_plain_message) {
    in_process([] {
        const pid server = start_server();
        EXPECT_EQ(ask(server, "by_another"_a), "from_another");
        EXPECT_EQ(ask(server, "by_message"_a), "plain");
        EXPECT_EQ(ask(server, "twice"_a), "first");
        EXPECT_EQ(ask(server, "x"_a), "{echo,x}");
        EXPECT_EQ(watchers_of(server), 0U);
        EXPECT_TRUE(mailbox_is_empty());
        exit(server, "kill"_a);
    });
}

TEST_P(calls, do_not_touch_what_waits_in_the_mailbox) {
    in_process([] {
        const pid server = start_server();
        for (int i = 0; i < 50; ++i)
            send(self(), i);
        EXPECT_EQ(ask(server, "a"_a), "{echo,a}");
        EXPECT_EQ(ask(server, "by_message"_a), "plain");
        for (int i = 0; i < 50; ++i)
            EXPECT_EQ(next_message(), term(i));
        exit(server, "kill"_a);
    });
}

TEST_P(calls, fail_with_the_reason_of_a_server_that_ends) {
    in_process([] {
        const pid server = start_server();
        EXPECT_EQ(ask(server, "stop"_a), "failed: {asked,1}");
        EXPECT_EQ(ask(server, "x"_a), "failed: noproc");
        EXPECT_EQ(ask("nobody_has_this_name"_a, "x"_a), "failed: noproc");
        EXPECT_EQ(ask(registered_name{"nobody"_a, this_system().node_name()}, "x"_a), "failed: noproc");
        EXPECT_EQ(ask(self(), "x"_a), "failed: calling_self");
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(calls, to_another_node_without_a_node_name_the_lost_node) {
    in_process([] {
        EXPECT_EQ(ask(registered_name{"server"_a, "far@away"_a}, "x"_a), "failed: {nodedown,far@away}");
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(calls, give_up_in_time_and_drop_a_reply_that_comes_later) {
    in_process([] {
        const pid server = start_server();
        EXPECT_EQ(ask(server, "later"_a, 5ms), "failed: timeout");
        EXPECT_EQ(watchers_of(server), 0U);
        EXPECT_EQ(ask(server, "x"_a), "{echo,x}");  // answers the other one first
        EXPECT_EQ(ask(server, "nothing"_a, 0ms), "failed: timeout");
        EXPECT_TRUE(mailbox_is_empty());
        exit(server, "kill"_a);
    });
}

TEST_P(calls, each_have_their_own_time_limit) {
    in_process([] {
        const pid server = start_server();
        // The timer of an answered call runs on: it must cut neither a longer call short nor make a shorter
        // one wait.
        EXPECT_EQ(ask(server, "x"_a, 20ms), "{echo,x}");
        EXPECT_EQ(ask(server, "x"_a, 60'000ms), "{echo,x}");
        const auto before = this_system().now();
        EXPECT_EQ(ask(server, "nothing"_a, 60ms), "failed: timeout");
        EXPECT_GE(this_system().now() - before, 60ms);
        EXPECT_LT(this_system().now() - before, 20s);
        exit(server, "kill"_a);
    });
}

TEST_P(calls, never_end_before_their_limit) {
    in_process([] {
        const pid server = start_server();
        constexpr int callers = 50;
        for (int i = 0; i < callers; ++i) {
            spawn([=, parent = self()] {
                // With the timer of an earlier call still running, of a long or a short one, and without any.
                if (i % 3 != 0) {
                    EXPECT_EQ(ask(server, "x"_a, i % 3 == 1 ? 60'000ms : 900ms), "{echo,x}");
                }
                static_cast<void>(receive_if([](term_view) { return false; }, std::chrono::milliseconds(i)));
                const auto before = this_system().now();
                EXPECT_EQ(ask(server, "nothing"_a, 1000ms), "failed: timeout");
                send(parent, (this_system().now() - before).count());
            });
        }
        for (int i = 0; i < callers; ++i) {
            const std::chrono::nanoseconds took(next_message().as<std::int64_t>().value());
            EXPECT_GE(took, 1s);
            EXPECT_LT(took, 20s);
        }
        exit(server, "kill"_a);
    });
}

TEST_P(calls, may_have_a_limit_beyond_what_a_clock_can_show) {
    in_process([] {
        const pid server = start_server();
        const auto helper = spawn_monitor([=] {
            EXPECT_EQ(ask(server, "later"_a, std::chrono::milliseconds::max()), "at_last");
            EXPECT_EQ(ask(server, "x"_a, std::chrono::milliseconds::max()), "{echo,x}");
            EXPECT_EQ(ask(server, "nothing"_a, std::chrono::milliseconds::min()), "failed: timeout");
        });
        while (watchers_of(server) == 0)
            yield();
        EXPECT_EQ(ask(server, "x"_a), "{echo,x}");
        EXPECT_EQ(text(down_reason(helper.ref)), "normal");
        exit(server, "kill"_a);
    });
}

TEST_P(calls, show_as_a_monitor_while_they_wait) {
    in_process([] {
        const pid server = start_server();
        const pid client = spawn([server] { static_cast<void>(gen::call(server, label, "nothing"_a, {})); });
        while (watchers_of(server) == 0)
            yield();
        const auto about = process_info(client);
        ASSERT_TRUE(about);
        EXPECT_EQ(about->monitors, std::vector<monitor_target>{server});
        exit(client, "kill"_a);
        await_end(client);
        while (watchers_of(server) != 0)  // its last signal to the server may still be under way
            yield();
        exit(server, "kill"_a);
    });
}

TEST_P(calls, of_a_client_that_unwinds_may_call_again) {
    in_process([] {
        const pid server = start_server();
        struct last_call {
            pid server;
            pid parent;
            ~last_call() { send(parent, tuple("last"_a, ask(server, "y"_a))); }
        };
        const pid parent = self();
        const auto client = spawn_monitor([server, parent] {
            const last_call at_the_end{server, parent};
            static_cast<void>(gen::call(server, label, "nothing"_a, {}));
        });
        while (watchers_of(server) == 0)
            yield();
        exit(client.pid, "why"_a);
        EXPECT_EQ(next_message(), term(tuple("last"_a, "{echo,y}")));
        EXPECT_EQ(text(down_reason(client.ref)), "why");
        exit(server, "kill"_a);
    });
}

TEST(call_time, an_answered_call_leaves_nothing_for_virtual_time_to_wait_for) {
    rakka::system sys({.simulation = true});
    const auto start = sys.now();
    sys.run([] {
        const pid server = start_server();
        EXPECT_EQ(ask(server, "x"_a, 5s), "{echo,x}");
        exit(server, "kill"_a);
    });
    sys.run_until_idle();
    EXPECT_LT(sys.now() - start, 1s);
}

TEST(call_time, an_idle_process_whose_old_limit_passes_goes_on) {
    rakka::system sys({.workers = 1});
    sys.run([] {
        const pid server = start_server();
        EXPECT_EQ(ask(server, "x"_a, 1ms), "{echo,x}");
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 20ms));
        EXPECT_EQ(ask(server, "y"_a, 20s), "{echo,y}");
        exit(server, "kill"_a);
    });
}

TEST(gen_protocol, a_request_read_from_a_message_that_is_given_away_takes_its_memory) {
    const term tag(tuple("a"_a, "tag"));
    const pid client{{}, 1, 2, 3};
    term call(tuple(label, tuple(client, tag), tuple("add"_a, 1, list(2))));
    const auto* const memory = call.owner();
    {
        const auto r = gen::as_request(std::move(call));
        ASSERT_TRUE(r);
        EXPECT_FALSE(call.has_value());  // NOLINT(bugprone-use-after-move): that is what is tested
        EXPECT_EQ(r->body.owner(), memory);
        EXPECT_EQ(r->sender.client, client);
        EXPECT_EQ(r->sender.tag, tag);
        EXPECT_TRUE(r->label.is_atom(label));
    }
    for (const term& other : {term(tuple(label, 1, 2)), term(tuple(label, tuple(1, 2), 3)), term(list(1))}) {
        term message = other;
        EXPECT_FALSE(gen::as_request(std::move(message)));
        EXPECT_EQ(message, other);  // NOLINT(bugprone-use-after-move): it is left alone
    }
}

}  // namespace
}  // namespace rakka::testing
