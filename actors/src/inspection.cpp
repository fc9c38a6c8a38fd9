#include "engine/scheduler_state.hpp"
#include "question.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/inspection.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <ctime>
#include <mutex>
#include <pthread.h>
#include <utility>

namespace rakka {

using namespace detail;

namespace {

/// Nothing while threads are being made or joined.
std::optional<std::vector<std::chrono::nanoseconds>> worker_times(scheduler::state& engine) {
    // Whoever stops the system holds the lock until this very thread has ended.
    const std::unique_lock lock(engine.life_mutex, std::try_to_lock);
    if (!lock || engine.threads.empty()) return std::nullopt;
    std::vector<std::chrono::nanoseconds> out;
    for (std::thread& t : engine.threads) {
        clockid_t clock{};
        timespec used{};
        if (pthread_getcpuclockid(t.native_handle(), &clock) != 0 || clock_gettime(clock, &used) != 0)
            return std::nullopt;
        out.push_back(std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec));
    }
    return out;
}

std::uint64_t started_so_far(scheduler::state& engine) {
    std::uint64_t sum = engine.started_elsewhere.load(std::memory_order_relaxed);
    for (const auto& w : engine.workers)
        sum += w->started();
    return sum;
}

/// Those given back first: what is given back was claimed before.
std::size_t pending_timers(const system_core& core) {
    std::uint64_t given_back = core.timers.given_back_singly();
    for (const auto& c : core.caches())
        given_back += c->timers.given_back.value();
    std::uint64_t claimed = core.timers.claimed_singly();
    for (const auto& c : core.caches())
        claimed += c->timers.claimed.value();
    return claimed > given_back ? static_cast<std::size_t>(claimed - given_back) : 0;
}

void add_counts(system_core& core, system_statistics& out) {
    scheduler::state& engine = core.scheduling().internals();
    out.spawned = started_so_far(engine);
    out.messages = core.messages_elsewhere.load(std::memory_order_relaxed);
    out.longest_mailbox = core.longest_mailbox_elsewhere.load(std::memory_order_relaxed);
    for (const auto& c : core.caches()) {
        out.messages += c->messages.value();
        out.longest_mailbox = std::max<std::size_t>(out.longest_mailbox, c->longest_mailbox.value());
    }
    out.reductions = engine.dedicated.all_reductions();
    for (const auto& w : engine.workers)
        out.reductions += w->all_reductions();
    out.timers = pending_timers(core);
    out.max_timers = core.timers.most();
}

}  // namespace

system_statistics statistics_of(system& s) {
    system_core& core = s.core();
    scheduler::state& engine = core.scheduling().internals();
    system_statistics out;
    out.simulated = core.scheduling().simulated();
    out.uptime = core.now() - engine.made;
    out.processes = core.living.load(std::memory_order_acquire);
    out.max_processes = core.max_processes;
    out.workers = core.scheduling().worker_count();
    out.max_blocking_threads = engine.options.max_blocking_threads;
    for (const auto& w : engine.workers) {
        out.run_queues.push_back(w->waiting());
        out.slices += w->look().slice;
    }
    out.run_queues.push_back(engine.injected.size());
    out.worker_times = worker_times(engine);
    add_counts(core, out);
    out.process_memory = std::size_t{core.table.used()} * sizeof(process) + engine.stacks.resident();
    return out;
}

std::optional<term> process_messages(const pid& p) {
    process& self = current_process();
    const auto to = whom_to_ask(self, p);
    if (!to) return std::nullopt;
    if (*to == self.pid()) return messages_of(self);
    control_signal& question = make_control(*self.system, signal_kind::info_request);
    question.id = info_question::messages;
    if (!ask(self, *to, question)) return std::nullopt;
    return std::exchange(self.related->question()->value, {});  // not kept until the next question
}

}  // namespace rakka
