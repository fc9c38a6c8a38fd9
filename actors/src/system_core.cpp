#include "system_core.hpp"

#include "engine/reductions.hpp"
#include "engine/scheduler_state.hpp"
#include "engine/stack_overflow.hpp"
#include "last_resort.hpp"
#include "signal_delivery.hpp"
#include "signal_transit.hpp"
#include "system_log.hpp"

#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/native.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace rakka::detail {

namespace {

unsigned workers_of(const system_options& o) {
    if (o.workers != 0 || o.simulation) return std::max(o.workers, 1U);
    return o.mode == runtime_mode::threaded ? 1 : default_worker_count();
}

scheduler_options engine_options(const system_options& o, system_core& core) {
    scheduler_options out;
    out.workers = o.simulation ? 0 : workers_of(o);
    out.run_at_once = false;
    out.seed = o.seed;
    if (o.stack_size != 0) out.stack_size = o.stack_size;
    out.max_blocking_threads = o.max_blocking_threads;
    out.busy_wait = o.busy_wait;
    out.reductions = std::clamp(o.reductions, 1, most_reductions);
    out.long_slices = {o.long_schedule, &tell_long_schedule, &core};
    return out;
}

void without_giving_way(void (*destroy)(void*), void* object) {
    lock_taken();
    destroy(object);
    lock_given_back();
}

constexpr std::uint32_t table_limit = process_table::nobodys_slot;

// Slots that rest in workers' caches do not count against the limit on processes.
std::uint32_t slots_for(const system_options& o) {
    const std::uint64_t workers = workers_of(o);
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(o.max_processes + (workers + 2) * 3 * process_table::batch, table_limit));
}

/// `process <0.7.3> (name)`, without the allocator: see task_describer.
std::size_t describe_process(const task& t, char* out, std::size_t room) noexcept {
    const auto& p = static_cast<const process&>(t);
    const atom name = atom::from_id(static_cast<std::uint32_t>(p.identity.load(std::memory_order_relaxed)));
    const auto written =
        name ? fmt::format_to_n(out, room, "process <0.{}.{}> ({})", p.slot, p.serial, name.text())
             : fmt::format_to_n(out, room, "process <0.{}.{}>", p.slot, p.serial);
    return std::min(written.size, room);
}

}  // namespace

system_core::system_core(rakka::system& f, const system_options& options)
    : facade(f),
      origin(etf::local_origin::acquire()),
      max_processes(std::min(options.max_processes, table_limit)),
      mode(options.simulation ? runtime_mode::green : options.mode),
      exit_patience(options.exit_patience),
      log(options.log),
      table(*this, slots_for(options)),
      timers(*this, options.max_timers, workers_of(options)),
      warnings_disabled(options.disable_warnings),
      scheduler_(std::make_unique<scheduler>(engine_options(options, *this))) {
    if (options.simulation && options.seed != 0 && options.reorder_signals)
        transit = std::make_unique<signal_transit>(*this, options.seed);
    install_last_resort();
    etf::detail::set_native_guard(&without_giving_way);
    if (options.report_stack_overflow) report_stack_overflows(&describe_process);
    for (const auto& w : scheduler_->internals().workers) {
        caches_.push_back(std::make_unique<worker_cache>());
        w->local[0] = caches_.back().get();
    }
}

system_core::~system_core() {
    table.abandon_the_rest();
    timers.end_all();
    if (transit) transit->discard();
    transit.reset();
    scheduler_.reset();
    for (const auto& c : caches_) {
        c->signals.small.free_all();
        c->signals.large.free_all();
    }
    etf::local_origin::release(origin);
}

bool system_core::admit() noexcept {
    const std::uint32_t before = living.fetch_add(1);
    if (before < max_processes && !stopping.load()) return true;
    process_ended();
    return false;
}

void system_core::note_long_mailbox(std::size_t messages) noexcept {
    if (worker_cache* const here = cache()) return here->longest_mailbox.raise_to(messages);
    std::uint64_t longest = longest_mailbox_elsewhere.load(std::memory_order_relaxed);
    while (longest < messages &&
           !longest_mailbox_elsewhere.compare_exchange_weak(longest, messages, std::memory_order_relaxed)) {
    }
}

void system_core::process_ended() noexcept {
    if (living.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const std::lock_guard lock(living_mutex);
    all_ended.notify_all();
}

pid localised(const system_core& core, const pid& p) noexcept {
    if (!p.node) return p;
    const etf::node_identity own = etf::local_origin::identity(core.origin);
    // Numbers that no slot can have stay as they are: in local form they would name somebody else.
    const bool possible =
        p.id < 1U << process_table::slot_bits && p.serial != 0 && p.serial <= process::last_serial;
    return possible && p.node == own.name && p.creation == own.creation ? pid{{}, p.id, p.serial, core.origin}
                                                                        : p;
}

reference localised(const system_core& core, const reference& r) noexcept {
    if (!r.node) return r;
    const etf::node_identity own = etf::local_origin::identity(core.origin);
    return r.node == own.name && r.creation == own.creation ? reference{{}, core.origin, r.size, r.words} : r;
}

bool is_here(const system_core& core, atom node) noexcept {
    return node == etf::local_origin::identity(core.origin).name || node == atoms::known<"nonode@nohost">;
}

atom node_of(const pid& p) noexcept {
    return etf::identity_of(p).name;
}

bool is_dead_incarnation(const system_core& core, const pid& p) noexcept {
    return p.node && is_here(core, p.node);
}

}  // namespace rakka::detail
