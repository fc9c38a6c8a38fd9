// What a worker does without work: look for it briefly, then sleep as the poller or parked.
#include "engine/scheduler_state.hpp"
#include "engine/worker.hpp"

#include <algorithm>

namespace rakka::detail {

namespace {

// A few microseconds in all: less than the price of the wake that it may spare.
constexpr unsigned search_rounds = 24;
constexpr unsigned pauses_per_round = 4;
constexpr unsigned rounds_per_poll = 8;

// Watch periods double up to this factor while the whole scheduler sleeps.
constexpr std::int64_t longest_backoff = 20;

constexpr std::uint32_t quiet_enough_to_trim = 3;

}  // namespace

bool worker::poll_io() noexcept {
    if (!shared_.io.try_acquire()) return false;
    const bool ran = shared_.io.poll() != 0;
    shared_.io.release();
    return ran;
}

// A task that shares this worker with one other may talk to it, and is better off here. Others take it when
// the two have taken turns for long, or when the running one does not give way: see watch().
bool worker::has_too_many() const noexcept {
    return queues_.stealable() != 0 &&
           (!queues_.only_a_yielded_one() || shares_.load(std::memory_order_relaxed));
}

bool worker::steal(bool next_too) noexcept {
    const std::size_t n = shared_.workers.size();
    const std::size_t start = n > 1 ? random_.below(static_cast<std::uint32_t>(n)) : 0;
    for (std::size_t i = 0; i < n; ++i) {
        worker& victim = *shared_.workers[(start + i) % n];
        if (&victim == this || !victim.has_too_many()) continue;
        if (queues_.steal_from(victim.queues_, next_too) == 0) continue;
        victim.shares_.store(false, std::memory_order_relaxed);
        return true;
    }
    return false;
}

void worker::end_search() noexcept {
    searching_ = false;
    // The last searcher has found something: there may be more of it, and nobody else was woken meanwhile.
    if (!shared_idle_.end_search()) return;
    if (shared_idle_.must_wake() && work_in_sight()) shared_idle_.wake_one();
}

bool worker::search() noexcept {
    if (!waits_.ever_looks()) return shared_.workers.size() > 1 && steal(false);
    if (!searching_) {
        if (shared_idle_.searching() * 2 > shared_.workers.size()) return false;
        searching_ = true;
        shared_idle_.begin_search();
    }
    for (unsigned round = 0; round < search_rounds; ++round) {
        if (shared_.injected.take(queues_, 1) != 0 || steal(false)) return true;
        if (round % rounds_per_poll == rounds_per_poll - 1 && poll_io()) return true;
        if (shared_.stopping.load(std::memory_order_relaxed)) return true;
        for (unsigned i = 0; i < pauses_per_round; ++i)
            cpu_relax();
    }
    return false;
}

bool worker::work_in_sight() const noexcept {
    if (shared_.stopping.load(std::memory_order_seq_cst) || shared_.injected.size() != 0) return true;
    return std::any_of(shared_.workers.begin(), shared_.workers.end(),
                       [](const auto& w) { return w->has_too_many(); });
}

void worker::sleep() noexcept {
    if (searching_) {
        searching_ = false;
        shared_idle_.end_search();
    }
    if (shared_.io.try_acquire()) {
        if (look_as_poller()) {
            shared_.io.release();
            return;
        }
        sleep_as_poller();
    } else {
        sleep_parked();
    }
    if (shared_.dog) shared_.dog->rouse();
}

nanoseconds worker::watch_period() const noexcept {
    const nanoseconds period = shared_.options.watch_interval;
    if (period.count() == 0 || shared_.workers.size() == 1) return never;
    const bool all_sleep = shared_idle_.sleeping() >= shared_.workers.size();
    return all_sleep ? period * std::min(std::int64_t{1} << std::min(quiet_, 10U), longest_backoff) : period;
}

/// True: there is something to do, or has been done.
bool worker::look_as_poller() noexcept {
    const nanoseconds at_most = waits_.look();
    if (at_most.count() == 0) return false;
    const steady_clock machine;  // also where timers go by another
    const instant until = machine.now() + at_most;
    do {
        if (shared_.io.poll() != 0 || work_in_sight()) {
            waits_.found_awake();
            return true;
        }
        if (shared_.timer_is_due()) return true;
        for (unsigned i = 0; i < pauses_per_round; ++i)
            cpu_relax();
    } while (machine.now() < until);
    waits_.looked_in_vain();
    return false;
}

void worker::sleep_as_poller() noexcept {
    shared_idle_.enter_poller();
    const instant timers = shared_.next_timer();
    shared_.io.announce_sleep(timers);
    // Announced first, looked after: whoever adds work or an earlier timer from now on sees a sleeper.
    if (!work_in_sight() && shared_.next_timer() >= timers) {
        const nanoseconds until_timer =
            timers == never ? never : std::max(timers - shared_.time->now(), nanoseconds{0});
        const steady_clock machine;
        const instant before = waits_.ever_looks() ? machine.now() : instant{};
        const bool ran = shared_.io.wait(std::min(until_timer, watch_period()));
        if (ran && waits_.ever_looks()) waits_.slept(machine.now() - before);
    }
    shared_.io.announce_sleep(instant::min());
    if (!shared_idle_.leave_poller()) searching_ = true;  // counted by whoever woke us
    shared_.io.release();
    shared_.fire_timers();
    watch();
}

void worker::sleep_parked() noexcept {
    const auto watching = shared_idle_.enter_parked(*this);
    // The poller may have gone to sleep before it could know our timers.
    if (timers_.next_deadline() < shared_.io.sleeps_until()) shared_.io.interrupt();
    bool unparked = false;
    if (!work_in_sight() && shared_.io.taken()) {
        unparked = parker_.park(watching == idle_registry::watching::yes ? watch_period() : never);
    }
    if (!shared_idle_.leave_parked(*this)) {
        if (!unparked) parker_.park(never);  // the waker is just about to
        searching_ = true;                   // counted by the waker
        quiet_ = 0;
    } else {
        watch();
    }
}

void worker::watch() noexcept {
    const nanoseconds period = shared_.options.watch_interval;
    if (period.count() == 0) return;
    const instant now = shared_.time->now();
    if (now - last_watch_ < period) return;
    last_watch_ = now;
    bool found = queues_.size() != 0;
    for (std::size_t i = 0; i < shared_.workers.size(); ++i) {
        worker& other = *shared_.workers[i];
        const std::uint64_t slices = other.slices_.load(std::memory_order_relaxed);
        const bool stuck = seen_slices_[i] == slices;
        found = found || !stuck;
        seen_slices_[i] = slices;
        // In the same slice as at the last look: even what it would run next is better off here.
        if (&other != this && stuck && other.queues_.size() != 0) {
            found = queues_.steal_from(other.queues_, true) != 0 || found;
        }
    }
    quiet_ = found ? 0 : quiet_ + 1;
    if (quiet_ == quiet_enough_to_trim) fibers_.trim();
}

}  // namespace rakka::detail
