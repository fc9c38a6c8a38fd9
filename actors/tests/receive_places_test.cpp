// Receives in places where a program may well have them: in functions that handlers call, in callbacks,
// during unwinding, as last words; and their limits at the edges. Erlang's reference manual, "Expressions:
// Receive".
#include "actors_support.hpp"

#include <rakka/actors/gen_protocol.hpp>

#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(receive_places);

bool everything(term_view) {
    return true;
}
bool nothing(term_view) {
    return false;
}

/// Waits for `word` or says how long it has waited.
std::string word_or_limit(atom word, std::chrono::nanoseconds limit) {
    return receive(on(word, [word] { return std::string(word.text()); }),
                   after(limit, [] { return std::string("limit"); }));
}

TEST_P(receive_places, a_function_that_a_handler_calls_may_have_a_limit_of_its_own) {
    in_process([] {
        send(self(), tuple("outer"_a, 1));
        send(self(), "there"_a);
        const auto before = this_system().now();
        const std::string all = receive(on(tuple_of("outer"_a, x<int>),
                                           [](int) {
                                               return word_or_limit("absent"_a, 4ms) + "," +
                                                      word_or_limit("there"_a, 1h) + "," +
                                                      word_or_limit("absent"_a, 0ms);
                                           }),
                                        after(1h, [] { return std::string("outer limit"); }));
        EXPECT_EQ(all, "limit,there,limit");
        EXPECT_GE(this_system().now() - before, 4ms);
        EXPECT_LT(this_system().now() - before, 1h);
    });
}

TEST_P(receive_places, an_after_handler_may_receive_with_limits) {
    in_process([] {
        send(self(), "kept"_a);
        const std::string all = receive(
            on("absent"_a, [] { return std::string("absent"); }),
            after(2ms, [] { return word_or_limit("absent"_a, 2ms) + "," + word_or_limit("kept"_a, 1h); }));
        EXPECT_EQ(all, "limit,kept");
        EXPECT_TRUE(mailbox_is_empty());
    });
}

/// Receives and calls inside its callbacks.
class asking_handler final : public message_handler {
public:
    asking_handler(pid parent, pid server) : parent_(parent), server_(server) {}
    next init() override {
        send(parent_, tuple("init"_a, receive_if(everything, 2ms) ? "message"_a : "limit"_a));
        return next::wait();
    }
    next handle(term m) override {
        if (!m.is_atom("ask"_a)) return next::wait();
        const bool early = receive_if([](term_view v) { return v.is_atom("answer"_a); }, 2ms).has_value();
        send(parent_, tuple("asks"_a, early));
        const bool late = receive_if([](term_view v) { return v.is_atom("answer"_a); }, 1h).has_value();
        const auto served = gen::call(server_, "$gen_call"_a, term("question"_a), 1h);
        const auto unserved = gen::call(server_, "$gen_call"_a, term("keep_quiet"_a), 2ms);
        send(parent_, tuple("done"_a, late, served ? *served : term("failed"_a),
                            unserved ? term("answered"_a) : unserved.error().reason));
        return next::timeout(2ms);
    }
    next handle_timeout() override {
        static_cast<void>(receive_if(nothing, 2ms));
        send(parent_, "timed_out"_a);
        return next::wait();
    }
    void terminate(term_view why) noexcept override {
        const bool got = receive_if([](term_view v) { return v.is_atom("go"_a); }, 20s).has_value();
        const bool none = !receive_if(nothing, 2ms).has_value();
        const auto served = gen::call(server_, "$gen_call"_a, term("question"_a), 20s);
        send(parent_, tuple("terminated"_a, term::copy(why), got, none, served.has_value()));
    }

private:
    pid parent_;
    pid server_;
};

pid spawn_server() {
    return spawn([] {
        for (;;) {
            const auto request = gen::as_request(receive());
            if (request && request->body.is_atom("question"_a)) reply(request->sender, "reply"_a);
        }
    });
}

TEST_P(receive_places, callbacks_of_a_handler_may_wait_with_and_without_limits) {
    in_process([] {
        const pid server = spawn_server();
        const auto p = spawn_monitor(std::make_unique<asking_handler>(self(), server));
        EXPECT_EQ(text(next_message()), "{init,limit}");
        send(p.pid, "ask"_a);
        EXPECT_EQ(text(next_message()), "{asks,false}");
        send(p.pid, "ignored"_a);  // waits its turn, and cancels the limit of that message
        send(p.pid, "answer"_a);
        EXPECT_EQ(text(next_message()), "{done,true,reply,timeout}");
        EXPECT_FALSE(receive_if(everything, 20ms));
        send(p.pid, "ask"_a);
        EXPECT_EQ(text(next_message()), "{asks,false}");
        send(p.pid, "answer"_a);
        EXPECT_EQ(text(next_message()), "{done,true,reply,timeout}");
        EXPECT_TRUE(next_message().is_atom("timed_out"_a));
        exit(p.pid, "enough"_a);
        exit(p.pid, "again"_a);
        send(p.pid, "go"_a);
        EXPECT_EQ(text(next_message()), "{terminated,enough,true,true,true}");
        EXPECT_EQ(text(down_reason(p.ref)), "enough");
        exit(server, "kill"_a);
    });
}

