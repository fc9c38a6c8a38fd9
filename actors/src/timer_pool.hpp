// Where timers come from and go back to: found by number without a lock, recycled, never freed before the
// system is.
#pragma once

#include "engine/own_counter.hpp"
#include "engine/spin_lock.hpp"
#include "timer_records.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace rakka::detail {

/// Free timers, linked by `following`; the last one that came goes first, while it is still in the cache.
struct free_timers {
    message_timer* first = nullptr;
    std::uint32_t count = 0;

    void push(message_timer& t) noexcept {
        t.following = first;
        first = &t;
        ++count;
    }
    /// Precondition: there is one.
    [[nodiscard]] message_timer& pop() noexcept {
        message_timer& t = *first;
        first = t.following;
        --count;
        return t;
    }
};

/// Free timers of one worker: two lists of a batch at most, so that a whole one can go to others and come
/// from them. Scheduler worker.
struct timer_cache {
    free_timers loaded;
    free_timers spare;
    own_counter claimed;
    own_counter given_back;
};

/// At most so many timers as it was made for. Some of them may rest in the caches of workers, where others do
/// not get them: 1/64 of all at most, so that no count of living ones is needed, which all workers would
/// share. Any thread.
class timer_pool {
public:
    /// A place in it has so many bits; the number that all ones make is never one.
    static constexpr unsigned place_bits = 26;

    timer_pool(system_core& core, std::uint32_t most, unsigned workers);
    ~timer_pool();
    timer_pool(const timer_pool&) = delete;
    timer_pool& operator=(const timer_pool&) = delete;

    /// A timer that belongs to the caller now; null when all are taken, or memory is. `cache` is the calling
    /// worker's, or null.
    [[nodiscard]] message_timer* claim(timer_cache* cache) noexcept {
        if (cache == nullptr || batch_ == 0) return claim_one();
        if (cache->loaded.count == 0) {
            std::swap(cache->loaded, cache->spare);
            if (cache->loaded.count == 0 && !refill(cache->loaded)) return nullptr;
        }
        message_timer& t = cache->loaded.pop();
        cache->claimed.add();
        if (cache->loaded.first != nullptr) prefetch(*cache->loaded.first);
        return &t;
    }
    void give_back(message_timer& t, timer_cache* cache) noexcept {
        if (cache == nullptr || batch_ == 0) return give_back_one(t);
        if (cache->loaded.count == batch_) {
            std::swap(cache->loaded, cache->spare);
            if (cache->loaded.count == batch_) give_back_all(std::exchange(cache->loaded, {}));
        }
        cache->loaded.push(t);
        cache->given_back.add();
    }

    /// Null for a place that was never used.
    [[nodiscard]] message_timer* find(std::uint32_t place) const noexcept {
        if (place >= made_.load(std::memory_order_acquire)) return nullptr;
        return &chunks_[place / chunk_size].load(std::memory_order_relaxed)[place % chunk_size];
    }

    /// How many are neither free nor were never used. While nothing runs.
    [[nodiscard]] std::size_t in_use() const noexcept;
    /// What was claimed and given back in no cache. Any thread.
    [[nodiscard]] std::uint64_t claimed_singly() const noexcept { return claimed_.value(); }
    [[nodiscard]] std::uint64_t given_back_singly() const noexcept { return given_back_.value(); }
    [[nodiscard]] std::uint32_t most() const noexcept { return most_; }

    /// The system ends: stops whatever is pending. Nothing runs any more.
    void end_all() noexcept;

private:
    static constexpr std::uint32_t chunk_size = 1024;
    static constexpr std::uint32_t largest_batch = 64;

    static void prefetch(const message_timer& t) noexcept {
        __builtin_prefetch(static_cast<const listed_timer*>(&t), 1);
        __builtin_prefetch(static_cast<const signal_with_term*>(&t), 1);
    }
    [[nodiscard]] message_timer* claim_one() noexcept;
    [[nodiscard]] bool refill(free_timers& list) noexcept;
    void give_back_one(message_timer& t) noexcept;
    void give_back_all(free_timers full) noexcept;
    void make(free_timers& list, std::uint32_t count) noexcept;

    system_core& core_;
    const std::uint32_t most_;
    const std::uint32_t batch_;  // 0: so few timers that none may rest in a cache
    const std::unique_ptr<std::atomic<message_timer*>[]> chunks_;
    std::atomic<std::uint32_t> made_{0};  // written under lock_
    alignas(64) spin_lock lock_;
    free_timers single_;   // guarded by lock_
    own_counter claimed_;  // owned by who holds lock_; likewise the next
    own_counter given_back_;
    message_timer* batches_ = nullptr;  // guarded by lock_: full lists, their first ones linked by `previous`
};

}  // namespace rakka::detail
