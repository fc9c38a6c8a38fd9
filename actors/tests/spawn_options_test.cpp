// What spawn_options ask for, one by one; what process_info() says of it.
#include "actors_support.hpp"

#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(spawn_option);

bool has_threads(const system& s) {
    return s.mode() == runtime_mode::threaded;
}

// -- a thread of its own
// ---------------------------------------------------------------------------------------------

TEST_P(spawn_option, threaded_runs_on_a_thread_where_nobody_else_runs) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has one thread";
    in_process([] {
        const pid parent = self();
        const auto where = [] { return std::hash<std::thread::id>()(std::this_thread::get_id()); };
        const auto p = spawn_monitor(
            [&] {
                const auto home = where();
                for (int i = 0; i < 200; ++i) {
                    static_cast<void>(receive());
                    EXPECT_EQ(where(), home);
                    yield();
                    EXPECT_EQ(where(), home);
                }
                send(parent, static_cast<std::int64_t>(home >> 1));
            },
            {.threaded = true});
        EXPECT_TRUE(process_info(p.pid)->threaded);
        for (int i = 0; i < 200; ++i) {
            send(p.pid, i);
            EXPECT_NE(p.pid, self());
            yield();
        }
        const auto theirs = *next_message().as<std::int64_t>();
        EXPECT_NE(theirs, static_cast<std::int64_t>(where() >> 1));
        EXPECT_EQ(text(down_reason(p.ref)), "normal");
    });
}

TEST_P(spawn_option, a_threaded_process_may_hold_its_thread_for_ever) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has one thread";
    in_process([] {
        std::atomic<bool> go_on{false};
        std::vector<monitored_process> holders;
        for (int i = 0; i < 8; ++i)  // more than there are workers
            holders.push_back(spawn_monitor([&] { go_on.wait(false); }, {.threaded = true}));
        const auto other = spawn_monitor([] { yield(); });
        EXPECT_EQ(text(down_reason(other.ref)), "normal");
        go_on = true;
        go_on.notify_all();
        for (const auto& h : holders)
            EXPECT_EQ(text(down_reason(h.ref)), "normal");
    });
}

TEST_P(spawn_option, threads_end_with_their_processes_and_come_again) {
    in_process([] {
        for (int round = 0; round < 50; ++round) {
            std::vector<monitored_process> all;
            for (int i = 0; i < 8; ++i)
                all.push_back(spawn_monitor([] { static_cast<void>(receive()); }, {.threaded = true}));
            for (const auto& p : all) {
                if (round % 2 == 0) {
                    send(p.pid, "end"_a);
                } else {
                    exit(p.pid, "kill"_a);
                }
            }
            for (const auto& p : all)
                EXPECT_EQ(text(down_reason(p.ref)), round % 2 == 0 ? "normal" : "killed");
        }
    });
}

struct thread_local_probe {
    std::atomic<int>* ended = nullptr;
    ~thread_local_probe() {
        if (ended != nullptr) ++*ended;
    }
};
thread_local thread_local_probe probe_of_this_thread;  // NOLINT(rakka-mutable-global)

TEST_P(spawn_option, thread_locals_live_as_long_as_the_process) {
    if (GetParam().options.simulation) GTEST_SKIP() << "a simulation has one thread";
    std::atomic<int> ended{0};
    {
        rakka::system mine(GetParam().options);
        mine.run([&] {
            for (int i = 0; i < 5; ++i) {
                const auto p = spawn_monitor(
                    [&] {
                        EXPECT_EQ(probe_of_this_thread.ended, nullptr);  // not an earlier process's
                        probe_of_this_thread.ended = &ended;
                    },
                    {.threaded = true});
                EXPECT_EQ(text(down_reason(p.ref)), "normal");
            }
        });
    }
    EXPECT_EQ(ended, 5);
}

class echo_handler final : public message_handler {
public:
    next handle(term message) override {
        const pid from = *message.tuple()[0].as<pid>();
        send(from, tuple(self(), message.share(message.tuple()[1])));
        return message.tuple()[1].is_atom("stop"_a) ? next::stop("normal"_a) : next::timeout(5ms);
    }
    next handle_timeout() override {
        ++timeouts;
        return next::wait();
    }
    static inline std::atomic<int> timeouts{0};
};

