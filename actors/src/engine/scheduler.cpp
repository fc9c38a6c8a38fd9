#include "engine/scheduler.hpp"

#include "engine/current.hpp"
#include "engine/scheduler_state.hpp"

#include <rakka/actors/own_threads.hpp>
#include <rakka/base/check.hpp>

#include <algorithm>
#include <sched.h>
#include <system_error>
#include <utility>

namespace rakka::detail {

unsigned default_worker_count() noexcept {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0 && CPU_COUNT(&allowed) > 0) {
        return static_cast<unsigned>(CPU_COUNT(&allowed));
    }
    return std::max(1U, std::thread::hardware_concurrency());
}

namespace {

const steady_clock machine_clock;

const clock* choose_clock(const scheduler_options& o, const manual_clock& virtual_time) noexcept {
    if (o.time != nullptr) return o.time;
    if (o.workers == 0) return &virtual_time;
    return &machine_clock;
}

}  // namespace

scheduler::state::state(scheduler& s, const scheduler_options& o)
    : self(s),
      options(o),
      time(choose_clock(o, virtual_time)),
      busy_wait(default_worker_count() > 1 ? o.busy_wait : nanoseconds{0}),
      stacks(o.stack_size),
      fibers(stacks, &worker::loop),
      own(o.stack_size, &worker::own_stack),
      idle(io, std::max(o.workers, 1U)),
      dedicated(*this),
      blocking(o.max_blocking_threads) {
    const unsigned count = std::max(o.workers, 1U);
    workers.reserve(count);
    for (unsigned i = 0; i < count; ++i)
        workers.push_back(std::make_unique<worker>(*this, i));
}

std::size_t scheduler::state::living() const noexcept {
    // Ends first: a task that is counted as ended was counted as started before.
    std::uint64_t ended = ended_elsewhere.load(std::memory_order_acquire);
    for (const auto& w : workers)
        ended += w->ended();
    std::uint64_t begun = started_elsewhere.load(std::memory_order_acquire);
    for (const auto& w : workers)
        begun += w->started();
    return static_cast<std::size_t>(begun - ended);
}

instant scheduler::state::next_timer() const noexcept {
    instant earliest = never;
    for (const auto& w : workers)
        earliest = std::min(earliest, w->timers().next_deadline());
    return earliest;
}

void scheduler::state::fire_timers() noexcept {
    if (next_timer() == never) return;
    const instant now = time->now();
    for (const auto& w : workers) {
        if (w->timers().next_deadline() <= now) w->timers().advance(now);
    }
}

void scheduler::state::inject(task& t) noexcept {
    injected.push(t);
    if (idle.must_wake()) idle.wake_one();
}

void scheduler::state::task_ended() noexcept {
    if (living() != 0) return;
    const std::lock_guard lock(drain_mutex);
    drained.notify_all();
}

scheduler::scheduler(scheduler_options options) : state_(std::make_unique<state>(*this, options)) {
    RAKKA_CHECK(options.reductions > 0 && options.reductions <= most_reductions);
    if (options.run_at_once) run();
}

void scheduler::run() {
    try {
        const std::lock_guard lock(state_->life_mutex);
        if (!state_->started.load()) start_threads();
    } catch (...) {
        stop();
        throw;
    }
}

void scheduler::start_threads() {
    const scheduler_options& options = state_->options;
    const own_threads ours;
    if (options.long_slices.limit.count() > 0 && !simulated())
        state_->dog = std::make_unique<watchdog>(options.long_slices, state_->workers, state_->idle);
    for (unsigned i = 0; i < options.workers; ++i) {
        worker& w = *state_->workers[i];
        state_->threads.emplace_back([&w] { w.run(); });
    }
    state_->started.store(true);
    state_->started.notify_all();
}

scheduler::~scheduler() {
    stop();
}

bool scheduler::has_begun() const noexcept {
    return state_->started.load(std::memory_order_acquire);
}

void scheduler::adopt(task& t) noexcept {
    RAKKA_DCHECK(&t.home() == this);
    worker* const w = current_worker();
    if (w != nullptr && w->serves() == this) {
        w->count_started();
    } else {
        state_->started_elsewhere.fetch_add(1, std::memory_order_relaxed);
    }
    static_cast<void>(t);
}

void scheduler::give_stack(task& t, std::size_t bytes) {
    RAKKA_DCHECK(t.fiber_ == nullptr);
    t.fiber_ = &state_->own.take(bytes);
}

void scheduler::give_thread(task& t, std::size_t stack_size) {
    RAKKA_CHECK(!simulated());
    give_stack(t, stack_size);
    try {
        t.served_by_ = &state_->dedicated.start();
    } catch (...) {
        state_->own.give(*std::exchange(t.fiber_, nullptr));
        throw;
    }
}

void scheduler::start(task& t) noexcept {
    adopt(t);
    make_runnable(t);
}

std::size_t scheduler::living() const noexcept {
    return state_->living();
}

std::size_t scheduler::stop(nanoseconds grace, const std::function<void()>& threads_ended) {
    state& s = *state_;
    if (s.stopping.load()) return s.abandoned;
    RAKKA_CHECK(current_worker() == nullptr || &current_worker()->home() != this);
    s.draining.store(true);
    if (simulated()) {
        run_until_idle(grace);
    } else if (grace.count() > 0) {
        std::unique_lock lock(s.drain_mutex);
        const auto deadline = std::chrono::steady_clock::now() + grace;
        // Looks again from time to time: the last task may have ended just before it could see that we wait.
        while (s.living() != 0 && std::chrono::steady_clock::now() < deadline) {
            s.drained.wait_for(lock, std::min<nanoseconds>(grace, std::chrono::milliseconds(10)));
        }
    }
    {
        const std::lock_guard lock(s.life_mutex);
        s.stopping.store(true);
        s.started.store(true);
        s.started.notify_all();
        s.idle.wake_all();
        for (std::thread& t : s.threads)
            t.join();
        s.threads.clear();
        s.dedicated.stop();
        s.dog.reset();
    }
    if (threads_ended) threads_ended();
    s.blocking.close();
    s.abandoned = s.living();
    return s.abandoned;
}

const clock& scheduler::time() const noexcept {
    return *state_->time;
}
unsigned scheduler::worker_count() const noexcept {
    return static_cast<unsigned>(state_->workers.size());
}
bool scheduler::simulated() const noexcept {
    return state_->options.workers == 0;
}
const scheduler_options& scheduler::options() const noexcept {
    return state_->options;
}
stack_pool_statistics scheduler::stacks() const noexcept {
    return state_->stacks.statistics();
}
boost::asio::io_context& scheduler::io() noexcept {
    return state_->io.context();
}

bool scheduler::run_one() {
    RAKKA_CHECK(simulated());
    return state_->workers.front()->run(1) != 0;
}

std::size_t scheduler::run_ready() {
    RAKKA_CHECK(simulated());
    return state_->workers.front()->run(worker::unlimited);
}

std::size_t scheduler::run_until_idle(nanoseconds horizon) {
    state& s = *state_;
    const instant begin = s.time->now();
    std::size_t slices = run_ready();
    for (;;) {
        const instant due = s.next_timer();
        if (due == never || due - begin > horizon || s.time != &s.virtual_time) return slices;
        s.virtual_time.advance_to(due);
        slices += run_ready();
    }
}

std::size_t scheduler::run_for(nanoseconds span) {
    state& s = *state_;
    const instant end = s.time->now() + span;
    const std::size_t slices = run_until_idle(span);
    if (s.time == &s.virtual_time) s.virtual_time.advance_to(end);
    return slices + run_ready();
}

}  // namespace rakka::detail