/// Receives with a limit in a destructor, and tells what came of it.
struct receives_at_end {
    pid parent;
    bool careful;
    ~receives_at_end() {
        std::optional<defer_exit> scope;
        if (careful) scope.emplace();
        send(parent, tuple("cleanup"_a, self()));
        const bool none = !receive_if(nothing, 2ms);
        const bool got = receive_if([](term_view v) { return v.is_atom("go"_a); }, 20s).has_value();
        send(parent, tuple("cleaned"_a, none, got));
    }
};

TEST_P(receive_places, a_destructor_may_receive_while_an_exception_passes) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            try {
                const receives_at_end outer{parent, false};
                const receives_at_end inner{parent, false};
                throw std::runtime_error("trouble");
            } catch (const std::runtime_error& e) {
                send(parent, std::string(e.what()));
            }
            send(parent, receive());
        });
        for (int i = 0; i < 2; ++i) {
            EXPECT_TRUE(next_message().is_tagged("cleanup"_a, 2));
            send(p.pid, "go"_a);
            EXPECT_EQ(text(next_message()), "{cleaned,true,true}");
        }
        EXPECT_EQ(text(next_message()), "<<\"trouble\">>");
        send(p.pid, "last"_a);
        EXPECT_TRUE(next_message().is_atom("last"_a));
        EXPECT_EQ(text(down_reason(p.ref)), "normal");
    });
}

TEST_P(receive_places, a_destructor_may_receive_while_an_exit_passes) {
    for (const bool by_signal : {false, true}) {
        in_process([by_signal] {
            const pid parent = self();
            const auto p = spawn_monitor([=] {
                const receives_at_end outer{parent, true};
                const receives_at_end inner{parent, true};
                if (!by_signal) exit("over"_a);
                static_cast<void>(receive_if(nothing));
            });
            if (by_signal) exit(p.pid, "over"_a);
            int cleaned = 0;
            // A signal that comes before the first slice leaves nothing to unwind.
            for (term m = next_message(); !m.view().is_tagged("DOWN"_a, 5); m = next_message()) {
                if (m.view().is_tagged("cleanup"_a, 2)) {
                    exit(p.pid, "another"_a);
                    send(p.pid, "go"_a);
                } else {
                    EXPECT_EQ(text(m), "{cleaned,true,true}");
                    ++cleaned;
                }
            }
            EXPECT_TRUE(cleaned == 2 || (by_signal && cleaned == 0)) << cleaned;
            EXPECT_FALSE(is_alive(p.pid));
        });
    }
}

TEST_P(receive_places, limits_may_be_zero_negative_or_beyond_all_time) {
    using std::chrono::nanoseconds;
    in_process([] {
        const auto before = this_system().now();
        for (const nanoseconds limit : {0ns, -1ns, nanoseconds(-1h), nanoseconds::min()}) {
            EXPECT_FALSE(receive_if(everything, limit));
            EXPECT_EQ(word_or_limit("absent"_a, limit), "limit");
            send(self(), "there"_a);
            EXPECT_TRUE(receive_if(everything, limit));
        }
        EXPECT_LT(this_system().now() - before, 10s);
        for (const nanoseconds limit :
             {nanoseconds::max(), nanoseconds::max() - 1ns, nanoseconds::max() - before}) {
            send_after(3ms, self(), "late"_a);
            EXPECT_TRUE(receive_if(everything, limit));
            send_after(3ms, self(), "late"_a);
            EXPECT_EQ(word_or_limit("late"_a, limit), "late");
            const reference ref = make_reference();
            send_after(3ms, self(), ref);
            EXPECT_TRUE(receive_if(
                ref, [](term_view v) { return v.is(kind::reference); }, limit));
        }
        send_after(3ms, self(), make_reference());
        EXPECT_TRUE(receive_if(
            make_reference(), [](term_view v) { return v.is(kind::reference); }, std::nullopt));
    });
}

TEST_P(receive_places, a_predicate_that_throws_leaves_every_message) {
    in_process([] {
        for (int i = 0; i < 4; ++i)
            send(self(), i);
        const auto throws_at_two = [](term_view v) -> bool {
            if (v.as<int>() == 2) throw std::range_error("two");
            return false;
        };
        EXPECT_THROW(static_cast<void>(receive_if(throws_at_two)), std::range_error);
        EXPECT_THROW(static_cast<void>(receive_if(throws_at_two, 1h)), std::range_error);
        EXPECT_THROW(receive(on(when(x<int>, [](int) -> bool { throw 5; }), [](int) {}), after(1h, [] {})),
                     int);
        for (int i = 0; i < 4; ++i)
            EXPECT_EQ(next_message(), term(i));
        // And when the message comes while it waits, with a timer running.
        send_after(2ms, self(), 2);
        EXPECT_THROW(static_cast<void>(receive_if(throws_at_two, 1h)), std::range_error);
        EXPECT_EQ(next_message(), term(2));
        EXPECT_FALSE(receive_if(everything, 2ms));
    });
}

TEST_P(receive_places, a_predicate_that_exits_ends_the_process) {
    in_process([] {
        const auto p = spawn_monitor([] {
            send(self(), "message"_a);
            static_cast<void>(receive_if([](term_view) -> bool { exit("from_predicate"_a); }, 1h));
        });
        EXPECT_EQ(text(down_reason(p.ref)), "from_predicate");
    });
}

}  // namespace
}  // namespace rakka::testing
