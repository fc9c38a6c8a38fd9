#include "engine/current_thread.hpp"
#include "engine/fiber.hpp"
#include "engine_support.hpp"

#include <gtest/gtest.h>

#include <cfenv>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace rakka::detail::test {
namespace {

constexpr auto plenty = std::chrono::seconds(100);

TEST(fiber, exceptions_being_handled_stay_with_the_fiber_across_threads) {
    constexpr int tasks = 24;
    constexpr int rounds = under_sanitizer ? 20 : 200;
    scheduler s(scheduler_options{.workers = 4});
    std::atomic<int> wrong{0};
    std::atomic<int> moved{0};
    std::vector<std::unique_ptr<body_task>> all;
    for (int n = 0; n < tasks; ++n) {
        all.push_back(std::make_unique<body_task>(s, [&, n] {
            for (int i = 0; i < rounds; ++i) {
                const std::string outer = std::to_string(n) + "/" + std::to_string(i);
                try {
                    throw std::runtime_error(outer);
                } catch (const std::exception& e) {
                    const void* const thread = this_thread_mark();
                    // Others throw and catch on this thread, and block inside their handlers, meanwhile.
                    for (int k = 0; k < 3; ++k)
                        yield_current();
                    if (e.what() != outer) wrong.fetch_add(1);
                    try {
                        throw std::logic_error("inner");
                    } catch (...) {
                        yield_current();
                    }
                    try {
                        throw;
                    } catch (const std::exception& again) {
                        yield_current();
                        if (again.what() != outer) wrong.fetch_add(1);
                    }
                    if (std::uncaught_exceptions() != 0) wrong.fetch_add(1);
                    if (this_thread_mark() != thread) moved.fetch_add(1);
                }
                if (std::current_exception() != nullptr) wrong.fetch_add(1);
            }
        }));
        s.start(*all.back());
    }
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(wrong.load(), 0);
    RecordProperty("moved", moved.load());
}

TEST(fiber, a_handler_goes_on_with_its_exception_on_another_thread) {
    scheduler s(scheduler_options{.workers = 2});
    std::atomic<bool> hogging{false};
    std::atomic<bool> moved{false};
    // Keeps the worker on which the other task has blocked, and leaves an exception being handled there.
    body_task hog(s, [&] {
        try {
            throw std::logic_error("left behind");
        } catch (const std::exception&) {
            hogging.store(true);
            while (!moved.load())
                std::this_thread::yield();
        }
    });
    const void* before = nullptr;
    const void* after = nullptr;
    std::string caught;
    std::string current;
    boxed_body t(s, [&](token_box& box) {
        try {
            throw std::runtime_error("carried along");
        } catch (const std::exception& e) {
            before = this_thread_mark();
            std::thread waker([&] {
                while (!hogging.load())
                    std::this_thread::yield();
                box.post();
            });
            s.start(hog);  // nothing slow from here on: another worker would take it off this one
            box.receive();
            after = this_thread_mark();
            moved.store(true);
            waker.join();
            caught = e.what();
            try {
                throw;
            } catch (const std::exception& again) {
                current = again.what();
            }
        }
        EXPECT_EQ(std::current_exception(), nullptr);
    });
    s.start(t.runner);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_NE(before, after);
    EXPECT_EQ(caught, "carried along");
    EXPECT_EQ(current, "carried along");
}

TEST(fiber, destructors_may_block_while_an_exception_unwinds) {
    scheduler s(scheduler_options{.workers = 3});
    std::atomic<int> wrong{0};
    struct blocks_in_destructor {
        std::atomic<int>& wrong;
        ~blocks_in_destructor() {
            for (int k = 0; k < 3; ++k) {
                if (std::uncaught_exceptions() != 1) wrong.fetch_add(1);
                yield_current();
            }
        }
    };
    std::vector<std::unique_ptr<body_task>> all;
    for (int n = 0; n < 16; ++n) {
        all.push_back(std::make_unique<body_task>(s, [&, n] {
            for (int i = 0; i < 50; ++i) {
                try {
                    const blocks_in_destructor b{wrong};
                    throw n;
                } catch (const int caught) {
                    if (caught != n) wrong.fetch_add(1);
                }
                if (std::uncaught_exceptions() != 0) wrong.fetch_add(1);
                yield_current();
            }
        }));
        s.start(*all.back());
    }
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(wrong.load(), 0);
}

TEST(fiber, the_ambient_context_follows_the_task) {
    scheduler s(scheduler_options{.workers = 3});
    std::atomic<int> wrong{0};
    std::vector<std::unique_ptr<body_task>> all;
    for (int n = 0; n < 30; ++n) {
        all.push_back(std::make_unique<body_task>(s, [&] {
            task* const me = current_task();
            for (int i = 0; i < 300; ++i) {
                yield_current();
                if (current_task() != me || current_worker() == nullptr) wrong.fetch_add(1);
            }
        }));
    }
    for (auto& t : all)
        s.start(*t);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_EQ(current_task(), nullptr);
    EXPECT_EQ(current_worker(), nullptr);
}

#if defined(__x86_64__)

// There are two words of modes, and this is in one only.
void flush_tiny_numbers(bool on) {
    _MM_SET_FLUSH_ZERO_MODE(on ? _MM_FLUSH_ZERO_ON : _MM_FLUSH_ZERO_OFF);
}

bool tiny_numbers_are_flushed() {
    return _MM_GET_FLUSH_ZERO_MODE() == _MM_FLUSH_ZERO_ON;
}

class floating_point : public testing::TestWithParam<unsigned> {};

TEST_P(floating_point, modes_stay_with_the_task_that_sets_them) {
    scheduler s(scheduler_options{.workers = GetParam()});
    std::atomic<int> wrong{0};
    std::vector<std::unique_ptr<body_task>> all;
    constexpr int kinds[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TONEAREST, FE_TOWARDZERO};
    for (int n = 0; n < 40; ++n) {
        const int mine = kinds[n % 5];
        const bool flush = n % 3 == 0;
        all.push_back(std::make_unique<body_task>(s, [&, mine, flush] {
            const bool usual = std::fegetround() == FE_TONEAREST && !tiny_numbers_are_flushed();
            if (!usual) wrong.fetch_add(1);
            std::fesetround(mine);
            flush_tiny_numbers(flush);
            for (int i = 0; i < 200; ++i) {
                yield_current();
                if (std::fegetround() != mine || tiny_numbers_are_flushed() != flush) wrong.fetch_add(1);
            }
            std::fesetround(FE_TONEAREST);
            flush_tiny_numbers(false);
        }));
        s.start(*all.back());
    }
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(wrong.load(), 0);
}

TEST_P(floating_point, modes_of_a_blocked_task_are_not_those_of_tasks_without_a_stack) {
    scheduler s(scheduler_options{.workers = GetParam()});
    std::atomic<int> wrong{0};
    constexpr int rounds = 300;
    // Begins anew on the stack of the loop each time, between the slices of the other.
    class stackless final : public task {
    public:
        stackless(scheduler& home, std::atomic<int>& wrong) : task(home), wrong_(wrong) {}

    private:
        step run_slice() noexcept override {
            if (std::fegetround() != FE_TONEAREST || tiny_numbers_are_flushed()) wrong_.fetch_add(1);
            return --left_ > 0 ? step::again : step::done;
        }
        std::atomic<int>& wrong_;
        int left_ = rounds;
    };
    stackless other(s, wrong);
    body_task rounding(s, [&] {
        for (int i = 0; i < rounds; ++i) {
            std::fesetround(i % 2 == 0 ? FE_UPWARD : FE_DOWNWARD);
            flush_tiny_numbers(true);
            yield_current();
            if (std::fegetround() != (i % 2 == 0 ? FE_UPWARD : FE_DOWNWARD) || !tiny_numbers_are_flushed())
                wrong.fetch_add(1);
        }
        std::fesetround(FE_TONEAREST);
        flush_tiny_numbers(false);
    });
    s.start(rounding);
    s.start(other);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(wrong.load(), 0);
}

// A body is like a thread's function, and may be left by an exception anywhere.
TEST_P(floating_point, modes_of_a_task_end_with_it) {
    scheduler s(scheduler_options{.workers = GetParam()});
    std::atomic<int> wrong{0};
    constexpr int rounds = 200;
    const auto is_usual = [&] {
        if (std::fegetround() != FE_TONEAREST || tiny_numbers_are_flushed()) wrong.fetch_add(1);
    };
    const auto leave_others = [] {
        std::fesetround(FE_UPWARD);
        flush_tiny_numbers(true);
    };
    std::vector<std::unique_ptr<body_task>> all;
    const auto add = [&](const std::function<void()>& body) -> body_task& {
        all.push_back(std::make_unique<body_task>(s, body));
        return *all.back();
    };
    for (int i = 0; i < rounds; ++i) {
        s.start(add([&, i] {
            is_usual();
            leave_others();
            if (i % 2 == 0) yield_current();
        }));
        body_task& own = add([&] {
            is_usual();
            leave_others();
        });
        if (i < 20) s.give_stack(own, std::size_t{64} << 10);
        s.start(own);
        // One that is blocked meanwhile, and one that has not begun.
        s.start(add([&] {
            for (int n = 0; n < 4; ++n) {
                is_usual();
                yield_current();
            }
        }));
        s.start(add(is_usual));
    }
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(wrong.load(), 0);
}

// The first stack of a size is made by whoever needs it.
TEST_P(floating_point, modes_of_a_new_stack_are_not_those_of_who_asks_for_it) {
    scheduler s(scheduler_options{.workers = GetParam()});
    std::atomic<int> round{-1};
    body_task child(s, [&] { round.store(std::fegetround()); });
    body_task parent(s, [&] {
        std::fesetround(FE_DOWNWARD);
        s.give_stack(child, std::size_t{1} << 20);
        s.start(child);
        std::fesetround(FE_TONEAREST);
    });
    s.start(parent);
    EXPECT_EQ(s.stop(plenty), 0U);
    EXPECT_EQ(round.load(), FE_TONEAREST);
}

INSTANTIATE_TEST_SUITE_P(workers, floating_point, testing::Values(1U, 3U));

#endif

}  // namespace
}  // namespace rakka::detail::test
