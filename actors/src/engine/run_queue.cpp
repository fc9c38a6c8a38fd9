#include "engine/run_queue.hpp"

#include <algorithm>
#include <mutex>

namespace rakka::detail {

void run_queue::push_overflow(task& t) noexcept {
    const std::lock_guard lock(overflow_lock_);
    t.queue_next_ = nullptr;
    if (overflow_tail_ != nullptr) {
        overflow_tail_->queue_next_ = &t;
    } else {
        overflow_head_ = &t;
    }
    overflow_tail_ = &t;
    overflow_count_.fetch_add(1, std::memory_order_relaxed);
}

task* run_queue::pop_overflow() noexcept {
    task* const t = overflow_head_;
    if (t == nullptr) return nullptr;
    overflow_head_ = t->queue_next_;
    if (overflow_head_ == nullptr) overflow_tail_ = nullptr;
    t->queue_next_ = nullptr;
    overflow_count_.fetch_sub(1, std::memory_order_relaxed);
    return t;
}

bool run_queue::refill() noexcept {
    const std::lock_guard lock(overflow_lock_);
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);  // the ring is empty: all of it is room
    std::uint32_t moved = 0;
    for (task* t = nullptr; moved < batch && (t = pop_overflow()) != nullptr; ++moved) {
        ring_[(tail + moved) % capacity].store(t, std::memory_order_relaxed);
    }
    tail_.store(tail + moved, std::memory_order_release);
    return moved != 0;
}

std::size_t run_queue::steal_into(run_queue& into) noexcept {
    const std::uint32_t free_from = into.tail_.load(std::memory_order_relaxed);
    const std::uint32_t room = capacity - (free_from - into.head_.load(std::memory_order_acquire));
    std::uint32_t head = head_.load(std::memory_order_acquire);
    for (;;) {
        const std::uint32_t available = tail_.load(std::memory_order_acquire) - head;
        if (available > capacity) {  // the two loads belong to different moments
            head = head_.load(std::memory_order_acquire);
            continue;
        }
        const std::uint32_t count = std::min({available - available / 2, batch, room});
        if (count == 0) return available == 0 ? steal_overflow(into) : 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            task* const t = ring_[(head + i) % capacity].load(std::memory_order_relaxed);
            into.ring_[(free_from + i) % capacity].store(t, std::memory_order_relaxed);
        }
        if (head_.compare_exchange_weak(head, head + count, std::memory_order_acq_rel,
                                        std::memory_order_acquire)) {
            into.tail_.store(free_from + count, std::memory_order_release);
            return count;
        }
    }
}

std::size_t run_queue::steal_overflow(run_queue& into) noexcept {
    if (overflow_count_.load(std::memory_order_relaxed) == 0) return 0;
    std::array<task*, batch> taken;
    std::size_t count = 0;
    {
        const std::lock_guard lock(overflow_lock_);
        while (count < batch && (taken[count] = pop_overflow()) != nullptr)
            ++count;
    }
    for (std::size_t i = 0; i < count; ++i)
        into.push(*taken[i]);
    return count;
}

}  // namespace rakka::detail
