// receive(on(pattern, handler)…, after(limit, handler)).
#include "actors_support.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(receive_clauses);

TEST_P(receive_clauses, the_first_matching_clause_gets_its_captures) {
    in_process([] {
        send(self(), tuple("add"_a, 2, 3));
        const int sum = receive(on(tuple_of("sub"_a, x<int>, x<int>), [](int a, int b) { return a - b; }),
                                on(tuple_of("add"_a, x<int>, x<int>), [](int a, int b) { return a + b; }));
        EXPECT_EQ(sum, 5);
    });
}

TEST_P(receive_clauses, messages_are_tried_in_the_order_of_arrival_not_of_clauses) {
    in_process([] {
        send(self(), "second"_a);
        send(self(), "first"_a);
        const auto which = [] {
            return receive(on("first"_a, [] { return 1; }), on("second"_a, [] { return 2; }));
        };
        EXPECT_EQ(which(), 2);
        EXPECT_EQ(which(), 1);
    });
}

TEST_P(receive_clauses, unmatched_messages_stay) {
    in_process([] {
        send(self(), 1);
        send(self(), "text");
        EXPECT_EQ(receive(on(x<std::string>, [](std::string s) { return s; })), "text");
        EXPECT_EQ(receive(on(x<int>, [](int i) { return i; })), 1);
    });
}

TEST_P(receive_clauses, after_runs_when_nothing_matches_in_time) {
    in_process([] {
        send(self(), "other"_a);
        const std::string out = receive(on("wanted"_a, [] { return std::string("message"); }),
                                        after(5ms, [] { return std::string("timeout"); }));
        EXPECT_EQ(out, "timeout");
        EXPECT_TRUE(receive().is_atom("other"_a));
    });
}

TEST_P(receive_clauses, after_alone_is_a_sleep) {
    in_process([] {
        const auto before = this_system().now();
        bool woke = false;
        receive(after(3ms, [&] { woke = true; }));
        EXPECT_TRUE(woke);
        EXPECT_GE(this_system().now() - before, 3ms);
    });
}

TEST_P(receive_clauses, handlers_may_return_nothing) {
    in_process([] {
        int seen = 0;
        send(self(), 9);
        receive(on(x<int>, [&](int i) { seen = i; }), after(1s, [] { FAIL(); }));
        EXPECT_EQ(seen, 9);
    });
}

TEST_P(receive_clauses, the_message_is_out_of_the_mailbox_when_its_handler_runs) {
    in_process([] {
        send(self(), tuple("outer"_a, 1));
        send(self(), tuple("inner"_a, 2));
        const int out = receive(on(tuple_of(any, x<int>), [](int a) {
            return a * 10 + receive(on(tuple_of(any, x<int>), [](int b) { return b; }));
        }));
        EXPECT_EQ(out, 12);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

TEST_P(receive_clauses, a_handler_that_throws_has_taken_its_message) {
    in_process([] {
        send(self(), 1);
        EXPECT_THROW(receive(on(x<int>, [](int) { throw 5; })), int);
        EXPECT_TRUE(mailbox_is_empty());
    });
}

/// The message ends with receive(): what points into it must not be given back.
template <class T, class Handler>
constexpr bool receives = requires(Handler handler, reference ref) {
    receive(on(x<T>, handler));
    receive(fresh{ref}, on(x<T>, handler),
            after(std::chrono::seconds(1), [] { return decltype(handler(std::declval<T>()))(); }));
};
static_assert(!receives<std::string_view, decltype([](std::string_view s) { return s; })>);
static_assert(!receives<term_view, decltype([](term_view v) { return std::optional(v); })>);
static_assert(receives<std::string_view, decltype([](std::string_view s) { return std::string(s); })>);
static_assert(receives<term, decltype([](term t) { return t; })>);

TEST_P(receive_clauses, captured_terms_outlive_the_message) {
    in_process([] {
        send(self(), tuple("data"_a, list(1, 2, 3)));
        const term kept = receive(on(tuple_of("data"_a, x<term>), [](term t) { return t; }));
        EXPECT_EQ(text(kept), "[1,2,3]");
    });
}

TEST_P(receive_clauses, a_fresh_reference_skips_what_was_there_before) {
    in_process([] {
        for (int i = 0; i < 100; ++i)
            send(self(), i);
        static_cast<void>(receive_if([](term_view) { return false; }, 0ns));
        const reference ref = make_reference();
        send(self(), tuple(ref, "answer"_a));
        int guards = 0;
        const auto counted = [&](term_view) { return ++guards, true; };
        receive(fresh{ref}, on(when(x<term_view>, counted), [](term_view) {}));
        EXPECT_EQ(guards, 1);
        EXPECT_EQ(*receive().as<int>(), 0);
    });
}

}  // namespace
}  // namespace rakka::testing
