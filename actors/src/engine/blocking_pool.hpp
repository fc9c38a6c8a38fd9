// A side pool of OS threads for calls that block, so that they do not stop a worker.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace rakka::detail {

/// Threads are made on demand up to the limit and end after a while without work. Any thread.
class blocking_pool {
public:
    struct job {
        void (*run)(void*) noexcept;
        void* arg;
    };

    explicit blocking_pool(std::size_t max_threads,
                           std::chrono::milliseconds linger = std::chrono::seconds(10));
    /// Runs what was accepted, then ends the threads.
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    /// False when the pool is closed (the job will not run). Does not block.
    [[nodiscard]] bool submit(job j) noexcept;

    /// Refuses new jobs and waits for the accepted ones. Not from a job.
    void close();

    [[nodiscard]] std::size_t threads() const;

private:
    void serve();

    const std::size_t max_threads_;
    const std::chrono::milliseconds linger_;
    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::condition_variable ended_;
    std::deque<job> jobs_;     // guarded by mutex_
    std::size_t threads_ = 0;  // guarded by mutex_
    std::size_t idle_ = 0;     // guarded by mutex_
    bool closed_ = false;      // guarded by mutex_
};

/// Runs fn on the side pool of the current task's scheduler while the task waits; fn must not use the ambient
/// context. While it runs nobody else may make the task runnable: its mailbox must stay in the state
/// "running". Outside of a task, and in a simulation, fn simply runs here. What fn throws is thrown here.
void run_blocking(void (*fn)(void*), void* arg);

template <class F>
void run_blocking(F&& fn) {
    using callable = std::remove_reference_t<F>;
    run_blocking([](void* p) { (*static_cast<callable*>(p))(); },
                 const_cast<void*>(static_cast<const volatile void*>(&fn)));
}

}  // namespace rakka::detail
