#include "process_table.hpp"

#include "system_core.hpp"

#include <algorithm>
#include <mutex>
#include <new>

namespace rakka::detail {

void slot_list::push(process& p) noexcept {
    p.next_free = nullptr;
    (last == nullptr ? first : last->next_free) = &p;
    last = &p;
    ++count;
}

process* slot_list::pop() noexcept {
    process* const p = first;
    if (p == nullptr) return nullptr;
    first = p->next_free;
    if (first == nullptr) last = nullptr;
    --count;
    return p;
}

process_table::process_table(system_core& core, std::uint32_t max_slots)
    : core_(core),
      max_slots_((std::min(max_slots, (1U << slot_bits) - 1) + chunk_size - 1) / chunk_size * chunk_size),
      chunks_(new std::atomic<process*>[std::size_t{1} << (slot_bits - chunk_bits)]()) {}

process_table::~process_table() {
    const std::uint32_t used = this->used();
    for (std::uint32_t slot = 0; slot < used; slot += chunk_size) {
        process* const chunk = chunks_[slot >> chunk_bits].load(std::memory_order_relaxed);
        for (std::uint32_t i = 0; i < chunk_size && slot + i < used; ++i)
            chunk[i].~process();
        ::operator delete (chunk, std::align_val_t{alignof(process)});
    }
}

process* process_table::claim(slot_list* cache) {
    if (cache != nullptr && cache->count > batch) return cache->pop();
    {
        const std::lock_guard lock(lock_);
        if (free_.count == 0) static_cast<void>(grow());
        if (cache == nullptr) {
            if (process* const p = free_.pop()) return p;
        } else {
            for (std::size_t i = 0; i < batch; ++i) {
                process* const p = free_.pop();
                if (p == nullptr) break;
                cache->push(*p);
            }
        }
    }
    return cache == nullptr ? nullptr : cache->pop();
}

void process_table::give_back(process& p, slot_list* cache) noexcept {
    if (cache != nullptr && cache->count < 2 * batch) {
        cache->push(p);
        return;
    }
    const std::lock_guard lock(lock_);
    free_.push(p);
    if (cache == nullptr) return;
    for (std::size_t i = 0; i < batch; ++i)
        free_.push(*cache->pop());
}

void process_table::abandon_the_rest() noexcept {
    for (std::uint32_t slot = 0; slot < used(); ++slot) {
        process& p = *find(slot);
        if (p.state == process::phase::free) continue;
        static_cast<void>(p.body.release());
        static_cast<void>(p.handler.release());
        static_cast<void>(p.related.release());
    }
}

bool process_table::grow() {
    const std::uint32_t first = used_.load(std::memory_order_relaxed);
    const std::uint32_t count = std::min(chunk_size, max_slots_ - first);
    if (count == 0) return false;
    void* const memory =
        ::operator new (sizeof(process) * chunk_size, std::align_val_t{alignof(process)}, std::nothrow);
    if (memory == nullptr) return false;
    auto* const chunk = static_cast<process*>(memory);
    for (std::uint32_t i = 0; i < count; ++i)
        free_.push(*new (chunk + i) process(core_.scheduling(), core_, first + i));
    chunks_[first >> chunk_bits].store(chunk, std::memory_order_release);
    used_.store(first + count, std::memory_order_release);
    return true;
}

}  // namespace rakka::detail
