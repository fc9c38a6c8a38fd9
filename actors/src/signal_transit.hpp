// Signals that are on their way for a while: in a simulation, so that every order of arrival that Erlang
// allows happens under some seed.
#pragma once

#include "engine/local_queues.hpp"
#include "engine/spin_lock.hpp"
#include "engine/task.hpp"
#include "signal.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rakka::detail {

class system_core;
struct process;

/// Signals from one sender to one target stay in order; which pair's oldest signal arrives next is drawn from
/// the seed. A task beside the others: it is runnable while anything is under way, so that time does not pass
/// and the system does not come to rest before all has arrived, and no process keeps signals from arriving.
class signal_transit final : private task {
public:
    signal_transit(system_core& core, std::uint64_t seed);
    /// discard() has been called.
    ~signal_transit() = default;
    signal_transit(const signal_transit&) = delete;
    signal_transit& operator=(const signal_transit&) = delete;

    /// Frees what is still under way. Nothing runs any more.
    void discard() noexcept;

    /// `s` sets out for the process that has the slot with the serial in `s`. Any thread.
    void carry(std::uint32_t sender_slot, process& target, signal& s) noexcept;

private:
    /// From one process to another; slots stand for whoever lives in them.
    struct flow {
        std::uint32_t sender;
        process* target;
        signal* first;
        signal* last;
    };

    step run_slice() noexcept override;
    [[nodiscard]] flow* find(std::uint32_t sender, const process& target) noexcept;
    /// The signal that arrives next, and where; null when none is under way.
    [[nodiscard]] signal* take(process*& target) noexcept;
    [[nodiscard]] bool goes_on() noexcept;

    system_core& core_;
    spin_lock lock_;
    mixed_random random_;      // guarded by lock_
    std::vector<flow> flows_;  // guarded by lock_; none is empty
    bool queued_ = false;      // guarded by lock_
};

}  // namespace rakka::detail
