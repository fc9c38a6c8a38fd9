// Every address- and thread-sanitizer annotation of fiber switches. Empty, and free, in ordinary builds.
#pragma once

#include "engine/stack_pool.hpp"

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define RAKKA_ASAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RAKKA_ASAN_FIBERS 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define RAKKA_TSAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RAKKA_TSAN_FIBERS 1
#endif
#endif

namespace rakka::detail {

#if defined(RAKKA_ASAN_FIBERS) || defined(RAKKA_TSAN_FIBERS)

/// What the sanitizers know about one fiber. One member of each fiber; calls come in the order of the
/// functions.
class sanitizer_fiber {
public:
    static constexpr bool active = true;

    /// A new fiber on a stack of ours.
    void created(const stack_memory& stack) noexcept;
    /// The fiber that stands for an OS thread's own stack. Call on that thread.
    void adopted_thread() noexcept;
    /// On the fiber that is left, last thing before the jump to `to`.
    void leaving_for(sanitizer_fiber& to) noexcept;
    /// On the fiber that is reached, first thing after the jump from `from`.
    void arrived_from(sanitizer_fiber& from) noexcept;
    /// The fiber will never run again, whatever frames are left on its stack.
    void destroyed(const stack_memory& stack) noexcept;

private:
    // Each sanitizer uses its own.
    [[maybe_unused]] void* fake_stack_ = nullptr;  // address sanitizer's shadow frames, while switched out
    [[maybe_unused]] const void* stack_base_ = nullptr;  // learnt from it for an OS thread's stack
    [[maybe_unused]] std::size_t stack_size_ = 0;
    [[maybe_unused]] void* thread_state_ = nullptr;  // thread sanitizer's context
};

#else

class sanitizer_fiber {
public:
    static constexpr bool active = false;
    void created(const stack_memory&) noexcept {}
    void adopted_thread() noexcept {}
    void leaving_for(sanitizer_fiber&) noexcept {}
    void arrived_from(sanitizer_fiber&) noexcept {}
    void destroyed(const stack_memory&) noexcept {}
};

#endif

}  // namespace rakka::detail
