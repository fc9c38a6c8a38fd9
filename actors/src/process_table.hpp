// Slots for processes: found by number without a lock, recycled, never freed before the system is.
#pragma once

#include "engine/spin_lock.hpp"
#include "process_record.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace rakka::detail {

/// Free slots in the order in which they became free: a slot rests as long as possible, so that the 28 bits
/// of its serial last. Guarded by whoever holds it.
struct slot_list {
    process* first = nullptr;
    process* last = nullptr;
    std::size_t count = 0;

    void push(process& p) noexcept;
    [[nodiscard]] process* pop() noexcept;
};

class process_table {
public:
    static constexpr std::uint32_t slot_bits = 25;
    /// Never handed out: see system_core::nobody().
    static constexpr std::uint32_t nobodys_slot = (1U << slot_bits) - 1;
    static constexpr std::uint32_t chunk_bits = 8;
    static constexpr std::uint32_t chunk_size = 1U << chunk_bits;
    /// A worker keeps up to twice as many free slots for itself.
    static constexpr std::size_t batch = 64;

    process_table(system_core& core, std::uint32_t max_slots);
    ~process_table();
    process_table(const process_table&) = delete;
    process_table& operator=(const process_table&) = delete;

    /// Any thread. Null for a number that was never used.
    [[nodiscard]] process* find(std::uint32_t slot) const noexcept {
        if (slot >= 1U << slot_bits) [[unlikely]]
            return nullptr;
        process* const chunk = chunks_[slot >> chunk_bits].load(std::memory_order_acquire);
        return chunk == nullptr ? nullptr : chunk + (slot & (chunk_size - 1));
    }

    /// A slot that belongs to the caller now; null when all are taken. `cache` is the calling worker's, or
    /// null.
    [[nodiscard]] process* claim(slot_list* cache);
    void give_back(process& p, slot_list* cache) noexcept;

    /// One more than the highest slot number ever used. Any thread.
    [[nodiscard]] std::uint32_t used() const noexcept { return used_.load(std::memory_order_acquire); }

    /// Before the end: what processes that could not be ended still own is left to its stacks, which are gone
    /// soon.
    void abandon_the_rest() noexcept;

private:
    bool grow();

    system_core& core_;
    const std::uint32_t max_slots_;
    std::unique_ptr<std::atomic<process*>[]> chunks_;
    std::atomic<std::uint32_t> used_{0};
    spin_lock lock_;
    slot_list free_;  // guarded by lock_
};

}  // namespace rakka::detail
