// Where signal nodes come from and go back to: free lists of each worker, which trade batches with a shared
// one.
#pragma once

#include "engine/spin_lock.hpp"
#include "signal.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace rakka::detail {

/// Nodes of one size. Made on one worker and freed on another they travel back in batches, so that neither
/// malloc nor a lock is on the path of a single message.
class node_list {
public:
    static constexpr std::size_t batch = 64;

    [[nodiscard]] signal* pop() noexcept {
        if (head_ == nullptr) return nullptr;
        --count_;
        return std::exchange(head_, head_->next);
    }
    void push(signal* node) noexcept {
        node->next = head_;
        head_ = node;
        ++count_;
    }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }

    /// Takes `batch` nodes off. Precondition: there are more than that.
    [[nodiscard]] signal* split() noexcept;
    void adopt(signal* first, std::size_t n) noexcept {
        RAKKA_DCHECK(head_ == nullptr);
        head_ = first;
        count_ = n;
    }
    void free_all() noexcept;

private:
    signal* head_ = nullptr;
    std::size_t count_ = 0;
};

/// The two sizes of nodes on one worker. Scheduler worker.
struct signal_cache {
    node_list small;
    node_list large;
};

/// Batches on their way between workers. Any thread.
class signal_depot {
public:
    signal_depot() = default;
    signal_depot(const signal_depot&) = delete;
    signal_depot& operator=(const signal_depot&) = delete;
    ~signal_depot();

    [[nodiscard]] signal* take_small() noexcept { return take(small_); }
    [[nodiscard]] signal* take_large() noexcept { return take(large_); }
    /// Keeps up to a fixed number of batches and frees the rest.
    void put_small(signal* first) noexcept { put(small_, first); }
    void put_large(signal* first) noexcept { put(large_, first); }

private:
    static constexpr std::size_t max_batches = 1024;
    signal* take(std::vector<signal*>& from) noexcept;
    void put(std::vector<signal*>& to, signal* first) noexcept;

    spin_lock lock_;
    std::vector<signal*> small_;  // guarded by lock_
    std::vector<signal*> large_;  // guarded by lock_
};

}  // namespace rakka::detail
