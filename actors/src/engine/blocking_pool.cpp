#include "engine/blocking_pool.hpp"

#include <rakka/actors/own_threads.hpp>

#include <exception>

namespace rakka::detail {

blocking_pool::blocking_pool(std::size_t max_threads, std::chrono::milliseconds linger)
    : max_threads_(max_threads == 0 ? 1 : max_threads), linger_(linger) {}

blocking_pool::~blocking_pool() {
    close();
}

bool blocking_pool::submit(job j) noexcept {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    try {
        jobs_.push_back(j);
    } catch (const std::bad_alloc&) {
        return false;
    }
    try {
        if (idle_ < jobs_.size() && threads_ < max_threads_) {
            const own_threads ours;
            std::thread([this] { serve(); }).detach();  // close() waits for it
            ++threads_;
        }
    } catch (const std::exception&) {
        // No further thread: those there are will do it. None at all: not accepted.
        if (threads_ == 0) {
            jobs_.pop_back();
            return false;
        }
    }
    work_.notify_one();
    return true;
}

void blocking_pool::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (jobs_.empty()) {
            if (closed_) break;
            ++idle_;
            const bool called = work_.wait_for(lock, linger_, [this] { return !jobs_.empty() || closed_; });
            --idle_;
            if (!called) break;
            continue;
        }
        const job j = jobs_.front();
        jobs_.pop_front();
        lock.unlock();
        j.run(j.arg);
        lock.lock();
    }
    --threads_;
    ended_.notify_all();  // under the lock: the pool may be destroyed as soon as it is free
}

void blocking_pool::close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    work_.notify_all();
    ended_.wait(lock, [this] { return threads_ == 0; });
}

std::size_t blocking_pool::threads() const {
    const std::lock_guard lock(mutex_);
    return threads_;
}

}  // namespace rakka::detail
