// Handler-loop processes: stackless between two messages.
#include "actors_support.hpp"

#include <stdexcept>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(handlers);

/// Answers {add, N, From}; obeys a few other words.
class counter : public message_handler {
public:
    explicit counter(pid parent) : parent_(parent) {}
    next init() override {
        send(parent_, tuple("init"_a, self()));
        return next::wait();
    }
    next handle(term message) override {
        if (message.is_tagged("add"_a, 2)) {
            sum_ += element<int>(message, 1);
        } else if (message.is_atom("get"_a)) {
            send(parent_, sum_);
        } else if (message.is_atom("stop"_a)) {
            return next::stop(tuple("sum"_a, sum_));
        } else if (message.is_atom("throw"_a)) {
            throw std::runtime_error("handler");
        } else if (message.is_atom("trap"_a)) {
            trap_exit(true);
        } else if (message.is_atom("ask"_a)) {
            send(parent_, "question"_a);
            sum_ += receive(on(tuple_of("answer"_a, x<int>), [](int i) { return i; }));
        } else if (message.is_atom("timeout"_a)) {
            return next::timeout(5ms);
        } else if (message.is_atom("timeout0"_a)) {
            return next::timeout(0ms);
        } else {
            send(parent_, tuple("other"_a, message));
        }
        return next::wait();
    }
    next handle_timeout() override {
        send(parent_, "timed_out"_a);
        return next::wait();
    }
    void terminate(term_view reason) noexcept override {
        send(parent_, tuple("terminate"_a, term::copy(reason)));
    }

private:
    pid parent_;
    int sum_ = 0;
};

monitored_process start_counter() {
    const auto p = spawn_monitor(std::make_unique<counter>(self()));
    EXPECT_EQ(next_message(), term(tuple("init"_a, p.pid)));
    return p;
}

TEST_P(handlers, messages_are_handled_one_at_a_time_in_order) {
    in_process([] {
        const auto p = start_counter();
        for (int i = 1; i <= 1000; ++i)
            send(p.pid, tuple("add"_a, i));
        send(p.pid, "get"_a);
        EXPECT_EQ(text(next_message()), "500500");
        exit(p.pid, "kill"_a);
    });
}

TEST_P(handlers, stop_ends_the_process_after_terminate) {
    in_process([] {
        const auto p = start_counter();
        send(p.pid, tuple("add"_a, 5));
        send(p.pid, "stop"_a);
        EXPECT_EQ(text(next_message()), "{terminate,{sum,5}}");
        EXPECT_EQ(text(down_reason(p.ref)), "{sum,5}");
    });
}

TEST_P(handlers, an_exception_ends_the_process_after_terminate) {
    in_process([] {
        const auto p = start_counter();
        send(p.pid, "throw"_a);
        EXPECT_TRUE(next_message().is_tagged("terminate"_a, 2));
        EXPECT_EQ(text(down_reason(p.ref)),
                  "{{cpp_exception,<<\"std::runtime_error\">>,<<\"handler\">>},[]}");
    });
}

TEST_P(handlers, an_exit_signal_ends_an_idle_handler) {
    in_process([] {
        const auto p = start_counter();
        exit(p.pid, "enough"_a);
        EXPECT_EQ(text(next_message()), "{terminate,enough}");
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
        const auto q = start_counter();
        exit(q.pid, "kill"_a);
        EXPECT_EQ(text(next_message()), "{terminate,killed}");
        EXPECT_EQ(text(down_reason(q.ref)), "killed");
    });
}

TEST_P(handlers, a_trapped_exit_arrives_as_a_message) {
    in_process([] {
        const auto p = start_counter();
        send(p.pid, "trap"_a);
        send(p.pid, "get"_a);  // a signal overtakes messages that wait, so the flag must be set first
        EXPECT_EQ(text(next_message()), "0");
        exit(p.pid, "why"_a);
        EXPECT_EQ(next_message(), term(tuple("other"_a, tuple("EXIT"_a, self(), "why"_a))));
        EXPECT_TRUE(is_alive(p.pid));
        exit(p.pid, "kill"_a);
    });
}

