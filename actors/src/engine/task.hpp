// The base of everything the scheduler runs. The engine knows tasks only; a process is a task with a mailbox.
#pragma once

#include <cstdint>

namespace rakka::detail {

class scheduler;
class worker;
class fiber;

/// The order in which a worker picks runnable tasks: all of max, then all of high; normal and low share the
/// rest, eight normal for one low.
/// `aside` is for simulations: such a task has its turn now and then, whatever else is runnable.
enum class task_priority : std::uint8_t { low, normal, high, max, aside };

/// What a slice leaves behind.
enum class step : std::uint8_t {
    wait,   ///< The task is asleep and somebody will make it runnable. It may already run elsewhere: hands
            ///< off.
    again,  ///< There is more to do: to the end of the run queue.
    done,   ///< It is over. The engine does not touch the object again (it may be recycled or gone).
};

/// One unit of scheduling. Owned by the process layer; it must outlive its stay in a queue or on a fiber.
///
/// A task is in one of these states; the process layer alone decides asleep -> runnable (its mailbox head's
/// CAS):
///   asleep --make_runnable--> runnable --a worker--> running --wait--> asleep | --again--> runnable |
///   --done--> gone
class task {
public:
    task(const task&) = delete;
    task& operator=(const task&) = delete;

    /// Any thread.
    [[nodiscard]] scheduler& home() const noexcept { return *scheduler_; }

    /// Counts since the task was made; the owner, or anybody while the task is known to be asleep.
    [[nodiscard]] std::uint64_t reductions() const noexcept { return reductions_; }

    [[nodiscard]] task_priority scheduling_priority() const noexcept { return priority_; }

    /// Takes effect when the task is queued next. Owner only (or before the task is started).
    void set_scheduling_priority(task_priority p) noexcept { priority_ = p; }

protected:
    explicit task(scheduler& home, task_priority p = task_priority::normal) noexcept
        : scheduler_(&home), served_by_(&home), priority_(p) {}
    ~task() = default;

    /// For a recycled object: as if newly constructed on the same scheduler.
    void reset_task(task_priority p = task_priority::normal) noexcept {
        served_by_ = scheduler_;
        reductions_ = 0;
        priority_ = p;
        no_preempt_depth_ = 0;
        reduction_limit_ = 0;
    }

private:
    /// Runs on the fiber the worker is standing on. A handler loop runs handlers until its mailbox is empty
    /// or its reductions are used up; a body runs to its end and may block in the middle with
    /// suspend_current, in which case it comes back on the same stack, perhaps on another thread. Must not
    /// throw. After it has made itself reachable for a waker (mailbox CAS to asleep) it must return `wait`
    /// without touching *this.
    virtual step run_slice() noexcept = 0;

    /// Runs on the task's own stack when it has its worker again after it gave way where it did not ask to:
    /// at a point that the compiler has placed, or at the end of a no_preempt. Must not throw, may end the
    /// task as suspend_current may: by never coming back.
    virtual void was_preempted() noexcept {}

    friend class worker;
    friend class scheduler;
    friend class run_queue;
    friend class local_queues;
    friend class injection_queue;
    friend bool hold_preemption() noexcept;
    friend void release_preemption() noexcept;
    friend void lock_taken() noexcept;
    friend void lock_given_back() noexcept;
    friend void preempt_current() noexcept;
    friend std::int32_t limit_reductions(std::int32_t limit) noexcept;
    friend void make_runnable(task& t) noexcept;

    task* queue_next_ = nullptr;  // guarded by the queue it is in
    fiber* fiber_ = nullptr;      // the stack it blocked on; none while running or stackless
    scheduler* scheduler_;        // constant
    const void* served_by_;       // the scheduler, or the one worker that runs this; constant once started
    std::uint64_t reductions_ = 0;
    task_priority priority_;
    std::uint16_t no_preempt_depth_ = 0;
    std::int32_t reduction_limit_ = 0;  // of a slice; 0: as the scheduler has it
};

/// Puts an asleep task in a run queue. The caller has just made the transition asleep -> runnable, so that
/// the task is in no queue and nobody else calls this. Any thread: a worker of the same scheduler takes it on
/// its own queue (in the next-slot if that is free), every other thread goes through the injection queue and
/// wakes a worker. A task with a thread of its own is handed to that.
void make_runnable(task& t) noexcept;

}  // namespace rakka::detail
