// What a system is made of. Everything else in this folder works on one of these.
#pragma once

#include "ended_parents.hpp"
#include "engine/current.hpp"
#include "engine/own_counter.hpp"
#include "engine/scheduler.hpp"
#include "engine/worker.hpp"
#include "layer_state.hpp"
#include "log_outlet.hpp"
#include "name_table.hpp"
#include "process_table.hpp"
#include "signal_pool.hpp"
#include "timer_pool.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/system.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace rakka::detail {

class signal_transit;

/// What a worker keeps for itself so that the message path shares nothing. Scheduler worker.
struct worker_cache {
    signal_cache signals;
    slot_list slots;
    timer_cache timers;
    own_counter messages;         // sent from here to processes of this system
    own_counter longest_mailbox;  // that was seen from here
};

class system_core {
public:
    system_core(rakka::system& facade, const system_options& options);
    ~system_core();
    system_core(const system_core&) = delete;
    system_core& operator=(const system_core&) = delete;

    // -- constant after construction
    // ------------------------------------------------------------------------------
    rakka::system& facade;
    const std::uint32_t origin;
    const std::uint32_t max_processes;
    const runtime_mode mode;
    const nanoseconds exit_patience;
    log_outlet log;  // any thread
    /// Null unless signals are to be reordered.
    std::unique_ptr<signal_transit> transit;

    // -- any thread
    // -----------------------------------------------------------------------------------------------
    process_table table;
    name_table names;
    export_table exports;
    timer_pool timers;
    signal_depot depot;
    std::atomic<remote_router*> router{nullptr};
    std::atomic<std::uint64_t> references{1};
    std::atomic<std::uint64_t> questions{1};
    std::atomic<std::uint32_t> living{0};
    std::atomic<std::uint64_t> messages_elsewhere{0};  // sent by no worker that shares in the work
    std::atomic<std::uint64_t> longest_mailbox_elsewhere{0};
    std::atomic<bool> stopping{false};
    std::atomic<bool> warnings_disabled;
    std::atomic<std::uint32_t> threads_warned_of{0};
    std::mutex living_mutex;
    std::condition_variable
        all_ended;          // with living_mutex: `living` may be 0, or what run() waits for be over
    bool over = false;      // guarded by living_mutex: stop() has ended
    std::mutex stop_mutex;  // one stop() at a time; the others wait for it

    std::mutex loop_mutex;
    std::condition_variable loop_changed;
    bool loop_ended = false;  // guarded by loop_mutex: no handler runs any more
    std::mutex after_loop;    // held by what runs in place of a handler then

    [[nodiscard]] scheduler& scheduling() noexcept { return *scheduler_; }
    [[nodiscard]] instant now() const noexcept { return scheduler_->time().now(); }
    /// `never` when that is beyond the clock.
    [[nodiscard]] instant after(nanoseconds delay) const noexcept { return after(delay, now()); }
    /// The same from a look at the clock that has just been.
    [[nodiscard]] static instant after(nanoseconds delay, instant now) noexcept {
        return delay > never - now ? never : now + std::max(delay, nanoseconds{0});
    }

    /// The calling worker's; null on a foreign thread.
    [[nodiscard]] worker_cache* cache() noexcept {
        worker* const w = current_worker();
        return w == nullptr || &w->home() != scheduler_.get() ? nullptr : cache_of(*w);
    }
    [[nodiscard]] static worker_cache* cache_of(worker& w) noexcept {
        return static_cast<worker_cache*>(w.local[0]);
    }

    /// A pid of this system that no process ever has: see system::nobody().
    [[nodiscard]] pid nobody() const noexcept { return {{}, process_table::nobodys_slot, 1, origin}; }

    /// Room for one more process, or false. Undone by process_ended().
    [[nodiscard]] bool admit() noexcept;
    void process_ended() noexcept;

    /// A message is on its way to a process of this system. `cache` is the calling worker's.
    void count_message(worker_cache* cache) noexcept {
        if (cache != nullptr) [[likely]] {
            cache->messages.add();
        } else {
            messages_elsewhere.fetch_add(1, std::memory_order_relaxed);
        }
    }
    /// So many messages wait for one process.
    void note_long_mailbox(std::size_t messages) noexcept;
    [[nodiscard]] const std::vector<std::unique_ptr<worker_cache>>& caches() const noexcept {
        return caches_;
    }

    ended_parents gone_parents;
    layer_state layers;

    // Sequential tracing: see tracing.hpp.
    std::atomic<std::uint32_t> trace_epoch{0};    // of the tokens that count
    std::atomic<std::uint64_t> system_tracer{0};  // serial << 32 | slot; 0: nobody
    std::atomic<std::int64_t> trace_times{1};     // told so far, of those with a number

private:
    std::vector<std::unique_ptr<worker_cache>> caches_;
    std::unique_ptr<scheduler> scheduler_;
};

/// `p` as this system's own pid if it is one: also when it carries the node's name, as one that came from
/// outside may. Unchanged otherwise.
[[nodiscard]] pid localised(const system_core& core, const pid& p) noexcept;
[[nodiscard]] reference localised(const system_core& core, const reference& r) noexcept;

/// True for a pid of this system, in local form.
[[nodiscard]] inline bool is_here(const system_core& core, const pid& p) noexcept {
    return p.is_local() && p.creation == core.origin;
}
[[nodiscard]] inline bool is_here(const system_core& core, const reference& r) noexcept {
    return r.is_local() && r.creation == core.origin;
}

/// True for a pid that carries this node's name but, after localised(), is not this system's: of an earlier
/// life of it.
[[nodiscard]] bool is_dead_incarnation(const system_core& core, const pid& p) noexcept;

/// True when {name, node} means this system.
[[nodiscard]] bool is_here(const system_core& core, atom node) noexcept;

/// The node an identifier belongs to.
[[nodiscard]] atom node_of(const pid& p) noexcept;

/// The process `p` (in local form) names, if it is alive.
[[nodiscard]] inline process* find_alive(const system_core& core, const pid& p) noexcept {
    process* const found = core.table.find(p.id);
    if (found == nullptr || found->identity.load(std::memory_order_acquire) >> 32 != p.serial) return nullptr;
    return found;
}

}  // namespace rakka::detail
