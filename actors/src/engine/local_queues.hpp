// What one worker has to run: a next-slot, and a queue for each priority.
#pragma once

#include "engine/run_queue.hpp"
#include "engine/task.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rakka::detail {

/// A small seeded generator for chaos and for choosing victims; quality beyond "mixed" does not matter.
class mixed_random {
public:
    explicit mixed_random(std::uint64_t seed) noexcept : state_(seed) {}
    std::uint64_t operator()() noexcept {  // splitmix64
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    std::uint32_t below(std::uint32_t n) noexcept { return static_cast<std::uint32_t>((*this)() % n); }

private:
    std::uint64_t state_;
};

/// The scheduling policy of one worker. Owner worker only, but for `steal_from` (the owner of *this steals)
/// and the const functions (any thread).
class local_queues {
public:
    /// Non-zero seed: chaos, see scheduler_options::seed. `unshared`: nobody steals from here.
    explicit local_queues(std::uint64_t seed, bool unshared = false) noexcept
        : chaos_(seed != 0), unshared_(unshared), random_(seed) {}

    /// To the tail of its priority's queue.
    void push(task& t) noexcept;
    /// The same for a task that has just had its turn here.
    void push_yielded(task& t) noexcept {
        const bool alone = stealable() == 0;
        push(t);
        only_yielded_.store(alone, std::memory_order_relaxed);
    }

    /// A task that was just woken: it runs next if it is an ordinary one and the slot is free, so that a
    /// conversation of two stays on one worker and in its cache.
    void push_woken(task& t) noexcept {
        if (t.priority_ == task_priority::normal && next_.load(std::memory_order_relaxed) == nullptr &&
            (!chaos_ || chosen_to_run_next())) [[likely]] {
            next_.store(&t, std::memory_order_release);
        } else {
            push(t);
        }
    }

    /// Null when there is nothing.
    [[nodiscard]] task* pop() noexcept {
        if (!urgent_ && streak_ < longest_streak) {
            if (task* const t = take_next()) {
                ++streak_;
                return t;
            }
        }
        return pop_queued();
    }

    /// Fills *this, which is empty, from the victim; the more urgent first. With `next_too` also the victim's
    /// next-slot is taken: for a victim that is stuck in a slice. Returns how many were moved.
    std::size_t steal_from(local_queues& victim, bool next_too) noexcept;

    /// Queued tasks, the next-slot included.
    [[nodiscard]] std::size_t size() const noexcept {
        return stealable() + (next_.load(std::memory_order_relaxed) != nullptr ? 1U : 0U);
    }
    /// Queued tasks that anybody may take.
    [[nodiscard]] std::size_t stealable() const noexcept;
    /// All that waits is one task that has had its turn here: the one that runs may be what it talks to.
    [[nodiscard]] bool only_a_yielded_one() const noexcept {
        return only_yielded_.load(std::memory_order_relaxed) && size() == 1;
    }

private:
    /// So many times in a row the next-slot goes before the queue.
    static constexpr unsigned longest_streak = 64;
    static constexpr unsigned normal_per_low = 8;
    static constexpr unsigned normal_per_aside = 4;  // on the average

    [[nodiscard]] run_queue& queue(task_priority p) noexcept { return queues_[static_cast<std::size_t>(p)]; }
    /// Empties the next-slot.
    [[nodiscard]] task* take_next() noexcept {
        task* const t = next_.load(std::memory_order_relaxed);
        if (t == nullptr) return nullptr;
        if (!unshared_)
            return next_.exchange(nullptr, std::memory_order_acquire);  // a thief may have been first
        next_.store(nullptr, std::memory_order_relaxed);
        return t;
    }
    [[nodiscard]] bool chosen_to_run_next() noexcept { return random_.below(2) != 0; }
    [[nodiscard]] task* pop_queued() noexcept;
    void note_special(task_priority p) noexcept;
    [[nodiscard]] task* pop_urgent() noexcept;
    [[nodiscard]] task* pop_ordinary() noexcept;
    [[nodiscard]] task* pop_ranked() noexcept;
    [[nodiscard]] task* shuffled(run_queue& q) noexcept;

    std::atomic<task*> next_{nullptr};  // filled by the owner, emptied by anybody
    std::atomic<bool> only_yielded_{false};
    unsigned streak_ = 0;
    unsigned low_turn_ = 0;
    bool urgent_ = false;  // something may be in the queues of high, max and aside
    bool low_ = false;     // something may be in the queue of low
    const bool chaos_;
    const bool unshared_;
    mixed_random random_;
    std::array<run_queue, 5> queues_;
};

/// Tasks that foreign threads made runnable. Any thread.
class injection_queue {
public:
    void push(task& t) noexcept;
    /// Moves up to `count` tasks into the queues of the calling worker; returns how many.
    std::size_t take(local_queues& into, std::size_t count) noexcept;
    /// Sequentially consistent with push: a sleeper that announces itself and then sees 0 will be woken.
    [[nodiscard]] std::size_t size() const noexcept { return count_.load(std::memory_order_seq_cst); }
    [[nodiscard]] bool seems_empty() const noexcept { return count_.load(std::memory_order_relaxed) == 0; }

private:
    spin_lock lock_;
    task* head_ = nullptr;  // guarded by lock_
    task* tail_ = nullptr;  // guarded by lock_
    std::atomic<std::size_t> count_{0};
};

}  // namespace rakka::detail
