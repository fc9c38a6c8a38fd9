// A message that is to be sent later, and the timer behind it.
#pragma once

#include "engine/timer_wheel.hpp"
#include "signal.hpp"

#include <rakka/actors/destination.hpp>
#include <rakka/etf/term.hpp>

#include <atomic>
#include <cstdint>

namespace rakka::detail {

class system_core;
class worker;
struct message_timer;
struct process;
struct worker_cache;

/// What starting and cancelling touch first, of this timer and of its neighbours in both lists: one cache
/// line.
struct listed_timer : timer_node {
    using timer_node::timer_node;

    /// Slot << 32 | serial of the process that may name this timer, 0 when there is none. A reference may be
    /// made up, and then its number leads anywhere; but only the process itself ever writes its own key here,
    /// and takes it out when the timer is over: who reads its own key has that timer, and nobody else has.
    std::atomic<std::uint64_t> key{0};
    // Of the owner's timers; while free, see timer_pool. Owner process.
    message_timer* previous = nullptr;
    message_timer* following = nullptr;
};

/// Belongs to the process that started it until it fires. Then it posts itself, as a signal, back to that
/// process, which forgets it (and, if the message is its own, queues the message): so the owner's list needs
/// no lock. When its owner has ended it belongs to itself and is given back as it fires. Lives in a
/// timer_pool, and its place there is part of its reference.
struct alignas(64) message_timer final : listed_timer, signal_with_term {
    /// What it needs to know of its message.
    struct order {
        nanoseconds delay;
        const destination& to;
        bool in_timeout;  // send {timeout, Ref, Message}
    };

    message_timer(system_core& c, std::uint32_t place) noexcept;
    ~message_timer() = default;

    /// A timer in its pool becomes the caller's and starts. Throws std::bad_alloc, before anything has
    /// happened. Owner process, on this worker.
    [[nodiscard]] reference begin(process& self, worker& here, const order& what, term message);
    /// The process's own timer of that name; null when it is over, or never was. Owner process.
    [[nodiscard]] static message_timer* find(const process& self, const reference& ref) noexcept;
    /// The owner has taken the signal of a timer that fired.
    static void came_back(process& self, signal& s) noexcept;
    /// The signal of a timer whose owner has ended.
    static void discard(signal& s) noexcept;
    /// Stops it: true when it will not fire. It is forgotten and given back then; otherwise its signal is
    /// under way.
    static bool cancel(process& self, worker_cache* cache, message_timer& t) noexcept;
    /// The owner ends.
    static void abandon_all(process& self) noexcept;
    /// The system ends, nothing runs any more: stops it if it is still pending.
    void end() noexcept;
    /// It belongs to a process, or did and has yet to fire. While nothing runs.
    [[nodiscard]] bool in_use() const noexcept { return used_; }

private:
    static void fire(timer_node& n) noexcept;
    void aim(const process& self, const destination& to);
    void aim_at(const process& self, const pid& whom) noexcept;
    void aim_elsewhere(const destination& to);
    [[nodiscard]] reference ref() const noexcept;
    [[nodiscard]] term take_message() noexcept;
    void send_to_other() noexcept;
    void leave_list(process& self) noexcept;
    void give_back(worker_cache* cache) noexcept;
    void clear() noexcept;

    // Constant from begin() until it is given back.
    std::uint64_t number_ = 0;  // what process::number_of_own() says of its reference
    union {
        struct {
            std::uint32_t slot, serial;
        } local;
        destination* elsewhere;  // owned
    } to_{};
    std::uint32_t slot_ = 0;  // of the owner, whose serial is in the signal
    const std::uint32_t place_ : 26;
    bool for_owner_ : 1 = false;
    bool for_elsewhere_ : 1 = false;  // to neither a process of this system, which most are for
    bool in_timeout_ : 1 = false;
    bool used_ : 1 = false;
    system_core& core_;
};
static_assert(sizeof(void*) != 8 || sizeof(message_timer) == 128, "two cache lines");

}  // namespace rakka::detail
