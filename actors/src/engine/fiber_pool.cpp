#include "engine/fiber_pool.hpp"

namespace rakka::detail {

fiber_pool::~fiber_pool() {
    for (fiber* f : all_)
        f->destroy();
}

fiber* fiber_pool::take(std::size_t count) {
    {
        const std::lock_guard lock(mutex_);
        if (free_ != nullptr) {
            fiber* const first = free_;
            fiber* last = first;
            for (std::size_t i = 1; i < count && last->pool_next != nullptr; ++i)
                last = last->pool_next;
            free_ = last->pool_next;
            last->pool_next = nullptr;
            return first;
        }
        if constexpr (sanitizer_fiber::active) all_.reserve(all_.size() + 1);
    }
    fiber& f = fiber::create(stacks_.allocate(), entry_, modes_);
    if constexpr (sanitizer_fiber::active) {
        const std::lock_guard lock(mutex_);
        all_.push_back(&f);
    }
    return &f;
}

void fiber_pool::give(fiber* list) noexcept {
    if (list == nullptr) return;
    fiber* last = list;
    for (fiber* f = list; f != nullptr; f = f->pool_next) {
        trim(*f);
        last = f;
    }
    const std::lock_guard lock(mutex_);
    last->pool_next = free_;
    free_ = list;
}

void fiber_cache::refill() {
    head_ = pool_.take(limit / 2);
    for (fiber* f = head_; f != nullptr; f = f->pool_next)
        ++count_;
}

void fiber_cache::give_coldest() noexcept {
    fiber* last = head_;
    for (std::size_t i = 1; i < limit / 2; ++i)
        last = last->pool_next;
    fiber* const cold = last->pool_next;
    last->pool_next = nullptr;
    count_ = limit / 2;
    pool_.give(cold);
}

void fiber_cache::trim() noexcept {
    for (fiber* f = head_; f != nullptr; f = f->pool_next)
        pool_.trim(*f);
}

void fiber_cache::flush() noexcept {
    fiber* const list = head_;
    head_ = nullptr;
    count_ = 0;
    pool_.give(list);
}

}  // namespace rakka::detail
