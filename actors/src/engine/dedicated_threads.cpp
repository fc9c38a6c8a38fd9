#include "engine/dedicated_threads.hpp"

#include "engine/scheduler_state.hpp"
#include "engine/worker.hpp"

#include <rakka/actors/own_threads.hpp>

#include <algorithm>
#include <system_error>

namespace rakka::detail {

dedicated_threads::~dedicated_threads() {
    stop();
}

dedicated_threads::member& dedicated_threads::unused() {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(members_.begin(), members_.end(), [](const auto& m) { return m->ended; });
    if (at != members_.end()) {
        (*at)->ended = false;
        return **at;
    }
    members_.reserve(members_.size() + 1);
    members_.push_back(std::make_unique<member>());
    return *members_.back();
}

void dedicated_threads::join_ended() {
    const std::lock_guard lock(mutex_);
    for (const auto& m : members_)
        if (m->ended && m->thread.joinable()) m->thread.join();  // which has no more need of the lock
}

worker& dedicated_threads::start() {
    const std::lock_guard one_at_a_time(start_mutex_);
    if (stopped_) throw std::system_error(std::make_error_code(std::errc::operation_canceled));
    join_ended();
    member& m = unused();
    try {
        if (m.thread.joinable()) m.thread.join();  // it has ended since
        if (!m.runner) m.runner = std::make_unique<worker>(shared_, worker::dedicated);
        m.runner->begin_dedicated();
        const own_threads ours;
        m.thread = std::thread([this, &m] {
            m.runner->run_dedicated();
            const std::lock_guard lock(mutex_);
            m.ended = true;
        });
    } catch (...) {
        const std::lock_guard lock(mutex_);
        m.ended = true;
        throw;
    }
    return *m.runner;
}

std::uint64_t dedicated_threads::all_reductions() {
    const std::lock_guard no_start(start_mutex_);  // which makes the runner of a member
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& m : members_)
        if (m->runner) sum += m->runner->all_reductions();
    return sum;
}

void dedicated_threads::stop() noexcept {
    {
        const std::lock_guard lock(start_mutex_);
        stopped_ = true;
    }
    // Nothing is added any more, so that the list can be walked while its members take the lock.
    for (const auto& m : members_) {
        if (m->runner) m->runner->unpark();
        if (m->thread.joinable()) m->thread.join();
    }
}

}  // namespace rakka::detail
