// A hierarchical timing wheel: one per worker, one millisecond a tick, start and cancel in constant time.
#pragma once

#include "engine/clock.hpp"
#include "engine/spin_lock.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace rakka::detail {

class scheduler;
class timer_wheel;

/// One pending timer, embedded in whatever it belongs to. It must stay where it is from start until it has
/// fired or cancel has returned. The callback runs on a worker outside of any task (on the thread that finds
/// it expired); it may free the node, start timers (this one too) and make tasks runnable, and must not block
/// or throw.
class timer_node {
public:
    using callback = void (*)(timer_node&) noexcept;

    explicit timer_node(callback fire = nullptr) noexcept : fire_(fire) {}
    timer_node(const timer_node&) = delete;
    timer_node& operator=(const timer_node&) = delete;

    void set_callback(callback fire) noexcept { fire_ = fire; }

    /// When it fires, or fired: as asked for in start.
    [[nodiscard]] instant deadline() const noexcept { return deadline_; }

private:
    friend class timer_wheel;
    friend bool cancel_timer(timer_node& node) noexcept;

    timer_node* next_ = nullptr;   // guarded by the wheel's lock
    timer_node** link_ = nullptr;  // guarded by the wheel's lock; null when not pending
    instant deadline_{};
    timer_wheel* wheel_ = nullptr;  // set by start; the caller orders start before cancel
    callback fire_;
};

/// Starts the node on the calling worker's wheel (a foreign thread, or one that belongs to a task: on the
/// first worker's) of `home`. Never fires early; fires up to two milliseconds late on an idle system.
/// Precondition: the node is not pending. Any thread.
void start_timer(scheduler& home, timer_node& node, instant deadline) noexcept;

/// True: it was pending and will not fire. False: it was never started, or has fired; its callback has
/// returned (unless the caller is that callback), so that the node may be destroyed. Any thread. Waits at
/// most for a callback.
bool cancel_timer(timer_node& node) noexcept;

/// Pending timers by deadline. Any thread, unless said otherwise.
class timer_wheel {
public:
    /// The clock must outlive the wheel.
    explicit timer_wheel(const clock& time) noexcept;
    /// Forgets what is pending: it will not fire, and may still be cancelled.
    ~timer_wheel();
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;

    /// Whether the node was last started here. For who orders that before.
    [[nodiscard]] bool started(const timer_node& node) const noexcept { return node.wheel_ == this; }

    /// `now` spares it a look at the clock, if the caller has just had one.
    void start(timer_node& node, instant deadline, std::optional<instant> now = std::nullopt) noexcept;
    bool cancel(timer_node& node) noexcept;

    /// Fires what has expired, in order of ticks; returns how many. One thread at a time gets to do it, the
    /// others return zero at once.
    std::size_t advance(instant now) noexcept;

    /// No timer fires before this instant; `never` when none is pending. May be too early after a cancel or
    /// while the next timer is far away, never too late.
    [[nodiscard]] instant next_deadline() const noexcept {
        return instant(next_.load(std::memory_order_seq_cst));
    }

private:
    static constexpr unsigned slot_bits = 8;
    static constexpr unsigned slots = 1U << slot_bits;
    static constexpr unsigned levels = 4;

    struct level {
        std::array<timer_node*, slots> slot{};
        std::array<std::uint64_t, slots / 64> occupied{};
    };

    static constexpr std::uint64_t no_tick = UINT64_MAX;

    void place(timer_node& node, std::uint64_t target) noexcept;
    static void unlink(timer_node& node) noexcept;
    void cascade(std::uint64_t tick) noexcept;
    std::size_t fire_tick(std::uint64_t tick) noexcept;
    [[nodiscard]] std::uint64_t next_tick() noexcept;

    const clock& time_;
    spin_lock lock_;      // guards all below but next_, which is written under it
    std::uint64_t tick_;  // every tick up to this one has been fired
    std::array<level, levels> levels_{};
    std::size_t pending_ = 0;
    timer_node* expired_ = nullptr;  // about to be fired, still cancellable
    timer_node* firing_ = nullptr;   // its callback is running
    const void* firing_thread_ = nullptr;
    bool advancing_ = false;
    std::atomic<std::int64_t> next_;
};

}  // namespace rakka::detail
