#include "signal_pool.hpp"

#include <cstdlib>
#include <mutex>

namespace rakka::detail {

namespace {

void free_chain(signal* first) noexcept {
    while (first != nullptr)
        std::free(std::exchange(first, first->next));
}

}  // namespace

signal* node_list::split() noexcept {
    signal* const first = head_;
    signal* last = first;
    for (std::size_t i = 1; i < batch; ++i)
        last = last->next;
    head_ = last->next;
    last->next = nullptr;
    count_ -= batch;
    return first;
}

void node_list::free_all() noexcept {
    free_chain(head_);
    head_ = nullptr;
    count_ = 0;
}

signal_depot::~signal_depot() {
    for (signal* s : small_)
        free_chain(s);
    for (signal* s : large_)
        free_chain(s);
}

signal* signal_depot::take(std::vector<signal*>& from) noexcept {
    const std::lock_guard lock(lock_);
    if (from.empty()) return nullptr;
    signal* const first = from.back();
    from.pop_back();
    return first;
}

void signal_depot::put(std::vector<signal*>& to, signal* first) noexcept {
    {
        const std::lock_guard lock(lock_);
        if (to.size() < max_batches) {
            if (to.capacity() == 0) to.reserve(max_batches);
            to.push_back(first);
            return;
        }
    }
    free_chain(first);
}

}  // namespace rakka::detail
