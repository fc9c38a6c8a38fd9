// Many tasks on few threads: the workers of one system and what they share.
#pragma once

#include "engine/clock.hpp"
#include "engine/reductions.hpp"
#include "engine/stack_pool.hpp"
#include "engine/task.hpp"
#include "engine/watchdog.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace rakka::detail {

/// About what it costs to wake a thread that sleeps.
inline constexpr nanoseconds default_busy_wait = std::chrono::microseconds(50);

/// One worker for each CPU this program may use.
[[nodiscard]] unsigned default_worker_count() noexcept;

struct scheduler_options {
    /// OS threads that run tasks. Zero means a simulation: no thread at all, the caller drives (see `step`).
    unsigned workers = default_worker_count();
    /// False: nothing runs before run().
    bool run_at_once = true;
    /// Zero: plain scheduling. Else hostile scheduling drawn from this seed: yields at random at reduction
    /// checks, picks runnable tasks in random order.
    std::uint64_t seed = 0;
    std::int32_t reductions = default_reductions;
    /// Usable bytes of a fiber's stack, rounded up to pages. Only what is touched costs memory.
    std::size_t stack_size = default_stack_size;
    /// Threads of the side pool for blocking calls, made on demand.
    std::size_t max_blocking_threads = 64;
    /// How often a sleeping worker looks whether a busy one keeps work waiting (backs off to 20 times this
    /// when all sleep). Zero: never; nothing depends on it but the latency behind a task that does not give
    /// way.
    nanoseconds watch_interval = std::chrono::milliseconds(5);
    /// How long at most a worker without work looks for it before it sleeps, if waits of late were that
    /// short. Zero: not at all. Not where this program may use one CPU only: whoever has the work cannot run
    /// meanwhile.
    nanoseconds busy_wait = default_busy_wait;
    /// Who is told of tasks that do not give way. Not in a simulation.
    watchdog_options long_slices{};
    /// Null: the machine's clock; in a simulation a manual_clock that the scheduler owns and moves. Must
    /// outlive it.
    const clock* time = nullptr;
};

/// Runs tasks. Several may exist in one program; a task belongs to one for life.
class scheduler {
public:
    /// Throws std::bad_alloc when the first stacks cannot be had, and as run() does.
    explicit scheduler(scheduler_options options = {});
    /// Stops without waiting for tasks.
    ~scheduler();
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    /// Starts the workers. Throws std::system_error when a thread cannot be had; the scheduler has stopped
    /// then. A second call does nothing. Any thread.
    void run();
    [[nodiscard]] bool has_begun() const noexcept;

    /// Before its start: the task keeps a stack of at least so many usable bytes for life, also where it
    /// would have needed none. It must not return anything but step::done from its slice. Throws
    /// std::bad_alloc.
    void give_stack(task& t, std::size_t bytes);
    /// The same, and the task runs on a thread of its own, on which nothing else does. Throws
    /// std::system_error and std::bad_alloc. Not in a simulation.
    void give_thread(task& t, std::size_t stack_size);

    /// Counts a new task as living, and makes it runnable. Any thread.
    void start(task& t) noexcept;

    /// Counts a new task as living without making it runnable (born asleep). Any thread.
    void adopt(task& t) noexcept;

    /// Tasks started or adopted that have not returned `done`. Any thread; exact only when nothing runs.
    [[nodiscard]] std::size_t living() const noexcept;

    /// Waits up to `grace` for the living tasks to end, then for the slices under way, ends the threads and
    /// returns how many tasks are left: they never run again and their stacks are reclaimed without
    /// unwinding. `threads_ended` is called, once, when no slice or handler runs any more, before
    /// jobs of the side pool are waited for: they may wait for that. Foreign thread only, one at a time, not
    /// in a slice or handler. Idempotent.
    std::size_t stop(nanoseconds grace = nanoseconds{0}, const std::function<void()>& threads_ended = {});

    [[nodiscard]] const clock& time() const noexcept;
    [[nodiscard]] unsigned worker_count() const noexcept;  ///< 1 in a simulation
    [[nodiscard]] bool simulated() const noexcept;
    [[nodiscard]] const scheduler_options& options() const noexcept;
    /// How many stacks exist and how they are guarded.
    [[nodiscard]] stack_pool_statistics stacks() const noexcept;

    /// The event loop that idle workers sleep in and busy ones poll. Its handlers never run concurrently, run
    /// outside of any task, must not block or throw. Posting from any thread wakes the poller.
    [[nodiscard]] boost::asio::io_context& io() noexcept;

    // Simulation only (workers == 0); one thread at a time, not from a task. Each runs I/O handlers that are
    // ready.

    /// Runs one slice; false when nothing is runnable at the present virtual time.
    bool run_one();
    /// Runs until nothing is runnable; the clock stands. Returns the number of slices.
    std::size_t run_ready();
    /// As run_ready, then jumps to the next timer, and so on until no timer is pending or the next one lies
    /// more than `horizon` ahead of where it began.
    std::size_t run_until_idle(nanoseconds horizon = never);
    /// Runs everything due in the next `span` of virtual time and leaves the clock at its end.
    std::size_t run_for(nanoseconds span);

    /// For the engine's own files.
    struct state;
    [[nodiscard]] state& internals() noexcept { return *state_; }

private:
    void start_threads();

    std::unique_ptr<state> state_;
};

}  // namespace rakka::detail
