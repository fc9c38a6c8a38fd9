// First in, first out queue of runnable tasks: one owner pushes and pops, any other worker may steal.
#pragma once

#include "engine/spin_lock.hpp"
#include "engine/task.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rakka::detail {

/// The front part is a ring that needs no lock (one compare-and-swap to take, none to add); what does not fit
/// waits behind it in a list under a lock, so that the order stays first in, first out at any length.
class run_queue {
public:
    run_queue() = default;
    run_queue(const run_queue&) = delete;
    run_queue& operator=(const run_queue&) = delete;

    /// Owner worker.
    void push(task& t) noexcept {
        const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
        const std::uint32_t head = head_.load(std::memory_order_acquire);
        if (tail - head < capacity && overflow_count_.load(std::memory_order_relaxed) == 0) {
            ring_[tail % capacity].store(&t, std::memory_order_relaxed);
            tail_.store(tail + 1, std::memory_order_release);
        } else {
            push_overflow(t);
        }
    }

    /// Owner worker. Null when empty.
    [[nodiscard]] task* pop() noexcept {
        std::uint32_t head = head_.load(std::memory_order_acquire);
        for (;;) {
            const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
            if (head == tail) {
                if (overflow_count_.load(std::memory_order_relaxed) == 0 || !refill()) return nullptr;
                head = head_.load(std::memory_order_acquire);
                continue;
            }
            task* const t = ring_[head % capacity].load(std::memory_order_relaxed);
            if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
                // The next task's line arrives while this one runs.
                __builtin_prefetch(ring_[(head + 1) % capacity].load(std::memory_order_relaxed));
                return t;
            }
        }
    }

    /// Another worker, the owner of `into`: moves up to half of this queue there, at most 128. Returns how
    /// many.
    std::size_t steal_into(run_queue& into) noexcept;

    /// Any thread; a moment's truth.
    [[nodiscard]] std::size_t size() const noexcept {
        const std::uint32_t head = head_.load(std::memory_order_acquire);
        const std::uint32_t tail = tail_.load(std::memory_order_acquire);
        // A thief may have moved the head past the tail read here only if the order of the loads were the
        // reverse.
        return static_cast<std::size_t>(tail - head) + overflow_count_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

private:
    static constexpr std::uint32_t capacity = 256;
    static constexpr std::uint32_t batch = capacity / 2;

    void push_overflow(task& t) noexcept;
    bool refill() noexcept;
    std::size_t steal_overflow(run_queue& into) noexcept;
    [[nodiscard]] task* pop_overflow() noexcept;  // under overflow_lock_

    alignas(64) std::atomic<std::uint32_t> head_{0};  // owner and thieves
    alignas(64) std::atomic<std::uint32_t> tail_{0};  // written by the owner
    std::atomic<std::uint32_t> overflow_count_{0};    // written under overflow_lock_
    spin_lock overflow_lock_;
    task* overflow_head_ = nullptr;  // guarded by overflow_lock_
    task* overflow_tail_ = nullptr;  // guarded by overflow_lock_
    std::array<std::atomic<task*>, capacity> ring_{};
};

}  // namespace rakka::detail
