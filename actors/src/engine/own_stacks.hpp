// Fibers of their own size, for tasks that keep one for life: those that asked for more stack than others
// have, and those with a thread of their own.
#pragma once

#include "engine/fiber_pool.hpp"
#include "engine/stack_pool.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>

namespace rakka::detail {

/// Pools by size: the ordinary size times a power of two. Any thread.
class own_stacks {
public:
    /// Each fiber starts in `entry`, and is there again when it is taken another time; it has the calling
    /// thread's floating-point modes.
    own_stacks(std::size_t ordinary, void (*entry)() noexcept) noexcept;
    own_stacks(const own_stacks&) = delete;
    own_stacks& operator=(const own_stacks&) = delete;

    /// A fiber with at least so many usable bytes. Throws std::bad_alloc.
    [[nodiscard]] fiber& take(std::size_t size);
    void give(fiber& f) noexcept;

private:
    static constexpr std::size_t sizes = 24;

    struct pools {
        pools(std::size_t size, void (*entry)() noexcept, const floating_point_modes& modes)
            : stacks(size), fibers(stacks, entry, modes) {}
        stack_pool stacks;
        fiber_pool fibers;
    };

    const std::size_t ordinary_;
    void (*const entry_)() noexcept;
    // Pools are made in the middle of tasks, which may have set others.
    [[no_unique_address]] const floating_point_modes modes_{};
    std::mutex mutex_;
    std::array<std::unique_ptr<pools>, sizes> by_size_;  // guarded by mutex_; what they point to is not
};

}  // namespace rakka::detail