TEST_P(spawn_option, handlers_may_have_a_thread_or_a_stack_of_their_own) {
    in_process([] {
        for (const spawn_options& how :
             {spawn_options{.threaded = true}, spawn_options{.stack_size = 1U << 22}}) {
            echo_handler::timeouts = 0;
            const pid p = spawn(std::make_unique<echo_handler>(), how);
            const reference ref = monitor(p);
            for (int i = 0; i < 10'000; ++i)
                send(p, tuple(self(), i));
            for (int i = 0; i < 10'000; ++i)
                ASSERT_EQ(element<int>(next_message(), 1), i);
            while (echo_handler::timeouts == 0)
                static_cast<void>(receive_if([](term_view) { return false; }, 5ms));
            send(p, tuple(self(), "stop"_a));
            EXPECT_TRUE(next_message().is(kind::tuple));
            EXPECT_EQ(text(down_reason(ref)), "normal");
        }
    });
}

// -- a stack of its own
// ----------------------------------------------------------------------------------------------

[[gnu::noinline]] std::size_t dig(std::size_t bytes) {
    volatile char hole[4096];
    hole[0] = 1;
    std::memset(const_cast<char*>(hole), 1, sizeof hole);
    return bytes <= sizeof hole ? static_cast<std::size_t>(hole[0])
                                : static_cast<std::size_t>(hole[1]) + dig(bytes - sizeof hole);
}

TEST_P(spawn_option, stack_size_is_room_to_go_deep) {
    in_process([] {
        constexpr std::size_t deep = std::size_t{12} << 20;
        for (int i = 0; i < 3; ++i) {
            const auto p = spawn_monitor(
                [] {
                    EXPECT_GT(dig(deep), 0U);
                    yield();
                    EXPECT_GT(dig(deep), 0U);
                },
                {.stack_size = deep + (deep >> 1)});
            EXPECT_EQ(text(down_reason(p.ref)), "normal");
        }
    });
}

TEST_P(spawn_option, a_stack_that_cannot_be_had_is_an_error_and_leaves_nothing_behind) {
    in_process([] {
        constexpr std::size_t too_much = std::size_t{1} << 60;
        const std::size_t before = processes().size();
        EXPECT_THROW(spawn_monitor([] {}, {.link = true, .name = "big"_a, .stack_size = too_much}),
                     process_exit);
        EXPECT_FALSE(whereis("big"_a));
        EXPECT_EQ(processes().size(), before);
        EXPECT_TRUE(process_info(self())->links.empty());
        EXPECT_TRUE(process_info(self())->monitors.empty());
        EXPECT_TRUE(mailbox_is_empty());
    });
    const auto refused = [&] { sys.spawn([] {}, {.stack_size = std::size_t{1} << 60}); };
    EXPECT_THROW(refused(), boost::system::system_error);
}

// -- priorities
// ------------------------------------------------------------------------------------------------------

TEST_P(spawn_option, urgent_processes_go_first) {
    if (GetParam().options.workers != 1 || has_threads(sys)) GTEST_SKIP() << "needs one worker and its order";
    in_process([] {
        const pid parent = self();
        const auto reporter = [parent] { send(parent, static_cast<int>(process_info(self())->priority)); };
        // The one who spawns them goes on until it waits.
        spawn(reporter, {.priority = process_priority::low});
        spawn(reporter, {.priority = process_priority::normal});
        spawn(reporter, {.priority = process_priority::high});
        spawn(reporter, {.priority = process_priority::max});
        std::vector<int> order;
        for (int i = 0; i < 4; ++i)
            order.push_back(*next_message().as<int>());
        EXPECT_EQ(order, (std::vector<int>{3, 2, 1, 0}));
    });
}

TEST_P(spawn_option, the_urgent_keep_the_others_waiting) {
    if (GetParam().options.workers != 1 || has_threads(sys)) GTEST_SKIP() << "needs one worker and its order";
    in_process([] {
        int ordinary = 0;
        int urgent = 0;
        set_priority(process_priority::max);
        const auto other = spawn_monitor([&] {
            for (;;) {
                ++ordinary;
                yield();
            }
        });
        const auto busy = spawn_monitor(
            [&] {
                for (; urgent < 1000; ++urgent)
                    yield();
                EXPECT_EQ(ordinary, 0);
            },
            {.priority = process_priority::high});
        EXPECT_EQ(text(down_reason(busy.ref)), "normal");
        exit(other.pid, "kill"_a);
        EXPECT_EQ(text(down_reason(other.ref)), "killed");
    });
}

TEST_P(spawn_option, the_priority_can_be_changed) {
    in_process([] {
        EXPECT_EQ(set_priority(process_priority::high), process_priority::normal);
        EXPECT_EQ(process_info(self())->priority, process_priority::high);
        EXPECT_EQ(set_priority(process_priority::low), process_priority::high);
        yield();
        EXPECT_EQ(set_priority(process_priority::normal), process_priority::low);
    });
}

// -- what can be asked
// -----------------------------------------------------------------------------------------------

TEST_P(spawn_option, process_info_knows_where_a_process_comes_from) {
    in_process([] {
        const pid top = self();
        const pid middle = spawn([top] {
            const pid me = self();
            const pid leaf = spawn([top, me] {
                const auto info = *process_info(self());
                EXPECT_EQ(info.parent, me);
                ASSERT_GE(info.ancestors.size(), 2U);
                EXPECT_EQ(info.ancestors[0], me);
                EXPECT_EQ(info.ancestors[1], top);
                send(me, "looked"_a);
                static_cast<void>(receive());
            });
            static_cast<void>(receive());
            send(top, leaf);
        });
        const pid leaf = *next_message().as<pid>();
        EXPECT_EQ(text(await_end(middle)).substr(0, 2), "no");  // normal or noproc
        const auto orphaned = *process_info(leaf);
        EXPECT_EQ(orphaned.ancestors, std::vector<pid>{middle});  // not further than to one that has ended
        EXPECT_EQ(orphaned.parent, middle);
        exit(leaf, "kill"_a);
    });
    const pid orphan = sys.spawn([] { static_cast<void>(receive()); });
    in_process([orphan] { EXPECT_EQ(process_info(orphan)->parent, std::nullopt); });
    sys.exit(orphan, "kill"_a);
}

TEST_P(spawn_option, process_info_names_the_code) {
    in_process([] {
        const pid handler = spawn(std::make_unique<echo_handler>());
        send(handler, tuple(self(), 1));
        static_cast<void>(next_message());
        while (process_info(handler)->status != process_status::waiting)
            yield();
        const auto about = *process_info(handler);
        EXPECT_NE(about.initial_call.find("echo_handler"), std::string::npos) << about.initial_call;
        EXPECT_NE(about.current_function.find("echo_handler::handle"), std::string::npos);
        const pid body = spawn_idle();
        EXPECT_NE(process_info(body)->initial_call.find("spawn_idle"), std::string::npos);
        exit(handler, "kill"_a);
        exit(body, "kill"_a);
    });
}

}  // namespace
}  // namespace rakka::testing

