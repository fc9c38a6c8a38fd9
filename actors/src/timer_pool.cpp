#include "timer_pool.hpp"

#include <algorithm>
#include <mutex>
#include <new>

namespace rakka::detail {

timer_pool::timer_pool(system_core& core, std::uint32_t most, unsigned workers)
    : core_(core),
      most_(std::min(most, (1U << place_bits) - 1)),
      batch_(std::min(most_ / (128 * std::max(workers, 1U)), largest_batch)),
      chunks_(new std::atomic<message_timer*>[most_ / chunk_size + 1]()) {}

timer_pool::~timer_pool() {
    const std::uint32_t made = made_.load(std::memory_order_relaxed);
    for (std::uint32_t first = 0; first < made; first += chunk_size) {
        message_timer* const chunk = chunks_[first / chunk_size].load(std::memory_order_relaxed);
        std::destroy_n(chunk, std::min(chunk_size, made - first));
        ::operator delete (chunk, std::align_val_t{alignof(message_timer)});
    }
}

void timer_pool::make(free_timers& list, std::uint32_t count) noexcept {
    const std::uint32_t made = made_.load(std::memory_order_relaxed);
    std::atomic<message_timer*>& slot = chunks_[made / chunk_size];
    message_timer* chunk = slot.load(std::memory_order_relaxed);
    if (made < most_ && chunk == nullptr) {
        chunk = static_cast<message_timer*>(::operator new (
            sizeof(message_timer) * chunk_size, std::align_val_t{alignof(message_timer)}, std::nothrow));
        slot.store(chunk, std::memory_order_relaxed);
    }
    if (chunk == nullptr) return;
    const std::uint32_t end = std::min({made + count, made - made % chunk_size + chunk_size, most_});
    // Backwards, so that they are handed out in the order of their addresses.
    for (std::uint32_t place = end; place-- > made;)
        list.push(*new (chunk + place % chunk_size) message_timer(core_, place));
    made_.store(end, std::memory_order_release);
}

message_timer* timer_pool::claim_one() noexcept {
    const std::lock_guard lock(lock_);
    if (single_.count == 0 && batches_ != nullptr) {
        single_ = {batches_, batch_};
        batches_ = batches_->previous;
    }
    if (single_.count == 0) make(single_, 1);
    if (single_.count == 0) return nullptr;
    claimed_.add();
    return &single_.pop();
}

bool timer_pool::refill(free_timers& list) noexcept {
    const std::lock_guard lock(lock_);
    if (batches_ != nullptr) {
        list = {batches_, batch_};
        batches_ = batches_->previous;
        return true;
    }
    while (single_.count != 0 && list.count < batch_)
        list.push(single_.pop());
    if (list.count == 0) make(list, batch_);
    return list.count != 0;
}

void timer_pool::give_back_one(message_timer& t) noexcept {
    const std::lock_guard lock(lock_);
    single_.push(t);
    given_back_.add();
}

void timer_pool::give_back_all(free_timers full) noexcept {
    const std::lock_guard lock(lock_);
    full.first->previous = batches_;
    batches_ = full.first;
}

std::size_t timer_pool::in_use() const noexcept {
    const std::uint32_t made = made_.load(std::memory_order_relaxed);
    std::size_t n = 0;
    for (std::uint32_t place = 0; place < made; ++place)
        n += find(place)->in_use() ? 1 : 0;
    return n;
}

void timer_pool::end_all() noexcept {
    const std::uint32_t made = made_.load(std::memory_order_relaxed);
    for (std::uint32_t place = 0; place < made; ++place)
        find(place)->end();
}

}  // namespace rakka::detail
