// Work put off until some slices are over: how many small writes become one.
#pragma once

#include <atomic>

namespace rakka::detail {

/// Embedded in what is to be flushed (a connection). `run` is called once per arming, by the worker that
/// armed it, outside of any task: before the worker waits for anything, and at the latest after a few dozen
/// short slices or a long one; a millisecond after the arming no slice begins before it. So what many tasks
/// write in turn leaves together. It may make tasks runnable, do non-blocking I/O, arm hooks again; it must
/// not block or throw.
class slice_hook {
public:
    using callback = void (*)(slice_hook&) noexcept;

    explicit slice_hook(callback run) noexcept : run_(run) {}
    slice_hook(const slice_hook&) = delete;
    slice_hook& operator=(const slice_hook&) = delete;

    /// True from arming until just before it runs; the object must live on while it is true. Any thread.
    [[nodiscard]] bool armed() const noexcept { return armed_.load(std::memory_order_acquire); }

private:
    friend class worker;
    friend void at_slice_end(slice_hook& hook) noexcept;
    std::atomic<bool> armed_{false};
    slice_hook* next_ = nullptr;
    callback run_;
};

/// Arms the hook on the calling worker; nothing happens when it is armed already, on whichever worker. On a
/// foreign thread the hook runs at once, on that thread. Any thread.
void at_slice_end(slice_hook& hook) noexcept;

}  // namespace rakka::detail