TEST_P(handlers, a_callback_may_receive) {
    in_process([] {
        const auto p = start_counter();
        send(p.pid, "ask"_a);
        send(p.pid, tuple("add"_a, 1));
        EXPECT_TRUE(next_message().is_atom("question"_a));
        send(p.pid, tuple("answer"_a, 10));
        send(p.pid, "get"_a);
        EXPECT_EQ(text(next_message()), "11");
        exit(p.pid, "kill"_a);
    });
}

TEST_P(handlers, an_exit_signal_ends_a_handler_that_waits_in_a_callback) {
    in_process([] {
        const auto p = start_counter();
        send(p.pid, "ask"_a);
        EXPECT_TRUE(next_message().is_atom("question"_a));
        exit(p.pid, "x"_a);
        EXPECT_EQ(text(next_message()), "{terminate,x}");
        EXPECT_EQ(text(down_reason(p.ref)), "x");
    });
}

TEST_P(handlers, a_timeout_without_messages_is_told_once) {
    in_process([] {
        const auto p = start_counter();
        send(p.pid, "timeout"_a);
        EXPECT_TRUE(next_message().is_atom("timed_out"_a));
        send(p.pid, "timeout0"_a);
        EXPECT_TRUE(next_message().is_atom("timed_out"_a));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 20ms));
        exit(p.pid, "kill"_a);
    });
}

TEST_P(handlers, a_message_cancels_the_timeout) {
    in_process([] {
        const auto p = start_counter();
        // Both are there before the first is handled, however slow we are.
        send(p.pid, "ask"_a);
        EXPECT_TRUE(next_message().is_atom("question"_a));
        send(p.pid, "timeout"_a);
        send(p.pid, tuple("add"_a, 1));
        send(p.pid, tuple("answer"_a, 0));
        EXPECT_FALSE(receive_if([](term_view) { return true; }, 30ms));
        exit(p.pid, "kill"_a);
    });
}

TEST_P(handlers, exit_from_a_callback_is_the_reason) {
    in_process([] {
        struct exits final : message_handler {
            next init() override { exit("from_init"_a); }
            next handle(term) override { return next::wait(); }
        };
        EXPECT_EQ(text(down_reason(spawn_monitor(std::make_unique<exits>()).ref)), "from_init");
    });
}

TEST_P(handlers, an_idle_one_is_shown_as_waiting_with_the_reductions_it_has_used) {
    in_process([] {
        const auto p = start_counter();
        for (int i = 0; i < 100; ++i) {
            send(p.pid, "get"_a);
            static_cast<void>(next_message());
        }
        std::optional<process_information> info;
        // It answers the last message before it goes to sleep: the first looks may find it running.
        do {
            yield();
            info = process_info(p.pid);
        } while (info && info->status != process_status::waiting);
        ASSERT_TRUE(info);
        EXPECT_EQ(info->status, process_status::waiting);
        EXPECT_GE(info->reductions, 100U);
        exit(p.pid, "kill"_a);
    });
}

TEST_P(handlers, two_handlers_play_ping_pong) {
    in_process([] {
        struct player final : message_handler {
            explicit player(pid p) : parent(p) {}
            pid parent;
            next handle(term m) override {
                const int left = element<int>(m, 1);
                if (left == 0) {
                    send(parent, "done"_a);
                } else {
                    send(element<pid>(m, 0), tuple(self(), left - 1));
                }
                return next::wait();
            }
        };
        const pid a = spawn(std::make_unique<player>(self()));
        const pid b = spawn(std::make_unique<player>(self()));
        send(a, tuple(b, 20000));
        EXPECT_TRUE(next_message().is_atom("done"_a));
        exit(a, "kill"_a);
        exit(b, "kill"_a);
    });
}

/// Asks for a timeout of nothing, again and again.
class restless final : public message_handler {
    next init() override { return next::timeout(0ns); }
    next handle(term) override { return next::timeout(0ns); }
    next handle_timeout() override { return next::timeout(0ns); }
};

TEST_P(handlers, one_that_never_rests_lets_others_run) {
    in_process([] {
        const pid busy = spawn(std::make_unique<restless>());
        for (int i = 0; i < 20; ++i) {
            const auto other = spawn_monitor([] { yield(); });
            EXPECT_EQ(text(down_reason(other.ref)), "normal");
            EXPECT_TRUE(is_alive(busy));
        }
        exit(busy, "kill"_a);
        await_end(busy);
        EXPECT_FALSE(is_alive(busy));
    });
}

}  // namespace
}  // namespace rakka::testing
