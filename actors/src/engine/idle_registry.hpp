// Who sleeps, who looks for work, and whom to wake: a wake costs more than a thousand messages here.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace rakka::detail {

class worker;
class poller;

/// Any thread, unless said otherwise.
class idle_registry {
public:
    idle_registry(poller& io, std::size_t workers) : io_(io) { parked_.reserve(workers); }
    idle_registry(const idle_registry&) = delete;
    idle_registry& operator=(const idle_registry&) = delete;

    /// Somebody sleeps and nobody is on the way already. A hint; cheap.
    [[nodiscard]] bool worth_waking() const noexcept {
        return sleeping_.load(std::memory_order_relaxed) != 0 &&
               searching_.load(std::memory_order_relaxed) == 0;
    }
    /// The same, ordered with what the caller has published before: a sleeper that announced itself and did
    /// not see the caller's work is seen here.
    [[nodiscard]] bool must_wake() const noexcept {
        return sleeping_.load(std::memory_order_seq_cst) != 0 &&
               searching_.load(std::memory_order_seq_cst) == 0;
    }

    /// Wakes one sleeper, a parked one rather than the poller, and counts it as searching already.
    void wake_one() noexcept;
    void wake_all() noexcept;

    void begin_search() noexcept { searching_.fetch_add(1, std::memory_order_seq_cst); }
    /// True when no searcher is left.
    bool end_search() noexcept { return searching_.fetch_sub(1, std::memory_order_seq_cst) == 1; }
    [[nodiscard]] std::uint32_t searching() const noexcept {
        return searching_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t sleeping() const noexcept {
        return sleeping_.load(std::memory_order_relaxed);
    }

    /// All of so many workers sleep, as of the one order in which sleepers announce themselves.
    [[nodiscard]] bool all_sleep(std::size_t workers) const noexcept {
        return sleeping_.load(std::memory_order_seq_cst) >= workers;
    }

    enum class watching : bool { no, yes };

    /// Announces that w is about to park; then look for work once more. Says whether w is the one among the
    /// parked that has to look around from time to time.
    watching enter_parked(worker& w) noexcept;
    /// After parking. False: somebody has taken w off the list to wake it and has counted it as searching.
    bool leave_parked(worker& w) noexcept;

    /// The same for the holder of the poller role.
    void enter_poller() noexcept;
    bool leave_poller() noexcept;

private:
    poller& io_;
    std::atomic<std::uint32_t> sleeping_{0};
    std::atomic<std::uint32_t> searching_{0};
    std::mutex mutex_;
    std::vector<worker*> parked_;  // guarded by mutex_; last in, first woken; the watcher comes first
    worker* watcher_ = nullptr;    // guarded by mutex_
    bool poller_sleeps_ = false;   // guarded by mutex_
};

}  // namespace rakka::detail
