#include "engine/local_queues.hpp"

#include <mutex>

namespace rakka::detail {

void local_queues::push(task& t) noexcept {
    if (t.priority_ != task_priority::normal) note_special(t.priority_);
    queue(t.priority_).push(t);
    only_yielded_.store(false, std::memory_order_relaxed);
}

void local_queues::note_special(task_priority p) noexcept {
    if (p == task_priority::low) {
        low_ = true;
    } else {
        urgent_ = true;
    }
}

std::size_t local_queues::stealable() const noexcept {
    std::size_t n = 0;
    for (const run_queue& q : queues_)
        n += q.size();
    return n;
}

task* local_queues::shuffled(run_queue& q) noexcept {
    task* t = q.pop();
    if (!chaos_) return t;
    for (std::uint32_t turns = t == nullptr ? 0 : random_.below(4); turns != 0 && !q.empty(); --turns) {
        q.push(*t);
        t = q.pop();
        if (t == nullptr) break;  // somebody stole it all
    }
    return t;
}

// What is aside takes its turn from the most urgent, too, which may never rest.
task* local_queues::pop_urgent() noexcept {
    const bool anything_aside = !queue(task_priority::aside).empty();
    if (anything_aside && random_.below(normal_per_aside) == 0) return queue(task_priority::aside).pop();
    if (task* t = shuffled(queue(task_priority::max))) return t;
    if (task* t = shuffled(queue(task_priority::high))) return t;
    urgent_ = anything_aside;
    return nullptr;
}

task* local_queues::pop_ordinary() noexcept {
    task* const t = pop_ranked();
    return t != nullptr ? t : queue(task_priority::aside).pop();
}

task* local_queues::pop_ranked() noexcept {
    if (low_ && ++low_turn_ > normal_per_low) {
        low_turn_ = 0;
        if (task* t = shuffled(queue(task_priority::low))) return t;
        low_ = false;
    }
    if (task* t = shuffled(queue(task_priority::normal))) return t;
    if (!low_) return nullptr;
    task* const t = shuffled(queue(task_priority::low));
    low_ = t != nullptr;
    return t;
}

// What does not simply run next: something may be more urgent, the slot is empty, or it had its turn for too
// long.
task* local_queues::pop_queued() noexcept {
    if (urgent_) {
        if (task* t = pop_urgent()) return t;
        if (streak_ < longest_streak) {
            if (task* t = take_next()) {
                ++streak_;
                return t;
            }
        }
    }
    streak_ = 0;
    if (task* t = pop_ordinary()) return t;
    task* const t = take_next();
    if (t != nullptr) ++streak_;
    return t;
}

std::size_t local_queues::steal_from(local_queues& victim, bool next_too) noexcept {
    for (const task_priority p :
         {task_priority::max, task_priority::high, task_priority::normal, task_priority::low}) {
        if (const std::size_t n = victim.queue(p).steal_into(queue(p))) {
            if (p != task_priority::normal) note_special(p);
            only_yielded_.store(false, std::memory_order_relaxed);
            return n;
        }
    }
    if (!next_too) return 0;
    task* const t = victim.next_.exchange(nullptr, std::memory_order_acquire);
    if (t == nullptr) return 0;
    push(*t);
    return 1;
}

void injection_queue::push(task& t) noexcept {
    const std::lock_guard lock(lock_);
    t.queue_next_ = nullptr;
    if (tail_ != nullptr) {
        tail_->queue_next_ = &t;
    } else {
        head_ = &t;
    }
    tail_ = &t;
    count_.fetch_add(1, std::memory_order_seq_cst);
}

std::size_t injection_queue::take(local_queues& into, std::size_t count) noexcept {
    if (seems_empty()) return 0;
    task* list = nullptr;
    std::size_t taken = 0;
    {
        const std::lock_guard lock(lock_);
        list = head_;
        task* last = nullptr;
        for (task* t = head_; t != nullptr && taken < count; t = t->queue_next_) {
            last = t;
            ++taken;
        }
        if (last == nullptr) return 0;
        head_ = last->queue_next_;
        if (head_ == nullptr) tail_ = nullptr;
        last->queue_next_ = nullptr;
        count_.fetch_sub(taken, std::memory_order_relaxed);
    }
    while (list != nullptr) {
        task& t = *list;
        list = t.queue_next_;
        into.push(t);
    }
    return taken;
}

}  // namespace rakka::detail
