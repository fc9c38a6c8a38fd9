// A side pool of OS threads for calls that block, so that they do not stop a worker.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
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

    /// False when the pool is closed or memory or threads are short (the job will not run). Does not block.
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

}  // namespace rakka::detail
