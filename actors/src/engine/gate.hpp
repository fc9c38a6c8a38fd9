// Refuse new work, wait for old: the type every orderly stop is made of.
#pragma once

#include <rakka/base/check.hpp>

#include <atomic>
#include <cstdint>

namespace rakka::detail {

/// Counts who is inside. Any thread.
class gate {
public:
    gate() = default;
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;
    ~gate() { RAKKA_DCHECK((state_.load(std::memory_order_relaxed) >> 1) == 0); }

    /// False when closed. Every true needs one leave.
    [[nodiscard]] bool enter() noexcept {
        std::uint64_t s = state_.load(std::memory_order_relaxed);
        while ((s & closed_bit) == 0) {
            if (state_.compare_exchange_weak(s, s + one, std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
                return true;
            }
        }
        return false;
    }

    void leave() noexcept {
        const std::uint64_t before = state_.fetch_sub(one, std::memory_order_release);
        RAKKA_DCHECK(before >= one);
        if (before == (one | closed_bit)) state_.notify_all();
    }

    /// From now on enter refuses. Does not wait.
    void close() noexcept {
        if (state_.fetch_or(closed_bit, std::memory_order_acq_rel) == 0) state_.notify_all();
    }

    /// Closes, and blocks the calling thread until everybody has left. Not from inside.
    void close_and_wait() noexcept {
        close();
        for (std::uint64_t s = state_.load(std::memory_order_acquire); s != closed_bit;
             s = state_.load(std::memory_order_acquire)) {
            state_.wait(s, std::memory_order_acquire);
        }
    }

    [[nodiscard]] bool closed() const noexcept {
        return (state_.load(std::memory_order_acquire) & closed_bit) != 0;
    }
    [[nodiscard]] std::uint64_t inside() const noexcept {
        return state_.load(std::memory_order_acquire) >> 1;
    }

private:
    static constexpr std::uint64_t closed_bit = 1;
    static constexpr std::uint64_t one = 2;
    std::atomic<std::uint64_t> state_{0};
};

/// Holds the gate open for as long as it lives; test it: a closed gate gives an empty one.
class gate_guard {
public:
    explicit gate_guard(gate& g) noexcept : gate_(g.enter() ? &g : nullptr) {}
    ~gate_guard() {
        if (gate_ != nullptr) gate_->leave();
    }
    gate_guard(const gate_guard&) = delete;
    gate_guard& operator=(const gate_guard&) = delete;
    explicit operator bool() const noexcept { return gate_ != nullptr; }

private:
    gate* gate_;
};

}  // namespace rakka::detail