/// Its name is known when the program exports it, as this one does; outside of Rakka's namespace, as users'
/// code is.
[[gnu::noinline]] void wait_somewhere_known() {
    static_cast<void>(rakka::receive());
    asm volatile("" ::: "memory");  // not a tail call
}

namespace rakka::testing {
namespace {

TEST_P(spawn_option, process_info_finds_the_function_that_waits) {
    in_process([] {
        const pid p = spawn([] { wait_somewhere_known(); });
        while (process_info(p)->status != process_status::waiting)
            yield();
        EXPECT_EQ(process_info(p)->current_function, "wait_somewhere_known()");
        send(p, "go"_a);
    });
}

TEST_P(spawn_option, process_info_counts_memory) {
    in_process([] {
        const pid p =
            spawn([] { static_cast<void>(receive_if([](term_view v) { return v.is_atom("stop"_a); })); });
        while (process_info(p)->status != process_status::waiting)
            yield();
        const std::size_t before = process_info(p)->memory;
        EXPECT_GT(before, 256U);
        for (int i = 0; i < 100; ++i)
            send(p, tuple(std::string(1000, 'x'), i));
        const auto after = *process_info(p);
        EXPECT_EQ(after.message_queue_len, 100U);
        EXPECT_GT(after.memory, before + 100 * 16);
        send(p, "stop"_a);
    });
}

TEST_P(spawn_option, a_label_is_shown) {
    in_process([] {
        EXPECT_FALSE(label().has_value());
        set_label(tuple("worker"_a, 7));
        EXPECT_EQ(text(label()), "{worker,7}");
        EXPECT_EQ(text(process_info(self())->label), "{worker,7}");
        EXPECT_EQ(text(get("$process_label"_a)), "{worker,7}");  // where proc_lib keeps it
        set_label({});
        EXPECT_FALSE(label().has_value());
    });
}

// -- asking for a process
// --------------------------------------------------------------------------------------------

TEST_P(spawn_option, spawn_request_answers_with_a_message) {
    in_process([] {
        const auto idle = [] { static_cast<void>(receive()); };
        const reference ref = spawn_request(idle, {.name = "asked"_a}, {.link = true, .monitor = true});
        const term answer = next_message();
        const pid child = element<pid>(answer, 3);
        EXPECT_EQ(text(answer), text(tuple("spawn_reply"_a, ref, "ok"_a, child)));
        EXPECT_EQ(process_info(self())->links, std::vector<pid>{child});
        const reference taken = spawn_request(idle, {.name = "asked"_a}, {.reply_tag = "mine"_a});
        EXPECT_EQ(text(next_message()), text(tuple("mine"_a, taken, "error"_a, "badarg"_a)));
        spawn_request(idle, {.name = "asked"_a}, {.reply = spawn_reply::success_only});
        spawn_request(idle, {.name = "asked"_a}, {.reply = spawn_reply::no});
        spawn_request([] {}, {}, {.reply = spawn_reply::error_only});
        EXPECT_TRUE(mailbox_is_empty());
        trap_exit(true);
        send(child, "end"_a);
        // The exit of the link and the 'DOWN' of the monitor, in either order.
        std::set<std::string> seen{text(next_message()), text(next_message())};
        EXPECT_TRUE(seen.contains(text(tuple("EXIT"_a, child, "normal"_a))));
        EXPECT_TRUE(seen.contains(text(tuple("DOWN"_a, ref, "process"_a, child, "normal"_a))));
        EXPECT_FALSE(spawn_request_abandon(ref));  // answered long ago
    });
}

TEST_P(spawn_option, spawn_request_says_when_there_is_no_room) {
    system_options small = GetParam().options;
    small.max_processes = 2;
    rakka::system few(small);
    few.run([] {
        const pid other = spawn_idle();
        const reference ref = spawn_request([] {});
        EXPECT_EQ(text(next_message()), text(tuple("spawn_reply"_a, ref, "error"_a, "system_limit"_a)));
        exit(other, "kill"_a);
    });
}

// -- starting
// --------------------------------------------------------------------------------------------------------

TEST_P(spawn_option, nothing_runs_before_the_start) {
    system_options later = GetParam().options;
    later.start_at_once = false;
    rakka::system mine(later);
    std::atomic<int> ran{0};
    const pid first = mine.spawn([&] { ran += *receive().as<int>(); });
    mine.spawn([&] { ++ran; }, {.threaded = true});
    EXPECT_TRUE(mine.send(first, 10));
    EXPECT_FALSE(mine.running());
    EXPECT_EQ(ran, 0);
    EXPECT_EQ(mine.process_count(), 2U);
    mine.start();
    mine.start();
    EXPECT_TRUE(mine.running());
    mine.run_until_done();
    EXPECT_EQ(ran, 11);
    mine.stop();
    EXPECT_FALSE(mine.running());
}

TEST_P(spawn_option, run_until_done_starts) {
    system_options later = GetParam().options;
    later.start_at_once = false;
    std::atomic<int> ran{0};
    rakka::system mine(later);
    mine.spawn([&] { ++ran; });
    mine.run_until_done();
    EXPECT_EQ(ran, 1);
    if (later.reorder_signals) return;  // there the kill may come late
    const auto held = std::make_shared<int>(0);
    rakka::system never_started(later);
    never_started.spawn([&ran, held] { ++ran; });
    never_started.spawn([&ran, held] { ++ran; }, {.threaded = true});
    EXPECT_EQ(held.use_count(), 3);
    EXPECT_EQ(never_started.stop(), 0U);
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(held.use_count(), 1);
    rakka::system started_by_run(later);
    EXPECT_EQ(started_by_run.run([] { return 7; }), 7);
}

TEST_P(spawn_option, a_handler_looks_at_its_signals_between_messages_on_whatever_stack) {
    class counter final : public message_handler {
    public:
        explicit counter(std::atomic<int>& handled) : handled_(handled) {}
        next handle(term) override {
            if (++handled_ == 1000) this_system().exit(self(), "enough"_a);
            bump_reductions(100);
            return next::wait();
        }

    private:
        std::atomic<int>& handled_;
    };
    for (const spawn_options& how :
         {spawn_options{}, spawn_options{.stack_size = 1U << 20}, spawn_options{.threaded = true}}) {
        std::atomic<int> handled{0};
        in_process([&] {
            const auto [p, ref] = spawn_monitor(std::make_unique<counter>(handled), how);
            for (int i = 0; i < 20'000; ++i)
                send(p, i);
            EXPECT_EQ(text(down_reason(ref)), "enough");
        });
        EXPECT_LT(handled, 2000) << how.stack_size << how.threaded;
    }
}

}  // namespace
}  // namespace rakka::testing
