// Tasks for the engine's tests: small stand-ins for processes.
#pragma once

#include "engine/blocking_pool.hpp"
#include "engine/current.hpp"
#include "engine/reductions.hpp"
#include "engine/scheduler.hpp"
#include "engine/scheduler_state.hpp"
#include "engine/task.hpp"
#include "engine/worker.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace rakka::detail::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool under_thread_sanitizer = true;
#else
inline constexpr bool under_thread_sanitizer = false;
#endif
#else
inline constexpr bool under_thread_sanitizer = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_address_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool under_address_sanitizer = true;
#else
inline constexpr bool under_address_sanitizer = false;
#endif
#else
inline constexpr bool under_address_sanitizer = false;
#endif
inline constexpr bool under_sanitizer = under_thread_sanitizer || under_address_sanitizer;

/// Runs a function as its body.
class body_task final : public task {
public:
    body_task(scheduler& home, std::function<void()> body, task_priority p = task_priority::normal)
        : task(home, p), body_(std::move(body)) {}

private:
    step run_slice() noexcept override {
        body_();
        return step::done;
    }
    std::function<void()> body_;
};

/// Runs `fn` on the side pool of the current task's scheduler while the task waits. What it throws is thrown
/// here.
template <class F>
void run_blocking(F&& fn) {
    struct call {
        F& fn;
        task* caller;
        std::exception_ptr error;
    } c{fn, current_task(), nullptr};
    const blocking_pool::job j{[](void* p) noexcept {
                                   call& here = *static_cast<call*>(p);
                                   try {
                                       here.fn();
                                   } catch (...) {
                                       here.error = std::current_exception();
                                   }
                                   make_runnable(*here.caller);  // from here on the call is gone
                               },
                               &c};
    blocking_pool& pool = c.caller->home().internals().blocking;
    bool accepted = true;
    suspend_current([&]() noexcept -> bool {
        // Once accepted, nothing of the caller's stack may be touched any more.
        if (pool.submit(j)) return true;
        accepted = false;
        return false;
    });
    if (!accepted) fn();
    if (c.error) std::rethrow_exception(c.error);
}

/// One slice per call of a function, which says how to go on.
class handler_task final : public task {
public:
    handler_task(scheduler& home, std::function<step()> handler, task_priority p = task_priority::normal)
        : task(home, p), handler_(std::move(handler)) {}

private:
    step run_slice() noexcept override { return handler_(); }
    std::function<step()> handler_;
};

/// A mailbox reduced to its head: counts tokens, and holds the state of its reader as a mailbox's head does.
class token_box {
public:
    explicit token_box(bool asleep) noexcept : state_(asleep ? asleep_bit : 0) {}

    void set_reader(task& t) noexcept { reader_ = &t; }

    /// Any thread.
    void post() noexcept {
        std::uint64_t s = state_.load(std::memory_order_relaxed);
        while (!state_.compare_exchange_weak(s, (s & ~asleep_bit) + one, std::memory_order_acq_rel)) {
        }
        if ((s & asleep_bit) != 0) make_runnable(*reader_);
    }

    /// Owner: takes one token if there is one.
    [[nodiscard]] bool take() noexcept {
        if (state_.load(std::memory_order_acquire) < one) return false;
        state_.fetch_sub(one, std::memory_order_acq_rel);
        return true;
    }

    /// Owner: true when the reader is asleep from now on; false when there is a token.
    [[nodiscard]] bool fall_asleep() noexcept {
        std::uint64_t empty = 0;
        return state_.compare_exchange_strong(empty, asleep_bit, std::memory_order_acq_rel);
    }

    /// Owner on a fiber: waits for a token and takes it.
    void receive() {
        while (!take())
            suspend_current([this]() noexcept -> bool { return fall_asleep(); });
    }

private:
    static constexpr std::uint64_t asleep_bit = 1;
    static constexpr std::uint64_t one = 2;
    std::atomic<std::uint64_t> state_;
    task* reader_ = nullptr;
};

/// A task made of a body with a box of its own.
struct boxed_body {
    boxed_body(scheduler& home, std::function<void(token_box&)> body)
        : box(false), runner(home, [this, body = std::move(body)] { body(box); }) {
        box.set_reader(runner);
    }
    token_box box;
    body_task runner;
};

/// Blocks the calling (foreign) thread until it has been counted down to zero.
class countdown {
public:
    explicit countdown(std::uint32_t n) noexcept : left_(n) {}
    void down() noexcept {
        if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) left_.notify_all();
    }
    void wait() const noexcept {
        for (std::uint32_t n = left_.load(std::memory_order_acquire); n != 0;
             n = left_.load(std::memory_order_acquire)) {
            left_.wait(n, std::memory_order_acquire);
        }
    }
    [[nodiscard]] std::uint32_t left() const noexcept { return left_.load(std::memory_order_acquire); }

private:
    std::atomic<std::uint32_t> left_;
};

}  // namespace rakka::detail::test
