// Idle fibers: a small stack of them per worker, the rest shared.
#pragma once

#include "engine/fiber.hpp"
#include "engine/stack_pool.hpp"

#include <cstddef>
#include <mutex>
#include <vector>

namespace rakka::detail {

/// All fibers of one scheduler. A pooled fiber stays suspended inside the worker loop, ready to go on with it
/// on whichever worker takes it. Any thread.
class fiber_pool {
public:
    /// Each fiber starts in `entry` (the worker loop), with these floating-point modes: the calling thread's
    /// unless said otherwise.
    fiber_pool(stack_pool& stacks, void (*entry)() noexcept, const floating_point_modes& modes = {}) noexcept
        : stacks_(stacks), entry_(entry), modes_(modes) {}
    /// Precondition: no thread stands on any of the fibers. Those still blocked are abandoned.
    ~fiber_pool();
    fiber_pool(const fiber_pool&) = delete;
    fiber_pool& operator=(const fiber_pool&) = delete;

    /// Up to `count` pooled fibers as a list; one new fiber when there are none. Throws std::bad_alloc.
    [[nodiscard]] fiber* take(std::size_t count);

    /// Takes a list back; stacks that were used deeply lose their pages.
    void give(fiber* list) noexcept;

    void trim(const fiber& f) noexcept { stacks_.trim(f.stack()); }
    [[nodiscard]] const floating_point_modes& modes() const noexcept { return modes_; }

    void trim(const fiber& f, const std::byte* used) noexcept { stacks_.trim(f.stack(), used); }

private:
    stack_pool& stacks_;
    void (*const entry_)() noexcept;
    [[no_unique_address]] const floating_point_modes modes_;
    std::mutex mutex_;
    fiber* free_ = nullptr;    // guarded by mutex_
    std::vector<fiber*> all_;  // guarded by mutex_; kept only where a sanitizer wants to hear of their end
};

/// One worker's supply, last in first out: the next fiber's top of stack is in the cache. Scheduler worker
/// only.
class fiber_cache {
public:
    explicit fiber_cache(fiber_pool& pool) noexcept : pool_(pool) {}
    ~fiber_cache() { flush(); }
    fiber_cache(const fiber_cache&) = delete;
    fiber_cache& operator=(const fiber_cache&) = delete;

    /// Throws std::bad_alloc.
    [[nodiscard]] fiber& take() {
        if (head_ == nullptr) refill();
        return *take_one();
    }
    /// Null when that needs the pool.
    [[nodiscard]] fiber* take_one() noexcept {
        fiber* const f = head_;
        if (f == nullptr) return nullptr;
        head_ = f->pool_next;
        --count_;
        return f;
    }

    void put(fiber& f) noexcept {
        f.pool_next = head_;
        head_ = &f;
        if (++count_ > limit) give_coldest();
    }

    /// Gives the pages of deep stacks back; for a worker that has nothing to do.
    void trim() noexcept;

    void flush() noexcept;

private:
    static constexpr std::size_t limit = 64;
    void refill();
    void give_coldest() noexcept;

    fiber_pool& pool_;
    fiber* head_ = nullptr;
    std::size_t count_ = 0;
};

}  // namespace rakka::detail
