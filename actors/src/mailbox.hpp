// The inbox: a lock-free stack that any thread pushes on and its owner empties, whose head is also the
// owner's state.
#pragma once

#include "signal.hpp"

#include <atomic>
#include <cstdint>

namespace rakka::detail {

/// The head is one of: `awake` (empty, the owner runs or is queued), `asleep` (empty, the owner waits to be
/// woken), `closed` (no owner), or the newest signal (the owner runs or is queued).
///
///   awake  --push--> signal --take--> awake          awake  --try_sleep--> asleep
///   asleep --push--> signal (the pusher wakes the owner)
///   asleep --try_wake--> awake (whoever did it is the owner until it wakes the old one)
///   awake  --try_close--> closed --open--> awake
///
/// The atomic is a parameter so that a test can enumerate interleavings.
template <template <class> class Atomic = std::atomic>
class basic_mailbox {
public:
    enum class pushed : std::uint8_t { queued, wake_owner, refused };

    /// Any thread. `wake_owner`: the caller must make the owner runnable. `refused`: closed, the caller keeps
    /// `s`.
    [[nodiscard]] pushed push(signal& s) noexcept {
        // Acquire: whoever is refused may free what the last owner looked at before it closed.
        std::uintptr_t head = head_.load(std::memory_order_acquire);
        for (;;) {
            if (head == closed) return pushed::refused;
            s.next = head <= asleep ? nullptr : reinterpret_cast<signal*>(head);
            if (head_.compare_exchange_weak(head, reinterpret_cast<std::uintptr_t>(&s),
                                            std::memory_order_acq_rel, std::memory_order_acquire)) {
                return head == asleep ? pushed::wake_owner : pushed::queued;
            }
        }
    }

    /// Any thread. After true the caller is the owner, in its place and with all that belongs to it, until it
    /// makes it runnable: one who brings something to a sleeper can put it where the owner would.
    [[nodiscard]] bool try_wake() noexcept {
        // The look saves the others, who are more, a failed exchange.
        return head_.load(std::memory_order_relaxed) == asleep && change(asleep, awake);
    }

    /// Owner. True when there is something to take.
    [[nodiscard]] bool pending() const noexcept { return head_.load(std::memory_order_relaxed) > closed; }

    /// Owner, awake. Everything pushed so far, oldest first; null when there is nothing.
    [[nodiscard]] signal* take() noexcept {
        if (!pending()) return nullptr;
        auto* s = reinterpret_cast<signal*>(head_.exchange(awake, std::memory_order_acquire));
        signal* oldest = nullptr;
        while (s != nullptr) {
            signal* const older = s->next;
            s->next = oldest;
            oldest = s;
            s = older;
        }
        return oldest;
    }

    /// Owner. After true the owner belongs to whoever wakes it. False: there is something to take.
    [[nodiscard]] bool try_sleep() noexcept { return change(awake, asleep); }
    /// Owner. False: there is something to take first.
    [[nodiscard]] bool try_close() noexcept { return change(awake, closed); }
    /// The next owner, before anybody knows of it.
    void open() noexcept { head_.store(awake, std::memory_order_release); }

    /// Any thread; true at the moment of the call only.
    [[nodiscard]] bool is_asleep() const noexcept { return head_.load(std::memory_order_acquire) == asleep; }

private:
    static constexpr std::uintptr_t awake = 0;
    static constexpr std::uintptr_t asleep = 1;
    static constexpr std::uintptr_t closed = 2;

    bool change(std::uintptr_t from, std::uintptr_t to) noexcept {
        return head_.compare_exchange_strong(from, to, std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    Atomic<std::uintptr_t> head_{closed};
};

using mailbox = basic_mailbox<>;

}  // namespace rakka::detail
