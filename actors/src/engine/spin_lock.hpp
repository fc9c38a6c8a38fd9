// A lock for critical sections of some tens of nanoseconds; gives the CPU away when the holder seems to be
// stopped.
#pragma once

#include <atomic>
#include <sched.h>

namespace rakka::detail {

inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Satisfies Lockable. Never hold it over anything that may block or switch fibers.
class spin_lock {
public:
    void lock() noexcept {
        for (unsigned round = 0; locked_.exchange(true, std::memory_order_acquire); ++round) {
            for (unsigned i = 0; locked_.load(std::memory_order_relaxed); ++i) {
                if (i + round * 64 > 256) {
                    sched_yield();
                } else {
                    cpu_relax();
                }
            }
        }
    }
    bool try_lock() noexcept {
        return !locked_.load(std::memory_order_relaxed) && !locked_.exchange(true, std::memory_order_acquire);
    }
    void unlock() noexcept { locked_.store(false, std::memory_order_release); }

private:
    std::atomic<bool> locked_{false};
};

}  // namespace rakka::detail
