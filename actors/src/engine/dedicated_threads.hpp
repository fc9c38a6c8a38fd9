// OS threads that run one task each, for as long as it lives.
#pragma once

#include "engine/scheduler.hpp"
#include "engine/task.hpp"

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace rakka::detail {

class worker;

/// The threads of one scheduler that belong to a task. Workers without a share in the others' work: nobody
/// steals from them, they steal from nobody, and sleep while their task does. Any thread, unless said
/// otherwise.
class dedicated_threads {
public:
    explicit dedicated_threads(scheduler::state& shared) noexcept : shared_(shared) {}
    /// stop().
    ~dedicated_threads();
    dedicated_threads(const dedicated_threads&) = delete;
    dedicated_threads& operator=(const dedicated_threads&) = delete;

    /// A new thread, which waits for its task to be handed to it. Throws std::system_error (after stop()
    /// always) and std::bad_alloc.
    [[nodiscard]] worker& start();

    /// Of all slices that are over.
    [[nodiscard]] std::uint64_t all_reductions();

    /// Ends those that wait; returns when all have ended. The scheduler is stopping. Foreign thread.
    void stop() noexcept;

private:
    /// Not freed before the end: who hands a task over may still be about to wake the thread when that has
    /// run it to its end.
    struct member {
        std::unique_ptr<worker> runner;
        std::thread thread{};
        bool ended = false;  // guarded by mutex_; the thread is about to be over
    };

    [[nodiscard]] member& unused();
    /// Gives back the stacks of threads that are over.
    void join_ended();

    scheduler::state& shared_;
    std::mutex start_mutex_;  // taken before mutex_
    bool stopped_ = false;    // guarded by start_mutex_
    std::mutex mutex_;
    std::vector<std::unique_ptr<member>> members_;  // guarded by mutex_
};

}  // namespace rakka::detail
